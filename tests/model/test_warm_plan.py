"""What of the programme should be warm: which URLs, in which order, when they are sent, and what waits for quota."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.model.programme import Entry, Programme, Rules, Special
from backend.model.warm_plan import (
    LEAD_SECONDS,
    MARGIN_SECONDS,
    MAX_TRIES,
    RETRY_SECONDS,
    PlanState,
    Room,
    SentState,
    SentUrl,
    WarmFile,
    WarmKind,
    day_end,
    find_wishes,
    make_plan,
)

NOW, TTL, HOUR, DAY = 1_800_000_000, 3_600, 3_600, 86_400
PLANNED, WAITING, WARM = PlanState.PLANNED, PlanState.WAITING, PlanState.WARM


def entry(number, starts=NOW - DAY, ends=None, **values):
    return Entry(number, f"v{number}", f"u{number}", starts, ends, **values)


def feed(*entries, first=50, **values):
    return Programme("feed", rules=Rules(warm_first=first), entries=entries, **values)


def clip(video_id):
    kinds = (WarmKind.COVER, WarmKind.FIRST_FRAME, WarmKind.RENDITION, WarmKind.RENDITION)
    return [WarmFile(f"https://cdn/{video_id}/{number}", kind, 100) for number, kind in enumerate(kinds)]


def planned(programme, known=(), now=NOW, ttl=TTL, room=None):
    wishes = find_wishes(programme, now, now + 2 * DAY)
    files = {wish.video_id: clip(wish.video_id) for wish in wishes}
    return make_plan(wishes, files, {one.url: one for one in known}, now, ttl).within(room)


def names(items):
    return [item.file.url.removeprefix("https://cdn/") for item in items]


def cover(plan, video_id="v1"):
    return next(item for item in plan.items if item.file.url == f"https://cdn/{video_id}/0")


def sent(state, video_id="v1", **values):
    return SentUrl(f"https://cdn/{video_id}/0", state, **values)


def test_the_first_clips_are_warmed_whole_and_later_ones_not_at_all():
    plan = planned(feed(*(entry(number, NOW - number) for number in (1, 2, 3)), first=2))

    assert sorted(names(plan.due())) == sorted(f"v{clip_}/{file}" for clip_ in (1, 2) for file in range(4))


def test_covers_of_the_top_go_first_then_default_renditions_then_what_starts_soonest_then_the_rest():
    plan = planned(
        feed(
            entry(1, NOW - 1), entry(2, NOW - 2), *(entry(number, NOW - number) for number in range(3, 22)),
            entry(90, NOW + 600), entry(91, NOW + 300),
        )
    )  # fmt: skip

    order = names(plan.items)
    assert order[:2] == ["v1/0", "v2/0"]
    assert order[20:22] == ["v1/2", "v2/2"]
    assert order[40:48] == [f"v91/{file}" for file in range(4)] + [f"v90/{file}" for file in range(4)]
    assert order[48:51] == ["v1/1", "v1/3", "v2/1"]
    assert order[-4:] == [f"v21/{file}" for file in range(4)]  # place 21


@pytest.mark.parametrize(
    ("ttl", "before"),
    [(3600, LEAD_SECONDS), (86_400, LEAD_SECONDS), (1800, 1800 - MARGIN_SECONDS), (600, 0), (60, 0)],
)
def test_a_clip_is_sent_45_minutes_before_it_starts_but_not_so_early_that_it_would_be_cold_again(ttl, before):
    start = NOW + 5 * HOUR
    plan = planned(feed(entry(1, start)), ttl=ttl)

    assert {(item.state, item.send_at) for item in plan.items} == {(PLANNED, start - before)}
    assert plan.due() == []
    assert plan.next_due() == start - before
    assert len(planned(feed(entry(1, start)), ttl=ttl, now=start - before).due()) == 4


def test_what_starts_behind_the_first_places_is_not_warmed():
    programme = feed(entry(1, rank=1), entry(2, NOW + HOUR), first=1)

    assert {item.wish.video_id for item in planned(programme).items} == {"v1"}


def test_a_special_is_warmed_before_it_takes_over_and_the_feed_before_it_returns():
    special = Special("s", "feed", "National day", NOW + 2 * HOUR, NOW + 9 * HOUR, entries=(entry(9),))
    plan = planned(feed(entry(1), specials=(special,)))

    assert {(item.wish.video_id, item.wish.starts, item.wish.live) for item in plan.items} == {
        ("v1", NOW - DAY, True), ("v9", NOW + 2 * HOUR, False),
    }  # fmt: skip
    during = planned(feed(entry(1), specials=(special,)), now=NOW + 3 * HOUR)
    assert {(item.wish.video_id, item.wish.starts) for item in during.items} == {
        ("v9", NOW + 2 * HOUR), ("v1", NOW + 9 * HOUR),
    }  # fmt: skip


def test_a_live_clip_that_was_warmed_for_its_start_is_never_sent_again():
    started = NOW - 30 * DAY
    plan = planned(feed(entry(1, started)), [sent(SentState.WARM, sent=started - 600, warmed=started - 300)])

    assert cover(plan).state is WARM


def test_a_clip_that_was_warm_long_before_it_became_live_again_is_sent():
    plan = planned(feed(entry(1, NOW - 60)), [sent(SentState.WARM, sent=NOW - DAY, warmed=NOW - DAY)])

    assert cover(plan).state is PLANNED


@pytest.mark.parametrize(("warmed", "state"), [(NOW - 600, PLANNED), (NOW + 600, WARM)])
def test_what_will_be_cold_at_its_start_is_sent_for_it(warmed, state):
    start = NOW + HOUR

    assert cover(planned(feed(entry(1, start)), [sent(SentState.WARM, sent=NOW - 700, warmed=warmed)])).state is state


def test_what_was_sent_is_not_sent_again_while_nobody_knows_how_it_ended():
    plan = planned(feed(entry(1)), [sent(SentState.SENT, sent=NOW - 5)])

    assert cover(plan).state is PlanState.SENT
    assert "v1/0" not in names(plan.due())


def test_what_failed_is_tried_again_after_a_while_and_in_the_end_left_to_people():
    started = NOW - 60
    first = cover(planned(feed(entry(1, started)), [sent(SentState.FAILED, sent=NOW - 5, tries=1)]))
    last = cover(planned(feed(entry(1, started)), [sent(SentState.FAILED, sent=NOW - 5, tries=MAX_TRIES)]))

    assert (first.state, first.send_at) == (PLANNED, NOW - 5 + RETRY_SECONDS)
    assert last.state is PlanState.FAILED


def test_a_clip_in_two_slots_is_sent_once_as_live_if_it_is_live_in_one():
    wishes = find_wishes(feed(entry(1, NOW + HOUR)), NOW, NOW + DAY)
    wishes += find_wishes(replace(feed(entry(1)), slot="kids"), NOW, NOW + DAY)

    plan = make_plan(wishes, {"v1": clip("v1")}, {}, NOW, TTL)

    assert [(item.wish.slot, item.send_at) for item in plan.items] == [("kids", NOW)] * 4


def test_of_a_quota_of_30_the_24_most_urgent_of_120_go_and_a_second_run_sends_nothing():
    programme = feed(*(entry(number, NOW - number) for number in range(1, 31)))
    plan = planned(programme, room=Room(500, 30, 0, day_end(NOW)))
    due = plan.due()

    assert (len(plan.items), len(due)) == (120, 24)
    assert names(due)[:20] == [f"v{number}/0" for number in range(1, 21)]
    assert [item.state for item in plan.items] == [PLANNED] * 24 + [WAITING] * 96
    known = [SentUrl(item.file.url, SentState.SENT, sent=NOW) for item in due]
    again = planned(programme, known, now=NOW + 10, room=Room(500, 6, 24, day_end(NOW)))
    assert again.due() == []
    tomorrow = planned(programme, known, now=NOW + DAY, room=Room(500, 500, 0, day_end(NOW + DAY)))
    assert len(tomorrow.due()) == 96


def test_what_could_not_be_sent_before_its_start_is_dropped_with_it():
    start = NOW + 600
    known = [sent(SentState.SKIPPED, starts=start)]
    programme = feed(entry(1, start))

    assert cover(planned(programme, known)).state is PLANNED  # there may be room yet
    assert cover(planned(programme, known, now=start)).state is PlanState.SKIPPED
    assert cover(planned(feed(entry(1, start + DAY)), known)).state is PLANNED  # another start


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000))
def test_people_keep_a_fifth_of_what_is_left_however_often_the_plan_runs(left, first, then):
    room = Room(5000, left, 0, day_end(NOW))
    one = min(first, room.allowed)
    later = replace(room, left=left - one, sent=one)
    two = min(then, later.allowed)

    assert one + two <= left - left / 5
    assert later.reserve >= left / 5


def test_the_day_of_the_quota_ends_at_midnight_in_beijing():
    assert day_end(1_764_518_399) == 1_764_518_400  # 2025-11-30 23:59:59 +08:00
    assert day_end(1_764_518_400) == 1_764_518_400 + DAY
