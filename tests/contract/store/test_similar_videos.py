"""Similar videos by their fingerprints, whichever store keeps them."""

from __future__ import annotations

import itertools
import random

import pytest

from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Verdict, Video
from backend.model.fingerprint import mirror
from backend.model.review import Desk, Ruling

ADMIN = Actor("admin", "tests", request_id="r1")
SPRITE = (MediaFile(FileKind.SPRITE, "sprite-1.jpg"), MediaFile(FileKind.SPRITE_CUES, "sprite-1.vtt"))
CHANCE = random.Random(17)
FRAMES = [CHANCE.getrandbits(64) for _ in range(16)]
STRANGE = [[CHANCE.getrandbits(64) for _ in range(16)] for _ in range(60)]


def spoilt(frames, bits):
    """The same frames, with so many bits of each changed."""
    return [frame ^ sum(1 << bit for bit in CHANCE.sample(range(64), bits)) for frame in frames]


@pytest.fixture
def add(store):
    """Adds videos with images, the oldest first, and their fingerprints if any are given."""
    seconds = itertools.count(1_700_000_000)

    def add(video_id, frames=None, user="u"):
        video = Video(video_id, f"clip {video_id}", User(user), next(seconds), files=SPRITE)
        store.catalogue.load_videos([video], ADMIN)
        if frames is not None:
            store.similar_videos.keep([(video_id, [tuple(frames)])])

    return add


@pytest.fixture
def judge(store):
    def judge(video_id, verdict, reason="", **values):
        store.catalogue.record_audit(video_id, verdict, reason, "", ADMIN, **values)

    return judge


def ids(found):
    return [one.video_id for one in found]


def test_a_copy_is_found_among_others_and_no_stranger_is(store, add):
    add("v1", FRAMES)
    for number, frames in enumerate(STRANGE, 2):
        add(f"v{number}", frames)
    add("copy", spoilt(FRAMES, 8))

    (found,) = store.similar_videos.find("copy")
    assert (found.video_id, found.likeness.share, found.likeness.mirrored) == ("v1", 1.0, False)
    assert ids(store.similar_videos.find("v1")) == ["copy"]
    assert store.similar_videos.find("v2") == []


def test_a_mirrored_copy_is_found(store, add):
    add("v1", FRAMES)
    add("v2", [mirror(frame) for frame in spoilt(FRAMES, 3)])

    assert [(one.video_id, one.likeness.mirrored) for one in store.similar_videos.find("v2")] == [("v1", True)]


def test_half_of_the_frames_of_both_are_enough_and_fewer_are_not(store, add):
    add("v1", FRAMES)
    add("half", FRAMES[:8] + STRANGE[0][:8])
    add("less", FRAMES[:7] + STRANGE[1][:9])
    add("part", FRAMES[:7])
    add("most", FRAMES[:10])

    assert {one.video_id: one.likeness.share for one in store.similar_videos.find("v1")} == {
        "half": 0.5, "most": 10 / 16,
    }  # fmt: skip
    assert {one.video_id: one.likeness.share for one in store.similar_videos.find("most")} == {
        "v1": 1.0, "half": 0.8, "part": 0.7,
    }  # fmt: skip


def test_few_frames_alike_prove_nothing(store, add):
    add("v1", FRAMES[:3])
    add("v2", FRAMES[:3])
    add("still", [FRAMES[0]] * 16)

    assert store.similar_videos.find("still") == store.similar_videos.find("v2") == []


def test_what_was_blocked_comes_first_with_its_reason_and_when(store, add, judge, clock):
    for name, bits in (("v1", 0), ("v2", 2), ("v3", 0), ("v4", 0)):
        add(name, spoilt(FRAMES[:8], bits) + FRAMES[8:])
    judge("v1", Verdict.NORMAL)
    judge("v2", Verdict.BLOCKED, "QR code", reason_code="spam")

    first, *others = store.similar_videos.find("v4")

    assert (first.video_id, first.censor_status, first.title) == ("v2", CensorStatus.FAIL, "clip v2")
    assert (first.decided.at, first.decided.reason, first.decided.reason_code) == (int(clock()), "QR code", "spam")
    assert set(ids(others)) == {"v1", "v3"}
    assert store.similar_videos.find_hint("v4") == first
    assert store.similar_videos.find_hint("v2").video_id == "v1"


def test_a_verdict_that_is_undone_or_given_anew_counts_at_once(store, add, judge):
    add("v1", FRAMES)
    add("v2", FRAMES)
    judge("v1", Verdict.BLOCKED, "first")
    store.catalogue.undo_audit("v1", ADMIN)
    assert store.similar_videos.find_hint("v2") is None

    judge("v1", Verdict.BLOCKED, "second")
    assert store.similar_videos.find_hint("v2").decided.reason == "second"


def test_a_second_reviewer_gets_what_was_known_before_the_first_verdict(store, add, judge, clock):
    for name in ("v1", "v2", "v3"):
        add(name, FRAMES)
    judge("v1", Verdict.NORMAL)
    clock.move(1)
    judge("v2", Verdict.BLOCKED, "why")
    clock.move(1)
    judge("v3", Verdict.BLOCKED, "as v2")

    assert store.similar_videos.find_hint("v2").video_id == "v3"
    assert store.similar_videos.find_hint("v2", blind=True).video_id == "v1"
    assert store.similar_videos.find_hint("v1", blind=True) is None


def test_a_video_in_the_trash_is_no_hint_until_it_is_restored_and_fingerprinted(store, add, clock):
    add("v1", FRAMES)
    add("v2", FRAMES)
    store.trash.put("v1", "u", int(clock()) + 9, ADMIN)
    assert store.similar_videos.find("v2") == []

    store.trash.restore("v1", ADMIN)
    assert store.similar_videos.find_missing(9) == ["v1"]
    store.similar_videos.keep([("v1", [tuple(FRAMES)])])
    assert ids(store.similar_videos.find("v2")) == ["v1"]


def test_new_images_replace_a_fingerprint(store, add):
    add("v1", FRAMES)
    add("v2", FRAMES)
    store.similar_videos.keep([("v2", [tuple(STRANGE[0])])])
    add("v3", FRAMES)

    assert store.similar_videos.find("v2") == []
    assert ids(store.similar_videos.find("v3")) == ["v1"]


def test_videos_without_fingerprint_wait_and_the_newest_comes_first(store, add, clock):
    for name in ("v1", "v2", "v3"):
        add(name)
    store.similar_videos.keep([("v2", [])])  # no clear images
    assert store.similar_videos.find_missing(9) == ["v3", "v1"]

    store.similar_videos.postpone("v3")
    assert store.similar_videos.find_missing(9) == ["v1"]
    clock.move(61)
    assert store.similar_videos.find_missing(1) == ["v3"]
    for _ in range(4):
        store.similar_videos.postpone("v3")
    clock.move(86_400)
    assert store.similar_videos.find_missing(9) == ["v1"]


def test_it_is_said_whose_video_it_is(store, add):
    add("v1", FRAMES, user="u")
    add("v2", FRAMES, user="w")
    add("v3", FRAMES, user="w")

    assert {one.video_id: one.same_user for one in store.similar_videos.find("v3")} == {"v1": False, "v2": True}


def test_how_often_hints_are_followed_is_counted_without_what_was_undone(store, add, judge, clock):
    add("v0", FRAMES)
    judge("v0", Verdict.BLOCKED, "spam")
    add("v1", FRAMES)
    add("v2", FRAMES)
    add("v3", STRANGE[0])
    add("v4", FRAMES)
    keys = [lease.key for lease in store.review_leases.take(Desk("anne"), 3, 300)]
    keys += [lease.key for lease in store.review_leases.take(Desk("anne"), 1, 300, keys)]
    anne = Actor("anne", "tests", request_id="r2")
    for key, verdict in zip(keys, (Verdict.BLOCKED, Verdict.NORMAL, Verdict.NORMAL, Verdict.BLOCKED), strict=True):
        store.review_decisions.decide(key, Ruling(verdict, "why" if verdict is Verdict.BLOCKED else ""), anne)
    start, end = clock() - 9, clock()

    figures = store.similar_videos.find_figures(start, end)
    assert (figures.shown, figures.followed) == (3, 2)
    store.review_decisions.undo(keys[3], Desk("anne"), anne, 300)
    figures = store.similar_videos.find_figures(start, end, "anne")
    assert (figures.shown, figures.followed) == (2, 1)
    assert store.similar_videos.find_figures(start, end, "ben").shown == 0
