"""Media over REST: whoever knows the address, parts, and what a client has already."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from backend.media import LocalFile
from backend.media.bucket import BucketFiles
from backend.model import FileKind, MediaFile, Verdict
from backend.store import Reason, StoreError
from tests.conftest import TESTS

pytestmark = pytest.mark.in_front


class TestMedia:
    @pytest.fixture(params=["folder", "bucket"])
    def media(self, request, settings, console, make_video, server, tmp_path):
        """A video with a rendition of 1000 bytes; gives its address."""
        made = make_video(files=(MediaFile(FileKind.COMMON, "common.mp4"),))
        if request.param == "bucket":
            place = request.getfixturevalue("object_store").new_place()
            console.media.files = BucketFiles(place, settings.scratch)
        contents = {"source.mp4": b"source", "common.mp4": bytes(range(250)) * 4, "cover.jpg": b"jpeg"}
        for name in contents:
            (tmp_path / name).write_bytes(contents[name])
        files = {name: LocalFile(tmp_path / name) for name in contents}
        console.media.files.put(made.video_id, files, new=True)
        if request.param == "folder":
            (settings.media_folder / made.video_id / "half.mp4.part").write_bytes(b"half")
            (settings.media_folder / "secret.txt").write_text("secret")
        return f"{server}/media/{made.video_id}/{made.media_key}/common.mp4"

    def test_whoever_knows_the_address_gets_the_file(self, media, http):
        answer = http.get(media)

        assert answer.status_code == 200
        assert answer.content == bytes(range(250)) * 4
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert http.get(media.replace("common.mp4", "cover.jpg")).headers["Content-Type"] == "image/jpeg"

    def test_while_the_database_is_away_players_and_caches_are_told_by_the_status(
        self, media, http, console, monkeypatch
    ):
        def fail(*_):
            raise StoreError("the server is away", Reason.UNREACHABLE)

        monkeypatch.setattr(console.store.lookups, "find_media_access", fail)

        answer = http.get(media)

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json()["message"] == "The database is not responding."

    def test_a_cdn_may_keep_what_passed_review_and_nothing_else(self, media, http, console):
        video_id = urlsplit(media).path.split("/")[2]

        def kept():
            return http.get(media).headers["Cache-Control"]

        assert kept() == "private, max-age=31536000, immutable"
        console.store.catalogue.record_audit(video_id, Verdict.NORMAL, "", "", TESTS)
        assert kept() == "public, max-age=31536000, s-maxage=86400, immutable"
        console.store.catalogue.undo_audit(video_id, TESTS)
        assert kept() == "private, max-age=31536000, immutable"

    def test_parts_and_what_is_known_already_say_the_same_to_caches(self, media, http, console):
        console.store.catalogue.record_audit(media.split("/")[-3], Verdict.NORMAL, "", "", TESTS)
        whole = http.get(media).headers
        part = http.get(media, headers={"Range": "bytes=0-9"})
        known = http.get(media, headers={"If-None-Match": whole["ETag"]})

        assert (part.status_code, known.status_code) == (206, 304)
        for name in ("Cache-Control", "ETag", "Last-Modified"):
            assert part.headers[name] == known.headers[name] == whole[name]
        assert "public" in whole["Cache-Control"]
        assert http.get(media, headers={"Range": "bytes=2000-"}).headers["Cache-Control"] == "no-store"

    def test_players_ask_for_parts(self, media, http):
        answer = http.get(media, headers={"Range": "bytes=10-19"})

        assert answer.status_code == 206
        assert answer.content == bytes(range(10, 20))
        assert answer.headers["Content-Range"] == "bytes 10-19/1000"
        assert http.get(media, headers={"Range": "bytes=-5"}).content == bytes(range(245, 250))
        assert http.get(media, headers={"Range": "bytes=2000-"}).status_code == 416
        whole = http.get(media, headers={"Range": "bytes=0-"})  # browsers cannot seek in a 200
        assert (whole.status_code, whole.headers["Content-Range"], len(whole.content)) == (
            206,
            "bytes 0-999/1000",
            1000,
        )
        several = http.get(media, headers={"Range": "bytes=0-1,5-6"})  # which object stores send whole, too
        assert (several.status_code, len(several.content)) == (200, 1000)

    @pytest.mark.parametrize(
        "asked",
        [
            "items=0-1",
            "bytes=a-b",
            "bytes=5-2",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=0-1,3-2",
            "0-5",
            "bytes=٣-٥",
            f"bytes={'9' * 5000}-",
        ],
    )
    def test_a_range_that_is_none_is_ignored(self, media, http, asked):
        answer = http.get(media, headers={"Range": asked.encode()})

        assert (answer.status_code, len(answer.content)) == (200, 1000)

    def test_whoever_has_a_file_already_is_not_sent_it_again(self, media, http):
        first = http.get(media).headers
        tag, changed = first["ETag"], first["Last-Modified"]

        def status(method="GET", **asked):
            headers = {name.replace("_", "-"): value for name, value in asked.items()}
            return http.request(method, media, headers=headers).status_code

        again = http.get(media, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert {name: again.headers[name] for name in ("ETag", "Last-Modified", "Cache-Control")} == {
            "ETag": tag, "Last-Modified": changed, "Cache-Control": first["Cache-Control"],
        }  # fmt: skip
        assert status(If_None_Match="*", method="HEAD") == 304
        assert status(If_None_Match=tag, Range="bytes=0-9") == 304
        assert status(If_Modified_Since=changed) == 304
        assert status(If_None_Match='"other"', If_Modified_Since=changed) == 200
        assert status(If_Modified_Since="Wed, 01 Jan 2020 00:00:00 GMT") == 200
        for no_date in ("yesterday", f"Wed, 01 Jan 2020 00:00:00 +{'9' * 20}", "Wed, 01 Jan 99999 00:00:00 GMT"):
            for name in ("If-Modified-Since", "If-Unmodified-Since"):
                assert len(http.get(media, headers={name: no_date}).content) == 1000
        assert status(If_Match=tag) == status(If_Match="*") == status(If_Unmodified_Since=changed) == 200
        assert status(If_Match='"other"') == status(If_Match=f"W/{tag}") == 412
        assert status(If_Unmodified_Since="Wed, 01 Jan 2020 00:00:00 GMT") == 412
        assert status(If_Range=tag, Range="bytes=0-9") == 206
        assert status(If_Range='"other"', Range="bytes=0-9") == 200

    def test_head_tells_the_size(self, media, http):
        answer = http.head(media)

        assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "1000", b"")

    def test_other_methods_are_405(self, media, http):
        answer = http.post(media)

        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")

    @pytest.mark.parametrize(
        "change",
        [
            lambda url: url[:-1],
            lambda url: url.replace("common.mp4", "half.mp4.part"),
            lambda url: url.replace("common.mp4", "nothing.mp4"),
            lambda url: url.replace("common.mp4", ".."),
            lambda url: url.replace("common.mp4", "%2e%2e"),
            lambda url: url.replace("common.mp4", "..%2fsecret.txt"),
            lambda url: url.replace("common.mp4", "..%5csecret.txt"),
            lambda url: url.replace("common.mp4", "%00"),
            lambda url: url.replace("common.mp4", "common.mp4%00.jpg"),
            lambda url: "/".join([*url.split("/")[:-2], "wrong-key", "common.mp4"]),
            lambda url: "/".join([*url.split("/")[:-2], "%E9%92%A5", "common.mp4"]),
            lambda url: "/".join([*url.split("/")[:-3], "other", *url.split("/")[-2:]]),
            lambda url: "/".join([*url.split("/")[:-3], "..", *url.split("/")[-2:]]),
        ],
    )
    def test_everything_else_is_404(self, change, media):
        address = urlsplit(change(media))
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        connection.request("GET", address.path)  # requests would tidy the path up
        answer = connection.getresponse()
        body = answer.read()
        connection.close()

        assert answer.status == 404
        assert json.loads(body)["code"] == "404"

    def test_blocking_a_video_ends_its_addresses(self, media, http, console, token):
        video_id = media.split("/")[-3]
        console.call("createAudit", {"mediaId": video_id, "status": "Blocked", "reason": "x"}, token)

        assert http.get(media).status_code == 404

    @pytest.mark.parametrize("undoing", ["restoreVideo", "undoAudit"])
    def test_an_old_address_stays_dead_after_an_undo(self, media, http, console, token, undoing):
        video_id = media.split("/")[-3]
        user_id = console.store.catalogue.get_video(video_id).user.user_id
        console.call("createAudit", {"mediaId": video_id, "status": "Normal"}, token)
        assert http.get(media).status_code == 200

        if undoing == "undoAudit":
            console.call("createAudit", {"mediaId": video_id, "status": "Blocked", "reason": "x"}, token)
        else:
            console.call("deleteVideoById", {"videoId": video_id, "userId": user_id}, token)
        gone = http.get(media)
        assert (gone.status_code, gone.headers["Cache-Control"]) == (404, "no-store")
        assert console.call(undoing, {"videoId": video_id}, token)["code"] == "200"

        now = console.store.catalogue.get_video(video_id)
        assert http.get(media).status_code == 404
        found = http.get(media.replace(media.split("/")[-2], now.media_key))
        assert (found.status_code, found.headers["Cache-Control"].partition(",")[0]) == (200, "public")
