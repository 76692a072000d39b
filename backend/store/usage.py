"""What is kept of the account's usage at Alibaba, so that reading it waits for nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from backend.model.usage import Figure, Plays, SourceState, UsageSource
from backend.store.engine import Database, Engine

MAX_TOP = 100

KEEP = (
    "insert into cloud_usage (day, figure, value) values (?, ?, ?) "
    "on conflict (day, figure) do update set value = excluded.value"
)
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
    """Figures by day, the videos that were played most, and how old all that is."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def keep(self, source: UsageSource, figures: Mapping[Figure, Mapping[str, float]]) -> None:
        """Keep what a source said, by figure and day (`2026-01-31`). What it said of a day before is replaced."""
        rows = [(day, figure, value) for figure, days in figures.items() for day, value in days.items()]
        with self._engine.writing() as db:
            db.executemany(KEEP, rows)
            self._answered(db, source)

    def keep_plays(self, day: str, plays: Iterable[Plays]) -> None:
        """Keep which videos were played most on a day."""
        rows = [(day, one.video_id, one.title, one.plays, one.viewers, one.seconds) for one in plays]
        with self._engine.writing() as db:
            db.execute("delete from cloud_plays where day = ?", [day])
            db.executemany(KEEP_PLAYS, rows)
            self._answered(db, UsageSource.TOP_VIDEOS)

    def note_answer(self, source: UsageSource) -> None:
        """Note that a source answered."""
        with self._engine.writing() as db:
            self._answered(db, source)

    def note_failure(self, source: UsageSource, error: str) -> None:
        """Note why a source tells nothing now, as a packed error; what it said before stays."""
        sql = (
            "insert into cloud_usage_sources (source, read, error) values (?, 0, ?) "
            "on conflict (source) do update set error = excluded.error"
        )
        with self._engine.writing() as db:
            db.execute(sql, [source, error])

    def find_days(self, first: str, last: str) -> dict[str, dict[Figure, float]]:
        """Return the figures of these days that are known, by day."""
        sql = "select day, figure, value from cloud_usage where day between ? and ? order by day"
        found: dict[str, dict[Figure, float]] = {}
        with self._engine.reading() as db:
            for day, figure, value in db.execute(sql, [first, last]).fetchall():
                if figure in set(Figure):
                    found.setdefault(day, {})[Figure(figure)] = value
        return found

    def find_top(self, first: str, last: str, size: int) -> list[Plays]:
        """Return the videos that were played most in these days. Viewers are those of the day that had most."""
        with self._engine.reading() as db:
            rows = db.execute(TOP, [first, last, size]).fetchall()
        return [
            Plays(video_id, title, plays, viewers, seconds, is_here=bool(known))
            for video_id, title, plays, viewers, seconds, known in rows
        ]

    def find_sources(self) -> list[SourceState]:
        """Return how each source stands that was ever asked."""
        with self._engine.reading() as db:
            rows = db.execute("select source, read, error from cloud_usage_sources order by source").fetchall()
        return [SourceState(UsageSource(name), read, error) for name, read, error in rows if name in set(UsageSource)]

    def prune(self, before: str) -> int:
        """Forget the days before one; return how many rows that were."""
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
