"""A shift at the review desk in real browsers, compared with the history entry by entry.

`python -m tests.acceptance.review_shift [--clips 200] [--people 1] [--language zh] [--kills 3] [--samples FOLDER]`.
Each person has a browser of their own and judges by keys alone: approvals, blocks by digit and in words, notes, skips,
undo. With more than one, the browser of the first is killed by SIGKILL, the server too, and the network of the last cut
for a while. Ends with 1 if a decision was lost, stored twice, never made, or if two people had a clip.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import requests
from playwright.sync_api import sync_playwright

import backend
from backend import Settings
from backend.media.ffmpeg import Ffmpeg
from backend.model import HistoryFilter
from tests.acceptance.review_log import DECIDE, SKIP, UNDO, Comparison, Entry, compare
from tests.acceptance.reviewer import Plan, Reviewer, Shift
from tests.acceptance.server_process import ServerProcess, ask
from tests.browser.chromium import find_chromium
from tests.browser.desk import PASSWORD

FILES = 12
QUIET_SECONDS = 6.0  # all have nothing on the screen for longer than the desk's polling interval
SIZES = ("320x180", "180x320", "240x240")


@dataclass
class Result:
    """What came of a shift."""

    shift: Shift
    found: Comparison
    entries: int
    server_kills: int
    seconds: float

    @property
    def faults(self) -> list[str]:
        return [*self.shift.faults, *(f"{name}: {one}" for name, found in self.found.faults.items() for one in found)]

    def rows(self) -> list[tuple[str, int | str]]:
        kinds = Counter(press.kind for press in self.shift.presses)
        claimed = sum(press.is_claimed for press in self.shift.presses)
        unsure = sum(press.is_unsure and not press.is_claimed for press in self.shift.presses)
        return [
            ("keys pressed", self.shift.keys),
            ("decisions / undone / skipped", f"{kinds[DECIDE]} / {kinds[UNDO]} / {kinds[SKIP]}"),
            ("decisions that the page called stored", claimed),
            ("presses of killed browsers that it had not, in the history", f"{unsure}, {self.found.unsure_stored}"),
            ("entries of the history", self.entries),
            *((name.replace("_", " "), len(found)) for name, found in self.found.faults.items()),
            ("other faults", len(self.shift.faults)),
            ("refusals told", len(self.shift.told)),
            ("kills of a browser / of the server", f"{self.shift.browser_kills} / {self.server_kills}"),
            ("presses while the desk took none", self.shift.ignored),
            ("longest wait for the next clip", f"{self.shift.longest:.1f} s"),
            ("video elements at most", self.shift.most_videos),
            ("decisions a minute, all people", f"{60 * kinds[DECIDE] / self.seconds:.0f}"),
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--people", type=int, default=1)
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    parser.add_argument("--kills", type=int, default=3, help="of the first one's browser, and of the server")
    parser.add_argument("--seed", type=int, default=random.randrange(1000))
    parser.add_argument("--samples", type=Path, help="folder of videos to cut the clips from; without, they are drawn")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = make_clips(Path(folder), given.samples)
        result = work(
            Path(folder), files, given.clips, people=given.people, language=given.language, kills=given.kills,
            seed=given.seed,
        )  # fmt: skip
    print(f"{given.clips} clips, people: {given.people}, language: {given.language}, seed: {given.seed}")
    for name, value in result.rows():
        print(f"{name:60} {value:>14}")
    print("\n".join([*result.shift.told, *result.faults]))
    sys.exit(1 if result.faults else 0)


def make_clips(folder: Path, samples: Path | None = None, count: int = FILES) -> list[Path]:
    """Make short clips: cut from real videos, or drawn."""
    sources = sorted(path for path in samples.iterdir() if path.suffix in (".mp4", ".avi", ".mpg")) if samples else []
    clips = []
    for number in range(count):
        clip = folder / f"clip-{number}.mp4"
        source = ["-f", "lavfi", "-i", f"testsrc2=s={SIZES[number % 3]}:r=12:d=2,hue=h={30 * number}"]
        if sources:
            start = str(2 * (number // len(sources)))
            scaled = ["-t", "4", "-vf", "scale='min(640,iw)':-2", "-an"]
            source = ["-ss", start, "-i", str(sources[number % len(sources)]), *scaled]
        ran = Ffmpeg().run([*source, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(clip)])
        if not ran.ok:
            raise RuntimeError(ran.words)
        clips.append(clip)
    return clips


def work(
    folder: Path, files: Sequence[Path], clips: int, *, people: int, language: str, kills: int, seed: int,
    cut_seconds: float = 10.0, **settings: str,
) -> Result:  # fmt: skip
    """Upload the clips, let people judge them all, and compare."""
    server = ServerProcess(folder, dashboard=True, QU_DEMO="false", **settings)
    server.start()
    try:
        office = Office(server)
        names = [f"p{number}" for number in range(people)]
        office.prepare(names, files, clips)
        reasons = [one[f"uploader{language.capitalize()}"] for one in office.get_reasons()]
        chromium = find_chromium() or sys.exit("There is no chromium on the PATH.")
        shift = Shift(f"http://127.0.0.1:{server.port}", language, chromium, reasons)
        moments = [clips * (number + 1) // (kills + 1) for number in range(kills)] if people > 1 else []
        share = [moment // people for moment in moments]
        plans = [Plan(kills=share if number == 0 else (), cuts=share[:1] if number == people - 1 else (),
                      cut_seconds=cut_seconds) for number in range(people)]  # fmt: skip
        staff = [
            Reviewer(shift, name, seed + number, plans[number], skips=0.05, alone=people == 1)
            for number, name in enumerate(names)
        ]
        started = time.monotonic()
        with ThreadPoolExecutor(people) as pool:
            working = [pool.submit(sit_down, one) for one in staff]
            try:
                office.supervise(shift, names, moments, random.Random(seed))
            finally:
                shift.is_over = True
            for one in working:
                one.result()
        seconds = time.monotonic() - started
    finally:
        server.end()
    return review(server, shift, len(moments), seconds)


def sit_down(reviewer: Reviewer) -> None:
    with sync_playwright() as playwright:
        reviewer.work(playwright)


def review(server: ServerProcess, shift: Shift, server_kills: int, seconds: float) -> Result:
    """Read the history as it is on the disk, and compare."""
    console = backend.open_console(Settings(data=server.data))
    lines = [
        line for line in console.store.history.iterate(HistoryFilter()) if line.action in ("createAudit", "undoAudit")
    ]
    shift.faults += [f"the history is damaged: {error}" for error in console.store.history.verify().errors]
    console.close()
    history = list[tuple[str, Entry]]()
    for line in reversed(lines):
        after = line.after if line.action == "createAudit" else {}
        said = (str(after.get(name, "")) for name in ("status", "reason", "comment"))
        history.append((line.target, (line.action, line.actor.name, *said)))
    return Result(shift, compare(shift.presses, history), len(history), server_kills, seconds)


class Office:
    """What an administrator does about a shift."""

    def __init__(self, server: ServerProcess) -> None:
        self.server, self.token = server, server.sign_in()

    def ask(self, name: str, **given: object) -> dict:
        with closing(self.server.connect()) as connection:
            answer = ask(connection, name, given, self.token)
        if answer["code"] != "200":
            raise RuntimeError(f"{name}: {answer}")
        return answer["data"]

    def prepare(self, names: Sequence[str], files: Sequence[Path], clips: int) -> None:
        """Add the accounts, upload the clips, and wait until their pictures are made."""
        for name in names:
            self.ask("addAccount", userName=name, role="reviewer", password=PASSWORD)
        url = f"http://127.0.0.1:{self.server.port}/console/vod/uploadVideo"
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self.token}"
            for number in range(clips):
                about = {"title": f"短视频 {number}", "userId": f"uploader-{number % 20}"}
                with files[number % len(files)].open("rb") as file:
                    answer = session.post(url, data=about, files={"file": file}, timeout=60).json()
                if answer["code"] != "200":
                    raise RuntimeError(answer["message"])
        while (jobs := self.ask("getStatistics"))["runningJobs"] + jobs["waitingJobs"]:
            time.sleep(0.1)

    def get_reasons(self) -> list[dict]:
        return [one for one in self.ask("getReviewReasons")["reasonList"] if not one["retired"]]

    def supervise(self, shift: Shift, names: Sequence[str], moments: Sequence[int], chance: random.Random) -> None:
        """Kill the server after so many presses, free the clips of killed browsers at the end, and end the shift."""
        left, quiet = list(moments), time.monotonic()
        pause = threading.Event()
        while not shift.is_broken:
            if left and len(shift.presses) >= left[0]:
                left.pop(0)
                self.server.kill()
                pause.wait(chance.uniform(0, 1.5))
                self.server.start()
            if len(shift.idle) < len(names):
                quiet = time.monotonic()
                pause.wait(0.05)
                continue
            queue, leases = self.ask("getReviewQueue"), self.ask("getReviewLeases")["leaseList"]
            if not queue["waiting"] or time.monotonic() - quiet > QUIET_SECONDS:
                if not leases:
                    return
                for name in {lease["userName"] for lease in leases}:
                    self.ask("freeReview", userName=name)
                quiet = time.monotonic()
            pause.wait(0.2)


if __name__ == "__main__":
    main()
