"""Parsing of typed times at which something begins or ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from backend.api.parameters import AFTERNOON, TIME, Clearable, in_24_hours, offset_of, outside
from backend.errors import BadRequest
from backend.model.limits import FIRST_DAY, LAST_DAY
from backend.model.wall_times import TypedTime, instant_of


@dataclass(frozen=True, slots=True)
class WallClock:
    """A time to the second, in the console's zone unless it has an offset, as a TypedTime.

    A time that clocks skip or show twice is refused, and one that not every time zone and spreadsheet can show.
    """

    def read(self, name: str, raw: str, zone: ZoneInfo) -> TypedTime:
        text = raw.strip()
        try:
            wall, offset = _wall(text)
            at = int(datetime.combine(wall.date(), wall.time(), offset_of(offset)).timestamp()) if offset else None
        except (ValueError, OverflowError):
            raise BadRequest("{name} must be a time like 2019-01-09 22:11, got {raw!r}.", name=name,
                             raw=raw[:40]) from None  # fmt: skip
        if not FIRST_DAY <= wall.date().isoformat() <= LAST_DAY:
            raise outside(name, FIRST_DAY, LAST_DAY, raw)
        return TypedTime(instant_of(wall, zone, name) if at is None else at, text, zone.key)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "examples": ["2019-01-09 22:11", "2019-01-09 22:11:29+08:00"]}


@dataclass(frozen=True, slots=True)
class ClearableTime(Clearable):
    """A time as in WallClock, or empty: no time."""

    def read(self, name: str, raw: str, zone: ZoneInfo) -> TypedTime | str:  # type: ignore[override]
        return WallClock().read(name, raw, zone) if raw.strip() else ""

    def schema(self) -> dict[str, Any]:
        return WallClock().schema()


def _wall(text: str) -> tuple[datetime, str]:
    """Return the wall time and the offset, empty if there is none. Raises ValueError."""
    match = TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, _, *days, before, hour, minute, second, _, behind, offset = match.groups()
    if hour is None:
        raise ValueError(text)
    number = int(hour)
    if half := before or behind:
        number = in_24_hours(number, half.upper() in AFTERNOON)
    day = date(int(year), *(int(part) for part in days if part))
    return datetime.combine(day, time(number, int(minute), int(second or 0))), offset or ""


Time = Annotated[TypedTime | None, WallClock()]
EndTime = Annotated[TypedTime | str | None, ClearableTime()]
