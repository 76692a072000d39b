"""Whatever is asked of a console, the database behind it makes no difference to the answers."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

import backend
from backend.exports.columns import RECOMMENDED, VIDEOS, FileFormat
from backend.model import VideoFilter
from tests.store.two_consoles import ZONE, Dice, TwoConsoles

TOLD = "select webhook_id, type, at, state, due, data from webhook_deliveries"
EVERY_LINE = "select * from history order by id"


@pytest.fixture
def two_consoles(settings, clock, tmp_path, new_database, postgres, password_hash, monkeypatch):
    """Opens two consoles that began alike."""
    opened = []

    def open_both(seed: int) -> TwoConsoles:
        settings.data.mkdir()
        shutil.copy(new_database, settings.data / "console.sqlite3")
        for one in (settings, replace(settings, data=tmp_path / "other", database=postgres)):
            opened.append(backend.open_console(one, clock))
        dice = Dice()
        dice.replace(monkeypatch)
        both = TwoConsoles((opened[0], opened[1]), clock, dice, seed)
        both.begin(password_hash)
        return both

    yield open_both
    for console in opened:
        console.close()


@pytest.mark.parametrize(("seed", "steps"), [
    (1, 300), *(pytest.param(seed, 2000, marks=pytest.mark.slow) for seed in range(2, 10)),
])  # fmt: skip
@pytest.mark.settings(review_lease_seconds=300, trash_days=7)
@pytest.mark.sqlite  # has both databases already
def test_both_databases_give_the_same_answers_files_and_history(two_consoles, seed, steps):
    both = two_consoles(seed)
    for _ in range(steps):
        both.step()

    stores = [console.store for console in both.consoles]
    for listing in (VIDEOS, RECOMMENDED):
        for file_format in FileFormat:
            files = [
                list(
                    store.exporting.export_batches(
                        listing, listing.columns, file_format, VideoFilter(), ZONE, "http://x"
                    )
                )
                for store in stores
            ]
            assert files[1] == files[0]
    lines, told = [], []
    for store in stores:
        with store.engine.reading() as db:
            lines.append(list(db.query(EVERY_LINE)))
            rows = [(*row, sorted(json.loads(data).items())) for *row, data in db.execute(TOLD).fetchall()]
            told.append(sorted(rows, key=repr))
        assert store.history.verify().errors == []
        assert store.recount() == []
    assert lines[1] == lines[0]
    assert told[1] == told[0]
    assert len(lines[0]) > steps / 10
