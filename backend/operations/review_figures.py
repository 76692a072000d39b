"""Figures of the review desk: one's own, or everybody's for those who manage videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.api.parameters import End, Start
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.model import SECONDS_A_DAY

if TYPE_CHECKING:
    from backend.console import Call

USUAL_DAYS, MAX_DAYS = 7, 92


class PersonData(msgspec.Struct, rename="camel"):
    """The decisions of one person, undone ones excluded; `undone` counts those.

    `activeMinutes` exclude pauses over a minute; `decisionsPerHour` refers to them. `medianSeconds` is the time a clip
    was looked at.
    """

    user_name: str
    decisions: int
    approved: int
    blocked: int
    undone: int
    active_minutes: float
    decisions_per_hour: float
    median_seconds: float


class ReasonCount(msgspec.Struct, rename="camel"):
    """`code` is empty for blocks without a reason of the list."""

    code: str
    count: int


class HintCount(msgspec.Struct, rename="camel"):
    """How many decisions were made beside a hint of a similar video, and how many of them agree with it."""

    shown: int
    followed: int


class FiguresData(msgspec.Struct, rename="camel"):
    """The figures between two times, and the present queue."""

    start_time: str
    end_time: str
    waiting: int
    oldest_seconds: int
    person_list: list[PersonData]
    reason_list: list[ReasonCount]
    hints: HintCount


@operation("GET", "/vod/getReviewFigures", right=Right.DESK)
def get_review_figures(call: Call, *, start_time: Start = None, end_time: End = None) -> FiguresData:
    """Return who decided how much at the review desk, how quickly and for which reasons, by default in the last 7 days.

    Those who manage videos see everybody, others themselves. At most 92 days.
    """
    end = call.now() if end_time is None else end_time
    start = end - USUAL_DAYS * SECONDS_A_DAY if start_time is None else start_time
    if not 0 <= end - start <= MAX_DAYS * SECONDS_A_DAY:
        raise BadRequest("endTime must be after startTime, by at most {days} days.", days=MAX_DAYS)
    own = call.own.user_name
    sees_all = call.access is not None and Right.MANAGE in call.access.rights
    reviewer = "" if sees_all else own
    found = call.store.review_figures.find(start, end, reviewer)
    hints = call.store.similar_videos.find_figures(start, end, reviewer)
    queue = call.store.review_leases.count_queue(own)
    return FiguresData(
        start_time=call.write.time(start),
        end_time=call.write.time(end),
        waiting=queue.waiting,
        oldest_seconds=0 if queue.oldest is None else max(int(call.now() - queue.oldest), 0),
        person_list=[
            PersonData(
                one.user_name, one.decisions, one.approved, one.blocked, one.undone,
                round(one.active_seconds / 60, 1), round(one.per_hour, 1), round(one.median_seconds, 2),
            )
            for one in found.people
        ],
        reason_list=[ReasonCount(code, count) for code, count in found.reasons],
        hints=HintCount(hints.shown, hints.followed),
    )  # fmt: skip
