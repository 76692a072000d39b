"""The audit trail: every change is appended in the transaction that makes it, and linked by a hash chain."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, TypeAlias

import msgspec

from backend.model import Actor, HistoryFilter, HistoryLine, Page
from backend.store.account_names import folded
from backend.store.engine import Database, Engine
from backend.store.hash_chain import CONTENT, Head, VerificationResult, link, verify
from backend.store.rows import read_object

COLUMNS = (*CONTENT, "previous", "hash")
ADD = f"insert into history ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})"
CONDITIONS = {
    "actor": "actor in (select value from json_each(:actor))", "channel": "way = :channel",
    "action": "action = :action", "target": "target = :target", "start": "at >= :start", "end": "at <= :end",
}  # fmt: skip
# Loose index scan: `distinct` would visit every line.
DISTINCT = """
    with recursive found (value) as (
        select min({0}) from history
        union all
        select (select min({0}) from history h where {0} > found.value) from found where value is not null
    )
    select value from found where value is not null
"""
CHUNK = 1000

Change: TypeAlias = tuple[str, dict[str, Any], dict[str, Any]]  # target, before, after


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
    """Append one line, inside the caller's transaction."""
    append_many(db, at=at, actor=actor, action=action, changes=[(target, before or {}, after or {})])


def append_many(db: Database, *, at: int, actor: Actor, action: str, changes: Iterable[Change]) -> None:
    """Append a line for every (target, before, after), inside the caller's transaction."""
    head = _head(db)
    line, previous = head.line, head.hash
    who = (actor.name, actor.channel, actor.address, actor.token, actor.request_id)
    rows = []
    for target, before, after in changes:
        line += 1
        content = (line, at, *who, action, target, _text(before), _text(after))
        own = link(previous, content)
        rows.append((*content, previous, own))
        previous = own
    db.executemany(ADD, rows)
    db.execute("update history_head set id = ?, hash = ?", [line, previous])


def last_after(db: Database, target: str, action: str) -> dict[str, Any] | None:
    """Return `after` of the newest line with this target and action, or None."""
    row = db.execute(
        "select after from history where target = ? and action = ? order by id desc limit 1", [target, action]
    ).fetchone()
    return json.loads(row[0]) if row else None


class History:
    """Append to and query the history."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, *, at: int, actor: Actor, action: str, target: str, after: dict[str, Any]) -> None:
        """Append a line about an action that does not change the catalogue."""
        with self._engine.writing() as db:
            append(db, at=at, actor=actor, action=action, target=target, after=after)

    def find_history(self, target: str = "", limit: int = 100) -> tuple[HistoryLine, ...]:
        """Return the newest lines, of one target or of all."""
        return self.find_page(HistoryFilter(target=target), 1, limit).items

    def uploader_of(self, video_id: str) -> str:
        """Return the account that uploaded a video; empty if unknown, for example if it was found at VOD."""
        sql = "select actor from history where target = ? and action = 'uploadVideo' order by id limit 1"
        with self._engine.reading() as db:
            row = db.execute(sql, [video_id]).fetchone()
        return str(row[0]) if row else ""

    def find_page(self, wanted: HistoryFilter, index: int = 1, size: int = 10) -> Page[HistoryLine]:
        """Return page `index` (from 1) of matching lines, newest first, and the exact total."""
        with self._engine.reading() as db:
            where, values = _conditions(db, wanted)
            count = partial(_count, db, where, values)
            total = self._engine.cached_in(db, ("history", wanted), count)
            page = {**values, "limit": size, "offset": (index - 1) * size}
            sql = f"select * from history {where} {_order(wanted)} limit :limit offset :offset"
            return Page(total, tuple(line_of(row) for row in db.query(sql, page)))

    def iterate(self, wanted: HistoryFilter, newest: int = 1 << 62) -> Iterator[HistoryLine]:
        """Yield matching lines, newest first, in constant memory without a long transaction.

        `newest` is the number of the last line to include.
        """
        with self._engine.reading() as db:
            where, values = _conditions(db, wanted, "id < :below")
        below = newest + 1
        while True:
            sql = f"select * from history {where} order by id desc limit {CHUNK}"
            with self._engine.reading() as db:
                rows = list(db.query(sql, {**values, "below": below}))
            yield from map(line_of, rows)
            if len(rows) < CHUNK:
                return
            below = rows[-1]["id"]

    def newest_line(self) -> int:
        """Return the number of the newest line; 0 if there is none."""
        with self._engine.reading() as db:
            return newest_line(db)

    def find_actions(self) -> tuple[str, ...]:
        """Return the distinct actions."""
        with self._engine.reading() as db:
            return _distinct(db, "action")

    def verify(self, noted: Head | None = None) -> VerificationResult:
        """Verify the whole chain; `noted` is a head that was written down elsewhere."""
        with self._engine.reading() as db:
            return verify(_all_lines(db), _head(db), noted)


def _all_lines(db: Database) -> Iterator[Any]:
    """Yield all lines in order, a part at a time: some drivers fetch the whole result of a statement."""
    last = 0
    while rows := db.execute(
        f"select {', '.join(COLUMNS)} from history where id > ? order by id limit {CHUNK}", [last]
    ).fetchall():
        yield from rows
        last = rows[-1][0]


def newest_line(db: Database) -> int:
    """Return the number of the newest line, inside the caller's transaction; 0 if there is none."""
    return _head(db).line


def _order(wanted: HistoryFilter) -> str:
    """Return the order of a page: use the index on time if the time is limited."""
    dated = wanted.start is not None or wanted.end is not None
    return "order by at desc, id desc" if dated else "order by id desc"


def _count(db: Database, where: str, values: dict[str, Any]) -> int:
    return int(db.execute(f"select count(*) from history {where}", values).fetchone()[0])


def _head(db: Database) -> Head:
    row = db.execute("select id, hash from history_head").fetchone()
    return Head(*row) if row else Head()


def _distinct(db: Database, column: str) -> tuple[str, ...]:
    return tuple(value for (value,) in db.execute(DISTINCT.format(column)).fetchall())


def _conditions(db: Database, wanted: HistoryFilter, *others: str) -> tuple[str, dict[str, Any]]:
    values = {name: getattr(wanted, name) for name in CONDITIONS}
    values = {name: value for name, value in values.items() if value not in ("", None)}
    if wanted.actor:  # a partial name matches every name containing it
        part = folded(wanted.actor)
        values["actor"] = _text([name for name in _distinct(db, "actor") if part in folded(name)])
    terms = [*(CONDITIONS[name] for name in values), *others]
    return ("where " + " and ".join(terms) if terms else ""), values


def _text(values: dict[str, Any] | list[str]) -> str:
    return msgspec.json.encode(values).decode()


def line_of(row: dict[str, Any]) -> HistoryLine:
    """Build a HistoryLine from a row."""
    return HistoryLine(
        at=row["at"],
        actor=Actor(row["actor"], row["way"], row["address"], row["request_id"], row["token"]),
        action=row["action"],
        target=row["target"],
        before=read_object(row["before"]),
        after=read_object(row["after"]),
        line=row["id"],
    )
