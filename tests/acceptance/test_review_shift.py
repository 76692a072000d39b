"""A shift at the review desk: many people, two servers on one folder, and kills in the midst of decisions.

Whatever is lost on the way, the history holds what people pressed: each decision once, no clip judged by two.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import backend
from backend import Settings
from backend.model import HistoryFilter
from tests.acceptance.server_process import PASSWORD, ServerProcess, ask
from tests.acceptance.videos import add_videos

pytestmark = pytest.mark.slow

CLIPS, PEOPLE, DESKS_EACH = 1000, 4, 4
KILLS = (150, 400, 650)  # after so many decisions that were acknowledged


class Shift:
    """What all desks share: the servers, and what was pressed."""

    def __init__(self, servers):
        self.servers = servers
        self.pressed = {}  # by clip: who, and what
        self.acknowledged = 0
        self.repeated = 0  # decisions that had to be sent again
        self.guard = threading.Lock()
        self.broken = threading.Event()
        self.kills = list(KILLS)

    def send(self, number, name, given, token):
        """Send until there is an answer, to the other server where one is down."""
        for turn in range(600):
            server = self.servers[(number + turn) % len(self.servers)]
            try:
                with closing(server.connect(60.0)) as connection:
                    answer = ask(connection, name, given, token)
            except OSError:
                self.repeated += name == "decideReview"
                self.broken.wait(0.05)
                continue
            if answer["code"] not in ("429", "500", "503"):
                return answer
        raise AssertionError(f"{name} was never answered")

    def work(self, number, token):
        """Review until nothing is left, as a browser does, or another desk broke."""
        try:
            self.review(number, token)
        except BaseException:
            self.broken.set()
            raise

    def review(self, number, token):
        while not self.broken.is_set():
            found = self.send(number, "takeReview", {"count": 3, "desk": str(number)}, token)["data"]
            if not found["leaseList"]:
                if not found["queue"]["waiting"]:
                    return
                self.broken.wait(0.2)  # as a browser asks again, a little more often
            for lease in found["leaseList"]:
                self.decide(number, token, lease)

    def decide(self, number, token, lease):
        video = lease["video"]["videoId"]
        status = "Blocked" if int(video, 16) % 5 == 0 else "Normal"
        given = {"leaseKey": lease["leaseKey"], "status": status, "reasonCode": "spam" if status == "Blocked" else ""}
        answer = self.send(number, "decideReview", given, token)
        assert answer["code"] == "200", answer
        with self.guard:
            assert video not in self.pressed
            self.pressed[video] = (f"p{number % PEOPLE}", status, answer["data"]["requestId"])
            self.acknowledged += 1
            if not self.kills or self.acknowledged < self.kills[0]:
                return
            self.kills.pop(0)
            victim = self.servers[len(self.kills) % 2]
        victim.kill()
        victim.start()


@pytest.fixture
def servers(tmp_path):
    made = [ServerProcess(tmp_path, QU_REVIEW_LEASE_SECONDS="3600") for _ in range(2)]
    yield made
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.end(signal.SIGKILL)


def test_sixteen_desks_over_a_thousand_clips_with_kills_in_between_lose_and_double_nothing(servers):
    add_videos(servers[0].data, CLIPS)
    for server in servers:
        server.start()
    admin, shift = servers[0].sign_in(), Shift(servers)
    tokens = []
    for n in range(PEOPLE):
        account = {"userName": f"p{n}", "role": "reviewer", "password": PASSWORD}
        assert shift.send(0, "addAccount", account, admin)["code"] == "200"
        signed = shift.send(0, "login", {"userName": f"p{n}", "password": PASSWORD}, "")
        tokens.append(signed["data"]["consoleToken"])

    with ThreadPoolExecutor(PEOPLE * DESKS_EACH) as pool:
        desks = [pool.submit(shift.work, n, tokens[n % PEOPLE]) for n in range(PEOPLE * DESKS_EACH)]
        for one in desks:
            one.result()

    for server in servers:
        server.end()
    assert shift.repeated
    assert shift.kills == []
    console = backend.open_console(Settings(data=servers[0].data))
    lines = list(console.store.history.iterate(HistoryFilter(action="createAudit")))
    broken = console.store.history.verify().errors
    console.close()
    assert max(Counter(line.target for line in lines).values()) == 1
    told = {line.target: (line.actor.name, line.after["status"], line.actor.request_id) for line in lines}
    assert told == shift.pressed
    assert len(told) == CLIPS
    assert broken == []
