"""SQL expressions for the cells and lines of exported lists: the same bytes as SQLite's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from backend.exports.columns import FORMULA_SIGNS, RECOMMENDED, VIDEOS, CellKind, Column, ExportSource, FileFormat
from backend.model import SECONDS_A_DAY
from backend.store.export_values import EXCEL_1970, RECOMMENDED_VALUES, URL, VIDEO_VALUES, local_time
from backend.store.postgres import video_queries
from backend.store.postgres.search_words import numbers
from backend.store.rows import RECOMMENDATION_TABLES, VIDEO_TABLES

RENDITIONS = "(select {gather} from files f where f.video_id = v.video_id and f.kind in ('common', 'narrow'))"
SPACED = f"coalesce(string_agg({URL}, ' ' order by f.kind, f.position), '')"
LISTED = f"'[' || coalesce(string_agg(to_json({URL})::text, ',' order by f.kind, f.position), '') || ']'"
# A whole number without a point, another one with at most three places and at least one.
NUMBER = """case
    when abs({0}) = 'Infinity' then '0'
    when abs({0}) >= 1e15 then {0}::numeric::text
    when {0} = trunc({0}) then {0}::bigint::text
    when round({0}::numeric, 3) = trunc(round({0}::numeric, 3)) then round({0}::numeric, 3)::bigint::text || '.0'
    else trim_scale(round({0}::numeric, 3))::text
end"""
SIGNS = ", ".join(f"'{sign}'" for sign in FORMULA_SIGNS)
# What the cells are for is explained beside those of SQLite.
TEXT_CELL = f"""case
    when {{0}} between 'A' and '＀' then {{0}}
    when left(ltrim({{0}}, ''''), 1) in ({SIGNS}) then '''' || {{0}}
    else {{0}}
end"""
ID_CELL = """case
    when {0} between 'A' and '＀' then {0}
    when {0} !~ '^[0-9]' then {guarded}
    when {0} ~ '^(0|[1-9][0-9]{{0,10}})$' then {0}
    when {0} ~ '[^-0-9eE+./:, ]' then {0}
    else {0} || chr(9)
end"""
BARE = (CellKind.WORD, CellKind.WHOLE, CellKind.NUMBER, CellKind.TIME)  # not quoted in CSV
# Quote and delimiter are characters that JSON escapes: nothing is quoted, and the end of a line is that of a row.
AS_LINES = r"(format csv, delimiter E'\x02', quote E'\x01', null E'\x03')"


@dataclass(frozen=True, slots=True)
class RowSource:
    """The source of a list: its query, tables, key and column expressions."""

    found: video_queries.Listing
    tables: str
    key: str
    values: dict[str, str]

    def tables_at(self, keys: Sequence[int]) -> str:
        """Return the tables joined to the rows with these keys, and their order."""
        first, rest = self.tables.split(" join ", 1)
        given = f"unnest({numbers(keys)}) with ordinality as k (value, place)"
        return f"{given} join {first} on {self.key} = k.value join {rest} order by k.place"


SOURCES: dict[ExportSource, RowSource] = {
    VIDEOS: RowSource(video_queries.VIDEOS, VIDEO_TABLES, "v.seq", VIDEO_VALUES),
    RECOMMENDED: RowSource(video_queries.FEED, RECOMMENDATION_TABLES, "r.seq", RECOMMENDED_VALUES),
}


def lines(source: RowSource, columns: Sequence[Column], file_format: FileFormat, zone: ZoneInfo) -> tuple[str, str]:
    """Return the columns to copy as lines of CSV or JSON Lines, and the options of the copy."""
    if file_format is FileFormat.JSONL:
        pairs = (f"'\"{column.name}\":' || {_json_or_null(source, column, zone)}" for column in columns)
        return "'{' || " + " || ',' || ".join(pairs) + " || '}'", AS_LINES
    cells = ", ".join(f"{_csv(source, column, zone)} as c{number}" for number, column in enumerate(columns))
    quoted = ", ".join(f"c{number}" for number, column in enumerate(columns) if column.kind not in BARE)
    return cells, f"(format csv{f', force_quote ({quoted})' if quoted else ''})"


def cells(source: RowSource, columns: Sequence[Column], zone: ZoneInfo) -> str:
    """Return the columns to select for Excel. What `readers` names is a text to be read."""
    return ", ".join(_excel(source, column, zone) for column in columns)


def readers(columns: Sequence[Column]) -> dict[int, Callable[[str], Any]]:
    """Return how the texts of numbers and times are read, by position."""
    kinds = {CellKind.NUMBER: _read_number, CellKind.TIME: _read_time}
    return {number: kinds[column.kind] for number, column in enumerate(columns) if column.kind in kinds}


def _read_number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _read_time(text: str | None) -> float | str | None:
    if text is None:
        return None
    return text if text[4:5] == "-" else float(text)


def _value(source: RowSource, column: Column) -> str:
    value = source.values.get(column.name, "")
    return f'({value} collate "C")' if column.kind is CellKind.ID else value


def _csv(source: RowSource, column: Column, zone: ZoneInfo) -> str:
    value, kind = _value(source, column), column.kind
    if kind is CellKind.LINKS:
        return RENDITIONS.format(gather=SPACED)
    if kind is CellKind.TEXT:
        return TEXT_CELL.format(value)
    if kind is CellKind.ID:
        return ID_CELL.format(value, guarded=TEXT_CELL.format(value))
    if kind is CellKind.NUMBER:
        return NUMBER.format(f"({value})")
    if kind is CellKind.TIME:
        return _time(value, zone)
    return f"nullif({value}, '')" if kind is CellKind.WORD else value  # an empty text would be quoted


def _json_or_null(source: RowSource, column: Column, zone: ZoneInfo) -> str:
    found = _json(source, column, zone)
    return f"coalesce({found}, 'null')" if column.optional else found


def _json(source: RowSource, column: Column, zone: ZoneInfo) -> str:
    value, kind = _value(source, column), column.kind
    if kind is CellKind.LINKS:
        return RENDITIONS.format(gather=LISTED)
    if kind is CellKind.NUMBER:
        return NUMBER.format(f"({value})")
    if kind is CellKind.WHOLE:
        return f"({value})::text"
    if kind is CellKind.TIME:
        return f"to_json({_time(value, zone)} || '.0')::text"
    return f"to_json({value})::text"


def _excel(source: RowSource, column: Column, zone: ZoneInfo) -> str:
    value, kind = _value(source, column), column.kind
    if kind is CellKind.LINKS:
        return RENDITIONS.format(gather=SPACED)
    if kind is CellKind.NUMBER:
        return NUMBER.format(f"({value})")
    if kind is CellKind.TIME:
        local, is_known = local_time(value, zone)
        near = f"(({local})::double precision / {SECONDS_A_DAY} + {EXCEL_1970})::text"
        return f"case when {is_known} then {near} when {value} is not null then write_time({value}, '{zone.key}') end"
    return value


def _time(second: str, zone: ZoneInfo) -> str:
    local, is_known = local_time(second, zone)
    near = f"to_char(to_timestamp({local}) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    return f"case when {is_known} then {near} when {second} is not null then write_time({second}, '{zone.key}') end"
