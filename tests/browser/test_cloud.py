"""Cloud mode in the browser: a video's whole way on an account at Alibaba, and what differs from it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from backend.media.ffmpeg import Ffmpeg
from tests.browser.films import FAR, expects_dead_addresses, lunch, plays_on
from tests.browser.server import cloud_environ
from tests.cloud.alibaba.server import Server as AlibabaServer
from tests.waiting import until

ENOUGH_TO_PLAY = 2
CALLBACK = "/vodcallback/callback"
MP4 = re.compile(r"\.mp4")
FAR_ALONG = "310"  # of a slider of 1,000 over the long film
KEY = "Abcdefgh12345678"


@pytest.fixture(scope="module")
def alibaba():
    with AlibabaServer() as server:
        server.lives()
        yield server.alibaba


@pytest.fixture(scope="module")
def cloud_server(alibaba, new_server):
    """A server in cloud mode, which VOD tells of everything."""
    place = urlsplit(alibaba.url).netloc
    server = new_server()
    server.settings = {**cloud_environ(server.url, place, KEY), "QU_PREWARM_PLAN": "off"}  # what is sent is counted
    events = alibaba.vod.events
    events.url = events.address = server.url + CALLBACK
    events.key = KEY
    with server:
        yield server


@pytest.fixture
def operator(cloud_server, alibaba, member):
    """Somebody who is signed in to the console in cloud mode."""
    return member(cloud_server, hosts=[urlsplit(alibaba.url).netloc])


@pytest.mark.slow
def test_a_video_goes_the_whole_way(operator, alibaba, cloud_server, make_clip):
    person, title = operator, "云上的猫"
    clip = make_clip(f"{title}.mp4", seconds=1)
    person.goes_to("/videos")
    person.clicks("upload")
    person.dialog.locator('input[type="file"]').set_input_files(clip)
    person.is_told(person.t("done.upload", count=1))
    video_id = next(iter(alibaba.vod.videos))
    until(lambda: cloud_server.ask("getVideos", videoId=video_id)["videoList"][0]["snapshotStatus"] == "success")

    person.goes_to("/video", videoId=video_id)
    expect(person.page.locator("a > img")).to_have_count(8)
    film = person.page.locator("video")
    expect(film).to_be_visible()
    person.waits_until(film, f"film => film.readyState >= {ENOUGH_TO_PLAY}")
    confirm(person, "approve")
    expect(person.page.get_by_test_id("stMarkdown").filter(has_text=person.t("status.success")).first).to_be_visible()
    until(lambda: alibaba.vod.videos[video_id]["Status"] == "Normal")
    until(lambda: sum(stream["JobId"] != "" for stream in alibaba.vod.videos[video_id]["streams"]) == 2)
    person.goes_to("/video", videoId=video_id)
    expect(person.page.get_by_role("table").first).to_be_visible()
    expect(person.button("do_recommend")).to_be_enabled()
    confirm(person, "recommend")
    expect(person.button("do_unrecommend")).to_be_visible()
    until(lambda: alibaba.prefetching.tasks)

    person.goes_to("/prewarm")
    expect(person.page.get_by_text(person.t("prewarm.quota", left=997, total=1000, sent=3))).to_be_visible()
    newest = person.part("batches").get_by_test_id("stExpander").first
    expect(newest).to_contain_text(person.t("prewarm.all_warm", count=3))
    assert alibaba.count("SubmitTranscodeJobs") == 1
    assert alibaba.oss.objects[alibaba.vod.videos[video_id]["file"]] == clip.read_bytes()


@pytest.mark.parametrize("language", ["en"])
def test_what_alibaba_refuses_is_said_with_its_code(operator, alibaba, cloud_server):
    video_id = there_and_here(alibaba, cloud_server, "Refused by RAM")
    alibaba.denied.add("CreateAudit")
    operator.goes_to("/video", videoId=video_id)

    confirm(operator, "approve", well=False)

    problem = operator.part("refused")
    expect(problem).to_contain_text("RAM policy")
    expect(problem).to_contain_text("Forbidden.RAM")
    alibaba.denied.clear()


@pytest.mark.parametrize("language", ["en"])
def test_a_difference_is_settled_by_a_click(operator, alibaba, cloud_server):
    video_id = there_and_here(alibaba, cloud_server, "Named here")
    alibaba.vod.videos[video_id]["Title"] = "Named at VOD"
    alibaba.vod.tell("SnapshotComplete", VideoId=video_id)
    until(lambda: cloud_server.ask("getDrift", what="title")["total"] == 1)

    operator.goes_to("/")
    operator.follows("/differences")
    operator.clicks_on(operator.part("d_what").get_by_text(operator.t("difference.title"), exact=True))
    operator.is_idle()
    expect(operator.column(4)).to_have_text(["Named at VOD"])
    operator.page.get_by_test_id("stDataFrame").click(position={"x": 15, "y": 34 + 19})
    operator.clicks("use_there")

    operator.is_told(operator.t("done.mended", count=1))
    assert cloud_server.ask("getVideoById", videoId=video_id)["title"] == "Named at VOD"


@pytest.mark.parametrize("language", ["zh"])
def test_what_vod_has_not_got_goes_here_after_a_confirmation(operator, alibaba, cloud_server):
    video_id = there_and_here(alibaba, cloud_server, "只在这里")
    del alibaba.vod.videos[video_id]
    alibaba.vod.tell("SnapshotComplete", VideoId=video_id)
    until(lambda: video_id in {one["videoId"] for one in cloud_server.ask("getDrift", pageSize=100)["driftList"]})
    operator.goes_to("/differences")
    operator.clicks_on(operator.part("d_what").get_by_text(operator.t("difference.missing"), exact=True))
    operator.is_idle()
    expect(operator.column(1).first).to_have_text("只在这里")
    operator.page.get_by_test_id("stDataFrame").click(position={"x": 15, "y": 34 + 19})

    operator.clicks("use_there")

    expect(operator.dialog).to_contain_text("只在这里")
    operator.clicks("confirm_yes")
    operator.is_told(operator.t("done.mended", count=1))
    assert cloud_server.ask("getVideos", videoId=video_id)["total"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en"])
def test_the_upload_dialog_tells_what_vod_holds_less_of(operator, alibaba, make_clip, language):
    person, title = operator, f"海边 🌊 {language}"
    person.goes_to("/videos")
    person.clicks("upload")
    person.dialog.locator('input[type="file"]').set_input_files(make_clip(f"{title}.mp4", seconds=1))
    person.is_told(person.t("done.upload", count=1))
    warned = person.part("warned")  # the dialog has closed by itself
    expect(warned).to_contain_text(f"{title}.mp4")
    expect(warned).to_contain_text("“海边")

    person.clicks("upload")
    person.clicks_on(person.dialog.get_by_text(person.t("upload.by_address")))
    field = person.dialog.get_by_role("textbox", name=person.t("upload.addresses"))
    field.fill(f"https://cdn.example.com/{language}.mp4 {title}\nhttps://cdn.example.com/{language}-2.mp4 plain")
    field.blur()
    person.clicks("upload_fetch")

    cut = person.dialog.get_by_role("alert").filter(has_text="“海边")
    expect(cut).to_contain_text(f"{title}:")
    expect(cut).not_to_contain_text("plain")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en"])
def test_a_file_that_was_replaced_is_told_of_on_the_videos_page(operator, alibaba, cloud_server):
    video_id = there_and_here(alibaba, cloud_server, "Approved before")
    operator.goes_to("/video", videoId=video_id)
    confirm(operator, "approve")

    alibaba.vod.videos[video_id]["Size"] += 64
    alibaba.vod.tell("FileUploadComplete", VideoId=video_id)
    until(lambda: cloud_server.ask("getVideoById", videoId=video_id)["censorStatus"] == "check")

    operator.goes_to("/video", videoId=video_id)
    told = operator.t("replaced.again", time="|").split("|")
    for words in told:
        expect(operator.page.get_by_role("alert").filter(has_text=words.strip())).to_be_visible()
    expect(operator.page.get_by_role("table").filter(has_text=operator.t("did.replaceFile"))).to_be_visible()
    confirm(operator, "approve", well=False)  # a redraw as its job ends may take the toast away
    expect(operator.page.get_by_role("alert").filter(has_text=told[-1].strip())).to_be_hidden()


def confirm(person, key, *, well=True):
    person.clicks(f"do_{key}")
    person.clicks("confirm_yes")
    if well:
        person.is_told(person.t(f"done.{key}", count=1))


def there_and_here(alibaba, server, title):
    """A video that the app uploaded, and VOD told of."""
    video_id = alibaba.vod.add(Title=title)["VideoId"]
    alibaba.vod.tell("FileUploadComplete", VideoId=video_id)
    until(lambda: server.ask("getVideos", videoId=video_id)["total"] == 1)
    return video_id


@pytest.mark.slow
def test_a_template_and_the_words_of_its_watermark_are_chosen(operator, alibaba, cloud_server):
    person = operator
    made = alibaba.vod.add(Title="带水印的猫")
    alibaba.vod.tell("FileUploadComplete", VideoId=made["VideoId"], Size=1000, FileUrl="")
    until(lambda: cloud_server.ask("getVideos", videoId=made["VideoId"])["total"] == 1)
    person.goes_to("/video", videoId=made["VideoId"])

    person.clicks("do_transcode")
    template = person.part("template").get_by_role("combobox")
    expect(template).to_have_value(f"plain-group (SD, HD) · {person.t('template.setting')}")
    person.clicks_on(template)
    person.picks("logo-group (LD)")
    expect(person.dialog.get_by_text("角标")).to_be_visible()
    person.clicks_on(person.part("watermark").get_by_role("combobox").first)
    person.picks("用户")
    person.field("watermark_text").fill("用户：安妮")
    person.clicks("confirm_yes")

    until(lambda: "用户：安妮" in sent_to_transcode(alibaba, made["VideoId"]))
    until(lambda: cloud_server.ask("getVideoById", videoId=made["VideoId"])["transcodeStatus"] == "success")


def sent_to_transcode(alibaba, video_id):
    """The overriding parameters of a video's transcode; empty while there are none."""
    calls = [given for action, given in alibaba.calls if action == "SubmitTranscodeJobs"]
    return next((given.get("OverrideParams", "") for given in calls if given["VideoId"] == video_id), "")


@pytest.mark.slow
def test_an_encrypted_video_says_that_plain_players_cannot_play_it(operator, alibaba, cloud_server):
    person = operator
    made = alibaba.vod.add(Title="加密的猫", Status="Normal")
    alibaba.vod.SubmitTranscodeJobs({"VideoId": made["VideoId"], "TemplateGroupId": "private-group"})
    until(lambda: made["streams"])
    alibaba.vod.tell("TranscodeComplete", VideoId=made["VideoId"])
    until(lambda: cloud_server.ask("getVideos", videoId=made["VideoId"])["total"] == 1)

    person.goes_to("/video", videoId=made["VideoId"])

    expect(person.alert.filter(has_text=person.t("video.aliyunEncrypted"))).to_be_visible()
    expect(person.page.locator("video")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh"])
def test_what_the_machine_found_leads_the_player_there_and_another_review_is_asked_for(operator, alibaba, cloud_server):
    video_id = there_and_here(alibaba, cloud_server, "有二维码的视频")
    alibaba.reviews.arrange(video_id, "review", (1_000, "Ad", "qrcode", 99.0), (500, "Porn", "sexy", 70.0))
    operator.goes_to("/video", videoId=video_id)
    panel = operator.page.locator(".st-key-machine_review")
    expect(panel).to_contain_text(operator.t("machine.none"))

    operator.clicks("do_machine")
    expect(operator.dialog).to_contain_text("收取机器审核费用")
    operator.clicks("confirm_yes")

    expect(panel).to_contain_text("机审：建议人工复核")
    expect(panel).to_contain_text("二维码")
    operator.clicks_on(panel.get_by_role("button", name="0:01 二维码"))
    operator.waits_until(operator.page.locator("video"), "film => Math.abs(film.currentTime - 1) < 0.01")
    assert len(alibaba.reviews.jobs) == 1


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en"])
def test_a_refresh_that_fails_is_told_where_one_looks(operator, alibaba, cloud_server):
    video_id = there_and_here(alibaba, cloud_server, "Kept by the CDN")
    alibaba.denied.add("RefreshVodObjectCaches")
    alibaba.vod.SubmitTranscodeJobs({"VideoId": video_id, "TemplateGroupId": "plain-group"})
    until(lambda: alibaba.vod.videos[video_id]["streams"])
    until(lambda: cloud_server.ask("getVideos", videoId=video_id)["videoList"][0]["fileUrlList"])
    cloud_server.ask("createAudit", mediaId=video_id, status="Blocked", reason="advertising")
    until(lambda: cloud_server.ask("getCacheRefreshes", videoId=video_id)["refreshList"][0]["state"] == "failing")

    operator.page.route(
        "**/*.mp4", lambda route: route.fulfill(status=200, body=b"")
    )  # VOD gives no film that is blocked
    operator.goes_to("/video", videoId=video_id)
    expect(operator.page.locator(".st-key-refresh_waits")).to_contain_text("RAM policy")
    operator.goes_to("/prewarm")
    expect(operator.page.get_by_text("Kept by the CDN")).to_be_visible()
    alibaba.denied.clear()
    operator.clicks_on(operator.page.get_by_role("button", name=operator.t("refresh.again")))

    until(lambda: cloud_server.ask("getCacheRefreshes", videoId=video_id)["total"] == 0)


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    """What VOD has of a film of some minutes, with so much noise that no browser loads it ahead to its end."""
    folder = tmp_path_factory.mktemp("films")
    noise = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=5:duration=2,noise=alls=60:allf=t"]
    how = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "20", str(folder / "noise.mp4")]
    assert Ffmpeg().run([*noise, *how]).ok
    loop = ["-stream_loop", "100", "-i", str(folder / "noise.mp4"), "-c", "copy", "-movflags", "+faststart"]
    assert Ffmpeg().run([*loop, str(folder / "long.mp4")]).ok
    return (folder / "long.mp4").read_bytes()


@pytest.fixture
def film(alibaba, cloud_server, long_film):
    """A video that waits for review, whose source plays."""
    video_id = there_and_here(alibaba, cloud_server, "A long film")
    alibaba.oss.objects[alibaba.vod.videos[video_id]["file"]] = long_film
    return video_id


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh"])
def test_while_vod_is_slow_the_player_waits_for_its_addresses_and_then_plays(operator, alibaba, film):
    note = operator.part("watch").locator(".note")  # below a dialog it has no role
    with alibaba.hold("GetMezzanineInfo"):
        operator.goes_to("/video", videoId=film)
        expect(note).to_contain_text(operator.t("playback.awaited"))
        operator.clicks("edit_open")
        expect(operator.dialog).to_be_visible()

    expect(note).to_be_hidden(timeout=60_000)
    operator.waits_until(operator.page.locator("video"), f"film => film.readyState >= {ENOUGH_TO_PLAY}")
    expect(operator.dialog).to_be_visible()


def test_a_page_left_open_over_lunch_plays_on_where_it_stood(operator, alibaba, film):
    operator.goes_to("/video", videoId=film)
    play = operator.page.locator("video")
    operator.waits_until(play, f"film => film.readyState >= {ENOUGH_TO_PLAY}")
    with lunch(alibaba):
        play.evaluate(f"film => {{ film.muted = true; film.currentTime = {FAR}; film.play().catch(() => {{}}); }}")
        plays_on(operator, play)

    expect(operator.part("watch").get_by_role("status")).to_be_hidden()
    expects_dead_addresses(operator)


@pytest.fixture
def compare(operator, alibaba, cloud_server, film):
    """Opens the comparison of a film's narrow-band rendition with the plain one, and returns both players."""
    for group in ("plain-group", "narrow-group"):
        alibaba.vod.SubmitTranscodeJobs({"VideoId": film, "TemplateGroupId": group})
    until(lambda: len(alibaba.vod.videos[film]["streams"]) == 3)
    alibaba.vod.tell("TranscodeComplete", VideoId=film)
    until(lambda: len(cloud_server.ask("getVideos", videoId=film)["videoList"][0]["fileUrlList"]) == 3)
    operator.goes_to("/video", videoId=film)

    def opened():
        operator.clicks_on(operator.part("narrow_compare").locator("label"))
        both = operator.part("compare").locator("video")
        expect(both).to_have_count(2)
        return both

    return opened


@pytest.mark.slow
def test_both_films_of_a_comparison_play_on_after_lunch(operator, alibaba, compare):
    both = compare()
    for one in both.all():
        operator.waits_until(one, f"film => film.readyState >= {ENOUGH_TO_PLAY}")
    with lunch(alibaba):
        operator.part("compare").locator(".time").fill(FAR_ALONG)
        operator.part("compare").get_by_role("button", name=operator.t("narrow.play")).click()
        for one in both.all():
            plays_on(operator, one)

    expects_dead_addresses(operator)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh"])
def test_a_comparison_goes_where_it_was_dragged_before_its_films_came(operator, compare):
    operator.page.route(MP4, lambda route: None)
    both = compare()
    operator.part("compare").locator(".time").fill(FAR_ALONG)
    operator.page.unroute(MP4)  # lets go of those that wait

    for one in both.all():
        plays_on(operator, one)
    expect(operator.part("compare").locator(".time")).to_have_value(FAR_ALONG)


@pytest.mark.parametrize("language", ["en"])
def test_a_player_that_stays_dead_says_so_and_plays_when_asked_again(operator, alibaba, film):
    alibaba.oss.plays_nothing = True
    try:
        operator.goes_to("/video", videoId=film)
        note = operator.part("watch").get_by_role("status")
        expect(note).to_contain_text(operator.t("playback.dead"))
    finally:
        alibaba.oss.plays_nothing = False

    note.get_by_role("button", name=operator.t("playback.again")).click()
    operator.waits_until(operator.page.locator("video"), f"film => film.readyState >= {ENOUGH_TO_PLAY}")
    expect(note).to_be_hidden()
    expects_dead_addresses(operator)
