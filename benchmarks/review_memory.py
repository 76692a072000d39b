"""How much memory a browser takes to show clip after clip at the review desk.

    python benchmarks/review_memory.py [--clips 500]

The page presses its own keys, with no debugger attached: that would keep what the page loads. The browser has a profile
on the disk, as people's have. Counted is the memory of all its processes, without the files of the program.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import in_browser
import requests
import review
from playwright.sync_api import Page, sync_playwright

STEP = 100  # clips between two figures
REST = 10.0  # seconds until the browser has ended what it does in the background
# Judges each clip after it was on the screen for a moment: three are approved, one is blocked.
WORK = """() => {
    const roots = [...document.querySelectorAll('*')].map(part => part.shadowRoot);
    const root = roots.find(root => root?.querySelector('.desk'));
    const down = (key, code) => new KeyboardEvent('keydown', { key, code, bubbles: true });
    const press = (key, code) => document.body.dispatchEvent(down(key, code));
    let last = '', count = 0;
    window.videos = 0;
    setInterval(() => {
        window.videos = Math.max(window.videos, root.querySelectorAll('video').length);
        const clip = root.querySelector('[data-video-id]');
        if (!clip || clip.dataset.videoId === last) return;
        last = clip.dataset.videoId;
        count += 1;
        setTimeout(() => {
            press(count % 4 ? 'a' : 'b', count % 4 ? 'KeyA' : 'KeyB');
            if (count % 4 === 0) press('1', 'Digit1');
        }, 200);
    }, 20);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=500)
    count = parser.parse_args().clips
    os.environ["QU_DEMO"] = "false"
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        with in_browser.serving(data) as server:
            review.upload(server, Path(folder), count)
            with Chromium(Path(folder) / "profile").running() as browser:
                rows = judge(browser, server, count)
    print(f"{count} clips, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}\n")
    in_browser.show([("growth of the browser's memory", "measured", "target"), *rows])


class Chromium:
    """A browser without a window, over a profile of its own."""

    def __init__(self, profile: Path) -> None:
        program = shutil.which("chromium") or sys.exit("There is no chromium on the PATH.")
        self._port = profile / "DevToolsActivePort"
        flags = [*in_browser.FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        own = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--window-size=1440,1000"]
        self._command = [program, *flags, *own, "about:blank"]

    @contextmanager
    def running(self) -> Iterator[Chromium]:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet)
        try:
            in_browser.wait_for(self._port.exists, seconds=60, pause=0.1)
            yield self
        finally:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Attach a debugger to the tab for a while."""
        with sync_playwright() as playwright:
            address = f"http://127.0.0.1:{self._port.read_text().split()[0]}"
            browser = playwright.chromium.connect_over_cdp(address)
            yield browser.contexts[0].pages[0]
            browser.close()

    def megabytes(self) -> float:
        return sum(_kilobytes(number) for number in _family(self._process.pid)) / 1000


def judge(browser: Chromium, server: Any, count: int) -> list[tuple[str, str, str]]:
    """Let the page judge so many clips, and return how the memory grew."""
    with browser.page() as page:
        page.goto(server.url)
        page.fill(".st-key-sign_in_name input", "admin")
        page.fill(".st-key-sign_in_password input", in_browser.PASSWORD)
        with page.expect_response("**/console/user/adopt"):
            page.click(".st-key-sign_in_do button")
        page.locator(".st-key-page_head").wait_for()
        page.goto(f"{server.url}/review")
        page.locator("[data-video-id] video").wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        page.evaluate(WORK)
    before, rows = browser.megabytes(), list[tuple[str, str, str]]()
    marks = [*range(STEP, count, STEP), count]
    with signed_in(server) as session:
        for mark in marks:
            in_browser.wait_for(lambda mark=mark: done(session, server) >= mark, seconds=600, pause=0.2)  # type: ignore[misc]
            rows.append((f"after {mark} clips", f"{browser.megabytes() - before:.0f} MB", "< 150 MB at 500 clips"))
    time.sleep(REST)
    rows.append((f"{REST:.0f} s later", f"{browser.megabytes() - before:.0f} MB", ""))
    with browser.page() as page:
        videos = int(page.evaluate("videos"))
        debugger = page.context.new_cdp_session(page)
        debugger.send("HeapProfiler.collectGarbage")
        debugger.send("Memory.simulatePressureNotification", {"level": "critical"})
        page.wait_for_timeout(3000)
        rows.append(("after it freed what it can", f"{browser.megabytes() - before:.0f} MB", ""))
    return [*rows, ("video elements at most", str(videos), "<= 4")]


@contextmanager
def signed_in(server: Any) -> Iterator[requests.Session]:
    login = {"userName": "admin", "password": in_browser.PASSWORD}
    answer = in_browser.HTTP.post(f"{server.url}/console/user/login", data=login, timeout=10).json()
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {answer['data']['consoleToken']}"
        yield session


def done(session: requests.Session, server: Any) -> int:
    return int(session.get(f"{server.url}/console/vod/getReviewQueue", timeout=30).json()["data"]["doneToday"])


def _family(parent: int) -> list[int]:
    found = [parent]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found += _family(int(path.parent.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def _kilobytes(number: int) -> int:
    try:
        text = Path(f"/proc/{number}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(text.partition(f"\nPss_{kind}:")[2].split()[0]) for kind in ("Anon", "Shmem"))


if __name__ == "__main__":
    main()
