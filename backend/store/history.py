"""The audit trail: every change, written in the transaction that makes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from backend.model import Actor, HistoryLine
from backend.store.database import Connections

ADD = """
    insert into history (at, actor, way, address, request_id, action, target, before, after)
    values (:at, :name, :way, :address, :request_id, :action, :target, :before, :after)
"""


def append(
    db: Database,
    *,
    at: int,
    actor: Actor,
    action: str,
    target: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add one line, inside the caller's transaction."""
    append_many(db, at=at, actor=actor, action=action, changes=[(target, before or {}, after or {})])


def append_many(
    db: Database, *, at: int, actor: Actor, action: str, changes: Iterable[tuple[str, dict[str, Any], dict[str, Any]]]
) -> None:
    """Add a line for every (target, before, after), inside the caller's transaction."""
    who = {
        "at": at,
        "name": actor.name,
        "way": actor.way,
        "address": actor.address,
        "request_id": actor.request_id,
        "action": action,
    }
    lines = (
        {
            **who,
            "target": target,
            "before": json.dumps(before, ensure_ascii=False),
            "after": json.dumps(after, ensure_ascii=False),
        }
        for target, before, after in changes
    )
    db.conn.executemany(ADD, lines)


def last_after(db: Database, target: str, action: str) -> dict[str, Any] | None:
    """Return what the newest such change of a target left, or None when there was none."""
    row = db.execute(
        "select after from history where target = ? and action = ? order by id desc limit 1", [target, action]
    ).fetchone()
    return json.loads(row[0]) if row else None


class History:
    """What was done, newest first."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def record(self, *, at: int, actor: Actor, action: str, target: str, after: dict[str, Any]) -> None:
        """Add a line about something that changes nothing in the catalogue."""
        with self._connections.writing() as db:
            append(db, at=at, actor=actor, action=action, target=target, after=after)

    def find_history(self, target: str = "", limit: int = 100) -> tuple[HistoryLine, ...]:
        """Return the newest lines, of one target or of everything."""
        condition = "where target = :target" if target else ""
        with self._connections.reading() as db:
            rows = list(
                db.query(
                    f"select * from history {condition} order by id desc limit :limit",
                    {"target": target, "limit": limit},
                )
            )
        return tuple(_line(row) for row in rows)


def _line(row: dict[str, Any]) -> HistoryLine:
    return HistoryLine(
        at=row["at"],
        actor=Actor(row["actor"], row["way"], row["address"], row["request_id"]),
        action=row["action"],
        target=row["target"],
        before=json.loads(row["before"]),
        after=json.loads(row["after"]),
    )
