"""What the store keeps of an action on many videos."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backend.errors import BadRequest, Conflict, NotFound
from backend.model import Actor, JobKind, User, Verdict, Video, VideoFilter
from backend.model.bulks import BulkAction, ItemState

ANNE, BEN = Actor("anne", "page", request_id="r1"), Actor("ben", "page", request_id="r2")


@pytest.fixture
def begin(store):
    """Puts five videos into the catalogue, and queues approving those of this title."""
    made = [Video(f"v{n}", f"beach {n}", User("u1", "u1"), 1_547_000_000 + n) for n in range(5)]
    store.catalogue.load_videos(made, BEN)
    return lambda title="beach", **given: store.bulks.start(
        BulkAction.APPROVE, {"reason": ""}, store.catalogue.settle(VideoFilter(title=title)), ANNE, **given
    )


def test_the_set_is_kept_in_the_order_of_the_list(store, begin):
    bulk = begin()

    assert store.bulks.get(bulk.bulk_id) == bulk
    assert [one.video_id for one in store.bulks.find_items(bulk.bulk_id, ItemState.WAITING, 1, 3)] == ["v4", "v3", "v2"]
    (job,) = store.jobs.find_jobs(kind=JobKind.BULK).items
    assert (job.job_id, job.payload["bulkId"]) == (bulk.job_id, bulk.bulk_id)
    assert [line.action for line in store.history.find_history(bulk.bulk_id)] == ["startBulk"]


def test_what_became_of_each_is_counted(store, begin):
    bulk = begin()
    first, second, *_ = store.bulks.find_items(bulk.bulk_id, ItemState.WAITING, 1, 9)
    why = Conflict("{name} has changed the video meanwhile.", name="ben")

    store.bulks.record(
        bulk.bulk_id, [replace(first, state=ItemState.DONE), replace(second, state=ItemState.REFUSED, why=why)]
    )

    assert store.bulks.count(bulk.bulk_id) == {"done": 1, "refused": 1, "waiting": 3}
    (refused,) = store.bulks.find_items(bulk.bulk_id, ItemState.REFUSED, 1, 9)
    assert str(refused.why) == str(why)
    store.jobs.settle_done(store.jobs.claim_job([JobKind.BULK], "w"), "w", (), {})
    undone = store.bulks.undo(bulk.bulk_id, BEN)
    assert (undone.total, undone.undoes, undone.form) == (1, bulk.bulk_id, {"requestId": "r1"})
    assert store.bulks.find_undone([bulk.bulk_id, undone.bulk_id]) == {bulk.bulk_id}
    for again in (bulk, undone):
        with pytest.raises(Conflict):
            store.bulks.undo(again.bulk_id, BEN)


def test_it_tells_its_own_changes_from_those_of_others(store, begin):
    bulk = begin()
    store.catalogue.record_audit("v1", Verdict.NORMAL, "", "", ANNE)
    store.catalogue.record_audit("v2", Verdict.NORMAL, "", "", BEN)

    assert store.bulks.find_ours(bulk, ["v0", "v1", "v2"]) == {"v1"}
    assert {id_: str(why) for id_, why in store.bulks.find_changed(bulk, ["v0", "v1", "v2"]).items()} == {
        "v2": "ben has changed the video meanwhile."
    }


def test_none_too_many_and_another_number_than_expected_are_refused(store, begin):
    with pytest.raises(BadRequest):
        begin("nothing")
    with pytest.raises(Conflict, match="5 videos match now, not 4"):
        begin(expected=4)
    with pytest.raises(NotFound):
        store.bulks.get("none")
