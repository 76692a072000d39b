"""Hash chain of the history.

The hash of a line is the SHA-256 of the previous line's hash (32 bytes; zeros before the first line) followed by the
line itself: a JSON array of the columns in CONTENT, in that order, without spaces, in UTF-8 (RFC 8785; `before` and
`after` are the texts as stored). It can be verified with

    sha256(previous + json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode())

The newest line's number and hash are also stored in the table `history_head`, so that lines missing at the end are
detected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec

CONTENT = (
    "id", "at", "actor", "way", "address", "token", "request_id", "action", "target", "before", "after",
)  # fmt: skip
START = bytes(32)
MAX_NAMED = 10

Row: TypeAlias = Sequence[Any]
_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Head:
    """Number (from 1) and hash of the newest line. Stored elsewhere, it later proves that the line is unchanged."""

    line: int = 0
    hash: bytes = START

    def __str__(self) -> str:
        return f"{self.line}:{self.hash.hex()}"

    @classmethod
    def read(cls, text: str) -> Head:
        """Parse the output of `str`. Raises ValueError."""
        line, _, digest = text.strip().partition(":")
        head = cls(int(line), bytes.fromhex(digest))
        if head.line < 1 or len(head.hash) != len(START):
            raise ValueError(text)
        return head


@dataclass(slots=True)
class VerificationResult:
    """Result of a verification: number of lines, actual head, and the first errors."""

    lines: int = 0
    head: Head = field(default_factory=Head)
    errors: list[str] = field(default_factory=list)

    def _name(self, what: str) -> None:
        if len(self.errors) < MAX_NAMED:
            self.errors.append(what)


def link(previous: bytes, content: Row) -> bytes:
    """Return the hash of a line; `content` has the columns of CONTENT."""
    return sha256(previous + _json(content)).digest()


def verify(rows: Iterable[Row], head: Head, noted: Head | None = None) -> VerificationResult:
    """Verify the whole chain; each row is CONTENT, the previous hash and its own hash, in line order.

    `head` is the newest line according to the database, `noted` one that was written down elsewhere.
    """
    verdict, last, before = VerificationResult(), 0, START
    width = len(CONTENT)
    for row in rows:
        line, previous, own = row[0], row[width], row[width + 1]
        if line != last + 1:
            verdict._name(_gap(last + 1, line - 1) if line > last else f"line {line} does not belong there")
        elif previous != before:
            verdict._name(f"line {line} does not follow line {last}: one of them was put in another's place")
        if link(previous, row[:width]) != own:
            verdict._name(f"line {line} was changed")
        if noted is not None and line == noted.line and own != noted.hash:
            verdict._name(f"line {line} is not the one that was noted")
        last, before = line, own
        verdict.lines += 1
    verdict.head = Head(last, before)
    if noted is not None and noted.line > last:
        verdict._name(f"line {noted.line}, which was noted, is missing")
    if last < head.line:
        verdict._name(f"{_gap(last + 1, head.line)} at the end")
    elif verdict.head != head:
        verdict._name(f"the head says {head.line}, but line {last} is the newest" if last > head.line
                      else f"line {last} is not the one that the head names")  # fmt: skip
    return verdict


def _gap(first: int, last: int) -> str:
    return f"line {first} is missing" if first == last else f"lines {first} to {last} are missing"
