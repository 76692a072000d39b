"""Maps rows to Video and Recommendation."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import astuple

from backend.errors import Conflict, NotFound
from backend.model import (
    CensorStatus,
    FileKind,
    MediaFile,
    Recommendation,
    SnapshotStatus,
    TranscodeStatus,
    User,
    Video,
    VideoStatus,
)
from backend.store.engine import Database

# An entry of the documented slot that has not ended: its state is never stored.
IS_RECOMMENDED = """exists (
    select 1 from recommendations r where r.video_id = v.video_id and r.slot = 'feed'
        and (r.ends is null or r.ends > present_second())
)"""
# In the order of Video's fields; two of the user's columns follow at the end.
VIDEO_COLUMNS = f"""
    v.video_id, v.title, v.user_id, v.created, v.id, v.description, v.duration, v.size, v.width, v.height, v.cate_id,
    v.cate_name, v.tags, v.share_url, v.status, v.censor_status, v.transcode_status, v.narrow_transcode_status,
    v.snapshot_status, {IS_RECOMMENDED}, v.media_key,
    u.user_name, u.avatar_url, v.seq
"""
VIDEO_TABLES = "videos v join users u using (user_id)"


def fields_of(made: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a row for which a class has fields: a newer version may have added columns to its table."""
    return {name: row[name] for name in made.__match_args__ if name in row}


RECOMMENDATION_COLUMNS = """
    v.video_id, coalesce(r.title, v.title), coalesce(r.user_id, v.user_id), v.created, v.id,
    coalesce(r.description, v.description), coalesce(r.duration, v.duration), coalesce(r.size, v.size), v.width,
    v.height, coalesce(r.cate_id, v.cate_id), coalesce(r.cate_name, v.cate_name), coalesce(r.tags, v.tags),
    v.share_url, v.status, coalesce(r.censor_status, v.censor_status),
    coalesce(r.transcode_status, v.transcode_status), v.narrow_transcode_status,
    coalesce(r.snapshot_status, v.snapshot_status), r.ends is null or r.ends > present_second(), v.media_key,
    coalesce(u.user_name, ''), coalesce(u.avatar_url, ''), r.seq,
    r.recommended, coalesce(r.cover_url, ''), coalesce(r.first_frame_url, '')
"""
RECOMMENDATION_TABLES = """
    recommendations r join videos v using (video_id) left join users u on u.user_id = coalesce(r.user_id, v.user_id)
"""
KEPT_COLUMNS = tuple(column.strip().removeprefix("v.") for column in VIDEO_COLUMNS.split(",")[:19])
FILE_COLUMNS = MediaFile.__struct_fields__
SEQ = 23  # index of the key among the columns

# A dictionary lookup is five times as fast as calling the enumeration. Unknown values, as a newer version may have
# written, map to the default state.
_STATUS = {member.value: member for member in VideoStatus}
_CENSOR = {member.value: member for member in CensorStatus}
_TRANSCODE = {member.value: member for member in TranscodeStatus}
_SNAPSHOT = {member.value: member for member in SnapshotStatus}
_KIND = {member.value: member for member in FileKind}

Row = tuple[Any, ...]

ADD_FILE = f"insert into files (video_id, {', '.join(FILE_COLUMNS)}) values (?{', ?' * len(FILE_COLUMNS)})"
AT = "{key} in (select value from json_each(?))"
AT_NUMBER = "{key} in (select cast(value as bigint) from json_each(?))"
NO_VIDEO = "There is no video {video_id}. It may have been deleted."


def read_files(db: Database, video_ids: Iterable[str]) -> dict[str, list[MediaFile]]:
    """Return the files of these videos by video id, in order."""
    found: dict[str, list[MediaFile]] = defaultdict(list)
    columns = f"video_id, {', '.join(FILE_COLUMNS)}"
    sql = f"select {columns} from files where {AT.format(key='video_id')} order by video_id, kind, position"
    for video_id, kind, name, size, width, height, duration, bitrate, codec, place in db.fetch(
        sql, [as_json(video_ids)]
    ):
        if kind in _KIND:
            found[video_id].append(MediaFile(_KIND[kind], name, size, width, height, duration, bitrate, codec, place))
    return found


def read_object(text: str) -> dict[str, Any]:
    """Parse a JSON object; other text, as other programs may write it, is returned as `{"text": …}`."""
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    return found if isinstance(found, dict) else {"text": found}


def as_json(keys: Iterable[Any]) -> str:
    """Encode keys for json_each, so that one statement handles any number of them."""
    return msgspec.json.encode(list(keys)).decode()


def read_video(db: Database, video_id: str) -> Video:
    """Return one video, inside the caller's transaction. Raises NotFound."""
    return _videos(db, [_read_row(db, video_id)])[0]


def read_videos(db: Database, video_ids: Iterable[str]) -> dict[str, Video]:
    """Return the existing ones of these videos by id, in the same order, inside the caller's transaction."""
    wanted = list(video_ids)
    sql = f"select {VIDEO_COLUMNS} from {VIDEO_TABLES} where {AT.format(key='v.video_id')}"
    found = {video.video_id: video for video in _videos(db, db.fetch(sql, [as_json(wanted)]))}
    return {video_id: found[video_id] for video_id in wanted if video_id in found}


def read_video_alone(db: Database, video_id: str) -> Video:
    """Return one video without its files, inside the caller's transaction. Raises NotFound."""
    return _video(_read_row(db, video_id), ())


def _read_row(db: Database, video_id: str) -> Row:
    sql = f"select {VIDEO_COLUMNS} from {VIDEO_TABLES} where v.video_id = ?"
    rows: list[Row] = db.fetch(sql, [video_id])
    if not rows:
        raise NotFound(NO_VIDEO, video_id=video_id)
    return rows[0]


def check_whole(video: Video) -> None:
    """Raise Conflict if the upload of a video is unfinished or was interrupted."""
    if not video.is_whole:
        raise Conflict(
            "The upload of video {video_id} has not finished (status is {status}).",
            video_id=video.video_id, status=video.status.value,
        )  # fmt: skip


def read_own(db: Database, video_id: str, user_id: str) -> Video:
    """Return a video of this owner, inside the caller's transaction. Raises NotFound."""
    video = read_video(db, video_id)
    if video.user.user_id.strip() != user_id.strip():  # request parameters are stripped
        raise NotFound("User {user_id} has no video {video_id}.", user_id=user_id, video_id=video_id)
    return video


def video_of(
    db: Database, row: Mapping[str, Any], files: Iterable[Mapping[str, Any]], is_recommend: bool
) -> Video:  # fmt: skip
    """Build a video from stored rows, with its user's current data."""
    sql = "select user_name, avatar_url from users where user_id = ?"
    user = db.execute(sql, [row["user_id"]]).fetchone()
    known = (file for file in files if file["kind"] in _KIND)
    kept = (MediaFile(_KIND[file["kind"]], *(file[name] for name in FILE_COLUMNS[1:])) for file in known)
    return _video((*(row[name] for name in KEPT_COLUMNS), is_recommend, row["media_key"], *user), tuple(kept))


def read_videos_at(db: Database, keys: list[int]) -> tuple[Video, ...]:
    """Return the videos with these keys, in the same order."""
    if not keys:
        return ()
    sql = f"select {VIDEO_COLUMNS} from {VIDEO_TABLES} where {AT_NUMBER.format(key='v.seq')}"
    return tuple(_videos(db, _in_order(db.fetch(sql, [as_json(keys)]), keys)))


def read_recommendations_at(db: Database, keys: list[int]) -> tuple[Recommendation, ...]:
    """Return the feed entries with these keys, in the same order."""
    if not keys:
        return ()
    sql = f"select {RECOMMENDATION_COLUMNS} from {RECOMMENDATION_TABLES} where {AT_NUMBER.format(key='r.seq')}"
    return _recommendations(db, _in_order(db.fetch(sql, [as_json(keys)]), keys))


def read_recommendation(db: Database, video_id: str) -> Recommendation | None:
    """Return the feed entry of a video, unless it has ended, or None."""
    where = "r.video_id = ? and r.slot = 'feed' and (r.ends is null or r.ends > present_second())"
    sql = f"select {RECOMMENDATION_COLUMNS} from {RECOMMENDATION_TABLES} where {where}"
    return next(iter(_recommendations(db, db.fetch(sql, [video_id]))), None)


def _in_order(rows: Iterable[Row], keys: list[int]) -> list[Row]:
    by_key = {row[SEQ]: row for row in rows}
    return [by_key[key] for key in keys]


def _recommendations(db: Database, rows: list[Row]) -> tuple[Recommendation, ...]:
    return tuple(Recommendation(video, *row[SEQ + 1 :]) for video, row in zip(_videos(db, rows), rows, strict=True))


def _videos(db: Database, rows: list[Row]) -> list[Video]:
    files = read_files(db, [row[0] for row in rows]) if rows else {}
    return [_video(row, tuple(files.get(row[0], ()))) for row in rows]


def _video(row: Row, files: tuple[MediaFile, ...]) -> Video:
    return Video(
        row[0],
        row[1],
        User(row[2], row[21], row[22]),
        *(row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[11], row[12], row[13]),
        _STATUS.get(row[14], VideoStatus.CHECKING),
        _CENSOR.get(row[15], CensorStatus.CHECK),
        _TRANSCODE.get(row[16], TranscodeStatus.NEVER),
        _TRANSCODE.get(row[17], TranscodeStatus.NEVER),
        _SNAPSHOT.get(row[18], SnapshotStatus.NEVER),
        bool(row[19]),
        row[20],
        files,
    )


def write_files(db: Database, video_id: str, files: tuple[MediaFile, ...]) -> None:
    """Store these files of a video, replacing those of the same kinds."""
    for kind in {file.kind for file in files}:
        db.execute("delete from files where video_id = ? and kind = ?", [video_id, kind])
    db.executemany(ADD_FILE, ((video_id, *astuple(file)) for file in files))
