"""Deleted videos that can be restored: their rows are moved from all lists into one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from backend.errors import Conflict, NotFound
from backend.model import Actor, CensorStatus, JobKind, JobState, Page, Trashed, Video
from backend.model.programme import FEED
from backend.store import entries, history, inserts, job_rows, kept_in_trash, stale_changes
from backend.store.cloud import finish_intents, is_begun
from backend.store.cloud_refreshes import queue_refresh
from backend.store.engine import Database, Engine
from backend.store.folding import fold, marked_tags
from backend.store.inserts import new_media_key
from backend.store.rows import AT, as_json, read_own, read_video, video_of

CHUNK = 500
GOING = "Video {video_id} is being deleted permanently right now. Check again in a minute."
# Finished jobs stay: they are a record of what was done.
JOBS = "select * from jobs where video_id = ? and state in ('queued', 'running', 'failed') order by created, job_id"
OLDER = "select * from trash where id > ? order by id limit ?"


class Trash:
    """Queries and changes of deleted videos."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def put(self, video_id: str, user_id: str, until: int, actor: Actor, *, seen_line: int | None = None) -> None:
        """Move a video of this owner to the trash until a time (seconds since 1970, UTC).

        Raises NotFound if this owner has no such video, and Conflict if somebody changed it after `seen_line` of the
        history.
        """
        now = self._now()
        with self._engine.writing() as db:
            stale_changes.check(db, video_id, seen_line)
            finish_intents(db, "TrashVideo", video_id)
            video = read_own(db, video_id, user_id)
            jobs = list(db.query(JOBS, [video_id]))
            job_rows.cancel_all(db, video_id, now=now)
            if video.censor_status is not CensorStatus.FAIL:
                queue_refresh(db, video_id, video.files, "deleted", actor, now)
            row = {
                "id": video.id, "video_id": video_id, "title_folded": fold(video.title), "deleted": now, "until": until,
                "deleted_by": actor.name, "jobs": _text(jobs),
                **{name: _text(_rows(db, table, video_id)) for name, table in TABLES.items()},
            }  # fmt: skip
            inserts.insert(db, "trash", row)
            entries.remove_everywhere(db, video_id, actor, now, "deleteVideoById")
            db.execute("delete from videos where video_id = ?", [video_id])
            db.execute("delete from cloud_drift where video_id = ?", [video_id])
            before = {"title": video.title, "userId": user_id, "status": video.status, "size": video.size}
            after = {"trashUntil": datetime.fromtimestamp(until, UTC).isoformat()}
            history.append(
                db, at=now, actor=actor, action="deleteVideoById", target=video_id, before=before, after=after
            )

    def restore(self, video_id: str, actor: Actor) -> Video:
        """Restore a video with everything except its old media URLs.

        Its queued and running jobs are queued again. Raises NotFound, and Conflict while it is being purged.
        """
        now = self._now()
        with self._engine.writing() as db:
            if is_begun(db, "DeleteVideo", video_id):
                raise Conflict(GOING, video_id=video_id)
            finish_intents(db, "RestoreVideo", video_id)
            kept = _read(db, video_id)
            _put_back(db, kept, now)  # while it is in the trash, by which the database tells it from a new video
            db.execute("delete from trash where video_id = ?", [video_id])
            _put_into_programme(db, kept, actor, now)
            video = read_video(db, video_id)
            before = {"trashUntil": datetime.fromtimestamp(kept["until"], UTC).isoformat()}
            after = {"title": video.title, "userId": video.user.user_id, "status": video.status}
            history.append(db, at=now, actor=actor, action="restoreVideo", target=video_id, before=before, after=after)
            return video

    def forget(self, video_id: str, actor: Actor) -> None:
        """Delete a video permanently. Raises NotFound."""
        with self._engine.writing() as db:
            finish_intents(db, "DeleteVideo", video_id)
            kept_in_trash.forget(db, video_id)
            video = _trashed(db, _read(db, video_id), self._now()).video
            db.execute("delete from trash where video_id = ?", [video_id])
            before = {"title": video.title, "userId": video.user.user_id, "size": video.size}
            history.append(db, at=self._now(), actor=actor, action="purgeVideo", target=video_id, before=before)

    def get(self, video_id: str) -> Trashed:
        """Return one video in the trash. Raises NotFound."""
        with self._engine.reading() as db:
            return _trashed(db, _read(db, video_id), self._now())

    def holds(self, video_id: str) -> bool:
        """Return whether a video is in the trash."""
        with self._engine.reading() as db:
            return db.execute("select 1 from trash where video_id = ?", [video_id]).fetchone() is not None

    def find_titles(self, video_ids: Iterable[str]) -> dict[str, str]:
        """Return the titles of those of these videos that are in the trash, by id."""
        with self._engine.reading() as db:
            sql = f"select video_id, video from trash where {AT.format(key='video_id')}"
            found = db.fetch(sql, [as_json(video_ids)])
        return {video_id: json.loads(video)[0]["title"] for video_id, video in found}

    def find(self, index: int = 1, size: int = 10, title: str = "") -> Page[Trashed]:
        """Return page `index` (from 1) of deleted videos, most recently deleted first, and the exact total."""
        where = "where instr(title_folded, :title) > 0" if title else ""
        values: dict[str, Any] = {"title": fold(title)} if title else {}
        page = {**values, "limit": size, "offset": (index - 1) * size}
        sql = f"select * from trash {where} order by deleted desc, id desc limit :limit offset :offset"
        with self._engine.reading() as db:
            total = db.execute(f"select count(*) from trash {where}", values).fetchone()[0]
            return Page(total, tuple(_trashed(db, row, self._now()) for row in db.query(sql, page)))

    def iterate(self) -> Iterator[Trashed]:
        """Yield everything in the trash without a long transaction."""
        after = 0
        while True:
            with self._engine.reading() as db:
                found = [_trashed(db, row, self._now()) for row in db.query(OLDER, [after, CHUNK])]
            yield from found
            if len(found) < CHUNK:
                return
            after = found[-1].video.id

    def due(self) -> list[str]:
        """Return the videos whose retention has ended, longest first."""
        sql = "select video_id from trash where until <= ? order by until, id"
        with self._engine.reading() as db:
            return [video_id for (video_id,) in db.execute(sql, [self._now()]).fetchall()]

    def _now(self) -> int:
        return int(self._clock())


# Rows stored besides the jobs: trash column -> table.
TABLES = {
    "video": "videos", "files": "files", "recommendation": "recommendations", "special_entries": "special_entries",
}  # fmt: skip


def _rows(db: Database, table: str, video_id: str) -> list[dict[str, Any]]:
    return list(db.query(f"select * from {table} where video_id = ?", [video_id]))


def _text(rows: list[dict[str, Any]]) -> str:
    """Encode rows; JSON has no endless numbers, as other programs may have stored."""
    finite = [{name: _finite(value) for name, value in row.items()} for row in rows]
    return json.dumps(finite, ensure_ascii=False)


def _finite(value: Any) -> Any:
    return max(min(value, 1e300), -1e300) if isinstance(value, float) else value


def _read(db: Database, video_id: str) -> dict[str, Any]:
    row = next(iter(db.query("select * from trash where video_id = ?", [video_id])), None)
    if row is None:
        raise NotFound(
            "Video {video_id} is not in the trash. It may have been restored or permanently deleted.", video_id=video_id
        )
    return row


def _put_back(db: Database, kept: dict[str, Any], now: int) -> None:
    """Reinsert the rows by column name, since later migrations may have added columns."""
    (video,) = json.loads(kept["video"])
    video["media_key"], video["tags_folded"] = new_media_key(), marked_tags(video["tags"])
    video.pop("edition", None)  # made anew: the category may have been renamed meanwhile
    video["seq"] = inserts.free_key(db, "videos", video["seq"], video["created"])
    # The video first: deferring foreign keys, as `inserts.add` does, has SQLite compile all statements anew.
    inserts.insert(db, "videos", video)
    for file in json.loads(kept["files"]):
        inserts.insert(db, "files", file)
    for job in json.loads(kept["jobs"]):
        kind = job_rows.enum_value(JobKind, job["kind"])
        if job["state"] == JobState.FAILED:
            inserts.insert(db, "jobs", job)
        elif kind not in job_rows.PRIORITY:  # left to a newer version that knows it
            db.execute("delete from jobs where job_id = ?", [job["job_id"]])
            inserts.insert(db, "jobs", {**job, "state": JobState.QUEUED, "owner": "", "lease_until": 0})
        else:
            job_rows.enqueue(db, kind, now=now, video_id=video["video_id"], payload=json.loads(job["payload"]))


def _put_into_programme(db: Database, kept: dict[str, Any], actor: Actor, now: int) -> None:
    rows, video_id = json.loads(kept["recommendation"]), kept["video_id"]
    noted = {"otherEntries": rows, "specialEntries": json.loads(kept["special_entries"])}
    entries.restore(db, video_id, noted, read_video(db, video_id).media_key, actor, now, "restoreVideo")


def _trashed(db: Database, row: dict[str, Any], now: int) -> Trashed:
    (video,) = json.loads(row["video"])
    running = (one for one in json.loads(row["recommendation"]) if one.get("slot", FEED) == FEED)
    is_recommend = any(one.get("ends") is None or one["ends"] > now for one in running)
    whole = video_of(db, video, json.loads(row["files"]), is_recommend=is_recommend)
    return Trashed(whole, row["deleted"], row["until"], row["deleted_by"])
