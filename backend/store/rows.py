"""From rows to the model: the columns every list of videos reads, and how they become a Video."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

import msgspec
from sqlite_utils import Database

from backend.errors import NotFound
from backend.model import (
    CensorStatus,
    FileKind,
    Mark,
    MediaFile,
    Recommendation,
    SnapshotStatus,
    TranscodeStatus,
    User,
    Video,
    VideoStatus,
)

VIDEO_COLUMNS = """
    v.id, v.video_id, v.title, v.description, v.duration, v.size, v.width, v.height, v.created, v.cate_id, v.cate_name,
    v.tags, v.share_url, v.status, v.censor_status, v.transcode_status, v.narrow_transcode_status, v.snapshot_status,
    v.media_key, u.user_id, u.user_name, u.avatar_url
"""
IS_RECOMMEND = "exists (select 1 from recommendations r where r.video_id = v.video_id) as is_recommend"
VIDEO_TABLES = "videos v join users u using (user_id)"

RECOMMENDATION_COLUMNS = """
    v.id, v.video_id, coalesce(r.title, v.title) as title, coalesce(r.description, v.description) as description,
    coalesce(r.duration, v.duration) as duration, coalesce(r.size, v.size) as size, v.width, v.height, v.created,
    coalesce(r.cate_id, v.cate_id) as cate_id, coalesce(r.cate_name, v.cate_name) as cate_name,
    coalesce(r.tags, v.tags) as tags, v.share_url, v.status,
    coalesce(r.censor_status, v.censor_status) as censor_status,
    coalesce(r.transcode_status, v.transcode_status) as transcode_status, v.narrow_transcode_status,
    coalesce(r.snapshot_status, v.snapshot_status) as snapshot_status, v.media_key,
    coalesce(r.user_id, v.user_id) as user_id, coalesce(u.user_name, '') as user_name,
    coalesce(u.avatar_url, '') as avatar_url, 1 as is_recommend,
    r.recommended, coalesce(r.cover_url, '') as cover_url, coalesce(r.first_frame_url, '') as first_frame_url
"""
RECOMMENDATION_TABLES = """
    recommendations r join videos v using (video_id) left join users u on u.user_id = coalesce(r.user_id, v.user_id)
"""

FILE_COLUMNS = tuple(field.name for field in fields(MediaFile))


AT = "{key} in (select value from json_each(?))"
VIDEO_MARKS = f"select seq, media_key, version from videos where {AT.format(key='seq')}"
RECOMMENDATION_MARKS = (
    "select r.seq, media_key, version from recommendations r join videos using (video_id) "
    f"where {AT.format(key='r.seq')}"
)
NO_VIDEO = "There is no video {video_id}; it may have been deleted."


def read_files(db: Database, video_ids: Iterable[str]) -> dict[str, list[MediaFile]]:
    """Return the files of these videos, in order, by video id."""
    wanted = list(video_ids)
    found: dict[str, list[MediaFile]] = defaultdict(list)
    rows = db.execute(
        f"select video_id, {', '.join(FILE_COLUMNS)} from files "
        f"where video_id in ({', '.join('?' * len(wanted))}) order by kind, position",
        wanted,
    )
    for video_id, kind, *rest in rows:
        found[video_id].append(MediaFile(FileKind(kind), *rest))
    return found


def read_videos(db: Database, rows: list[dict[str, Any]]) -> tuple[Video, ...]:
    """Return the videos of rows that hold VIDEO_COLUMNS and is_recommend, with their files."""
    files = read_files(db, (row["video_id"] for row in rows))
    return tuple(video(row, files[row["video_id"]]) for row in rows)


def read_videos_at(db: Database, keys: list[int]) -> tuple[Video, ...]:
    """Return the videos of these keys, in their order."""
    sql = f"select v.seq, {VIDEO_COLUMNS}, {IS_RECOMMEND} from {VIDEO_TABLES} where {AT.format(key='v.seq')}"
    return read_videos(db, in_order(db.query(sql, [as_json(keys)]), keys))


def read_recommendations_at(db: Database, keys: list[int]) -> tuple[Recommendation, ...]:
    """Return the entries of these keys, in their order."""
    sql = f"select r.seq, {RECOMMENDATION_COLUMNS} from {RECOMMENDATION_TABLES} where {AT.format(key='r.seq')}"
    return read_recommendations(db, in_order(db.query(sql, [as_json(keys)]), keys))


def as_json(keys: list[int]) -> str:
    """Return keys as json_each takes them: one statement for any number of them."""
    return msgspec.json.encode(keys).decode()


def read_marks(db: Database, marks: str, keys: list[int]) -> dict[int, Mark]:
    """Return the marks of rows by their keys, in the order of the keys."""
    found = {key: (media_key, version) for key, media_key, version in db.execute(marks, [as_json(keys)])}
    return {key: found[key] for key in keys}


def in_order(rows: Iterable[dict[str, Any]], keys: list[int]) -> list[dict[str, Any]]:
    """Return rows in the order of their keys."""
    by_key = {row["seq"]: row for row in rows}
    return [by_key[key] for key in keys]


def read_video(db: Database, video_id: str) -> Video:
    """Return one video, inside the caller's transaction. Raises NotFound."""
    sql = f"select {VIDEO_COLUMNS}, {IS_RECOMMEND} from {VIDEO_TABLES} where v.video_id = ?"
    rows = list(db.query(sql, [video_id]))
    if not rows:
        raise NotFound(NO_VIDEO, video_id=video_id)
    return read_videos(db, rows)[0]


def read_recommendations(db: Database, rows: list[dict[str, Any]]) -> tuple[Recommendation, ...]:
    """Return the entries of rows that hold RECOMMENDATION_COLUMNS, with their files."""
    files = read_files(db, (row["video_id"] for row in rows))
    return tuple(
        Recommendation(
            video=video(row, files[row["video_id"]]),
            recommended=row["recommended"],
            cover_url=row["cover_url"],
            first_frame_url=row["first_frame_url"],
        )
        for row in rows
    )


def video(row: dict[str, Any], files: Iterable[MediaFile]) -> Video:
    """Return one video of a row."""
    return Video(
        id=row["id"],
        video_id=row["video_id"],
        title=row["title"],
        user=User(row["user_id"], row["user_name"], row["avatar_url"]),
        created=row["created"],
        description=row["description"],
        duration=row["duration"],
        size=row["size"],
        width=row["width"],
        height=row["height"],
        cate_id=row["cate_id"],
        cate_name=row["cate_name"],
        tags=row["tags"],
        share_url=row["share_url"],
        status=VideoStatus(row["status"]),
        censor_status=CensorStatus(row["censor_status"]),
        transcode_status=TranscodeStatus(row["transcode_status"]),
        narrow_transcode_status=TranscodeStatus(row["narrow_transcode_status"]),
        snapshot_status=SnapshotStatus(row["snapshot_status"]),
        is_recommend=bool(row["is_recommend"]),
        media_key=row["media_key"],
        files=tuple(files),
    )


def write_files(db: Database, video_id: str, files: tuple[MediaFile, ...]) -> None:
    """Keep these files of a video, in place of those of the same kinds."""
    for kind in {file.kind for file in files}:
        db.execute("delete from files where video_id = ? and kind = ?", [video_id, kind])
    places = ", ".join(f":{name}" for name in FILE_COLUMNS)
    for file in files:
        db.execute(
            f"insert into files (video_id, {', '.join(FILE_COLUMNS)}) values (:video_id, {places})",
            {"video_id": video_id, **asdict(file)},
        )
