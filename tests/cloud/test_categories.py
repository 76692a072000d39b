"""Categories as VOD's tree: what is changed here reaches VOD, what is changed there reaches us, and nothing is lost."""

from __future__ import annotations

import shutil

import pytest

from backend.lifecycle.ingest import VideoMetadata, ingest_file
from backend.media import LocalFile
from backend.model import Actor, User

ANNE = Actor("anne", "tests")


@pytest.fixture
def sync(console):
    return lambda: console.cloud.sync.run(lambda _progress: None)


@pytest.fixture
def tree(do):
    """The paths of all categories."""
    return lambda: [one["path"] for one in do("getCategories")["categoryList"]]


def test_the_tree_of_vod_is_read_with_its_levels(alibaba, do, sync, tree):
    animals = alibaba.vod.put_category("动物")
    cats = alibaba.vod.put_category("猫", animals)
    alibaba.vod.put_category("短毛猫", cats)

    sync()

    assert tree() == ["pets", "动物", "动物 / 猫", "动物 / 猫 / 短毛猫"]
    levels = {one["cateId"]: (one["level"], one["parentId"]) for one in do("getCategories")["categoryList"]}
    assert levels[cats] == (2, animals)


def test_a_tree_of_many_pages_is_read_whole(console, alibaba, sync, tree):
    alibaba.vod.categories.clear()
    parents = [alibaba.vod.put_category(f"分类{number}") for number in range(100)]
    for number in range(100):
        alibaba.vod.put_category(f"子类{number}", parents[0])

    sync()

    assert len(tree()) == 200


def test_what_is_made_renamed_and_deleted_here_reaches_vod(console, alibaba, do, sync, new_video):
    sync()
    made = do("addCategory", cateName="动物")["cateId"]
    below = do("addCategory", cateName="猫", parentId=made)["cateId"]
    there = alibaba.vod.categories
    assert (there[made]["CateName"], there[below]["ParentId"]) == ("动物", made)

    video = new_video()
    do("editVideo", videoId=video.video_id, cateId=below)
    do("renameCategory", cateId=below, cateName="猫咪")
    assert there[below]["CateName"] == "猫咪"
    assert do("getVideoById", videoId=video.video_id)["cateName"] == "猫咪"

    assert do("deleteCategory", cateId=made)["videos"] == 1
    assert set(there) == {1}
    found = do("getVideoById", videoId=video.video_id)
    assert (found["cateId"], found["cateName"]) == (0, "")


def test_a_category_chosen_on_an_edit_is_that_of_vod_and_no_difference(console, alibaba, do, sync, new_video):
    sync()
    video = new_video()
    cats = do("addCategory", cateName="猫")["cateId"]

    do("editVideo", videoId=video.video_id, cateId=cats)
    sync()

    assert alibaba.vod.videos[video.video_id]["CateId"] == cats
    assert console.store.cloud_catalogue.iterate_drift() == []

    do("editVideo", videoId=video.video_id, cateName="")
    assert alibaba.vod.videos[video.video_id]["CateId"] == 0
    sync()
    assert do("getVideoById", videoId=video.video_id)["cateId"] == 0


def test_a_new_name_makes_a_category_at_vod_once(console, alibaba, do, sync, new_video):
    sync()
    for _ in range(2):
        do("editVideo", videoId=new_video().video_id, cateName="新分类")

    assert [one["CateName"] for one in alibaba.vod.categories.values()] == ["pets", "新分类"]


def test_a_category_chosen_on_an_upload_goes_along(console, alibaba, do, sync, small_clip, tmp_path):
    sync()
    copy = shutil.copy(small_clip, tmp_path / "clip.mp4")

    video = ingest_file(console, LocalFile(copy), VideoMetadata("clip.mp4", User("u1"), cate_name="海边"), ANNE)

    there = alibaba.vod.videos[video.video_id]
    assert (there["CateName"], there["CateId"]) == ("海边", video.cate_id)
    assert do("getVideoById", videoId=video.video_id)["cateName"] == "海边"


def test_what_is_changed_in_the_console_of_vod_is_taken_over(console, alibaba, do, sync, tree, new_video):
    video = new_video()
    sync()
    cars = alibaba.vod.put_category("汽车")
    alibaba.vod.UpdateVideoInfo({"VideoId": video.video_id, "CateId": str(cars)})
    alibaba.vod.UpdateCategory({"CateId": "1", "CateName": "宠物"})

    console.cloud.background.sync_categories()
    console.cloud.background.sync_changes()

    assert tree() == ["宠物", "汽车"]
    assert do("getVideoById", videoId=video.video_id)["cateName"] == "汽车"
    assert console.store.cloud_catalogue.iterate_drift() == []
    assert console.store.history.find_history(video.video_id)[0].after["cate_name"] == "汽车"

    alibaba.vod.DeleteCategory({"CateId": str(cars)})
    console.cloud.background.sync_categories()

    assert tree() == ["宠物"]
    assert do("getVideoById", videoId=video.video_id)["cateName"] == ""


def test_a_search_that_lags_behind_takes_no_choice_back(console, alibaba, do, sync, new_video, monkeypatch):
    sync()
    video = new_video()
    cats = do("addCategory", cateName="猫")["cateId"]
    search = alibaba.vod.SearchMedia

    def late(parameters):
        answer = search(parameters)
        for item in answer["MediaList"]:
            item["Video"] |= {"CateId": 1, "CateName": "pets"}
        return answer

    monkeypatch.setattr(alibaba.vod, "SearchMedia", late)
    do("editVideo", videoId=video.video_id, cateId=cats)
    sync()
    console.cloud.background.sync_changes()

    assert do("getVideoById", videoId=video.video_id)["cateId"] == cats


def test_a_category_that_vod_never_had_is_a_difference_that_either_side_settles(console, alibaba, do, sync, new_video):
    here, there = new_video(), new_video()
    for video in (here, there):
        console.store.catalogue.edit_video(video.video_id, {"cate_id": 77, "cate_name": "只在本地"}, ANNE)

    sync()

    assert {(one.what, one.here, one.there) for one in console.store.cloud_catalogue.iterate_drift()} == {
        ("cateName", "只在本地", "pets")
    }
    do("mendDrift", videoId=here.video_id, what="cateName", use="here")
    do("mendDrift", videoId=there.video_id, what="cateName", use="there")
    sync()

    assert console.store.cloud_catalogue.iterate_drift() == []
    assert alibaba.vod.videos[here.video_id]["CateName"] == "只在本地"
    found = do("getVideoById", videoId=there.video_id)
    assert (found["cateId"], found["cateName"]) == (1, "pets")


def test_a_category_whose_answer_is_lost_is_made_once(alibaba, do, sync, tree):
    sync()
    alibaba.fail("AddCategory", "done_dropped")

    do("addCategory", cateName="动物")

    assert [one["CateName"] for one in alibaba.vod.categories.values()] == ["pets", "动物"]
    assert tree() == ["pets", "动物"]


def test_what_vod_refuses_is_told_and_changes_nothing(alibaba, ask, do, sync, tree, new_video):
    sync()
    alibaba.denied |= {"AddCategory", "UpdateCategory", "DeleteCategory"}

    assert ask("addCategory", cateName="动物")["code"] == "502"
    assert ask("renameCategory", cateId=1, cateName="动物")["code"] == "502"
    assert ask("deleteCategory", cateId=1)["code"] == "502"
    assert ask("editVideo", videoId=new_video().video_id, cateName="动物")["code"] == "502"

    assert tree() == ["pets"]


def test_names_that_vod_cannot_hold_are_refused_in_words(alibaba, ask, sync):
    sync()

    long = ask("addCategory", cateName="字" * 22)
    emoji = ask("addCategory", cateName="海 🌊")

    assert (long["code"], "66 bytes" in long["message"]) == ("400", True)
    assert (emoji["code"], "emoji" in emoji["message"]) == ("400", True)
    assert alibaba.count("AddCategory") == 0


def test_one_that_is_gone_at_vod_is_said_to_be_gone(alibaba, ask, sync):
    sync()
    del alibaba.vod.categories[1]

    answer = ask("renameCategory", cateId=1, cateName="x")

    assert (answer["code"], "no category 1 any more" in answer["message"]) == ("404", True)


def test_a_tree_that_does_not_come_changes_nothing(console, alibaba, sync, tree):
    sync()
    alibaba.fail("GetCategories", "malformed", times=99)

    with pytest.raises(Exception, match="GetCategories"):
        console.cloud.background.sync_categories()

    assert tree() == ["pets"]


def test_rights_that_are_missing_are_named_by_doctor(console, alibaba, sync):
    sync()
    alibaba.denied.add("AddCategory")

    (text,) = [one.text for one in console.cloud.examine() if not one.good]

    assert "vod:AddCategory" in text
    assert list(alibaba.vod.categories) == [1]


def test_events_bring_a_category_too(console, alibaba, do, sync, hear, new_video):
    video = new_video()
    sync()
    cars = alibaba.vod.put_category("汽车")
    console.cloud.background.sync_categories()
    alibaba.vod.UpdateVideoInfo({"VideoId": video.video_id, "CateId": str(cars)})
    alibaba.vod.tell("SnapshotComplete", VideoId=video.video_id)

    hear()

    assert do("getVideoById", videoId=video.video_id)["cateId"] == cars
