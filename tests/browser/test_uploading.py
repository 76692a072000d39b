"""The dialog for uploads: what is a video comes in, what is none is refused with a reason."""

import pytest
from playwright.sync_api import expect

from backend.errors import MediaError
from backend.media.probe import UNREADABLE
from backend.messages import say


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_video_comes_in_and_what_is_none_is_refused(person, make_clip, site, language):
    title = f"雪夜列车 {language}"
    real, other = make_clip(f"{title}.mp4", seconds=1), site.clips / f"{language} 不是视频.mp4"
    other.write_bytes(b"this is a text, whatever its name says\n" * 100)
    person.goes_to("/videos")
    person.clicks("upload")
    expect(person.dialog).to_contain_text(person.t("upload.hint"))
    with person.hears("snow,train"):
        person.field("upload_tags").fill("snow,train")

    person.dialog.locator('input[type="file"]').set_input_files([real, other])

    sent = person.dialog.get_by_role("listitem")
    expect(sent).to_have_count(2)
    expect(sent.nth(0)).to_contain_text(person.t("upload.done"))
    expect(sent.nth(1)).to_contain_text(say(MediaError(UNREADABLE), language))
    person.page.keyboard.press("Escape")
    person.is_told(person.t("done.upload", count=1))
    person.field("v_title").fill(title)
    person.sees(title)
    assert site.ask("getVideos", title=title)["videoList"][0]["tags"] == "snow,train"


def test_the_dialog_closes_when_everything_came_in(person, make_clip):
    clip = make_clip("一次就好.mp4", seconds=1)
    person.goes_to("/videos")
    person.clicks("upload")

    person.dialog.locator('input[type="file"]').set_input_files(clip)

    person.is_told(person.t("done.upload", count=1))
    expect(person.dialog).to_be_hidden()
    expect(person.column(2).first).to_have_text("一次就好")
    person.clicks("upload")
    expect(person.dialog).to_contain_text(person.t("upload.hint"))
    person.is_idle()
    expect(person.dialog.get_by_role("listitem")).to_have_count(0)
    person.dialog.locator('input[type="file"]').set_input_files(clip)
    expect(person.dialog).to_be_hidden()
    person.is_told(person.t("done.same_file", title="一次就好"))
