"""Runs an action on many videos, in batches: nothing twice, and nothing that somebody changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backend.errors import Conflict, ConsoleError
from backend.jobs.runner import Cancelled, Done, Task
from backend.lifecycle import trash
from backend.lifecycle.review import judge
from backend.model import Job, JobState, Verdict, Video
from backend.model.bulks import BATCH, UNDONE, Bulk, BulkAction, BulkItem, ItemState

if TYPE_CHECKING:
    from backend.console import Console

VERDICTS = {BulkAction.APPROVE: Verdict.NORMAL, BulkAction.BLOCK: Verdict.BLOCKED}
OPERATIONS = {
    BulkAction.RECOMMEND: ("recommendVideo", "videoId"),
    BulkAction.TRANSCODE: ("submitTranscode", "mediaId"),
    BulkAction.NARROW: ("submitTabTranscode", "mediaId"),
}
Problems = Mapping[str, ConsoleError | None]


class BulkRunner:
    """Runs the jobs of the kind bulk."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def run(self, job: Job, video: Video | None, task: Task) -> Done:
        """Work through the videos that are left; see `Runner`. Raises Conflict if the action was undone."""
        store = self._console.store.bulks
        bulk = store.get(str(job.payload["bulkId"]))
        if store.find_undone([bulk.bulk_id]):  # it was cancelled and undone, and then its job was retried
            raise Conflict(UNDONE)
        while items := store.find_items(bulk.bulk_id, ItemState.WAITING, 1, BATCH):
            task.report((items[0].place - 1) / bulk.total)
            if self._console.store.jobs.get_job(job.job_id).state is not JobState.RUNNING:
                raise Cancelled  # the worker learns of it a second later
            store.record(bulk.bulk_id, self._batch(bulk, items))
        counts = store.count(bulk.bulk_id)
        return Done(facts={"done": counts.get(ItemState.DONE, 0), "refused": counts.get(ItemState.REFUSED, 0)})

    def _batch(self, bulk: Bulk, items: list[BulkItem]) -> list[BulkItem]:
        """Do it to some videos, and return what became of them."""
        store, ids = self._console.store.bulks, [one.video_id for one in items]
        before = store.find_ours(bulk, ids)  # where a worker died before it could record this
        problems: dict[str, ConsoleError | None] = dict(store.find_changed(bulk, ids))
        rest = [one for one in ids if one not in before and one not in problems]
        problems |= undo(self._console, bulk, rest) if bulk.undoes else do(self._console, bulk, rest)
        changed = store.find_ours(bulk, ids)
        return [_ended(one, one.video_id in changed, problems.get(one.video_id)) for one in items]


def do(console: Console, bulk: Bulk, video_ids: list[str]) -> Problems:
    """Do it to some videos; return the error of each that failed."""
    if bulk.action in VERDICTS:
        form = bulk.form
        verdict, reason, comment = VERDICTS[bulk.action], str(form.get("reason", "")), str(form.get("comment", ""))
        code = str(form.get("reasonCode", ""))
        found = judge(console, video_ids, verdict, reason, comment, bulk.actor, bulk.seen_line, code)
        return dict(zip(video_ids, found, strict=True))
    return {video_id: _attempt(console, bulk, video_id) for video_id in video_ids}


def _attempt(console: Console, bulk: Bulk, video_id: str) -> ConsoleError | None:
    try:
        video = console.store.catalogue.get_video(video_id)
        if bulk.action is BulkAction.DELETE:
            trash.delete(console, video, bulk.actor, seen_line=bulk.seen_line)
            return None
        if bulk.action is BulkAction.RECOMMEND and video.is_recommend:
            return Conflict("The video is recommended already.")
        name, parameter = OPERATIONS[bulk.action]
        console.run_as_operator(name, {**bulk.form, parameter: video_id}, bulk.actor)
    except ConsoleError as error:
        return error
    return None


def undo(console: Console, bulk: Bulk, video_ids: list[str]) -> Problems:
    """Take it back for some videos; return the error of each that failed."""
    return {video_id: _undo(console, bulk, video_id) for video_id in video_ids}


def _undo(console: Console, bulk: Bulk, video_id: str) -> ConsoleError | None:
    given: dict[str, Any] = {"videoId": video_id}
    try:
        if bulk.action is BulkAction.DELETE:
            trash.restore(console, video_id, bulk.actor)
        elif bulk.action is BulkAction.RECOMMEND:
            console.run_as_operator("deleteRecommendById", given, bulk.actor)
        else:
            console.run_as_operator("undoAudit", {**given, **bulk.form}, bulk.actor)
    except ConsoleError as error:
        return error
    return None


def _ended(item: BulkItem, is_changed: bool, problem: ConsoleError | None) -> BulkItem:
    if is_changed:
        return replace(item, state=ItemState.DONE)
    return replace(item, state=ItemState.REFUSED, why=problem or Conflict("There was nothing to do."))
