"""Runs pytest, and runs a few tests that failed again, alone: passes if they pass three times in a row, and names them.

One flaky test among thousands says nothing about a change. Each that is named here is a fault that is to be found,
in the test or in the product; see CONTRIBUTING.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

MAX_FLAKY = 2  # more failures than this are no accident
PASSES = 3
FAILED = 1  # pytest's exit code where all tests ran and some failed; any other one is final


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as cache:
        code = run(*arguments, cache=cache)
        if code != FAILED:
            return code
        failed = sorted(json.loads((Path(cache) / "v/cache/lastfailed").read_text(encoding="utf-8")))
        if not 0 < len(failed) <= MAX_FLAKY:
            return code
        options = [one for one in arguments if one.startswith("--database=")]
        for _ in range(PASSES):
            print(f"\n{len(failed)} failed, and run again alone", flush=True)
            if again := run(*options, *failed, cache=cache):
                return again
    for name in failed:
        print(f"FLAKY {name}: failed once, and passed {PASSES} times when it was run again")
    return 0


def run(*arguments: str, cache: str) -> int:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *arguments], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
