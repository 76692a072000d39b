"""Reading a whole list for an export in batches, of which the next ones are read while one is sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from queue import SimpleQueue
from typing import Any, TypeVar

from backend.model import Sort, VideoFilter
from backend.store.engine import Piece, Queries

Db = TypeVar("Db")

FIRST_ROWS, ROWS = 100, 1000  # rows in the first batch, which should arrive immediately, and in later ones
READERS = 2  # batches read ahead in parallel


def read_batches(
    open_reader: Callable[[], AbstractContextManager[Db]],
    keys_with: Callable[[Db], Iterator[list[int]]],
    read: Callable[[Db, list[int]], Piece],
) -> Generator[Piece, None, None]:
    """Yield what `read` makes of each batch of `keys_with`, in order. Closing the iterator closes its connections."""
    readers: SimpleQueue[Db] = SimpleQueue()

    def read_with_one(keys: list[int]) -> Piece:
        db = readers.get()
        try:
            return read(db, keys)
        finally:
            readers.put(db)

    with ExitStack() as stack:
        for _ in range(READERS):
            readers.put(stack.enter_context(open_reader()))
        pool = stack.enter_context(ThreadPoolExecutor(READERS, "export"))
        waiting: deque[Future[Piece]] = deque()
        for keys in keys_with(stack.enter_context(open_reader())):
            waiting.append(pool.submit(read_with_one, keys))
            if len(waiting) > READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def batches_of_keys(db: Any, queries: Queries, listing: Any, wanted: VideoFilter, sort: Sort) -> Iterator[list[int]]:
    """Yield the keys of each batch; the last batch may be empty, and is the only one of an empty list."""
    if sort is not Sort.NEWEST:
        every = queries.keys_in_order(db, listing, wanted, sort)
        yield every[:FIRST_ROWS].tolist()
        for first in range(FIRST_ROWS, len(every), ROWS):
            yield every[first : first + ROWS].tolist()
        return
    before, size = None, FIRST_ROWS
    while True:
        keys = queries.keys_before(db, listing, wanted, before, size)
        yield keys
        if len(keys) < size:
            return
        before, size = keys[-1], ROWS
