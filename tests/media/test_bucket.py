"""What holds for media in a bucket alone: signatures, what fails between two requests, and scratch."""

from __future__ import annotations

import os
import threading
import time

import obstore
import pytest
import requests
from obstore.exceptions import PermissionDeniedError

from backend.errors import NotFound, StorageError
from backend.media import LocalFile
from backend.media.bucket import ASKING, QUICK, BucketFiles, connect
from backend.media.scratch import ProcessScratch


@pytest.fixture
def place(object_store):
    return object_store.new_place()


@pytest.fixture
def files(place, tmp_path):
    return BucketFiles(place, tmp_path / "scratch")


@pytest.fixture
def made(files):
    """A finished file of a job."""

    def make(content=b"0123456789"):
        path = files.scratch / f"made-{len(list(files.scratch.iterdir()))}"
        path.write_bytes(content)
        return LocalFile(path)

    return make


@pytest.fixture
def once(object_store):
    """Does something once, right before a request of this kind is answered."""

    def do(method, part, act):
        def gate(asked, target):
            if asked == method and part in target:
                object_store.gate = None
                act()

        object_store.gate = gate

    return do


class TestSignatures:
    """The store of the tests refuses what a real one refuses; moto alone would take everything."""

    @pytest.fixture
    def link(self, files, made):
        files.put("v1", {"common-720.mp4": made(), "source.mp4": made()}, new=True)
        return files.link("v1", "common-720.mp4", 300)

    def test_a_link_serves_a_file_and_its_parts_to_anybody(self, link):
        answer = requests.get(link, headers={"Range": "bytes=2-4"}, timeout=60)

        assert (answer.status_code, answer.content) == (206, b"234")
        assert answer.headers["Content-Type"] == "video/mp4"

    def test_a_link_ends(self, link, object_store):
        object_store.clock = lambda: time.time() + 301

        assert requests.get(link, timeout=60).status_code == 403

    def test_a_link_is_for_one_file_one_method_and_its_own_time(self, link):
        changed = (
            link.replace("common-720.mp4", "source.mp4"),
            link.replace("Expires=300", "Expires=3000"),
            link.partition("?")[0],
        )

        assert [requests.get(url, timeout=60).status_code for url in changed] == [403] * 3
        assert requests.delete(link, timeout=60).status_code == 403

    def test_another_secret_signs_nothing_that_holds(self, link, object_store, place):
        store = connect(place._replace(secret="another"), QUICK, ASKING)

        with pytest.raises(PermissionDeniedError):
            obstore.head(store, "v1/source.mp4")
        answer = requests.get(link.replace("test-key-id", "another-key"), timeout=60)
        assert answer.status_code == 403

    def test_names_that_are_odd_have_no_link(self, files):
        assert files.link("..", "source.mp4", 300) == files.link("v1", "../x.mp4", 300) == ""


class TestProof:
    def test_a_bucket_that_can_be_used_is_named_and_left_as_it_was(self, files, object_store, place):
        assert place.url in files.describe()
        assert object_store.keys(place) == []

    @pytest.mark.parametrize(
        ("method", "right"), [("PUT", "s3:PutObject"), ("GET", "s3:GetObject"), ("DELETE", "s3:DeleteObject")]
    )
    def test_a_missing_right_is_named(self, files, object_store, method, right):
        object_store.denied = {method}

        with pytest.raises(StorageError, match=right) as caught:
            files.describe()
        assert not caught.value.passing

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"secret": "another"}, "AWS_SECRET_ACCESS_KEY"),
            ({"key_id": "another"}, "AWS_ACCESS_KEY_ID"),
            ({"url": "s3://no-such-bucket"}, "no bucket no-such-bucket at http://127.0.0.1"),
        ],
    )
    def test_what_is_set_wrongly_is_named(self, place, tmp_path, changed, told):
        with pytest.raises(StorageError, match=told) as caught:
            BucketFiles(place._replace(**changed), tmp_path / "scratch").describe()
        assert not caught.value.passing

    def test_an_endpoint_that_does_not_take_the_bucket_in_the_path_is_named(self, files, object_store):
        """As OSS refuses it: no right is missing."""
        object_store.gate = lambda method, target: "SecondLevelDomainForbidden"

        with pytest.raises(StorageError, match=r"as in https://videos\.oss-cn-hangzhou") as caught:
            files.describe()
        assert not caught.value.passing

    def test_a_clock_that_is_an_hour_off_is_named(self, files, object_store):
        object_store.clock = lambda: time.time() + 3600

        with pytest.raises(StorageError, match="clocks of this machine and of s3://"):
            files.describe()

    def test_a_store_that_is_away_may_come_back(self, files, object_store):
        object_store.stop()

        with pytest.raises(StorageError, match=r"Connection refused\)\. Check QU_S3_ENDPOINT") as caught:
            files.describe()
        assert caught.value.passing

        object_store.start()
        assert files.describe()


class TestDeleting:
    def test_a_video_deleted_while_a_job_puts_its_files_stays_deleted(self, files, made, once, object_store, place):
        files.put("v1", {"source.mp4": made(), "cover.jpg": made()}, new=True)
        once("PUT", "common-720.mp4", lambda: files.delete("v1"))

        with pytest.raises(NotFound):
            files.put("v1", {"common-720.mp4": made()})
        assert object_store.keys(place) == []

    def test_files_put_while_a_video_is_deleted_are_deleted_too(self, files, made, once, object_store, place):
        files.put("v1", {"source.mp4": made(), "cover.jpg": made()}, new=True)
        once("DELETE", "delete", lambda: files.put("v1", {"common-720.mp4": made()}))

        files.delete("v1")

        assert object_store.keys(place) == []

    def test_a_deletion_that_the_store_interrupts_is_finished_later(self, files, made, object_store, place):
        for video_id in ("v1", "v2"):
            files.put(video_id, {"source.mp4": made()}, new=True)

        with files.deleting("v1"):
            object_store.stop()
        object_store.start()
        assert "v1/source.mp4" in object_store.keys(place)
        files.sweep(lambda video_id: video_id == "v1")

        assert object_store.keys(place) == ["v2/source.mp4"]

    def test_a_deletion_under_way_elsewhere_is_left_to_it(self, files, made, object_store, place):
        files.put("v1", {"source.mp4": made()}, new=True)

        with files.deleting("v1"):
            files.sweep(lambda video_id: False)
            assert object_store.keys(place) == [".deleted/v1", "v1/source.mp4"]
        assert object_store.keys(place) == []

    def test_nothing_is_deleted_while_the_store_is_away(self, files, made, object_store, place):
        files.put("v1", {"source.mp4": made()}, new=True)
        object_store.stop()
        begun = []

        with pytest.raises(StorageError), files.deleting("v1"):
            begun.append("rows")

        assert begun == []


class TestBeingAway:
    def test_while_one_request_tries_again_others_fail_rather_than_wait(self, files, made, object_store):
        files.put("v1", {"source.mp4": made()}, new=True)
        object_store.stop()
        with pytest.raises(StorageError):
            files.exists("v1", "source.mp4")
        begun, go_on, found = threading.Event(), threading.Event(), []
        object_store.gate = lambda method, target: begun.set() or (go_on.wait(60) and "")
        object_store.start()
        trial = threading.Thread(target=lambda: found.append(files.exists("v1", "source.mp4")))
        trial.start()
        assert begun.wait(60)

        with pytest.raises(StorageError):
            files.exists("v1", "source.mp4")
        assert len(object_store.requests) == 1  # that of the upload
        go_on.set()
        trial.join()
        assert found == [files.exists("v1", "source.mp4")] == [True]

    def test_a_link_that_is_signed_meanwhile_does_not_count_as_an_answer(self, files, made, object_store):
        files.put("v1", {"source.mp4": made()}, new=True)
        object_store.stop()
        with pytest.raises(StorageError):
            files.exists("v1", "source.mp4")
        assert files.link("v1", "source.mp4", 300)
        begun, go_on = threading.Event(), threading.Event()
        object_store.gate = lambda method, target: begun.set() or (go_on.wait(60) and "")
        object_store.start()
        trial = threading.Thread(target=lambda: files.exists("v1", "source.mp4"))
        trial.start()
        assert begun.wait(60)

        with pytest.raises(StorageError):
            files.exists("v1", "source.mp4")
        go_on.set()
        trial.join()


class TestPutting:
    def test_a_large_file_goes_up_in_parts_and_appears_whole(self, files, made, object_store, place):
        content = os.urandom(1 << 20) * 20
        seen = []

        def gate(method, target):
            if method in ("PUT", "POST"):
                seen.append((method, object_store.keys(place)))

        object_store.gate = gate
        files.put("v1", {"source.mp4": made(content)}, new=True)

        assert [keys for _, keys in seen] == [[]] * 5  # begin, three parts, end
        assert b"".join(files.open("v1", "source.mp4").read()) == content

    def test_an_upload_that_fails_leaves_no_half_of_a_video(self, files, made, object_store, place):
        def gate(method, target):
            return "AccessDenied" if method == "PUT" and "facts" in target else ""

        object_store.gate = gate
        source, facts = made(), made()
        with pytest.raises(StorageError):
            files.put("v1", {"source.mp4": source, "source-mp4.facts": facts}, new=True)

        assert object_store.keys(place) == []
        assert source.path.exists()

    def test_an_upload_whose_answer_is_lost_leaves_nothing_either(self, files, made, object_store, place):
        def gate(method, target):
            if method == "PUT" and "facts" in target:
                object_store.gate = None
                obstore.put(connect(place, QUICK, ASKING), "v1/source-mp4.facts", b"0123456789")
                return "AccessDenied"
            return ""

        object_store.gate = gate
        with pytest.raises(StorageError):
            files.put("v1", {"source.mp4": made(), "source-mp4.facts": made()}, new=True)

        assert object_store.keys(place) == []

    def test_an_upload_that_fails_removes_no_other_file_of_the_video(self, files, made, object_store, place):
        files.put("v1", {"source.mp4": made()}, new=True)
        object_store.denied = {"PUT"}

        with pytest.raises(StorageError):
            files.put("v1", {"cover.jpg": made()}, new=True)  # as a copy of all media does, one by one
        assert object_store.keys(place) == ["v1/source.mp4"]

    def test_a_file_replaced_between_two_pieces_is_not_mixed(self, files, made):
        files.put("v1", {"source.mp4": made(b"a" * (3 << 20))}, new=True)
        pieces = files.open("v1", "source.mp4").read()

        assert set(next(pieces)) == {ord("a")}
        files.put("v1", {"source.mp4": made(b"b" * (3 << 20))})
        with pytest.raises(StorageError, match="replaced"):
            next(pieces)


class TestScratch:
    def test_processes_keep_out_of_each_others_scratch(self, tmp_path):
        one, two = ProcessScratch(tmp_path / "scratch"), ProcessScratch(tmp_path / "scratch")
        (one.folder / "half").write_bytes(b"x")

        assert two.folder != one.folder
        assert (one.folder / "half").exists()

    def test_what_a_killed_process_left_is_removed_by_the_next(self, tmp_path):
        left = tmp_path / "scratch" / "0123456789abcdef"
        left.mkdir(parents=True)
        (left / "half").write_bytes(b"x")
        left.with_suffix(".lock").touch()  # which nobody holds any more

        assert ProcessScratch(tmp_path / "scratch").folder.parent == left.parent
        assert not left.exists()

    def test_a_copy_for_a_program_is_removed_afterwards(self, files, made):
        files.put("v1", {"source.mp4": made()}, new=True)

        with files.local("v1", "source.mp4") as copy:
            assert copy.path.suffix == ".mp4"
        assert list(files.scratch.iterdir()) == []
