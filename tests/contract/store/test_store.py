"""What everything above the store relies on: versions, plain pages, and leases by the store's own clock."""

from __future__ import annotations

from backend.model import Actor, JobKind, Sort, User, Video, VideoFilter
from backend.store import UNKNOWN
from backend.store.jobs import LEASE_SECONDS

ACTOR = Actor("tests", "tests")
EVERYTHING = VideoFilter()


def add(store, *names):
    store.catalogue.load_videos([Video(name, name, User("u"), 1_700_000_000) for name in names], ACTOR)


def listed(store, missing=list):
    return store.catalogue.list_videos(EVERYTHING, 1, 10, Sort.NEWEST, missing)


def test_the_version_is_another_one_after_every_change_whoever_makes_it(store, open_again):
    other = open_again()
    versions = [store.version()]
    for changed, name in ((store, "a"), (other, "b"), (store, "c")):
        add(changed, name)
        versions.append(store.version())

    assert UNKNOWN not in versions
    assert len(set(versions)) == len(versions)


def test_the_version_stays_while_nothing_is_changed(store, open_again):
    add(store, "a")
    before = store.version()

    assert listed(store).total == listed(open_again()).total == 1

    assert store.version() == before


def test_rows_that_somebody_has_already_are_not_read_again(store):
    add(store, "a", "b", "c")
    first = listed(store)
    store.catalogue.edit_video("b", {"title": "new"}, ACTOR)

    second = listed(store, lambda versions: [one for one in versions if one not in first.versions])

    assert [video.video_id for video in first.rows] == ["c", "b", "a"]
    assert [(video.video_id, video.title) for video in second.rows] == [("b", "new")]
    assert [one[0] for one in first.versions] == [one[0] for one in second.versions]


def test_a_lease_ends_by_the_clock_of_the_store(store, open_again, clock):
    other = open_again()
    store.jobs.enqueue_demo([1])

    assert store.jobs.claim_job((JobKind.DEMO,), "here").attempts == 1
    assert other.jobs.claim_job((JobKind.DEMO,), "there") is None
    clock.move(LEASE_SECONDS + 1)
    assert other.jobs.claim_job((JobKind.DEMO,), "there").attempts == 2
    assert store.now() == other.now() == clock()
