"""Sends verdicts to VOD: concurrent ones are batched, those on one video are serialized."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field
from urllib.parse import quote

from backend.aliyun.client import Client
from backend.aliyun.errors import ACCOUNT_ERRORS, Refusal, has_code
from backend.errors import CloudError
from backend.model.cloud import without_emoji

ACTION = "CreateAudit"
NO_WORDS = "审核不通过"  # replaces a reason of emoji alone, because VOD requires one
MAX_ITEMS = 100  # per call
MAX_BYTES = 6000  # of the encoded list, which is sent in the query string
MAX_CALLS = 4  # concurrent calls, so that a hanging one does not block later verdicts


def item_of(video_id: str, status: str, reason: str, comment: str) -> dict[str, str]:
    """Return a verdict as VOD accepts it: without emoji, and with a reason for blocking."""
    fits = without_emoji(reason)
    if reason and not fits:
        fits = NO_WORDS
    return {"VideoId": video_id, "Status": status, "Reason": fits, "Comment": without_emoji(comment)}


@dataclass(eq=False, slots=True)
class PendingVerdict:
    """A pending verdict and its result."""

    item: dict[str, str]
    done: bool = False
    error: CloudError | None = None


@dataclass(slots=True)
class VideoLock:
    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class VideoLocks:
    """Locks per video, granted in order of arrival."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, VideoLock] = {}

    @contextmanager
    def held(self, video_ids: Iterable[str]) -> Iterator[None]:
        """Hold the locks of several videos; sorted acquisition avoids deadlocks."""
        with ExitStack() as stack:
            for video_id in sorted(set(video_ids)):
                stack.enter_context(self._one(video_id))
            yield

    def count(self, video_id: str) -> int:
        """Return how many hold or wait for the lock of a video."""
        with self._guard:
            return self._locks[video_id].users if video_id in self._locks else 0

    @contextmanager
    def _one(self, video_id: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(video_id, VideoLock())
            lock.users += 1
        try:
            with lock.lock:
                yield
        finally:
            with self._guard:
                lock.users -= 1
                if not lock.users:
                    del self._locks[video_id]


class Verdicts:
    """Sends verdicts. A caller that finds a free slot sends everything pending, including others' verdicts."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._changed = threading.Condition()
        self._waiting: list[PendingVerdict] = []
        self._calls = 0

    def send(self, items: Sequence[dict[str, str]]) -> list[CloudError | None]:
        """Send verdicts and return the error of each, None if VOD accepted it.

        Items use VOD's names: VideoId, Status, Reason, Comment. A video occurs at most once.
        """
        own = [PendingVerdict({name: value for name, value in item.items() if value}) for item in items]
        with self._changed:
            self._waiting += own
        while True:
            with self._changed:
                self._changed.wait_for(lambda: all(one.done for one in own) or self._is_free())
                if all(one.done for one in own):
                    return [one.error for one in own]
                batch = self._take()
            try:
                self._send(batch)
            finally:
                with self._changed:
                    self._calls -= 1
                    self._changed.notify_all()

    def _is_free(self) -> bool:
        return bool(self._waiting) and self._calls < MAX_CALLS

    def _take(self) -> list[PendingVerdict]:
        """Take the oldest verdicts that fit into one call."""
        batch, size = [self._waiting[0]], _size(self._waiting[0])
        for one in self._waiting[1:MAX_ITEMS]:
            size += _size(one)
            if size > MAX_BYTES:
                break
            batch.append(one)
        del self._waiting[: len(batch)]
        self._calls += 1
        return batch

    def _send(self, batch: Sequence[PendingVerdict]) -> None:
        """Send a batch. VOD rejects the whole batch for one invalid item, so it is bisected."""
        try:
            self._client.call(ACTION, {"AuditContent": _written([one.item for one in batch])})
        except CloudError as error:
            hopeless = error.passing or error.unknown or has_code(error, *ACCOUNT_ERRORS)
            if len(batch) > 1 and not hopeless:
                middle = len(batch) // 2
                self._send(batch[:middle])
                self._send(batch[middle:])
                return
            _end(batch, error)
        except BaseException:
            _end(batch, Refusal(ACTION, words="interrupted").error())
            raise
        else:
            _end(batch, None)


def _end(batch: Sequence[PendingVerdict], error: CloudError | None) -> None:
    for one in batch:
        one.error, one.done = copy(error), True


def _written(items: Sequence[dict[str, str]]) -> str:
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))


def _size(one: PendingVerdict) -> int:
    return len(quote(_written([one.item]), safe=""))
