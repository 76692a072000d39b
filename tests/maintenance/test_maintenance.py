"""Backup, restore and the doctor; and that a restore never happens under a running server."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import replace

import pytest

import backend
from backend.maintenance.backup import back_up, restore
from backend.maintenance.data_lock import MaintenanceError, hold_data_dir
from backend.maintenance.doctor import examine
from backend.media.folder import FolderFiles
from backend.model import FileKind, MediaFile, VideoFilter
from backend.model.feed import Figures
from backend.store import copy_files
from backend.store.sqlite import migrations

pytestmark = pytest.mark.sqlite

SOURCE = MediaFile(FileKind.SOURCE, "source.mp4", 5)


@pytest.fixture
def kept(console, make_video):
    """A video whose source is in the media folder."""
    made = make_video(files=(SOURCE,))
    folder = console.settings.media_folder / made.video_id
    folder.mkdir(parents=True)
    (folder / "source.mp4").write_bytes(b"12345")
    (folder / "common-720.mp4.part").write_bytes(b"half")
    return made


def test_what_was_backed_up_while_open_is_there_again_elsewhere(console, kept, tmp_path):
    back_up(console.settings, tmp_path / "backup.tar", console.media.files)
    elsewhere = replace(console.settings, data=tmp_path / "elsewhere")

    assert restore(elsewhere, tmp_path / "backup.tar") is None

    again = backend.open_console(elsewhere)
    assert again.store.catalogue.find_videos(VideoFilter()).items == (kept,)
    assert (elsewhere.media_folder / kept.video_id / "source.mp4").read_bytes() == b"12345"
    assert not list(elsewhere.media_folder.rglob("*.part"))
    again.close()


def test_what_was_there_before_a_restore_is_kept_aside(console, kept, tmp_path):
    back_up(console.settings, tmp_path / "backup.tar", console.media.files)
    console.store.catalogue.delete_video(kept.video_id, kept.user.user_id, backend.model.Actor("tests", "tests"))
    console.close()

    aside = restore(console.settings, tmp_path / "backup.tar")

    assert {path.name for path in aside.iterdir()} >= {"console.sqlite3", "media"}
    again = backend.open_console(console.settings)
    assert again.store.catalogue.get_video(kept.video_id) == kept
    again.close()


def test_a_backup_of_the_database_alone_leaves_the_media_where_they_are(console, kept, tmp_path):
    back_up(console.settings, tmp_path / "backup.tar", None)
    console.close()

    restore(console.settings, tmp_path / "backup.tar")

    assert (console.settings.media_folder / kept.video_id / "source.mp4").exists()


def test_nothing_is_restored_while_somebody_works_on_the_folder(console, kept, tmp_path):
    back_up(console.settings, tmp_path / "backup.tar", console.media.files)

    with hold_data_dir(console.settings), pytest.raises(MaintenanceError, match="Stop the server"):
        restore(console.settings, tmp_path / "backup.tar")


def test_servers_and_workers_share_a_folder(settings):
    with hold_data_dir(settings), hold_data_dir(settings):
        pass


@pytest.mark.parametrize("content", [b"", b"no archive", b"\0" * 2048])
def test_what_is_no_backup_changes_nothing(console, kept, tmp_path, content):
    (tmp_path / "bad.tar").write_bytes(content)

    with pytest.raises(MaintenanceError):
        restore(console.settings, tmp_path / "bad.tar")

    assert console.store.catalogue.get_video(kept.video_id) == kept


def test_a_backup_with_a_damaged_database_changes_nothing(console, kept, tmp_path):
    (tmp_path / "console.sqlite3").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.add(tmp_path / "console.sqlite3", "console.sqlite3")

    with pytest.raises(MaintenanceError, match="nothing was changed"):
        restore(console.settings, tmp_path / "bad.tar")

    assert console.store.catalogue.get_video(kept.video_id) == kept


def test_a_backup_is_never_written_over_another_file(console, tmp_path):
    (tmp_path / "precious.tar").write_bytes(b"precious")

    with pytest.raises(MaintenanceError, match="another name"):
        back_up(console.settings, tmp_path / "precious.tar", console.media.files)

    assert (tmp_path / "precious.tar").read_bytes() == b"precious"


def test_the_doctor_finds_nothing_wrong_with_a_sound_installation(console, account, kept):
    assert [finding.text for finding in examine(console) if not finding.good] == []


def test_the_doctor_names_what_the_search_index_has_wrong(console, account, kept):
    with console.store.engine.writing() as db:
        db.execute("update videos_per_category set number = 7")

    (bad,) = [finding.text for finding in examine(console) if not finding.good]

    assert "videos_per_category" in bad
    assert "doctor --rebuild" in bad


def test_the_doctor_names_missing_files_stray_folders_and_missing_accounts(console, kept):
    (console.settings.media_folder / kept.video_id / "source.mp4").unlink()
    (console.settings.media_folder / "nobodys").mkdir()
    (console.settings.media_folder / "nobodys" / "source.mp4").touch()

    bad = " ".join(finding.text for finding in examine(console) if not finding.good)

    assert f"{kept.video_id}/source.mp4" in bad
    assert "nobodys" in bad
    assert "account add" in bad


def test_a_backup_leaves_a_database_of_an_older_version_as_it_is(settings, tmp_path):
    settings.data.mkdir()
    with closing(sqlite3.connect(settings.data / "console.sqlite3")) as db:
        migrations.upgrade(db, stop_before="0002_filters")
        db.commit()
        before = db.execute("select * from sqlite_master").fetchall()

    back_up(settings, tmp_path / "backup.tar", FolderFiles(settings.media_folder))

    with closing(sqlite3.connect(settings.data / "console.sqlite3")) as db:
        assert db.execute("select * from sqlite_master").fetchall() == before
    assert not (settings.data / "console.sqlite3").with_name("attempts.sqlite3").exists()
    elsewhere = replace(settings, data=tmp_path / "elsewhere")
    restore(elsewhere, tmp_path / "backup.tar")
    backend.open_console(elsewhere, upgrade=True).close()


def test_a_backup_of_a_newer_version_or_of_another_program_changes_nothing(console, kept, tmp_path):
    for name, statement in (
        (
            "newer",
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('qu-console', '9999_x', '')",
        ),
        ("none of this console's", "drop table _sqlite_migrations"),
    ):
        copy = tmp_path / "console.sqlite3"
        copy_files(console.settings.data, tmp_path)
        with closing(sqlite3.connect(copy)) as db, db:
            db.execute(statement)
        with tarfile.open(tmp_path / "bad.tar", "w") as tar:
            tar.add(copy, "console.sqlite3")
        copy.unlink()

        with pytest.raises(MaintenanceError, match=f"{name}.*nothing was changed"):
            restore(console.settings, tmp_path / "bad.tar")

    assert console.store.catalogue.get_video(kept.video_id) == kept


def test_a_backup_that_cannot_be_finished_leaves_nothing_behind(console, kept, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    (tmp_path / "backups").mkdir()

    with pytest.raises(MaintenanceError, match="No space left on device"):
        back_up(console.settings, tmp_path / "backups" / "backup.tar", console.media.files)

    assert list((tmp_path / "backups").iterdir()) == []


def others_may_read(*paths):
    return [path.name for path in paths if path.stat().st_mode & 0o077]


def test_nobody_else_on_the_machine_can_read_the_data_or_a_backup(settings, tmp_path):
    console = backend.open_console(settings)
    console.store.attempts.begin("1.2.3.4", "anne")
    back_up(settings, tmp_path / "backup.tar", FolderFiles(settings.media_folder))

    files = list(settings.data.glob("*.sqlite3*"))
    assert {"console.sqlite3", "console.sqlite3-wal", "attempts.sqlite3"} <= {path.name for path in files}
    assert others_may_read(settings.data, tmp_path / "backup.tar", *files) == []
    console.close()


def test_what_an_older_version_left_readable_is_mended_at_the_start(settings, new_database):
    settings.data.mkdir(mode=0o755)
    for name in ("console.sqlite3", "attempts.sqlite3"):
        shutil.copy(new_database, settings.data / name)
        (settings.data / name).chmod(0o644)

    backend.open_console(settings).close()

    assert others_may_read(settings.data, *settings.data.glob("*.sqlite3*")) == []


def test_the_doctor_names_what_others_can_read(console, account):
    console.settings.data.chmod(0o750)
    (console.settings.data / "console.sqlite3").chmod(0o604)

    (bad,) = [finding.text for finding in examine(console) if not finding.good]

    assert "other users of this machine can read data, console.sqlite3 (2)" in bad


class TestFeedFile:
    """What phones report of the feed has a file of its own, which is backed up, restored and examined as well."""

    @pytest.fixture
    def counted(self, console):
        console.store.feed_figures.record("batch", {(429_734, "feed", "a", 1, 1): Figures(impressions=3)})
        return console.settings.data / "feed.sqlite3"

    def sums(self, console):
        with console.store.engine.feed_reading() as db:
            return db.execute("select video_id, impressions from feed_figures").fetchall()

    def test_its_figures_are_in_the_backup(self, console, kept, counted, tmp_path):
        back_up(console.settings, tmp_path / "backup.tar", None)
        elsewhere = replace(console.settings, data=tmp_path / "elsewhere")
        restore(elsewhere, tmp_path / "backup.tar")

        again = backend.open_console(elsewhere)
        assert self.sums(again) == [("a", 3)]
        again.close()

    def test_a_restore_puts_the_present_one_aside(self, console, kept, tmp_path):
        back_up(console.settings, tmp_path / "backup.tar", None)
        console.store.feed_figures.record("batch", {(429_734, "feed", "a", 1, 1): Figures(impressions=3)})
        console.close()

        aside = restore(console.settings, tmp_path / "backup.tar")

        assert (aside / "feed.sqlite3").exists()
        again = backend.open_console(console.settings)
        assert self.sums(again) == []
        again.close()

    def test_the_doctor_names_it_when_it_is_damaged_and_the_console_works_without(self, console, account, counted):
        console.close()
        counted.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
        again = backend.open_console(console.settings)

        assert any("feed.sqlite3" in found.text for found in examine(again) if not found.good)
        assert again.store.catalogue.find_videos(VideoFilter()).total == 0
        with pytest.raises(backend.StoreError, match="move the file away"):
            again.store.feed_figures.record("more", {})
        again.close()

    def test_a_backup_with_a_damaged_one_changes_nothing(self, console, kept, counted, tmp_path):
        back_up(console.settings, tmp_path / "backup.tar", None)
        with tarfile.open(tmp_path / "backup.tar") as tar:
            tar.extractall(tmp_path / "open", filter="data")
        (tmp_path / "open" / "feed.sqlite3").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
        with tarfile.open(tmp_path / "bad.tar", "w") as tar:
            for path in (tmp_path / "open").iterdir():
                tar.add(path, path.name)

        with pytest.raises(MaintenanceError, match="nothing was changed"):
            restore(console.settings, tmp_path / "bad.tar")
