"""What is derived from the rows: it agrees with them after every change, and is made anew when it does not."""

from __future__ import annotations

import pytest

from backend.model import Actor, CensorStatus, FileKind, JobKind, MediaFile, User, Verdict, Video
from backend.store import open_store
from backend.store.postgres import derived

ACTOR = Actor("tests", "tests")
SOURCE = MediaFile(FileKind.SOURCE, "s.mp4", 9)
PAIR = (
    MediaFile(FileKind.COMMON, "c.mp4", 1000, 640, 360), MediaFile(FileKind.NARROW, "n.mp4", 300, 640, 360),
)  # fmt: skip


@pytest.fixture
def store(postgres, tmp_path, clock):
    opened = open_store(tmp_path, clock, database=postgres)
    yield opened
    opened.close()


@pytest.fixture
def full(store):
    """Videos with everything that anything is derived from, changed in every way."""
    one, other = User("u", "Änne"), User("w", "Ben")
    store.catalogue.load_videos(
        [
            Video(f"v{n}", f"旧的 Video {n}", (one, other)[n % 2], 1_700_000_000 + n * 9999, tags="Food, 火锅",
                  duration=n / 7, size=n, files=(SOURCE, *PAIR))
            for n in range(12)
        ],
        ACTOR,
    )  # fmt: skip
    catalogue = store.catalogue
    for n in range(6):
        catalogue.record_audit(f"v{n}", Verdict.NORMAL, "", "", ACTOR)
    for n in range(4):
        catalogue.recommend(f"v{n}", {"title": "海报", "tags": "a,B"} if n % 2 else {}, ACTOR)
    catalogue.edit_video("v0", {"title": "neu", "tags": "ＡＢ"}, ACTOR)
    catalogue.record_audit("v1", Verdict.BLOCKED, "spam", "", ACTOR)
    catalogue.cancel_recommendation("v2", ACTOR)
    catalogue.load_videos([Video("more", "x", User("u", "Renamed"), 1_700_000_000)], ACTOR)
    store.trash.put("v3", "w", 2_000_000_000, ACTOR)
    store.trash.put("v4", "u", 2_000_000_000, ACTOR)
    store.trash.restore("v3", ACTOR)
    store.jobs.enqueue_for_video(JobKind.TRANSCODE, "v0", "submitTranscode", ACTOR)
    store.jobs.claim_job((JobKind.TRANSCODE,), "w")
    return store


def fetch(store, sql):
    with store.engine.reading() as db:
        return db.fetch(sql)


def test_after_every_kind_of_change_everything_agrees(full):
    assert full.recount() == []
    assert fetch(full, "select sum(value) from sums where name = 'narrow_bytes'") == [(300 * 11,)]
    assert fetch(full, "select distinct user_name_folded from feed where user_id = 'u'") == [("renamed",)]
    assert fetch(full, "select tags_folded from finding where title_folded = 'neu'") == [(",ab,",)]
    assert fetch(full, "select f.tags_folded from feed f join recommendations r using (seq) where r.tags <> ''") == [
        (",a,b,",)
    ]


def test_counters_are_added_up_and_say_the_same(full):
    before = fetch(
        full, "select cate_id, censor_status, sum(number), sum(bytes) from videos_per_category group by 1, 2"
    )
    rows = fetch(full, "select count(*) from videos_per_category")

    with full.engine.writing() as db:
        derived.fold_counters(db)

    assert fetch(full, "select count(*) from videos_per_category") < rows
    after = fetch(full, "select cate_id, censor_status, sum(number), sum(bytes) from videos_per_category group by 1, 2")
    assert sorted(after) == sorted(before)
    assert full.recount() == []


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("update videos set title_folded = 'wrong' where video_id = 'v7'", "title_folded of 1 rows in videos"),
        ("update videos set tags_folded = 'wrong' where video_id = 'v7'", "tags_folded of 1 rows in videos"),
        ("update users set user_name_folded = 'wrong' where user_id = 'w'", "user_name_folded of 1 rows in users"),
        ("update recommendations set title_folded = 'wrong' where title <> ''", "title_folded of 1 rows in recommend"),
        ("update videos set recommended = 1 where video_id = 'v7'", "recommended of 1 rows in videos"),
        ("insert into videos_per_span values (0, 'check', 1)", "1 rows of videos_per_span"),
        ("delete from feed_per_category", "rows of feed_per_category"),
        ("insert into job_counts values ('transcode', 'failed', 1)", "1 rows of job_counts"),
        ("update sums set value = value + 1", "rows of sums"),
        ("delete from finding where seq > 0", "12 rows of finding"),
        ("update finding set censor_status = 'fail' where title_folded = 'neu'", "2 rows of finding"),
        ("delete from feed", "rows of feed"),
        ("insert into review_per_queue values ('default', 5)", "review"),
        ("delete from review_waiting", "waiting videos in no review queue"),
    ],
)
def test_what_has_drifted_is_named_and_mended(full, damage, named):
    with full.engine.writing() as db:
        db.execute(damage)
    assert named in " ".join(full.recount())

    full.rebuild()

    assert full.recount() == []


def test_the_search_indexes_are_put_in_order_after_a_bulk_import(full):
    full.optimize_search()

    assert full.check() == []
    assert full.size() > 1_000_000
    assert fetch(full, "select count(*) from finding where signs(title_folded) @> array[26087::bigint << 24 | 30340]")


def test_a_video_of_each_verdict_is_counted_in_its_state(full):
    found = dict(
        fetch(full, "select censor_status, sum(number) from videos_per_category group by 1 having sum(number) > 0")
    )

    assert found == {CensorStatus.CHECK: 7, CensorStatus.SUCCESS: 4, CensorStatus.FAIL: 1}
