"""Keeps the catalogue in step with VOD, in the background: follows events, finishes intents, and looks round slowly."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, has_code
from backend.aliyun.events import Follower, NotYet
from backend.aliyun.facts import video_of
from backend.aliyun.media import CloudMedia
from backend.background import Background
from backend.dealings import RESTORE, STANDINGS, TRASH, Intent
from backend.errors import CloudError, Conflict, NotFound
from backend.model import SECONDS_A_DAY, CensorStatus, FileKind, TranscodeStatus, Verdict, Video, VideoStatus

if TYPE_CHECKING:
    from backend.store import Store

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0
LEASE_SECONDS = 60.0  # nobody else follows up an event meanwhile
FIRST_PAUSE, MOST_TRIES = 5.0, 8  # of an event: the last try is ten minutes after the first
OLD_SECONDS = 30.0  # an intent: whoever wrote it has given up by then
FORGOTTEN_SECONDS = SECONDS_A_DAY
LOOK_SECONDS = 5.0  # between two batches of the walk: 1 M videos take three days
LATER_SECONDS = 60.0  # after VOD did not answer
BATCH = 20
UPLOAD_SECONDS = SECONDS_A_DAY
PLACE = "reconciliation"
ENOUGH = (VideoStatus.NORMAL, VideoStatus.BLOCKED)


class Keeper(Background):
    """Does in one thread what nobody waits for."""

    def __init__(
        self, client: Client, store: Store, media: CloudMedia, follower: Follower, clock: Callable[[], float],
        trash_seconds: int, look_seconds: float = LOOK_SECONDS,
    ) -> None:  # fmt: skip
        """`trash_seconds` is how long a deleted video stays in the trash."""
        super().__init__("keeper", STEP_SECONDS)
        self._client, self._store, self._media, self._follower = client, store, media, follower
        self._clock, self._trash_seconds, self._look_seconds = clock, trash_seconds, look_seconds
        self._look_at = time.monotonic() + look_seconds

    def step(self) -> None:
        """Do what is due of all this."""
        try:
            self.follow_events()
            self.finish_intents()
            if time.monotonic() >= self._look_at:
                self.look_round()
                self._look_at = time.monotonic() + self._look_seconds
        except CloudError as error:
            log.info("the reconciliation goes on later: %s", error)
            self._look_at = time.monotonic() + LATER_SECONDS

    def follow_events(self) -> int:
        """Follow up the events that are due, until VOD stops answering; return how many those were."""
        count = 0
        while not self._stopping.is_set() and (event := self._store.cloud.take_event(LEASE_SECONDS)):
            count += 1
            try:
                self._follower.follow(event)
            except (CloudError, NotYet) as error:
                if event.tries >= MOST_TRIES:
                    log.warning("an event (%s) is left to the reconciliation: %s", event.type, error)
                else:
                    self._store.cloud.postpone_event(event, FIRST_PAUSE * 2 ** (event.tries - 1))
                    if isinstance(error, CloudError) and error.passing:
                        break  # the next event would fare no better
                    continue
            except NotFound:
                pass  # deleted here meanwhile
            self._store.cloud.end_event(event)
        return count

    def finish_intents(self, older_than: float = OLD_SECONDS) -> int:
        """Finish here what VOD did, and forget what it did not; return how many were settled."""
        settled = 0
        for intent in self._store.cloud.find_intents(older_than):
            try:
                settled += self._settle(intent)
            except CloudError as error:
                if has_code(error, *GONE):
                    self._store.cloud.drop(intent.action, intent.target)
                    settled += 1
                else:
                    log.info("%s of %s is settled later: %s", intent.action, intent.target, error)
            except (NotFound, Conflict):
                self._store.cloud.drop(intent.action, intent.target)
                settled += 1
        return settled

    def look_round(self) -> int:
        """Compare the next batch of videos with VOD, and repair what a lost event left; return how many were seen."""
        before = self._store.cloud.place(PLACE).get("before")
        videos, then = self._store.mirror.batch(before, BATCH)
        if videos:
            self._compare(videos)
        if then is None:
            self._store.mirror.expire_uploads(int(self._clock()) - UPLOAD_SECONDS)
        self._store.cloud.set_place(PLACE, {"before": then})
        return len(videos)

    def _settle(self, intent: Intent) -> bool:
        if intent.action == "CreateAudit":
            return self._settle_audit(intent)
        if intent.action in STANDINGS:
            return self._settle_standing(intent)
        if intent.action == "DeleteVideo":
            return self._settle_delete(intent)
        if self._clock() - intent.begun > FORGOTTEN_SECONDS:  # a submit whose job is long gone
            self._store.cloud.drop(intent.action, intent.target)
            return True
        return False

    def _settle_audit(self, intent: Intent) -> bool:
        said = intent.payload
        answer = self._client.call("GetAuditHistory", {"VideoId": intent.target, "PageSize": 1})
        if answer.get("Status") == said["status"]:
            verdict = Verdict(said["status"])
            self._store.catalogue.record_audit(intent.target, verdict, said["reason"], said["comment"], intent.actor)
        else:
            self._store.cloud.drop(intent.action, intent.target)
        return True

    def _settle_standing(self, intent: Intent) -> bool:
        """Finish what VOD was told about a video, if that was the last it was told."""
        if intent.action == RESTORE and self._store.cloud.is_begun("DeleteVideo", intent.target):
            return False  # until it is known whether there is anything left
        answer = self._client.call("GetAuditHistory", {"VideoId": intent.target, "PageSize": 1})
        last: dict[str, Any] = next(iter(answer.get("Histories") or []), {})
        if last.get("Comment") != intent.payload["mark"]:
            self._store.cloud.drop(intent.action, intent.target)
        elif intent.action == TRASH:
            until = int(self._clock()) + self._trash_seconds
            self._store.trash.put(intent.target, intent.payload["userId"], until, intent.actor)
        elif intent.action == RESTORE:
            self._store.trash.restore(intent.target, intent.actor)
        else:
            self._store.catalogue.undo_audit(intent.target, intent.actor)
        return True

    def _settle_delete(self, intent: Intent) -> bool:
        if self._follower.look_up(intent.target) is None:
            if self._store.trash.holds(intent.target):
                self._store.trash.forget(intent.target, intent.actor)
            else:
                self._store.catalogue.delete_video(intent.target, intent.payload["userId"], intent.actor)
            self._media.clear(intent.target)
        else:
            self._store.cloud.drop(intent.action, intent.target)
        return True

    def _compare(self, videos: list[Video]) -> None:
        infos, gone = self._ask([video.video_id for video in videos])
        now = int(self._clock())
        self._store.mirror.enter([video_of(info, now) for info in infos.values()])
        self._store.mirror.note_missing(gone)
        for video in videos:
            info = infos.get(video.video_id)
            if info is not None:
                with suppress(NotYet):
                    self._repair(video, info)

    def _ask(self, ids: list[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
        try:
            answer = self._client.call("GetVideoInfos", {"VideoIds": ",".join(ids)})
        except CloudError as error:
            if has_code(error, *GONE):
                return {}, ids
            raise
        infos = {str(info["VideoId"]): info for info in answer.get("VideoList") or []}
        return infos, [str(one) for one in answer.get("NonExistVideoIds") or []]

    def _repair(self, video: Video, info: dict[str, Any]) -> None:
        """Catch up on the events that did not come: an upload that ended, renditions, and a verdict given elsewhere."""
        status = info.get("Status")
        uploaded = video.status is VideoStatus.UPLOADING and status not in ("Uploading", "UploadFail")
        if uploaded and not self._store.mirror.is_busy(video.video_id):
            self._store.mirror.note_upload(video.video_id, video_of(info, 0).files[0])
        if status in ENOUGH and status != video.status and _judged(video) != status:
            self._follower.take_verdict(video.video_id)
        listed = video.files_of(FileKind.COMMON, FileKind.NARROW)
        waits = TranscodeStatus.RUNNING in (video.transcode_status, video.narrow_transcode_status)
        if status == VideoStatus.NORMAL and (not listed or waits):
            self._follower.take_renditions(video.video_id)


def _judged(video: Video) -> str:
    return {CensorStatus.SUCCESS: "Normal", CensorStatus.FAIL: "Blocked"}.get(video.censor_status, "")
