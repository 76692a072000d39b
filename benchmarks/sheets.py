"""How long a sheet of 5,000 rows takes to compare, to apply and to undo, in CPU seconds and on the clock.

    python benchmarks/sheets.py [--videos 100000] [--rows 5000]

The sheet is an export of the first rows, as CSV and as an Excel workbook, with every title changed.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import xlsxwriter
from catalogue import ACTOR, make

from backend import Console, open_console, read_settings
from backend.lifecycle import sheets
from backend.model import VideoFilter
from backend.model.sheets import RowKind

T = TypeVar("T")
NAMES = ("videoId", "edition", "title", "description", "tags", "cateName")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=5_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        console = open_console(replace(read_settings(), data=Path(folder)))
        make(console.store, given.videos, 1, 0)
        try:
            for write in (as_csv, as_workbook):
                measure(console, write(Path(folder), table(console, given.rows)), given.rows)
        finally:
            console.close()


def table(console: Console, count: int) -> list[list[str]]:
    found = console.store.catalogue.find_videos(VideoFilter(), 1, count).items
    texts = console.store.sheets.find_texts(video.video_id for video in found)
    return [
        [id_, one.edition, f"{one.title} 1", one.description, one.tags, one.cate_name] for id_, one in texts.items()
    ]


def as_csv(folder: Path, rows: list[list[str]]) -> Path:
    path, text = folder / "sheet.csv", io.StringIO(newline="")
    csv.writer(text).writerows([NAMES, *rows])
    path.write_bytes(text.getvalue().encode("gb18030"))
    return path


def as_workbook(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "sheet.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([NAMES, *rows]):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)
    return path


def measure(console: Console, path: Path, rows: int) -> None:
    sheet = timed(f"{path.suffix} compared", lambda: sheets.check(console, path, path.name, ACTOR))
    counts = console.store.sheets.get(sheet.sheet_id, ACTOR.name)[1]
    assert counts == {RowKind.CHANGED: rows}, counts
    assert timed(f"{path.suffix} applied", lambda: sheets.apply(console, sheet.sheet_id, None, ACTOR)) == (rows, [])
    assert timed(f"{path.suffix} undone", lambda: sheets.undo(console, sheet.sheet_id, ACTOR)) == (rows, [])


def timed(what: str, work: Callable[[], T]) -> T:
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    print(f"{what:<16}{time.process_time() - cpu:>8.2f} s CPU {time.perf_counter() - wall:>8.2f} s")
    return found


if __name__ == "__main__":
    main()
