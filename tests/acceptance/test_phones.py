"""Phones that page through the feed while it changes (`python -m tests.acceptance.phones`), and two processes."""

from __future__ import annotations

import json
import signal

import pytest

from tests.acceptance.feed_clips import add_clips
from tests.acceptance.phones import page_through
from tests.acceptance.server_process import ServerProcess, ask

pytestmark = pytest.mark.slow


def test_no_phone_sees_a_clip_twice_or_a_blocked_one(tmp_path):
    outcome = page_through(tmp_path, 100, 12, nginx=False)

    assert (outcome.twice, outcome.blocked, outcome.restarted) == ([], [], 0)
    assert outcome.runs
    assert len(outcome.versions) > 1


@pytest.fixture
def servers(tmp_path):
    """Two processes over one folder, with clips in the feed."""
    made = [ServerProcess(tmp_path) for _ in range(2)]
    _, key = add_clips(made[0].data, 45, recommended=45)
    for one in made:
        one.start()
    yield made, f"/vodVideo/getFeed?key={key}"
    for one in made:
        one.end(signal.SIGKILL)


def ask_for(server, path):
    """Return the tag and the page, asked for under one name, as a cache before several processes does."""
    connection = server.connect()
    connection.request("GET", path, headers={"Host": "feed.test"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.headers["ETag"], body


def test_two_processes_give_one_tag_and_answer_each_others_cursors(servers):
    (one, other), path = servers
    tag, body = ask_for(one, path)
    assert ask_for(other, path) == (tag, body)
    cursor = json.loads(body)["data"]["nextCursor"]
    connection = one.connect()
    changed = ask(connection, "deleteRecommendById", {"videoId": f"{44:032x}"}, one.sign_in())
    connection.close()

    assert changed["code"] == "200"
    assert ask_for(one, path)[0] == ask_for(other, path)[0] != tag
    following = ask_for(other, f"{path}&cursor={cursor}")
    assert following == ask_for(one, f"{path}&cursor={cursor}")
    assert not json.loads(following[1])["data"]["restarted"]
