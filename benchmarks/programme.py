"""How long a slot of 2,000 entries takes, in CPU time: composing 500 places of it, its preview and its week.

    python benchmarks/programme.py

Told is the median of the rounds. Composing is measured for lists of many creators, of one who holds most, and of long
runs of one; the preview and the week as encoded answers of the operations, with a database that did not change (kept)
and one that just did (read anew).
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import backend
from backend import Console, Settings
from backend.api.wire import encode
from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Video, VideoStatus
from backend.model.programme import FEED, Entry, Rules, compose
from backend.store import entries

ACTOR = Actor("benchmark", "command line")
NUMBER, SIZE, ROUNDS, AT = 2_000, 500, 200, 1_800_000_000
WHO: dict[str, Callable[[int], int]] = {
    "50 creators": lambda _: random.randrange(50),
    "most of one": lambda number: 0 if random.random() < 0.6 else number,
    "runs of 400": lambda number: number // 400,
    "two halves": lambda number: number // (NUMBER // 2),
}


def made_entries(who: Callable[[int], int]) -> list[Entry]:
    """Entries of which each 60th is pinned."""
    return [
        Entry(one, f"v{one}", f"u{who(one)}", AT - NUMBER + one, pin=one % 50 + 1 if one % 60 == 0 else None)
        for one in range(NUMBER)
    ]


def milliseconds(function: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median CPU time."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        function()
        taken.append(time.process_time() - began)
    return statistics.median(taken) * 1000


def open_filled(folder: Path) -> Console:
    """Return a console whose slot has the entries, a tenth of them scheduled in this week and a tenth ended."""
    console = backend.open_console(Settings(data=folder), lambda: AT, upgrade=True)
    files = (MediaFile(FileKind.COMMON, "common.mp4"), MediaFile(FileKind.COVER, "cover.jpg"))
    passed = {"censor_status": CensorStatus.SUCCESS, "status": VideoStatus.NORMAL, "files": files}
    users = [User(f"u{number}", f"user {number}") for number in range(50)]
    videos = [Video(f"{one:032x}", f"clip {one}", users[one % 50], AT - one, **passed) for one in range(NUMBER)]
    console.store.catalogue.load_videos(videos, ACTOR)
    with console.store.engine.writing(bulk=True) as db:
        for number, video in enumerate(videos):
            starts = AT - 86_400 + number if number % 10 else AT + number * 100
            row = {"recommended": starts, "ends": starts + 7_200 if number % 10 < 2 else None}
            entries.put(db, video.video_id, FEED, {}, {**row, "pin": number % 50 + 1 if number % 60 == 0 else None}, AT)
    return console


def of_operations() -> None:
    """Measure the preview and the week."""
    with TemporaryDirectory() as folder:
        console = open_filled(Path(folder))
        for name in ("previewFeed", "getProgramme"):

            def ask(name: str = name) -> bytes:
                return encode(console.run_as_operator(name, {}, ACTOR))

            def ask_anew(ask: Callable[[], bytes] = ask) -> None:
                console.store.history.record(at=AT, actor=ACTOR, action="exportHistory", target="", after={})
                ask()

            size = len(ask())
            print(f"{name} of {NUMBER}, {size / 1e3:,.0f} kB: kept {milliseconds(ask):.1f} ms, "
                  f"read anew {milliseconds(ask_anew, 30):.1f} ms")  # fmt: skip
        console.close()


def main() -> None:
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    random.seed(1)
    for name, who in WHO.items():
        given = made_entries(who)
        print(f"compose {SIZE} of {NUMBER}, {name}: {milliseconds(partial(compose, given, Rules(SIZE), AT)):.2f} ms")
    of_operations()


if __name__ == "__main__":
    main()
