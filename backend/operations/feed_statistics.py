"""Figures of the app's feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import End, Start, Text, Whole
from backend.api.registry import operation
from backend.errors import BadRequest
from backend.model import SECONDS_A_DAY
from backend.model.feed import LATER
from backend.model.feed_statistics import Compared, FigureGroup, Rate, compare, played

if TYPE_CHECKING:
    from backend.console import Call

DAYS, MAX_DAYS = 7, 92
FEED = "feed"


class RateData(msgspec.Struct, rename="camel"):
    """A share from 0 to 1 with its 95 % Wilson interval; null without any impression or playback."""

    rate: float | None
    low: float | None
    high: float | None


class FeedFigureData(msgspec.Struct, rename="camel"):
    """Figures of a clip, place, hour or revision; the fields that it is not by are empty or null.

    `place` 21 stands for all after 20. `playRate` is the share of impressions that were played and not skipped,
    `completionRate` and `skipRate` are shares of the playbacks, `watchedShare` is the average share of a clip that was
    watched, above 1 if it was repeated. `comparedPlays` says how often it was played compared with others at the same
    places: 1 is as often, null if those had fewer than 200 impressions. `rank` is by that, among clips with at least
    200; null for others.
    """

    video_id: str
    title: str
    place: int | None
    hour: str
    revision: int | None
    impressions: int
    plays: int
    completes: int
    skips: int
    play_rate: RateData
    completion_rate: RateData
    skip_rate: RateData
    watched_share: float | None
    compared_plays: float | None
    rank: int | None


class FeedStatisticsData(msgspec.Struct, rename="camel"):
    """Most impressions first; hours in order."""

    total: int
    figure_list: list[FeedFigureData]


@operation("GET", "/vod/getFeedStatistics")
def get_feed_statistics(
    call: Call,
    *,
    slot: Annotated[str, Text(40)] = FEED,
    by: FigureGroup = FigureGroup.CLIP,
    video_id: str = "",
    start_time: Start = None,
    end_time: End = None,
    days: Annotated[int, Whole(1, MAX_DAYS)] = DAYS,
    page_size: Annotated[int, Whole(1, 3000)] = 200,
) -> FeedStatisticsData:
    """Return what phones reported of the feed by clip, place, hour or revision.

    Without startTime of the last `days` before endTime or now; at most 92 days, in whole hours. These figures change
    nothing: anybody with the key of the feed can report.
    """
    last = end_time if end_time is not None else call.now()
    first = start_time if start_time is not None else last - days * SECONDS_A_DAY + 1
    if first > last:
        raise BadRequest("startTime is later than endTime.")
    if last - first >= MAX_DAYS * SECONDS_A_DAY:
        raise BadRequest("From startTime to endTime are more than {most} days.", most=MAX_DAYS)
    rows = call.store.feed_figures.find(by, slot, first // 3600, last // 3600, video_id)
    found = compare(rows, ranked=by is FigureGroup.CLIP and not video_id)
    if by is not FigureGroup.CLIP:
        found.sort(key=lambda one: one.group)
    shown = found[:page_size]
    titles = call.store.catalogue.find_titles([str(one.group) for one in shown]) if by is FigureGroup.CLIP else {}
    return FeedStatisticsData(len(found), [_data(call, by, one, titles) for one in shown])


def _data(call: Call, by: FigureGroup, one: Compared, titles: dict[str, str]) -> FeedFigureData:
    group, figures = one.group, one.figures
    return FeedFigureData(
        video_id=str(group) if by is FigureGroup.CLIP else "",
        title=titles.get(str(group), ""),
        place=min(int(group), LATER) if by is FigureGroup.PLACE else None,
        hour=call.write.time(int(group) * 3600) if by is FigureGroup.HOUR else "",
        revision=int(group) if by is FigureGroup.REVISION else None,
        impressions=figures.impressions,
        plays=played(figures),
        completes=figures.completes,
        skips=figures.skips,
        play_rate=_rate(one.play_rate),
        completion_rate=_rate(one.completion_rate),
        skip_rate=_rate(one.skip_rate),
        watched_share=_rounded(one.watched_share),
        compared_plays=_rounded(one.compared),
        rank=one.rank,
    )


def _rate(rate: Rate) -> RateData:
    return RateData(_rounded(rate.rate), _rounded(rate.low), _rounded(rate.high))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
