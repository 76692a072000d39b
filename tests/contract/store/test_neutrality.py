"""The suite itself: it says nothing of the database, so that another one can be put in its place."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__)
SAYS_SQL = re.compile(
    r"sqlite3|select .+ from|insert into|update .+ set|delete from|pragma|engine\.|store\.sqlite", re.I
)


def test_no_test_of_the_contract_says_sql_or_knows_the_engine():
    files = [path for path in HERE.parent.glob("*.py") if path != HERE]
    said = [(path.name, found[0]) for path in files for found in SAYS_SQL.finditer(path.read_text(encoding="utf-8"))]

    assert len(files) > 3
    assert said == []
