"""The dialog for uploads: what is a video comes in, what is none is refused with a reason."""

from contextlib import suppress

import pytest
from playwright.sync_api import expect

from backend.errors import MediaError
from backend.i18n.messages import say
from backend.media.probe import UNREADABLE
from tests.waiting import until

SENT = "**/vod/uploadVideo?ticket=*"


def test_a_video_comes_in_and_what_is_none_is_refused(person, make_clip, site, language):
    title = f"雪夜列车 {language}"
    real, other = make_clip(f"{title}.mp4", seconds=1), site.clips / f"{language} 不是视频.mp4"
    other.write_bytes(b"this is a text, whatever its name says\n" * 100)
    person.goes_to("/videos")
    person.clicks("upload")
    expect(person.dialog).to_contain_text(person.t("upload.hint"))
    with person.hears("snow,train,night"):
        person.field("upload_tags").fill("snow，train； night")  # as Chinese keyboards type them

    person.dialog.locator('input[type="file"]').set_input_files([real, other])

    sent = person.dialog.get_by_role("listitem")
    expect(sent).to_have_count(2)
    expect(sent.nth(0)).to_contain_text(person.t("upload.done"))
    expect(sent.nth(1)).to_contain_text(say(MediaError(UNREADABLE), language))
    for file, line in zip((real, other), sent.all(), strict=True):  # the reason leaves room for the name
        expect(line.get_by_text(file.name)).to_be_visible()
    person.page.keyboard.press("Escape")
    person.is_told(person.t("done.upload", count=1))
    person.field("v_title").fill(title)
    person.sees(title)
    assert site.ask("getVideos", title=title)["videoList"][0]["tags"] == "snow,train,night"


def test_the_dialog_closes_when_everything_came_in(person, make_clip):
    clip = make_clip("一次就好.mp4", seconds=1)
    person.goes_to("/videos")
    person.clicks("upload")

    person.dialog.locator('input[type="file"]').set_input_files(clip)

    person.is_told(person.t("done.upload", count=1))
    expect(person.dialog).to_be_hidden()
    expect(person.column(2).first).to_have_text("一次就好")
    person.is_idle()
    for _ in range(3):  # a click that meets the run which closes the dialog may get lost
        person.clicks("upload")
        with suppress(AssertionError):
            expect(person.dialog).to_contain_text(person.t("upload.hint"), timeout=20_000)
            break
    expect(person.dialog).to_contain_text(person.t("upload.hint"))
    person.is_idle()
    expect(person.dialog.get_by_role("listitem")).to_have_count(0)
    person.dialog.locator('input[type="file"]').set_input_files(clip)
    expect(person.dialog).to_be_hidden()
    person.is_told(person.t("done.same_file", title="一次就好"))


@pytest.fixture
def dialog(person, request):
    """The dialog for uploads; who will go back came from another page."""
    if "back" in request.keywords:
        person.goes_to("/")
        person.follows("/videos")
    else:
        person.goes_to("/videos")
    person.clicks("upload")
    expect(person.dialog).to_contain_text(person.t("upload.hint"))
    return person.dialog


@pytest.fixture
def stuck(person):
    """Files that are sent get nowhere, until they are let on their way."""
    held = []
    person.page.route(SENT, lambda route: held.append(route))
    return held


def chooses(person, *files):
    person.dialog.locator('input[type="file"]').set_input_files(files)


@pytest.mark.slow
def test_after_a_bad_file_the_next_choice_works_and_so_does_the_same_one_again(person, site, make_clip, dialog):
    bad = site.clips / "是一封信.mp4"
    bad.write_bytes(b"dear all\n" * 100)
    files = dialog.get_by_role("listitem")

    chooses(person, bad)
    expect(files.nth(0)).to_contain_text(say(MediaError(UNREADABLE), "zh"))
    chooses(person, bad)
    expect(files.nth(1)).to_contain_text(say(MediaError(UNREADABLE), "zh"))
    chooses(person, make_clip("坏文件之后.mp4", seconds=1))

    person.is_told(person.t("done.upload", count=1))
    expect(dialog).to_be_hidden()
    assert site.ask("getVideos", title="坏文件之后")["total"] == 1


def test_what_was_taken_in_shows_in_the_list_while_the_next_is_still_on_its_way(person, make_clip, dialog):
    first, second = make_clip("先到的.mp4", seconds=1), make_clip("后到的.mp4", seconds=1)
    held = []

    def send(route):
        is_second = second.name.encode() in (route.request.post_data_buffer or b"")
        held.append(route) if is_second else route.continue_()

    person.page.route(SENT, send)

    chooses(person, first, second)

    expect(dialog.get_by_role("listitem").nth(0)).to_contain_text(person.t("upload.done"))
    expect(person.column(2).first).to_have_text("先到的")
    expect(dialog).to_be_visible()
    until(lambda: person.page.wait_for_timeout(10) or held, "the second is being sent")
    held.pop().continue_()
    person.is_told(person.t("done.upload", count=2))
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize(
    "way", ["escape", *(pytest.param(one, marks=pytest.mark.slow) for one in ("close", "outside", "back"))]
)
def test_leaving_while_a_file_is_sent_asks_and_stays_or_cancels(person, site, make_clip, dialog, stuck, way):
    ways = {
        "escape": lambda: person.page.keyboard.press("Escape"),
        "close": lambda: dialog.locator("> button").click(),
        "outside": lambda: person.page.mouse.click(5, 500),
        "back": lambda: person.page.evaluate("history.back()"),  # after a click, as people do
    }
    title = f"走到一半 {way}"
    chooses(person, make_clip(f"{title}.mp4", seconds=1))
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    question = dialog.get_by_role("alertdialog")
    expect(question).to_be_hidden()

    ways[way]()
    expect(question).to_contain_text(person.t("upload.leave_ask"))
    question.get_by_role("button", name=person.t("upload.stay")).click()
    expect(question).to_be_hidden()
    expect(dialog).to_be_visible()
    ways[way]()
    question.get_by_role("button", name=person.t("upload.leave")).click()

    expect(dialog).to_be_hidden()
    person.is_at("^/videos")
    assert site.ask("getVideos", title=title)["total"] == 0


@pytest.mark.slow
def test_closing_the_tab_while_a_file_is_sent_asks(person, make_clip, dialog, stuck):
    chooses(person, make_clip("关掉标签页.mp4", seconds=1))
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    asked = []
    person.page.on("dialog", lambda question: (asked.append(question.type), question.dismiss()))
    person.page.mouse.click(*(part + 1 for part in list(dialog.bounding_box().values())[:2]))

    with person.page.expect_event("dialog"):
        person.page.close(run_before_unload=True)

    expect(dialog).to_be_visible()
    assert asked == ["beforeunload"]
    person.page.close()


def test_a_file_that_waits_or_is_sent_can_be_cancelled(person, site, make_clip, dialog, stuck):
    titles = ("不要了 一", "不要了 二", "还是要")
    chooses(person, *(make_clip(f"{title}.mp4", seconds=1) for title in titles))
    files = dialog.get_by_role("listitem")
    until(lambda: person.page.wait_for_timeout(10) or len(stuck) == 1, "the first is being sent")

    dialog.get_by_role("button", name=f"{person.t('upload.cancel')}: {titles[1]}.mp4").click()
    with person.page.expect_request(SENT):
        dialog.get_by_role("button", name=f"{person.t('upload.cancel')}: {titles[0]}.mp4").click()

    expect(files.nth(0)).to_contain_text(person.t("upload.cancelled"))
    expect(files.nth(1)).to_contain_text(person.t("upload.cancelled"))
    until(lambda: person.page.wait_for_timeout(10) or len(stuck) == 2, "the third is being sent")
    stuck[-1].continue_()
    expect(files.nth(2)).to_contain_text(person.t("upload.done"))
    assert [video["title"] for video in site.ask("getVideos", title="不要了")["videoList"]] == []


@pytest.mark.slow
def test_a_category_is_picked_among_those_there_are(person, site, make_clip, language):
    kind = f"纪录片 {language}"
    site.catalogue.add(f"有分类的 {language}", cate_id=900 + len(language), cate_name=kind)
    person.goes_to("/videos")
    person.clicks("upload")
    person.clicks_on(person.field("upload_category"))
    person.picks(kind)
    person.is_idle()

    title = f"分好类的 {language}"
    chooses(person, make_clip(f"{title}.mp4", seconds=1))

    person.is_told(person.t("done.upload", count=1))
    (video,) = site.ask("getVideos", title=title)["videoList"]
    assert (video["cateName"], video["cateId"]) == (kind, 900 + len(language))


@pytest.fixture
def address(site, make_clip, http):
    """The address of a video that plays, which a console may fetch: one of its own files."""
    (link,) = site.ask("createUploadLinks")
    with make_clip("源.mp4", seconds=1).open("rb") as file:
        made = http.post(link["url"], files={"file": file}).json()["data"]
    until(lambda: site.ask("getVideoById", videoId=made["videoId"])["fileUrlList"], "it was transcoded", 60)
    return site.ask("getVideoById", videoId=made["videoId"])["fileUrlList"][0]


def test_videos_are_fetched_from_pasted_addresses_and_tell_how_they_end(person, site, address):
    person.page.set_viewport_size({"width": 390, "height": 900})
    title = "拉取"
    person.goes_to("/videos")
    person.clicks("upload")
    with person.hears("fetched"):
        person.field("upload_tags").fill("fetched")
    person.clicks_on(person.dialog.get_by_text(person.t("upload.by_address")))
    field = person.dialog.get_by_role("textbox", name=person.t("upload.addresses"))

    field.fill("file:///etc/passwd")
    field.blur()
    person.clicks("upload_fetch")
    expect(person.dialog.get_by_role("alert")).to_contain_text("file:///etc/passwd")
    expect(field).to_have_value("file:///etc/passwd")

    field.fill(f"{address} {title}\n{address}.nothing.mp4 {title} 失败")
    field.blur()
    person.clicks("upload_fetch")
    expect(field).to_have_value("")
    expect(person.dialog.get_by_role("link", name=title)).to_contain_text(person.t("upload.fetched"))
    expect(person.dialog.get_by_role("alert")).to_contain_text("HTTP 404")

    (video,) = site.ask("getVideos", title=title)["videoList"]
    assert (video["tags"], video["censorStatus"]) == ("fetched", "check")
    person.page.keyboard.press("Escape")
    person.is_told(person.t("done.pull", count=2))
