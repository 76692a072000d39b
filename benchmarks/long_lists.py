"""What the dashboard's list costs over many videos beside the same list over a hundred, measured in Chromium.

`python benchmarks/long_lists.py --data FOLDER [--rounds 5 --clicks 20]`, with a folder of benchmarks/catalogue.py.
Both servers run at the same time and are clicked through in turn, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import catalogue
import in_browser
from playwright.sync_api import sync_playwright

import backend
from backend import Settings
from backend.auth.passwords import hash_password
from backend.auth.permissions import Role
from backend.model import Actor, VideoFilter

FEW = 100
ACTOR = Actor("benchmark", "command line")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clicks", type=int, default=20, help="page turns in a round")
    given = parser.parse_args()
    program = shutil.which("chromium") or sys.exit("There is no chromium on the PATH.")
    with tempfile.TemporaryDirectory() as folder:
        few = Path(folder) / "few"
        print(f"{'videos':>12}{'click to rows, ms':>20}{'server CPU, ms':>17}")
        medians = measure(program, [few, given.data.absolute()], given.rounds, given.clicks)
    ratios = [f"{many / little:.2f}" for little, many in zip(*medians, strict=True)]
    print(f"{'ratio':>12}{ratios[0]:>20}{ratios[1]:>17}")


def measure(program: str, folders: list[Path], rounds: int, clicks: int) -> list[tuple[float, float]]:
    """Return for each folder the medians of click to rows and of the server's CPU for a click, in milliseconds."""
    flags = [*in_browser.FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    totals = [prepare(folder) for folder in folders]
    took: list[list[float]] = [[] for _ in folders]
    spent: list[list[float]] = [[] for _ in folders]
    with (
        in_browser.serving(folders[0]) as first,
        in_browser.serving(folders[1]) as second,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        pages = []
        for server in (first, second):
            state = in_browser.sign_in(browser, server.url)
            pages.append(
                browser.new_context(viewport=in_browser.VIEWPORT, locale="zh-CN", storage_state=state).new_page()
            )
        for _ in range(rounds):
            for number, server in enumerate((first, second)):
                times, cpu = in_browser.turn_pages(pages[number], server, clicks)
                took[number] += times
                spent[number].append(cpu)
        browser.close()
    medians = [(statistics.median(times), statistics.median(cpus)) for times, cpus in zip(took, spent, strict=True)]
    for total, (click, cpu) in zip(totals, medians, strict=True):
        print(f"{total:>12,}{click:>20.0f}{cpu:>17.1f}")
    return medians


def prepare(folder: Path) -> int:
    """Let `admin` sign in with the benchmarks' password, fill an empty folder, and return how many videos there are."""
    console = backend.open_console(Settings(data=folder))
    if console.store.catalogue.is_empty():
        catalogue.make(console.store, FEW, seed=1, recommended=10)
    accounts, hashed = console.store.accounts, hash_password(in_browser.PASSWORD)
    if accounts.get_password_hash("admin"):
        accounts.set_password("admin", hashed, ACTOR)
    else:
        accounts.add_account("admin", hashed, Role.ADMIN, ACTOR)
    total = console.store.catalogue.find_videos(VideoFilter(), 1, 1).total
    console.close()
    return total


if __name__ == "__main__":
    main()
