"""The review desk: decide leased videos, skip them, ask for second opinions, undo."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import Text
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.auth.tokens import token_hash
from backend.errors import BadRequest
from backend.lifecycle import review_desk
from backend.lifecycle.review import MAX_COMMENT_BYTES, check_words, choose_words
from backend.model import Verdict
from backend.model.review import DeskPreferences, LeaseKind, Ruling
from backend.model.texts import is_blank
from backend.operations.fields import ReasonCode
from backend.operations.review_choices import ReasonData, reasons_of
from backend.operations.review_leases import (
    MAX_HELD,
    DeskName,
    LeaseData,
    LeaseKey,
    NewUploader,
    Next,
    QueueData,
    desk_of,
    queue_of,
    read_keys,
    take,
    uploaders_after,
    written,
)
from backend.operations.similar_videos import NewHint, hints_after

if TYPE_CHECKING:
    from backend.console import Call

PREFIX = "qd_"  # lets secret scanners recognise leaked desk keys


class OpenedDesk(msgspec.Struct, rename="camel"):
    """`deskKey` is returned only here. It permits the review desk operations only, for as long as the session lasts."""

    desk_key: str
    desk: str
    user_name: str
    lease_seconds: int
    reason_list: list[ReasonData]
    preferences: DeskPreferences


class KnownData(msgspec.Struct, rename="camel"):
    """What a known clip was blocked for."""

    reason: str
    reason_code: str


class DecidedData(msgspec.Struct, rename="camel"):
    """A recorded decision; `requestId` is that of its verdict in the history. `leaseList` holds the next videos.

    `known` is null unless this was a known clip, which is shown for attention and not decided anew. `hintList` has new
    hints for the leases that the desk already has, since this video is similar to them, and `uploaderList` the new
    record of its uploader, for leases of the same uploader.
    """

    lease_key: str
    video_id: str
    status: str
    reason_code: str
    reason: str
    comment: str
    request_id: str
    time: str
    known: KnownData | None
    hint_list: list[NewHint]
    uploader_list: list[NewUploader]
    lease_list: list[LeaseData]
    queue: QueueData
    reasons_version: str


class PassedData(msgspec.Struct, rename="camel"):
    lease_key: str
    video_id: str
    lease_list: list[LeaseData]
    queue: QueueData


class OwnDecision(msgspec.Struct, rename="camel"):
    """One of your decisions; `leaseKey` is what undoReview takes."""

    lease_key: str
    video_id: str
    title: str
    status: str
    reason_code: str
    reason: str
    time: str


class OwnDecisions(msgspec.Struct, rename="camel"):
    decision_list: list[OwnDecision]


class UndoneData(msgspec.Struct, rename="camel"):
    lease: LeaseData
    queue: QueueData


@operation("POST", "/vod/openReviewDesk", right=Right.REVIEW)
def open_review_desk(call: Call) -> OpenedDesk:
    """Open a review desk and return its key, which permits review desk operations only, while the session lasts.

    Send it like a token. A session keeps the 20 desks used last.
    """
    account, key, desk = call.own, PREFIX + secrets.token_hex(24), secrets.token_hex(8)
    call.store.sessions.write_seen()
    call.store.review_desks.open(key, desk, token_hash(call.token))
    return OpenedDesk(
        key, desk, account.user_name, call.settings.review_lease_seconds, reasons_of(call),
        call.store.review_choices.find_preferences(account.account_id),
    )  # fmt: skip


@operation("POST", "/vod/decideReview", message="审核完成", right=Right.DESK, remote=True)
def decide_review(
    call: Call,
    *,
    lease_key: LeaseKey,
    status: Verdict,
    reason_code: ReasonCode = "",
    reason: str = "",
    comment: str = "",
    seconds: float | None = None,
    wanted: Next,
) -> DecidedData:
    """Record the verdict on a leased video, like createAudit, and lease the next ones in the same response.

    Repeating the same decision is idempotent. 409 if the lease was lost, the decision differs or was undone. `seconds`
    is the viewing time; `reasonCode` is as for createAudit, `count` and `leaseKeys` as for takeReview. A retired reason
    is accepted, as a desk may have been showing it.
    """
    words = choose_words(call.console, status, reason, reason_code, call.caller.language)
    words = check_words(status, words, comment)
    made = review_desk.decide(call.console, lease_key, Ruling(status, words, comment, reason_code, seconds), call.actor)
    taken, held = take(call, wanted), read_keys(wanted.lease_keys)
    known = None
    if made.kind is LeaseKind.PROBE:
        known = KnownData(*call.store.second_reviews.find_block(made.video_id))
    return DecidedData(
        lease_key, made.video_id, made.verdict.value, made.reason_code, made.reason, made.comment, made.request_id,
        call.write.time(int(made.at)), known, hints_after(call, made, held), uploaders_after(call, made, held),
        taken.lease_list, taken.queue, taken.reasons_version,
    )  # fmt: skip


@operation("POST", "/vod/skipReview", right=Right.DESK)
def skip_review(call: Call, *, lease_key: LeaseKey, wanted: Next) -> PassedData:
    """Return a leased video to the queue; you do not get it again for ten minutes."""
    video_id = call.store.review_decisions.skip(lease_key, call.own.user_name)
    taken = take(call, wanted)
    return PassedData(lease_key, video_id, taken.lease_list, taken.queue)


@operation("POST", "/vod/askSecondOpinion", message="已转交他人复核", right=Right.DESK)
def ask_second_opinion(
    call: Call, *, lease_key: LeaseKey, note: Annotated[str, Text(MAX_COMMENT_BYTES)], wanted: Next
) -> PassedData:
    """Hand a leased video to another reviewer, with a note; you do not get it again until it is decided."""
    if is_blank(note):
        raise BadRequest("{name} is required.", name="note")
    if (length := len(note.encode())) > MAX_COMMENT_BYTES:
        raise BadRequest("{name} has {length} bytes; at most {most} are allowed.", name="note", length=length,
                         most=MAX_COMMENT_BYTES)  # fmt: skip
    video_id = call.store.review_decisions.ask(lease_key, note, call.actor)
    taken = take(call, wanted)
    return PassedData(lease_key, video_id, taken.lease_list, taken.queue)


@operation("POST", "/vod/undoReview", message="已撤销", right=Right.DESK, remote=True)
def undo_review(call: Call, *, lease_key: LeaseKey, desk: DeskName = "") -> UndoneData:
    """Undo your decision, skip or hand-over of this lease, and lease the video again.

    409 if somebody has decided on the video since, or has it now.
    """
    seconds = call.settings.review_lease_seconds
    lease = review_desk.undo(call.console, lease_key, desk_of(call, desk), call.actor, seconds)
    return UndoneData(written(call, [lease])[0], queue_of(call))


@operation("GET", "/vod/getReviewDecisions", right=Right.DESK)
def get_review_decisions(call: Call) -> OwnDecisions:
    """Return your last 20 decisions at review desks that are not undone, newest first."""
    found = call.store.review_decisions.find_last(call.own.user_name, MAX_HELD)
    return OwnDecisions([
        OwnDecision(one.key, one.video_id, title, one.verdict.value, one.reason_code, one.reason,
                    call.write.time(int(one.at)))
        for one, title in found
    ])  # fmt: skip
