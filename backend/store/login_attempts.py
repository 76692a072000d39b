"""How often somebody tried a password, counted before it is looked at, so that guessing is slow and nobody is shut out.

What is counted, and why so:

- Tries are counted by (address, name). Whoever guesses from elsewhere spends tries of his own: the person who knows the
  password signs in at once. Counting by the name alone would let anybody lock anybody out.
- FREE tries cost nothing; each further one is followed by a wait that doubles, up to MAX_SECONDS. Tries during a
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

The counts are volatile: no backup needs them, a flood of guesses makes nobody wait for the disk, and what was found in
the database stays known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256

from backend.auth.addresses import network_of
from backend.store.engine import Database, Engine
from backend.store.names import folded

FREE = 5
FREE_HERE = 100  # tries of one address at any names, within FORGET_SECONDS
FIRST_SECONDS, MAX_SECONDS = 2.0, 60.0
MANY = 50  # tries at one name from anywhere, within FORGET_SECONDS
FORGET_SECONDS = 900.0
KEEP = """
    insert into attempts (key, count, since, until) values (?, ?, ?, ?)
    on conflict (key) do update set count = excluded.count, since = excluded.since, until = excluded.until
"""


@dataclass(frozen=True, slots=True)
class Try:
    """One try: the seconds to wait where it is refused (0: it is not), and the how manyth it is."""

    wait: int
    count: int

    @property
    def is_last_free(self) -> bool:
        """Say whether each further try is followed by a wait."""
        return self.count == FREE


class LoginAttempts:
    """Counts the tries of all processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, address: str, name: str) -> Try:
        """Count a try, before the password is looked at."""
        here, place, everywhere = _keys(address, name)
        with self._engine.volatile() as db:
            now = self._engine.now()
            count, _, until = _read(db, here, now)
            place_count, place_since, place_until = _read(db, place, now)
            if (blocked := max(until, place_until)) > now:
                return Try(math.ceil(min(blocked - now, MAX_SECONDS)), count)
            total, total_since, _ = _read(db, everywhere, now)
            wait = MAX_SECONDS if total >= MANY else _wait(count + 1 - FREE)
            db.execute(KEEP, [here, count + 1, now, now + wait])
            db.execute(KEEP, [place, place_count + 1, place_since, now + _wait(place_count + 1 - FREE_HERE)])
            db.execute(KEEP, [everywhere, total + 1, total_since, 0.0])
            db.execute("delete from attempts where since < ?", [now - FORGET_SECONDS])
            return Try(0, count + 1)

    def succeed(self, address: str, name: str) -> None:
        """Give a try back, and clear the count of this address for the name: the password was right."""
        here, place, everywhere = _keys(address, name)
        with self._engine.volatile() as db:
            db.execute("delete from attempts where key = ?", [here])
            given_back = "update attempts set count = count - 1, until = 0 where key = ? and count > 0"
            db.executemany(given_back, [[place], [everywhere]])


def _read(db: Database, key: bytes, now: float) -> tuple[int, float, float]:
    """Return count, since and until; what is long ago, or was counted by a clock since set back, is forgotten."""
    row: tuple[int, float, float] | None = db.execute(
        "select count, since, until from attempts where key = ?", [key]
    ).fetchone()
    return row if row and now - FORGET_SECONDS <= row[1] <= now else (0, now, 0.0)


def _wait(beyond: int) -> float:
    """Return how long after a try the next one waits, by how many it is beyond those that are free."""
    return 0.0 if beyond < 0 else min(MAX_SECONDS, FIRST_SECONDS * 2.0 ** min(beyond, 10))


def _keys(address: str, name: str) -> tuple[bytes, bytes, bytes]:
    """Return what tries are counted by: address and name, the address, the name."""
    network, name = network_of(address), folded(name)
    return _key(network, name), _key(network), _key("", name)


def _key(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode(errors="surrogatepass")).digest()
