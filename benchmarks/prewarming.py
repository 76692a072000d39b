"""How long planning 1,000 URLs to prewarm takes, of a slot of 2,000 entries of which 100 start today, in CPU time.

python benchmarks/prewarming.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from backend.model.programme import Entry, Programme, Rules
from backend.model.warm_plan import Plan, Room, WarmFile, WarmKind, day_end, find_wishes, make_plan

NOW, DAY, TTL = 1_800_000_000, 86_400, 3_600
ENTRIES, STARTING, LIVE, FILES, ROUNDS = 2_000, 100, 100, 5, 30
KINDS = (WarmKind.COVER, WarmKind.FIRST_FRAME, *[WarmKind.RENDITION] * (FILES - 2))


def programme() -> Programme:
    """A slot with clips that start every ten minutes from now on."""
    entries = [
        Entry(one, f"v{one}", f"u{one % 50}", NOW + 600 * (one + 1) if one < STARTING else NOW - one)
        for one in range(ENTRIES)
    ]
    return Programme("feed", rules=Rules(warm_first=LIVE), entries=tuple(entries))


def clip(video_id: str) -> list[WarmFile]:
    return [WarmFile(f"https://cdn/{video_id}/{number}", kind) for number, kind in enumerate(KINDS)]


def milliseconds(function: Callable[[], Plan]) -> tuple[float, Plan]:
    """Return the median CPU time."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        plan = function()
        taken.append(time.process_time() - began)
    return statistics.median(taken) * 1000, plan


def main() -> None:
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    slot = programme()
    files = {entry.video_id: clip(entry.video_id) for entry in slot.entries}
    room = Room(1_000, 1_000, 0, day_end(NOW))
    taken, plan = milliseconds(lambda: make_plan(find_wishes(slot, NOW, NOW + DAY), files, {}, NOW, TTL).within(room))
    print(f"plan of {len(plan.items):,} URLs of {ENTRIES:,} entries, {STARTING} to start: {taken:.1f} ms")


if __name__ == "__main__":
    main()
