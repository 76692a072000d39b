"""docs/security.md names tests that are there."""

from __future__ import annotations

import re

from tests.paths import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ((?:[0-9]+\.[0-9]+\.[0-9]+(?:, )?)+) .*\| (.+) \|$", TEXT, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))


def test_every_test_it_names_is_there():
    assert len(NAMED) > 80
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for file in {file for file, _ in NAMED}}
    assert [name for file, name in NAMED if f"def {name}(" not in texts[file]] == []


def test_every_requirement_has_its_test_or_says_that_it_has_none():
    assert len(ROWS) > 40
    assert [numbers for numbers, held in ROWS if "tests/" not in held and held != "–"] == []
    numbers = [number for row, _ in ROWS for number in row.split(", ")]
    assert len(numbers) == len(set(numbers))
