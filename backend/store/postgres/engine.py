"""The store engine for PostgreSQL."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from zoneinfo import ZoneInfo

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.model import Sort, VideoFilter
from backend.store import figure_counts, review_sorting
from backend.store.engine import Piece, Progress, Queries, ignore_progress
from backend.store.postgres import derived, diagnosis, export_reader, video_queries
from backend.store.postgres.connections import MAX_CONNECTIONS, MORE_CONNECTIONS, Connections

INDEXES = "select indexrelid::regclass::text from pg_index where not indisvalid order by 1"
CHECKSUMS = "select coalesce(checksum_failures, 0) from pg_stat_database where datname = current_database()"


class PostgresEngine(Connections):
    """A store in a PostgreSQL database."""

    queries: Queries = video_queries

    def size(self) -> int:
        with self.reading() as db:
            (size,) = db.execute("select pg_database_size(current_database())").fetchone() or (0,)
        return int(size)

    def check(self) -> list[str]:
        """Return what the server itself noticed: PostgreSQL has no check of a whole database."""
        with self.reading() as db:
            found = [f"the index {name} is not valid: reindex it" for (name,) in db.fetch(INDEXES)]
            (failures,) = db.execute(CHECKSUMS).fetchone() or (0,)
        return [*found, *([f"{failures} pages with a wrong checksum"] if failures else [])]

    def diagnose(self) -> list[tuple[bool, str]]:
        with self.unpooled_reader() as one, self.unpooled_reader() as other:
            return list(diagnosis.diagnose(one.conn, other.conn, MAX_CONNECTIONS + MORE_CONNECTIONS))

    def recount(self) -> list[str]:
        with self.reading() as db:
            db.execute("set local statement_timeout = 0")
            return [*derived.examine(db), *review_sorting.examine(db), *figure_counts.examine(db)]

    def rebuild(self, tell: Progress = ignore_progress) -> None:
        with self.writing(bulk=True) as db:
            derived.rebuild(db, tell)
            review_sorting.rebuild(db, self.now())
            figure_counts.rebuild(db, self.now())

    def optimize_search(self) -> None:
        """Merge what was inserted lately into the search indexes, and count how often values occur."""
        with self.unpooled_reader() as db:
            for index in ("finding_by_title", "finding_by_tag", "feed_by_title", "feed_by_tag", "users_by_name"):
                db.execute(f"select gin_clean_pending_list('{index}'::regclass)")
            db.execute("analyze videos, finding, feed, users, files")

    def export_batches(
        self, listing: ExportSource, columns: Sequence[Column], file_format: FileFormat, wanted: VideoFilter,
        zone: ZoneInfo, base_url: str = "", sort: Sort = Sort.NEWEST,
    ) -> Generator[Piece, None, None]:  # fmt: skip
        return export_reader.read_pieces(self, listing, columns, file_format, wanted, zone, base_url, sort)
