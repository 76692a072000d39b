"""What trust costs: whether the time of a sign-in tells which names there are, a line of history, its verification.

`python benchmarks/trust.py [--rounds 100] [--lines 200000]`. Known and unknown names are tried in turn, each with a
wrong password from an address of its own. All times are processor time, which others on the machine do not
lengthen.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import backend
from backend import Caller, Console, Settings
from backend.auth.passwords import hash_password, new_password
from backend.auth.permissions import Role
from backend.model import Actor
from backend.store import history

ACTOR = Actor("benchmark", "command line", "192.0.2.7", "4f0c1e2a-58ab-4c0e-9a3e-0d9a3c1b7e11")
AT_ONCE = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--lines", type=int, default=200_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        console = backend.open_console(Settings(data=Path(folder)))
        known, unknown = sign_in(console, given.rounds)
        print(f"wrong password, median: known name {known:.1f} ms, unknown name {unknown:.1f} ms")
        print(f"difference: {abs(known - unknown):.1f} ms")
        print(f"a line of history: {write(console, given.lines):.1f} µs")
        print(f"verification: {verify(console):,.0f} lines/s")
        console.close()


def sign_in(console: Console, rounds: int) -> tuple[float, float]:
    """Return the median milliseconds that a wrong password takes, of a known and of an unknown name."""
    console.store.accounts.add_account("anne", hash_password(new_password()), Role.ADMIN, ACTOR)
    took: dict[str, list[float]] = {"anne": [], "nobody": []}
    for number in range(rounds):
        caller = Caller("rest", f"10.0.{number // 250}.{number % 250}")
        for name in sorted(took, reverse=bool(number % 2)):  # neither is always the one behind
            started = time.process_time()
            console.call("login", {"userName": name, "password": "a wrong one"}, "", caller)
            took[name].append((time.process_time() - started) * 1000)
    return statistics.median(took["anne"]), statistics.median(took["nobody"])


def write(console: Console, lines: int) -> float:
    """Write lines of history one by one, and return the microseconds of each."""
    before, after = {"status": "Checking", "censorStatus": "check"}, {"status": "Normal", "censorStatus": "success"}
    spent = 0.0
    for first in range(0, lines, AT_ONCE):
        with console.store.engine.writing() as db:
            started = time.process_time()
            for number in range(first, first + AT_ONCE):
                history.append(db, at=1_700_000_000 + number, actor=ACTOR, action="createAudit",
                               target=f"{number % 5000:032x}", before=before, after=after)  # fmt: skip
            spent += time.process_time() - started
    return spent / lines * 1e6


def verify(console: Console) -> float:
    """Verify the whole chain, and return the lines a second."""
    started = time.process_time()
    verdict = console.store.history.verify()
    assert not verdict.breaks
    return verdict.lines / (time.process_time() - started)


if __name__ == "__main__":
    main()
