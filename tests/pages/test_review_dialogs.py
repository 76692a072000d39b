"""The dialogs of the review desk, each drawn on its own."""

from __future__ import annotations

import secrets

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import reason_choice

pytestmark = pytest.mark.in_front


def draw_dialog(name: str) -> None:
    """Draw what stands in a dialog, without the desk behind it."""
    from pages.components import review_dialogs, session

    session.account_for_page()
    next(dialog for dialog in review_dialogs.MENU if dialog.name == name).draw(1)


@pytest.fixture
def dialog(drawings):
    def draw(name):
        page = AppTest.from_function(draw_dialog, args=(name,), default_timeout=90)
        page.session_state["token"] = drawings.token
        page.run()
        assert not page.exception
        return page

    return draw


@pytest.fixture
def ask(console, token):
    return lambda name, **given: console.call(name, given, token)["data"]


def field(page, label):
    return next(one for one in page.number_input if one.label == label)


def saves(page):
    next(one for one in page.button if one.label == "保存").click().run()
    assert not page.exception


@pytest.fixture
def pairs(console):
    """Sixty decisions by Ben, each reviewed again by Cleo: all agree but three. Anne was shown two known clips."""
    with console.store.engine.writing() as db:
        add = (
            "insert into review_decisions (lease_key, video_id, reviewer, kind, verdict, reason_code, reason, comment, "
            "seconds, at, request_id, drawn_with) values (?, ?, ?, ?, ?, '', '', '', 3, ?, '', 1)"
        )
        now = console.store.now()
        for number in range(60):
            first, second = secrets.token_hex(8), secrets.token_hex(8)
            verdicts = ("Blocked" if number < 10 else "Normal", "Blocked" if number < 7 else "Normal")
            for key, who, kind, said in ((first, "ben", "first", verdicts[0]), (second, "cleo", "second", verdicts[1])):
                db.execute(add, [key, str(number), who, kind, said, now - 60])
            db.execute(
                "insert into review_draws (lease_key, video_id, reviewer, drawn, queue, since, seen, state, "
                "second_key) values (?, ?, 'ben', ?, 'default', ?, '{}', 'agreed', ?)",
                [first, str(number), now - 60, now - 60, second],
            )
        for number, said in enumerate(("Blocked", "Normal")):
            db.execute(add, [secrets.token_hex(8), f"known {number}", "anne", "probe", said, now - 60])


def test_rules_of_second_reviews_are_shown_and_changed(dialog, ask):
    page = dialog("sampling")
    assert field(page, "通过（%）").value == 3

    page.checkbox[0].check()
    field(page, "屏蔽（%）").set_value(25.0)
    field(page, "已通过的视频被举报几次后重新审核").set_value(3)
    saves(page)

    rules = ask("getReviewSampling")
    assert (rules["secondReviews"], rules["blocks"], rules["reports"], rules["approvals"]) == (True, 25, 3, 3)


def test_a_queue_of_reported_videos_is_made(dialog, ask):
    page = dialog("queues")
    page.selectbox[0].set_value("+").run()
    given = {"代码": "reported", "中文名称": "举报", "英文名称": "Reported"}
    for one in page.text_input:
        one.set_value(given.get(one.label, ""))
    field(page, "被用户举报至少（次）").set_value(2)
    saves(page)

    made = next(one for one in ask("getReviewQueues")["queueList"] if one["code"] == "reported")
    assert (made["nameEn"], made["rule"]["reported"]) == ("Reported", 2)


def test_agreement_is_told_in_total_by_person_and_of_known_clips(dialog, pairs):
    page = dialog("agreement")

    total, *others = [one.value for one in page.dataframe]
    assert list(total["审核员"]) == ["全部", "ben", "cleo"]
    assert set(total["对数"]) == {"60"}
    assert all(said.startswith("95.0 %") for said in total["一致率"])
    assert list(others[-1].iloc[0]) == ["anne", 2, 1, 1]


def test_without_pairs_agreement_says_so(dialog):
    assert dialog("agreement").info


def test_without_differences_there_is_nothing_to_settle(dialog):
    assert dialog("differences").success


def test_a_reason_is_read_in_the_readers_language_with_what_was_written_beside_it():
    spam = {"code": "spam", "name": "广告", "uploaderZh": "含有广告", "uploaderEn": "It has advertising"}

    def words(code, reason):
        return reason_choice.words_of({"reasonCode": code, "reason": reason}, [spam])

    assert words("spam", "It has advertising") == words("spam", "含有广告") == words("spam", "") == "广告"
    assert words("spam", "招聘") == "广告 · 招聘"
    assert (words("", "招聘"), words("gone", "x")) == ("招聘", "gone · x")
