"""Taking back: the button beside what one did, the trash, and a walk through all that an administrator looks after."""

import itertools
import re

import pytest
from playwright.sync_api import expect

from backend.model import CensorStatus
from tests.waiting import until

pytestmark = pytest.mark.slow

NUMBERS = itertools.count(1)
RECOMMENDED = 5


@pytest.fixture
def three(site):
    """A word, and the titles that have it, newest first; the second is recommended."""
    word = f"回收 {next(NUMBERS)}"
    states = [CensorStatus.CHECK, CensorStatus.SUCCESS, CensorStatus.CHECK]
    for age, (letter, state) in enumerate(zip("ABC", states, strict=True)):
        site.catalogue.add(f"{word} {letter}", age=age, censor_status=state, recommended=letter == "B")
    return word, [f"{word} {letter}" for letter in "ABC"]


@pytest.fixture
def in_list(person, three):
    """The list of those three."""
    word, titles = three
    person.goes_to("/videos", v_title=word)
    person.sees(*titles)
    return titles


def in_trash(person):
    """The titles that the trash shows."""
    return person.column(1)


def test_what_was_deleted_from_a_list_comes_back_by_undo(person, in_list):
    person.ticks(0, 1)
    person.has_ticked(2)
    person.clicks("do_delete")
    expect(person.dialog).to_contain_text(person.t("follows.trash", count=7))
    person.clicks("confirm_yes")
    person.sees(in_list[2])

    person.button("undo").hover()
    expect(person.page.get_by_role("tooltip")).to_have_text(person.t("done.delete", count=2))
    person.clicks("undo")

    person.is_told(person.t("undone.delete", count=2))
    person.sees(*in_list)
    expect(person.part("undo")).to_have_count(0)


def test_what_was_blocked_is_approved_and_recommended_again_by_undo(person, in_list):
    person.ticks(1)
    person.has_ticked(1)
    person.clicks("do_block")
    person.field("block_reason").fill("违规")
    person.clicks("confirm_yes")
    expect(person.column(RECOMMENDED)).to_have_text(["", "", ""])

    person.clicks("undo")

    person.is_told(person.t("undone.block", count=1))
    expect(person.column(RECOMMENDED)).to_have_text(["", person.t("status.isRecommend"), ""])


def test_an_undo_that_somebody_else_was_quicker_than_is_told_in_the_corner(person, site, in_list):
    person.ticks(2)
    person.clicks("do_approve")
    person.clicks("confirm_yes")
    expect(person.button("undo")).to_be_visible()
    (video,) = site.ask("getVideos", title=in_list[2])["videoList"]
    site.ask("createAudit", mediaId=video["videoId"], status="Blocked", reason="版权")
    person.is_idle()
    list_at = person.part("toolbar").bounding_box()["y"]

    person.clicks("undo")

    expect(person.part("problems")).to_contain_text(in_list[2])
    expect(person.part("problems")).not_to_contain_text(video["videoId"])
    expect(person.part("undo")).to_have_count(0)
    person.is_idle()
    until(lambda: person.part("toolbar").bounding_box()["y"] == list_at, "the list is where it was", 20)
    person.clicks("problems_seen")
    expect(person.part("problems")).to_have_count(0)


def test_undo_is_for_the_last_thing_and_for_where_it_was_done(person, in_list):
    person.ticks(0)
    person.has_ticked(1)
    person.clicks("do_approve")
    person.clicks("confirm_yes")
    expect(person.button("undo")).to_be_visible()
    person.ticks(1)
    person.has_ticked(1)
    person.clicks("do_snapshot")
    person.clicks("confirm_yes")
    person.is_told(person.t("done.snapshot", count=1))
    expect(person.part("undo")).to_have_count(0)

    person.ticks(2)
    person.has_ticked(1)
    person.clicks("do_approve")
    person.clicks("confirm_yes")
    expect(person.button("undo")).to_be_visible()
    person.follows("/recommendations")

    expect(person.part("undo")).to_have_count(0)


def test_a_video_that_is_deleted_on_its_own_page_leads_back_to_the_list(person, site):
    made = site.catalogue.add("自己的页面")
    person.goes_to("/video", videoId=made.video_id)

    person.clicks("do_delete")
    person.clicks("confirm_yes")

    person.is_at("^/videos")
    person.is_told(person.t("done.delete", count=1))
    person.clicks("undo")
    person.is_told(person.t("undone.delete", count=1))
    assert site.ask("getVideoById", videoId=made.video_id)["title"] == "自己的页面"


def test_what_is_in_the_trash_is_deleted_for_good_once_it_is_confirmed(person, site, three, language):
    word, _ = three
    for video in site.ask("getVideos", title=word)["videoList"]:
        site.ask("deleteVideoById", videoId=video["videoId"], userId=video["user"]["userId"])
    person.goes_to("/trash", t_title=word)
    expect(in_trash(person)).to_have_count(3)
    shown = in_trash(person).all_inner_texts()
    person.ticks(1)

    person.clicks("t_purge")
    expect(person.dialog).to_contain_text(shown[1])
    expect(person.dialog).to_contain_text(person.t("follows.purge"))
    expect(person.button("confirm_yes")).to_have_css("background-color", "rgb(192, 40, 60)")
    expect(person.button("confirm_yes")).to_have_text(re.compile(person.t("trash.purge")))
    person.clicks("confirm_yes")

    person.is_told(person.t("done.purge", count=1))
    expect(in_trash(person)).to_have_text([shown[0], shown[2]])
    person.has_ticked(0)
    person.field("t_title").fill("没有这样的")
    expect(person.alert).to_contain_text(person.t("filter.none"))


def test_an_admin_walks(person, site, make_clip):
    """Through accounts, API tokens, the history, the trash, and back to a video that plays."""
    video = site.ask("uploadVideo", file=make_clip("散步.mp4", seconds=1))
    site.wait_for_jobs(video["videoId"])
    name, token = f"同事-{next(NUMBERS)}", f"脚本-{next(NUMBERS)}"
    person.goes_to("/accounts")
    person.clicks("account_add")
    person.field("account_name").fill(name)
    person.field("account_name").blur()  # Enter may confirm already
    person.clicks("account_do")
    person.is_told(person.t("done.account_added", name=name))
    person.clicks("account_seen")
    person.clicks("person_menu")
    person.picks(person.t("profile.title"))
    person.clicks("token_new")
    person.field("token_name").fill(token)
    person.field("token_name").press("Tab")
    person.clicks("token_do")
    person.clicks("token_seen")
    person.goes_to("/video", videoId=video["videoId"])
    person.clicks("do_delete")
    person.clicks("confirm_yes")
    person.is_at("^/videos")

    person.follows("/history")
    told = person.part("h_table").locator('tbody td[data-column="2"]')
    expect(told.first).to_have_text(person.t("did.deleteVideoById"))
    expect(told.filter(has_text=person.t("did.addAccount")).first).to_be_attached()
    expect(told.filter(has_text=person.t("did.createToken")).first).to_be_attached()
    person.follows("/trash")
    person.field("t_title").fill(video["title"])
    expect(in_trash(person)).to_have_text([video["title"]])
    person.ticks(0)
    person.clicks("t_restore")

    person.is_told(person.t("undone.delete", count=1))
    person.goes_to("/video", videoId=video["videoId"])
    player = person.page.locator("video")
    player.evaluate("video => { video.muted = true; return video.play(); }")
    person.waits_until(player, "video => video.currentTime > 0.1")
