"""What tests of moving and keeping data share: a console with something in every table, and empty databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import backend
from backend import Settings
from backend.model import FileKind, MediaFile
from backend.store.moving import TABLES
from backend.store.sqlite.connections import add_functions

LISTS = ("views", "video", "files", "recommendation", "jobs", "special_entries")
TEXT = "{}"  # which is JSON, where it has to be
STRANGE = ("a\tb\\c\nd'\"\\.", "火锅 🎬 \N{COMBINING ACUTE ACCENT}", "\\N", " ", "%_\r\n")


@pytest.fixture
def empty_postgres(postgres_database) -> Iterator[str]:
    """The address of a PostgreSQL database without any table."""
    with postgres_database.other() as address:
        yield address


@pytest.fixture
def full(console, make_video, account, token, queued) -> Settings:
    """A console, closed, that has something in every table that is moved."""
    for number, title in enumerate(STRANGE):
        files = (MediaFile(FileKind.SOURCE, "source.mp4", 5), MediaFile(FileKind.SPRITE, "sprite.jpg", 5))
        make_video(video_id=f"video-{number}", title=title, description=title, files=files, duration=0.1 * number)
    queued(video_id="queued")
    with console.store.engine.feed_writing():  # makes its file
        pass
    console.close()
    fill_empty_tables(console.settings.data)
    again = backend.open_console(console.settings)
    again.store.rebuild()
    assert again.store.recount() == []
    again.close()
    return console.settings


def fill_empty_tables(folder: Path) -> None:
    """Put a row into each table that no operation has filled, with values of the right types."""
    with closing(sqlite3.connect(folder / "console.sqlite3", isolation_level=None)) as db:
        add_functions(db)
        db.execute("pragma foreign_keys = on")
        db.execute("attach ? as feed_file", [str(folder / "feed.sqlite3")])
        for table in TABLES:
            if not db.execute(f"select 1 from {table} limit 1").fetchone():
                columns, values = zip(*row_of(db, table), strict=True)
                db.execute(
                    f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(values))})", values
                )


def row_of(db: sqlite3.Connection, table: str) -> Iterator[tuple[str, object]]:
    """Yield the columns of a row and their values."""
    targets = {row[3]: (row[2], row[4]) for row in db.execute(f"pragma foreign_key_list({table})")}
    for _, name, kind, must, _, key in db.execute(f"pragma table_info({table})").fetchall():
        if name in targets:
            other, column = targets[name]
            column = column or next(iter(TABLES[other]))
            yield name, db.execute(f"select {column} from {other} order by 1 limit 1").fetchone()[0]
        elif must or key:
            values = {"integer": 7, "real": 1.5, "text": TEXT, "blob": b"\0\xff"}
            yield name, "[]" if name in LISTS else values[kind.lower()]


@pytest.fixture
def elsewhere(tmp_path) -> Callable[..., Settings]:
    """Settings of the same console with its data in another place."""

    def settings_of(settings: Settings, database: str = "") -> Settings:
        return replace(settings, database=database) if database else replace(settings, data=tmp_path / "elsewhere")

    return settings_of
