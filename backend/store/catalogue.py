"""Videos and recommendations: finding them, and every change to them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlite_utils import Database

from backend.errors import Conflict, NotFound
from backend.model import (
    Actor,
    CensorStatus,
    FileKind,
    JobKind,
    Page,
    Recommendation,
    TranscodeStatus,
    Verdict,
    Video,
    VideoFilter,
    VideoStatus,
)
from backend.store import history, queue
from backend.store.cloud import finish_intents
from backend.store.database import Connections
from backend.store.rows import (
    IS_RECOMMEND,
    RECOMMENDATION_COLUMNS,
    RECOMMENDATION_TABLES,
    VIDEO_COLUMNS,
    VIDEO_TABLES,
    read_recommendations,
    read_video,
    read_videos,
    write_files,
)
from backend.store.search import SEQ_BITS, Columns, conditions, first_key, fold

VIDEO_FILTERS = Columns("v.seq", "v.video_id", "v.user_id", "v.title_folded", "u.user_name_folded", "v.censor_status")
RECOMMENDATION_FILTERS = Columns(
    "r.seq",
    "r.video_id",
    "coalesce(r.user_id, v.user_id)",
    "coalesce(r.title_folded, v.title_folded)",
    "u.user_name_folded",
    "coalesce(r.censor_status, v.censor_status)",
)
EXPORT_CHUNK = 500

NO_RECOMMENDATION = "Video {video_id} is not recommended."


class Catalogue:
    """Every question about videos, and every change to one."""

    def __init__(self, connections: Connections, clock: Callable[[], float]) -> None:
        self._connections = connections
        self._clock = clock

    # Finding

    def find_videos(self, wanted: VideoFilter, index: int = 1, size: int = 10) -> Page[Video]:
        """Return page `index` (from 1) of the videos that match, newest first, and the exact total."""
        where = conditions(wanted, VIDEO_FILTERS)
        with self._connections.reading() as db:
            total, rows = _page(db, f"{VIDEO_COLUMNS}, {IS_RECOMMEND}", VIDEO_TABLES, "v.seq", where, index, size)
            return Page(total, read_videos(db, rows))

    def find_recommendations(self, wanted: VideoFilter, index: int = 1, size: int = 10) -> Page[Recommendation]:
        """Return page `index` (from 1) of the recommended feed, newest first, and the exact total."""
        where = conditions(wanted, RECOMMENDATION_FILTERS)
        with self._connections.reading() as db:
            total, rows = _page(db, RECOMMENDATION_COLUMNS, RECOMMENDATION_TABLES, "r.seq", where, index, size)
            return Page(total, read_recommendations(db, rows))

    def iterate_videos(self, wanted: VideoFilter) -> Iterator[Video]:
        """Yield every video that matches, newest first, in constant memory and without holding a transaction."""
        before = None
        while True:
            where = conditions(wanted, VIDEO_FILTERS)
            if before is not None:
                where.add("v.seq < :before", before=before)
            with self._connections.reading() as db:
                columns = f"v.seq, {VIDEO_COLUMNS}, {IS_RECOMMEND}"
                sql = f"select {columns} from {VIDEO_TABLES} {where.sql} order by v.seq desc limit {EXPORT_CHUNK}"
                rows = list(db.query(sql, where.values))
                videos = read_videos(db, rows)
            yield from videos
            if len(rows) < EXPORT_CHUNK:
                return
            before = rows[-1]["seq"]

    def get_video(self, video_id: str) -> Video:
        """Return one video. Raises NotFound."""
        with self._connections.reading() as db:
            return read_video(db, video_id)

    def get_own_video(self, video_id: str, user_id: str) -> Video:
        """Return a video of this owner. Raises NotFound when there is none of this owner."""
        with self._connections.reading() as db:
            return _read_own(db, video_id, user_id)

    def get_recommendation(self, video_id: str) -> Recommendation:
        """Return one entry of the recommended feed. Raises NotFound."""
        with self._connections.reading() as db:
            sql = f"select {RECOMMENDATION_COLUMNS} from {RECOMMENDATION_TABLES} where r.video_id = ?"
            rows = list(db.query(sql, [video_id]))
            if not rows:
                raise NotFound(NO_RECOMMENDATION, video_id=video_id)
            return read_recommendations(db, rows)[0]

    def find_titles(self, video_ids: Iterable[str]) -> dict[str, str]:
        """Return the titles of these videos by their ids."""
        wanted = list(video_ids)
        with self._connections.reading() as db:
            sql = f"select video_id, title from videos where video_id in ({', '.join('?' * len(wanted))})"
            return dict(db.execute(sql, wanted).fetchall())

    def is_empty(self) -> bool:
        with self._connections.reading() as db:
            return not list(db.query("select 1 from videos limit 1"))

    # Changing

    def add_video(self, video: Video, actor: Actor, *wanted: JobKind) -> Video:
        """Keep a new video with its files and user, and queue the jobs it needs, in one transaction."""
        now = self._now()
        with self._connections.writing() as db:
            insert_video(db, video)
            for kind in wanted:
                queue.enqueue(db, kind, now=now, video_id=video.video_id)
            after = {"title": video.title, "userId": video.user.user_id, "size": video.size}
            history.append(db, at=now, actor=actor, action="uploadVideo", target=video.video_id, after=after)
            return read_video(db, video.video_id)

    def record_audit(self, video_id: str, verdict: Verdict, reason: str, comment: str, actor: Actor) -> bool:
        """Record a person's verdict, and what follows from it. False when this very verdict stands already.

        Blocking takes the video off the recommended feed and ends its media URLs; approving one that was never
        transcoded starts its rendition. All of it happens, or nothing. Raises NotFound.
        """
        now = self._now()
        with self._connections.writing() as db:
            finish_intents(db, "CreateAudit", video_id)
            video = read_video(db, video_id)
            new = _judged(video, verdict)
            after = {"status": new.status, "censorStatus": new.censor_status, "reason": reason, "comment": comment}
            if (new.status, new.censor_status) == (video.status, video.censor_status) and (
                history.last_after(db, video_id, "createAudit") in (None, after)
            ):
                return False
            if verdict is Verdict.BLOCKED:
                db.execute("delete from recommendations where video_id = ?", [video_id])
                new = replace(new, media_key=new_media_key())
            else:
                db.execute("update recommendations set censor_status = null where video_id = ?", [video_id])
                if needs_rendition(video):
                    queue.enqueue(db, JobKind.TRANSCODE, now=now, video_id=video_id)
            db.execute(
                "update videos set status = ?, censor_status = ?, media_key = ? where video_id = ?",
                [new.status, new.censor_status, new.media_key, video_id],
            )
            before = {
                "status": video.status,
                "censorStatus": video.censor_status,
                "isRecommend": video.is_recommend,
            }
            history.append(db, at=now, actor=actor, action="createAudit", target=video_id, before=before, after=after)
            return True

    def recommend(
        self,
        video_id: str,
        shown: dict[str, Any],
        actor: Actor,
        *,
        narrow: bool = False,
        warm: Sequence[str] = (),
        at: int | None = None,
    ) -> None:
        """Put a video on the recommended feed, or change its entry, and queue what was asked along with it.

        `shown` holds every column of the entry: None where it follows the catalogue. `narrow` starts the narrow-band
        job, `warm` are addresses to prewarm, `at` is when it was recommended if that was not now. Raises NotFound, and
        Conflict when the video did not pass review.
        """
        now = self._now()
        since = now if at is None else at
        with self._connections.writing() as db:
            video = read_video(db, video_id)
            if video.censor_status is not CensorStatus.SUCCESS:
                raise Conflict(
                    "Video {video_id} has not passed review (censorStatus is {status}); approve it first.",
                    video_id=video_id,
                    status=video.censor_status.value,
                )
            before = next(iter(db.query("select * from recommendations where video_id = ?", [video_id])), {})
            queued = narrow and queue.enqueue(db, JobKind.NARROW, now=now, video_id=video_id) is not None
            if warm:
                queued = queue.enqueue_urls(db, list(warm), now=now) is not None or queued
            changed = {name: value for name, value in shown.items() if value != before.get(name)}
            if before and not changed and not queued:
                return
            row = {
                "seq": before.get("seq") or _next_key(db, "recommendations", since),
                "video_id": video_id,
                "recommended": before.get("recommended", since),
                "title_folded": None if shown.get("title") is None else fold(shown["title"]),
                **shown,
            }
            places = ", ".join(f":{name}" for name in row)
            db.execute(f"insert or replace into recommendations ({', '.join(row)}) values ({places})", row)
            old = {"isRecommend": video.is_recommend, **{name: before.get(name) for name in changed}}
            new = {"isRecommend": True, **changed, "isNarrow": narrow, "prewarm": list(warm)}
            history.append(db, at=now, actor=actor, action="recommendVideo", target=video_id, before=old, after=new)

    def cancel_recommendation(self, video_id: str, actor: Actor) -> None:
        """Take a video off the recommended feed. Raises NotFound when it is not on it."""
        with self._connections.writing() as db:
            if db.execute("delete from recommendations where video_id = ?", [video_id]).rowcount == 0:
                raise NotFound(NO_RECOMMENDATION, video_id=video_id)
            history.append(
                db,
                at=self._now(),
                actor=actor,
                action="deleteRecommendById",
                target=video_id,
                before={"isRecommend": True},
                after={"isRecommend": False},
            )

    def delete_video(self, video_id: str, user_id: str, actor: Actor) -> None:
        """Remove a video of this owner from everywhere. Raises NotFound when there is none of this owner."""
        with self._connections.writing() as db:
            finish_intents(db, "DeleteVideo", video_id)
            video = _read_own(db, video_id, user_id)
            queue.cancel_all(db, video_id, now=self._now())
            db.execute("delete from videos where video_id = ?", [video_id])
            before = {"title": video.title, "userId": user_id, "status": video.status, "size": video.size}
            history.append(db, at=self._now(), actor=actor, action="deleteVideoById", target=video_id, before=before)

    def edit_video(self, video_id: str, changes: dict[str, Any], actor: Actor) -> bool:
        """Change title, description, tags or category. False when nothing changed. Raises NotFound."""
        with self._connections.writing() as db:
            video = asdict(read_video(db, video_id))
            changed = {key: value for key, value in changes.items() if video[key] != value}
            if not changed:
                return False
            row = {**changed, "title_folded": fold(changed.get("title", video["title"]))}
            assignments = ", ".join(f"{key} = :{key}" for key in row)
            db.execute(f"update videos set {assignments} where video_id = :id", {**row, "id": video_id})
            before = {key: video[key] for key in changed}
            history.append(
                db, at=self._now(), actor=actor, action="editVideo", target=video_id, before=before, after=changed
            )
            return True

    def _now(self) -> int:
        return int(self._clock())


def new_media_key() -> str:
    """Return the unguessable part of a video's media URLs (96 bits)."""
    return secrets.token_urlsafe(12)


def insert_video(db: Database, video: Video) -> None:
    """Enter a video with its files and user, inside the caller's transaction."""
    user = video.user
    db.execute(
        "insert into users (user_id, user_name, user_name_folded, avatar_url) values (?, ?, ?, ?) "
        "on conflict (user_id) do update set user_name = coalesce(nullif(excluded.user_name, ''), user_name), "
        "user_name_folded = coalesce(nullif(excluded.user_name_folded, ''), user_name_folded), "
        "avatar_url = coalesce(nullif(excluded.avatar_url, ''), avatar_url)",
        [user.user_id, user.user_name, fold(user.user_name), user.avatar_url],
    )
    row = asdict(video)
    for name in ("user", "files", "is_recommend"):
        del row[name]
    row |= {
        "id": _number(db, "select max(id) from videos") + 1,
        "seq": _next_key(db, "videos", video.created),
        "user_id": user.user_id,
        "title_folded": fold(video.title),
        "media_key": video.media_key or new_media_key(),
    }
    db.execute(f"insert into videos ({', '.join(row)}) values ({', '.join(':' + key for key in row)})", row)
    write_files(db, video.video_id, video.files)


def needs_rendition(video: Video) -> bool:
    """Say whether approving this video should start its plain rendition."""
    return (
        video.file_of(FileKind.SOURCE) is not None
        and video.file_of(FileKind.COMMON) is None
        and video.transcode_status not in (TranscodeStatus.RUNNING, TranscodeStatus.SUCCESS)
        and video.status not in (VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL)
    )


def _read_own(db: Database, video_id: str, user_id: str) -> Video:
    video = read_video(db, video_id)
    if video.user.user_id != user_id:
        raise NotFound("User {user_id} has no video {video_id}.", user_id=user_id, video_id=video_id)
    return video


def _judged(video: Video, verdict: Verdict) -> Video:
    if verdict is Verdict.NORMAL:
        return replace(video, status=VideoStatus.NORMAL, censor_status=CensorStatus.SUCCESS)
    return replace(video, status=VideoStatus.BLOCKED, censor_status=CensorStatus.FAIL)


def _page(
    db: Database, columns: str, tables: str, key: str, where: Any, index: int, size: int
) -> tuple[int, list[dict[str, Any]]]:
    total = _number(db, f"select count(*) from {tables} {where.sql}", where.values)
    values = {**where.values, "limit": size, "offset": (index - 1) * size}
    sql = f"select {columns} from {tables} {where.sql} order by {key} desc limit :limit offset :offset"
    return total, list(db.query(sql, values))


def _number(db: Database, sql: str, values: Any = ()) -> int:
    return db.execute(sql, values).fetchone()[0] or 0


def _next_key(db: Database, table: str, second: int) -> int:
    last = _number(
        db, f"select max(seq) from {table} where seq >= ? and seq < ?", [first_key(second), first_key(second + 1)]
    )
    return max(last + 1, first_key(second)) if last else second << SEQ_BITS
