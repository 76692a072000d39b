"""The page Recommended while a special is on, and its dialogs, which send only what somebody changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from backend.model import CensorStatus
from pages.components import programme_data, programme_dialogs
from tests.pages.conftest import PAGES

pytestmark = pytest.mark.in_front

PAGE = PAGES / "recommendations.py"


@pytest.fixture
def ask(console, token):
    def ask(operation, **given):
        answer = console.call(operation, given, token)
        assert answer["code"] == "200", answer
        return answer["data"]

    return ask


@pytest.fixture
def moments(clock):
    """Texts of moments from now on."""
    start = datetime.fromtimestamp(clock(), ZoneInfo("Asia/Shanghai")).replace(tzinfo=None, microsecond=0)
    return lambda **later: (start + timedelta(**later)).isoformat(" ", "seconds")


@pytest.fixture
def special(ask, make_video, moments):
    """A clip that is pinned and ends in three days, in a special of four minutes that is on."""
    clip, other = (make_video(title=title, censor_status=CensorStatus.SUCCESS) for title in ("一", "二"))
    for video in (clip, other):
        ask("recommendVideo", videoId=video.video_id)
    ask("editRecommend", videoId=clip.video_id, pin=1, endTime=moments(days=3))
    given = {"name": "节日", "startTime": moments(), "endTime": moments(minutes=4)}
    special_id = ask("saveSpecial", videoIds=clip.video_id, **given)["specialId"]
    return clip.video_id, other.video_id, special_id


def draw_dialog(what: str, of: dict, action: str = "") -> None:
    """Draw a dialog of the programme or the confirmation of an action, without the page behind it."""
    import streamlit as st

    from pages.components import confirm_dialog, programme_dialogs, session

    session.account_for_page()
    st.session_state[session.SEEN] = session.ask("getChanges")["line"]
    if action:
        if "question" not in st.session_state:
            st.session_state["question"] = confirm_dialog.ask(action, [of], st.session_state[session.SEEN])
        confirm_dialog.draw(st.session_state["question"])
    else:
        programme_dialogs.draw(what, st.session_state.setdefault("of", of), 1)


@pytest.fixture
def dialog(drawings):
    def draw(*of):
        page = AppTest.from_function(draw_dialog, args=of, default_timeout=90)
        page.session_state["token"] = drawings.token
        page.run()
        assert not page.exception
        return page

    return draw


def field(page, label):
    found = [one for one in (*page.number_input, *page.text_input, *page.datetime_input) if one.label == label]
    return found[0]


def saves(page, key="dialog_yes"):
    page.button(key=key).click().run()
    assert not page.exception


def test_the_pin_alone_is_changed_while_a_special_shows_the_clip(dialog, ask, special):
    clip, _, _ = special
    before = next(one for one in ask("getProgramme")["entryList"] if one["videoId"] == clip)

    page = dialog("", {**ask("getVideoById", videoId=clip), "slot": "feed"}, "schedule")
    assert (field(page, "固定位置").value, str(field(page, "结束").value)) == (1, before["endTime"][:16] + ":00")
    field(page, "固定位置").set_value(8)
    saves(page, "confirm_yes")

    after = next(one for one in ask("getProgramme")["entryList"] if one["videoId"] == clip)
    assert after == {**before, "pin": 8}


def test_a_special_is_renamed_and_keeps_its_window(dialog, ask, special):
    (old,) = ask("getProgramme")["specialList"]

    page = dialog("special", {**old, "revision": ask("getProgramme")["revision"]})
    field(page, "名称").set_value("新年")
    saves(page)

    assert ask("getProgramme")["specialList"] == [{**old, "name": "新年"}]


def test_what_somebody_else_changed_is_told_and_a_second_save_goes_through(dialog, ask, special):
    clip, other, special_id = special
    (old,) = ask("getProgramme")["specialList"]
    page = dialog("special", {**old, "revision": ask("getProgramme")["revision"]})
    ask("saveSpecial", specialId=special_id, videoIds=f"{clip},{other}")

    field(page, "名称").set_value("新年")
    saves(page)
    assert "anne" in page.error[0].value

    saves(page)
    assert not page.error
    assert ask("getProgramme")["specialList"] == [{**old, "name": "新年", "videoIds": [clip, other]}]


def test_a_refused_recommendation_keeps_what_was_typed(dialog, ask, make_video, moments):
    video = make_video(title="三", censor_status=CensorStatus.SUCCESS)
    page = dialog("", ask("getVideoById", videoId=video.video_id), "recommend")
    field(page, "固定位置").set_value(4)
    field(page, "开始").set_value(datetime.fromisoformat(moments(days=2)))
    field(page, "结束").set_value(datetime.fromisoformat(moments(days=1)))
    page.button(key="confirm_yes").click().run()

    question = page.session_state["question"]
    assert question.refused
    assert [one["videoId"] for one in question.videos] == [video.video_id]


def test_a_week_that_cannot_be_is_this_week(drawings, ask):
    for week in ("9999-12-31", "0001-01-01", "soon"):
        assert not drawings.draw(PAGE, r_view="week", r_week=week).error


def test_the_order_beneath_a_special_is_read_while_it_is_on(drawings, special):
    page = drawings.draw(PAGE)
    assert 'previewFeed {"slot": "feed", "specials": "false"}' in drawings.calls
    assert "专题“节日”正在展示" in page.info[0].value


def test_pins_that_meet_on_a_place_are_one_line():
    first, second, third, other = ({"videoId": name, "title": name} for name in "abcd")

    def pair(pin, *videos):
        return {"kind": "samePin", "pin": pin, "videoList": list(videos)}

    found = [pair(1, first, second), pair(1, first, third), pair(1, second, third), pair(2, first, other)]
    shown = programme_data.together(found)

    assert [(one["pin"], len(one["videoList"])) for one in shown] == [(1, 3), (2, 2)]


def test_a_slot_is_made_and_renamed(dialog, ask):
    page = dialog("slot", {})
    field(page, "代码").set_value(" evening ")
    field(page, "名称").set_value("晚间")
    saves(page)
    assert {one["slot"]: one["name"] for one in ask("getSlots")["slotList"]} == {"evening": "晚间", "feed": ""}

    page = dialog("slot", {})
    field(page, "代码").set_value("evening")
    saves(page)
    assert page.error
    page = dialog("rules", next(one for one in ask("getSlots")["slotList"] if one["slot"] == "feed"))
    field(page, "名称").set_value("首页")
    saves(page)
    assert {one["slot"]: one["name"] for one in ask("getSlots")["slotList"]} == {"evening": "晚间", "feed": "首页"}


def test_the_feed_is_shown_in_place_of_a_slot_that_is_gone(drawings, ask):
    ask("saveSlot", slot="evening", name="晚间")  # which comes first by its code

    page = drawings.draw(PAGE, r_slot="gone")

    assert "gone" in page.error[0].value or "gone" in page.error[0].proto.title
    assert 'previewFeed {"slot": "feed"}' in drawings.calls
    assert page.selectbox(key="r_slot").options == ["推荐", "晚间"]
    assert not [one for one in page.button if one.key == "r_drop_slot"]


def test_what_is_saved_in_a_slot_that_is_gone_by_then_changes_no_other(dialog, ask):
    ask("saveSlot", slot="evening", name="晚间")
    found = {one["slot"]: one for one in ask("getSlots")["slotList"]}
    ask("saveSlot", slot="feed", size=100)
    page = dialog("rules", {**found["evening"], programme_dialogs.SHOWN: "evening"})
    ask("deleteSlot", slot="evening")

    for _ in range(2):  # a second attempt is meant, where somebody only changed the slot
        field(page, "展示数量").set_value(7)
        page.button(key="dialog_yes").click().run()
        assert "evening" in page.error[0].value

    assert [(one["slot"], one["rules"]["size"]) for one in ask("getSlots")["slotList"]] == [("feed", 100)]


def test_a_pin_that_meets_another_is_told_after_recommending(dialog, ask, make_video, moments):
    for title in ("一", "二"):
        video = make_video(title=title, censor_status=CensorStatus.SUCCESS)
        page = dialog("", ask("getVideoById", videoId=video.video_id), "recommend")
        field(page, "固定位置").set_value(4)
        saves(page, "confirm_yes")
    assert "都固定在第 4 位" in page.session_state["warned"][0]


def ask_for_a_place() -> None:
    """Draw the question for a place of a clip whose uploader wrote Markdown into its title."""
    import streamlit as st

    from pages.components import programme_order

    if "begun" not in st.session_state:
        title = "![x](https://elsewhere.example/x.png)"
        st.session_state["begun"], row = True, {"place": 1, "entry": {"videoId": "v1", "title": title}}
        st.session_state[programme_order.WANTED] = row
    programme_order.requested()


@pytest.mark.usefixtures("own_process")
def test_a_title_is_shown_as_text_whatever_its_uploader_wrote():
    page = AppTest.from_function(ask_for_a_place, default_timeout=90).run()

    assert not page.exception
    assert "![x](" not in page.markdown[0].value
    assert "elsewhere" in page.markdown[0].value
