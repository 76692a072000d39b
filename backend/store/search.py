"""From a filter to SQL: how titles are folded for searching, and the conditions of every list."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

from backend.model import VideoFilter

SEQ_BITS = 20  # a row's key is its second, shifted, and a number within it: newest first is key order


def fold(text: str) -> str:
    """Return `text` as it is compared: letter case and full/half width aside."""
    return unicodedata.normalize("NFKC", text).casefold()


def first_key(second: int) -> int:
    """Return the smallest key that a row of this second can have."""
    return second << SEQ_BITS


def bounds(wanted: VideoFilter) -> tuple[int | None, int | None]:
    """Return the first key of a filter's dates, and the first key after them."""
    return (
        None if wanted.start is None else first_key(wanted.start),
        None if wanted.end is None else first_key(wanted.end + 1),
    )


class Conditions(msgspec.Struct):
    """The where-clause of a list, with its values."""

    terms: list[str] = []
    values: dict[str, Any] = {}

    def add(self, term: str, **values: Any) -> None:
        self.terms.append(term)
        self.values.update(values)

    def within(self, key: str, first: int | None, after: int | None) -> Conditions:
        """Return these and the bounds of a key: from `first` up to before `after`."""
        if first is None and after is None:
            return self
        found = Conditions(list(self.terms), dict(self.values))
        for sign, bound in ((">=", first), ("<", after)):
            if bound is not None:
                name = f"bound{len(found.values)}"
                found.add(f"{key} {sign} :{name}", **{name: bound})
        return found

    @property
    def sql(self) -> str:
        return "where " + " and ".join(self.terms) if self.terms else ""


class Columns(msgspec.Struct, frozen=True):
    """The expressions that a list filters by."""

    video_id: str
    user_id: str
    title: str  # already folded
    user_name: str  # already folded
    censor_status: str
    cate_id: str


def conditions(wanted: VideoFilter, columns: Columns) -> Conditions:
    """Return what `wanted` asks, over the given columns, but for its dates: those are bounds of the key."""
    found = Conditions()
    if wanted.video_id:
        found.add(f"{columns.video_id} = :video_id", video_id=wanted.video_id)
    if wanted.user_id:
        found.add(f"{columns.user_id} = :user_id", user_id=wanted.user_id)
    if wanted.censor_status is not None:
        found.add(f"{columns.censor_status} = :censor_status", censor_status=wanted.censor_status.value)
    if wanted.cate_id is not None:
        found.add(f"{columns.cate_id} = :cate_id", cate_id=wanted.cate_id)
    if wanted.title:
        found.add(f"instr({columns.title}, :title) > 0", title=fold(wanted.title))
    if wanted.user_name:
        found.add(f"instr({columns.user_name}, :user_name) > 0", user_name=fold(wanted.user_name))
    return found
