"""Floods without an account, beside a person in Chromium: what the person notices, and what the server is left with.

`python benchmarks/floods.py [--clients 1000] [--seconds 12] [--descriptors 1024] [--slower 2] [--limit 300]
[--only NAME …] [--folder FOLDER]`.
For each flood a line: how long the person waits from a click to the next page of the list (median and at most, in
milliseconds; the median also as a multiple of what it is just before and just after), how long to load the page,
memory before, at most and a minute after at the latest, descriptors at most, and what the attackers met. Ends with 1
where a person waits twice as long (`--slower`) or gets an error of ours, memory is not back within 50 MB, or `--limit`
seconds were over before the last flood.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.in_browser import FLAGS, GRID, IDLE, VIEWPORT, turn_to
from tests.acceptance.attackers import FLOODS
from tests.acceptance.server_process import PASSWORD, ROOT, ServerProcess, with_descriptors
from tests.acceptance.videos import add_videos

ATTACKERS = "tests.acceptance.attackers"
TOGETHER = "silent_sockets+sign_ins"
VIDEOS = 200
QUIET_CLICKS = 8  # between two floods
WARM_UP = 4
TIMEOUT = 20_000  # milliseconds for whatever the person waits for
BACK_BYTES, BACK_SECONDS = 50e6, 60.0
GRACE = 60.0  # seconds beyond the limit, after which all is killed


class Person:
    """Somebody who turns the pages of the list of videos."""

    def __init__(self, page: Page, port: int) -> None:
        self._page, self._url = page, f"http://127.0.0.1:{port}"
        self._number = 1  # of the page that is shown
        self.complaints: list[str] = []
        page.on("response", self._look_at)

    def sign_in(self) -> None:
        page = self._page
        page.goto(self._url)
        page.fill(".st-key-sign_in_name input", "admin")
        page.fill(".st-key-sign_in_password input", PASSWORD)
        with page.expect_response("**/console/user/adopt"):
            page.click(".st-key-sign_in_do button")
        page.goto(f"{self._url}/videos")
        page.wait_for_selector(GRID, state="attached")
        page.wait_for_selector(IDLE, state="attached")

    def clicks(self, times: int) -> list[float]:
        """Turn pages, and return the milliseconds each took until the rows were there."""
        return [self._click() for _ in range(times)]

    def _click(self) -> float:
        started = time.perf_counter()
        try:
            took = turn_to(self._page, 3 - self._number, TIMEOUT)
            self._number = 3 - self._number
            self._page.wait_for_selector(IDLE, state="attached")
        except Error as error:
            self.complaints.append(error.message.partition("\n")[0])
            self.reloads()
            return (time.perf_counter() - started) * 1000
        return took

    def reloads(self) -> float:
        """Load the page anew, and return the milliseconds until the rows are there."""
        started = time.perf_counter()
        try:
            self._page.goto(f"{self._url}/videos")
            self._page.wait_for_selector(GRID, state="attached")
            self._page.wait_for_selector(IDLE, state="attached")
            self._number = 1
        except Error as error:
            self.complaints.append(error.message.partition("\n")[0])
        return (time.perf_counter() - started) * 1000

    def _look_at(self, response: Any) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")


@dataclass
class Measured:
    """What came of one flood."""

    name: str
    quiet: list[float]  # clicks before and after
    clicks: list[float] = field(default_factory=list)
    load: float = 0.0
    before: int = 0  # bytes
    most: int = 0
    after: int = 0
    descriptors: int = 0
    met: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    @property
    def slower(self) -> float:
        return statistics.median(self.clicks) / statistics.median(self.quiet)

    def is_good(self, slower: float) -> bool:
        return self.slower < slower and not self.complaints and self.after - self.before < BACK_BYTES

    def __str__(self) -> str:
        quiet, flood = statistics.median(self.quiet), statistics.median(self.clicks)
        return (
            f"{self.name:24} {quiet:6.0f} {flood:6.0f} {self.slower:5.2f} {max(self.clicks):6.0f} {self.load:6.0f}"
            f"  {self.before / 1e6:5.0f} {self.most / 1e6:5.0f} {self.after / 1e6:5.0f} {self.descriptors:6}"
            f"  {dict(self.met)} {self.complaints[:2] or ''}"
        )


TITLE = (
    f"{'milliseconds, MB':24} {'quiet':>6} {'flood':>6} {'×':>5} {'most':>6} {'load':>6}"
    f"  {'before':>5} {'most':>5} {'after':>5} {'descr.':>6}  what the attackers met"
)


class Endurance:
    """A server under one flood after the other, and the person beside it."""

    def __init__(self, stand: ServerProcess, person: Person, given: argparse.Namespace) -> None:
        self._stand, self._person, self._given = stand, person, given
        self._until = time.monotonic() + given.limit
        self.attackers: list[subprocess.Popen[bytes]] = []

    def run(self) -> bool:
        """Let all floods come, print what came of each, and return whether the person noticed nothing."""
        print(TITLE, flush=True)
        good, quiet = True, self._person.clicks(QUIET_CLICKS)
        for name in self._given.only or [*FLOODS, TOGETHER]:
            if self._left() < 2 * self._given.seconds:
                print(f"{name:24} was not run: {self._given.limit:.0f} seconds are over")
                good = False
                continue
            measured = Measured(name, quiet)
            try:
                self._endure(measured)
            finally:
                self.end_attackers()
            quiet = self._person.clicks(QUIET_CLICKS)
            measured.quiet = measured.quiet + quiet
            is_good = measured.is_good(self._given.slower)
            good &= is_good
            print(measured, "" if is_good else "BAD", flush=True)
        return good

    def end_attackers(self) -> None:
        for attacker in self.attackers:
            attacker.kill()
            attacker.wait()
        self.attackers.clear()

    def _left(self) -> float:
        return self._until - time.monotonic()

    def _endure(self, measured: Measured) -> None:
        stand, person = self._stand, self._person
        measured.before = measured.most = stand.memory()
        person.complaints.clear()
        self.attackers += [self._start(name) for name in measured.name.split("+")]
        over = time.monotonic() + self._given.seconds + 10  # where the attackers themselves take long to begin or end
        time.sleep(self._given.seconds / 4)
        while not measured.load or (self.attackers[0].poll() is None and time.monotonic() < over):
            measured.clicks += person.clicks(4)
            measured.most = max(measured.most, stand.memory())
            measured.descriptors = max(measured.descriptors, stand.descriptors())
            measured.load = measured.load or person.reloads()
        for attacker in self.attackers:
            with suppress(subprocess.TimeoutExpired, ValueError):
                measured.met.update(json.loads(attacker.communicate(timeout=10)[0]))
        measured.complaints = list(person.complaints)
        deadline = time.monotonic() + min(BACK_SECONDS, max(self._left(), 1.0))
        while stand.memory() > measured.before + BACK_BYTES and time.monotonic() < deadline:
            time.sleep(0.5)
        measured.after = stand.memory()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        given = self._given
        options = {"port": self._stand.port, "clients": max(1, int(given.clients * FLOODS[name])),
                   "seconds": given.seconds, "bundle": self._bundle()}  # fmt: skip
        said = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        return subprocess.Popen([sys.executable, "-m", ATTACKERS, name, *said], cwd=ROOT, stdout=subprocess.PIPE)

    def _bundle(self) -> str:
        """Return the path of a large file."""
        page = self._stand.get("/")[1].decode()
        return "static/js/index." + page.partition("./static/js/index.")[2].partition('"')[0]


def compare(folder: Path, given: argparse.Namespace) -> bool:
    stand = ServerProcess(folder, dashboard=True, prefix=with_descriptors(given.descriptors))
    add_videos(stand.data, VIDEOS)
    stand.start()
    try:
        with sync_playwright() as playwright:
            flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
            page = browser.new_page(viewport=VIEWPORT, locale="en-US")
            page.set_default_timeout(TIMEOUT)
            person = Person(page, stand.port)
            endurance = Endurance(stand, person, given)
            kill_when_late(given.limit + GRACE, stand, endurance)
            person.sign_in()
            person.clicks(WARM_UP)
            good = endurance.run()
            signal.alarm(0)
            browser.close()
    finally:
        with suppress(subprocess.TimeoutExpired):
            stand.end(seconds=20)
        if stand.process is not None:
            stand.process.kill()
    said = stand.said()
    print(
        f"the log has {said.count(chr(10))} lines, {said.count('Traceback')} tracebacks; load {os.getloadavg()[0]:.1f}"
    )
    return good and "Traceback" not in said


def kill_when_late(seconds: float, stand: ServerProcess, endurance: Endurance) -> None:
    """End all of this by force, should it hang."""

    def kill(*_: object) -> None:
        print("killed: it did not end by itself", flush=True)
        endurance.end_attackers()
        stand.kill()
        os._exit(2)

    signal.signal(signal.SIGALRM, kill)
    signal.alarm(int(seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--descriptors", type=int, default=1024)
    parser.add_argument("--slower", type=float, default=2.0)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds, after which no flood begins")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help=f"of {', '.join(FLOODS)}, joined by +")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        good = compare(Path(folder), given)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
