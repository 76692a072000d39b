"""What a slot shows at an instant: order, pins, creator spacing, windows, specials, and the reason of every place."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.model.programme import (
    Entry,
    EntryState,
    LeftOutReason,
    PlaceReason,
    Programme,
    Rules,
    Special,
    compose,
    lineup_at,
    next_change,
    special_at,
)

NOW, HOUR, DAY = 1_800_000_000, 3_600, 86_400
NO_SPACING = Rules(creator_gap=0)


def in_order(creators):
    """Entries of these creators, in this order."""
    return [Entry(number, f"v{number}", one, 0, rank=number) for number, one in enumerate(creators)]


def spaced(creators):
    return "".join(place.entry.creator for place in compose(in_order(creators), Rules(), NOW)[0])


def neighbours(creators):
    return sum(one == other for one, other in pairwise(creators))


def shown(entries, rules=NO_SPACING, at=NOW):
    return [place.entry.video_id for place in compose(entries, rules, at)[0]]


def is_first_named(creators):
    """Whether the creators are named in the order of their appearance: all others are the same under other names."""
    return list(dict.fromkeys(creators)) == list("ABCD")[: len(set(creators))]


def check_spacing(creators):
    found = spaced(creators)

    assert Counter(found) == Counter(creators)
    assert neighbours(found) == max(0, 2 * max(Counter(creators).values()) - len(creators) - 1), creators
    assert found == "".join(creators) or neighbours(creators), creators


def test_creators_are_spaced():
    assert [spaced(one) for one in ("BCAAA", "ABCABC", "AAAB")] == ["ABACA", "ABCABC", "ABAA"]


def test_of_all_short_lists_none_keeps_a_neighbour_it_could_lose_and_none_without_is_touched():
    for length in range(1, 9):
        for creators in filter(is_first_named, product("ABCD", repeat=length)):
            check_spacing(creators)


@pytest.mark.slow
def test_of_all_87380_short_lists_whatever_the_creators_are_called():
    for length in range(1, 9):
        for creators in product("ABCD", repeat=length):
            check_spacing(creators)


def test_a_neighbour_that_stays_is_told_and_so_is_who_was_moved():
    places, _ = compose(in_order("AAAB"), Rules(), NOW)

    assert [(place.entry.creator, place.moved, place.beside) for place in places] == [
        ("A", 0, False), ("B", 2, False), ("A", -1, False), ("A", -1, True)
    ]  # fmt: skip


def test_a_wider_gap_holds_more_clips_of_others_between_two_of_one_creator():
    places, _ = compose(in_order("AABBCC"), Rules(creator_gap=2), NOW)

    assert "".join(place.entry.creator for place in places) == "ABCABC"


def test_without_rank_the_newest_start_is_first_and_of_those_the_last_added():
    entries = [Entry(1, "old", "A", NOW - 9), Entry(2, "new", "A", NOW - 1), Entry(3, "last", "A", NOW - 1)]

    assert shown(entries) == ["last", "new", "old"]
    assert shown([*entries, Entry(4, "ranked", "A", NOW - 99, rank=7)])[0] == "ranked"


def test_pins_close_up_where_there_are_too_few_clips():
    places, _ = compose([Entry(1, "third", "A", 0, pin=3), Entry(2, "first", "B", 0, pin=1)], Rules(), NOW)

    assert [(place.place, place.entry.video_id) for place in places] == [(1, "first"), (2, "third")]


def test_of_two_pins_on_one_place_the_later_start_is_first():
    entries = [Entry(3, "early", "A", 5, pin=1), Entry(2, "late", "B", 9, pin=1), Entry(1, "free", "C", 99)]

    assert shown(entries) == ["late", "early", "free"]


def test_a_free_clip_is_not_put_beside_a_pin_of_its_creator():
    entries = [Entry(1, "pin", "A", 0, pin=2), *(Entry(9 + one, who, who[0], 0, rank=one)
               for one, who in enumerate(("A1", "B1", "C1")))]  # fmt: skip

    assert shown(entries, Rules()) == ["B1", "pin", "C1", "A1"]


@given(
    st.lists(
        st.builds(
            Entry,
            key=st.integers(1, 10**6),
            video_id=st.text("abc", min_size=1, max_size=4),
            creator=st.sampled_from("ABC"),
            starts=st.integers(0, 20),
            ends=st.none() | st.integers(1, 30),
            pin=st.none() | st.integers(1, 12),
            rank=st.none() | st.integers(1, 5),
            created=st.integers(0, 20),
            approved=st.sampled_from((True, True, False)),
            plays=st.sampled_from((True, True, False)),
        ),
        max_size=14,
        unique_by=lambda one: one.key,
    ),
    st.integers(1, 16),
    st.integers(0, 3),
    st.integers(0, 30),
)
def test_every_entry_is_shown_once_or_left_out_for_a_reason_and_pins_hold(entries, size, gap, at):
    places, left_out = compose(entries, Rules(size=size, creator_gap=gap), at)

    assert sorted(one.entry.key for one in (*places, *left_out)) == sorted(one.key for one in entries)
    assert [place.place for place in places] == list(range(1, len(places) + 1))
    assert len(places) <= size
    for place in places:
        entry = place.entry
        assert entry.state_at(at) is EntryState.LIVE
        assert entry.approved
        assert entry.plays
    beyond = {one.entry.key for one in left_out if one.reason is LeftOutReason.BEYOND_SIZE}
    live = [*(one.entry for one in places), *(one.entry for one in left_out if one.entry.key in beyond)]
    pins = Counter(one.pin for one in live if one.pin)
    for place in places:
        lowest = min(pins, default=0)
        alone = place.entry.pin and pins[place.entry.pin] == 1 and place.entry.pin == lowest
        if alone and lowest <= len(live) - sum(pins.values()) + 1:
            assert place.place == lowest
            assert place.reason is PlaceReason.PIN


def test_who_is_left_out_is_told_why():
    wanted = {
        "starts": (Entry(1, "starts", "A", NOW + 1), LeftOutReason.SCHEDULED),
        "ended": (Entry(2, "ended", "A", 0, NOW), LeftOutReason.ENDED),
        "blocked": (Entry(3, "blocked", "A", 0, approved=False), LeftOutReason.NOT_APPROVED),
        "mute": (Entry(4, "mute", "A", 0, plays=False), LeftOutReason.NO_RENDITION),
        "old": (Entry(5, "old", "A", 0, created=NOW - 7 * DAY - 1), LeftOutReason.TOO_OLD),
        "second": (Entry(6, "second", "A", 0, created=NOW), LeftOutReason.BEYOND_SIZE),
    }
    first = Entry(7, "first", "B", 0, created=NOW)

    places, left_out = compose([*(one for one, _ in wanted.values()), first], Rules(1, 1, True, 7), NOW)

    assert [place.entry.video_id for place in places] == ["first"]
    assert {one.entry.video_id: one.reason for one in left_out} == {name: why for name, (_, why) in wanted.items()}


def test_a_window_is_half_open():
    entry = Entry(1, "v", "A", NOW, NOW + HOUR)

    assert [shown([entry], at=at) for at in (NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR)] == [[], ["v"], ["v"], []]


def special(name, starts, ends, priority=0, videos=()):
    entries = tuple(Entry(one, video, video, starts, ends, rank=one) for one, video in enumerate(videos))
    return Special(name, "feed", name, starts, ends, priority, entries=entries)


def test_a_special_takes_over_and_gives_back_by_itself():
    evening = special("evening", NOW, NOW + HOUR, videos=("x", "y"))
    programme = Programme("feed", 1, Rules(), (Entry(1, "v", "A", 0),), (evening,))

    def videos(at):
        return [place.entry.video_id for place in lineup_at(programme, at).places]

    assert [videos(at) for at in (NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR)] == [["v"], ["x", "y"], ["x", "y"], ["v"]]
    assert lineup_at(programme, NOW).special == evening


def test_of_overlapping_specials_the_higher_priority_is_on_then_the_later_start_then_the_last_id():
    low, high = special("low", NOW - 5, NOW + 9), special("high", NOW - 9, NOW + 9, 1)
    late, last = special("late", NOW - 1, NOW + 9), special("later", NOW - 1, NOW + 9)

    assert special_at([low, high, late], NOW) == high
    assert special_at([low, late], NOW) == late
    assert special_at([last, late], NOW) == last
    assert special_at([low], NOW + 9) is None


def test_the_next_change_is_the_next_time_that_something_begins_ends_or_grows_too_old():
    entries = (Entry(1, "v", "A", NOW, NOW + 5 * HOUR, created=NOW - DAY + 3 * HOUR),)
    programme = Programme("feed", 1, Rules(), entries, (special("s", NOW + HOUR, NOW + 2 * HOUR),))

    def changes(programme):
        at, found = NOW - 1, []
        while (at := next_change(programme, at)) is not None:
            found.append(at)
        return found

    assert changes(programme) == [NOW, NOW + HOUR, NOW + 2 * HOUR, NOW + 5 * HOUR]
    aged = Programme("feed", 1, Rules(max_age_days=1), entries)
    assert changes(aged) == [NOW, NOW + 3 * HOUR + 1, NOW + 5 * HOUR]
    assert [len(lineup_at(aged, at).places) for at in (NOW + 3 * HOUR, NOW + 3 * HOUR + 1)] == [1, 0]
