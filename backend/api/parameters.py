"""Parsing of request parameters: one `Kind` per type used in the signatures of operations."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, Union, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from backend.errors import BadRequest
from backend.model.limits import FIRST_DAY, FIRST_SECOND, LAST_DAY, LAST_SECOND, MAX_BYTES, MAX_SECONDS, NO_TEXT
from backend.model.texts import one_line

MAX_TEXT = 65_536
MAX_DIGITS = 40  # of a number repeated in an error message
WHOLE = re.compile(r"[+-]?[0-9]{1,5000}")
# Formats used by people and spreadsheets: year first, any separator, 24-hour or 12-hour clock.
TIME = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
    r"(?:(?:[ T]+|(?<=日))(?:(AM|PM|上午|下午)\s*)?"
    r"([0-9]{1,2})[:时]([0-9]{1,2})(?:分?|[:分]([0-9]{1,2})(?:[.,]([0-9]{1,9}))?秒?)"
    r"(?:\s*(AM|PM))?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.IGNORECASE,
)
AFTERNOON = ("PM", "下午")
AROUND_IDS = " \t\r\n\v\f\u00a0\u3000\u200b\ufeff"


class Kind(Protocol):
    """Parses one type of parameter and describes it as JSON Schema."""

    def read(self, name: str, raw: str, zone: ZoneInfo) -> Any:
        """Parse non-empty text. Raises BadRequest, naming the parameter."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value sent by clients."""


@dataclass(frozen=True, slots=True)
class Text:
    """Any valid text."""

    most: int = MAX_TEXT

    def read(self, name: str, raw: str, zone: ZoneInfo) -> str:
        if len(raw) > self.most:
            raise BadRequest(
                "{name} has {length} characters; at most {most} are allowed.",
                name=name,
                length=len(raw),
                most=self.most,
            )
        if NO_TEXT.search(raw):
            raise BadRequest("{name} contains characters that are not valid text.", name=name)
        return raw

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.most}


@dataclass(frozen=True, slots=True)
class Clearable(Text):
    """A text that can be cleared: an empty value is kept, while other kinds treat it as absent."""


@dataclass(frozen=True, slots=True)
class Line(Text):
    """A single-line text, such as a title or name; whitespace alone counts as empty."""

    def read(self, name: str, raw: str, zone: ZoneInfo) -> str:
        return one_line(Text.read(self, name, raw, zone))


@dataclass(frozen=True, slots=True)
class ClearableLine(Line, Clearable):
    """A single-line text that can be cleared."""


@dataclass(frozen=True, slots=True)
class Id(Text):
    """The id of a video, user, job or session; surrounding whitespace, as copied from tables, is removed."""

    most: int = MAX_TEXT

    def read(self, name: str, raw: str, zone: ZoneInfo) -> str:
        if not (bare := raw.strip(AROUND_IDS)):
            raise BadRequest("{name} is required.", name=name)
        return Text.read(self, name, bare, zone)


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer from `low` to `high`."""

    low: int = -(10**15)
    high: int = 10**15

    def read(self, name: str, raw: str, zone: ZoneInfo) -> int:
        if not WHOLE.fullmatch(raw.strip()):
            raise BadRequest("{name} must be a whole number, got {raw!r}.", name=name, raw=raw[:40])
        if len(raw.strip()) <= MAX_DIGITS and self.low <= (value := int(raw)) <= self.high:
            return value
        raise outside(name, self.low, self.high, raw)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Number:
    """A number from 0 to `high`, by default a duration or position in a video, in seconds; with at most `decimals`."""

    high: float = MAX_SECONDS
    decimals: int | None = None

    def read(self, name: str, raw: str, zone: ZoneInfo) -> float:
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not (0 <= value < math.inf) or "_" in raw or not raw.isascii():
            raise BadRequest("{name} must be a number of at least 0, got {raw!r}.", name=name, raw=raw[:40])
        if value > self.high:
            raise outside(name, 0, self.high, raw)
        if self.decimals is not None and round(value, self.decimals) != value:
            raise BadRequest(
                "{name} can have at most {decimals} decimals, got {raw!r}.",
                name=name,
                decimals=self.decimals,
                raw=raw[:40],
            )
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": 0, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Flag:
    """Boolean: `true` or `false`."""

    def read(self, name: str, raw: str, zone: ZoneInfo) -> bool:
        if raw.strip().lower() not in ("true", "false"):
            raise BadRequest("{name} must be true or false, got {raw!r}.", name=name, raw=raw[:40])
        return raw.strip().lower() == "true"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": ["true", "false"]}


@dataclass(frozen=True, slots=True)
class Choice:
    """A member of an enumeration."""

    words: type[StrEnum]

    def read(self, name: str, raw: str, zone: ZoneInfo) -> StrEnum:
        try:
            return self.words(raw)
        except ValueError:
            words = ", ".join(word.value for word in self.words if word.value)
            raise BadRequest(
                "{name} must be one of {words}; got {raw!r}.", name=name, words=words, raw=raw[:40]
            ) from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [word.value for word in self.words]}


@dataclass(frozen=True, slots=True)
class Words:
    """A comma-separated selection from a fixed list of words."""

    words: tuple[str, ...]

    def read(self, name: str, raw: str, zone: ZoneInfo) -> tuple[str, ...]:
        given = dict.fromkeys(part.strip() for part in raw.split(",") if part.strip())
        if wrong := [word for word in given if word not in self.words]:
            raise BadRequest(
                "{name} contains {wrong}, which does not exist. Available: {words}.",
                name=name, wrong=", ".join(repr(word[:40]) for word in wrong[:5]), words=", ".join(self.words),
            )  # fmt: skip
        return tuple(given)

    def schema(self) -> dict[str, Any]:
        word = "|".join(self.words)
        return {"type": "string", "pattern": f"^({word})(,({word}))*$", "examples": [",".join(self.words[:3])]}


@dataclass(frozen=True, slots=True)
class Url:
    """An http or https URL, or an absolute path on this console."""

    def read(self, name: str, raw: str, zone: ZoneInfo) -> str:
        text = Text(2048).read(name, raw, zone)
        try:
            parts = urlsplit(text)
            good = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        ours = text.startswith("/") and not text.startswith(("//", "/\\"))
        if not (good or ours) or any(ord(char) <= 32 or ord(char) == 127 for char in text):
            raise BadRequest("{name} must be an http or https address, got {raw!r}.", name=name, raw=raw[:80])
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uri-reference", "maxLength": 2048}


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, as integer seconds since 1970.

    For the `end` of a range, a date without time means its last second. Filters accept any time; a `kept` value must be
    supported by every time zone and spreadsheet.
    """

    end: bool = False
    kept: bool = False

    def read(self, name: str, raw: str, zone: ZoneInfo) -> int:
        try:
            second = self._second(raw.strip(), zone)
        except (ValueError, OverflowError):
            raise BadRequest(
                "{name} must be a time like 2019-01-09 22:11:29 or a date like 2019-01-09, got {raw!r}.",
                name=name,
                raw=raw[:40],
            ) from None
        if self.kept and not FIRST_SECOND <= second <= LAST_SECOND:
            raise outside(name, FIRST_DAY, LAST_DAY, raw)
        return second

    def _second(self, text: str, zone: ZoneInfo) -> int:
        match = TIME.fullmatch(text)
        if match is None:
            raise ValueError(text)
        year, _, *days, before, hour, minute, second, fraction, behind, offset = match.groups()
        when = date(int(year), *(int(part) for part in days if part))
        if half := before or behind:
            hour = in_24_hours(int(hour), half.upper() in AFTERNOON)
        if hour is None:
            # a repeated hour (end of daylight saving) is fully included; fold=1 is its second occurrence
            clock = time(23, 59, 59, fold=1) if self.end else time()
            return math.floor(datetime.combine(when, clock, zone).timestamp())
        clock = time(int(hour), int(minute), int(second or 0), fold=int(self.end))
        tz = offset_of(offset) if offset else zone
        exact = datetime.combine(when, clock, tz).timestamp()
        part = bool(int(fraction or 0))
        return math.floor(exact) + (1 if part and not self.end else 0)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "examples": ["2019-01-09 22:11:29", "2019-01-09"]}


def in_24_hours(hour: int, afternoon: bool) -> int:
    """Return the hour of a 12-hour clock. Raises ValueError."""
    if not 0 <= hour <= 12:  # Chinese Excel writes the hour after midnight as 0 or 12
        raise ValueError(hour)
    return hour % 12 + 12 * afternoon


def outside(name: str, low: Any, high: Any, raw: str) -> BadRequest:
    """Return the error for a value outside its range."""
    value = raw.strip()[:MAX_DIGITS]
    return BadRequest("{name} must be from {low} to {high}, got {value}.", name=name, low=low, high=high, value=value)


def offset_of(text: str) -> Any:
    """Return the time zone of an offset like +08:00."""
    return datetime.strptime(text.upper().replace("Z", "+0000").replace(":", ""), "%z").tzinfo


@dataclass(frozen=True, slots=True)
class JsonList:
    """A list in a JSON body, or its JSON as text; `item` describes what is in it and is not checked here."""

    item: type
    most: int

    def read(self, name: str, raw: str, zone: ZoneInfo) -> list[Any]:
        try:
            return self.check(name, msgspec.json.decode(raw))
        except (msgspec.DecodeError, RecursionError):
            raise BadRequest("{name} must be a list.", name=name) from None

    def check(self, name: str, value: Any) -> list[Any]:
        """Return the value. Raises BadRequest if it is no list, or too long."""
        if not isinstance(value, list):
            raise BadRequest("{name} must be a list.", name=name)
        if len(value) > self.most:
            raise BadRequest("{name} has {count} items; at most {most} are allowed.", name=name, count=len(value),
                             most=self.most)  # fmt: skip
        return value

    def schema(self) -> dict[str, Any]:
        items = {"$ref": f"#/components/schemas/{self.item.__name__}"}  # as the API's description names it
        return {"type": "array", "items": items, "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file on disk; the operation that receives it owns it."""

    path: Path
    file_name: str
    size: int
    sha256: str = ""  # if it was hashed on its way in


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The kind of file parameters, which are never sent as text."""

    def read(self, name: str, raw: str, zone: ZoneInfo) -> Any:
        raise BadRequest("{name} must be a file, sent as multipart/form-data.", name=name)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "binary"}


SeenLine = Annotated[int | None, Whole(0)]  # newest history line the client has seen; None skips the check
PageIndex = Annotated[int, Whole(1, 2**31 - 1)]
PageSize = Annotated[int, Whole(1, 100)]
Size = Annotated[int, Whole(0, MAX_BYTES)]
Link = Annotated[str, Url()]
Start = Annotated[int | None, Moment()]
End = Annotated[int | None, Moment(end=True)]
File = Annotated[Upload, UploadedFile()]

PLAIN: dict[Any, Kind] = {str: Text(), int: Whole(), float: Number(), bool: Flag()}


def kind_of(annotation: Any) -> Kind:
    """Return the kind for a parameter type. Raises TypeError if there is none."""
    if get_origin(annotation) is Annotated:
        return get_args(annotation)[1]  # type: ignore[no-any-return]
    if get_origin(annotation) in (Union, UnionType):
        return kind_of(next(part for part in get_args(annotation) if part is not NoneType))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return Choice(annotation)
    if annotation in PLAIN:
        return PLAIN[annotation]
    raise TypeError(f"no parameter can be a {annotation}")
