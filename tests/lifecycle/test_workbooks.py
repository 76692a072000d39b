"""Tables in Excel workbooks, and workbooks that are none."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import BadRequest
from backend.lifecycle import workbook_rows
from backend.lifecycle.workbook_reader import opened_table

NAMES = ["videoId", "title"]


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Reads a table of videoId and title from bytes: the rows with their numbers, or the reasons."""
    path = tmp_path_factory.mktemp("workbooks") / "file"

    def read(content, *others):
        path.write_bytes(content)
        with path.open("rb") as file, opened_table(file, path, "file.xlsx", NAMES, others) as table:
            return [(line, cells if isinstance(cells, list) else str(cells)) for line, cells in table.rows]

    return read


def workbook(*sheets):
    """Return a workbook of sheets, each a list of rows."""
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(made)
    return made.getvalue()


def test_the_rows_of_a_workbook_are_those_of_its_first_sheet_with_the_needed_columns(read):
    content = workbook(
        [["note"], ["x"]], [[], ["TITLE ", "videoid"], ["海边", "v1"], [], ["two\nlines", "v2"]], [["y"]]
    )

    assert read(content) == [(3, ["海边", "v1"]), (5, ["two\nlines", "v2"])]


def test_an_export_of_several_sheets_is_read_whole(read):
    sheet = [NAMES, ["v1", "a"]]

    assert read(workbook(sheet, [["about"]], [NAMES, ["v2", "b"]], [NAMES[::-1], ["c", "v3"]])) == [
        (2, ["v1", "a"]), (2, ["v2", "b"])
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (2024, "2024"), (1.5, "1.5"), (0.1 + 0.2, "0.3"), (True, "TRUE"), ("007", "007"), (None, ""),
        (datetime(2024, 1, 9, 22, 11, 29), "2024-01-09 22:11:29"), (123456789012345, "123456789012345"),
        (1234567890123456789, "1.23457E+18"), ("'=1", "'=1"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_excel_shows_it(read, cell, text):
    assert read(workbook([NAMES, ["v1", cell]])) == [(2, ["v1", text])]


def test_a_cell_beside_the_named_columns_costs_its_row(read):
    assert read(workbook([NAMES, ["v1", "a", "b"], ["v2", "c"]])) == [
        (2, "The line has 3 cells, and the first line names 2."), (3, ["v2", "c"])
    ]  # fmt: skip


def test_a_workbook_of_pandas_is_read(read):
    made = io.BytesIO()
    pandas.DataFrame({"videoId": ["v1", "v2"], "title": ["海边", None]}).to_excel(
        made, index=False, engine="xlsxwriter"
    )

    assert read(made.getvalue()) == [(2, ["v1", "海边"]), (3, ["v2", ""])]


def test_a_workbook_of_libreoffice_is_read(read):
    content = Path(__file__).with_name("saved_by_libreoffice.xlsx").read_bytes()

    assert [cells[:2] for _, cells in read(content, "description", "n")] == [
        ["v1", "海边日落"],
        ["1.23457E+19", "'=1+1"],
    ]


def test_a_cell_in_each_corner_of_a_sheet_does_not_end_the_console(read):
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.active.append(NAMES)
    book.active["XFD1048576"] = "x"  # calamine would ask for 512 GB
    book.save(made)

    with pytest.raises(BadRequest, match="cannot be read as an Excel workbook"):
        read(made.getvalue())


def test_a_reader_that_is_killed_within_a_row_is_no_fault_of_the_console(read, monkeypatch, tmp_path):
    killed = tmp_path / "killed.py"
    killed.write_text(
        'import os\nprint(\'"sheet"\\n["videoId", "title"]\\n["v1", "a\', end=\'\', flush=True)\n'
        "os.kill(os.getpid(), 9)\n"
    )
    monkeypatch.setattr(workbook_rows, "__file__", str(killed))

    with pytest.raises(BadRequest, match="cannot be read as an Excel workbook"):
        read(WHOLE)


def test_a_workbook_that_unpacks_to_much_is_refused(read):
    made = io.BytesIO(workbook([NAMES, ["v1", "a"]]))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet9.xml", b" " * (workbook_rows.MAX_UNPACKED + 1))

    with pytest.raises(BadRequest, match=r"file\.xlsx holds more than 200 MB of rows"):
        read(made.getvalue())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 and then nothing", "cannot be read as an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old or protected workbook; save it as .xlsx"),
        (workbook([["videoId"], ["v1"]]), "has no column title; its first line must name at least videoId, title."),
        (workbook([]), "holds no table."),
        (workbook([[*NAMES, "title"], ["v1", "a", "b"]]), "names the column title twice"),
    ],
)
def test_a_workbook_that_is_none_is_refused_as_a_whole(read, content, reason):
    with pytest.raises(BadRequest, match=re.escape(reason)):
        read(content)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20)


@settings(max_examples=10)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_what_a_workbook_holds_is_what_was_put_in(read, rows):
    kept = [[f"v{name}", title] for name, title in rows]

    found = read(workbook([NAMES, *kept]))

    assert [[name, title] for _, (name, title) in found] == kept


WHOLE = workbook([NAMES, ["v1", "a"]])  # made once: it holds the time when it was made, which changes its length


@settings(max_examples=10)
@given(st.data())
def test_a_damaged_workbook_is_refused_or_read(read, data):
    content = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=9)):
        content[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadRequest):
        read(bytes(content))
