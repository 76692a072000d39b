"""What receivers of webhooks know after the server was killed, over and over, while others change things.

`python -m tests.acceptance.webhook_kills [--rounds 30] [--writers 4] [--changes 600]`: the receiver refuses every
twentieth event once. An event is lost where the history has a verdict that the receiver was not told of, and invented
where it was told of more verdicts than there are. Ends with 1 if there is either.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.server_process import ServerProcess, ask
from tests.acceptance.videos import add_videos
from tests.receiver import Receiver, receiving
from tests.waiting import until

VIDEOS_EACH = 4
REFUSED = 0.05
TYPES = {"success": "video.approved", "fail": "video.blocked"}


@dataclass
class Outcome:
    """What happened in all rounds. `seconds` are from an acknowledged change to its first attempt, without a kill
    between.
    """

    verdicts: int = 0
    requests: int = 0
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    invented: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.invented)


class Log(Receiver):
    """Notes when the receiver was first told of each event, and of what."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.events: dict[str, tuple[str, str]] = {}
        self.first: dict[str, list[float]] = {}  # by video

    def note(self, body: bytes, event_id: str) -> int:
        event = json.loads(body)
        if event_id in self.events:
            return 200  # a third attempt would follow minutes later
        video = event["data"]["videoId"]
        self.events[event_id] = (video, event["type"])
        self.first.setdefault(video, []).append(time.monotonic())
        return 500 if random.random() < REFUSED else 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--changes", type=int, default=600, help="at least, over all rounds")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill(Path(folder), given.rounds, given.writers, given.changes)
    print(f"kills                     {given.rounds}")
    print(f"verdicts                  {outcome.verdicts}")
    print(f"requests received         {outcome.requests}")
    print(f"events lost               {outcome.lost.total()}  {outcome.lost.most_common(3) or ''}")
    print(f"events invented           {outcome.invented.total()}  {outcome.invented.most_common(3) or ''}")
    median, longest = statistics.median(outcome.seconds), max(outcome.seconds)
    print(f"first attempt after       {median:.2f} s / {longest:.2f} s (median / longest)")
    sys.exit(0 if outcome.good else 1)


def kill(folder: Path, rounds: int, writers: int, changes: int) -> Outcome:
    """Kill a server `rounds` times under `writers`, each time after its share of `changes`."""
    outcome = Outcome()
    with receiving(kind=Log) as log:
        stand = ServerProcess(folder, QU_WEBHOOK_HOSTS=log.place)
        videos = add_videos(stand.data, writers * VIDEOS_EACH)
        acknowledged: list[tuple[str, float]] = []
        token = ""
        for done in range(rounds):
            stand.start()
            if not token:
                token = stand.sign_in()
                with closing(stand.connect()) as connection:
                    ask(connection, "saveWebhook", {"url": log.url, "types": ",".join(TYPES.values())}, token)
            over = threading.Event()
            known = {video: len(times) for video, times in log.first.items()}
            ours: list[tuple[str, float]] = []
            threads = [
                threading.Thread(target=write, args=(stand, token, videos[writer::writers], ours, over))
                for writer in range(writers)
            ]
            for thread in threads:
                thread.start()
            share = changes * (done + 1) // rounds - changes * done // rounds
            until(lambda share=share, ours=ours: len(ours) >= share, "the server takes enough changes", 120)
            time.sleep(random.uniform(0, 1.5))
            stand.kill()
            over.set()
            for thread in threads:
                thread.join()
            outcome.seconds += delays(ours, known, log)
            acknowledged += ours
        stand.start()
        until(lambda: nothing_waits(stand, token), "everything is delivered", 120)
        stand.end()
        outcome.requests = len(log.received)
        compare(stand.data, log, outcome)
    return outcome


def write(
    stand: ServerProcess, token: str, videos: list[str], acknowledged: list[tuple[str, float]], over: threading.Event
) -> None:  # fmt: skip
    """Approve and block one video after the other until the server is gone."""
    with closing(stand.connect()) as connection:
        while not over.is_set():
            video, status = random.choice(videos), random.choice(("Normal", "Blocked"))
            try:
                answer = ask(connection, "createAudit", {"mediaId": video, "status": status, "reason": "why"}, token)
            except OSError:
                return
            if answer["code"] == "200":
                acknowledged.append((video, time.monotonic()))
            over.wait(0.02)


def delays(acknowledged: list[tuple[str, float]], known: dict[str, int], log: Log) -> list[float]:
    """Return the seconds from the first change of each video in this round to the first news of it.

    A change that repeats a verdict is no news, and then the next one counts: so this is never too short.
    """
    found = []
    for video in {video for video, _ in acknowledged}:
        news = log.first.get(video, [])[known.get(video, 0) :]
        if news:
            changed = min(at for one, at in acknowledged if one == video)
            found.append(max(0.0, news[0] - changed))
    return found


def nothing_waits(stand: ServerProcess, token: str) -> bool:
    with closing(stand.connect()) as connection:
        (found,) = ask(connection, "getWebhooks", {}, token)["data"]["webhookList"]
    return bool(found["waiting"] == 0)


def compare(data: Path, log: Log, outcome: Outcome) -> None:
    """Hold what the receiver was told against the history, which is the measure of everything else."""
    expected: Counter[tuple[str, str]] = Counter()
    with closing(sqlite3.connect(data / "console.sqlite3")) as db:
        lines = db.execute("select target, before, after from history where action = 'createAudit'").fetchall()
    for video, before, after in lines:
        was, is_now = json.loads(before)["censorStatus"], json.loads(after)["censorStatus"]
        if was != is_now:
            expected[video, TYPES[is_now]] += 1
    told = Counter(log.events.values())
    outcome.verdicts = expected.total()
    outcome.lost, outcome.invented = expected - told, told - expected


if __name__ == "__main__":
    main()
