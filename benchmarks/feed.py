"""How many pages of the app's feed a second one process serves over HTTP, beside ready bytes; and composing.

`python benchmarks/feed.py [--rounds 3] [--connections 16]`. Needs wrk (`apt-get install wrk`). The first page of 20 of
200 clips is asked for plain, compressed and with its ETag; what counts is the ratio to `ready`, the bytes of that page
without any work (for a 304, those of the plain page). Then it composes a slot of 2,000 entries, of which 500 are live.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import baseline_servers as others
from serving import Rate, Server, load

import backend
from backend import Settings
from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Video, VideoStatus
from backend.model.programme import Entry, Programme, Rules, lineup_at
from tests.acceptance.server_process import free_port

ACTOR = Actor("benchmark", "command line")
CLIPS = 300
COMMON = MediaFile(FileKind.COMMON, "common-720.mp4", 3_000_000, 720, 1280, 14.0, 1_700_000, "avc1.64001f,mp4a.40.2")
FILES = (COMMON, MediaFile(FileKind.COVER, "cover.jpg"), MediaFile(FileKind.FIRST_FRAME, "first.jpg"))
PACKED, KNOWN = "compressed", "304"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        pairs = start_all(stack, Path(folder))
        rates: dict[str, list[tuple[Rate, Rate]]] = {server.name: [] for server, _ in pairs}
        for number in range(given.rounds + 1):
            for server, ready in pairs:
                both = load(server, given.connections), load(ready, given.connections)
                if number:  # the first round warms up
                    rates[server.name].append(both)
    print(f"{'page':<22}{'requests/s':>11}{'of ready':>10}{'CPU µs':>9}{'of ready':>10}")
    for name, found in rates.items():
        requests = statistics.median(rate.requests for rate, _ in found)
        share = statistics.median(rate.requests / ready.requests for rate, ready in found)
        cpu = statistics.median(rate.cpu for rate, _ in found)
        by_cpu = statistics.median(ready.cpu / rate.cpu for rate, ready in found)
        print(f"{name:<22}{requests:>11,.0f}{share:>10.3f}{cpu:>9,.0f}{by_cpu:>10.3f}")
    print(f"composing 500 of 2,000 entries: {composing() * 1000:.1f} ms")


def start_all(stack: ExitStack, data: Path) -> list[tuple[Server, Server]]:
    """Start the console, and for each way to ask one server of as many ready bytes."""
    console = backend.open_console(Settings(data=data))
    for number in range(CLIPS):
        video = Video(
            f"{number:032x}", f"a clip of the feed, number {number}", User(f"user{number % 40}", "A user"),
            int(time.time()), duration=14.0, width=720, height=1280, tags="travel,food", status=VideoStatus.NORMAL,
            censor_status=CensorStatus.SUCCESS, files=FILES,
        )  # fmt: skip
        console.store.catalogue.add_video(video, ACTOR)
        console.store.catalogue.recommend(video.video_id, {}, ACTOR)
    key = console.store.feed_keys.add(ACTOR).key
    console.close()
    port = free_port()
    command = [sys.executable, "-m", "backend", "serve", "--port", str(port)]
    process = stack.enter_context(others.running(command, {"QU_DATA": str(data), "QU_LOG": "WARNING"}))
    url = others.wait(f"http://127.0.0.1:{port}/vodVideo/getFeed?key={key}")
    pairs = []
    for name, headers in (("plain", {}), (PACKED, {"Accept-Encoding": "gzip"}), (KNOWN, {})):
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            size, tag = len(answer.read()), answer.headers["ETag"]
        if name == KNOWN:
            headers = {"If-None-Match": tag}
        other = stack.enter_context(others.ready(size))
        lines = "".join(f"wrk.headers[{name!r}] = {value!r}\n" for name, value in headers.items())
        pairs.append((Server(name, process, url, lines), Server(f"ready for {name}", other.process, other.url)))
    return pairs


def composing() -> float:
    """Return the processor time of composing 500 of 2,000 entries, in seconds."""
    now = int(time.time())
    entries = tuple(
        Entry(
            number, f"{number:032x}", f"user{number % 40}", now - number, pin=number if 0 < number < 10 else None,
            ends=None if number < 500 else now - 1, created=now,
        )
        for number in range(2000)
    )  # fmt: skip
    programme, seconds = Programme("feed", entries=entries, rules=Rules(size=500)), []
    for _ in range(20):
        started = time.process_time()
        assert len(lineup_at(programme, now).places) == 500
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
