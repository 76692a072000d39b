"""How quick the review desk is: a scripted person in Chromium decides clip after clip.

    python benchmarks/review.py [--clips 200] [--look 0.2] [--round-trip 0]

It starts a server of its own in a temporary folder, and uploads short drawn clips. What is approved is transcoded
meanwhile, as on a working day. Times depend on what else the machine does: the load is printed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import in_browser
from playwright.sync_api import CDPSession, Page, sync_playwright

FILES = 12
UPLOADER = "uploader-{number}"
# Notes when a key went down, when the next clip's picture is in a frame, and when its video first shows one.
WATCH = """() => {
    const roots = [...document.querySelectorAll('*')].map(part => part.shadowRoot);
    const root = roots.find(root => root?.querySelector('.desk'));
    const shown = () => root.querySelector('[data-video-id]');
    const took = window.took = { picture: [], frame: [], stored: () => Number(root.querySelector('.desk').dataset.done),
        shown: () => shown()?.dataset.videoId ?? '', videos: () => root.querySelectorAll('video').length };
    let last = took.shown(), pressed = 0;
    addEventListener('keydown', event => { pressed = event.timeStamp; }, true);
    const look = () => {
        const clip = shown();
        if (clip && clip.dataset.videoId !== last) {
            last = clip.dataset.videoId;
            const began = pressed, video = clip.querySelector('video'), cover = clip.querySelector('.cover');
            const note = () => took.picture.push(performance.now() - began);
            const wait = () => cover.width ? requestAnimationFrame(note) : setTimeout(wait, 1);
            wait();
            video.requestVideoFrameCallback(now => took.frame.push(now - began));
        }
        requestAnimationFrame(look);
    };
    look();
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--look", type=float, default=0.2, help="seconds for which each clip is looked at")
    parser.add_argument("--round-trip", type=int, default=0, help="milliseconds added to each request, at 20 Mbit/s")
    given = parser.parse_args()
    program = shutil.which("chromium") or sys.exit("There is no chromium on the PATH.")
    flags = [*in_browser.FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = Path(folder) / "data"
        data.mkdir()
        os.environ["QU_DEMO"] = "false"
        with in_browser.serving(data) as server:
            upload(server, Path(folder), given.clips)
            browser = playwright.chromium.launch(executable_path=program, args=flags)
            state = in_browser.sign_in(browser, server.url)
            context = browser.new_context(viewport=in_browser.VIEWPORT, locale="zh-CN", storage_state=state)
            page = context.new_page()
            slow_down(context.new_cdp_session(page), given.round_trip)
            rows = judge(page, server, given.clips, given.look)
            browser.close()
    print(f"{given.clips} clips, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}\n")
    in_browser.show([("what", "measured", "target"), *rows])


def upload(server: Any, folder: Path, count: int) -> None:
    """Upload so many clips, and wait until their pictures are made."""
    files = [draw(folder / f"{number}.mp4", number) for number in range(FILES)]
    url = f"{server.url}/console"
    login = {"userName": "admin", "password": in_browser.PASSWORD}
    token = in_browser.HTTP.post(f"{url}/user/login", data=login, timeout=10).json()["data"]["consoleToken"]
    headers = {"Authorization": f"Bearer {token}"}
    for number in range(count):
        about = {"title": f"clip {number}", "userId": UPLOADER.format(number=number % 20)}
        with files[number % FILES].open("rb") as file:
            answer = in_browser.HTTP.post(
                f"{url}/vod/uploadVideo", headers=headers, data=about, files={"file": file}, timeout=60
            ).json()
        if answer["code"] != "200":
            sys.exit(answer["message"])

    def is_idle() -> bool:
        found = in_browser.HTTP.get(f"{url}/vod/getStatistics", headers=headers, timeout=30).json()["data"]
        return bool(found["runningJobs"] + found["waitingJobs"] == 0)

    in_browser.wait_for(is_idle, seconds=1800, pause=0.5)


def draw(path: Path, number: int) -> Path:
    size = "360x640" if number % 3 else "640x360"
    source = f"testsrc2=s={size}:r=25:d={3 + number % 4},hue=h={number * 30}"
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        source,
        "-c:v",
        "libx264",
        str(path),
    ]
    subprocess.run(command, check=True)
    return path


def slow_down(network: CDPSession, round_trip: int) -> None:
    if round_trip:
        network.send("Network.enable")
        speed = 20e6 / 8
        network.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": round_trip, "downloadThroughput": speed, "uploadThroughput": speed},
        )


def judge(page: Page, server: Any, count: int, look: float) -> list[tuple[str, str, str]]:
    """Approve three clips of four and block the others, and return what that took."""
    page.goto(f"{server.url}/review")
    page.locator("[data-video-id] video").wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    page.evaluate(WATCH)
    before, heap = server.cpu_seconds(), used_heap(page)
    started, most_videos = time.perf_counter(), 0
    for number in range(count):
        now = page.evaluate("took.shown()")
        for key in "b1" if number % 4 == 3 else "a":
            page.keyboard.press(key)
        most_videos = max(most_videos, page.evaluate("took.videos()"))
        if number < count - 1:
            page.wait_for_function("before => took.shown() && took.shown() !== before", arg=now, polling=5)
        page.wait_for_timeout(look * 1000)
    page.wait_for_function("count => took.stored() === count", arg=count, timeout=60_000)
    seconds = time.perf_counter() - started
    cpu = (server.cpu_seconds() - before) * 1000 / count
    took: dict[str, list[float]] = page.evaluate("({ picture: took.picture, frame: took.frame })")
    grown = (used_heap(page) - heap) / 1e6
    return [
        percentiles("key to the next clip's picture", took["picture"], 150),
        percentiles("key to the first frame of its video", took["frame"], 250),
        (f"decisions a minute, looking {look:g} s", f"{count * 60 / seconds:.0f}", ">= 22 at 2.5 s"),
        ("server CPU for a decision, media included", f"{cpu:.1f} ms", "<= 20 ms"),
        ("video elements at most", str(most_videos), "<= 4"),
        ("JavaScript heap, growth", f"{grown:.1f} MB", ""),
        ("stored", f"{count} of {count}", "all"),
    ]  # fmt: skip


def used_heap(page: Page) -> float:
    return float(page.evaluate("performance.memory.usedJSHeapSize"))


def percentiles(name: str, took: list[float], most: int) -> tuple[str, str, str]:
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    return f"{name}, p50 / p95", f"{p50:.0f} / {p95:.0f} ms", f"p95 < {most} ms"


if __name__ == "__main__":
    main()
