"""Scripted phones that page through the feed while it changes all the time.

`python -m tests.acceptance.phones [--phones 1000] [--seconds 60] [--nginx]`. Each phone asks for the first page, pages
on to the end with short breaks, and begins again; with `--nginx` through Debian's nginx as docs/feed.md sets it up.
Meanwhile clips are recommended, taken off, blocked, approved again and deleted. It fails if a phone sees a clip twice
in a version, or if a page asked for later than 15 seconds after a clip was blocked or deleted still shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.feed_clips import add_clips
from tests.acceptance.nginx import nginx_before
from tests.acceptance.server_process import ServerProcess, ask

CLIPS, RECOMMENDED = 600, 150
MAX_STALE = 15 + 1  # seconds; nginx counts in whole ones
USER = "user{}"


@dataclass
class Outcome:
    """What all phones saw."""

    pages: int = 0
    runs: int = 0  # through a whole version
    restarted: int = 0
    known: int = 0  # answers 304
    changes: Counter[str] = field(default_factory=Counter)
    versions: set[str] = field(default_factory=set)
    twice: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    slowest: float = 0.0  # seconds from an acknowledged block to the last page asked for that showed the clip

    @property
    def good(self) -> bool:
        return self.pages > 0 and not (self.twice or self.blocked)


class Gone:
    """Since when which clips may not be shown; a clip that came back may."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._since: dict[str, float] = {}

    def leave(self, video_id: str) -> None:
        with self._guard:
            self._since[video_id] = time.monotonic()

    def come_back(self, video_id: str) -> None:
        with self._guard:
            self._since.pop(video_id, None)

    def seconds(self, video_id: str, asked: float) -> float:
        """Return how long before `asked` a clip was gone; 0 if it was there, or came back since."""
        with self._guard:
            since = self._since.get(video_id)
        return 0.0 if since is None else max(0.0, asked - since)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--nginx", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = page_through(Path(folder), given.phones, given.seconds, nginx=given.nginx)
    changes = ", ".join(f"{count} {name}" for name, count in sorted(outcome.changes.items()))
    print(f"{outcome.pages:,} pages of {len(outcome.versions)} versions, {outcome.runs:,} runs to the end")
    print(f"{outcome.known:,} answers 304, {outcome.restarted} restarted; {changes}")
    print(f"seen twice: {len(outcome.twice)}; seen later than {MAX_STALE} s after a block: {len(outcome.blocked)}")
    print(f"longest after a block or a deletion: {outcome.slowest:.1f} s")
    sys.exit(0 if outcome.good else 1)


def page_through(folder: Path, phones: int, seconds: float, *, nginx: bool) -> Outcome:
    """Run the phones for so long, and return what they saw."""
    server, outcome, gone = ServerProcess(folder, QU_PROXIES="127.0.0.1"), Outcome(), Gone()
    ids, key = add_clips(server.data, CLIPS, recommended=RECOMMENDED)
    with ExitStack() as stack:
        server.start()
        stack.callback(server.end, signal.SIGTERM)
        port = stack.enter_context(nginx_before(server.port, folder / "nginx")) if nginx else server.port
        ended = threading.Event()
        changing = threading.Thread(target=change, args=[server, ids, gone, outcome, ended])
        changing.start()
        try:
            asyncio.run(run_phones(port, key, phones, seconds, gone, outcome))
        finally:
            ended.set()
            changing.join()
    return outcome


def change(server: ServerProcess, ids: list[str], gone: Gone, outcome: Outcome, ended: threading.Event) -> None:
    """Change the feed a few times a second until it ends."""
    chance, token, connection = random.Random(1), server.sign_in(), server.connect()
    recommended, free, blocked = list(ids[:RECOMMENDED]), list(ids[RECOMMENDED:]), []

    def do(name: str, **given: str) -> None:
        answer = ask(connection, name, given, token)
        assert answer["code"] == "200", answer
        outcome.changes[name] += 1

    while not ended.wait(0.2):
        act = chance.choice(["recommend", "recommend", "recommend", "cancel", "block", "block", "undo", "delete"])
        if act == "recommend" and free:
            video = free.pop(chance.randrange(len(free)))
            do("recommendVideo", videoId=video)
            recommended.append(video)
        elif act == "undo" and blocked:
            video = blocked.pop(chance.randrange(len(blocked)))
            gone.come_back(video)
            do("undoAudit", videoId=video)
            recommended.append(video)
        elif len(recommended) > RECOMMENDED // 2:
            video = recommended.pop(chance.randrange(len(recommended)))
            if act == "block":
                do("createAudit", mediaId=video, status="Blocked", reason="test")
                gone.leave(video)
                blocked.append(video)
            elif act == "delete":
                do("deleteVideoById", videoId=video, userId=USER.format(int(video, 16) % 30))
                gone.leave(video)
            else:
                do("deleteRecommendById", videoId=video)
                free.append(video)
    connection.close()


async def run_phones(port: int, key: str, count: int, seconds: float, gone: Gone, outcome: Outcome) -> None:
    """Let the phones live for so long, and on a busy machine until they saw something of everything."""
    until, latest = time.monotonic() + seconds, time.monotonic() + 10 * seconds
    phones = [Phone(port, key, number, gone, outcome) for number in range(count)]

    def is_over() -> bool:
        enough = outcome.runs > 0 and len(outcome.versions) > 1 and outcome.changes["createAudit"] > 0
        return time.monotonic() > (until if enough else latest)

    await asyncio.gather(*(phone.live(is_over) for phone in phones))


class Phone:
    """One phone with a connection of its own."""

    def __init__(self, port: int, key: str, number: int, gone: Gone, outcome: Outcome) -> None:
        self._port, self._path = port, f"/vodVideo/getFeed?key={key}"
        self._gone, self._outcome = gone, outcome
        self._chance = random.Random(number)
        self._tag = ""

    async def live(self, is_over: Callable[[], bool]) -> None:
        await asyncio.sleep(self._chance.random() * 3)
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        while not is_over():
            page = await self._ask("", self._tag)
            if page is not None:
                await self._run(page, is_over)
            await asyncio.sleep(1 + self._chance.random() * 2)
        self._writer.close()

    async def _run(self, page: dict[str, Any], is_over: Callable[[], bool]) -> None:
        """Page on to the end of the version."""
        seen: set[str] = set()
        version = page["version"]
        while True:
            for clip in page["videoList"]:
                if clip["videoId"] in seen:
                    self._outcome.twice.append(f"{clip['videoId']} in {version}")
                seen.add(clip["videoId"])
            if not page["nextCursor"]:
                self._outcome.runs += 1
                return
            await asyncio.sleep(self._chance.random() * 2)
            if is_over():
                return
            following = await self._ask(page["nextCursor"])
            assert following is not None
            if following["restarted"] or following["version"] != version:
                self._outcome.restarted += 1
                return
            page = following

    async def _ask(self, cursor: str, tag: str = "") -> dict[str, Any] | None:
        """Return a page, or None for a 304, and look for clips in it that may not be shown."""
        asked = time.monotonic()
        lines = [f"GET {self._path}{f'&cursor={cursor}' if cursor else ''} HTTP/1.1", "Host: feed.test"]
        lines += [f"If-None-Match: {tag}"] if tag else []
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        headers = {name.lower(): value for name, value in fields.items()}
        status = head.split(" ", 2)[1]
        if status == "304":
            self._outcome.known += 1
            return None
        assert status == "200", head
        page = json.loads(await self._reader.readexactly(int(headers["content-length"])))["data"]
        self._outcome.pages += 1
        self._outcome.versions.add(page["version"])
        if not cursor:
            self._tag = headers["etag"]
        for clip in page["videoList"]:
            late = self._gone.seconds(clip["videoId"], asked)
            self._outcome.slowest = max(self._outcome.slowest, late)
            if late > MAX_STALE:
                self._outcome.blocked.append(f"{clip['videoId']} {late:.1f} s after")
        return page


if __name__ == "__main__":
    main()
