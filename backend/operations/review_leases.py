"""Leases of the review desk, and what it shows of a video: renditions, images, uploader record, machine review."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec.structs import replace

from backend.api.parameters import Text, Whole
from backend.api.registry import operation
from backend.api.wire import PlayInfo, VideoDetail
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.lifecycle import review_desk
from backend.model import CensorStatus, Video, VideoStatus
from backend.model.review import Decision, Desk, Lease, LeaseKind, UploaderRecord
from backend.operations.covers import SpriteData, sprite_of
from backend.operations.machine_reviews import ReviewData, machine_review_of
from backend.operations.review_queues import QueueCode, check_queue, codes_for
from backend.operations.similar_videos import HintData, hints_of
from backend.operations.technical_flags import FlagsData, flags_of
from backend.operations.video_reports import LeaseReports, lease_reports
from backend.store.review_sampling import Seen
from backend.store.second_reviews import as_seen

if TYPE_CHECKING:
    from backend.console import Call

MAX_TAKEN, MAX_HELD = 3, 20
KEY_LENGTH = 64
LeaseKey = Annotated[str, Text(KEY_LENGTH)]
LeaseKeys = Annotated[str, Text((KEY_LENGTH + 2) * MAX_HELD)]
DeskName = Annotated[str, Text(64)]


class BlockedData(msgspec.Struct, rename="camel"):
    """A blocked video of the uploader; `time` is empty if the history does not have it."""

    video_id: str
    title: str
    time: str
    reason: str
    reason_code: str


class UploaderData(msgspec.Struct, rename="camel"):
    """Counts of the uploader's newest 1,000 videos by verdict, and the last three blocked ones."""

    user_id: str
    user_name: str
    passed: int
    blocked: int
    waiting: int
    last_block_list: list[BlockedData]


class NoteData(msgspec.Struct, rename="camel"):
    """A note from a user who asked for a second opinion."""

    user_name: str
    note: str
    time: str


class LeaseData(msgspec.Struct, rename="camel"):
    """A video leased to you until `expirationTime`. Its statuses are those of any waiting video.

    `hint` is a similar video on which somebody has decided, `reports` are those of viewers; null if there is none.
    """

    lease_key: str
    expiration_time: str
    seconds_left: int
    waiting_seconds: int
    video: VideoDetail
    play_info_list: list[PlayInfo]
    sprite: SpriteData
    uploader: UploaderData
    machine: ReviewData
    note_list: list[NoteData]
    hint: HintData | None
    flags: FlagsData
    reports: LeaseReports | None


class NewUploader(msgspec.Struct, rename="camel"):
    """The record of the uploader of a lease that the desk has, since it has changed."""

    lease_key: str
    uploader: UploaderData


class QueueData(msgspec.Struct, rename="camel"):
    """Size of the review queue: `free` for you now, `withOthers` and `withYou` leased.

    `skippedByYou` return within ten minutes, `askedByYou` wait for another reviewer.
    """

    waiting: int
    free: int
    with_others: int
    with_you: int
    skipped_by_you: int
    asked_by_you: int
    oldest_seconds: int
    oldest_time: str
    done_today: int


class TakenData(msgspec.Struct, rename="camel"):
    """Leases and the queue; with another `reasonsVersion` than before, getReviewReasons has changed."""

    lease_list: list[LeaseData]
    queue: QueueData
    reasons_version: str


class RenewedData(msgspec.Struct, rename="camel"):
    lease_key: str
    expiration_time: str
    seconds_left: int


class LostData(msgspec.Struct, rename="camel"):
    """A lease you lost; `message` gives the reason."""

    lease_key: str
    video_id: str
    message: str


class RenewedList(msgspec.Struct, rename="camel"):
    lease_list: list[RenewedData]
    lost_list: list[LostData]


class LeaseCount(msgspec.Struct, rename="camel"):
    count: int


class HeldClip(msgspec.Struct, rename="camel"):
    """A leased video and its holder; an `expired` lease lasts until another user takes the video."""

    video_id: str
    title: str
    user_name: str
    desk: str
    claim_time: str
    expiration_time: str
    expired: bool


class HeldList(msgspec.Struct, rename="camel"):
    lease_list: list[HeldClip]


class Next(msgspec.Struct, frozen=True):
    """How many videos to lease in the same response, and the leases that the desk already has."""

    count: Annotated[int, Whole(0, MAX_TAKEN)] = 0
    lease_keys: LeaseKeys = ""
    desk: DeskName = ""
    queue: QueueCode = ""


def desk_of(call: Call, name: str = "") -> Desk:
    """Return the desk of this call: that of its key, or the one it names."""
    return Desk(call.own.user_name, call.access.desk if call.access and call.access.desk else name)


def take(call: Call, wanted: Next) -> TakenData:
    """Lease the requested videos and return them with the queue state.

    Nothing is leased from a queue that the caller may not work (any more).
    """
    desk, leases = desk_of(call, wanted.desk), list[Lease]()
    if wanted.count:
        seconds, queues = call.settings.review_lease_seconds, codes_for(call, wanted.queue)
        leases = call.store.review_leases.take(desk, wanted.count, seconds, read_keys(wanted.lease_keys), queues)
    return TakenData(written(call, leases), queue_of(call, wanted.queue), call.store.review_choices.reasons_version())


def read_keys(text: str) -> list[str]:
    """Parse comma-separated lease keys. Raises BadRequest."""
    keys = list(dict.fromkeys(one for one in (part.strip() for part in text.split(",")) if one))
    if len(keys) > MAX_HELD:
        raise BadRequest("leaseKeys has {count} keys; at most {most} are allowed.", count=len(keys), most=MAX_HELD)
    return keys


def written(call: Call, leases: Iterable[Lease]) -> list[LeaseData]:
    """Return leases with everything a reviewer sees."""
    leases = list(leases)
    ids = [lease.video_id for lease in leases]
    known, since = call.store.catalogue.find_known(ids), call.store.review_queues.find_since(ids)
    seen, hints = call.store.second_reviews.find_seen(leases), hints_of(call, leases)
    reports = call.store.video_reports.find_for(leases)
    since |= {lease.video_id: seen[lease.key].since for lease in leases if lease.key in seen}
    return [
        _lease(
            call, lease, video, since.get(lease.video_id, video.created), seen.get(lease.key), hints.get(lease.key),
            lease_reports(call, lease, reports.get(lease.key)),
        )
        for lease in leases
        if (video := known.get(lease.video_id)) is not None
    ]  # fmt: skip


def uploaders_after(call: Call, made: Decision, keys: Iterable[str]) -> list[NewUploader]:
    """Return the new record of a decided video's uploader, for leases of their other videos that the desk has."""
    if made.kind.is_blind:
        return []
    held = {key: call.store.review_leases.video_of(key) for key in keys}
    known = call.store.catalogue.find_known([made.video_id, *held.values()])
    decided = known.get(made.video_id)
    found = [(key, known.get(video_id)) for key, video_id in held.items()]
    return [
        NewUploader(key, _uploader(call, video, call.store.uploaders.find(video.user.user_id, video.video_id)))
        for key, video in found
        if video and decided and video.user.user_id == decided.user.user_id
    ]


def queue_of(call: Call, queue: str = "") -> QueueData:
    """Return the state of a queue, or of all that the caller may work."""
    holder, now = call.own.user_name, call.store.now()
    state = call.store.review_leases.count_queue(holder, codes_for(call, queue))
    return QueueData(
        waiting=state.waiting, free=state.free, with_others=state.with_others, with_you=state.with_you,
        skipped_by_you=state.skipped, asked_by_you=state.asked,
        oldest_seconds=0 if state.oldest is None else max(int(now - state.oldest), 0),
        oldest_time="" if state.oldest is None else call.write.time(int(state.oldest)),
        done_today=call.store.review_decisions.count_since(holder, review_desk.midnight(call.console)),
    )  # fmt: skip


@operation("POST", "/vod/takeReview", right=Right.DESK)
def take_review(
    call: Call,
    *,
    count: Annotated[int, Whole(1, MAX_TAKEN)] = 1,
    lease_keys: LeaseKeys = "",
    desk: DeskName = "",
    queue: QueueCode = "",
) -> TakenData:
    """Lease up to three videos for review; other users do not get them meanwhile.

    They come from a `queue`, or from all that you may work, in the order of their priority. `leaseKeys` lists,
    comma-separated, the leases the desk already has. They are renewed, and other leases of the desk are returned first,
    because an earlier response was lost. A program that runs several desks names its `desk`.
    """
    check_queue(call, queue)
    return take(call, Next(count, lease_keys, desk, queue))


@operation("POST", "/vod/renewReview", right=Right.DESK)
def renew_review(call: Call, *, lease_keys: LeaseKeys) -> RenewedList:
    """Renew leases for QU_REVIEW_LEASE_SECONDS from now; returns those that were lost, with reasons."""
    holder, keys = call.own.user_name, read_keys(lease_keys)
    kept = call.store.review_leases.renew(holder, keys, call.settings.review_lease_seconds)
    own = {lease.key for lease in kept}
    lost = [_lost(call, key) for key in keys if key not in own]
    return RenewedList([RenewedData(one.key, *_until(call, one)) for one in kept], lost)


@operation("POST", "/vod/releaseReview", message="已释放", right=Right.DESK)
def release_review(call: Call, *, lease_keys: LeaseKeys = "", desk: DeskName = "") -> LeaseCount:
    """Release leases; without `leaseKeys` all of the desk, without a desk all of yours."""
    return LeaseCount(call.store.review_leases.release(desk_of(call, desk), read_keys(lease_keys)))


@operation("GET", "/vod/getReviewQueue", right=Right.DESK)
def get_review_queue(call: Call, *, queue: QueueCode = "") -> QueueData:
    """Return the size of a review queue, or of all that you may work together, in total and for you."""
    check_queue(call, queue)
    return queue_of(call, queue)


@operation("GET", "/vod/getReviewLeases", right=Right.ADMIN)
def get_review_leases(call: Call) -> HeldList:
    """Return all leases of the review desk with their holders."""
    now = call.store.now()
    return HeldList([
        HeldClip(
            one.video_id, title, one.holder, one.desk, call.write.time(int(one.claimed)),
            call.write.time(int(one.expires)), one.expires <= now,
        )
        for one, title in call.store.review_leases.find_all()
    ])  # fmt: skip


@operation("POST", "/vod/freeReview", message="已释放", right=Right.ADMIN, needs_body=True)
def free_review(call: Call, *, video_id: str = "", user_name: str = "") -> LeaseCount:
    """Revoke the lease on a video, or all leases of a user."""
    if not video_id and not user_name:
        raise BadRequest("videoId or userName is required.")
    return LeaseCount(call.store.review_leases.free(call.actor, video_id, user_name))


def _lease(
    call: Call, lease: Lease, video: Video, since: float, seen: Seen | None, hint: HintData | None,
    reports: LeaseReports | None,
) -> LeaseData:  # fmt: skip
    record = call.store.uploaders.find(video.user.user_id, video.video_id)
    shown = call.media.with_current_urls(
        replace(video, status=VideoStatus.CHECKING, censor_status=CensorStatus.CHECK, is_recommend=False)
    )
    shown = as_seen(shown, seen)
    played = call.write.play_info(shown)
    notes = [] if lease.kind is LeaseKind.PROBE else call.store.review_decisions.find_opinions(video.video_id)
    return LeaseData(
        lease.key, *_until(call, lease), max(int(call.store.now() - since), 0), played.video_base,
        played.play_info_list, sprite_of(call, shown), _uploader(call, video, record),
        machine_review_of(call, video.video_id),
        [NoteData(one.account, one.note, call.write.time(int(one.at))) for one in notes], hint,
        flags_of(call, video.video_id), reports,
    )  # fmt: skip


def _uploader(call: Call, video: Video, record: UploaderRecord) -> UploaderData:
    blocked = [
        BlockedData(one.video_id, one.title, "" if one.at is None else call.write.time(one.at), one.reason,
                    one.reason_code)
        for one in record.last_blocked
    ]  # fmt: skip
    return UploaderData(
        video.user.user_id, video.user.user_name, record.passed, record.blocked, record.waiting, blocked
    )


def _until(call: Call, lease: Lease) -> tuple[str, int]:
    left = max(math.floor(lease.expires - call.store.now()), 0)
    return call.write.time(int(lease.expires)), left


def _lost(call: Call, key: str) -> LostData:
    why = call.store.review_leases.explain(key, call.own.user_name)
    return LostData(key, call.store.review_leases.video_of(key), call.say(why))
