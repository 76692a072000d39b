"""SQL expressions for the cells and lines of exported lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
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
from backend.model.media_urls import PATH as MEDIA_PATH
from backend.store.rows import IS_RECOMMENDED, RECOMMENDATION_TABLES, VIDEO_TABLES
from backend.store.sqlite import video_queries

NO_NUMERAL = "*[^-0-9eE+./:, ]*"  # matches text containing a character that occurs in no number, date or time
FORMULA = f"[{FORMULA_SIGNS}]*"
FIRST_YEAR, LAST_YEAR = 1970, 2100  # times outside this range are formatted by Python
EXCEL_1970 = 25_569  # 1970-01-01 in Excel's day numbers

PATH = "'" + MEDIA_PATH.format(video_id="' || v.video_id || '", media_key="' || v.media_key || '", name="' || f.name")
URL = f"iif(instr(f.name, '://'), f.name, :base_url || '/' || {PATH})"
OF_KIND = """coalesce(
    (select {what} from files f where f.video_id = v.video_id and f.kind {kinds} order by kind, position limit 1), ''
)"""
COVER = OF_KIND.format(what=URL, kinds="in ('chosenCover', 'cover')")
FIRST_FRAME = OF_KIND.format(what=URL, kinds="= 'firstFrame'")
RENDITIONS = OF_KIND.format(what="{gather}", kinds="in ('common', 'narrow')")
GIVEN = "nullif(iif(r.{0} like '/%', :base_url || r.{0}, r.{0}), '')"
DURATION = "iif({0} = cast({0} as integer), cast({0} as integer), iif(abs({0}) < 9e999, round({0}, 3), 0))"

VIDEO_VALUES = {
    "id": "cast(v.id as text)",
    "videoId": "v.video_id",
    "title": "v.title",
    "description": "v.description",
    "duration": DURATION.format("v.duration"),
    "creationTime": "v.created",
    "status": "v.status",
    "censorStatus": "v.censor_status",
    "transcodeStatus": "v.transcode_status",
    "narrowTranscodeStatus": "v.narrow_transcode_status",
    "snapshotStatus": "v.snapshot_status",
    "isRecommend": f"iif({IS_RECOMMENDED}, 'true', 'false')",
    "size": "v.size",
    "width": "v.width",
    "height": "v.height",
    "cateId": "v.cate_id",
    "cateName": "v.cate_name",
    "tags": "v.tags",
    "userId": "v.user_id",
    "userName": "u.user_name",
    "avatarUrl": "u.avatar_url",
    "shareUrl": "v.share_url",
    "coverUrl": COVER,
    "firstFrameUrl": FIRST_FRAME,
    "fileUrlList": RENDITIONS,
}
OF_ENTRY = {  # columns that a recommendation can override
    "title": "title", "description": "description", "censorStatus": "censor_status", "size": "size", "tags": "tags",
    "transcodeStatus": "transcode_status", "snapshotStatus": "snapshot_status", "cateId": "cate_id",
    "cateName": "cate_name", "userId": "user_id",
}  # fmt: skip
RECOMMENDED_VALUES = {
    **VIDEO_VALUES,
    **{name: f"coalesce(r.{column}, v.{column})" for name, column in OF_ENTRY.items()},
    "duration": DURATION.format("coalesce(r.duration, v.duration)"),
    "creationTime": "r.recommended",
    "isRecommend": "iif(r.ends is null or r.ends > present_second(), 'true', 'false')",
    "userName": "coalesce(u.user_name, '')",
    "avatarUrl": "coalesce(u.avatar_url, '')",
    "coverUrl": f"coalesce({GIVEN.format('cover_url')}, {COVER})",
    "firstFrameUrl": f"coalesce({GIVEN.format('first_frame_url')}, {FIRST_FRAME})",
    "fileUrl": OF_KIND.format(what=PATH, kinds="in ('common', 'narrow')"),
}

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


SOURCES: dict[ExportSource, RowSource] = {
    VIDEOS: RowSource(video_queries.VIDEOS, VIDEO_TABLES, "v.seq", VIDEO_VALUES),
    RECOMMENDED: RowSource(video_queries.FEED, RECOMMENDATION_TABLES, "r.seq", RECOMMENDED_VALUES),
}


def row(source: RowSource, columns: Sequence[Column], file_format: FileFormat, zone: ZoneInfo) -> str:
    """Return the SQL of one row: a line of text for CSV and JSON Lines, cell values for Excel.

    The parameter `:base_url` is the base of media URLs.
    """
    values = [_value(source.values[column.name], column.kind, file_format, zone) for column in columns]
    if file_format is FileFormat.XLSX:
        return ", ".join(values)
    if file_format is FileFormat.JSONL:
        pairs = (f"'{column.name}', {value}" for column, value in zip(columns, values, strict=True))
        return f"json_object({', '.join(pairs)}) || char(10)"
    formats = ",".join(CSV_FORMATS.get(column.kind, '"%w"') for column in columns)
    return f"printf('{formats}' || char(13, 10), {', '.join(values)})"


def _value(value: str, kind: CellKind, file_format: FileFormat, zone: ZoneInfo) -> str:
    """Return the SQL of one cell."""
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
    local = f"{second} + {_offset(second, zone)}"
    excel = file_format is FileFormat.XLSX
    near = f"({local}) / {SECONDS_A_DAY}.0 + {EXCEL_1970}" if excel else f"datetime({local}, 'unixepoch')"
    first, last = _ends()
    written = f"case when {second} between {first} and {last} then {near} else write_time({second}, '{zone.key}') end"
    return f"({written}) || '.0'" if file_format is FileFormat.JSONL else written


def _offset(second: str, zone: ZoneInfo) -> str:
    """Return the SQL of a zone's UTC offset in seconds: a binary tree, because a chain of 260 cases would be slow."""

    def choose(periods: Sequence[tuple[int, int]]) -> str:
        if len(periods) == 1:
            return str(periods[0][1])
        half = len(periods) // 2
        earlier, later = choose(periods[:half]), choose(periods[half:])
        return f"case when {second} < {periods[half][0]} then {earlier} else {later} end"

    return choose(_periods(zone))


@cache
def _periods(zone: ZoneInfo) -> list[tuple[int, int]]:
    """Return the start of each offset period of a zone and the offset, both in seconds."""

    def offset(second: int) -> int:
        found = datetime.fromtimestamp(second, zone).utcoffset()
        return int(found.total_seconds()) if found else 0

    week = 7 * SECONDS_A_DAY
    first, last = _ends()
    periods = [(first, offset(first))]
    for second in range(first + week, last + week, week):
        if offset(second) != periods[-1][1]:
            low, high = second - week, second
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == periods[-1][1] else (low, middle)
            periods.append((high, offset(high)))
    return periods


def _ends() -> tuple[int, int]:
    """Return the first and last second of the range with precomputed offsets."""
    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR, LAST_YEAR))
    return first, last
