"""The page of one video: watching it, judging it, and putting its words right."""

import re

import pytest
from playwright.sync_api import expect

from backend.model import FileKind, MediaFile
from tests.browser.looks import SMALL
from tests.waiting import until

pytestmark = pytest.mark.slow

LOADED = "pictures => pictures.length > 0 && pictures.every(picture => picture.complete && picture.naturalWidth > 0)"


def test_a_video_plays_and_its_pictures_are_there(person, clip):
    person.goes_to("/video", videoId=clip["videoId"])
    video = person.page.locator("video")
    expect(video).to_be_visible()

    video.evaluate("video => { video.muted = true; return video.play(); }")

    person.waits_until(
        video, "video => video.currentTime > 0.3 && video.getVideoPlaybackQuality().totalVideoFrames > 3"
    )
    poster = person.page.request.get(person.url + video.get_attribute("poster"))
    assert (poster.status, poster.headers["content-type"]) == (200, "image/jpeg")
    person.clicks_on(person.page.get_by_text(person.t("watch.snapshots", count=len(clip["snapshotList"]))))
    snapshots = person.page.locator("a > img")
    expect(snapshots).to_have_count(len(clip["snapshotList"]))
    snapshots.first.scroll_into_view_if_needed()
    person.page.wait_for_function(f"() => ({LOADED})([...document.querySelectorAll('a > img')])")


def test_a_browser_is_offered_narrow_band_first_and_the_best_of_a_ladder(person, site):
    ladder = [("common", 0, 1080), ("common", 1, 720), ("narrow", 0, 1080), ("narrow", 1, 720)]
    files = tuple(
        MediaFile(FileKind(kind), f"{kind}-{side}.mp4", 1000 * side, side * 16 // 9, side, position=position)
        for kind, position, side in ladder
    )
    video = site.catalogue.add("有四个版本的视频", files=files)
    person.page.route("**/media/**", lambda route: route.fulfill(status=200, body=""))

    person.goes_to("/video", videoId=video.video_id)

    sources = person.page.locator("video > source")
    expect(sources).to_have_count(4)
    offered = sources.evaluate_all("sources => sources.map(source => source.src.split('/').pop())")
    assert offered == ["narrow-1080.mp4", "narrow-720.mp4", "common-1080.mp4", "common-720.mp4"]


@pytest.mark.parametrize("language", ["en"])
def test_a_key_asks_for_approval_and_the_history_keeps_it(person, site):
    video = site.catalogue.add("等一句话的视频")
    person.goes_to("/video", videoId=video.video_id)
    expect(person.button("do_recommend")).to_be_visible()

    person.presses("a", person.dialog)

    expect(person.dialog).to_contain_text(person.t("confirm_one.approve"))
    expect(person.dialog).to_contain_text("等一句话的视频")
    person.clicks("confirm_yes")
    person.is_told(person.t("done.approve", count=1))
    expect(person.dialog).to_be_hidden()
    line = person.page.get_by_role("row").filter(has_text="admin")
    expect(line).to_contain_text(person.t("did.createAudit"))
    expect(line).to_contain_text(person.t("censor.success"))


def test_a_letter_typed_into_a_field_asks_for_nothing(person, site):
    video = site.catalogue.add("不要动")
    person.goes_to("/video", videoId=video.video_id)
    person.clicks("edit_open")

    title = person.dialog.get_by_label(person.t("column.title"), exact=True)
    title.press("End")
    title.press_sequentially("ab")

    expect(title).to_have_value("不要动ab")
    expect(person.dialog).to_have_count(1)
    expect(person.part("confirm_yes")).to_be_hidden()


def test_addresses_that_people_write_are_shown_as_they_are_and_lead_nowhere(person, site):
    words = "看 https://evil.example/x?a=b www.evil.example me@evil.example :smile: a -> b"
    video = site.catalogue.add(
        words, description=f"说明 {words}", tags="www.evil.example", cate_name="http://evil.example"
    )
    site.ask("createAudit", mediaId=video.video_id, status="Blocked", reason=words)

    person.goes_to("/video", videoId=video.video_id)

    expect(person.part("page_head")).to_contain_text(words)
    expect(person.page.get_by_text(f"说明 {words}")).to_be_visible()
    expect(person.page.get_by_role("row").filter(has_text=person.t("did.createAudit"))).to_contain_text(words)
    expect(person.page.locator('a[href*="evil"]')).to_have_count(0)
    person.clicks("do_delete")
    expect(person.dialog).to_contain_text(words)
    expect(person.page.locator('a[href*="evil"]')).to_have_count(0)


def test_an_edit_empties_the_description_picks_a_category_and_takes_tags_as_they_are_typed(person, site):
    site.catalogue.add("早就分好类", cate_id=77, cate_name="城市漫步")
    video = site.catalogue.add("要清空的", description="旧的说明", cate_id=78, cate_name="山野")
    person.goes_to("/video", videoId=video.video_id)

    person.clicks("edit_open")
    person.dialog.get_by_label(person.t("video.description")).fill("")
    person.field("edit_tags").fill("山，水； city walk,")
    person.clicks_on(person.field("edit_category"))
    person.picks("城市漫步")
    person.clicks("edit_save")

    person.is_told(person.t("done.edit"))
    expect(person.page.get_by_text("旧的说明")).to_have_count(0)
    expect(person.page.get_by_role("cell", name="城市漫步", exact=True)).to_be_visible()
    now = site.ask("getVideoById", videoId=video.video_id)
    assert (now["description"], now["cateId"], now["cateName"]) == ("", 77, "城市漫步")
    assert (now["title"], now["tags"]) == ("要清空的", "山,水,city walk")
    person.clicks("edit_open")
    expect(person.field("edit_category")).to_have_value("城市漫步")


def test_a_long_title_is_cut_and_read_whole_in_its_tooltip(person, site):
    long = "一整年的雨 " * 30
    video = site.catalogue.add(long.strip())
    person.goes_to("/video", videoId=video.video_id)
    title = person.part("page_head").get_by_role("heading")

    def comes_over():
        person.page.mouse.move(0, 0)
        title.hover()
        return title.get_attribute("title")

    assert until(comes_over, "a tooltip") == long.strip()
    assert title.bounding_box()["height"] < 80
    third = title.evaluate("""heading => {
        const tops = [...heading.querySelector("span").getClientRects()].map(line => line.top);
        return [...new Set(tops)][2] - heading.getBoundingClientRect().bottom;
    }""")
    assert third > -2  # pixels of the third line inside of the heading, where its tops would show


@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_comes_to_a_video_that_is_gone_still_has_a_title_and_the_own_menu(person, language):
    person.goes_to("/video", videoId="gone")
    expect(person.alert).to_contain_text(person.t("video.gone"))
    expect(person.part("page_head")).to_contain_text(person.t("video.title"))
    person.goes_to("/video")
    expect(person.alert).to_contain_text(person.t("video.choose"))

    person.clicks("person_menu")
    person.picks(person.t("profile.title"))

    person.is_at("^/profile")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_phone_a_verdict_is_in_sight_and_large_enough_for_a_finger(person, clip):
    person.page.set_viewport_size({"width": 390, "height": 844})
    person.goes_to("/video", videoId=clip["videoId"])
    person.is_idle()

    for act in ("approve", "block"):
        expect(person.button(f"do_{act}")).to_be_in_viewport(ratio=1)
    person.page.wait_for_function(f"() => !({SMALL})().length")
    assert person.part("watch").locator(".choose").bounding_box()["height"] >= 44


def test_an_edit_changes_the_title(person, site):
    video = site.catalogue.add("旧标题", description="说明 <b>粗</b>")
    person.goes_to("/video", videoId=video.video_id)

    person.clicks("edit_open")
    person.dialog.get_by_label(person.t("column.title"), exact=True).fill("新标题 *不是斜体*")
    person.clicks("edit_save")

    person.is_told(person.t("done.edit"))
    expect(person.part("page_head")).to_contain_text("新标题 *不是斜体*")
    expect(person.page.get_by_text("说明 <b>粗</b>")).to_be_visible()
    person.goes_to("/videos", v_title="新标题")
    person.sees("新标题 *不是斜体*")


@pytest.fixture
def queue(site):
    """Three videos that wait for review, in the order in which they are shown one after the other."""
    files = (MediaFile(FileKind.SNAPSHOT, "snapshot-1.jpg"), MediaFile(FileKind.COMMON, "a.mp4", 1, 320, 180))
    videos = [
        site.catalogue.add(f"排队 {age}", age=-1000 - age, description="同样的说明", duration=8, files=files)
        for age in (3, 2, 1)
    ]
    yield videos
    for video in videos:
        site.ask("deleteVideoById", videoId=video.video_id, userId=video.user.user_id)


def goes_on(person, video):
    """Go on to the next video that waits, and wait until it is shown."""
    person.clicks("next")
    expect(person.part("page_head")).to_contain_text(video.title)
    person.is_idle()


def test_after_next_every_act_is_on_the_video_that_is_seen(person, queue):
    first, second, third = queue
    person.page.route("**/media/**", lambda route: route.fulfill(status=200, body=""))
    person.goes_to("/video", videoId=first.video_id)

    goes_on(person, second)

    person.is_at(f"videoId={second.video_id}$")
    person.presses("a", person.dialog)
    expect(person.dialog).to_contain_text(second.title)
    expect(person.part("page_head")).to_contain_text(second.title)
    person.clicks("confirm_no")
    person.clicks("edit_open")
    expect(person.dialog.get_by_label(person.t("column.title"), exact=True)).to_have_value(second.title)
    person.page.keyboard.press("Escape")
    expect(person.dialog).to_be_hidden()
    goes_on(person, third)
    film = person.part("watch").locator(".film i").first
    expect(film).to_have_css("background-image", re.compile(third.video_id))
    expect(person.part("watch").locator("source")).to_have_attribute("src", re.compile(third.video_id))
    person.page.reload()
    expect(person.part("page_head")).to_contain_text(third.title)
    person.page.go_back()
    expect(person.part("page_head")).to_contain_text(second.title)
    person.clicks("do_block")
    expect(person.dialog).to_contain_text(second.title)


def test_skipping_comes_by_every_video_that_waits_before_one_a_second_time(person, queue):
    person.page.route("**/media/**", lambda route: route.fulfill(status=200, body=""))
    person.goes_to("/video", videoId=queue[0].video_id)

    goes_on(person, queue[1])
    goes_on(person, queue[2])


def test_a_video_that_is_not_there_is_said_to_be_gone(person):
    person.page.goto(f"{person.url}/video?videoId=no-such-video")

    expect(person.alert).to_contain_text(person.t("video.gone"))


def test_a_title_that_is_too_long_is_refused_and_not_left_out(person, site):
    video = site.catalogue.add("原来的标题")
    person.goes_to("/video", videoId=video.video_id)
    person.clicks("edit_open")

    person.dialog.get_by_role("textbox").first.fill("长" * 302)
    person.clicks_on(person.dialog.locator("[class*=st-key-edit_save] button"))

    expect(person.dialog).to_contain_text("302")
    assert site.ask("getVideoById", videoId=video.video_id)["title"] == "原来的标题"
