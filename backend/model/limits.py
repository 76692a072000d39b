"""Limits of values that every list, spreadsheet and browser can show, and formatting of times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MAX_SECONDS, MAX_BYTES = 10_000_000, 10_000_000_000_000  # 115 days and 10 TB: sums of a million still fit into 63 bits
MAX_CATE_ID = 2**53 - 1  # the largest integer that JSON parsers preserve; VOD's ids exceed 10^9
NO_TEXT = re.compile("[\0\ud800-\udfff]")
# The range every time zone, spreadsheet and browser supports; other systems use times outside it to mean "never".
FIRST_DAY, LAST_DAY = "1900-01-02", "2199-12-30"
FIRST_SECOND, LAST_SECOND = (int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) for day in
                             (FIRST_DAY, LAST_DAY))  # fmt: skip
THE_BEGINNING, THE_END = "0001-01-01 00:00:00", "9999-12-31 23:59:59"


def write_time(second: int, zone: ZoneInfo) -> str:
    """Format a time as `2019-01-09 22:11:29`, clamped to the calendar's range."""
    try:
        when = datetime.fromtimestamp(second, zone)
    except (ValueError, OverflowError, OSError):
        return THE_END if second > 0 else THE_BEGINNING
    return when.isoformat(" ", "seconds")[:19]
