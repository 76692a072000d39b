"""Stored usage figures of the Alibaba account, so that reading them does not call Alibaba."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from backend.model.usage import Figure, Plays, SourceState, UsageSource
from backend.store.engine import Database, Engine

KEEP = (
    "insert into cloud_usage (day, figure, value) values (?, ?, ?) "
    "on conflict (day, figure) do update set value = excluded.value"
)
# Kept by triggers, whenever the quota is read.
QUOTA = """
    select day, figure, value from cloud_usage
    where figure in ('prewarmQuota', 'prewarmUsed') and day between ? and ?
"""
KEEP_PLAYS = (
    "insert into cloud_plays (day, video_id, title, plays, viewers, seconds) values (?, ?, ?, ?, ?, ?) "
    "on conflict (day, video_id) do nothing"
)
TOP = (
    "select p.video_id, coalesce(max(v.title), max(p.title)), sum(p.plays), max(p.viewers), sum(p.seconds), "
    "count(v.video_id) from cloud_plays p left join videos v using (video_id) where p.day between ? and ? "
    "group by p.video_id order by sum(p.plays) desc, p.video_id limit ?"
)


class Usage:
    """Daily figures, most played videos, and the age of each source."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def keep(self, source: UsageSource, figures: Mapping[Figure, Mapping[str, float]]) -> None:
        """Store the figures of a source by day (`2026-01-31`), replacing earlier values of a day."""
        rows = [(day, figure, value) for figure, days in figures.items() for day, value in days.items()]
        with self._engine.writing() as db:
            db.executemany(KEEP, rows)
            self._answered(db, source)

    def keep_plays(self, day: str, plays: Iterable[Plays]) -> None:
        """Store the most played videos of a day."""
        rows = [(day, one.video_id, one.title, one.plays, one.viewers, one.seconds) for one in plays]
        with self._engine.writing() as db:
            db.execute("delete from cloud_plays where day = ?", [day])
            db.executemany(KEEP_PLAYS, rows)
            self._answered(db, UsageSource.TOP_VIDEOS)

    def note_answer(self, source: UsageSource) -> None:
        """Record that a source responded."""
        with self._engine.writing() as db:
            self._answered(db, source)

    def note_failure(self, source: UsageSource, error: str) -> None:
        """Record a packed error of a source; its earlier figures are kept."""
        sql = (
            "insert into cloud_usage_sources (source, read, error) values (?, 0, ?) "
            "on conflict (source) do update set error = excluded.error"
        )
        with self._engine.writing() as db:
            db.execute(sql, [source, error])

    def find_days(self, first: str, last: str) -> dict[str, dict[Figure, float]]:
        """Return the known figures of these days, by day."""
        sql = "select day, figure, value from cloud_usage where day between ? and ? order by day, figure"
        found: dict[str, dict[Figure, float]] = {}
        with self._engine.reading() as db:
            for day, figure, value in db.execute(sql, [first, last]).fetchall():
                if figure in set(Figure):
                    found.setdefault(day, {})[Figure(figure)] = value
        return found

    def find_quota(self, first: str, last: str) -> dict[str, tuple[int, int]]:
        """Return how many URLs could be prewarmed on each of these days, and how many were, as far as is known."""
        found: dict[str, dict[str, int]] = {}
        with self._engine.reading() as db:
            for day, figure, value in db.execute(QUOTA, [first, last]).fetchall():
                found.setdefault(day, {})[figure] = int(value)
        return {day: (one.get("prewarmQuota", 0), one.get("prewarmUsed", 0)) for day, one in found.items()}

    def find_top(self, first: str, last: str, size: int) -> list[Plays]:
        """Return the most played videos of these days. Viewers are those of the best day."""
        with self._engine.reading() as db:
            rows = db.execute(TOP, [first, last, size]).fetchall()
        return [
            Plays(video_id, title, plays, viewers, seconds, is_here=bool(known))
            for video_id, title, plays, viewers, seconds, known in rows
        ]

    def find_sources(self) -> list[SourceState]:
        """Return the state of each source that was ever queried."""
        with self._engine.reading() as db:
            rows = db.execute("select source, read, error from cloud_usage_sources order by source").fetchall()
        return [SourceState(UsageSource(name), read, error) for name, read, error in rows if name in set(UsageSource)]

    def prune(self, before: str) -> int:
        """Delete the days before this one and return the number of rows."""
        with self._engine.writing() as db:
            return sum(
                int(db.execute(f"delete from {table} where day < ?", [before]).rowcount)
                for table in ("cloud_usage", "cloud_plays")
            )

    def _answered(self, db: Database, source: UsageSource) -> None:
        db.execute(
            "insert into cloud_usage_sources (source, read, error) values (?, ?, '') "
            "on conflict (source) do update set read = excluded.read, error = ''",
            [source, self._clock()],
        )
