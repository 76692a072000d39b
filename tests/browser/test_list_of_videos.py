"""The list of videos: finding some, ticking them, and doing one thing to all of them."""

import csv
import io
import json
import re

import pytest
from playwright.sync_api import expect

from backend.model import CensorStatus, VideoStatus

CENSOR, RECOMMENDED, TRANSCODE = 4, 5, 6  # columns of the grid
MAX_REASON = "画面" * 21 + "ab"  # 128 bytes


@pytest.fixture
def two(site, request):
    """Two passed and recommended videos of this test alone, the newest first, and the word in their titles."""
    word = f"词{abs(hash(request.node.nodeid)) % 10**8:08}"
    site.catalogue.add(f"海风 {word}", age=1, recommended=True)
    site.catalogue.add(f"Sea wind *{word}*", recommended=True)
    return word, [f"Sea wind *{word}*", f"海风 {word}"]


@pytest.fixture
def titles(person, two):
    """The titles of the two, in front of the person."""
    word, titles = two
    person.goes_to("/videos", v_title=word)
    person.sees(*titles)
    return titles


# Finding


def test_two_characters_are_found_while_they_are_typed(person, site):
    site.catalogue.add("雨后的竹林小路")
    person.goes_to("/videos")

    person.field("v_title").press_sequentially("竹林")

    person.sees("雨后的竹林小路")
    person.is_at("^/videos\\?v_title=竹林$")


@pytest.mark.parametrize("state", [VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL])
def test_what_is_not_uploaded_says_so_and_nothing_of_a_review(person, site, state):
    title = f"还没传完 {state}"
    video = site.catalogue.add(title, censor_status=CensorStatus.ON_CENSOR, status=state)
    said = person.t(f"status.{state}")

    person.goes_to("/videos", v_title=title)
    person.sees(title)
    expect(person.column(TRANSCODE)).to_have_text([said])
    expect(person.column(CENSOR)).to_have_text([""])

    person.goes_to("/video", videoId=video.video_id)
    expect(person.page.get_by_test_id("stMarkdown").filter(has_text=said).first).to_be_visible()
    expect(person.page.get_by_text(person.t("censor.onCensor"))).to_have_count(0)


def test_what_is_found_is_in_the_address_and_comes_back_in_either_language(site, person, member):
    site.catalogue.add("沙漠公路 一", censor_status=CensorStatus.SUCCESS)
    site.catalogue.add("沙漠公路 二")
    person.goes_to("/videos", v_title="沙漠")
    person.sees("沙漠公路 二", "沙漠公路 一")

    person.clicks_on(person.part("v_status").get_by_text(person.t("censor.check")))

    person.sees("沙漠公路 二")
    person.is_at("v_status=check")
    person.page.reload()
    person.sees("沙漠公路 二")
    expect(person.field("v_title")).to_have_value("沙漠")
    reader = member(site.server, reads="en")
    reader.page.goto(person.page.evaluate("location.href"))
    reader.sees("沙漠公路 二")
    chosen = reader.part("v_status").get_by_role("radio", checked=True)
    expect(chosen).to_have_text(reader.t("censor.check"))
    expect(reader.column(CENSOR)).to_have_text([reader.t("censor.check")])


def test_the_page_and_its_size_are_in_the_address(person, seeded):
    cats = [title for title in seeded if title.startswith("Cats")]
    person.goes_to("/videos", v_title="cats of")
    person.sees(*cats)

    person.clicks_on(person.part("v_page_size").locator("input"))
    person.picks(person.t("common.per_page", count=10))
    person.sees(*cats[:10])
    person.turns_to("v_page", 2)

    person.sees(*cats[10:])
    person.is_at("v_page=2")
    person.is_at("v_page_size=10")
    person.page.reload()
    person.sees(*cats[10:])
    person.field("v_title").fill("cats of the hills 1")
    person.sees("Cats of the hills 1", *cats[9:])
    person.clicks("v_clear")
    person.is_at("^/videos\\?v_page_size=10$")


def test_a_title_leads_to_its_video_and_back_leads_to_the_list(person):
    person.goes_to("/videos", v_title="山里的猫 第 3")
    person.sees("山里的猫 第 3 集")

    person.opens_row(0)

    expect(person.part("page_head")).to_contain_text("山里的猫 第 3 集")
    person.page.go_back()
    person.is_at("^/videos\\?v_title=山里的猫 第 3$")
    person.sees("山里的猫 第 3 集")
    expect(person.field("v_title")).to_have_value("山里的猫 第 3")
    person.page.go_forward()
    expect(person.part("page_head")).to_contain_text("山里的猫 第 3 集")


def test_the_link_back_from_a_video_leads_to_what_was_found(person):
    person.goes_to("/videos", v_title="山里的猫 第 3", v_page_size="50")
    person.sees("山里的猫 第 3 集")
    person.opens_row(0)
    expect(person.part("page_head")).to_contain_text("山里的猫 第 3 集")

    person.clicks_on(person.page.get_by_text(person.t("video.back")))

    person.sees("山里的猫 第 3 集")
    person.is_at("v_page_size=50")
    expect(person.field("v_title")).to_have_value("山里的猫 第 3")


# Acting


def test_several_are_blocked_with_one_reason(person, two, titles):
    word, _ = two
    person.ticks(0, 1)

    person.clicks("do_block")

    for title in titles:
        expect(person.dialog).to_contain_text(title)
    expect(person.button("confirm_yes")).to_be_disabled()
    person.field("block_reason").fill("画面含有违规内容")
    person.clicks("confirm_yes")
    person.is_told(person.t("done.block", count=2))
    person.has_ticked(0)
    expect(person.column(CENSOR)).to_have_text([person.t("censor.fail")] * 2)
    expect(person.column(RECOMMENDED)).to_have_text(["", ""])
    person.goes_to("/recommendations", r_title=word)
    expect(person.alert).to_contain_text(person.t("filter.none"))
    expect(person.alert).to_contain_text(person.t("filter.none_in_titles"))


def test_a_reason_that_is_too_long_cannot_be_sent(person, titles):
    person.ticks(1)
    person.clicks("do_block")

    person.field("block_reason").fill(MAX_REASON + "c")

    expect(person.dialog).to_contain_text(person.t("block.too_long", used=129, most=128))
    expect(person.button("confirm_yes")).to_be_disabled()
    person.field("block_reason").fill(MAX_REASON)
    expect(person.dialog).to_contain_text(person.t("block.bytes", used=128, most=128))
    expect(person.button("confirm_yes")).to_be_enabled()
    person.clicks("confirm_no")
    expect(person.dialog).to_be_hidden()


def test_the_menu_of_a_row_acts_on_that_row(person, titles):
    person.opens_menu_of(1)
    person.picks(person.t("action.unrecommend"))

    expect(person.dialog).to_contain_text(titles[1])
    expect(person.dialog).not_to_contain_text(titles[0])
    person.clicks("confirm_yes")
    person.is_told(person.t("done.unrecommend", count=1))
    expect(person.column(RECOMMENDED)).to_have_text([person.t("status.isRecommend"), ""])


def test_what_was_refused_is_named_with_its_reason(person, site, language):
    word = f"灯塔 {language}"
    passed = site.catalogue.add(f"{word} A", censor_status=CensorStatus.SUCCESS)
    waiting = site.catalogue.add(f"{word} B")
    person.goes_to("/videos", v_title=word)
    person.sees(waiting.title, passed.title)
    person.ticks(0, 1)

    person.clicks("do_recommend")
    expect(person.dialog).to_contain_text(f"{waiting.title}: {person.t('not.unapproved')}")
    person.clicks("confirm_yes")

    person.is_told(person.t("done.recommend", count=1))
    expect(person.dialog).to_be_hidden()
    expect(person.column(RECOMMENDED)).to_have_text(["", person.t("status.isRecommend")])


def test_a_deleted_video_is_gone_from_the_list(person, titles):
    person.ticks(0)

    person.clicks("do_delete")
    expect(person.dialog).to_contain_text(titles[0])
    person.clicks("confirm_yes")

    person.is_told(person.t("done.delete", count=1))
    person.sees(titles[1])
    person.has_ticked(0)


# Taking away


def test_the_export_holds_what_is_found(person, titles):
    with person.page.expect_download() as download:
        person.clicks("export")

    assert re.fullmatch(r"videos-\d{8}-\d{6}_Asia-Shanghai_2-rows_title=\w+\.csv", download.value.suggested_filename)
    raw = download.value.path().read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(raw.decode("utf-8-sig")))
    assert [row[head.index("title")] for row in rows] == titles
    person.sees(*titles)


@pytest.mark.slow
def test_format_and_columns_of_an_export_can_be_chosen(person, titles):
    person.clicks("export_more")
    person.clicks_on(person.part("v_export_format").get_by_text("JSON Lines"))
    expect(person.page.get_by_text(person.t("export.about_jsonl"))).to_be_visible()
    for name in ("title", "userName"):
        person.field("v_export_columns").fill(name)
        person.clicks_on(person.page.locator('[role="option"]').filter(has_text=re.compile(f"^{name}$")))
    person.clicks_on(
        person.page.get_by_text(person.t("export.format"), exact=True)
    )  # closes the list that covers the button
    with person.page.expect_download() as download:
        person.clicks("export_do")
    expect(person.part("export_do")).to_be_hidden()

    assert download.value.suggested_filename.endswith(".jsonl")
    lines = [json.loads(line) for line in download.value.path().read_bytes().splitlines()]
    assert [line["title"] for line in lines] == titles
    assert {tuple(line) for line in lines} == {("title", "userName")}


def test_the_recommended_feed_is_exported_as_well(person):
    person.goes_to("/recommendations", r_view="list")

    with person.page.expect_download() as download:
        person.clicks("export")

    assert download.value.suggested_filename.startswith("recommended-")
