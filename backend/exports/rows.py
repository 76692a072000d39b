"""Export of a small table whose rows are in memory, in the formats of the lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.exports.columns import CellKind, Column, FileFormat, guard_id, guard_text
from backend.exports.download import Batches

GUARDS = {CellKind.ID: guard_id, CellKind.TEXT: guard_text}


def row_batches(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], file_format: FileFormat) -> Batches:
    """Yield rows as one batch, as `make_download` takes it; a value of None is an empty cell."""
    if file_format is FileFormat.JSONL:
        yield len(rows), b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        return
    cells = [[_cell(row[column.name]) for column in columns] for row in rows]
    if file_format is FileFormat.XLSX:
        yield len(rows), cells
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    kinds = [GUARDS.get(column.kind, str) for column in columns]
    writer.writerows([guard(str(cell)) for guard, cell in zip(kinds, line, strict=True)] for line in cells)
    yield len(rows), buffer.getvalue().encode()


def _cell(value: Any) -> str | int | float:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value
