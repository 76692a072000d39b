"""The plan of prewarming: what of the programme is warm, what is sent when, and who sent what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import PageIndex, PageSize, Text
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import CloudError, Conflict
from backend.lifecycle.prewarmer import due_problems, is_automatic, read_plan, read_room, with_segments
from backend.model import SECONDS_A_DAY, JobKind
from backend.model.warm_plan import Plan, PlanItem, PlanState, SentBy, SentState
from backend.operations.jobs import JobData, describe_jobs
from backend.operations.prewarm import WarmedData
from backend.prewarm.ssrf import host_port

if TYPE_CHECKING:
    from backend.console import Call

# Of a clip whose files differ, the first of these is told.
WORST = (
    PlanState.FAILED, PlanState.WAITING, PlanState.PLANNED, PlanState.SENT, PlanState.SKIPPED, PlanState.WARM,
)  # fmt: skip
BY_HAND = (PlanState.WAITING, PlanState.FAILED, PlanState.SKIPPED)  # what a person sends, besides what is due


class PlannedStartData(msgspec.Struct, rename="camel"):
    """Clips that start together at `startTime` and are sent at `sendTime`; `state` is as of a URL."""

    send_time: str
    start_time: str
    state: str
    clip_count: int
    url_count: int


class PlanSlotData(msgspec.Struct, rename="camel"):
    """The first live clips of a slot by state, and those that start later; a clip is warm when all its files are."""

    slot: str
    total: int
    warm: int
    sent: int
    planned: int
    waiting: int
    failed: int
    skipped: int
    start_list: list[PlannedStartData]


class PlanProblemData(msgspec.Struct, rename="camel"):
    """Why files of a kind (cover, firstFrame, rendition, playlist, segment) are not sent: a CDN could not keep them."""

    host: str
    kind: str
    url: str
    problem: str
    time: str


class PlanQuotaData(msgspec.Struct, rename="camel"):
    """Today's quota of URLs (Beijing time): in total, left, kept for people, sent by the plan, and what it plans."""

    total: int
    left: int
    reserve: int
    sent: int
    today: int
    tomorrow: int


class PlanUrlData(msgspec.Struct, rename="camel"):
    """A URL that should be warm.

    `state` is planned, waiting (for quota), sent, warm, failed, or skipped: its clip started before there was quota.
    Viewers keep a live clip warm, also after `warmUntil`. `actor` is who sent it.
    """

    url: str
    video_id: str
    title: str
    slot: str
    place: int
    kind: str
    size: int
    state: str
    start_time: str
    send_time: str
    sent_time: str
    warm_until: str
    actor: str
    detail: str


class PrewarmPlanData(msgspec.Struct, rename="camel"):
    """`automatic`: the plan is sent by itself (QU_PREWARM_PLAN).

    `quota` is null where none applies, or if it is unknown: then `quotaProblem` says why. `total` counts the matching
    URLs, `stateCounts` those of the slot by state, and `time` is when the plan was made.
    """

    time: str
    automatic: bool
    slot_list: list[PlanSlotData]
    problem_list: list[PlanProblemData]
    quota: PlanQuotaData | None
    quota_problem: str
    state_counts: dict[str, int]
    total: int
    url_list: list[PlanUrlData]


class PrewarmSendData(msgspec.Struct, rename="camel"):
    """A batch that was sent: `source` is hand, recommendation, plan (sent by a person) or automatic."""

    job: JobData
    source: str
    actor: str
    url_list: list[WarmedData]


class PrewarmHistoryPage(msgspec.Struct, rename="camel"):
    """`hostList` has the hosts whose files can be prewarmed."""

    total: int
    host_list: list[str]
    send_list: list[PrewarmSendData]


class SentPlanData(msgspec.Struct, rename="camel"):
    """How many URLs were sent."""

    count: int


@operation("GET", "/vod/getPrewarmPlan", remote=True)
def get_prewarm_plan(
    call: Call, *, slot: Annotated[str, Text(40)] = "", video_id: str = "", state: PlanState | None = None,
    page_index: PageIndex = 1, page_size: PageSize = 100,
) -> PrewarmPlanData:  # fmt: skip
    """Return what of the programme should be in the CDN's cache until the end of tomorrow, most urgent first."""
    plan, quota_problem = read_plan(call.console), ""
    try:
        plan = plan.within(read_room(call.console, fresh=False))
    except CloudError as error:
        quota_problem = call.say(error)
    items = [one for one in plan.items if slot in ("", one.wish.slot)]
    wanted = [one for one in items if video_id in ("", one.wish.video_id) and state in (None, one.state)]
    page = wanted[(page_index - 1) * page_size : page_index * page_size]
    return PrewarmPlanData(
        time=call.write.time(plan.at),
        automatic=is_automatic(call.console),
        slot_list=[_slot(call, name, items) for name in dict.fromkeys(one.wish.slot for one in items)],
        problem_list=_problems(call, items),
        quota=_quota(plan),
        quota_problem=quota_problem,
        state_counts=dict(Counter(one.state.value for one in items)),
        total=len(wanted),
        url_list=_urls(call, page),
    )


@operation("GET", "/vod/getPrewarmHistory")
def get_prewarm_history(call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10) -> PrewarmHistoryPage:
    """List what was sent to the CDN, newest first: by whom and why, with the state of every URL."""
    page = call.store.jobs.find_jobs(kind=JobKind.PREWARM, index=page_index, size=page_size)
    urls = call.store.prewarming.find_urls(job.job_id for job in page.items)
    return PrewarmHistoryPage(
        page.total,
        list(call.console.cache.hosts()),
        [
            PrewarmSendData(
                data, job.payload.get("source", SentBy.HAND), job.payload.get("actor", ""),
                [WarmedData(**url) for url in urls[job.job_id]],
            )
            for job, data in zip(page.items, describe_jobs(call, page.items), strict=True)
        ],
    )  # fmt: skip


@operation("POST", "/vod/sendPrewarmPlan", message="预热计划已发送", right=Right.MANAGE, remote=True)
def send_prewarm_plan(call: Call, *, slot: Annotated[str, Text(40)] = "", video_id: str = "") -> SentPlanData:
    """Send now what of the plan is not warm: what is live, starts soon, failed or waits for quota.

    Uses the quota that is kept for people. Sends nothing if the CDN would not keep it.
    """
    plan = read_plan(call.console)
    items = [
        one
        for one in plan.items
        if slot in ("", one.wish.slot) and video_id in ("", one.wish.video_id) and _may_be_sent(plan, one)
    ]
    if not items:
        return SentPlanData(0)
    if problems := due_problems(call.console, items):
        raise Conflict(
            "Nothing was sent, because the CDN would not keep it: {url} ({why})", url=problems[0].url,
            why=call.say(problems[0].problem) if problems[0].problem else "",
        )  # fmt: skip
    items = with_segments(call.console, items)
    call.console.cache.check_room(len(items))
    region = call.settings.prewarm_region
    return SentPlanData(call.store.prewarming.send(items, call.actor, source=SentBy.PLAN, region=region))


def _may_be_sent(plan: Plan, item: PlanItem) -> bool:
    is_tried_again = item.known is not None and item.known.state is SentState.FAILED
    return item.state in BY_HAND or (item.state is PlanState.PLANNED and (item.send_at <= plan.at or is_tried_again))


def _slot(call: Call, name: str, items: Iterable[PlanItem]) -> PlanSlotData:
    clips: dict[tuple[str, int], set[PlanState]] = {}
    starts: dict[tuple[int, int, PlanState], list[PlanItem]] = {}
    for one in items:
        if one.wish.slot != name:
            continue
        if one.wish.live:
            clips.setdefault((one.wish.video_id, one.wish.place), set()).add(one.state)
        else:
            starts.setdefault((one.wish.starts, one.send_at, one.state), []).append(one)
    counts = Counter(next(state for state in WORST if state in states) for states in clips.values())
    return PlanSlotData(
        name, len(clips), **{state.value: counts[state] for state in PlanState},
        start_list=[
            PlannedStartData(
                call.write.time(send), call.write.time(start), state,
                len({one.wish.video_id for one in some}), len(some),
            )
            for (start, send, state), some in sorted(starts.items(), key=lambda pair: pair[0])
        ],
    )  # fmt: skip


def _problems(call: Call, items: Iterable[PlanItem]) -> list[PlanProblemData]:
    wanted = {(host_port(one.file.url), one.file.kind) for one in items}
    return [
        PlanProblemData(one.host, one.kind, one.url, call.say(one.problem), call.write.time(one.at))
        for one in call.store.prewarming.find_checks()
        if one.problem is not None and (one.host, one.kind) in wanted
    ]


def _quota(plan: Plan) -> PlanQuotaData | None:
    room = plan.room
    if room is None:
        return None
    to_come = [one.send_at for one in plan.items if one.state in (PlanState.PLANNED, PlanState.WAITING)]
    tomorrow = sum(room.day_ends <= at < room.day_ends + SECONDS_A_DAY for at in to_come)
    today = sum(at < room.day_ends for at in to_come)
    return PlanQuotaData(room.total, room.left, room.reserve, room.sent, today, tomorrow)


def _urls(call: Call, items: Iterable[PlanItem]) -> list[PlanUrlData]:
    page = list(items)
    titles = call.store.catalogue.find_titles({one.wish.video_id for one in page})
    return [
        PlanUrlData(
            url=one.file.url, video_id=one.wish.video_id, title=titles.get(one.wish.video_id, ""), slot=one.wish.slot,
            place=one.wish.place, kind=one.file.kind, size=one.file.size, state=one.state,
            start_time=_time(call, one.wish.starts),
            send_time=_time(call, one.send_at if one.state is PlanState.PLANNED else 0),
            sent_time=_time(call, one.known.sent if one.known else 0), warm_until=_time(call, one.until),
            actor=one.known.actor if one.known else "", detail=one.known.detail if one.known else "",
        )
        for one in page
    ]  # fmt: skip


def _time(call: Call, second: int) -> str:
    return call.write.time(second) if second else ""
