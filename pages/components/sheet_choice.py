"""The changed rows of a sheet that are not to be applied: kept in the address, so that they stay so after a refresh."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st

LEFT_OUT = "s_left"
MANY = "many"  # as LEFT_OUT: more than an address has room for
MAX_CHARACTERS = 1500
MAX_ROWS = 50_000
RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def left_out(sheet_id: str) -> set[int]:
    """Return the places of changed rows that are not to be applied."""
    key = f"sheet_left_out_{sheet_id}"
    if key not in st.session_state:
        st.session_state[key] = parse(st.query_params.get(LEFT_OUT, ""))
    found: set[int] = st.session_state[key]
    return found


def is_lost(sheet_id: str) -> bool:
    """Return whether rows were left out before a refresh, but are not known any more."""
    return st.query_params.get(LEFT_OUT) == MANY and not left_out(sheet_id)


def take(sheet_id: str, shown: Iterable[int], ticked: Iterable[int]) -> None:
    """Take in which of the rows that are shown are ticked."""
    excluded = left_out(sheet_id)
    excluded.update(shown)
    excluded.difference_update(ticked)
    if excluded:
        written = write(excluded)
        st.query_params[LEFT_OUT] = written if len(written) <= MAX_CHARACTERS else MANY
    else:
        st.query_params.pop(LEFT_OUT, None)


def write(places: Iterable[int]) -> str:
    """Return places in short: `3,8-10`."""
    ranges = list[list[int]]()
    for place in sorted(places):
        if ranges and place == ranges[-1][1] + 1:
            ranges[-1][1] = place
        else:
            ranges.append([place, place])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def parse(written: str) -> set[int]:
    """Return the places that `write` wrote; what else stands there is left aside."""
    found = set[int]()
    for part in written.split(","):
        if ends := RANGE.fullmatch(part):
            found.update(range(int(ends[1]), min(int(ends[2] or ends[1]), MAX_ROWS) + 1))
    return found
