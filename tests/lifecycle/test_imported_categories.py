"""Which category an imported video gets, where the file has only its name or only its id."""

from __future__ import annotations

from backend.lifecycle import catalogue_import
from backend.model import Actor, VideoFilter

TESTS = Actor("tests", "tests")
GOOD = {"title": "海边", "creationTime": "2019-01-09 22:11:29", "userId": "u1"}


def test_a_category_that_is_only_named_is_the_one_of_that_name_or_a_new_one(console, load, refused):
    trips = console.store.categories.add("Trips", 0, TESTS)
    for parent in (console.store.categories.add(name, 0, TESTS).cate_id for name in ("Summer", "Winter")):
        console.store.categories.add("Sports", parent, TESTS)
    rows = [
        {"cateName": "Food"}, {"cateName": "ＴＲＩＰＳ"}, {}, {"cateName": "Sports"}, {"cateName": "Food"},
        {"cateId": 900, "cateName": "Music"}, {"cateName": "Music"}, {"cateName": "Dance"}, {"cateId": trips.cate_id},
    ]  # fmt: skip
    rows = [{**GOOD, "videoId": f"v{number}", **row} for number, row in enumerate(rows)]

    assert load(rows) == (8, 0, 1)
    assert refused()[4].startswith("Several categories are called Sports (")
    assert load(rows[:2]) == (0, 2, 0)

    found = {
        one.video_id: (one.cate_id, one.cate_name) for one in console.store.catalogue.find_videos(VideoFilter()).items
    }
    food, dance = found["v0"], found["v7"]
    assert len({food[0], dance[0], trips.cate_id, 900, 0}) == 5
    assert found == {
        "v0": (food[0], "Food"), "v1": (trips.cate_id, "Trips"), "v2": (0, ""), "v4": (food[0], "Food"),
        "v5": (900, "Music"), "v6": (900, "Music"), "v7": (dance[0], "Dance"), "v8": (trips.cate_id, "Trips"),
    }  # fmt: skip


def test_a_new_category_keeps_clear_of_ids_that_come_later_in_the_file(console, load, monkeypatch):
    monkeypatch.setattr(catalogue_import, "BATCH", 1)
    rows = [{"cateName": "New"}, {"cateId": 1, "cateName": "First"}, {"cateName": "new"}, {"cateName": "First"}]

    assert load([{**GOOD, "videoId": f"v{number}", **row} for number, row in enumerate(rows)]) == (4, 0, 0)

    found = sorted((one.video_id, one.cate_id) for one in console.store.catalogue.find_videos(VideoFilter()).items)
    assert found == [("v0", 2), ("v1", 1), ("v2", 2), ("v3", 1)]
