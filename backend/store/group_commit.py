"""Group commit: concurrent changes of a process share one transaction, and thus one disk sync."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from backend.store.errors import Reason, StoreError

MAX_IN_A_GROUP, GROUP_SECONDS = 64, 0.05  # limit how long the first member waits
POLL_SECONDS = 0.1
WAIT_SECONDS = 30.0  # for others of this process; as long as either database waits for a lock of another process


class Transaction(Protocol):
    """The transaction of a group, on a connection that only one thread uses at a time.

    Each method raises the database's own errors.
    """

    @property
    def is_open(self) -> bool: ...
    def begin(self) -> None: ...
    def add_savepoint(self) -> None: ...

    def release_savepoint(self) -> None:
        """Keep what was changed since the savepoint."""
        ...

    def undo_to_savepoint(self) -> None: ...

    def check(self) -> None:
        """Raise an error if a statement failed so that the transaction cannot be committed."""
        ...

    def commit(self) -> None:
        """Update what is derived from the changes, and commit."""
        ...

    def rollback(self) -> None: ...


class CommitGroup:
    """Changes committed together: the first begins the transaction, the last ends it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._size, self._begun = 0, time.monotonic()
        self._closed = threading.Event()
        self._error: Exception | None = None
        self.is_bulk = False

    @property
    def is_full(self) -> bool:
        return self._size >= MAX_IN_A_GROUP or time.monotonic() > self._begun + GROUP_SECONDS

    @property
    def is_closed(self) -> bool:
        """Whether the group is committed or failed, so that nothing more may join."""
        return self._closed.is_set()

    @contextmanager
    def member(self) -> Iterator[None]:
        """Make one of the changes; if it fails, the others are kept."""
        # The first needs no savepoint, for which SQLite would copy every changed page.
        transaction, first = self._transaction, not self._transaction.is_open
        if first:
            transaction.begin()
        else:
            transaction.add_savepoint()
        self._size += 1
        try:
            yield
            if first:
                transaction.check()
            else:
                transaction.release_savepoint()
        except BaseException as error:
            if first:
                with suppress(Exception):
                    transaction.rollback()
            else:
                self._undo(error)
            raise

    def commit(self) -> None:
        """Commit the group; `wait` raises an error in each member."""
        if self.is_closed:
            return
        try:
            if self._transaction.is_open:
                self._transaction.commit()
        except Exception as error:  # every member must be told
            self._fail(error)
        self._closed.set()

    def wait(self) -> bool:
        """Return whether the group is closed. Raises the error if it could not be committed."""
        over = self._closed.wait(POLL_SECONDS)
        if self._error is not None:
            raise self._error
        return over

    def _undo(self, error: BaseException) -> None:
        try:
            self._transaction.undo_to_savepoint()
        except Exception as lost:  # the whole transaction is lost, as SQLite does when the disk is full
            self._fail(error if isinstance(error, type(lost)) else lost)

    def _fail(self, error: Exception) -> None:
        self._error = error
        with suppress(Exception):
            self._transaction.rollback()
        self._closed.set()


class GroupedWriter:
    """Lets the threads of a process change the database one after the other, and commits what comes at once together.

    This queue is fairer than the lock of a database.
    """

    def __init__(self, transaction: Transaction, place: str) -> None:
        """`place` names the database in errors."""
        self._transaction, self._place = transaction, place
        self._guard, self._writing = threading.Lock(), threading.Lock()
        self._group = CommitGroup(transaction)
        self.waiting = 0  # callers waiting to write, not counting the current writer

    @contextmanager
    def turn(self, *, bulk: bool = False) -> Iterator[None]:
        """Make a change; it is durable when the block ends, or undone.

        With `bulk` it may take long, so it is committed alone, and others wait for it without a limit. Raises the
        database's own errors, and StoreError if others were before for `WAIT_SECONDS`.
        """
        with self._next_group(bulk) as group:
            try:
                with group.member():
                    yield
            finally:
                if bulk or not self.waiting or group.is_full:
                    group.commit()
        while not group.wait():
            self._commit_for(group)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait for the present change, and let nobody make another one meanwhile."""
        with self._writing:
            yield

    @contextmanager
    def _next_group(self, bulk: bool) -> Iterator[CommitGroup]:
        """Wait for the writer and return the commit group to join."""
        with self._guard:
            self.waiting += 1
        try:
            self._acquire()
        finally:
            with self._guard:
                self.waiting -= 1
        try:
            if bulk:
                self._group.commit()
            if self._group.is_closed:
                self._group = CommitGroup(self._transaction)
                self._group.is_bulk = bulk
            yield self._group
        finally:
            self._writing.release()

    def _acquire(self) -> None:
        while not self._writing.acquire(timeout=WAIT_SECONDS):
            if not self._group.is_bulk:
                text = f"{self._place} cannot be written: others were before for {WAIT_SECONDS:g} seconds"
                raise StoreError(text, Reason.BUSY)

    def _commit_for(self, group: CommitGroup) -> None:
        """Commit on behalf of an expected member that gave up waiting for the writer."""
        if self._writing.acquire(blocking=False):
            try:
                group.commit()
            finally:
                self._writing.release()
