"""One action on all videos that match a filter, as one job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from backend.api.parameters import ClearableLine, Id, PageIndex, PageSize, SeenLine, Text, Whole
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest, Forbidden
from backend.lifecycle import category_changes
from backend.lifecycle.review import check_words, choose_words
from backend.model import Job, JobState, Verdict
from backend.model.bulks import EDITS, MAX_VIDEOS, OF_REVIEWERS, STOPPING, UNDOABLE, Bulk, BulkAction, ItemState
from backend.operations.fields import CateId, ReasonCode, Tags
from backend.operations.video_filters import Filters

if TYPE_CHECKING:
    from backend.console import Call

LATEST, MAX_REASONS = 20, 20
BulkId = Annotated[str, Id(32)]
Words = Annotated[str, Text(512)]


class BulkData(msgspec.Struct, rename="camel"):
    """An action on many videos: `done` and `refused` of `total` so far.

    `state` is that of its job: queued, running, done, failed or cancelled; `stopping` if it was cancelled while videos
    are under way. `undoes` is the id of the action that it takes back, `canUndo` whether undoBulk can take this one
    back.
    """

    bulk_id: str
    job_id: str
    action: BulkAction
    undoes: str
    user_name: str
    time: str
    state: str
    total: int
    done: int
    refused: int
    can_undo: bool


class RefusedVideo(msgspec.Struct, rename="camel"):
    video_id: str
    title: str
    why: str


class Refusals(msgspec.Struct):
    """A reason why nothing was done, and for how many videos."""

    why: str
    count: int


class BulkDetail(BulkData, rename="camel"):
    """`refusedList` is a page of the videos to which nothing was done, with reasons, the rarest of these first.

    `reasonList` counts the reasons, the commonest 20 of them.
    """

    refused_list: list[RefusedVideo]
    reason_list: list[Refusals]


class BulkList(msgspec.Struct, rename="camel"):
    bulk_list: list[BulkData]


@operation("POST", "/vod/startBulk", message="已开始", right=Right.REVIEW)
def start_bulk(
    call: Call,
    *,
    action: BulkAction,
    filters: Filters,
    reason: Words = "",
    reason_code: ReasonCode = "",
    comment: Words = "",
    is_narrow: bool = False,
    is_cache: bool = False,
    new_cate_id: CateId | None = None,
    new_cate_name: Annotated[str | None, ClearableLine(100)] = None,
    changed_tags: Tags = "",
    expected_total: Annotated[int | None, Whole(1, MAX_VIDEOS)] = None,
    seen_line: SeenLine = None,
) -> BulkDetail:
    """Queue one action on all videos that match the filters now, at most 50,000.

    The set is fixed by this call; videos that somebody changes before their turn, or that the action does not fit, are
    left alone and listed by getBulk. `approve` and `block` (with `reason` or `reasonCode`, as in createAudit) need the
    permission to review, the others that to manage. `isNarrow` and `isCache` are for `recommend`. `category` sets
    `newCateId` or `newCateName` as editVideo does, `addTags` and `removeTags` change `changedTags`, and `prewarm` sends
    cover, first frame and renditions to the caches, as far as they are not warm. With `expectedTotal`, 409 if another
    number matches; `seenLine` is as for createAudit.
    """
    if action not in OF_REVIEWERS:
        _require_manage(call)
    form: dict[str, Any] = {}
    if action in OF_REVIEWERS:
        form = _verdict_form(call, action, reason, reason_code, comment)
    elif action is BulkAction.RECOMMEND:
        form = {"isNarrow": str(is_narrow).lower(), "isCache": str(is_cache).lower()}
    elif action is BulkAction.CATEGORY:
        form = _category_form(call, new_cate_id, new_cate_name)
    elif action in EDITS:
        if not changed_tags.strip(" ,"):
            raise BadRequest("{name} is required.", name="changedTags")
        form = {"tags": changed_tags}
    wanted = call.store.catalogue.settle(filters.wanted)
    bulk = call.store.bulks.start(
        action, form, wanted, call.actor, expected=expected_total, seen_line=seen_line
    )  # fmt: skip
    return _detail(call, bulk, 1, 10)


@operation("GET", "/vod/getBulks", right=Right.REVIEW)
def get_bulks(call: Call) -> BulkList:
    """List the last 20 actions on many videos, latest first."""
    found = call.store.bulks.find(LATEST)
    jobs = {job.job_id: job for job in call.store.jobs.get_jobs([one.job_id for one in found])}
    ids = [one.bulk_id for one in found]
    undone, stopping = call.store.bulks.find_undone(ids), call.store.bulks.find_stopping(ids)
    return BulkList([BulkData(**_facts(call, one, jobs.get(one.job_id), undone, stopping)) for one in found])


@operation("GET", "/vod/getBulk", right=Right.REVIEW)
def get_bulk(call: Call, *, bulk_id: BulkId, page_index: PageIndex = 1, page_size: PageSize = 10) -> BulkDetail:
    """Return an action on many videos, with a page of those to which nothing was done. It is kept for 30 days."""
    return _detail(call, call.store.bulks.get(bulk_id), page_index, page_size)


@operation("POST", "/vod/cancelBulk", message="已取消", right=Right.REVIEW)
def cancel_bulk(call: Call, *, bulk_id: BulkId) -> None:
    """Stop an action on many videos; what was done stays, and can be undone."""
    bulk = call.store.bulks.get(bulk_id)
    if bulk.actor.name != call.actor.name:
        _require_manage(call)
    call.store.jobs.cancel_job(bulk.job_id, call.actor)


@operation("POST", "/vod/undoBulk", message="已开始撤销", right=Right.REVIEW)
def undo_bulk(call: Call, *, bulk_id: BulkId) -> BulkDetail:
    """Queue taking back everything that an action on many videos did, but for transcoding and prewarming.

    Videos that somebody changed since are left alone and listed. It is an action on many videos itself. 409 before
    the action has ended, also while it is `stopping`.
    """
    bulk = call.store.bulks.get(bulk_id)
    if bulk.action not in OF_REVIEWERS:
        _require_manage(call)
    return _detail(call, call.store.bulks.undo(bulk_id, call.actor), 1, 10)


def _verdict_form(call: Call, action: BulkAction, reason: str, reason_code: str, comment: str) -> dict[str, Any]:
    verdict = Verdict.BLOCKED if action is BulkAction.BLOCK else Verdict.NORMAL
    words = choose_words(call.console, verdict, reason, reason_code, call.caller.language)
    words = check_words(verdict, words, comment, needs_reason=not call.settings.legacy_clients)
    return {"reason": words, "reasonCode": reason_code, "comment": comment}


def _category_form(call: Call, cate_id: int | None, cate_name: str | None) -> dict[str, Any]:
    """Return the category as editVideo takes it, the same for all videos."""
    if cate_id is None and cate_name is None:
        raise BadRequest("{name} is required.", name="newCateId")
    cate_id, cate_name = category_changes.settle(call.console, cate_id, cate_name, call.actor)
    return {
        name: value for name, value in (("cateId", cate_id), ("cateName", cate_name)) if value is not None
    }  # fmt: skip


def _require_manage(call: Call) -> None:
    if call.access is not None and Right.MANAGE not in call.access.rights:
        raise Forbidden("This needs the permission to manage videos.")


def _detail(call: Call, bulk: Bulk, index: int, size: int) -> BulkDetail:
    store, bulk_id = call.store.bulks, bulk.bulk_id
    job = next(iter(call.store.jobs.get_jobs([bulk.job_id])), None)
    items = store.find_refused(bulk_id, index, size)
    refused = [RefusedVideo(one.video_id, one.title, call.say(one.why) if one.why else "") for one in items]
    reasons = [
        Refusals(call.say(why) if why else "", count) for why, count in store.count_reasons(bulk_id, MAX_REASONS)
    ]
    undone, stopping = store.find_undone([bulk_id]), store.find_stopping([bulk_id])
    return BulkDetail(**_facts(call, bulk, job, undone, stopping), refused_list=refused, reason_list=reasons)


def _facts(call: Call, bulk: Bulk, job: Job | None, undone: set[str], stopping: set[str]) -> dict[str, Any]:
    """Return what BulkData has; `undone` and `stopping` are the ids of actions in that state."""
    state = job.state if job is not None else JobState.DONE
    is_counted, is_stopping = job is not None and state is JobState.DONE, bulk.bulk_id in stopping
    can_undo = bulk.action in UNDOABLE and not (bulk.undoes or is_stopping or bulk.bulk_id in undone)
    counts = job.result if job is not None and is_counted else call.store.bulks.count(bulk.bulk_id)
    done = int(counts.get(ItemState.DONE, 0))
    return {
        "bulk_id": bulk.bulk_id, "job_id": bulk.job_id, "action": bulk.action, "undoes": bulk.undoes,
        "user_name": bulk.actor.name, "time": call.write.time(bulk.created),
        "state": STOPPING if is_stopping else state.value,
        "total": bulk.total, "done": done, "refused": int(counts.get(ItemState.REFUSED, 0)),
        "can_undo": bool(done) and can_undo,
    }  # fmt: skip
