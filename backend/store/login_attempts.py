"""Rate limit for sign-in attempts: slows down password guessing without locking anybody out.

Attempts are counted before the password is checked:

- Attempts are counted by (address, name). Somebody guessing from elsewhere uses up their own attempts only; counting by
  name alone would let anybody lock anybody out.
- FREE_ATTEMPTS cost nothing; each further one is followed by a delay that doubles, up to MAX_SECONDS. Attempts during
  a delay are rejected and not counted, so they do not extend it: after a quiet minute there is always another attempt.
  A correct password resets the count.
- If many addresses guess at one name, each address has one attempt a minute from the start. This slows down the attack
  as a whole, while the owner's own first attempt is still accepted.
- All attempts of one address are also counted together, for any names: beyond FREE_PER_ADDRESS within FORGET_SECONDS
  (more than an office behind one address mistypes), each further one delays the whole address.
- An IPv6 address is counted by its /64 network, which is what one customer is assigned.
- An attempt is counted in a transaction before the password is hashed, and uncounted if it was correct: of any number
  of concurrent requests, in any number of processes, at most FREE_ATTEMPTS get through.
- Unknown names are treated like existing ones and cannot be distinguished from them.

Remaining weakness: somebody at the same address who never stops can use up the attempts of others there. Behind a
proxy, all clients share one address unless QU_PROXIES names it.

The counts are volatile: backups do not need them, a flood of guesses does not wait for disk syncs, and cached query
results stay valid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256

from backend.auth.addresses import network_of
from backend.store.account_names import folded
from backend.store.engine import Database, Engine

FREE_ATTEMPTS = 5
FREE_PER_ADDRESS = 100  # attempts of one address for any names, within FORGET_SECONDS
FIRST_SECONDS, MAX_SECONDS = 2.0, 60.0
MANY = 50  # attempts for one name from anywhere, within FORGET_SECONDS
FORGET_SECONDS = 900.0
MAX_SKEW_SECONDS = 5.0  # between the clocks of servers; a time further in the future is of a clock that was set back
KEEP = """
    insert into attempts (key, count, since, until) values (?, ?, ?, ?)
    on conflict (key) do update set count = excluded.count, since = excluded.since, until = excluded.until
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: the delay in seconds if rejected (0 if accepted), and its number."""

    wait: int
    count: int

    @property
    def is_last_free(self) -> bool:
        """Return whether every further attempt is followed by a delay."""
        return self.count == FREE_ATTEMPTS


class LoginAttempts:
    """Counts the attempts of all processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, address: str, name: str) -> Attempt:
        """Count an attempt, before the password is checked."""
        here, place, everywhere = _keys(address, name)
        with self._engine.volatile() as db:
            now = self._engine.now()
            count, _, until = _read(db, here, now)
            place_count, place_since, place_until = _read(db, place, now)
            if (blocked := max(until, place_until)) > now:
                return Attempt(math.ceil(min(blocked - now, MAX_SECONDS)), count)
            total, total_since, _ = _read(db, everywhere, now)
            wait = MAX_SECONDS if total >= MANY else _wait(count + 1 - FREE_ATTEMPTS)
            place_wait = _wait(place_count + 1 - FREE_PER_ADDRESS)
            db.execute(KEEP, [here, count + 1, now, _until(now, wait)])
            db.execute(KEEP, [place, place_count + 1, place_since, _until(now, place_wait)])
            db.execute(KEEP, [everywhere, total + 1, total_since, 0.0])
            db.execute("delete from attempts where since < ?", [now - FORGET_SECONDS])
            return Attempt(0, count + 1)

    def succeed(self, address: str, name: str) -> None:
        """Uncount an attempt with the correct password, and reset the count of this address and name."""
        here, place, everywhere = _keys(address, name)
        with self._engine.volatile() as db:
            db.execute("delete from attempts where key = ?", [here])
            given_back = "update attempts set count = count - 1, until = 0 where key = ? and count > 0"
            db.executemany(given_back, [[place], [everywhere]])


def _read(db: Database, key: bytes, now: float) -> tuple[int, float, float]:
    """Return count, since and until, ignoring entries that have expired or lie in the future."""
    row: tuple[int, float, float] | None = db.execute(
        "select count, since, until from attempts where key = ?", [key]
    ).fetchone()
    return row if row and now - FORGET_SECONDS <= row[1] <= now + MAX_SKEW_SECONDS else (0, now, 0.0)


def _wait(beyond: int) -> float:
    """Return the delay after an attempt, by how far it is beyond the free ones."""
    return 0.0 if beyond < 0 else min(MAX_SECONDS, FIRST_SECONDS * 2.0 ** min(beyond, 10))


def _until(now: float, wait: float) -> float:
    """Return when a delay ends. Without one it is no time at all: the clock of another server may be a bit behind."""
    return now + wait if wait else 0.0


def _keys(address: str, name: str) -> tuple[bytes, bytes, bytes]:
    """Return the keys attempts are counted by: address and name, address, name."""
    network, name = network_of(address), folded(name)
    return _key(network, name), _key(network), _key("", name)


def _key(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode(errors="surrogatepass")).digest()
