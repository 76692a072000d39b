"""How much processor time an event takes that phones report of the feed, in batches over HTTP.

`python benchmarks/events.py [--batch 50] [--connections 16] [--rounds 3]`. Needs wrk (`apt-get install wrk`). Each
batch has an id of its own and is acknowledged after its commit. The console holds 2,000 videos, 200 in the feed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import baseline_servers as others
from serving import cpu_seconds, wait_until_idle

import backend
from backend import Settings
from backend.model import Actor, User, Video
from backend.model.feed import FeedVersion
from backend.store import Store
from tests.acceptance.server_process import free_port

ACTOR = Actor("benchmark", "command line")
SECONDS, VIDEOS, SHOWN = 4, 2000, 200
KINDS = ("impression", "impression", "play", "complete", "skip")
WATCHED = {"impression": 0, "play": 6_000, "complete": 12_000, "skip": 1_000}  # ms
SCRIPT = """
n = 0
request = function()
  n = n + 1
  return wrk.format("POST", wrk.path, {["Content-Type"] = "application/json"}, (body:gsub("BATCH", seed .. n, 1)))
end
response = function(status, headers, answer)
  if not answer:find('"accepted":' .. expected, 1, true) then print("REFUSED " .. answer:sub(1, 300)) end
end
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        console = backend.open_console(Settings(data=data))
        key, version = fill(console.store)
        console.close()
        port = free_port()
        command = [sys.executable, "-m", "backend", "serve", "--port", str(port)]
        with others.running(command, {"QU_DATA": str(data), "QU_LOG": "WARNING"}) as process:
            url = f"http://127.0.0.1:{port}/vodVideo/reportEvents?key={key}"
            others.wait(url)
            rounds = [
                load(process.pid, url, version, given.batch, given.connections, number)
                for number in range(given.rounds + 1)
            ][1:]  # the first warms up
    cpu = statistics.median(cpu for cpu, _ in rounds)
    rate = statistics.median(rate for _, rate in rounds)
    print(f"{cpu:.1f} µs of processor time an event, in batches of {given.batch}; {rate:,.0f} events a second")


def fill(store: Store) -> tuple[str, FeedVersion]:
    """Add the videos, and return a key of the feed and the version that shows the first of them."""
    ids = [f"{number:032x}" for number in range(VIDEOS)]
    for video_id in ids:
        store.catalogue.add_video(Video(video_id, "clip", User("u", "U"), int(time.time()), duration=12.0), ACTOR)
    version = FeedVersion("benchmark", "feed", 1, tuple(ids[:SHOWN]))
    store.feed_versions.note_shown(version)
    return store.feed_keys.add(ACTOR).key, version


def load(pid: int, url: str, version: FeedVersion, batch: int, connections: int, number: int) -> tuple[float, float]:
    """Return the processor time of an event in microseconds, and the events a second."""
    now = int(time.time() * 1000)
    events = [
        {
            "type": KINDS[place % len(KINDS)], "videoId": version.video_ids[place % 40], "version": version.version,
            "place": place % 40 + 1, "at": now - place * 1000, "watchMs": WATCHED[KINDS[place % len(KINDS)]],
        }
        for place in range(batch)
    ]  # fmt: skip
    body = json.dumps({"batchId": "BATCH", "sentAt": now, "events": events})
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"body = {json.dumps(body)}\nseed = 'round {number} '\nexpected = '{batch}'\n{SCRIPT}")
        script.flush()
        before = cpu_seconds(pid)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", "--timeout", "30s", "-s", script.name, url]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wait_until_idle(pid)
    cpu = cpu_seconds(pid) - before
    found = re.search(r"(\d+) requests in.*?Requests/sec: +([\d.]+)", said, re.DOTALL)
    if "Non-2xx" in said or "REFUSED" in said or found is None:
        raise SystemExit(f"the server did not answer:\n{said[:2000]}")
    return cpu / (int(found[1]) * batch) * 1e6, float(found[2]) * batch


if __name__ == "__main__":
    main()
