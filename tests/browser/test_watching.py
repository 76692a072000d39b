"""The player of a video: the whole clip at a glance, any moment before one goes there, and the choice of a cover."""

import re
import shutil

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from backend.model import FileKind
from tests.waiting import until

pytestmark = pytest.mark.slow

PAINTED = "part => getComputedStyle(part).backgroundImage.startsWith('url')"
OFFSET = "part => getComputedStyle(part).backgroundPosition"
LOADED = "image => image.complete && image.naturalWidth > 0"
FITS = "() => document.scrollingElement.scrollWidth <= innerWidth"


@pytest.fixture
def watch(person):
    """Opens the page of a video and gives the player."""

    def open_page(video_id):
        person.goes_to("/video", videoId=video_id)
        player = person.part("watch")
        person.waits_until(player.locator("video"), "video => video.readyState >= 1")
        player.locator("video").evaluate("video => { video.muted = true; }")
        return player

    return open_page


@pytest.fixture
def older(site, clip):
    """A video whose pictures were taken before there were sprites."""
    made = site.catalogue.console.store.catalogue.get_video(clip["videoId"])
    sprites = (FileKind.SPRITE, FileKind.SPRITE_CUES)
    files = tuple(file for file in made.files if file.kind not in sprites)
    copy = site.catalogue.add("从前的视频", files=files, duration=made.duration)
    media = site.server.data / "media"
    shutil.copytree(media / made.video_id, media / copy.video_id, ignore=shutil.ignore_patterns("sprite-*"))
    return replace(copy, files=files)


def test_the_whole_clip_is_seen_at_a_glance_and_plays_from_any_tile(person, clip, watch):
    player = watch(clip["videoId"])
    tiles = player.get_by_role("group", name=person.t("watch.sheet")).get_by_role("button")

    expect(tiles).to_have_count(10)
    person.waits_until(tiles.nth(9).locator("i"), PAINTED)
    expect(tiles).to_have_text([f"0:{tenths // 10:02}.{tenths % 10}" for tenths in range(0, 30, 3)])
    player.get_by_role("button", name=person.t("watch.play_from", time="0:01.8")).click()

    video = player.locator("video")
    person.waits_until(video, "video => video.currentTime > 1.9")
    expect(player.locator('[aria-current="true"]')).to_have_count(1)


def test_moving_over_the_strip_shows_that_moment_without_going_there(person, clip, watch):
    player = watch(clip["videoId"])
    strip, peek = player.get_by_role("slider"), player.locator(".peek")
    expect(peek).to_be_hidden()

    seen = []
    for part in (0.2, 0.9):
        box = strip.bounding_box()
        strip.hover(position={"x": box["width"] * part, "y": box["height"] / 2})
        box = strip.bounding_box()
        expect(peek).to_be_visible()
        expect(peek).to_have_text(f"0:0{part * 3:.1f}")
        seen.append(peek.locator(".picture").evaluate(OFFSET))
        bubble = peek.bounding_box()
        assert box["x"] <= bubble["x"]
        assert bubble["x"] + bubble["width"] <= box["x"] + box["width"] + 1

    assert seen[0] != seen[1]
    assert player.locator("video").evaluate("video => video.currentTime") == 0
    person.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 5)
    person.waits_until(player.locator("video"), "video => Math.abs(video.currentTime - 1.5) < 0.05")
    person.page.mouse.move(5, 5)
    expect(peek).to_be_hidden()


def test_arrow_keys_move_from_tile_to_tile(person, clip, watch):
    player = watch(clip["videoId"])
    strip = player.get_by_role("slider", name=person.t("watch.timeline"))

    for key, time in (("ArrowRight", "0:00.3"), ("ArrowRight", "0:00.6"), ("ArrowLeft", "0:00.3"), ("End", "0:02.7")):
        strip.press(key)
        expect(strip).to_have_attribute("aria-valuetext", time)
        expect(player.locator(".peek")).to_have_text(time)
    strip.blur()

    expect(player.locator(".peek")).to_be_hidden()


def test_on_a_phone_nothing_sticks_out(person, clip, watch):
    person.page.set_viewport_size({"width": 390, "height": 844})
    player = watch(clip["videoId"])

    expect(player.locator(".tile")).to_have_count(10)
    assert person.page.evaluate(FITS)
    assert player.locator(".sheet").bounding_box()["width"] <= 390


def test_the_picture_one_sees_becomes_the_cover(person, site, make_clip, watch):
    made = site.ask("uploadVideo", file=make_clip("封面要换.mp4"), title="封面要换")
    site.wait_for_jobs(made["videoId"])
    before = site.ask("getVideoById", videoId=made["videoId"])["coverUrl"]
    player = watch(made["videoId"])
    cover = player.locator(".bar img")
    expect(cover).to_have_attribute("src", before.removeprefix(site.url))
    player.get_by_role("slider").press("End")

    person.clicks_on(player.get_by_role("button", name=person.t("watch.choose", time="0:02.7")))

    person.is_told(person.t("done.cover"))
    expect(cover).to_have_attribute("src", re.compile("/cover-[0-9a-f]{12}[.]jpg$"))
    person.waits_until(cover, LOADED)
    expect(player.locator("video")).to_have_attribute("poster", cover.get_attribute("src"))
    expect(player.locator(".choose")).to_be_enabled()
    assert player.locator("video").evaluate("video => video.currentTime") == pytest.approx(2.7, abs=0.01)
    line = person.page.get_by_role("row").filter(has_text=person.t("did.chooseCover"))
    expect(line).to_contain_text("0:03")


def test_a_cover_is_not_chosen_over_what_somebody_else_decided_meanwhile(person, site, clip, watch):
    player = watch(clip["videoId"])
    choose = player.locator(".choose")
    player.get_by_role("slider").press("End")
    site.ask("editVideo", videoId=clip["videoId"], tags="海,早晨")
    head = person.part("page_head").bounding_box()

    person.clicks_on(choose)

    problems = person.part("problems")
    expect(problems).to_contain_text(person.t("watch.refused"))
    expect(problems).to_contain_text("admin")
    until(lambda: person.part("page_head").bounding_box() == head, "the page stands still", 20)
    assert not [job for job in site.ask("getJobs", videoId=clip["videoId"])["jobList"] if job["kind"] == "cover"]
    person.clicks("problems_seen")
    expect(problems).to_have_count(0)
    person.is_idle()
    person.clicks_on(choose)  # now that the tags of the other are seen
    person.is_told(person.t("done.cover"))
    site.wait_for_jobs(clip["videoId"])


def test_a_video_without_a_sprite_shows_its_snapshots_until_new_ones_are_asked_for(person, site, older, watch):
    player = watch(older.video_id)
    tiles = player.locator(".tile")
    expect(tiles).to_have_count(8)
    person.waits_until(tiles.last.locator("i"), PAINTED)

    person.clicks("do_snapshot")
    person.clicks("confirm_yes")

    person.is_told(person.t("done.snapshot", count=1))
    expect(tiles).to_have_count(10)
