"""What holds wherever the files of videos are stored: the same tests for a folder and for an object store."""

from __future__ import annotations

import itertools
import os
import sys
import threading
from contextlib import suppress

import pytest

from backend.errors import MediaError, NotFound, StorageError
from backend.media import LocalFile, folder
from backend.media.bucket import BucketFiles
from backend.media.folder import FolderFiles

ODD_NAMES = (
    "", ".", "..", "../v2/source.mp4", "..\\v2\\source.mp4", "/etc/passwd", "source.mp4\0", "source.mp4\n",
    "source.mp4/", "a/../source.mp4", "%2e%2e", ".source.mp4", "source.part", "source", "missing.mp4",
)  # fmt: skip
ODD_IDS = ("", "..", "a/b", "../v1", ".hidden", "a\0b", "v1\n", "x" * 129, "-rf", "视频")


@pytest.fixture(params=["folder", "bucket"])
def files(request, tmp_path):
    """Every store of files."""
    if request.param == "folder":
        return FolderFiles(tmp_path / "media")
    return BucketFiles(request.getfixturevalue("object_store").new_place(), tmp_path / "scratch")


@pytest.fixture
def made(tmp_path):
    """A finished file of a job."""

    count = itertools.count()

    def make(content=b"0123456789"):
        path = tmp_path / f"made-{next(count)}"
        path.write_bytes(content)
        return LocalFile(path)

    return make


def content(files, video_id, name, *span):
    opened = files.open(video_id, name)
    try:
        return b"".join(opened.read(*span))
    finally:
        opened.close()


def test_a_file_that_is_put_is_moved_and_can_be_read_whole_and_in_parts(files, made):
    file = made()

    files.put("v1", {"source.mp4": file}, new=True)

    assert not file.path.exists()
    assert files.exists("v1", "source.mp4")
    assert content(files, "v1", "source.mp4") == b"0123456789"
    assert content(files, "v1", "source.mp4", 2, 5) == b"234"
    assert content(files, "v1", "source.mp4", 7) == b"789"
    assert content(files, "v1", "source.mp4", 10) == content(files, "v1", "source.mp4", 4, 4) == b""


def test_a_large_file_comes_in_pieces(files, made):
    files.put("v1", {"source.mp4": made(bytes(range(256)) * 4096)}, new=True)

    assert content(files, "v1", "source.mp4", 300_000, 800_001) == (bytes(range(256)) * 4096)[300_000:800_001]


def test_an_open_file_tells_its_size_and_changes_its_tag_with_its_content(files, made):
    files.put("v1", {"source.mp4": made()}, new=True)
    first = files.open("v1", "source.mp4")
    files.put("v1", {"source.mp4": made(b"another")})
    second = files.open("v1", "source.mp4")

    assert (first.size, second.size) == (10, 7)
    assert first.tag != second.tag
    assert first.tag[0] == first.tag[-1] == '"'
    assert 0 < first.modified <= second.modified
    with suppress(StorageError):  # whoever reads the old one gets it whole, or is told that it is gone
        assert b"".join(first.read()) == b"0123456789"
    first.close()
    second.close()


def test_several_files_are_put_together_and_listed_in_order(files, made):
    files.put("v2", {"source.mp4": made()}, new=True)
    files.put("v1", {"b.jpg": made(), "a.jpg": made()}, new=True)

    assert list(files.list()) == [("v1", "a.jpg"), ("v1", "b.jpg"), ("v2", "source.mp4")]
    assert list(files.list("v1")) == [("v1", "a.jpg"), ("v1", "b.jpg")]
    assert list(files.list("v3")) == []


def test_a_job_cannot_bring_back_what_was_deleted(files, made):
    files.put("v1", {"source.mp4": made()}, new=True)
    files.delete("v1")

    with pytest.raises(NotFound):
        files.put("v1", {"common-720.mp4": made()})
    assert list(files.list()) == []


def test_deleting_leaves_nothing_of_a_video_and_may_be_repeated(files, made):
    files.put("v1", {"source.mp4": made(), "cover.jpg": made()}, new=True)
    files.put("v2", {"source.mp4": made()}, new=True)

    files.delete("v1", "cover.jpg", "never-there.jpg")
    assert list(files.list("v1")) == [("v1", "source.mp4")]
    files.delete("v1")
    files.delete("v1")

    assert files.open("v1", "source.mp4") is None
    assert list(files.list()) == [("v2", "source.mp4")]


def test_files_are_deleted_once_the_rows_of_the_video_are(files, made):
    for video_id in ("v1", "v2"):
        files.put(video_id, {"source.mp4": made()}, new=True)

    with files.deleting("v1"):
        assert list(files.list("v1")) == [("v1", "source.mp4")]
    with pytest.raises(NotFound), files.deleting("v2"):
        raise NotFound("There is no such video.")

    assert list(files.list()) == [("v2", "source.mp4")]


def test_videos_whose_ids_begin_alike_are_not_mixed_up(files, made):
    for video_id in ("v1", "v10", "v1-x", "v"):
        files.put(video_id, {"source.mp4": made()}, new=True)

    assert list(files.list("v1")) == [("v1", "source.mp4")]
    files.delete("v1")

    assert sorted(files.list()) == [("v", "source.mp4"), ("v1-x", "source.mp4"), ("v10", "source.mp4")]


def test_a_program_reads_a_file_of_this_machine(files, made):
    files.put("v1", {"source.mp4": made()}, new=True)

    with files.local("v1", "source.mp4") as file, files.local("v1", "missing.mp4") as missing:
        assert file.path.read_bytes() == b"0123456789"
        assert missing is None
    assert content(files, "v1", "source.mp4") == b"0123456789"


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_that_is_odd_leads_nowhere(files, made, name):
    for video_id in ("v1", "v2"):
        files.put(video_id, {"source.mp4": made()}, new=True)

    assert (files.open("v1", name), files.exists("v1", name)) == (None, False)
    with files.local("v1", name) as file:
        assert file is None
    if name != "missing.mp4":
        with pytest.raises(MediaError):
            files.put("v1", {name: made()})
    files.delete("v1", name)
    assert len(list(files.list())) == 2


@pytest.mark.parametrize("video_id", ODD_IDS)
def test_an_id_that_is_odd_has_no_files(files, made, video_id):
    files.put("v1", {"source.mp4": made()}, new=True)

    with pytest.raises(MediaError):
        files.put(video_id, {"source.mp4": made()}, new=True)
    assert files.open(video_id, "source.mp4") is None
    if video_id:
        files.delete(video_id)
    assert list(files.list()) == [("v1", "source.mp4")]


def test_whoever_reads_meanwhile_sees_a_file_whole_or_not_at_all(files, made):
    contents = [bytes([number]) * 400_000 for number in range(40)]
    files.put("v1", {"source.mp4": made(contents[0])}, new=True)
    seen, over = set(), threading.Event()

    def read():
        while not over.is_set():
            with suppress(StorageError):
                seen.add(content(files, "v1", "source.mp4"))

    reader = threading.Thread(target=read)
    reader.start()
    for one in contents:
        files.put("v1", {"source.mp4": made(one)})
    over.set()
    reader.join()

    assert seen
    assert seen <= set(contents)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_a_process_killed_while_it_puts_files_leaves_nothing_beside_them(tmp_path, made):
    files = FolderFiles(tmp_path / "media")
    files.put("v1", {"source.mp4": made()}, new=True)
    made_in_scratch = files.scratch / "cover.jpg"
    made_in_scratch.write_bytes(b"picture")

    if not (child := os.fork()):
        folder.sync_file = lambda path: os._exit(9)
        files.put("v1", {"cover.jpg": LocalFile(made_in_scratch), "snapshot-1.jpg": made()})
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 9
    assert [path.name for path in (tmp_path / "media/v1").iterdir()] == ["source.mp4"]
