"""Reads the counts of the page of figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from backend.model.figures import DAYS, FOREVER, Segment
from backend.store.engine import Engine

COLUMNS = {"period": "w.n", "key": "f.key", "part": "f.part"}
WANTED = """
    select cast(json_extract(value, '$[0]') as bigint) as n, cast(json_extract(value, '$[1]') as bigint) as span,
        cast(json_extract(value, '$[2]') as bigint) as first, cast(json_extract(value, '$[3]') as bigint) as last
    from json_each(:segments)
"""
# `cross join` keeps the order in SQLite: the segments first, of which there are few.
FIND = f"""
    with wanted as materialized ({WANTED})
    select {{columns}}, cast(sum(f.number) as bigint), cast(sum(f.amount) as bigint)
    from wanted w cross join figure_counts f
    where f.series = :series and f.span = w.span and f.slot >= w.first and f.slot < w.last {{where}}
    group by {{columns}}
"""
# One series at a time, as `FIND`: of several at once PostgreSQL would read the whole table.
OF_SERIES = FIND.format(columns="f.part", where="")
# Each name is sought in the index: neither engine skips from one distinct value to the next by itself.
NAMES = """
    with recursive names (series) as (
        select min(series) from figure_counts where series >= :first and series < :last
        union all
        select (select min(f.series) from figure_counts f where f.series > names.series and f.series < :last)
        from names where names.series is not null
    )
    select series from names where series is not null
"""
OF_USER = f"""
    with wanted as materialized ({WANTED})
    select w.n, cast(sum(f.number) as bigint), cast(sum(f.amount) as bigint)
    from wanted w cross join figure_user_counts f
    where f.key = :key and f.series = 'uploads/user' and f.slot >= w.first and f.slot < w.last group by w.n
"""
TOP_USERS = """
    select top.key, coalesce(u.user_name, ''), top.number, top.amount from (
        select key, cast(sum(number) as bigint) as number, cast(sum(amount) as bigint) as amount
        from figure_user_counts where series = 'uploads/user' and slot >= :first and slot < :last
        group by key having sum(number) > 0 order by number desc, key limit :size
    ) top left join users u on u.user_id = top.key order by top.number desc, top.key
"""
EVERYTHING: list[Segment] = [(0, DAYS, -FOREVER, FOREVER)]


class FigureReader:
    """Sums of counts over segments of time. Numbers come with an amount, in bytes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(
        self, series: str, segments: Iterable[Segment], columns: Sequence[str], key: str | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the sums of a series grouped by some of period, key and part, of one key or of all."""
        chosen = ", ".join(COLUMNS[one] for one in columns)
        sql = FIND.format(columns=chosen, where="" if key is None else "and f.key = :key")
        values: dict[str, Any] = {"series": series, "segments": json.dumps(list(segments))}
        if key is not None:
            values["key"] = key
        with self._engine.reading() as db:
            return [tuple(row) for row in db.execute(sql, values).fetchall()]

    def find_by_reviewer(self, series: str, segments: Iterable[Segment], reviewer: str) -> dict[str, dict[str, int]]:
        """Return the sums of the series that are named by a reviewer after this name, by that and by part.

        With a reviewer, of that one alone.
        """
        wanted = json.dumps(list(segments))
        bounds = {"first": f"{series}/", "last": f"{series}0"}  # '0' is the character after '/'
        with self._engine.reading() as db:
            names = [f"{series}/{reviewer}"] if reviewer else [row[0] for row in db.execute(NAMES, bounds).fetchall()]
            return {
                name.removeprefix(bounds["first"]): {
                    part: number
                    for part, number, _ in db.execute(OF_SERIES, {"series": name, "segments": wanted}).fetchall()
                }
                for name in names
            }

    def find_all(self, series: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the sums of a series over all time."""
        return self.find(series, EVERYTHING, columns)

    def find_of_user(self, user_id: str, segments: Iterable[Segment]) -> list[tuple[int, int, int]]:
        """Return period, number and bytes of a user's uploads; the segments are quarters."""
        values = {"key": user_id, "segments": json.dumps(list(segments))}
        with self._engine.reading() as db:
            return [(row[0], row[1], row[2]) for row in db.execute(OF_USER, values).fetchall()]

    def find_top_users(self, first: int, last: int, size: int) -> list[tuple[str, str, int, int]]:
        """Return id, name, number and bytes of those who uploaded most in these quarters, `last` excluded."""
        values = {"first": first, "last": last, "size": size}
        with self._engine.reading() as db:
            return [(row[0], row[1], row[2], row[3]) for row in db.execute(TOP_USERS, values).fetchall()]

    def count_waiting(self) -> int:
        """Return how many videos wait for a verdict."""
        with self._engine.reading() as db:
            found = db.execute("select coalesce(sum(number), 0) from review_per_queue").fetchone()
        return int(found[0])

    def find_ages(self, since: Sequence[float]) -> list[int]:
        """Return how many videos have waited since these times or later, latest first, and in all."""
        sums = ", ".join(
            f"coalesce(sum(case when since >= :t{number} then 1 else 0 end), 0)" for number in range(len(since))
        )
        values = {f"t{number}": second for number, second in enumerate(since)}
        with self._engine.reading() as db:
            row = db.execute(f"select {sums}, count(*) from review_waiting", values).fetchone()
        return [int(one) for one in row]
