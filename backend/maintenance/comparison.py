"""Compares what two stores answer: their histories, searches and an export."""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import blake2b
from zoneinfo import ZoneInfo

from backend.exports.columns import VIDEOS, FileFormat
from backend.maintenance.data_lock import MaintenanceError
from backend.model import CensorStatus, Sort, VideoFilter
from backend.store import Store

SEARCHES = 100
PAGE = 20
MAX_LETTERS = 6
HISTORY = "The history of {place} is not whole: {errors}. Find out why with `doctor` before moving."
HEADS = "The history ends with {here} in {place}, but with {there} in {other}."
DRIFT = "What is derived from the rows is wrong in {place}: {drift}."
ANSWER = "{place} and {other} answer differently to the search for {wanted}. Check both with `doctor --rebuild`."
EXPORT = "The exports of {place} and {other} differ. Check both with `doctor --rebuild`."


def compare_stores(here: Store, there: Store) -> Iterator[str]:
    """Yield what was found equal; raise MaintenanceError at the first difference."""
    verdict, other = here.history.verify(), there.history.verify()
    for store, found in ((here, verdict), (there, other)):
        if found.errors:
            raise MaintenanceError(HISTORY.format(place=store.place, errors="; ".join(found.errors)))
    if verdict.head != other.head:
        raise MaintenanceError(HEADS.format(here=verdict.head, place=here.place, there=other.head, other=there.place))
    yield f"history: {verdict.lines:,} entries, both chains are whole and end with {verdict.head}"
    if drift := there.recount():
        raise MaintenanceError(DRIFT.format(place=there.place, drift="; ".join(drift[:5])))
    yield "search index and counts match the rows"
    number = 0
    for wanted, sort in make_searches(here, random.Random()):  # noqa: S311  (not a secret)
        number += 1
        for index in (1, 2):
            if here.catalogue.find_videos(wanted, index, PAGE, sort) != there.catalogue.find_videos(
                wanted, index, PAGE, sort
            ):
                raise MaintenanceError(ANSWER.format(place=here.place, other=there.place, wanted=wanted))
    yield f"{number} searches have the same answers"
    if _hash_of_export(here) != _hash_of_export(there):
        raise MaintenanceError(EXPORT.format(place=here.place, other=there.place))
    yield "the exports of all videos are the same"


def make_searches(store: Store, chance: random.Random) -> Iterator[tuple[VideoFilter, Sort]]:
    """Yield searches for parts of titles, tags, users and categories that occur; none if there are no videos."""
    total = store.catalogue.find_videos(VideoFilter(), 1, 1).total
    for number in range(SEARCHES if total else 0):
        page = store.catalogue.find_videos(VideoFilter(), chance.randint(1, total), 1)
        for video in page.items:
            start = chance.randrange(max(len(video.title), 1))
            wanted = VideoFilter(title=video.title[start : start + chance.randint(1, MAX_LETTERS)].strip())
            tag = next(iter(video.tags.split(",")), "")
            wanted = (
                wanted,
                VideoFilter(user_name=video.user.user_name[:MAX_LETTERS], cate_id=video.cate_id),
                VideoFilter(tags=tag, censor_status=chance.choice([None, *CensorStatus])),
                VideoFilter(user_id=video.user.user_id, end=video.created),
                wanted,
            )[number % 5]
            yield wanted, chance.choice(list(Sort))


def _hash_of_export(store: Store) -> bytes:
    found = blake2b()
    for _, rows in store.exporting.export_batches(
        VIDEOS, VIDEOS.columns, FileFormat.CSV, VideoFilter(), ZoneInfo("UTC")
    ):
        found.update(rows)
    return found.digest()
