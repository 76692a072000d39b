"""Many clients at once: what fails, how long answers take, and what the server is left with.

`python -m tests.acceptance.crowd [--clients 500] [--seconds 30] [--folder FOLDER]`. Each client keeps its connection
and asks one thing after the other: lists, one video, counts, and a verdict now and then.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from backend.api.registry import OPERATIONS
from backend.store.sqlite.readers import IDLE_READERS
from tests.acceptance.server_process import ServerProcess
from tests.acceptance.videos import add_videos

VIDEOS = 200
TIMEOUT = 30.0
WARM_UP_SECONDS = 3.0
FILES_OF_A_READER = 2  # the database and its log
REST_SECONDS = 15.0  # after which everything that the clients held must be given back


@dataclass
class Crowd:
    """What the clients met: answers by what they said, and the seconds each took."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    memory: tuple[int, int] = (0, 0)  # before, and at most
    descriptors: tuple[int, int] = (0, 0)  # before, and after

    @property
    def failed(self) -> int:
        return sum(count for said, count in self.answers.items() if said != "200 200")

    @property
    def errors_of_ours(self) -> int:
        return sum(count for said, count in self.answers.items() if said[0] == "5" or said[4:5] == "5")

    @property
    def descriptors_left(self) -> int:
        """How many more are open than before, but for readers of the database, of which a few are kept."""
        before, after = self.descriptors
        return max(0, after - before - FILES_OF_A_READER * IDLE_READERS)

    def within(self, share: float) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * share)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        crowd = gather(Path(folder), given.clients, given.seconds)
    total = crowd.answers.total()
    print(f"answers            {total} ({total / given.seconds:.0f} a second)  {dict(crowd.answers)}")
    print(f"failed             {crowd.failed} ({crowd.failed / total:.3%}), of them our fault {crowd.errors_of_ours}")
    print(f"seconds p50 / p95  {crowd.within(0.5):.3f} / {crowd.within(0.95):.3f}")
    print(f"memory             {crowd.memory[0] / 1e6:.0f} MB, at most {crowd.memory[1] / 1e6:.0f} MB")
    print(f"descriptors        {crowd.descriptors[0]} before, {crowd.descriptors[1]} after")


def gather(folder: Path, clients: int, seconds: float) -> Crowd:
    """Let clients ask a server of their own for a while."""
    stand = ServerProcess(folder)
    videos = add_videos(stand.data, VIDEOS)
    stand.start()
    try:
        token, crowd = stand.sign_in(), Crowd()
        asyncio.run(
            _ask_all(stand, token, videos, clients, min(seconds, WARM_UP_SECONDS), Crowd())
        )  # fills the pool of readers
        before = stand.memory(), stand.descriptors()
        peak = asyncio.run(_ask_all(stand, token, videos, clients, seconds, crowd))
        deadline = time.monotonic() + REST_SECONDS
        crowd.memory, crowd.descriptors = (before[0], peak), (before[1], stand.descriptors())
        while crowd.descriptors_left and time.monotonic() < deadline:
            time.sleep(0.1)
            crowd.descriptors = (before[1], stand.descriptors())
    finally:
        stand.end()
    return crowd


async def _ask_all(
    stand: ServerProcess, token: str, videos: list[str], clients: int, seconds: float, crowd: Crowd
) -> int:
    until = time.monotonic() + seconds
    tasks = [asyncio.create_task(_client(stand.port, token, videos, until, crowd)) for _ in range(clients)]
    peak = stand.memory()
    while time.monotonic() < until:
        await asyncio.sleep(0.5)
        peak = max(peak, stand.memory())
    await asyncio.gather(*tasks)
    return peak


async def _client(port: int, token: str, videos: list[str], until: float, crowd: Crowd) -> None:
    writer = None
    while time.monotonic() < until:
        started = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT):
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                said = await _ask(reader, writer, *_question(videos), token)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            said = type(error).__name__
            if writer is not None:
                writer.close()
            writer = None
        crowd.answers[said] += 1
        crowd.seconds.append(time.monotonic() - started)
        await asyncio.sleep(random.uniform(0, 0.2))
    if writer is not None:
        writer.close()


def _question(videos: list[str]) -> tuple[str, dict[str, str]]:
    video, number = random.choice(videos), f"{random.random()}"
    return random.choice(
        [
            ("getVideos", {"pageSize": "20"}),
            ("getVideos", {"pageIndex": str(random.randint(1, 20))}),
            ("getVideos", {"title": "短", "censorStatus": "success"}),
            ("getRecommendVideos", {}),
            ("getVideoById", {"videoId": video}),
            ("getQueue", {}),
            ("createAudit", {"mediaId": video, "status": "Normal", "comment": number}),
        ]
    )


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str, parameters: dict[str, str], token: str
) -> str:
    path = f"{OPERATIONS[name].path}?{urlencode(parameters)}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    body = json.loads(await reader.readexactly(length))
    return f"{head.split()[1]} {body['code']}"


if __name__ == "__main__":
    main()
