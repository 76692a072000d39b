"""How long composing takes: 500 places of a slot of 2,000 entries, in CPU time.

    python benchmarks/programme.py

Told is the median of the rounds, for lists of many creators, of one who holds most, and of long runs of one.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from backend.model.programme import Entry, Rules, compose

NUMBER, SIZE, ROUNDS, AT = 2_000, 500, 200, 1_800_000_000
WHO: dict[str, Callable[[int], int]] = {
    "50 creators": lambda _: random.randrange(50),
    "most of one": lambda number: 0 if random.random() < 0.6 else number,
    "runs of 400": lambda number: number // 400,
    "two halves": lambda number: number // (NUMBER // 2),
}


def entries(who: Callable[[int], int]) -> list[Entry]:
    """Entries of which each 60th is pinned."""
    return [
        Entry(one, f"v{one}", f"u{who(one)}", AT - NUMBER + one, pin=one % 50 + 1 if one % 60 == 0 else None)
        for one in range(NUMBER)
    ]


def milliseconds(function: Callable[[], object]) -> float:
    """Return the median CPU time."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        function()
        taken.append(time.process_time() - began)
    return statistics.median(taken) * 1000


def main() -> None:
    random.seed(1)
    for name, who in WHO.items():
        given = entries(who)
        print(f"compose {SIZE} of {NUMBER}, {name}: {milliseconds(partial(compose, given, Rules(SIZE), AT)):.2f} ms")


if __name__ == "__main__":
    main()
