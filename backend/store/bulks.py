"""Actions on many videos: the set of each, and what became of every video."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from backend.errors import BadRequest, Conflict, ConsoleError, NotFound
from backend.model import Actor, JobKind, JobState, Sort, Video, VideoFilter
from backend.model.bulks import (
    BATCH,
    KEPT_SECONDS,
    MAX_VIDEOS,
    STILL_STOPPING,
    UNDOABLE,
    UNDONE,
    Bulk,
    BulkAction,
    BulkItem,
    ItemState,
)
from backend.store import history, inserts, job_rows, stale_changes
from backend.store.engine import Database, Engine
from backend.store.rows import AT, AT_NUMBER, as_json, read_object
from backend.store.tags import add_tags, remove_tags

CHUNK = 5_000
MAX_LINES = 10_000  # of the history that concern one batch
ADD_ITEM = "insert into bulk_items (bulk_id, place, video_id, title, state, why) values (?, ?, ?, ?, ?, ?)"
ITEMS = "select place, video_id, title, state, why from bulk_items where bulk_id = ? and state = ?"
GONE = "There is no bulk action {bulk_id}, or it is no longer kept."


class Bulks:
    """Queries and changes of actions on many videos."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def start(
        self, action: BulkAction, form: dict[str, Any], wanted: VideoFilter, actor: Actor, *,
        expected: int | None = None, seen_line: int | None = None,
    ) -> Bulk:  # fmt: skip
        """Queue an action on all videos that match a settled filter now.

        Raises BadRequest if they are none or too many, and Conflict if they are not as many as expected.
        """
        with self._engine.reading() as db:
            line = history.newest_line(db)
            keys = self._engine.queries.keys_in_order(db, self._engine.queries.VIDEOS, wanted, Sort.NEWEST).tolist()
            if expected is not None and len(keys) != expected:
                raise Conflict(
                    "{count} videos match now, not {expected}; look at the list again.",
                    count=len(keys), expected=expected,
                )  # fmt: skip
            _check_number(len(keys))
            videos = list(_videos(db, keys))
        return self._add(action, form, videos, actor, min(line, seen_line) if seen_line else line)

    def undo(self, bulk_id: str, actor: Actor) -> Bulk:
        """Queue taking back what an action did.

        Raises NotFound, and Conflict if it cannot be, or has been, or before it has ended: something of it may be under
        way after it was cancelled.
        """
        with self._engine.reading() as db:
            old = _get(db, bulk_id)
            if old.action not in UNDOABLE or old.undoes:
                raise Conflict("This bulk action cannot be undone.")
            self._check_undoable(db, old)
            sql = f"{ITEMS} order by place"
            done = [(one.video_id, one.title) for one in map(_item, db.fetch(sql, [bulk_id, ItemState.DONE]))]
            # where its worker died before it could record this
            left = [_item(row) for row in db.fetch(f"{sql} limit {BATCH}", [bulk_id, ItemState.WAITING])]
            ours = _find_ours(db, old, [one.video_id for one in left])
            done += [(one.video_id, one.title) for one in left if one.video_id in ours]
        _check_number(len(done))
        return self._add(old.action, {"requestId": old.actor.request_id}, done, actor, old.seen_line, undoes=old)

    def _check_undoable(self, db: Database, old: Bulk) -> None:
        if db.fetch("select 1 from bulks where undoes = ?", [old.bulk_id]):
            raise Conflict(UNDONE)
        job = db.fetch("select state, lease_until from jobs where job_id = ?", [old.job_id])
        state, until = job[0] if job else (JobState.DONE, 0)
        if state in (JobState.QUEUED, JobState.RUNNING):
            raise Conflict("This bulk action is not finished; stop it first.")
        if state == JobState.CANCELLED and until > self._clock():
            raise Conflict(STILL_STOPPING)

    def _add(
        self, action: BulkAction, form: dict[str, Any], videos: Sequence[tuple[str, str]], actor: Actor, line: int,
        undoes: Bulk | None = None,
    ) -> Bulk:  # fmt: skip
        undone = undoes.bulk_id if undoes else ""
        now, bulk_id = int(self._clock()), secrets.token_hex(8)
        with self._engine.writing(bulk=True) as db:
            db.execute("delete from bulks where created <= ?", [now - KEPT_SECONDS])
            if undoes:
                self._check_undoable(db, undoes)  # somebody may have retried its job meanwhile
            payload = {"bulkId": bulk_id, "action": action, "count": len(videos)}
            job_id = job_rows.enqueue(db, JobKind.BULK, now=now, payload=payload) or ""
            bulk = Bulk(bulk_id, job_id, action, form, undone, actor, line, now, len(videos))
            row: dict[str, Any] = {"bulk_id": bulk_id, "job_id": job_id, "action": action, "undoes": undone}
            row |= {
                "form": _text(form),
                "user_name": actor.name,
                "actor": _text(actor),
                "seen_line": line,
                "created": now,
            }
            inserts.insert(db, "bulks", {**row, "total": len(videos)})
            db.executemany(
                ADD_ITEM,
                ((bulk_id, place, *video, ItemState.WAITING, "") for place, video in enumerate(videos, 1)),
            )
            told = {"action": action, "count": len(videos)} | ({"undoes": undone} if undone else {})
            name = "undoBulk" if undone else "startBulk"
            history.append(db, at=now, actor=actor, action=name, target=bulk_id, after=told)
        return bulk

    def get(self, bulk_id: str) -> Bulk:
        """Return an action. Raises NotFound."""
        with self._engine.reading() as db:
            return _get(db, bulk_id)

    def find(self, most: int) -> list[Bulk]:
        """Return the newest actions, latest first."""
        with self._engine.reading() as db:
            return [
                _bulk(row) for row in db.query("select * from bulks order by created desc, bulk_id limit ?", [most])
            ]

    def find_undone(self, bulk_ids: Iterable[str]) -> set[str]:
        """Return which of these actions were taken back."""
        sql = f"select undoes from bulks where undoes <> '' and {AT.format(key='undoes')}"
        with self._engine.reading() as db:
            return {bulk_id for (bulk_id,) in db.fetch(sql, [as_json(bulk_ids)])}

    def find_stopping(self, bulk_ids: Iterable[str]) -> set[str]:
        """Return which of these actions were cancelled while videos of them may still be under way."""
        sql = f"""
            select bulk_id from bulks join jobs using (job_id)
            where {AT.format(key="bulk_id")} and state = 'cancelled' and lease_until > ?
        """
        with self._engine.reading() as db:
            return {bulk_id for (bulk_id,) in db.fetch(sql, [as_json(bulk_ids), self._clock()])}

    def count(self, bulk_id: str) -> dict[str, int]:
        """Return the number of videos by state."""
        sql = "select state, count(*) from bulk_items where bulk_id = ? group by state"
        with self._engine.reading() as db:
            return dict(db.fetch(sql, [bulk_id]))

    def find_items(self, bulk_id: str, state: ItemState, index: int, size: int) -> list[BulkItem]:
        """Return page `index` (from 1) of the videos in a state, in order."""
        sql = f"{ITEMS} order by place limit ? offset ?"
        with self._engine.reading() as db:
            return [_item(row) for row in db.fetch(sql, [bulk_id, state, size, (index - 1) * size])]

    def find_refused(self, bulk_id: str, index: int, size: int) -> list[BulkItem]:
        """Return page `index` (from 1) of the videos to which nothing was done, those with the rarest reasons first."""
        times = "count(*) over (partition by why)"
        sql = f"{ITEMS} order by {times}, place limit ? offset ?"
        with self._engine.reading() as db:
            return [_item(row) for row in db.fetch(sql, [bulk_id, ItemState.REFUSED, size, (index - 1) * size])]

    def count_reasons(self, bulk_id: str, most: int) -> list[tuple[ConsoleError | None, int]]:
        """Return the commonest reasons why nothing was done, and for how many videos."""
        sql = """
            select why, count(*) from bulk_items where bulk_id = ? and state = ?
            group by why order by count(*) desc, why limit ?
        """
        with self._engine.reading() as db:
            rows = db.fetch(sql, [bulk_id, ItemState.REFUSED, most])
        return [(ConsoleError.unpack(why) if why else None, count) for why, count in rows]

    def record(self, bulk_id: str, items: Iterable[BulkItem]) -> None:
        """Store what became of some videos."""
        sql = "update bulk_items set state = ?, why = ? where bulk_id = ? and place = ?"
        rows = [(one.state, one.why.pack() if one.why else "", bulk_id, one.place) for one in items]
        with self._engine.writing() as db:
            db.executemany(sql, rows)

    def find_ours(self, bulk: Bulk, video_ids: Sequence[str]) -> set[str]:
        """Return which of these videos this action has changed, also before its worker died."""
        with self._engine.reading() as db:
            return _find_ours(db, bulk, video_ids)

    def find_tags(self, bulk: Bulk, video: Video) -> str:
        """Return the tags that an action which adds or removes some gives a video."""
        change = add_tags if bulk.action is BulkAction.ADD_TAGS else remove_tags
        return change(video.tags, str(bulk.form["tags"]))

    def find_edited(self, bulk: Bulk, video_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what was edited of each of these videos by the action that this one takes back, as it was before."""
        sql = f"""
            select target, before from history
            where {AT.format(key="target")} and request_id = ? and id > ? and action = 'editVideo'
        """
        with self._engine.reading() as db:
            rows = db.fetch(sql, [as_json(video_ids), bulk.form["requestId"], bulk.seen_line])
        return {video_id: read_object(before) for video_id, before in rows}

    def find_changed(self, bulk: Bulk, video_ids: Sequence[str]) -> dict[str, Conflict]:
        """Return the videos that somebody else changed since the set was made, with the reason to leave them alone."""
        ours = (bulk.actor.request_id, bulk.form.get("requestId"))
        with self._engine.reading() as db:
            lines = stale_changes.find_since(db, video_ids, bulk.seen_line, MAX_LINES)
        return {
            line.target: Conflict("{name} has changed the video meanwhile.", name=line.actor.name)
            for line in reversed(lines) if line.actor.request_id not in ours
        }  # fmt: skip


def _check_number(count: int) -> None:
    if not count:
        raise BadRequest("There is no video to do this to.")
    if count > MAX_VIDEOS:
        raise BadRequest(
            "{count} videos match; at most {most} are taken at once. Narrow the filter.", count=count, most=MAX_VIDEOS
        )


def _videos(db: Database, keys: Sequence[int]) -> Iterator[tuple[str, str]]:
    sql = f"select seq, video_id, title from videos where {AT_NUMBER.format(key='seq')}"
    for first in range(0, len(keys), CHUNK):
        part = keys[first : first + CHUNK]
        found = {seq: (video_id, title) for seq, video_id, title in db.fetch(sql, [as_json(part)])}
        yield from (found[seq] for seq in part)


def _get(db: Database, bulk_id: str) -> Bulk:
    row = next(iter(db.query("select * from bulks where bulk_id = ?", [bulk_id])), None)
    if row is None:
        raise NotFound(GONE, bulk_id=bulk_id)
    return _bulk(row)


def _find_ours(db: Database, bulk: Bulk, video_ids: Sequence[str]) -> set[str]:
    sql = f"select distinct target from history where {AT.format(key='target')} and request_id = ? and id > ?"
    return {one for (one,) in db.fetch(sql, [as_json(video_ids), bulk.actor.request_id, bulk.seen_line])}


def _bulk(row: dict[str, Any]) -> Bulk:
    return Bulk(
        row["bulk_id"], row["job_id"], BulkAction(row["action"]), read_object(row["form"]), row["undoes"],
        Actor(**read_object(row["actor"])), row["seen_line"], row["created"], row["total"],
    )  # fmt: skip


def _item(row: tuple[Any, ...]) -> BulkItem:
    place, video_id, title, state, why = row
    return BulkItem(place, video_id, title, ItemState(state), ConsoleError.unpack(why) if why else None)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
