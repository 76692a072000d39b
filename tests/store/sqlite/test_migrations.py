"""Data of older versions: upgraded whole or not at all, whoever opens them and whatever ends the upgrade."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys

import pytest

from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Verdict, Video, VideoFilter
from backend.store import StoreError, open_store
from backend.store.inserts import add
from backend.store.sqlite import migrations
from backend.store.sqlite.connections import add_functions
from backend.store.sqlite.database import Database
from tests.paths import ROOT

LATER = ("tags_folded", "edition")  # columns of videos
ACTOR = Actor("tests", "tests")
NARROW = (MediaFile(FileKind.COMMON, "c.mp4", 1000), MediaFile(FileKind.NARROW, "n.mp4", 300))
OPEN = """
import sys
from pathlib import Path
from backend.model import VideoFilter
from backend.store import open_store
from backend.store.sqlite import search_index
search_index.CHUNK = 10
store = open_store(Path(sys.argv[1]).parent, tell=lambda done, total: print(done, flush=True), upgrade=True)
print("found", store.catalogue.find_videos(VideoFilter(title="旧的")).total, store.recount())
store.close()
"""


@pytest.fixture
def old(tmp_path):
    """A database in its first state, with a hundred videos and a recommendation."""
    path = tmp_path / "console.sqlite3"
    db = Database(sqlite3.connect(path))
    add_functions(db.conn)
    migrations.upgrade(db.conn, stop_before="0002_filters")
    user = User("u", "Änne")
    for column in LATER:  # of the version which adds the videos
        db.execute(f"alter table videos add column {column} text")
    tags = "Reise, KÜCHE"
    add(db, [
        Video(f"v{n}", f"旧的 Video {n}", user, 1_700_000_000 + n * 9999, tags=tags, files=NARROW) for n in range(100)
    ])  # fmt: skip
    for column in LATER:
        db.execute(f"alter table videos drop column {column}")
    db.execute("update videos set censor_status = 'success', duration = 1.5 where id <= 40")
    db.execute(
        "insert into recommendations (seq, video_id, recommended, title, title_folded) "
        "values (?, 'v1', 1700000000, '海报', '海报')",
        [1_700_000_000 << 20],
    )
    db.execute("insert into recommendations (seq, video_id, recommended) values (1, 'v2', 0)")
    db.conn.commit()
    db.close()
    return path


@pytest.fixture
def opening(old):
    """Starts processes that open the old database, and kills what is left of them."""
    started = []

    def start():
        process = subprocess.Popen([sys.executable, "-c", OPEN, str(old)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_what_an_older_version_left_is_found_and_counted(old):
    store = open_store(old.parent, upgrade=True)

    assert store.catalogue.find_videos(VideoFilter(title="旧的", user_name="änn"), 1, 1).total == 100
    assert store.catalogue.find_videos(VideoFilter(censor_status=CensorStatus.SUCCESS), 1, 1).total == 40
    assert store.catalogue.find_recommendations(VideoFilter(title="海报")).total == 1
    counts = store.statistics.count_everything([1_700_000_000])
    assert (counts.videos, counts.seconds, counts.narrow_bytes, counts.narrow_bytes_plain) == (100, 60, 30_000, 100_000)
    assert store.recount() == []
    store.close()


def test_uploads_without_a_file_of_an_older_version_wait_for_no_review(old):
    db = sqlite3.connect(old)
    add_functions(db)
    db.execute("update videos set status = 'Uploading' where id in (50, 51)")
    db.execute("update videos set status = 'UploadFail' where id in (1, 52)")
    db.commit()
    db.close()

    store = open_store(old.parent, upgrade=True)

    counts = store.statistics.count_everything([0]).by_censor_status
    found = {one: store.catalogue.find_videos(VideoFilter(censor_status=one)).total for one in CensorStatus}
    assert counts == found == {
        CensorStatus.ON_CENSOR: 3, CensorStatus.CHECK: 57, CensorStatus.SUCCESS: 40, CensorStatus.FAIL: 0,
    }  # fmt: skip
    assert store.recount() == []
    store.close()


def test_an_upgrade_that_was_killed_begins_anew(old, opening):
    killed = opening()
    assert killed.stdout.readline() == "0\n"
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    assert opening().communicate()[0].endswith("found 100 []\n")


@pytest.mark.slow
def test_six_that_open_at_once_upgrade_once(opening):
    said = [process.communicate()[0].splitlines() for process in [opening() for _ in range(6)]]

    assert [lines[-1] for lines in said] == ["found 100 []"] * 6
    assert sum(len(lines) > 1 for lines in said) == 1


def test_the_doctor_names_what_has_drifted_and_mends_it(old):
    store = open_store(old.parent, upgrade=True)
    with store.engine.writing() as db:
        db.execute("update videos_per_span set number = number + 1")
        db.execute("update videos set title_folded = 'wrong' where video_id = 'v7'")
        db.execute("delete from videos_words_data where id > 10")
    drift = " ".join(store.recount())
    assert "title_folded of 1 rows in videos" in drift
    assert "videos_per_span" in drift
    assert "videos_words" in drift

    store.rebuild()

    assert store.recount() == []
    assert store.catalogue.find_videos(VideoFilter(title="VIDEO 7")).total == 11
    store.close()


def test_every_change_that_a_list_shows_gives_the_video_a_new_version(old):
    store = open_store(old.parent, upgrade=True)

    def version():
        with store.engine.reading() as db:
            return db.execute("select version from videos where video_id = 'v1'").fetchone()[0]

    seen = [version()]
    changes = [
        lambda: store.catalogue.edit_video("v1", {"title": "neu"}, ACTOR),
        lambda: store.catalogue.cancel_recommendation("v1", ACTOR),
        lambda: store.catalogue.record_audit("v1", Verdict.NORMAL, "", "", ACTOR),
        lambda: store.catalogue.recommend("v1", {}, ACTOR),
        lambda: store.catalogue.recommend("v1", {"title": "anders"}, ACTOR),
        lambda: store.catalogue.load_videos([Video("other", "", User("u", "Renamed"), 1)], ACTOR),
    ]
    for change in changes:
        change()
        seen.append(version())

    assert seen == sorted(set(seen))
    store.close()


def test_what_was_folded_in_an_older_way_is_found(tmp_path):
    path = tmp_path / "console.sqlite3"
    db = sqlite3.connect(path)
    add_functions(db)
    migrations.upgrade(db, stop_before="0002_filters")
    row = {
        "video_id": "gone", "title_folded": "爱你❤\ufe0f", "deleted": 1, "until": 2, "deleted_by": "anne",
        "files": "[]", "recommendation": "[]", "jobs": "[]", "video": '[{"title": "爱你❤\ufe0f"}]',
    }  # fmt: skip
    db.execute(f"insert into trash ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))
    db.commit()
    db.close()

    store = open_store(path.parent, upgrade=True)

    with store.engine.reading() as reader:
        assert reader.execute("select title_folded from trash").fetchall() == [("爱你❤",)]
    assert store.recount() == []
    store.close()


def test_one_endless_video_of_an_older_version_leaves_room_for_others(tmp_path):
    path = tmp_path / "console.sqlite3"
    store = open_store(path.parent, upgrade=True)
    with store.engine.writing() as db:
        db.execute("delete from _sqlite_migrations where name = '0004_bounded'")
    store.catalogue.load_videos([Video("endless", "t", User("u"), 1, duration=1e15, size=10**18)], ACTOR)
    with pytest.raises(StoreError):
        store.catalogue.load_videos([Video("other", "t", User("u"), 1, duration=12.0)], ACTOR)
    store.close()

    store = open_store(path.parent, upgrade=True)
    store.catalogue.load_videos([Video("other", "t", User("u"), 1, duration=12.0)], ACTOR)
    bounded = [(one.video_id, one.duration, one.size) for one in store.catalogue.find_videos(VideoFilter()).items]
    drift = store.recount()
    store.close()

    assert bounded == [("other", 12.0, 0), ("endless", 1e7, 10**13)]
    assert drift == []
