"""Prints the rows of an Excel workbook as JSON lines; run by `backend.lifecycle.workbook_reader` in its own process.

calamine reserves memory for the whole area between the first and the last cell: a file of 5 KB with a cell in each
corner asks for 512 GB, which aborts the process. So this one has limits of its own. It must not import `backend`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

MAX_MEMORY, MAX_CPU_SECONDS = 1 << 30, 60
MAX_UNPACKED = 200_000_000  # bytes
UNREADABLE, TOO_LARGE, ARCHIVE, DOCUMENT = 65, 66, 67, 68  # exit codes
WORKBOOKS = ("xl/", "content.xml")  # what a workbook of Excel, or of OpenDocument, has in it
DOCUMENTS = ("word/", "ppt/")
EXACT = 10**15  # Excel keeps 15 digits


def limit() -> None:
    """Limit memory and CPU time of this process, where the system can."""
    for kind, most in (
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_CPU, MAX_CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def check_size(path: str) -> None:
    """Exit if it is another archive, or unpacks to too much; a file that lies about that meets the limits above."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
            if not any(name.startswith(WORKBOOKS) for name in names):
                sys.exit(DOCUMENT if any(name.startswith(DOCUMENTS) for name in names) else ARCHIVE)
            unpacked = sum(
                one.file_size for one in packed.infolist() if one.filename.endswith((".xml", ".rels", ".bin"))
            )
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        sys.exit(UNREADABLE)
    if unpacked > MAX_UNPACKED:
        sys.exit(TOO_LARGE)


def as_text(cell: Any) -> str:
    """Return a cell as Excel shows it, with all digits that it has."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            return f"{cell:.5E}"  # digits are lost: told from a number by its form, as in CSV saved by Excel
        return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, date | timedelta):
        return str(cell)
    return str(cell)


def main(path: str) -> None:
    limit()
    check_size(path)
    from python_calamine import CalamineError, SheetVisibleEnum, load_workbook

    write = sys.stdout.write
    try:
        book = load_workbook(path)
        for about in book.sheets_metadata:
            if about.visible is not SheetVisibleEnum.Visible:
                continue
            write(json.dumps(about.name) + "\n")
            for row in book.get_sheet_by_name(about.name).iter_rows():
                write(json.dumps([as_text(cell) for cell in row]) + "\n")
    except (CalamineError, OSError, ValueError, OverflowError):
        sys.exit(UNREADABLE)
    except BrokenPipeError:  # the reader has seen enough
        os._exit(0)
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
