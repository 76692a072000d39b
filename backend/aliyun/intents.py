"""Settles pending intents: what VOD executed is applied here, the rest is deleted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from backend.aliyun.callbacks import EventHandler
from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, has_code
from backend.aliyun.machine_review import MachineReviews
from backend.aliyun.media import CloudMedia
from backend.aliyun.refresh import Refreshes
from backend.aliyun.verdicts import item_of
from backend.errors import CloudError, Conflict, NotFound
from backend.model import SECONDS_A_DAY, Verdict
from backend.model.cloud import QUICK, STANDINGS, SUBMITS, Action, Intent

if TYPE_CHECKING:
    from backend.store import Store

log = logging.getLogger(__name__)

FIRST_PAUSE, MAX_PAUSE = 5.0, 600.0  # seconds until an intent is retried after VOD did not respond
FORGOTTEN_SECONDS = SECONDS_A_DAY


class IntentSettler:
    """Settles intents one by one."""

    def __init__(
        self, client: Client, store: Store, media: CloudMedia, event_handler: EventHandler, clock: Callable[[], float],
        trash_seconds: int, reviews: MachineReviews, refreshes: Refreshes,
    ) -> None:  # fmt: skip
        self._client, self._store, self._media, self._event_handler = client, store, media, event_handler
        self._clock, self._trash_seconds = clock, trash_seconds
        self._handlers: dict[Action, Callable[[Intent], bool]] = {
            Action.AUDIT: self._settle_audit,
            Action.DELETE: self._settle_delete,
            **dict.fromkeys(STANDINGS, self._settle_standing),
            **dict.fromkeys(SUBMITS, self._settle_submit),
            Action.REVIEW: reviews.settle,
            Action.LOOK: reviews.look,
            Action.REFRESH: refreshes.settle,
        }

    def settle(self, older_than: float, actions: Sequence[Action] = QUICK) -> int:
        """Settle the due intents of these actions; return how many."""
        settled = 0
        for intent in self._store.cloud.find_intents(older_than, actions):
            try:
                settled += self._handlers[intent.action](intent)
            except CloudError as error:
                if has_code(error, *GONE):
                    settled += self._drop(intent)
                else:
                    pause = self._postpone(intent)
                    log.info("%s of %s will be retried in %d s: %s", intent.action, intent.target, pause, error)
            except (NotFound, Conflict):
                settled += self._drop(intent)
            except Exception:
                # An unexpected error must not stop the others; this one is retried.
                self._postpone(intent)
                log.exception("%s of %s failed unexpectedly", intent.action, intent.target)
        return settled

    def _postpone(self, intent: Intent) -> float:
        pause: float = min(FIRST_PAUSE * 2 ** min(intent.tries, 10), MAX_PAUSE)
        self._store.cloud.postpone_intent(intent, pause)
        return pause

    def _drop(self, intent: Intent) -> bool:
        self._store.cloud.drop(intent.action, intent.target)
        return True

    def _last_line(self, video_id: str) -> dict[str, Any]:
        """Return the newest entry of VOD's audit history; empty if there is none."""
        answer = self._client.call("GetAuditHistory", {"VideoId": video_id, "PageSize": 1})
        line: dict[str, Any] = next(iter(answer.get("Histories") or []), {})
        return line

    def _settle_audit(self, intent: Intent) -> bool:
        """Record the verdict if it is VOD's latest one; an equal status may come from an older verdict."""
        said, line = intent.payload, self._last_line(intent.target)
        sent = item_of(intent.target, said["status"], said["reason"], said["comment"])
        if any(str(line.get(name) or "") != sent[name] for name in ("Status", "Reason", "Comment")):
            return self._drop(intent)
        verdict = Verdict(said["status"])
        self._store.catalogue.record_audit(intent.target, verdict, said["reason"], said["comment"], intent.actor)
        return True

    def _settle_standing(self, intent: Intent) -> bool:
        """Complete a change of playability, if it was the latest at VOD."""
        if intent.action is Action.HOLD:
            return self._drop(intent)  # no local change follows; if VOD did not apply it, its event retries
        if intent.action is Action.RESTORE and self._store.cloud.is_begun(Action.DELETE, intent.target):
            return False  # wait until it is known whether the deletion succeeded
        if self._last_line(intent.target).get("Comment") != intent.payload["mark"]:
            return self._drop(intent)
        if intent.action is Action.TRASH:
            until = int(self._clock()) + self._trash_seconds
            self._store.trash.put(intent.target, intent.payload["userId"], until, intent.actor)
        elif intent.action is Action.RESTORE:
            self._store.trash.restore(intent.target, intent.actor)
        else:
            self._store.catalogue.undo_audit(intent.target, intent.actor)
        return True

    def _settle_delete(self, intent: Intent) -> bool:
        if self._event_handler.look_up(intent.target) is not None:
            return self._drop(intent)
        if self._store.trash.holds(intent.target):
            self._store.trash.forget(intent.target, intent.actor)
        else:
            self._store.catalogue.delete_video(intent.target, intent.payload["userId"], intent.actor)
        self._media.clear(intent.target)
        return True

    def _settle_submit(self, intent: Intent) -> bool:
        """Only drop submissions of jobs that ended long ago; jobs settle their own."""
        return self._clock() - intent.begun > FORGOTTEN_SECONDS and self._drop(intent)
