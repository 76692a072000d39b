"""A day of cloud mode by a virtual clock: do the console and VOD agree at its end, and was anything paid twice?

`python benchmarks/cloud_day.py [--uploads 2000] [--seed 1]` lives through tests/cloud/day.py, prints what happened as a
table, and exits with 1 where the two sides differ, anything was done twice, or a blocked video stayed up.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cloud.alibaba.server import Server
from tests.cloud.day import Day, Plan, problems, run, table


def report(day: Day) -> None:
    print(f"{day.second / 3600:4.0f} h", dict(day.counts.most_common(4)), file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=Plan.uploads)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Server() as server:
        day = run(Plan(given.uploads, given.seed), server, Path(name), report)
        for what, count in table(day):
            print(f"| {what} | {count:,} |")
        wrong = problems(day)
        print("wrong:", dict(wrong) or "nothing")
        day.console.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
