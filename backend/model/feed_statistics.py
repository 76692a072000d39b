"""Figures of the app's feed for people: rates with intervals, compared within a place.

Clips further up are played more often whatever they are, so a clip is compared with what clips at its places get.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import sqrt
from typing import TypeAlias

import msgspec

from backend.model.feed import Figures

MIN_IMPRESSIONS = 200  # a clip with fewer is not ranked
Z_95 = 1.959964  # standard deviations around the mean that hold 95 % of a normal distribution

Group: TypeAlias = str | int


class FigureGroup(StrEnum):
    """What figures are shown by."""

    CLIP = "clip"
    PLACE = "place"
    HOUR = "hour"
    REVISION = "revision"


class Rate(msgspec.Struct, frozen=True):
    """A share with its 95 % Wilson interval; all None if there is nothing to divide by."""

    rate: float | None = None
    low: float | None = None
    high: float | None = None


class Compared(msgspec.Struct, frozen=True):
    """Figures of a clip, place, hour or revision.

    `compared` is how often it was played compared with others at the same places: 1 is as often; None if too few of
    them were shown. `rank` is that of a clip among all with enough impressions, by `compared`.
    """

    group: Group
    figures: Figures
    play_rate: Rate
    completion_rate: Rate
    skip_rate: Rate
    watched_share: float | None
    compared: float | None
    rank: int | None = None


def wilson(count: int, number: int) -> Rate:
    """Return the share `count` of `number` with its 95 % Wilson interval.

    Phones may play a clip more often than they reported to have shown it, which counts as always.
    """
    if number <= 0:
        return Rate()
    share, z = min(count / number, 1.0), Z_95
    centre = share + z * z / (2 * number)
    spread = z * sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    scale = 1 + z * z / number
    return Rate(share, max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0))


def played(figures: Figures) -> int:
    """Return the playbacks that were not skipped."""
    return figures.plays + figures.completes


def compare(rows: Iterable[tuple[Group, int, Figures]], *, ranked: bool = False) -> list[Compared]:
    """Return the figures of every group; `rows` have group, place and figures. Most impressions come first."""
    by_place: dict[int, Figures] = {}
    by_group: dict[Group, dict[int, Figures]] = {}
    for group, place, figures in rows:
        add(by_place.setdefault(place, Figures()), figures)
        add(by_group.setdefault(group, {}).setdefault(place, Figures()), figures)
    found = [_compared(group, places, by_place) for group, places in by_group.items()]
    found.sort(key=lambda one: (-one.figures.impressions, one.group))
    return _ranked(found) if ranked else found


def add(sums: Figures, more: Figures) -> None:
    """Add figures to others."""
    for name in Figures.__struct_fields__:
        setattr(sums, name, getattr(sums, name) + getattr(more, name))


def _compared(group: Group, places: Mapping[int, Figures], all_by_place: Mapping[int, Figures]) -> Compared:
    figures, own, expected = Figures(), 0, 0.0
    for place, one in places.items():
        add(figures, one)
        others = all_by_place[place].impressions - one.impressions
        if others >= MIN_IMPRESSIONS:
            own += played(one)
            expected += one.impressions * (played(all_by_place[place]) - played(one)) / others
    playbacks = played(figures) + figures.skips
    return Compared(
        group, figures,
        play_rate=wilson(played(figures), figures.impressions),
        completion_rate=wilson(figures.completes, playbacks),
        skip_rate=wilson(figures.skips, playbacks),
        watched_share=figures.watched_ms / figures.played_ms if figures.played_ms else None,
        compared=own / expected if expected else None,
    )  # fmt: skip


def _ranked(found: list[Compared]) -> list[Compared]:
    enough = [one for one in found if one.figures.impressions >= MIN_IMPRESSIONS and one.compared is not None]
    enough.sort(key=lambda one: -(one.compared or 0.0))
    ranks = {one.group: rank for rank, one in enumerate(enough, 1)}
    return [msgspec.structs.replace(one, rank=ranks.get(one.group)) for one in found]
