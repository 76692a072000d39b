"""Where files lie, and what can be asked for by name."""

import pytest

from backend.errors import ConsoleError, MediaError, NotFound
from backend.media import LocalFile
from backend.media.ffmpeg import Ffmpeg
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.model import FileKind, MediaFile, User, Video


def test_a_video_that_is_taken_in_is_moved_into_its_own_folder(media, sent, tmp_path):
    path = sent("plain.mp4")
    content = path.read_bytes()

    name = media.store_file("v1", LocalFile(path), ".MP4")

    assert name == "source.mp4"
    assert not path.exists()
    assert media.files.path_of("v1", name).read_bytes() == content
    assert [file.name for file in (tmp_path / "media" / "v1").iterdir()] == ["source.mp4"]


@pytest.mark.parametrize(
    ("given", "kept"), [("mov", "mov"), (".WebM", "webm"), ("", "mp4"), ("exe", "mp4"), ("m3u8", "mp4")]
)
def test_the_extension_of_a_source_is_one_of_a_video(media, sent, given, kept):
    assert media.store_file("v1", LocalFile(sent("plain.mp4")), given) == f"source.{kept}"


@pytest.mark.parametrize("name", ["", "..", "a/b", "../v1", ".hidden", "a\0b", "v1\n", "x" * 129, "-rf", "视频"])
def test_a_video_id_that_is_no_name_has_no_folder(media, sent, name):
    with pytest.raises(MediaError, match="cannot be the name of a video"):
        media.store_file(name, LocalFile(sent("plain.mp4")), "mp4")

    assert media.files.path_of(name, "source.mp4") is None
    media.delete(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../v2/source.mp4", "..\\v2\\source.mp4", "/etc/passwd", "source.mp4\0", "source.mp4\n",
     "source.mp4/", "a/../source.mp4", "%2e%2e", ".source.mp4", "common.1a2b.part", "source", "missing.mp4"],
)  # fmt: skip
def test_a_name_that_is_odd_leads_nowhere(media, sent, tmp_path, name):
    for video_id in ("v1", "v2"):
        media.store_file(video_id, LocalFile(sent("plain.mp4")), "mp4")
    (tmp_path / "media" / "v1" / "common.1a2b.part").touch()

    assert media.files.path_of("v1", name) is None


def test_a_link_out_of_the_folder_leads_nowhere(media, sent, tmp_path):
    media.store_file("v1", LocalFile(sent("plain.mp4")), "mp4")
    (tmp_path / "secret.mp4").touch()
    (tmp_path / "media" / "v1" / "link.mp4").symlink_to(tmp_path / "secret.mp4")

    assert media.files.path_of("v1", "link.mp4") is None


def test_a_deleted_video_is_gone_and_may_be_deleted_again(media, sent, tmp_path):
    media.store_file("v1", LocalFile(sent("plain.mp4")), "mp4")
    media.store_file("v2", LocalFile(sent("plain.mp4")), "mp4")

    media.delete("v1")
    media.delete("v1")

    assert media.files.path_of("v1", "source.mp4") is None
    assert sorted(str(path.relative_to(tmp_path / "media")) for path in (tmp_path / "media").rglob("*")) == [
        ".deleted",
        ".incoming",
        "v2",
        "v2/source.mp4",
    ]


def test_a_video_without_files_is_not_found(finish):
    for unknown in (Video("unknown", "", User("1"), 0), None):
        assert isinstance(finish("transcode", unknown).reason, NotFound)


def test_a_source_that_is_gone_is_told(finish, video, media):
    kept = video("plain.mp4")
    source = media.files.path_of("v1", "source.mp4")
    source.rename(source.with_name("cover.jpg"))

    assert "source of the video v1 is gone" in str(finish("transcode", kept).reason)


def test_the_recorded_source_is_the_one_that_is_used(finish, video, media, sent):
    video("plain.mp4")
    media.store_file("v1", LocalFile(sent("web.webm")), "webm")
    recorded = Video("v1", "", User("1"), 0, files=(MediaFile(FileKind.SOURCE, "source.webm"),))
    media.files.path_of("v1", "source.mp4").write_bytes(b"no longer a video")

    assert finish("transcode", recorded).files[0].name == "common-180.mp4"


def test_it_says_what_it_works_with(media, tmp_path):
    assert media.describe().startswith("ffmpeg ")

    with pytest.raises(ConsoleError, match="not a program that can be run"):
        LocalMedia(FolderFiles(tmp_path), Ffmpeg("nowhere/ffmpeg")).describe()
