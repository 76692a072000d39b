"""The tree of categories over every door: seen, added to, renamed, and cut, with what follows for the videos."""

from __future__ import annotations

import pytest

from backend.store.category_tree import MAX_CHILDREN


@pytest.fixture
def tree(door):
    """The paths of all categories, in order."""
    return lambda: [one["path"] for one in door.data("getCategories")["categoryList"]]


class TestGetCategories:
    @pytest.mark.every_door
    def test_it_lists_each_behind_its_parent_and_counts_its_videos(self, door, make_video):
        animals = door.data("addCategory", cateName="动物")["cateId"]
        cats = door.data("addCategory", cateName="猫", parentId=animals)["cateId"]
        make_video(cate_id=cats, cate_name="猫")

        data = door.data("getCategories")

        assert data == {
            "total": 2,
            "categoryList": [
                {"cateId": animals, "cateName": "动物", "parentId": 0, "level": 1, "path": "动物", "total": 0},
                {"cateId": cats, "cateName": "猫", "parentId": animals, "level": 2, "path": "动物 / 猫", "total": 1},
            ],
        }

    def test_what_only_videos_tell_of_stands_at_the_root(self, tree, make_video):
        make_video(cate_id=5, cate_name="旅行")

        assert tree() == ["旅行"]


class TestAddCategory:
    @pytest.mark.every_door
    def test_a_video_can_be_given_it_by_its_name(self, door, make_video):
        made = door("addCategory", cateName=" 动物 ")
        assert (made["message"], made["data"]["cateName"]) == ("分类已创建", "动物")

        video = door.data("editVideo", videoId=make_video().video_id, cateName="动物")

        assert video["cateId"] == made["data"]["cateId"]

    def test_ids_are_never_those_of_others(self, door, make_video):
        make_video(cate_id=5, cate_name="旅行")
        ids = [door.data("addCategory", cateName=name)["cateId"] for name in ("a", "b")]

        assert ids == [6, 7]

    def test_what_cannot_be_is_refused(self, door):
        first = door.data("addCategory", cateName="一")["cateId"]
        second = door.data("addCategory", cateName="二", parentId=first)["cateId"]
        third = door.data("addCategory", cateName="三", parentId=second)["cateId"]

        assert door("addCategory", cateName="四", parentId=third)["message"] == "Categories have at most 3 levels."
        assert door("addCategory", cateName="一")["code"] == "409"
        assert door("addCategory", cateName="x", parentId=999)["code"] == "404"
        assert door("addCategory", cateName="\u3000")["message"] == "cateName is required."
        assert door("addCategory", cateName="二", parentId=third)["code"] == "409"

    def test_two_places_may_hold_the_same_name_which_alone_means_neither(self, door, make_video):
        above = [door.data("addCategory", cateName=name)["cateId"] for name in ("猫", "狗")]
        ids = [door.data("addCategory", cateName="其他", parentId=one)["cateId"] for one in above]
        video_id = make_video().video_id

        answer = door("editVideo", videoId=video_id, cateName="其他")

        assert (answer["code"], "send the cateId" in answer["message"]) == ("400", True)
        assert door.data("editVideo", videoId=video_id, cateId=ids[1])["cateName"] == "其他"
        assert door.data("editVideo", videoId=video_id, cateId=ids[0], cateName="其他")["cateId"] == ids[0]


class TestRenameCategory:
    @pytest.mark.every_door
    def test_its_videos_go_along_wherever_they_are(self, door, make_video):
        cate_id = door.data("addCategory", cateName="猫")["cateId"]
        shown, deleted = (make_video(cate_id=cate_id, cate_name="猫") for _ in range(2))
        door.data("deleteVideoById", videoId=deleted.video_id, userId=deleted.user.user_id)

        assert door("renameCategory", cateId=cate_id, cateName="猫咪")["message"] == "分类已重命名"

        door.data("restoreVideo", videoId=deleted.video_id)
        names = {door.data("getVideoById", videoId=one.video_id)["cateName"] for one in (shown, deleted)}
        assert names == {"猫咪"}
        (facet,) = door.data("getFacets")["categoryList"]
        assert facet == {"cateId": cate_id, "cateName": "猫咪", "total": 2}

    def test_one_that_only_videos_tell_of_can_be_renamed(self, door, make_video, tree):
        make_video(cate_id=5, cate_name="旅行")

        door.data("renameCategory", cateId=5, cateName="旅游")

        assert tree() == ["旅游"]

    def test_what_cannot_be_is_refused(self, door):
        one, _two = (door.data("addCategory", cateName=name)["cateId"] for name in ("一", "二"))

        assert door("renameCategory", cateId=one, cateName="二")["code"] == "409"
        assert door("renameCategory", cateId=999, cateName="x")["message"] == "There is no category 999."
        assert door("renameCategory", cateId=one)["message"] == "cateName is required."


class TestDeleteCategory:
    @pytest.mark.every_door
    def test_all_below_it_goes_along_and_the_videos_stay(self, door, make_video, tree):
        above = door.data("addCategory", cateName="动物")["cateId"]
        below = door.data("addCategory", cateName="猫", parentId=above)["cateId"]
        other = door.data("addCategory", cateName="汽车")["cateId"]
        cat, car = make_video(cate_id=below, cate_name="猫"), make_video(cate_id=other, cate_name="汽车")
        deleted = make_video(cate_id=below, cate_name="猫")
        door.data("deleteVideoById", videoId=deleted.video_id, userId=deleted.user.user_id)

        answer = door("deleteCategory", cateId=above)

        assert (answer["message"], answer["data"]) == ("分类已删除", {"videos": 1})
        assert tree() == ["汽车"]
        door.data("restoreVideo", videoId=deleted.video_id)
        for video, name in ((cat, ""), (deleted, ""), (car, "汽车")):
            assert door.data("getVideoById", videoId=video.video_id)["cateName"] == name
        assert door("deleteCategory", cateId=above)["code"] == "404"

    def test_every_change_is_in_the_history(self, door, console):
        cate_id = door.data("addCategory", cateName="猫")["cateId"]
        door.data("renameCategory", cateId=cate_id, cateName="猫咪")
        door.data("deleteCategory", cateId=cate_id)

        lines = console.store.history.find_history(str(cate_id))

        assert [line.action for line in lines] == ["deleteCategory", "renameCategory", "addCategory"]
        assert (lines[1].before, lines[1].after) == ({"cate_name": "猫"}, {"cate_name": "猫咪"})


def test_lists_can_be_narrowed_to_an_id_as_vod_gives_it(door, make_video):
    make_video(cate_id=1_000_126_088, cate_name="猫")

    assert door.data("getVideos", cateId=1_000_126_088)["total"] == 1


def test_a_category_has_at_most_a_hundred_below_it(console, token):
    above = console.call("addCategory", {"cateName": "上级"}, token)["data"]["cateId"]
    for number in range(MAX_CHILDREN):
        assert console.call("addCategory", {"cateName": str(number), "parentId": above}, token)["code"] == "200"

    answer = console.call("addCategory", {"cateName": "x", "parentId": above}, token)

    assert answer["message"] == "A category has at most 100 below it."


def test_figures_follow_a_video_in_the_trash_out_of_a_deleted_category(console, door, make_video):
    cate_id = door.data("addCategory", cateName="动物")["cateId"]
    video = make_video(cate_id=cate_id, cate_name="动物")
    door.data("deleteVideoById", videoId=video.video_id, userId=video.user.user_id)

    door.data("deleteCategory", cateId=cate_id)

    assert console.store.recount() == []
    door.data("restoreVideo", videoId=video.video_id)
    assert console.store.recount() == []
