"""The store engine for SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.model import Sort, VideoFilter
from backend.store import figure_counts, review_sorting
from backend.store.engine import Piece, Progress, ignore_progress
from backend.store.sqlite import export_reader, search_index
from backend.store.sqlite.connections import Connections
from backend.store.sqlite.feed_file import FeedFile
from backend.store.sqlite.files import FEED, VOLATILE, database_in
from backend.store.sqlite.volatile import VolatileFile


class SqliteEngine(Connections):
    """A store in the files of one folder."""

    def __init__(
        self, folder: Path, clock: Callable[[], float] = time.time, tell: Progress = ignore_progress, *,
        upgrade: bool = False, held: bool = False,
    ) -> None:  # fmt: skip
        """Open the store in a folder, creating it if needed. Raises StoreError."""
        super().__init__(database_in(folder), tell, clock, upgrade=upgrade, held=held)
        self._volatile = VolatileFile(folder / VOLATILE)
        self.volatile = self._volatile.writing
        self._feed = FeedFile(folder / FEED)
        self.feed_writing, self.feed_reading = self._feed.writing, self._feed.reading

    def size(self) -> int:
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def check(self) -> list[str]:
        with self.reading() as db:
            found = [row[0] for row in db.execute("pragma integrity_check").fetchall()]
            found += [f"foreign key of {row[0]}" for row in db.execute("pragma foreign_key_check").fetchall()]
        return [*(line for line in found if line != "ok"), *self._feed.check()]

    def diagnose(self) -> list[tuple[bool, str]]:
        return []  # there is no server

    def recount(self) -> list[str]:
        with self.reading() as db:
            return [*search_index.examine(db), *review_sorting.examine(db), *figure_counts.examine(db)]

    def rebuild(self, tell: Progress = ignore_progress) -> None:
        with self.writing(bulk=True) as db:
            search_index.rebuild(db, tell)
            review_sorting.rebuild(db, self.now())
            figure_counts.rebuild(db, self.now())

    def optimize_search(self) -> None:
        """Merge the search index into one segment, since a search reads every segment.

        Others can write between the steps.
        """
        begin = more = True
        while more:
            with self.writing() as db:
                more = search_index.merge_index(db, begin)
            begin = False

    def export_batches(
        self, listing: ExportSource, columns: Sequence[Column], file_format: FileFormat, wanted: VideoFilter,
        zone: ZoneInfo, base_url: str = "", sort: Sort = Sort.NEWEST,
    ) -> Generator[Piece, None, None]:  # fmt: skip
        return export_reader.read_pieces(self, listing, columns, file_format, wanted, zone, base_url, sort)

    def close(self) -> None:
        self._volatile.close()
        self._feed.close()
        super().close()
