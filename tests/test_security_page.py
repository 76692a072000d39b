"""docs/security.md names tests that are there."""

from __future__ import annotations

import re

import pytest

from tests.paths import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ((?:[0-9]+\.[0-9]+\.[0-9]+(?:, )?)+) .*\| (.+) \|$", TEXT, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_it_names_is_there(file, name):
    assert re.search(rf"def {name}\(", (ROOT / file).read_text(encoding="utf-8"))


def test_every_requirement_has_its_test_or_says_that_it_has_none():
    assert len(ROWS) > 40
    assert [numbers for numbers, held in ROWS if "tests/" not in held and held != "–"] == []
    numbers = [number for row, _ in ROWS for number in row.split(", ")]
    assert len(numbers) == len(set(numbers))
