"""What the store keeps of uploaded sheets, and how it changes many videos and takes it back."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from backend.errors import NotFound
from backend.exports.columns import VIDEOS, FileFormat
from backend.model import Actor, User, Video, VideoFilter
from backend.model.sheets import Listing, RowKind, Sheet, SheetRow

ANNE = Actor("anne", "page")


@pytest.fixture
def videos(store):
    """Five videos of one category, by id."""
    made = [
        Video(f"v{number}", f"title {number}", User("u1", "u1"), 1_547_000_000 + number, cate_id=5, cate_name="cats")
        for number in range(5)
    ]
    store.catalogue.load_videos(made, ANNE)
    return store.sheets.find_texts([video.video_id for video in made])


@pytest.fixture
def keep(store, videos):
    """Keeps a sheet that gives each video new values."""

    def keep(**after):
        rows = [
            SheetRow(place, place + 1, RowKind.CHANGED, video_id, texts.edition, texts.title, {}, dict(after))
            for place, (video_id, texts) in enumerate(sorted(videos.items()), 1)
        ]
        columns = tuple(after)
        return store.sheets.keep(Sheet("", "anne", "videos.csv", 0, 3, Listing.VIDEOS, columns, ("备注",)), rows)

    return keep


def test_a_sheet_is_kept_with_its_rows(store, keep):
    sheet = keep(title="new")

    found, counts = store.sheets.get(sheet.sheet_id, "anne")

    assert found == sheet
    assert counts == {RowKind.CHANGED: 5}
    assert [row.place for row in store.sheets.find_rows(sheet.sheet_id, None, 2, 2)] == [3, 4]
    assert store.sheets.find_rows(sheet.sheet_id, RowKind.INVALID, 1, 9) == []


def test_it_is_applied_in_one_transaction_and_undone_as_one(store, videos, keep):
    sheet = keep(title="new", cate_name="dogs")

    assert store.sheets.apply(sheet.sheet_id, "anne", None, ANNE) == (5, [])

    now = store.sheets.find_texts(videos)
    assert {(texts.title, texts.cate_id, texts.cate_name) for texts in now.values()} == {("new", 6, "dogs")}
    assert all(now[video_id].edition != texts.edition for video_id, texts in videos.items())
    assert [one.count for one in store.sheets.find_applied(9)] == [5]
    assert store.history.verify().errors == []

    assert store.sheets.undo(sheet.sheet_id, ANNE) == (5, [])
    assert store.sheets.find_texts(videos) == videos
    assert [one.is_undone for one in store.sheets.find_applied(9)] == [True]
    with pytest.raises(NotFound):
        store.sheets.undo(sheet.sheet_id, ANNE)
    assert store.sheets.apply(sheet.sheet_id, "anne", [1, 3], ANNE) == (2, [])


def test_of_two_who_apply_to_one_video_the_second_is_told_of_the_first(store, videos, keep):
    first, second = keep(title="first"), keep(title="second")
    store.sheets.apply(first.sheet_id, "anne", [2], Actor("ben", "page"))

    done, refused = store.sheets.apply(second.sheet_id, "anne", None, ANNE)

    assert done == 4
    ((row, why),) = refused
    assert (row.video_id, row.kind) == ("v1", RowKind.CONFLICT)
    assert "ben" in str(why)
    assert store.sheets.get(second.sheet_id, "anne")[1] == {RowKind.APPLIED: 4, RowKind.CONFLICT: 1}


def test_a_search_finds_the_new_titles(store, keep):
    sheet = keep(title="seaside")
    store.sheets.apply(sheet.sheet_id, "anne", None, ANNE)

    assert store.catalogue.find_known(["v1"])["v1"].title == "seaside"


def test_the_edition_of_a_row_is_that_of_its_texts(store, videos, keep):
    sheet = keep(title="新 🎉", description="x", tags="a,b")
    store.sheets.apply(sheet.sheet_id, "anne", None, ANNE)

    columns = VIDEOS.chosen(("videoId", "edition"))
    pieces = store.exporting.export_batches(VIDEOS, columns, FileFormat.XLSX, VideoFilter(), ZoneInfo("UTC"))
    stored = dict(row for _, rows in pieces for row in rows)

    assert stored == {video_id: texts.edition for video_id, texts in store.sheets.find_texts(videos).items()}


def test_a_webhook_is_told_of_a_sheet_and_of_its_undo_once(store, keep):
    hook = store.webhooks.add("https://hooks.example.com/in", "", (), ANNE)
    sheet = keep(title="new")
    store.sheets.apply(sheet.sheet_id, "anne", None, ANNE)
    store.sheets.undo(sheet.sheet_id, ANNE)

    bodies = [json.loads(one.body()) for one, _ in store.webhook_deliveries.find(hook.webhook_id, None, 1, 9).items]

    told = {"sheetId": sheet.sheet_id, "fileName": "videos.csv", "userName": "anne", "count": 5}
    assert [(body["type"], body["data"]) for body in bodies] == [("sheet.undone", told), ("sheet.applied", told)]
