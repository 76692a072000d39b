"""Translates a filter into SQL conditions."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from backend.model import TranscodeStatus, VideoFilter
from backend.model.programme import EntryState
from backend.model.technical_flags import ANY, NONE
from backend.store.folding import fold, split_tags
from backend.store.row_keys import first_key


def bounds(wanted: VideoFilter) -> tuple[int | None, int | None]:
    """Return the first key within the filter's dates and the first key after them."""
    return (
        None if wanted.start is None else first_key(wanted.start),
        None if wanted.end is None else first_key(wanted.end + 1),
    )


class Conditions(msgspec.Struct):
    """A where clause with its values."""

    terms: list[str] = []
    values: dict[str, Any] = {}

    def add(self, term: str, **values: Any) -> None:
        self.terms.append(term)
        self.values.update(values)

    def within(self, key: str, first: int | None, after: int | None) -> Conditions:
        """Return a copy limited to keys from `first` up to, excluding, `after`."""
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
    """The expressions a list is filtered by. An empty one is left to the caller."""

    video_id: str = "v.video_id"
    user_id: str = "v.user_id"
    title: str = "v.title_folded"
    user_name: str = "v.user_name_folded"
    censor_status: str = "v.censor_status"
    cate_id: str = "v.cate_id"
    transcode_status: str = "v.transcode_status"
    narrow_transcode_status: str = "v.narrow_transcode_status"
    recommended: str = "v.recommended"
    tags: str = "v.tags_folded"
    flags: str = "v.flags"
    duration: str = "v.duration"
    size: str = "v.size"


REPORTED = "select video_id from video_reports where closed_by is null group by video_id having count(*) >= :reports"
EQUAL = (
    "video_id", "user_id", "censor_status", "cate_id", "transcode_status", "narrow_transcode_status", "recommended",
)  # fmt: skip
RANGES = {
    "min_duration": ("duration", ">="), "max_duration": ("duration", "<="),
    "min_size": ("size", ">="), "max_size": ("size", "<="),
}  # fmt: skip


# Keys of rows whose entry is or is not shown at :at. Few entries are scheduled, have ended or do not play.
NOT_LIVE = """
    select seq from feed where seq >= :at_next union all select seq from feed where ends <= :at
"""
UNPLAYED = " union all select seq from feed where plays = 0"
ENDED = "select seq from feed where ends <= :at"
OF_VIDEOS = "select w.seq from feed f join videos w using (video_id) where {condition}"
NO_LONGER = OF_VIDEOS.format(condition="f.ends <= :at")
STILL = OF_VIDEOS.format(condition="f.ends is null or f.ends > :at")


def add_clock(found: Conditions, wanted: VideoFilter, key: str) -> None:
    """Add what the state of an entry at `wanted.at` demands of the rows with the key column `key`."""
    if wanted.at is None:
        return
    if wanted.state == EntryState.LIVE:
        hidden = NOT_LIVE + (UNPLAYED if wanted.playing else "")
        found.add(f"{key} not in ({hidden})", at=wanted.at, at_next=first_key(wanted.at + 1))
    elif wanted.state == EntryState.ENDED:
        found.add(f"{key} in ({ENDED})", at=wanted.at)
    elif wanted.recommended is not None:
        found.add(f"{key} not in ({NO_LONGER if wanted.recommended else STILL})", at=wanted.at)


def stored(wanted: VideoFilter) -> VideoFilter:
    """Return the part of a filter that stored columns answer: a video without an entry now may have one that ended."""
    return replace(wanted, recommended=None) if wanted.at is not None and wanted.recommended is False else wanted


def conditions(wanted: VideoFilter, columns: Columns) -> Conditions:
    """Return the conditions of `wanted` for the given columns. Dates are excluded: they are bounds of the key."""
    found = Conditions()
    add_clock(found, wanted, "v.seq")
    plain = stored(wanted)
    for name in EQUAL:
        value = getattr(plain, name)
        if value is not None and (value != "" or isinstance(value, TranscodeStatus)):
            found.add(f"{getattr(columns, name)} = :{name}", **{name: value})
    for name, (column, sign) in RANGES.items():
        if (value := getattr(wanted, name)) is not None:
            found.add(f"{getattr(columns, column)} {sign} :{name}", **{name: value})
    for number, tag in enumerate(split_tags(wanted.tags)):
        found.add(f"instr({columns.tags}, :tag{number}) > 0", **{f"tag{number}": f",{tag},"})
    if wanted.flag == ANY:
        found.add(f"{columns.flags} not in ('', '{NONE}')")
    elif wanted.flag:
        found.add(f"instr(',' || {columns.flags} || ',', :flag) > 0", flag=f",{wanted.flag},")
    if wanted.min_reports is not None:
        found.add(f"v.video_id in ({REPORTED})", reports=wanted.min_reports)
    # A text of invisible characters folds to nothing and must not filter; the query plan may not have the column.
    if title := fold(wanted.title):
        found.add(f"instr({columns.title}, :title) > 0", title=title)
    if columns.user_name and (user_name := fold(wanted.user_name)):
        found.add(f"instr({columns.user_name}, :user_name) > 0", user_name=user_name)
    return found
