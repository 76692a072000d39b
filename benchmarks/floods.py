"""Floods without an account, beside a person in Chromium: what the person notices, and what the server is left with.

`python benchmarks/floods.py [--clients 1000] [--seconds 20] [--descriptors 1024] [--slower 2] [--only NAME …]
[--folder FOLDER]`.
For each flood a line: how much of it was let in, how long the person waits from a click to the next page of the list
(median, in milliseconds, and as a multiple of the time without a flood), memory before, at most and a minute after at
the latest, descriptors at most. Ends with 1 where a person waits twice as long (`--slower`) or gets an error of ours,
or memory is not back within 50 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

sys.path.insert(0, str(Path(__file__).parents[1]))

import backend
from backend import Settings
from backend.model import Actor, User, Video
from benchmarks.in_browser import FLAGS, GRID, IDLE, TURN, VIEWPORT
from benchmarks.stand import PASSWORD, Stand

VIDEOS = 200
CLICKS = 12
WARM_UP = 3
PATIENCE = 60_000  # milliseconds
BACK_BYTES, BACK_SECONDS = 50e6, 60.0
LOST = (OSError, EOFError, TimeoutError, ConnectionClosed, InvalidHandshake)


def with_descriptors(count: int) -> tuple[str, ...]:
    """Return what stands before a command that may have so many descriptors."""
    return "sh", "-c", f'ulimit -n {count}; exec "$@"', "sh"


# The attackers: each opens its connections, keeps them until the time is over, and counts what it met.


class Attack:
    """What one attacker's clients do at the same time."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port, self.until = port, time.monotonic() + seconds
        self.met: Counter[str] = Counter()

    def goes_on(self) -> bool:
        return time.monotonic() < self.until

    async def run(self, name: str, clients: int) -> None:
        one = getattr(self, name)
        await asyncio.gather(*(self._client(one, number) for number in range(clients)))

    async def _client(self, one: Any, number: int) -> None:
        while self.goes_on():
            try:
                async with asyncio.timeout(self.until - time.monotonic()):
                    await one(number)
                    self.met["done"] += 1
            except InvalidHandshake as refused:
                self.met[str(getattr(getattr(refused, "response", None), "status_code", "refused"))] += 1
            except LOST:
                self.met["cut off"] += 1
            await asyncio.sleep(0.5)

    async def _open(self) -> ClientConnection:
        return await connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], proxy=None,
            open_timeout=30, compression=None,
        )  # fmt: skip

    async def silent_sockets(self, number: int) -> None:
        """Open a page's WebSocket, and say nothing."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            await socket.recv()

    async def sockets(self, number: int) -> None:
        """Open a page, and stay."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            await socket.send(rerun())
            while True:
                await socket.recv()

    async def stepping_sockets(self, number: int) -> None:
        """Open a page, and let it run again and again."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            while True:
                await socket.send(rerun(query=str(number)))
                await socket.recv()

    async def deaf_sockets(self, number: int) -> None:
        """Let a page run, ping, and take nothing of what comes back."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            socket.transport.pause_reading()
            while True:
                await socket.send(rerun())
                await socket.ping()

    async def forged_messages(self, number: int) -> None:
        """Send what is no message of a page."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            await socket.send(rerun())
            for message in forgeries():
                await socket.send(message)
            await socket.recv()

    async def huge_messages(self, number: int) -> None:
        """Send messages as large as may be."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            await socket.send(b"x" * (900 << 10))
            await socket.recv()

    async def connections(self, number: int) -> None:
        """Open a connection, and send nothing."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.met["let in"] += 1
            said = await reader.read(200)
            self.met[said[9:12].decode() or "cut off"] += 1
        finally:
            writer.close()

    async def slow_bodies(self, number: int) -> None:
        """Send a body byte by byte."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.met["let in"] += 1
            writer.write(b"POST /console/vod/getVideos HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
            while True:
                writer.write(b"x" * 60)
                await writer.drain()
                await asyncio.sleep(0.1)
        finally:
            writer.close()

    async def slow_readers(self, number: int) -> None:
        """Ask for a bundle over and over, and take nothing of it."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.met["let in"] += 1
            writer.transport.pause_reading()
            for _ in range(50):
                writer.write(b"GET /%s HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n" % self.bundle)
            await asyncio.sleep(self.until - time.monotonic())
        finally:
            writer.transport.abort()

    bundle = b""

    async def sign_ins(self, number: int) -> None:
        """Sign in under one name after the other."""
        body = urlencode({"userName": f"nobody{number}", "password": "wrong"}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(
                b"POST /console/user/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            self.met[head[9:12].decode()] += 1
        finally:
            writer.close()

    async def uploads(self, number: int) -> None:
        """Send files to where Streamlit would keep them in memory."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            writer.write(b"x" * 1_000_000)
            head = await reader.readuntil(b"\r\n\r\n")
            self.met[head[9:12].decode()] += 1
        finally:
            writer.close()


FLOODS = {
    "silent_sockets": 1.0,
    "sockets": 1.0,
    "stepping_sockets": 0.25,
    "deaf_sockets": 0.25,
    "forged_messages": 0.25,
    "huge_messages": 0.1,
    "connections": 1.0,
    "slow_bodies": 1.0,
    "slow_readers": 0.5,
    "sign_ins": 0.1,
    "uploads": 0.1,
}  # fmt: skip  (each with its share of the clients)
TOGETHER = "silent_sockets+sign_ins"


def rerun(query: str = "") -> bytes:
    """Return what a page sends first."""
    message = BackMsg()
    message.rerun_script.query_string = query
    return message.SerializeToString()


def forgeries() -> list[bytes]:
    """Return messages with ids and values that no page has."""
    made = []
    for value in ({"json_value": "{"}, {"string_value": "x"}, {"int_value": 7}, {"bytes_value": b"x"}):
        message = BackMsg()
        for name in ("", "x", "$$ID-0-None", "$$ID-0-sign_in_do", "$$STREAMLIT_INTERNAL_KEY_x", "a" * 5000):
            message.rerun_script.widget_states.widgets.add(id=name, **value)  # type: ignore[arg-type]
        made.append(message.SerializeToString())
    return made


def attack(name: str, port: int, clients: int, seconds: float, bundle: str) -> None:
    """Run an attacker in this process, and print what it met."""
    attacker = Attack(port, seconds)
    attacker.bundle = bundle.encode()
    asyncio.run(attacker.run(name, clients))
    print(json.dumps(attacker.met))


# The person


class Person:
    """Somebody who turns the pages of the list of videos."""

    def __init__(self, page: Page, port: int) -> None:
        self._page, self._url = page, f"http://127.0.0.1:{port}"
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

    def clicks(self, times: int) -> list[float]:
        """Turn pages, and return the milliseconds each took until the rows were there."""
        took = []
        for number in range(times):
            took.append(self._page.evaluate(TURN, f"Page {2 - number % 2}"))
            self._page.wait_for_selector(IDLE, state="attached")
        return took

    def reloads(self) -> float:
        """Load the page anew, and return the milliseconds until the rows are there."""
        started = time.perf_counter()
        self._page.reload()
        self._page.wait_for_selector(GRID, state="attached")
        return (time.perf_counter() - started) * 1000

    def _look_at(self, response: Any) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")


class Watched:
    """What the server took at most, looked at again and again."""

    def __init__(self, stand: Stand) -> None:
        self._stand, self.before = stand, stand.memory()
        self.memory, self.descriptors = self.before, stand.descriptors()

    def look(self) -> None:
        self.memory = max(self.memory, self._stand.memory())
        self.descriptors = max(self.descriptors, self._stand.descriptors())

    def wait_until_back(self) -> float:
        """Wait until memory is back, a minute at most, and return it."""
        deadline = time.monotonic() + BACK_SECONDS
        while self._stand.memory() > self.before + BACK_BYTES and time.monotonic() < deadline:
            time.sleep(0.5)
        return self._stand.memory()


def endure(stand: Stand, person: Person, floods: str, given: argparse.Namespace, usual: float) -> bool:
    """Let floods run beside a person, print what came of it, and return whether the person noticed nothing."""
    watched = Watched(stand)
    attackers = [start(name, stand, given) for name in floods.split("+")]
    took: list[float] = []
    person.complaints.clear()
    time.sleep(given.seconds / 5)
    while attackers[0].poll() is None:
        watched.look()
        took += person.clicks(4)
    load = person.reloads()
    met: Counter[str] = Counter()
    for attacker in attackers:
        met.update(json.loads(attacker.communicate(timeout=60)[0]))
    after = watched.wait_until_back()
    slower = statistics.median(took) / usual
    good = slower < given.slower and not person.complaints and after - watched.before < BACK_BYTES
    print(
        f"{floods:26} {statistics.median(took):6.0f} ms ×{slower:4.1f} {max(took):6.0f} {load:6.0f}"
        f"  {watched.before / 1e6:4.0f} {watched.memory / 1e6:4.0f} {after / 1e6:4.0f} MB {watched.descriptors:5}"
        f"  {'ok ' if good else 'BAD'} {dict(met)} {person.complaints[:2] or ''}",
        flush=True,
    )
    return good


def start(name: str, stand: Stand, given: argparse.Namespace) -> subprocess.Popen[bytes]:
    share = max(1, int(given.clients * FLOODS[name]))
    options = {"attack": name, "port": stand.port, "clients": share, "seconds": given.seconds}
    said = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    return subprocess.Popen([sys.executable, __file__, *said, "--bundle", bundle_of(stand)], stdout=subprocess.PIPE)


def bundle_of(stand: Stand) -> str:
    """Return the path of a large bundle."""
    page = stand.get("/")[1].decode()
    return "static/js/index." + page.partition("./static/js/index.")[2].partition('"')[0]


def add_videos(data: Path) -> None:
    console = backend.open_console(Settings(data=data))
    for number in range(VIDEOS):
        made = Video(f"{number:032x}", f"短视频 {number}", User("1", "Anne"), created=1_700_000_000 + number)
        console.store.catalogue.add_video(made, Actor("benchmark", "command line"))
    console.close()


def compare(folder: Path, given: argparse.Namespace) -> bool:
    stand = Stand(folder, dashboard=True, prefix=with_descriptors(given.descriptors))
    add_videos(stand.data)
    stand.start()
    good = True
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=[*FLAGS, "--no-sandbox"]
            )
            page = browser.new_page(viewport=VIEWPORT, locale="en-US")
            page.set_default_timeout(PATIENCE)
            person = Person(page, stand.port)
            person.sign_in()
            person.clicks(WARM_UP)
            usual = statistics.median(person.clicks(CLICKS))
            print(f"{'':26} {'click p50, at most, load':>29}   memory and descriptors")
            print(f"{'without a flood':26} {usual:6.0f} ms              {person.reloads():6.0f}", flush=True)
            for floods in given.only or [*FLOODS, TOGETHER]:
                good &= endure(stand, person, floods, given, usual)
            browser.close()
    finally:
        with suppress(subprocess.TimeoutExpired):
            stand.end()
    said = stand.said()
    print(f"the log has {said.count(chr(10))} lines, {said.count('Traceback')} tracebacks")
    return good and "Traceback" not in said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--descriptors", type=int, default=1024)
    parser.add_argument("--slower", type=float, default=2.0)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help=f"of {', '.join(FLOODS)}, joined by +")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--attack", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--bundle", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.attack:
        attack(given.attack, given.port, given.clients, given.seconds, given.bundle)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        good = compare(Path(folder), given)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
