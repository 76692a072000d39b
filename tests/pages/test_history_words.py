"""The history in words: what is ours is translated, what people are called and wrote is not."""

from __future__ import annotations

import pytest

from backend.api.registry import OPERATIONS
from pages.components import history_text
from pages.components.i18n import text
from tests.pages.conftest import PAGES


@pytest.mark.parametrize("field", ["userName", "name", "title", "reason"])
def test_what_people_wrote_stays_as_it_is(field):
    assert history_text.value("admin", field) == "admin"
    assert history_text.value("running", field) == "running"


def test_what_is_ours_is_told_in_words():
    assert history_text.value("admin", "role") == "管理员"
    assert history_text.value("success", "censorStatus") == "已通过"


@pytest.mark.parametrize(
    ("action", "after", "told"),
    [
        ("startBulk", {"action": "addTags", "count": 5000}, "操作：添加标签，视频数：5,000"),
        ("applySheet", {"file": "片单.csv", "count": 7}, "文件：片单.csv，视频数：7"),
        ("pushObjectCache", {"count": 3}, "地址数：3"),
        ("saveSlot", {"size": 200}, "展示数量：200"),
        ("saveView", {"page": "trash", "name": "all", "scope": "all"}, "页面：回收站，名称：all，可见范围：所有人"),
    ],
)
def test_a_field_is_told_as_its_action_means_it(action, after, told):
    assert history_text.in_short({"action": action, "before": {}, "after": after}) == told


@pytest.mark.parametrize("way", ["page", "rest"])
def test_somebody_who_is_called_like_a_part_of_the_console_keeps_the_name(way):
    assert history_text.actor({"userName": "worker", "way": way}) == "worker"
    assert history_text.actor({"userName": "worker", "way": "worker"}) == "后台任务"


def test_a_reason_from_the_list_is_told_by_its_name(drawings, make_video, console, token):
    video = make_video(title="带二维码").video_id
    console.call("createAudit", {"mediaId": video, "status": "Blocked", "reasonCode": "spam"}, token)

    shown = drawings.draw(PAGES / "video.py", videoId=video).table[-1].value
    table = " ".join(shown["value"])

    assert "广告引流" in table
    assert "spam" not in table


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_filter_of_an_export_has_a_name(language):
    names = [one.wire_name for name in ("exportVideos", "exportHistory") for one in OPERATIONS[name].parameters]

    assert [name for name in names if text(language, f"field.{name}") == f"field.{name}"] == []
    assert text(language, "field.count") != "field.count"
