"""Runs an action on many videos, in batches: nothing twice, and nothing that somebody changed meanwhile.

The videos of a batch are changed side by side, each on its own: the store commits several of them together, with what
others change at that moment, and the failure of one leaves the others as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backend.errors import Conflict, ConsoleError
from backend.jobs.runner import Cancelled, Done, Task
from backend.lifecycle import bulk_edits, bulk_prewarming, trash
from backend.lifecycle.review import judge
from backend.lifecycle.side_by_side import SideBySide
from backend.model import Job, JobState, Verdict, Video
from backend.model.bulks import BATCH, EDITS, GROUP_SECONDS, MAX_AT_ONCE, UNDONE, Bulk, BulkAction, BulkItem, ItemState

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
        with ThreadPoolExecutor(MAX_AT_ONCE, "bulk") as pool:
            threads = SideBySide(pool, MAX_AT_ONCE, GROUP_SECONDS)
            while items := store.find_items(bulk.bulk_id, ItemState.WAITING, 1, BATCH):
                task.report((items[0].place - 1) / bulk.total)
                if self._console.store.jobs.get_job(job.job_id).state is not JobState.RUNNING:
                    raise Cancelled  # the worker learns of it a second later
                store.record(bulk.bulk_id, self._batch(bulk, items, threads))
        counts = store.count(bulk.bulk_id)
        return Done(facts={"done": counts.get(ItemState.DONE, 0), "refused": counts.get(ItemState.REFUSED, 0)})

    def _batch(self, bulk: Bulk, items: list[BulkItem], threads: SideBySide) -> list[BulkItem]:
        """Do it to some videos, and return what became of them."""
        store, ids = self._console.store.bulks, [one.video_id for one in items]
        before = store.find_ours(bulk, ids)  # where a worker died before it could record this
        problems: dict[str, ConsoleError | None] = dict(store.find_changed(bulk, ids))
        rest = [one for one in ids if one not in before and one not in problems]
        problems |= undo(self._console, bulk, rest, threads) if bulk.undoes else do(self._console, bulk, rest, threads)
        if bulk.action is BulkAction.PREWARM:  # changes no video
            changed = {one for one in ids if problems.get(one) is None}
        else:
            changed = store.find_ours(bulk, ids)
        return [_ended(one, one.video_id in changed, problems.get(one.video_id)) for one in items]


def do(console: Console, bulk: Bulk, video_ids: list[str], threads: SideBySide) -> Problems:
    """Do it to some videos; return the error of each that failed."""
    if bulk.action in VERDICTS:
        form = bulk.form
        verdict, reason, comment = VERDICTS[bulk.action], str(form.get("reason", "")), str(form.get("comment", ""))
        code = str(form.get("reasonCode", ""))
        found = judge(console, video_ids, verdict, reason, comment, bulk.actor, bulk.seen_line, code, threads.map)
        return dict(zip(video_ids, found, strict=True))
    if bulk.action is BulkAction.PREWARM:
        return bulk_prewarming.send(console, video_ids, bulk.actor)
    return _each(threads, partial(_do, console, bulk), video_ids)


def _do(console: Console, bulk: Bulk, video_id: str) -> None:
    video = console.store.catalogue.get_video(video_id)
    if bulk.action is BulkAction.DELETE:
        trash.delete(console, video, bulk.actor, seen_line=bulk.seen_line)
    elif bulk.action in EDITS:
        bulk_edits.edit(console, bulk, video)
    elif bulk.action is BulkAction.RECOMMEND and video.is_recommend:
        raise Conflict("The video is recommended already.")
    else:
        name, parameter = OPERATIONS[bulk.action]
        console.run_as_operator(name, {**bulk.form, parameter: video_id}, bulk.actor)


def undo(console: Console, bulk: Bulk, video_ids: list[str], threads: SideBySide) -> Problems:
    """Take it back for some videos; return the error of each that failed."""
    if bulk.action in EDITS:
        before = console.store.bulks.find_edited(bulk, video_ids)
        restore = partial(bulk_edits.restore, console, bulk.actor, before)
        return _each(threads, restore, [one for one in video_ids if one in before])
    return _each(threads, partial(_undo, console, bulk), video_ids)


def _undo(console: Console, bulk: Bulk, video_id: str) -> None:
    given = {"videoId": video_id}
    if bulk.action is BulkAction.DELETE:
        trash.restore(console, video_id, bulk.actor)
    elif bulk.action is BulkAction.RECOMMEND:
        console.run_as_operator("deleteRecommendById", given, bulk.actor)
    else:
        console.run_as_operator("undoAudit", {**given, **bulk.form}, bulk.actor)


def _each(threads: SideBySide, act: Callable[[str], None], video_ids: list[str]) -> Problems:
    """Do something to each of these videos; return the error of each that failed."""

    def attempt(video_id: str) -> ConsoleError | None:
        try:
            act(video_id)
        except ConsoleError as error:
            return error
        return None

    return dict(zip(video_ids, threads.map(attempt, video_ids), strict=True))


def _ended(item: BulkItem, is_changed: bool, problem: ConsoleError | None) -> BulkItem:
    if is_changed:
        return replace(item, state=ItemState.DONE)
    return replace(item, state=ItemState.REFUSED, why=problem or Conflict("There was nothing to do."))
