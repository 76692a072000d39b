"""SQL expressions for the cells and lines of exported lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from backend.exports.columns import (
    FORMULA_SIGNS,
    MAX_SHOWN,
    RECOMMENDED,
    VIDEOS,
    CellKind,
    Column,
    ExportSource,
    FileFormat,
)
from backend.model import SECONDS_A_DAY
from backend.store.export_values import EXCEL_1970, OF_KIND, RECOMMENDED_VALUES, URL, VIDEO_VALUES, local_time
from backend.store.rows import RECOMMENDATION_TABLES, VIDEO_TABLES
from backend.store.sqlite import video_queries

NO_NUMERAL = "*[^-0-9eE+./:, ]*"  # matches text containing a character that occurs in no number, date or time
FORMULA = f"[{FORMULA_SIGNS}]*"
RENDITIONS = OF_KIND.format(what="{gather}", kinds="in ('common', 'narrow')")
DURATION = "iif({0} = cast({0} as integer), cast({0} as integer), iif(abs({0}) < 9e999, round({0}, 3), 0))"

# An id that Excel would read as a number or a date gets a trailing tab, as in Alipay's files: Excel then shows it as
# text and hides the tab. Most programs trim whitespace; for the others there is JSON Lines.
MARKED = "{0} || char(9)"
ID_CELL = f"""case
    when {{0}} between 'A' and '＀' then {{0}}
    when {{0}} not glob '[0-9]*' then {{guarded}}
    when cast(cast({{0}} as integer) as text) = {{0}} then iif(cast({{0}} as integer) < {MAX_SHOWN}, {{0}}, {MARKED})
    when {{0}} glob '{NO_NUMERAL}' then {{0}}
    else {MARKED}
end"""
# Text that already looks escaped is escaped too, so that unescaping is unambiguous. The first test is a fast path for
# most texts.
TEXT_CELL = f"""case
    when {{0}} between 'A' and '＀' then {{0}}
    when ltrim({{0}}, '''') glob '{FORMULA}' then '''' || {{0}}
    else {{0}}
end"""
CSV_FORMATS = {CellKind.WORD: "%s", CellKind.WHOLE: "%d", CellKind.NUMBER: "%s", CellKind.TIME: "%s"}


@dataclass(frozen=True, slots=True)
class RowSource:
    """The source of a list: its query, tables, key and column expressions."""

    found: video_queries.Listing
    tables: str
    key: str
    values: dict[str, str]

    @property
    def tables_at_keys(self) -> str:
        """Tables joined to the rows with the keys in the JSON array `:keys`, in that order; a cross join fixes the join
        order.
        """
        first, rest = self.tables.split(" join ", 1)
        alias = self.key.partition(".")[0]
        return f"json_each(:keys) k cross join {first} on {alias}.rowid = k.value join {rest}"


def _formatted(values: dict[str, str]) -> dict[str, str]:
    return {**values, "duration": DURATION.format(values["duration"]), "fileUrlList": RENDITIONS}


SOURCES: dict[ExportSource, RowSource] = {
    VIDEOS: RowSource(video_queries.VIDEOS, VIDEO_TABLES, "v.seq", _formatted(VIDEO_VALUES)),
    RECOMMENDED: RowSource(video_queries.FEED, RECOMMENDATION_TABLES, "r.seq", _formatted(RECOMMENDED_VALUES)),
}


def row(source: RowSource, columns: Sequence[Column], file_format: FileFormat, zone: ZoneInfo) -> str:
    """Return the SQL of one row: a line of text for CSV and JSON Lines, cell values for Excel.

    The parameter `:base_url` is the base of media URLs.
    """
    values = [_value(source.values[column.name], column, file_format, zone) for column in columns]
    if file_format is FileFormat.XLSX:
        return ", ".join(values)
    if file_format is FileFormat.JSONL:
        pairs = (f"'{column.name}', {value}" for column, value in zip(columns, values, strict=True))
        return f"json_object({', '.join(pairs)}) || char(10)"
    formats = ",".join("%s" if column.optional else CSV_FORMATS.get(column.kind, '"%w"') for column in columns)
    return f"printf('{formats}' || char(13, 10), {', '.join(values)})"


def _value(value: str, column: Column, file_format: FileFormat, zone: ZoneInfo) -> str:
    """Return the SQL of one cell."""
    kind = column.kind
    if kind is CellKind.LINKS and file_format is FileFormat.JSONL:
        return f"json({value.format(gather=f'json_group_array({URL})')})"
    if kind is CellKind.LINKS:
        return value.format(gather=f"group_concat({URL}, ' ')")
    if kind is CellKind.TIME:
        return _time(value, file_format, zone)
    if kind is CellKind.TEXT and file_format is FileFormat.CSV:
        return TEXT_CELL.format(value)
    if kind is CellKind.ID and file_format is FileFormat.CSV:
        return ID_CELL.format(value, guarded=TEXT_CELL.format(value))
    return value


def _time(second: str, file_format: FileFormat, zone: ZoneInfo) -> str:
    """Return the SQL of a local time; for Excel a number, or text if out of range."""
    local, is_known = local_time(second, zone)
    excel = file_format is FileFormat.XLSX
    near = f"({local}) / {SECONDS_A_DAY}.0 + {EXCEL_1970}" if excel else f"datetime({local}, 'unixepoch')"
    written = f"case when {is_known} then {near} when {second} is not null then write_time({second}, '{zone.key}') end"
    return f"({written}) || '.0'" if file_format is FileFormat.JSONL else written
