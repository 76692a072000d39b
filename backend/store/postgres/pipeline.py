"""Statements that are sent together and answered together, so that several take one round trip.

On a busy machine a round trip takes longer than most statements. psycopg's own pipelines send each statement at once,
which wakes the server as often, and take ten times as long here.
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

from backend.store.postgres.clock import Clock
from backend.store.postgres.database import Connection, Database, Row, Values, translate

MAX_SENT = 200  # after which answers are taken: neither side may wait for the other with its buffers full
MAX_PREPARED = 400
PREPARE_AFTER = 2  # uses
LOST = "the connection to the server was lost"


class Sent:
    """A statement that was sent; its result is waited for when it is asked for."""

    __slots__ = ("_pipeline", "_place", "command", "has_arrived", "key", "names", "rowcount_", "rows")

    def __init__(self, pipeline: Pipeline, key: Any = None) -> None:
        self._pipeline = pipeline
        self.has_arrived = False
        self.command: bytes | None = None  # what was done, such as COMMIT
        self.key = key  # of the statement that this prepares
        self.names: list[str] | None = None  # of the columns
        self.rows: list[Row] = []
        self.rowcount_ = -1
        self._place = 0

    @property
    def rowcount(self) -> int:
        self.wait()
        return self.rowcount_

    def fetchone(self) -> Row | None:
        self.wait()
        if self._place == len(self.rows):
            return None
        self._place += 1
        return self.rows[self._place - 1]

    def fetchall(self) -> list[Row]:
        self.wait()
        rows, self._place = self.rows[self._place :], len(self.rows)
        return rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self.fetchall())

    def wait(self) -> None:
        """Wait for the result. Raises the error of this statement, or of an earlier one."""
        if not self.has_arrived:
            self._pipeline.sync()


class Pipeline:
    """A connection on which statements are sent without waiting for each result."""

    def __init__(self, connection: Connection) -> None:
        self._server: Any = connection.pgconn
        self._transformer = Transformer(connection)
        self._sent: deque[Sent] = deque()
        self._prepared: dict[Any, bytes] = {}
        self._uses: dict[Any, int] = {}
        self._number = 0

    def enter(self) -> None:
        self._server.enter_pipeline_mode()

    def leave(self) -> None:
        """Wait for everything and end the pipeline. Raises the first error."""
        try:
            self.sync()
        finally:
            if self._server.status == ConnStatus.OK:
                self._server.exit_pipeline_mode()

    def send(self, sql: str, values: Sequence[Any] = (), *, prepares: bool = True) -> Sent:
        """Send a statement with the placeholders $1, $2 …"""
        transformer = self._transformer
        given = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values)) if values else None
        types, formats = (transformer.types, transformer.formats) if values else (None, None)
        key = sql, types
        if name := prepares and (self._prepared.get(key) or self._prepare(key)):
            self._server.send_query_prepared(name, given, param_formats=formats)
        else:
            self._server.send_query_params(sql.encode(), given, param_types=types, param_formats=formats)
        return self._note()

    def sync(self) -> None:
        """Wait for everything that was sent. Raises the first error.

        Without the message of this name, the server would not see that the transaction is idle, and not end it.
        """
        self._server.pipeline_sync()
        self._sent.append(Sent(self))
        error: psycopg.Error | None = None
        while self._sent:
            try:
                self._take()
            except psycopg.Error as found:
                error = error or found
                if self._server.status != ConnStatus.OK:
                    self._sent.clear()
                    break
        if error is not None:
            raise error

    def _prepare(self, key: Any) -> bytes | None:
        """Prepare a statement that was used before, and return its name."""
        uses = self._uses[key] = self._uses.get(key, 0) + 1
        if uses <= PREPARE_AFTER:
            if len(self._uses) > MAX_PREPARED:
                del self._uses[next(iter(self._uses))]
            return None
        del self._uses[key]
        if len(self._prepared) >= MAX_PREPARED:
            oldest = next(iter(self._prepared))
            self._server.send_query_params(b"deallocate " + self._prepared.pop(oldest), None)
            self._note()
        self._number += 1
        name = self._prepared[key] = b"qu_%d" % self._number
        self._server.send_prepare(name, key[0].encode(), param_types=key[1])
        self._note(key)
        return name

    def _note(self, key: Any = None) -> Sent:
        sent = Sent(self, key)
        self._sent.append(sent)
        if len(self._sent) > MAX_SENT:
            self.sync()
        return sent

    def _take(self) -> None:
        """Take the next answer. Raises its error."""
        result = self._answer()
        sent = self._sent.popleft()
        sent.has_arrived = True
        if result.status == ExecStatus.TUPLES_OK:
            self._load(sent, result)
        elif result.status == ExecStatus.COMMAND_OK:
            sent.rowcount_ = -1 if result.command_tuples is None else result.command_tuples
            sent.command = result.command_status
        elif result.status != ExecStatus.PIPELINE_SYNC:
            self._prepared.pop(sent.key, None)
            if result.status == ExecStatus.PIPELINE_ABORTED:
                raise psycopg.errors.PipelineAborted("an earlier statement of the change had failed")
            raise psycopg.errors.error_from_result(result)

    def _load(self, sent: Sent, result: PGresult) -> None:
        # now, since the transformer has one result at a time
        self._transformer.set_pgresult(result)
        sent.rows = self._transformer.load_rows(0, result.ntuples, tuple)
        sent.names = [(result.fname(number) or b"").decode() for number in range(result.nfields)]
        sent.rowcount_ = result.ntuples

    def _answer(self) -> PGresult:
        """Wait for all results of the next statement, and return the first."""
        while (first := self._next()) is None:
            if self._server.status != ConnStatus.OK:
                raise psycopg.OperationalError(LOST)
        if first.status != ExecStatus.PIPELINE_SYNC:
            while self._next() is not None:
                pass
        return first

    def _next(self) -> PGresult | None:
        server = self._server
        if server.is_busy():
            poll = select.poll()
            while server.is_busy():
                unsent = server.flush()
                poll.register(server.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
                poll.poll()
                server.consume_input()
        result: PGresult | None = server.get_result()
        return result


class PipelinedDatabase(Database):
    """The database within a transaction whose statements are pipelined: they are sent when a result is asked for.

    Where a statement fails, the error is raised by a later one, or at the end of the change.
    """

    __slots__ = ("_pipeline",)

    def __init__(self, connection: Connection, clock: Clock, pipeline: Pipeline) -> None:
        super().__init__(connection, clock)
        self._pipeline = pipeline

    def execute(self, sql: str, values: Values = (), /) -> Sent:
        statement = translate(sql)
        given = self._values(statement, values)
        return self._pipeline.send(statement.sql, given, prepares=statement.is_prepared is not False)

    def executemany(self, sql: str, rows: Iterable[Values], /) -> None:
        for values in rows:
            self.execute(sql, values)

    def query(self, sql: str, values: Values = ()) -> Iterator[dict[str, Any]]:
        """Send a statement and return its rows as dictionaries."""
        return _as_dictionaries(self.execute(sql, values))


def _as_dictionaries(sent: Sent) -> Iterator[dict[str, Any]]:
    rows = sent.fetchall()
    if sent.names is not None:
        for row in rows:
            yield dict(zip(sent.names, row, strict=True))
