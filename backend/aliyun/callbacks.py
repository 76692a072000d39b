"""VOD's event callbacks: authentication and processing.

The body of a callback is not signed, so an event is only a hint: VOD is queried before anything changes here.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, has_code
from backend.aliyun.machine_review import MachineReviews
from backend.aliyun.mapping import MAX_FIELD, second, source_file, user_of, video_of
from backend.aliyun.media import CloudMedia
from backend.aliyun.renditions import Renditions
from backend.errors import CloudError, NotFound, Refused
from backend.media import Judgement
from backend.model import Actor, CensorStatus, Verdict, Video, VideoStatus
from backend.model.cloud import HOLD_EVENT, MARK, NOBODY, STANDINGS, VERDICT_EVENT, Action, Event, ReviewState
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.store import Store

log = logging.getLogger(__name__)

MAX_SECONDS_OFF = 300
MAX_STAMP = 12  # digits
VOD = Actor("vod", "callback")
MACHINE = Actor("vod review", "callback")
REFUSED_BY_MACHINE = "审核不通过"
BLOCKED_AT_VOD = "已在视频点播控制台屏蔽"  # the reason until VOD reports its own
UNEXPLAINED = "unexplained"
REVIEWED = ("AIMediaAuditComplete", "AIVideoCensorComplete")
URL_EVENT = "UploadByURLComplete"
FILE_EVENT = "FileUploadComplete"
ARRIVED = (FILE_EVENT, URL_EVENT)
TRANSCODED = ("StreamTranscodeComplete", "TranscodeComplete")
FOLLOWED = (
    *ARRIVED, *TRANSCODED, "SnapshotComplete", *REVIEWED, VERDICT_EVENT, "DeleteMediaComplete",
)  # fmt: skip
WAITING = (VideoStatus.UPLOADING, VideoStatus.TRANSCODING)


class NotYet(Exception):
    """VOD's state does not reflect its event yet; retry later."""


def check_signature(settings: Settings, headers: Mapping[str, str], now: float) -> None:
    """Raise Refused unless the callback was signed recently, for the configured URL, with the current or the old
    key.
    """
    stamp, signature = headers.get("x-vod-timestamp", ""), headers.get("x-vod-signature", "")
    keys = [key for key in (settings.callback_key, settings.callback_old_key) if key]
    fresh = (
        stamp.isascii() and stamp.isdecimal() and len(stamp) <= MAX_STAMP and abs(now - int(stamp)) <= MAX_SECONDS_OFF
    )
    words = (f"{settings.callback_url}|{stamp}|{key}" for key in keys)
    good = [hmac.compare_digest(hashlib.md5(text.encode()).hexdigest(), signature.lower()) for text in words]  # noqa: S324
    if not fresh or not signature.isascii() or not any(good):
        raise Refused(403, "The callback is not signed with this console's key, or is too old.")


def read_event(raw: bytes) -> tuple[str, str, dict[str, Any]]:
    """Return an event's type, video id and body. Raises Refused."""
    try:
        body = msgspec.json.decode(raw)  # rejects lone surrogates, which the database cannot store
    except (msgspec.MsgspecError, ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "The callback is not a JSON object.")
    found = body.get("VideoId") or body.get("MediaId") or ""
    kind = body.get("EventType", "")
    if not isinstance(found, str) or not isinstance(kind, str) or max(len(found), len(kind)) > MAX_FIELD:
        raise Refused(400, "The callback is not a JSON object.")
    return kind, found, body


class EventHandler:
    """Processes events, after querying VOD."""

    def __init__(
        self, client: Client, store: Store, media: CloudMedia, renditions: Renditions,
        reviews: MachineReviews, review: str,
        poll_now: Callable[[str], None], clock: Callable[[], float],
    ) -> None:  # fmt: skip
        """`review` is the setting QU_REVIEW; `poll_now` triggers polling of the jobs of a video or VOD job."""
        self._client, self._store, self._media, self._clock = client, store, media, clock
        self._nudge, self._renditions, self._reviews = poll_now, renditions, reviews
        self.unreviewed = CensorStatus.SUCCESS if review == "off" else CensorStatus.CHECK

    def handle(self, event: Event) -> None:
        """Process one event; idempotent.

        Raises CloudError and NotYet if it must be retried later, and NotFound if the video was deleted in the meantime.
        """
        if event.type == URL_EVENT and self._is_our_pull(event):
            return
        if event.type == HOLD_EVENT:
            self._hold(event.target)
        if event.type not in FOLLOWED or not event.target:
            return
        self._media.addresses.forget(event.target)
        video = self._look(event)
        if video is None:
            return
        self._nudge(video.video_id)
        if event.type in ARRIVED:
            if video.status is VideoStatus.UPLOADING:
                raise NotYet
            source = source_file(video.video_id, video.size)
            self._store.cloud_catalogue.note_upload(
                video.video_id, source, _file_time(event), unreviewed=self.unreviewed
            )
        elif event.type in TRANSCODED:
            self._renditions.take(video.video_id)
        elif event.type in REVIEWED:
            self._take_review(video, event)
        elif event.type == VERDICT_EVENT:
            self._follow_verdict(video, event)

    def _is_our_pull(self, event: Event) -> bool:
        """Return whether the event ends one of our own pull jobs, and poll that job now."""
        cloud_id = str(event.body.get("JobId") or "")
        self._nudge(cloud_id)
        return self._store.cloud.knows_task(cloud_id)

    def look_up(self, video_id: str) -> dict[str, Any] | None:
        """Return VOD's data of a video; None if VOD does not have it. Raises CloudError."""
        try:
            found: dict[str, Any] = self._client.call("GetVideoInfo", {"VideoId": video_id}, expect="Video.VideoId")[
                "Video"
            ]
        except CloudError as error:
            if has_code(error, *GONE):
                return None
            raise
        return found

    def take_verdict(self, video_id: str, *, unexplained: bool = False) -> None:
        """Apply a verdict given at VOD.

        Raises CloudError, and NotYet while a verdict is being sent from here. With `unexplained`, the verdict was
        applied already and only its reason is missing.
        """
        if any(self._store.cloud.is_begun(action, video_id) for action in (Action.AUDIT, Action.TELL)):
            raise NotYet
        answer = self._client.call("GetAuditHistory", {"VideoId": video_id, "PageSize": 1})
        video = self._store.catalogue.get_video(video_id)
        told = {"Normal": CensorStatus.SUCCESS, "Blocked": CensorStatus.FAIL}.get(str(answer.get("Status")))
        if told is None or (told is video.censor_status) is not unexplained:
            return
        last: dict[str, Any] = next(iter(answer.get("Histories") or []), {})
        reason, comment = str(last.get("Reason") or ""), str(last.get("Comment") or "")
        if comment.startswith(MARK):
            return  # not a verdict: set by trash, restore or undo
        given = second(str(last.get("CreationTime"))) or 0
        if told is CensorStatus.SUCCESS and given <= self._store.cloud.file_since(video_id):
            return  # a verdict on the replaced file
        verdict = Verdict(str(answer["Status"]))
        self._store.catalogue.record_audit(video_id, verdict, reason, comment, VOD)

    def _follow_verdict(self, video: Video, event: Event) -> None:
        """Apply a verdict given at VOD.

        An approved video that VOD blocks is blocked here at once, even if VOD cannot report the reason yet.
        """
        try:
            self.take_verdict(video.video_id, unexplained=UNEXPLAINED in event.body)
        except CloudError:
            if video.status is not VideoStatus.BLOCKED or video.censor_status is not CensorStatus.SUCCESS:
                raise
            self._store.catalogue.record_audit(video.video_id, Verdict.BLOCKED, BLOCKED_AT_VOD, "", VOD)
            self._store.cloud.enqueue_event(VERDICT_EVENT, video.video_id, {UNEXPLAINED: True})

    def _hold(self, video_id: str) -> None:
        """Block a video at VOD after its file was replaced, until the new file is reviewed.

        Raises CloudError. Approving it unblocks it.
        """
        info = self.look_up(video_id)
        video = self._store.catalogue.get_video(video_id)
        waits = video.censor_status in (CensorStatus.CHECK, CensorStatus.ON_CENSOR)
        if (
            info is None
            or not waits
            or info.get("AuditStatus") != "Normal"
            or not self._store.cloud.file_since(video_id)
        ):
            return
        there = replace(video, status=video_of(info, int(self._clock())).status)
        with self._media.set_playable(there, False, Action.HOLD, VOD):
            self._store.cloud.drop(Action.HOLD, video_id)

    def _look(self, event: Event) -> Video | None:
        """Update the catalogue from VOD's data of the event's video; None if it no longer exists."""
        info = self.look_up(event.target)
        if info is None:
            self._forget(event)
            return None
        if any(self._store.cloud.is_begun(action, event.target) for action in (*STANDINGS, Action.TELL)):
            raise NotYet  # its state at VOD is about to be changed from here
        if self._store.trash.holds(event.target):
            if self._store.cloud.is_other_file(event.target, _file_time(event)):
                raise NotYet  # applied once the video is restored
            return None
        found = video_of(info, int(self._clock()))
        if found.user is NOBODY:
            found = replace(found, user=user_of(event.body))
        self._store.cloud_catalogue.upsert([found], unreviewed=self.unreviewed, told=_file_time(event))
        try:
            video = self._store.catalogue.get_video(event.target)
        except NotFound:
            raise NotYet from None
        return replace(video, status=found.status)

    def _forget(self, event: Event) -> None:
        """Remove a video deleted at VOD; if the event reports anything else, record a difference for a person."""
        if self._store.cloud.is_begun(Action.DELETE, event.target):
            raise NotYet  # a deletion from here is in progress and will report its result
        whole = event.type == "DeleteMediaComplete" and event.body.get("DeleteType", "all") == "all"
        if self._store.trash.holds(event.target):
            if whole:
                self._store.trash.forget(event.target, VOD)
                self._media.clear(event.target)
            return
        try:
            video = self._store.catalogue.get_video(event.target)
        except NotFound:
            return
        if whole:
            self._store.catalogue.delete_video(video.video_id, video.user.user_id, VOD)
            self._media.clear(video.video_id)
        else:
            self._store.cloud_catalogue.note_missing([event.target])

    def _take_review(self, video: Video, event: Event) -> None:
        """Store the machine review's result, and apply it if no person has judged yet.

        For a review submitted here, its job is polled instead; when it ends, this event is queued again.
        """
        job = event.body.get("JobId")
        if self._store.machine_reviews.poll_now(video.video_id, job if isinstance(job, str) else ""):
            return
        known = self._store.machine_reviews.find(video.video_id)
        has_failed = known is not None and known.state is ReviewState.FAILED and not event.body
        suggestion = "" if has_failed else self._reviews.take(video.video_id).suggestion
        if video.censor_status not in (CensorStatus.ON_CENSOR, CensorStatus.CHECK):
            return
        if suggestion == "block" or (suggestion == "pass" and not self._store.cloud.file_since(video.video_id)):
            verdict, reason = (Verdict.NORMAL, "") if suggestion == "pass" else (Verdict.BLOCKED, REFUSED_BY_MACHINE)
            with self._media.judging([Judgement(video, verdict, reason)], MACHINE) as (problem,):
                if problem:
                    raise problem
                self._store.catalogue.record_audit(video.video_id, verdict, reason, "", MACHINE)
        else:
            self._store.cloud_catalogue.set_censor(video.video_id, CensorStatus.CHECK)


def _file_time(event: Event) -> int:
    """Return the second at which VOD reported the file; 0 for other events."""
    return (second(str(event.body.get("EventTime"))) or 0) if event.type == FILE_EVENT else 0
