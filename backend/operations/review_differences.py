"""Differences between first and second reviews, settled by those who manage videos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import Whole
from backend.api.registry import operation
from backend.api.wire import PlayInfo, VideoDetail
from backend.auth.permissions import Right
from backend.lifecycle.review import check_words, choose_words
from backend.model import Verdict
from backend.model.review import Ruling
from backend.operations.covers import SpriteData, sprite_of
from backend.operations.fields import ReasonCode

if TYPE_CHECKING:
    from backend.console import Call

MAX_DIFFERENCES = 20


class OpinionData(msgspec.Struct, rename="camel"):
    """A verdict; the video is now as the one says that `stands`."""

    status: str
    reason_code: str
    reason: str
    comment: str
    stands: bool


class DifferenceData(msgspec.Struct, rename="camel"):
    difference_id: int
    video: VideoDetail
    play_info_list: list[PlayInfo]
    sprite: SpriteData
    verdict_list: list[OpinionData]


class DifferenceList(msgspec.Struct, rename="camel"):
    """`total` counts those that you can settle, `own` those with a verdict of yours, which others settle."""

    total: int
    own: int
    difference_list: list[DifferenceData]


class SettledData(msgspec.Struct, rename="camel"):
    difference_id: int
    video_id: str


@operation("GET", "/vod/getReviewDifferences", right=Right.MANAGE)
def get_review_differences(call: Call, *, count: Annotated[int, Whole(0, MAX_DIFFERENCES)] = 1) -> DifferenceList:
    """Return videos on which a second review differs from the first, oldest first: both verdicts, without names.

    `count` 0 only counts them.
    """
    lead = call.own.user_name
    total, mine = call.store.review_differences.count(lead)
    found = call.store.review_differences.find(lead, count)
    known = call.store.catalogue.find_known([one.video_id for one in found])
    shown = []
    for one in found:
        if one.video_id not in known:
            continue  # deleted since
        video = call.media.with_current_urls(known[one.video_id])
        played = call.write.play_info(video)
        shown.append(DifferenceData(
            one.number, played.video_base, played.play_info_list, sprite_of(call, video), [
                OpinionData(said.verdict.value, said.reason_code, said.reason, said.comment, said.stands)
                for said in one.opinions
            ],
        ))  # fmt: skip
    return DifferenceList(mine, total - mine, shown)


@operation("POST", "/vod/settleReviewDifference", message="已裁定", right=Right.MANAGE, remote=True)
def settle_review_difference(
    call: Call,
    *,
    difference_id: Annotated[int, Whole(1)],
    status: Verdict | None = None,
    reason_code: ReasonCode = "",
    reason: str = "",
    comment: str = "",
) -> SettledData:
    """Settle a difference by a verdict, as createAudit does, or without `status` leave the video as it is.

    409 if it is settled already, or one of the two verdicts is yours.
    """
    ruling = None
    if status is not None:
        words = choose_words(call.console, status, reason, reason_code, call.caller.language)
        ruling = Ruling(status, check_words(status, words, comment), comment, reason_code)
    tell = call.console.cloud is not None
    video_id = call.store.review_differences.settle(difference_id, ruling, call.actor, tell=tell)
    return SettledData(difference_id, video_id)
