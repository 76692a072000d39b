"""What every store keeps of the app's feed: its versions for cursors, and sums of what phones report."""

from __future__ import annotations

import threading

import pytest

from backend.errors import Forbidden
from backend.model.feed import FeedVersion, Figures
from backend.model.feed_statistics import FigureGroup
from backend.store import feed_versions

VERSION = FeedVersion("v1", "feed", 3, ("a", "b"))
KEY = (430_000, "feed", "a", 1, 3)
DAY = 86_400


def figures_of(store):
    rows = store.feed_figures.find(FigureGroup.HOUR, "feed", 0, 10**6)
    return [(hour, figures.impressions) for hour, _, figures in rows]


class TestVersions:
    def test_another_process_answers_the_cursors_of_this_one(self, open_again):
        open_again().feed_versions.note_shown(VERSION)

        assert open_again().feed_versions.find_for_cursor("v1") == VERSION
        assert open_again().feed_versions.find_for_cursor("v2") is None

    def test_cursors_work_for_a_day_after_a_version_was_last_shown(self, open_again, clock):
        store, other = open_again(), open_again()
        store.feed_versions.note_shown(VERSION)
        clock.move(DAY - 1)
        store.feed_versions.note_shown(VERSION)

        clock.move(DAY - 1)
        assert other.feed_versions.find_for_cursor("v1") == VERSION
        clock.move(3600)
        assert other.feed_versions.find_for_cursor("v1") is None

    def test_events_of_a_version_are_known_for_a_week_longer(self, open_again, clock):
        store = open_again()
        store.feed_versions.note_shown(VERSION)
        clock.move(7 * DAY)

        assert open_again().feed_versions.find("v1") == VERSION
        clock.move(2 * DAY)
        assert open_again().feed_versions.find("v1") is None

    def test_of_too_many_versions_the_oldest_are_forgotten(self, store, open_again, clock, monkeypatch):
        monkeypatch.setattr(feed_versions, "MAX_VERSIONS", 10)
        for number in range(20):
            clock.move(1)
            store.feed_versions.note_shown(FeedVersion(f"v{number}", "feed", number, ("a",)))

        known = [number for number in range(20) if open_again().feed_versions.find_for_cursor(f"v{number}")]
        assert known == list(range(8, 20))


class TestFigures:
    def test_a_batch_counts_once_in_48_hours_in_whatever_process(self, open_again, clock):
        for _ in range(3):
            open_again().feed_figures.record("batch", {KEY: Figures(impressions=2)})
        store = open_again()

        assert not store.feed_figures.record("batch", {KEY: Figures(impressions=2)})
        assert figures_of(store) == [(430_000, 2)]
        clock.move(48 * 3600 + 700)
        assert store.feed_figures.record("other", {})  # which forgets old batches
        assert store.feed_figures.record("batch", {KEY: Figures(impressions=2)})
        assert figures_of(store) == [(430_000, 4)]

    def test_batches_of_many_phones_at_once_all_count(self, store):
        counted = []

        def report(number):
            counted.append(store.feed_figures.record(f"batch {number // 2}", {KEY: Figures(impressions=1)}))

        threads = [threading.Thread(target=report, args=[number]) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(counted) == [False] * 20 + [True] * 20
        assert figures_of(store) == [(430_000, 20)]

    def test_reports_leave_what_is_cached_until_a_change(self, store):
        before = store.version()
        store.feed_versions.note_shown(VERSION)
        store.feed_figures.record("batch", {KEY: Figures(impressions=1)})

        assert store.version() == before

    def test_figures_older_than_400_days_are_forgotten(self, store, clock):
        hour = int(clock() // 3600)
        store.feed_figures.record("one", {(hour, "feed", "a", 1, 3): Figures(impressions=1)})
        clock.move(401 * DAY)
        store.feed_figures.record("two", {(hour + 401 * 24, "feed", "a", 1, 3): Figures(impressions=1)})

        assert figures_of(store) == [(hour + 401 * 24, 1)]

    def test_they_are_read_by_what_they_are_of(self, store):
        keys = [(5, "feed", "a", 1, 3), (6, "feed", "b", 2, 3), (6, "other", "a", 1, 3)]
        hour = int(store.now() // 3600) - 6
        store.feed_figures.record(
            "batch", {(key[0] + hour, *key[1:]): Figures(impressions=number) for number, key in enumerate(keys, 1)}
        )

        def read(by, **given):
            return [
                (group, place, one.impressions)
                for group, place, one in store.feed_figures.find(by, "feed", hour, hour + 6, **given)
            ]

        assert read(FigureGroup.CLIP) == [("a", 1, 1), ("b", 2, 2)]
        assert read(FigureGroup.PLACE) == [(1, 1, 1), (2, 2, 2)]
        assert read(FigureGroup.REVISION, video_id="b") == [(3, 2, 2)]


@pytest.mark.parametrize("key", ["unknown", "", "qf_x"])
def test_a_key_nobody_made_opens_nothing(store, key):
    with pytest.raises(Forbidden):
        store.feed_keys.check(key)
