"""How often somebody tried a password, counted before it is looked at, so that guessing is slow and nobody is shut out.

What is counted, and why so:

- Tries are counted by (address, name). Whoever guesses from elsewhere spends tries of his own: the person who knows the
  password signs in at once. Counting by the name alone would let anybody lock anybody out.
- FREE tries cost nothing; each further one is followed by a wait that doubles, up to LONGEST_SECONDS. Tries during a
  wait are refused and not counted, so they do not make it longer: after a minute of peace there is always another try.
  A right password clears the count.
- A name that many addresses together guess at has no wait of its own; there, each address has one try a minute from the
  start. So the whole of an attack slows down, and the person's own first try is looked at all the same.
- All tries of one address are counted besides, whatever the names: beyond FREE_HERE within FORGET_SECONDS, more than an
  office behind one address mistypes, each further one is followed by such a wait for the whole address.
- An IPv6 address counts as its /64 network, for that is what one customer is given.
- A try is counted in one transaction before the password is hashed, and given back where it was right: of many requests
  at once, in however many processes, no more than FREE come through.
- Names that nobody has are counted like others, and told apart by nothing.

What is left: somebody at the very same address who never stops can take the tries of the others there. Behind a proxy
all addresses are one unless QU_PROXIES names it.

The counts have a file of their own, which no backup needs: a flood of guesses makes nobody wait for the disk, and what
was found in the console's database stays known.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from backend.auth.addresses import network_of
from backend.store.private import make_file
from backend.store.sqlite.errors import store_error

FREE = 5
FREE_HERE = 100  # tries of one address at any names, within FORGET_SECONDS
FIRST_SECONDS, LONGEST_SECONDS = 2.0, 60.0
MANY = 50  # tries at one name from anywhere, within FORGET_SECONDS
FORGET_SECONDS = 900.0
TABLE = """
    create table if not exists attempts (
        key blob primary key, count integer not null, since real not null, until real not null
    ) strict, without rowid
"""
KEEP = "insert or replace into attempts (key, count, since, until) values (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Try:
    """One try: the seconds to wait where it is refused (0: it is not), and the how manyth it is."""

    wait: int
    count: int

    @property
    def is_last_free(self) -> bool:
        """Say whether each further try is followed by a wait."""
        return self.count == FREE


class Attempts:
    """Counts the tries of all processes over one small file, which is made when it is needed."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def begin(self, address: str, name: str) -> Try:
        """Count a try, before the password is looked at."""
        here, place, everywhere = _keys(address, name)
        with self._changing() as db:
            now = self._clock()
            count, _, until = _read(db, here, now)
            place_count, place_since, place_until = _read(db, place, now)
            if (blocked := max(until, place_until)) > now:
                return Try(math.ceil(min(blocked - now, LONGEST_SECONDS)), count)
            total, total_since, _ = _read(db, everywhere, now)
            wait = LONGEST_SECONDS if total >= MANY else _wait(count + 1 - FREE)
            db.execute(KEEP, [here, count + 1, now, now + wait])
            db.execute(KEEP, [place, place_count + 1, place_since, now + _wait(place_count + 1 - FREE_HERE)])
            db.execute(KEEP, [everywhere, total + 1, total_since, 0.0])
            db.execute("delete from attempts where since < ?", [now - FORGET_SECONDS])
            return Try(0, count + 1)

    def succeed(self, address: str, name: str) -> None:
        """Give a try back, and clear the count of this address for the name: the password was right."""
        here, place, everywhere = _keys(address, name)
        with self._changing() as db:
            db.execute("delete from attempts where key = ?", [here])
            given_back = "update attempts set count = count - 1, until = 0 where key = ? and count > 0"
            db.executemany(given_back, [[place], [everywhere]])

    def close(self) -> None:
        with self._guard:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._guard:
            try:
                db = self._connection = self._connection or self._open()
                with db:
                    db.execute("begin immediate")
                    yield db
            except sqlite3.Error as error:
                raise store_error(
                    f"The file {self._path} cannot be used ({error}). It holds nothing but wrong tries: delete it.",
                    error,
                ) from error

    def _open(self) -> sqlite3.Connection:
        make_file(self._path)
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")  # a power cut may forget the last tries
        connection.execute(TABLE)
        return connection


def _read(db: sqlite3.Connection, key: bytes, now: float) -> tuple[int, float, float]:
    """Return count, since and until; what is long ago, or was counted by a clock since set back, is forgotten."""
    row = db.execute("select count, since, until from attempts where key = ?", [key]).fetchone()
    return row if row and now - FORGET_SECONDS <= row[1] <= now else (0, now, 0.0)


def _wait(beyond: int) -> float:
    """Return how long after a try the next one waits, by how many it is beyond those that are free."""
    return 0.0 if beyond < 0 else min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(beyond, 10))


def _keys(address: str, name: str) -> tuple[bytes, bytes, bytes]:
    """Return what tries are counted by: address and name, the address, the name."""
    network = network_of(address)
    return _key(network, name), _key(network), _key("", name)


def _key(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode(errors="surrogatepass")).digest()
