"""What is left after the server was killed, over and over, while others change things.

`python -m tests.acceptance.crashes [--rounds 30] [--writers 8] [--changes 2000] [--folder FOLDER] [--database URL]`,
with an empty PostgreSQL database: two servers use it, of which one is killed each time. A change counts
once its envelope says so; it is lost where the history does not know its requestId, and half where the history says one
thing and the catalogue, the recommendations or the queue another. Each time the files are looked at as the kill left
them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from backend.model import Actor
from backend.store import open_store
from backend.store.engine import Database
from backend.store.sqlite.database import Database as SqliteDatabase
from tests.acceptance.server_process import ServerProcess, ask
from tests.acceptance.videos import add_videos
from tests.waiting import until

VIDEOS_EACH = 4
ACTOR = Actor("benchmark", "command line")
NOWHERE = "127.0.0.1:1"


@dataclass
class Outcome:
    """What happened in all rounds."""

    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)  # seconds from the start of the process to its first answer

    @property
    def good(self) -> bool:
        return not (self.lost or self.half or self.damaged)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--changes", type=int, default=2000, help="at least, over all rounds")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        outcome = crash(Path(folder), given.rounds, given.writers, given.changes, given.database)
    print(f"kills                      {given.rounds}")
    print(f"acknowledged changes       {outcome.acknowledged}")
    print(f"lost                       {len(outcome.lost)}  {outcome.lost[:3] or ''}")
    print(f"half                       {len(outcome.half)}  {outcome.half[:3] or ''}")
    print(f"damaged databases          {len(outcome.damaged)}  {outcome.damaged[:3] or ''}")
    print(f"up again, median / longest {statistics.median(outcome.starts):.2f} s / {max(outcome.starts):.2f} s")
    sys.exit(0 if outcome.good else 1)


def crash(folder: Path, rounds: int, writers: int, changes: int, database: str = "") -> Outcome:
    """Kill a server `rounds` times under `writers`, each time after its share of `changes`."""
    count = 2 if database else 1  # two that use the same PostgreSQL database
    stands = [
        ServerProcess(folder / f"{number}", QU_PREWARM_HOSTS=NOWHERE, QU_DATABASE=database) for number in range(count)
    ]
    stand = stands[0]
    videos = add_videos(stand.data, writers * VIDEOS_EACH, database)
    outcome, acknowledged = Outcome(), []
    numbers = itertools.count()
    token = ""
    for done in range(rounds):
        stand = stands[done % count]
        outcome.starts += [one.start() for one in stands if not one.runs()]
        token = token or stand.sign_in()
        over = threading.Event()
        threads = [
            threading.Thread(
                target=write,
                args=(stands[writer % count], token, videos[writer::writers], numbers, acknowledged, over),
            )
            for writer in range(writers)
        ]
        for thread in threads:
            thread.start()
        share = changes * (done + 1) // rounds
        until(lambda share=share: len(acknowledged) >= share, "the server takes enough changes", 120)
        time.sleep(random.uniform(0, 0.2))
        stand.kill()
        over.set()
        for thread in threads:
            thread.join()
        if database:
            examine_database(database, acknowledged, outcome)
        else:
            examine(stand.data, folder / f"after-{done}", acknowledged, outcome)
    for one in stands:
        if one is not stand:
            one.end()
    outcome.acknowledged = len(acknowledged)
    return outcome


def write(
    stand: ServerProcess,
    token: str,
    videos: list[str],
    numbers: Iterator[int],
    acknowledged: list[str],
    over: threading.Event,
) -> None:
    """Change one video after the other until the server is gone. No change repeats another: each leaves a trace."""
    with closing(stand.connect()) as connection:
        while not over.is_set():
            video = random.choice(videos)
            for name, parameters in changes_of(video, f"{next(numbers)}"):
                try:
                    answer = ask(connection, name, parameters, token)
                except OSError:
                    return
                if answer["code"] == "200":
                    acknowledged.append(answer["requestId"])
                elif answer["code"] not in ("404", "409"):
                    raise RuntimeError(f"{name}: {answer}")


def changes_of(video: str, mark: str) -> Iterator[tuple[str, dict[str, str]]]:
    yield "createAudit", {"mediaId": video, "status": "Normal", "comment": mark}
    yield "recommendVideo", {"videoId": video, "title": mark, "isNarrow": "true"}
    yield "pushObjectCache", {"objectPath": "\n".join(f"{NOWHERE}/{mark}/{number}.mp4" for number in range(3))}
    if int(mark) % 2:
        yield "deleteRecommendById", {"videoId": video}
    else:
        yield "createAudit", {"mediaId": video, "status": "Blocked", "reason": mark}


def examine(data: Path, copy: Path, acknowledged: list[str], outcome: Outcome) -> None:
    """Look at a copy of the files, so that the server itself has to recover what it finds."""
    copy.mkdir()
    for path in data.glob("console.sqlite3*"):
        shutil.copy(path, copy)
    with closing(sqlite3.connect(copy / "console.sqlite3")) as connection:
        verdict = connection.execute("pragma integrity_check").fetchone()[0]
        if verdict != "ok" or connection.execute("pragma foreign_key_check").fetchall():
            outcome.damaged.append(f"{copy.name}: {verdict}")
        compare(SqliteDatabase(connection), acknowledged, outcome)
    shutil.rmtree(copy)


def examine_database(address: str, acknowledged: list[str], outcome: Outcome) -> None:
    """Look at a database while a server goes on with it."""
    with tempfile.TemporaryDirectory() as folder, closing(open_store(Path(folder), database=address)) as store:
        with store.engine.reading() as db:
            compare(db, acknowledged, outcome)
        outcome.damaged += [*store.check(), *store.recount(), *store.history.verify().errors]


def compare(db: Database, acknowledged: list[str], outcome: Outcome) -> None:
    """Note which acknowledged changes are lost or half."""
    known = {request for (request,) in db.fetch("select request_id from history")}
    outcome.lost += [request for request in acknowledged if request not in known]
    outcome.half += half_changes(db)


def half_changes(db: Database) -> Iterator[str]:
    """Yield what does not fit together: the history is the measure of everything else."""
    audited: dict[str, str] = {}
    recommended: dict[str, bool] = {}
    narrow: set[str] = set()
    for line in db.query("select * from history order by id"):
        action, target, after = line["action"], line["target"], json.loads(line["after"])
        if action == "createAudit":
            audited[target] = after["censorStatus"]
            recommended[target] = recommended.get(target, False) and after["censorStatus"] == "success"
        elif action in ("recommendVideo", "deleteRecommendById"):
            recommended[target] = action == "recommendVideo"
            if after.get("isNarrow"):
                narrow.add(target)
        elif action == "pushObjectCache":
            kept = db.execute("select count(*) from prewarmed join jobs using (job_id) where job_id = ?", [target])
            if kept.fetchone()[0] != len(after["urls"]):
                yield f"prewarm {target}: its job is not whole"
    for video, status in audited.items():
        found = db.execute("select censor_status from videos where video_id = ?", [video]).fetchone()[0]
        if found != status:
            yield f"{video}: {found}, but audited as {status}"
    on_feed = {row[0] for row in db.fetch("select video_id from recommendations")}
    yield from (
        f"{video}: {video in on_feed} on the feed" for video in recommended if recommended[video] != (video in on_feed)
    )
    queued = {row[0] for row in db.fetch("select video_id from jobs where kind = 'narrow'")}
    yield from (f"{video}: recommended without its narrow job" for video in narrow - queued)
    counted = db.fetch("select kind, state, sum(count) from job_counts group by 1, 2 having sum(count) > 0")
    if sorted(counted) != sorted(db.fetch("select kind, state, count(*) from jobs group by 1, 2")):
        yield "the counts of jobs"


if __name__ == "__main__":
    main()
