"""nginx in front of the console, as docs/feed.md says: it serves feed and media, and we hardly hear of it."""

from __future__ import annotations

import re
import signal

import pytest
import requests

from tests.acceptance import nginx
from tests.acceptance.feed_clips import SIZE, add_clips
from tests.acceptance.nginx import nginx_before
from tests.acceptance.server_process import ServerProcess, ask
from tests.waiting import until

pytestmark = pytest.mark.slow

CLIPS, ASKED = 20, 200


@pytest.fixture
def server(tmp_path):
    nginx.require()
    made = ServerProcess(tmp_path, QU_PROXIES="127.0.0.1")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGKILL)


@pytest.fixture
def clips(server):
    """Clips with files in the feed; gives their ids and a key."""
    found = add_clips(server.data, CLIPS, recommended=CLIPS, with_files=CLIPS)
    server.start()
    return found


@pytest.fixture
def through(clips, server, tmp_path):
    """Asks through nginx."""
    with nginx_before(server.port, tmp_path / "nginx") as port, requests.Session() as session:
        session.trust_env = False

        def get(path, **headers):
            path = path.removeprefix(f"http://127.0.0.1:{port}")
            return session.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=60)

        yield get


def heard(server, operation):
    """How many requests have reached our server."""
    text = server.get("/metrics")[1].decode()
    counts = re.findall(rf'^qu_requests_total{{.*operation="{operation}".*}} ([0-9.]+)$', text, re.MULTILINE)
    return sum(map(float, counts))


def test_the_cache_serves_the_feed(through, clips, server):
    path = f"/vodVideo/getFeed?key={clips[1]}"
    answers = [through(path) for _ in range(ASKED)]

    assert len({answer.content for answer in answers}) == 1
    assert len(answers[0].json()["data"]["videoList"]) == CLIPS
    assert heard(server, "getFeed") <= 1 + ASKED / 10  # more than one only if it took longer than 15 seconds
    tag = answers[0].headers["ETag"]
    assert through(path, **{"If-None-Match": tag}).status_code == 304
    assert through(path, **{"Accept-Encoding": "identity"}).json() == answers[0].json()


def test_the_cache_serves_media_whole_and_in_parts(through, clips, server):
    page = through(f"/vodVideo/getFeed?key={clips[1]}").json()["data"]
    urls = [clip["playInfoList"][0]["playURL"] for clip in page["videoList"]]
    urls += [clip["coverUrl"] for clip in page["videoList"]]

    for _ in range(5):
        for url in urls:
            assert through(url).status_code == 200
    part = through(urls[0], Range="bytes=10-19")

    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["Content-Range"] == f"bytes 10-19/{SIZE}"
    assert heard(server, "media") == len(urls)


def test_what_is_blocked_leaves_the_cache_of_the_feed(through, clips, server):
    ids, key = clips
    path, gone = f"/vodVideo/getFeed?key={key}", ids[3]

    def shown():
        return [clip["videoId"] for clip in through(path).json()["data"]["videoList"]]

    assert gone in shown()
    connection = server.connect()
    given = {"mediaId": gone, "status": "Blocked", "reason": "x"}
    assert ask(connection, "createAudit", given, server.sign_in())["code"] == "200"
    connection.close()

    until(lambda: gone not in shown(), "the feed without it")
    assert len(shown()) == CLIPS - 1


def test_errors_and_media_that_are_not_approved_are_not_kept(through, clips, server):
    for _ in range(3):
        assert through("/vodVideo/getFeed?key=qf_wrong").json()["code"] == "403"
    assert heard(server, "getFeed") == 3


def test_the_feed_is_there_while_the_console_is_not(through, clips, server):
    path = f"/vodVideo/getFeed?key={clips[1]}"
    before = through(path)
    server.end(signal.SIGKILL)

    def is_stale():
        return through(path).headers["X-Cache-Status"] in ("STALE", "UPDATING")

    until(is_stale, "a page older than 15 seconds", 60)
    assert through(path).content == before.content
