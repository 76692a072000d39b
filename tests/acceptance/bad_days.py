"""Bad days: servers, workers, PostgreSQL and the bucket are killed, stopped, filled up and turned back under load.

`python -m tests.acceptance.bad_days [--only NAME] [--seconds N] [--folder FOLDER]`: each event meets an installation of
its own (servers, a worker, a PostgreSQL cluster that syncs, an S3-compatible store that checks signatures), while
clients audit, some with identical requests at once, upload clips and ask for renditions, and send again what was not
acknowledged. Small disks, a worker with a process table of its own and a cluster need root on Debian; a turned clock
needs its package faketime. Ends with 1 if anything that was promised broke.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.bad_day_events import EVENTS, Day, Event
from tests.acceptance.bad_day_load import VIDEOS_EACH, Load, Told
from tests.acceptance.bad_day_verdict import Verdict, judge
from tests.acceptance.installation import APART, Installation, make_clip, small_disk
from tests.acceptance.postgres_cluster import DATABASE, Cluster
from tests.object_store import ObjectStore
from tests.waiting import until

SIZES = {"tables": 200, "log": 300}  # MB of small disks
AUDITORS = 3  # besides those that send identical requests
HEAD = f"{'event':18}{'acknowledged':>13}{'lost':>6}{'twice':>6}{'untrue':>7}{'outage s':>9}{'livez s':>8}{'back s':>7}"


@dataclass
class Outcome:
    """What came of an event. `back` are the seconds until every server had made a change and was ready again."""

    did: str
    verdict: Verdict
    told: Told
    back: float
    noted: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        verdict = self.verdict
        return [
            *(f"lost: {one}" for one in verdict.lost), *(f"twice: {one}" for one in verdict.doubled),
            *(f"untrue: {one}" for one in verdict.untrue), *verdict.broken, *verdict.media, *self.noted,
            *self.told.odd, *(f"/livez did not answer: {one}" for one in self.told.not_alive),
        ]  # fmt: skip

    def row(self, name: str) -> str:
        verdict, told = self.verdict, self.told
        return (
            f"{name:18}{verdict.acknowledged:13}{len(verdict.lost):6}{len(verdict.doubled):6}{len(verdict.untrue):7}"
            f"{told.longest:9.1f}{told.slowest_alive:8.2f}{self.back:7.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(EVENTS), help="may be given more than once")
    parser.add_argument("--seconds", type=float, default=5.0, help="of load before an event, and after it")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    bucket = ObjectStore()
    bucket.start()
    print(HEAD, flush=True)
    has_failed = False
    for name in given.only or EVENTS:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            Path(folder).chmod(0o755)
            outcome = live_through(EVENTS[name], Path(folder), given.seconds, bucket)
        print(outcome.row(name))
        print(f"    {outcome.did}")
        for text in outcome.seen:
            print(f"    seen: {text}")
        for message, count in outcome.told.messages.items():
            print(f"    {count} times: {message}")
        for text in outcome.wrong[:10]:
            print(f"    WRONG {text}")
        sys.stdout.flush()
        has_failed = has_failed or bool(outcome.wrong)
    sys.exit(1 if has_failed else 0)


def live_through(event: Event, folder: Path, seconds: float, bucket: ObjectStore) -> Outcome:
    """Let an event happen to an installation under load, and return what came of it."""
    with built(event, folder, bucket) as site:
        videos = site.add_videos((AUDITORS + 1) * VIDEOS_EACH + 4)
        start(site, event)
        token = site.servers[0].sign_in()
        load = Load(site.servers, token, videos[:-4], make_clip(folder))
        day = Day(site, load, token, videos, [], [])
        load.start()
        time.sleep(seconds)
        did = event.run(day)
        began = time.monotonic()
        until(lambda: is_back(day), "everything is back", 180)
        back = time.monotonic() - began
        time.sleep(seconds)
        load.stop()
        waiting = "select count(*) from jobs where state in ('queued', 'running')"
        until(lambda: day.rows(waiting) == [(0,)], "all jobs are done", 240)
        site.address = site.cluster.address
        console = site.open()
        try:
            verdict = judge(console, load.told, site.bucket.keys(site.place))
        finally:
            console.close()
        return Outcome(did, verdict, load.told, back, day.noted, day.told)


@contextmanager
def built(event: Event, folder: Path, bucket: ObjectStore) -> Iterator[Installation]:
    """Make an installation: its cluster runs, its servers and workers are not started yet."""
    with ExitStack() as stack:
        stack.callback(bucket.recover)
        site = Installation(folder, bucket)
        if event.small:
            site.small = stack.enter_context(small_disk(folder / "small", SIZES[event.small]))
            if event.small == "log":
                site.cluster = Cluster(folder / "cluster", wal=site.small / "wal")
                site.address = site.cluster.address
            site.cluster.own(site.small)
        stack.callback(site.end)
        site.cluster.make()
        if event.small == "tables":
            site.cluster.own(site.small / "tables")
            site.cluster.execute("postgres", f"create tablespace small location '{site.small / 'tables'}'")
            site.cluster.execute("postgres", f"alter database {DATABASE} set tablespace small")
        if event.has_standby:
            standby = site.standby = Cluster(folder / "standby")
            standby.follow(site.cluster)
            stack.callback(standby.end)
            hosts = f"127.0.0.1:{site.cluster.port},127.0.0.1:{standby.port}"
            site.address = f"postgresql://postgres@{hosts}/{DATABASE}"
        yield site


def start(site: Installation, event: Event) -> None:
    """Start the servers and a worker."""
    turned = {}
    if event.has_clock:
        site.turned = site.folder / "clock"
        site.turned.write_text("+0")
        turned = {
            "LD_PRELOAD": find_faketime(), "FAKETIME_TIMESTAMP_FILE": str(site.turned), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": str(with_sleep(site.folder / "sleep")),
        }  # fmt: skip
    for number in range(event.servers):
        site.add_server(**(turned if number == 1 else {}))
    worker = site.add_worker(prefix=APART if event.worker_apart else ())
    site.servers[0].start()  # makes the first account
    for machine in [*site.servers[1:], worker]:
        machine.launch()
    for machine in [*site.servers[1:], worker]:
        machine.wait()


def find_faketime() -> str:
    """Return the library that turns the clock of a process."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise RuntimeError("install Debian's package faketime")
    return str(found[0])


def with_sleep(folder: Path) -> Path:
    """Make a folder for PYTHONPATH, which lets a process with a turned clock sleep.

    In libfaketime 0.9.10 each `time.sleep` of Python 3.11 fails with EINVAL (wolfcw/libfaketime#426), and with it each
    process that is waited for, such as a transcode.
    """
    folder.mkdir()
    code = "import threading, time\ntime.sleep = lambda seconds: threading.Event().wait(seconds)\n"
    (folder / "sitecustomize.py").write_text(code)
    return folder


def is_back(day: Day) -> bool:
    """Return whether each server is ready and makes a change."""
    for number, server in enumerate(day.site.servers):
        try:
            if not server.is_ready():
                return False
            status = "Blocked" if number % 2 else "Normal"
            values = {"mediaId": day.videos[-1 - number], "status": status, "reason": "why"}
            if day.ask(server, "createAudit", values)["code"] != "200":
                return False
        except OSError:
            return False
    return True


if __name__ == "__main__":
    main()
