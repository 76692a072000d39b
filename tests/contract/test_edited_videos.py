"""Editing the words and the category of one video, over every channel into the console."""

from __future__ import annotations

import pytest


@pytest.fixture
def seen(console):
    """Looks a video up behind the door's back."""
    return console.store.catalogue.get_video


class TestEditVideo:
    @pytest.mark.every_door
    def test_what_is_absent_stays(self, door, make_video):
        made = make_video(tags="a")

        data = door.data("editVideo", videoId=made.video_id, title="新的标题", description=None)

        assert (data["title"], data["cateId"], data["cateName"]) == ("新的标题", 12, "12")
        assert (data["tags"], data["description"]) == ("a", made.description)

    @pytest.mark.parametrize("name", ["description", "tags"])
    @pytest.mark.every_door
    def test_what_is_sent_empty_becomes_empty(self, name, door, make_video):
        made = make_video(description="d", tags="a,b")

        answer = door("editVideo", videoId=made.video_id, **{name: ""})

        assert (answer["message"], answer["data"][name]) == ("修改完成", "")
        assert answer["data"] == {**door.data("getVideoById", videoId=made.video_id), "warningList": []}

    @pytest.mark.parametrize("title", ["", "  ", "\u3000\u200b"])
    def test_a_title_cannot_be_empty(self, title, door, make_video, seen):
        made = make_video(title="海")

        answer = door("editVideo", videoId=made.video_id, title=title, tags="new")

        assert (answer["code"], answer["message"]) == ("400", "title may not be empty.")
        assert (seen(made.video_id).title, seen(made.video_id).tags) == ("海", made.tags)

    @pytest.mark.every_door
    def test_what_is_shown_on_one_line_is_one(self, door, make_video):
        made = make_video()

        door.data("editVideo", videoId=made.video_id, title=" a\nb\tc\u2028", tags="x\n,y", cateName="d\x01e\r\n")

        kept = door.data("getVideoById", videoId=made.video_id)
        assert (kept["title"], kept["tags"], kept["cateName"]) == ("a b c", "x ,y", "d e")

    def test_something_must_be_given(self, door, make_video):
        assert door("editVideo", videoId=make_video().video_id)["code"] == "400"


class TestCategories:
    """An id and its name go together: what is edited on one video never renames the category of the others."""

    @pytest.fixture
    def travel(self, make_video):
        """A video of the category 7, 旅行; another is in 12."""
        make_video()
        return make_video(cate_id=7, cate_name="旅行")

    @pytest.fixture
    def of(self, door):
        """Sends a category to editVideo and returns what the video has then."""

        def edit(video, **category):
            data = door.data("editVideo", videoId=video.video_id, **category)
            return data["cateId"], data["cateName"]

        return edit

    @pytest.mark.parametrize("sent", [{"cateId": 7}, {"cateName": "旅行"}, {"cateName": " 旅行 ", "cateId": 7}])
    @pytest.mark.every_door
    def test_one_that_is_there_is_picked_by_id_or_name(self, sent, of, travel, make_video):
        assert of(make_video(), **sent) == (7, "旅行")

    def test_a_new_name_makes_a_new_one_and_the_others_keep_theirs(self, of, door, travel, make_video):
        other = make_video(cate_id=7, cate_name="旅行")

        assert of(travel, cateName="美食") == (13, "美食")

        assert of(make_video(), cateName="美食") == (13, "美食")
        assert door.data("getVideoById", videoId=other.video_id)["cateName"] == "旅行"
        names = {one["cateId"]: one["cateName"] for one in door.data("getFacets")["categoryList"]}
        assert names == {7: "旅行", 12: "12", 13: "美食"}

    @pytest.mark.parametrize("empty", [{"cateId": 0}, {"cateName": ""}, {"cateName": "", "cateId": ""}])
    def test_an_empty_one_is_none(self, empty, of, travel):
        assert of(travel, **empty) == (0, "")

    @pytest.mark.parametrize(
        ("sent", "message"),
        [
            ({"cateId": 99}, "There is no category 99; send its cateName too."),
            ({"cateId": 7, "cateName": "美食"}, "Category 7 is called 旅行, not 美食; send one of the two alone."),
            ({"cateId": 99, "cateName": "旅行"}, "Category 旅行 has the id 7, not 99; send one of the two alone."),
        ],
    )
    def test_what_does_not_go_together_is_refused_and_changes_nothing(self, sent, message, door, seen, travel):
        answer = door("editVideo", videoId=travel.video_id, title="new", **sent)

        assert (answer["code"], answer["message"]) == ("400", message)
        assert seen(travel.video_id) == travel

    def test_what_lies_in_the_trash_keeps_its_id(self, of, door, travel, make_video):
        door.data("deleteVideoById", videoId=travel.video_id, userId=travel.user.user_id)

        assert of(make_video(), cateName="旅行") == (7, "旅行")
