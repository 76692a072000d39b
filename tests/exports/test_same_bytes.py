"""Both databases write the same files, to the byte."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.exports.columns import RECOMMENDED, VIDEOS, FileFormat
from backend.model import Actor, CensorStatus, Sort, VideoFilter
from backend.store import open_store
from tests.exports.rows import texts, videos, zones

TESTS = Actor("tests", "tests")
BASE_URL = "http://console.test/it's"
NOW = 1_547_043_089
TABLES = (
    "history", "recommendations", "feed", "lineup_entries", "files", "videos", "users",
)  # fmt: skip
far = st.sampled_from([-70_000_000_000, -5_000_000_000, -1, 0, 4_102_444_799, 4_102_444_800, 10**11, 10**12])
# Halves in the fourth place, and lengths that end just before a whole second.
lengths = st.integers(0, 10**9).map(lambda number: (number * 10 + 5) / 10_000) | st.sampled_from([0.0004, 11.9999, 1e7])


@pytest.fixture(scope="module")
def both(tmp_path_factory, postgres_database):
    postgres_database.clean()
    stores = [
        open_store(tmp_path_factory.mktemp("store"), lambda: NOW, database=address)
        for address in ("", postgres_database.address)
    ]
    yield stores
    for store in stores:
        store.close()


def written(store, listing, file_format, zone, sort):
    pieces = store.exporting.export_batches(listing, listing.columns, file_format, VideoFilter(), zone, BASE_URL, sort)
    return list(pieces)


@pytest.mark.slow
@settings(max_examples=25)
@given(
    rows=videos, zone=zones, created=far, duration=lengths, sort=st.sampled_from(Sort),
    shown=st.fixed_dictionaries({}, optional={
        "title": texts, "cover_url": st.sampled_from(["/media/x.jpg", "http://cdn.test/a%20b.jpg", ""]), "tags": texts,
        "duration": lengths,
    }),
)  # fmt: skip
def test_both_databases_write_the_same_files(both, rows, zone, created, duration, sort, shown):
    rows = [*(replace(row, created=created, duration=duration) for row in rows[:1]), *rows[1:]]
    for store in both:
        with store.engine.writing() as db:
            for table in TABLES:
                db.execute(f"delete from {table}")
        store.catalogue.load_videos(rows, TESTS)
        for row in rows[:2]:
            with store.engine.writing() as db:
                sql = "update videos set censor_status = ?, media_key = 'key' where video_id = ?"
                db.execute(sql, [CensorStatus.SUCCESS, row.video_id])
            store.catalogue.recommend(row.video_id, shown, TESTS, at=NOW - 1)
        with store.engine.writing() as db:
            db.execute("update videos set media_key = 'key'")

    for listing in (VIDEOS, RECOMMENDED):
        for file_format in FileFormat:
            in_sqlite, in_postgres = (written(store, listing, file_format, ZoneInfo(zone), sort) for store in both)
            assert in_postgres == in_sqlite
            if file_format is FileFormat.XLSX:
                assert repr(in_postgres) == repr(in_sqlite)  # 12 is another cell than 12.0
