"""Tags that look the same are one tag, whoever adds or removes them."""

from __future__ import annotations

import pytest

from backend.store.tags import add_tags, remove_tags


@pytest.mark.parametrize(
    ("tags", "wanted", "expected"),
    [
        ("", "sea", "sea"),
        ("sea, Night", "night,city", "sea,Night,city"),
        ("sea", "city,City,city", "sea,city"),
        ("sea ,night", "NIGHT", "sea ,night"),
    ],
)
def test_a_tag_that_is_there_or_named_twice_is_added_once(tags, wanted, expected):
    assert add_tags(tags, wanted) == expected


@pytest.mark.parametrize(
    ("tags", "wanted", "expected"), [("sea, Night,city", "night,SEA", "city"), ("sea ,night", "city", "sea ,night")]
)
def test_a_tag_is_removed_however_it_is_written(tags, wanted, expected):
    assert remove_tags(tags, wanted) == expected
