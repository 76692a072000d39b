"""Inserts videos, one or many, inside the caller's transaction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from msgspec.structs import astuple

from backend.model import User, Video
from backend.model.media_urls import with_key
from backend.model.sheets import edition_of
from backend.store.engine import Database
from backend.store.folding import fold, marked_tags
from backend.store.row_keys import first_key
from backend.store.rows import ADD_FILE

OWN = ("seq", "id", "media_key", "user_id", "title_folded", "tags_folded", "edition", "version")
GIVEN = tuple(name for name in Video.__struct_fields__ if name not in (*OWN, "user", "files", "is_recommend"))
COLUMNS = (*OWN, *GIVEN)

_given = attrgetter(*GIVEN)

ADD_USER = """
    insert into users (user_id, user_name, user_name_folded, avatar_url) values (?, ?, ?, ?)
    on conflict (user_id) do update set
        user_name = coalesce(nullif(excluded.user_name, ''), users.user_name),
        user_name_folded = coalesce(nullif(excluded.user_name_folded, ''), users.user_name_folded),
        avatar_url = coalesce(nullif(excluded.avatar_url, ''), users.avatar_url)
    where excluded.user_name not in ('', users.user_name) or excluded.avatar_url not in ('', users.avatar_url)
"""
HIGHEST = "select (select max(id) from videos), (select max(id) from trash)"
ADD_VIDEO = f"insert into videos ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})"


def new_media_key() -> str:
    """Return a new random key for a video's media URLs (96 bits)."""
    return secrets.token_urlsafe(12)


def split(db: Database, videos: Sequence[Video]) -> tuple[list[Video], list[str]]:
    """Return the videos with new ids, and the ids of the others; a repeated id counts once.

    Videos in the trash count as existing, since they can be restored.
    """
    sql = (
        "with given (video_id) as (select value from json_each(?)) "
        "select video_id from videos where video_id in (select video_id from given) union all "
        "select video_id from trash where video_id in (select video_id from given)"
    )
    seen = {video_id for (video_id,) in db.execute(sql, [json.dumps([video.video_id for video in videos])])}
    new, known = [], []
    for video in videos:
        if video.video_id in seen:
            known.append(video.video_id)
        else:
            seen.add(video.video_id)
            new.append(video)
    return new, known


def add(db: Database, videos: Sequence[Video]) -> None:
    """Insert new videos with their files and users. Within one second, the last is the newest."""
    add_users(db, (video.user for video in videos))
    db.executemany(ADD_VIDEO, _rows(db, videos))
    db.executemany(ADD_FILE, _file_rows(videos))


def add_users(db: Database, users: Iterable[User]) -> None:
    """Insert the owners of videos; non-empty values update those of a known user."""
    once = dict.fromkeys(users)
    names = ((user.user_id, user.user_name, fold(user.user_name), user.avatar_url) for user in once)
    db.executemany(ADD_USER, names)


def next_key(db: Database, table: str, second: int) -> int:
    """Return the key of the next row of this second."""
    sql = f"select max(seq) from {table} where seq >= ? and seq < ?"
    last: int | None = db.execute(sql, [first_key(second), first_key(second + 1)]).fetchone()[0]
    return first_key(second) if last is None else last + 1


def free_key(db: Database, table: str, key: int, second: int) -> int:
    """Return this key, or the next one of its second if it has been taken in the meantime."""
    taken = db.execute(f"select 1 from {table} where seq = ?", [key]).fetchone()
    return next_key(db, table, second) if taken else key


def insert(db: Database, table: str, row: Mapping[str, Any]) -> None:
    """Insert one row; the mapping's keys are column names."""
    db.execute(f"insert into {table} ({', '.join(row)}) values ({', '.join(f':{name}' for name in row)})", dict(row))


def put_back(db: Database, entry: Mapping[str, Any], media_key: str) -> None:
    """Reinsert an entry of the recommended feed at its old position, with image URLs updated to the video's new media
    key.
    """
    urls = {
        name: with_key(entry[name], entry["video_id"], media_key)
        for name in ("cover_url", "first_frame_url")
        if entry.get(name)
    }
    key = free_key(db, "recommendations", entry["seq"], entry["recommended"])
    # `entries.snapshot` leaves it out, and older versions had none
    folded = {} if entry.get("tags") is None else {"tags_folded": marked_tags(entry["tags"])}
    insert(db, "recommendations", {**entry, **urls, **folded, "seq": key})


def _rows(db: Database, videos: Iterable[Video]) -> list[tuple[Any, ...]]:
    first = 1 + max(number or 0 for number in db.execute(HIGHEST).fetchone())
    keys: dict[int, int] = {}
    rows = []
    for number, video in enumerate(videos, first):
        if video.created not in keys:
            keys[video.created] = next_key(db, "videos", video.created)
        rows.append(row_of(video, keys[video.created], number))
        keys[video.created] += 1
    return rows


def row_of(video: Video, key: int, number: int) -> tuple[Any, ...]:
    """Return the values of COLUMNS for a new video."""
    own = (key, number, video.media_key or new_media_key(), video.user.user_id)
    edition = edition_of(video.title, video.description, video.tags, video.cate_id, video.cate_name)
    version = -len(video.files)  # each of its files, which are inserted next, adds one
    return (*own, fold(video.title), marked_tags(video.tags), edition, version, *_given(video))


def _file_rows(videos: Iterable[Video]) -> Iterable[tuple[Any, ...]]:
    return ((video.video_id, *astuple(file)) for video in videos for file in video.files)
