"""What the contract of the store promises, brought about by ways that only a test of an engine may use."""

from __future__ import annotations

import threading
from contextlib import suppress

from backend.model import Actor, User, Video
from backend.model.feed import Figures
from backend.model.feed_statistics import FigureGroup
from tests.contract.store.conftest import database, open_again, store

__all__ = ["database", "open_again", "store"]  # fixtures

KEY = (430_000, "feed", "a", 1, 3)  # of the sums of an hour


def test_a_batch_of_the_feed_that_is_not_stored_is_not_taken_for_counted(store):
    class Unreadable(dict):
        def items(self):
            raise RuntimeError("no sums")

    counted, begin = [], threading.Barrier(21)

    def report(number):
        sums = Unreadable() if number == 7 else {KEY: Figures(impressions=1)}
        begin.wait()
        with suppress(RuntimeError):  # of those that share the transaction
            counted.append(store.feed_figures.record(f"batch {number}", sums))

    threads = [threading.Thread(target=report, args=[number]) for number in range(20)]
    with store.engine.feed_writing():  # so that they wait, and share the next transaction
        for thread in threads:
            thread.start()
        begin.wait()
    for thread in threads:
        thread.join()

    assert sum(
        figures.impressions for _, _, figures in store.feed_figures.find(FigureGroup.HOUR, "feed", 0, 10**6)
    ) == sum(counted)


def test_a_queue_that_has_other_videos_than_wait_is_named_and_mended(store):
    videos = [Video(f"v{n:04}", "clip", User("u"), 1_700_000_000 + n) for n in range(2)]
    store.catalogue.load_videos(videos, Actor("admin", "tests"))
    with store.engine.writing() as db:
        db.execute("update review_waiting set seq = -seq where video_id = 'v0000'")
    assert store.recount() == ["1 waiting videos in no review queue, 1 in one do not wait"]

    store.rebuild()

    assert store.recount() == []
