"""Clients that audit, upload and queue jobs while something breaks, and remember what they were told.

Each change has a mark of its own in the history, so that it can be counted there: what was acknowledged has to be there
once, what may have been made at most once, and what was refused in an envelope not at all.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import requests

from backend.api.registry import OPERATIONS
from tests.acceptance.server_process import ServerProcess, ask

TIMEOUT = 45.0  # seconds that a client waits for an answer, more than the console may take
PAUSE, RETRY_PAUSE, PROBE_PAUSE, UPLOAD_PAUSE = 0.05, 0.3, 0.25, 2.0  # seconds
UNCERTAIN = (
    "may have been saved or not",  # said where the connection to the database broke within a commit
    "after something was saved",  # and where it broke after it
)
TWINS = 4  # identical requests at once
VIDEOS_EACH = 2


@dataclass
class Told:
    """What clients were told. A mark is the comment of an audit, or the title of an upload."""

    acknowledged: dict[str, str] = field(default_factory=dict)  # mark: the video's id
    refused: dict[str, str] = field(default_factory=dict)  # request id: the message
    refused_uploads: dict[str, str] = field(default_factory=dict)  # mark: the message
    queued: set[str] = field(default_factory=set)  # videos whose narrow-band rendition was acknowledged
    messages: dict[str, int] = field(default_factory=dict)
    longest: float = 0.0  # seconds from the first attempt of a change until it was acknowledged
    slowest_alive: float = 0.0  # seconds
    not_alive: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def note_refusal(self, message: str) -> None:
        self.messages[message] = self.messages.get(message, 0) + 1


class Load:
    """Clients of several servers, each in a thread."""

    def __init__(self, servers: list[ServerProcess], token: str, videos: list[str], clip: Path) -> None:
        self.told = Told()
        self._servers, self._token, self._clip = servers, token, clip.read_bytes()
        self._over, self._numbers = threading.Event(), itertools.count()
        self._uploading = threading.Event()
        self._uploading.set()
        groups = [videos[first : first + VIDEOS_EACH] for first in range(0, len(videos), VIDEOS_EACH)]
        *single, twin = groups
        work: list[Callable[[], None]] = [
            *(lambda group=group, first=n: self._audit(group, first, 1) for n, group in enumerate(single)),
            lambda: self._audit(twin, 0, TWINS),
            self._upload,
            *(lambda server=server: self._probe(server) for server in servers),
        ]
        self._threads = [threading.Thread(target=self._guarded, args=(one,), daemon=True) for one in work]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop_uploads(self) -> None:
        """Add no further clips."""
        self._uploading.clear()

    def stop(self) -> None:
        """Let every client finish what it began, and wait for that."""
        self._over.set()
        for thread in self._threads:
            thread.join(180)
        if any(thread.is_alive() for thread in self._threads):
            self.told.odd.append("a client did not come to an end")

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.told.odd.append(f"{type(error).__name__}: {error}")

    # Clients

    def _audit(self, videos: list[str], first: int, times: int) -> None:
        """Approve and block in turn, `times` at once, sending each again until it is acknowledged."""
        turns = itertools.cycle((video, status) for status in ("Normal", "Blocked") for video in videos)
        servers = itertools.cycle(
            self._servers[first % len(self._servers) :] + self._servers[: first % len(self._servers)]
        )
        for video, status in turns:
            if self._over.wait(PAUSE):
                return
            mark, began = f"mark {next(self._numbers)}", time.monotonic()
            values = {"mediaId": video, "status": status, "reason": "why", "comment": mark}
            for attempt in itertools.count():
                answers = at_once([partial(self._try, next(servers), values) for _ in range(times)])
                if any(answers):
                    break
                if attempt and self._over.is_set() and time.monotonic() - began > 2 * TIMEOUT:
                    self.told.odd.append(f"{mark} was never acknowledged")
                    return
                time.sleep(RETRY_PAUSE)
            self._acknowledge(mark, video, began)

    def _try(self, server: ServerProcess, values: dict[str, str], name: str = "createAudit") -> bool:
        """Send a change once, and return whether it was acknowledged."""
        try:
            with closing(server.connect(TIMEOUT)) as connection:
                answer = ask(connection, name, values, self._token)
        except OSError as error:
            self.told.note_refusal(type(error).__name__)
            return False
        if answer["code"] != "200":
            self.told.note_refusal(f"{answer['code']} {without_number(answer)}")
            if not any(text in answer["message"] for text in UNCERTAIN):
                self.told.refused[answer["requestId"]] = answer["message"]
        return bool(answer["code"] == "200")

    def _acknowledge(self, mark: str, video: str, began: float) -> None:
        self.told.acknowledged[mark] = video
        self.told.longest = max(self.told.longest, time.monotonic() - began)

    def _upload(self) -> None:
        """Upload clips, the same one over and over under new titles, and ask for a rendition of each."""
        servers = itertools.cycle(self._servers)
        while not self._over.wait(UPLOAD_PAUSE):
            mark, began = f"clip {next(self._numbers)}", time.monotonic()
            if not self._uploading.is_set() or not (video := self._send(next(servers), mark)):
                continue
            self._acknowledge(mark, video, began)
            while not self._try(next(servers), {"mediaId": video}, "submitTabTranscode"):
                if self._over.wait(RETRY_PAUSE) and time.monotonic() - began > 2 * TIMEOUT:
                    return
            self.told.queued.add(video)

    def _send(self, server: ServerProcess, mark: str) -> str:
        """Upload the clip once, and return the video's id; empty if that was not acknowledged."""
        try:
            response = requests.post(
                f"http://{server.host}:{server.port}{OPERATIONS['uploadVideo'].path}", data={"title": mark},
                headers={"Authorization": f"Bearer {self._token}"}, files={"file": ("a.mp4", self._clip)},
                timeout=2 * TIMEOUT,
            )  # fmt: skip
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            self.told.note_refusal(f"upload: {type(error).__name__}")
            return ""
        if answer["code"] == "200":
            return str(answer["data"]["videoId"])
        self.told.note_refusal(f"upload: {answer['code']} {without_number(answer)}")
        if not any(text in answer["message"] for text in UNCERTAIN):
            self.told.refused_uploads[mark] = answer["message"]
        return ""

    def _probe(self, server: ServerProcess) -> None:
        """Ask a server all the time whether it lives; one that was ended or stopped on purpose need not answer."""
        while not self._over.wait(PROBE_PAUSE):
            began = time.monotonic()
            answered = False
            with suppress(OSError):
                answered = server.get("/livez", timeout=TIMEOUT)[0] == 200
            took = time.monotonic() - began
            if server.was_hurt_since(began):
                continue
            if not answered:
                self.told.not_alive.append(f"{server.data.parent.name} after {took:.1f} s")
            self.told.slowest_alive = max(self.told.slowest_alive, took)


def at_once(work: list[Callable[[], bool]]) -> list[bool]:
    """Run calls at the same time, and return their results."""
    if len(work) == 1:
        return [work[0]()]
    found: list[bool] = []
    start = threading.Barrier(len(work))

    def run(one: Callable[[], bool]) -> None:
        start.wait()
        found.append(one())

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def without_number(answer: dict[str, Any]) -> str:
    return str(answer["message"]).replace(str(answer["requestId"]), "…")
