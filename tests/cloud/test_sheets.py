"""In cloud mode VOD has the texts first: of sheets that are applied and undone, and of actions on many videos."""

from __future__ import annotations

import pytest

from backend.api.parameters import Upload
from backend.model import CensorStatus


@pytest.fixture
def check(console, do, tmp_path):
    """Uploads a sheet that gives these videos new titles."""

    def check(titles):
        texts = console.store.sheets.find_texts(titles)
        rows = [f"{video_id},{texts[video_id].edition},{title}" for video_id, title in titles.items()]
        path = tmp_path / "sheet.csv"
        path.write_text("\n".join(["videoId,edition,title", *rows]), "utf-8")
        return do("checkSheet", file=Upload(path, "sheet.csv", path.stat().st_size))["sheetId"]

    return check


def test_titles_of_a_sheet_are_those_of_vod_too_and_so_they_are_undone(alibaba, do, new_video, check):
    ids = [new_video(title=f"海 {number}").video_id for number in range(3)]
    sheet_id = check({video_id: f"山 {number}" for number, video_id in enumerate(ids)})

    assert do("applySheet", sheetId=sheet_id) == {"sheetId": sheet_id, "done": 3, "refusedList": []}
    assert [alibaba.vod.videos[video_id]["Title"] for video_id in ids] == ["山 0", "山 1", "山 2"]

    assert do("undoSheet", sheetId=sheet_id)["done"] == 3
    assert [alibaba.vod.videos[video_id]["Title"] for video_id in ids] == ["海 0", "海 1", "海 2"]


def test_a_title_that_vod_refuses_is_left_and_listed(console, alibaba, do, new_video, check):
    first, second = (new_video(title="海").video_id for _ in range(2))
    sheet_id = check({first: "山", second: "山"})
    del alibaba.vod.videos[first]

    answer = do("applySheet", sheetId=sheet_id)

    assert (answer["done"], [row["videoId"] for row in answer["refusedList"]]) == (1, [first])
    assert console.store.catalogue.get_video(first).title == "海"


def test_at_most_200_rows_are_sent_at_once(ask, do, new_video, check):
    ids = [new_video(title="海").video_id for _ in range(201)]
    sheet_id = check(dict.fromkeys(ids, "山"))

    assert do("getFeatures")["limits"]["sheetRows"] == 200
    assert do("getFeatures")["limits"]["entrySheetRows"] == 5000  # VOD is not told of these
    assert ask("applySheet", sheetId=sheet_id)["message"] == (
        "201 rows were chosen; at most 200 are applied at once."
    )  # fmt: skip


def test_vod_is_told_of_every_verdict_of_an_action_on_many_videos(console, alibaba, do, new_video, work):
    ids = [new_video(title="海", censor=CensorStatus.CHECK).video_id for _ in range(3)]

    before = {alibaba.vod.videos[video_id]["Status"] for video_id in ids}

    begun = do("startBulk", action="block", title="海", reason="spam")
    work()

    assert do("getBulk", bulkId=begun["bulkId"])["done"] == 3
    assert {alibaba.vod.videos[video_id]["Status"] for video_id in ids} == {"Blocked"}
    do("undoBulk", bulkId=begun["bulkId"])
    work()
    assert {alibaba.vod.videos[video_id]["Status"] for video_id in ids} == before
