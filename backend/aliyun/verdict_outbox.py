"""Verdicts of the review desk on their way to VOD: they are recorded here first, and nobody waits for VOD."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from backend.aliyun.errors import GONE, has_code
from backend.aliyun.media import CloudMedia
from backend.errors import CloudError, NotFound
from backend.model import CensorStatus, Verdict
from backend.model.cloud import TELLS, Intent

if TYPE_CHECKING:
    from backend.store import Store

log = logging.getLogger(__name__)

MAX_SENT = 100  # at once: what VOD takes in one call
FIRST_PAUSE, MAX_PAUSE = 5.0, 600.0  # seconds until a verdict is sent again
STANDS = {Verdict.NORMAL: CensorStatus.SUCCESS, Verdict.BLOCKED: CensorStatus.FAIL}


class VerdictOutbox:
    """Sends pending verdicts in batches, and again until VOD has taken them."""

    def __init__(self, store: Store, media: CloudMedia) -> None:
        self._store, self._media = store, media

    def send(self) -> int:
        """Tell VOD of the verdicts that are due; return how many it accepted."""
        due = [one.target for one in self._store.cloud.find_intents(0.0, TELLS)[:MAX_SENT]]
        if not due:
            return 0
        with self._media.video_locks.held(due):
            intents = [one for one in self._store.cloud.find_intents(0.0, TELLS) if one.target in due]
            known = self._store.catalogue.find_known(due)
            sent = []
            for one in intents:
                video = known.get(one.target)
                if video is not None and video.censor_status is STANDS[Verdict(one.payload["status"])]:
                    sent.append(one)
                else:  # deleted, or decided otherwise meanwhile, of which VOD was told then
                    self._store.cloud.drop(one.action, one.target)
            errors = self._media.tell(sent) if sent else []
            return sum(self._finish(*pair) for pair in zip(sent, errors, strict=True))

    def _finish(self, intent: Intent, error: CloudError | None) -> bool:
        """Note the result of one verdict; return whether VOD has it."""
        approved = intent.payload["status"] == Verdict.NORMAL
        try:
            if error is not None:
                raise error
            if approved:
                self._media.with_known_renditions(self._store.catalogue.get_video(intent.target))
            self._store.catalogue.finish_telling(intent.target, start_rendition=approved)
            return True
        except CloudError as problem:
            if not has_code(problem, *GONE):
                pause = min(FIRST_PAUSE * 2 ** min(intent.tries, 10), MAX_PAUSE)
                self._store.cloud.postpone_intent(intent, pause)
                log.warning("VOD is told of the verdict on %s in %d s: %s", intent.target, pause, problem)
                return False
        except NotFound:
            pass
        self._store.cloud.drop(intent.action, intent.target)  # the next look at VOD tells that it is missing
        return False
