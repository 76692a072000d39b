"""What asks for figures."""

from __future__ import annotations

import pytest

TODAY = "2019-01-09"  # the day of the clock in Shanghai


@pytest.fixture
def figures(door):
    """Asks for the rows of a table, without parameters of the last two days."""

    def ask(figure, **given):
        given = {"startTime": "2019-01-08", "endTime": TODAY, **given}
        return door.data("getFigures", figure=figure, **given)["rowList"]

    return ask


@pytest.fixture
def today(figures):
    """Asks for the row of today, without its day."""

    def ask(figure, **given):
        row = figures(figure, **given)[-1]
        assert (row.pop("day"), row.pop("complete")) == (TODAY, False)
        return row

    return ask
