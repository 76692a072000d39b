"""Facets: number of matching videos per status, category and user."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from backend.model import CensorStatus, User, VideoFilter
from backend.store.engine import Database, Queries


@dataclass(frozen=True, slots=True)
class Facets:
    """Exact counts for a filter, largest first.

    Each count ignores its own field of the filter, so that it shows what choosing another value would find.
    """

    by_censor_status: dict[CensorStatus, int]
    by_category: tuple[tuple[int, str, int], ...]  # cateId, cateName of its newest video, count
    by_user: tuple[tuple[User, int], ...]


def count_facets(queries: Queries, db: Database, wanted: VideoFilter, most_users: int) -> Facets:
    """Count by status, category and user; users are limited to the `most_users` with the most videos."""
    return Facets(
        by_censor_status={
            status: queries.count(db, queries.VIDEOS, replace(wanted, censor_status=status)) for status in CensorStatus
        },
        by_category=tuple(_categories(db, queries.count_by(db, replace(wanted, cate_id=None), "cate_id"))),
        by_user=tuple(_users(db, queries.count_by(db, replace(wanted, user_id=""), "user_id", most_users))),
    )


def _categories(db: Database, counts: Sequence[tuple[int, int]]) -> list[tuple[int, str, int]]:
    newest = "select cate_name from videos where cate_id = ? order by seq desc limit 1"
    return [(cate_id, db.fetch(newest, [cate_id])[0][0], number) for cate_id, number in counts]


def _users(db: Database, counts: Sequence[tuple[str, int]]) -> list[tuple[User, int]]:
    sql = "select user_id, user_name, avatar_url from users where user_id in (select value from json_each(?))"
    users = {row[0]: User(*row) for row in db.fetch(sql, [json.dumps([user_id for user_id, _ in counts])])}
    return [(users[user_id], number) for user_id, number in counts]
