"""Reports of viewers on a video's page."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus
from tests.pages.conftest import PAGES


@pytest.fixture
def reported(console, make_video, token):
    """An approved video that two viewers reported."""
    video = make_video(censor_status=CensorStatus.SUCCESS)
    for reporter, reason in {"7": "violence", "8": "spam"}.items():
        given = {"videoId": video.video_id, "reporterId": reporter, "reasonCode": reason, "words": "at *the* end"}
        assert console.call("reportVideo", given, token)["code"] == "200"
    return video.video_id


def test_reports_are_listed_and_dismissed_by_one_click_which_can_be_undone(drawings, console, token, reported):
    def ask(name):
        return console.call(name, {"videoId": reported}, token)["data"]

    page = drawings.draw(PAGES / "video.py", videoId=reported)
    assert "广告引流 1 · 暴力血腥 1" in page.warning[0].value
    assert any(r"“at \*the\* end”" in line.value for line in page.caption)

    page.button(key=f"reports_dismiss--{reported}").click().run()

    assert not page.exception
    assert (ask("getVideoReports")["open"]["count"], ask("getVideoById")["censorStatus"]) == (0, "success")
    assert [line["action"] for line in ask("getHistory")][:1] == ["createAudit"]
    assert [toast.value for toast in page.toast] == ["已驳回 1 个视频的举报"]
    page.button(key="undo").click().run()
    assert ask("getVideoReports")["open"]["count"] == 2
