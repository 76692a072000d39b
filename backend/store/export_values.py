"""The SQL of exported values, before a database formats them as cells and lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from backend.model import SECONDS_A_DAY
from backend.model.media_urls import PATH as MEDIA_PATH
from backend.store.rows import IS_RECOMMENDED

FIRST_YEAR, LAST_YEAR = 1970, 2100  # the offsets of times within are computed in advance
EXCEL_1970 = 25_569  # 1970-01-01 in Excel's day numbers

PATH = "'" + MEDIA_PATH.format(video_id="' || v.video_id || '", media_key="' || v.media_key || '", name="' || f.name")
URL = f"case when instr(f.name, '://') > 0 then f.name else :base_url || '/' || {PATH} end"
OF_KIND = """coalesce(
    (select {what} from files f where f.video_id = v.video_id and f.kind {kinds} order by kind, position limit 1), ''
)"""
COVER = OF_KIND.format(what=URL, kinds="in ('chosenCover', 'cover')")
FIRST_FRAME = OF_KIND.format(what=URL, kinds="= 'firstFrame'")
GIVEN = "nullif(case when substr(r.{0}, 1, 1) = '/' then :base_url || r.{0} else r.{0} end, '')"
YES_OR_NO = "case when {0} then 'true' else 'false' end"

# The URLs of renditions, `fileUrlList`, are gathered by each database in its way.
VIDEO_VALUES = {
    "id": "cast(v.id as text)",
    "videoId": "v.video_id",
    "title": "v.title",
    "description": "v.description",
    "duration": "v.duration",
    "creationTime": "v.created",
    "status": "v.status",
    "censorStatus": "v.censor_status",
    "transcodeStatus": "v.transcode_status",
    "narrowTranscodeStatus": "v.narrow_transcode_status",
    "snapshotStatus": "v.snapshot_status",
    "isRecommend": YES_OR_NO.format(IS_RECOMMENDED),
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
    "edition": "v.edition",
    "coverUrl": COVER,
    "firstFrameUrl": FIRST_FRAME,
}
OF_ENTRY = {  # columns that a recommendation can override
    "title": "title", "description": "description", "censorStatus": "censor_status", "size": "size", "tags": "tags",
    "transcodeStatus": "transcode_status", "snapshotStatus": "snapshot_status", "cateId": "cate_id",
    "cateName": "cate_name", "userId": "user_id", "duration": "duration",
}  # fmt: skip
RECOMMENDED_VALUES = {
    **VIDEO_VALUES,
    **{name: f"coalesce(r.{column}, v.{column})" for name, column in OF_ENTRY.items()},
    "creationTime": "r.recommended",
    "startTime": "r.recommended",
    "endTime": "r.ends",
    "pin": "r.pin",
    "rank": "r.rank",
    # as `EntryValues.edition` is
    "edition": "('s' || r.recommended || '-' || {} || '-' || {} || '-' || {})".format(
        *(f"coalesce(r.{name}, 0)" for name in ("ends", "pin", "rank"))
    ),
    "isRecommend": YES_OR_NO.format("r.ends is null or r.ends > present_second()"),
    "userName": "coalesce(u.user_name, '')",
    "avatarUrl": "coalesce(u.avatar_url, '')",
    "coverUrl": f"coalesce({GIVEN.format('cover_url')}, {COVER})",
    "firstFrameUrl": f"coalesce({GIVEN.format('first_frame_url')}, {FIRST_FRAME})",
    "fileUrl": OF_KIND.format(what=PATH, kinds="in ('common', 'narrow')"),
}


def local_time(second: str, zone: ZoneInfo) -> tuple[str, str]:
    """Return the SQL of a second in local time, and of whether its offset is known."""
    first, last = _ends()
    return f"{second} + {_offset(second, zone)}", f"{second} between {first} and {last}"


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
