"""The overview, and what holds on every page: it fits its window, in both languages and both colour schemes."""

from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError, expect

from tests.browser.looks import BRIGHTNESS, EDGELESS, FAINT
from tests.waiting import until

OVERFLOW = "document.scrollingElement.scrollWidth - innerWidth"
COVERED = """() => {
    const [title, caption] = ["h3", "[data-testid=stCaptionContainer]"].map(
        (part) => document.querySelector(".st-key-page_head " + part)?.getBoundingClientRect());
    return Boolean(caption) && caption.top < title.bottom;
}"""
WINDOWS = [{"width": 1440, "height": 1000}, {"width": 1024, "height": 768}, {"width": 390, "height": 844}]
# The first shows in cloud mode alone; to the others lead the filters and the menu behind one's name.
UNLINKED = ("/differences", "/categories", "/sheets", "/profile")


def test_the_overview_counts(person, site):
    counts = site.ask("getStatistics")

    person.goes_to("/")

    metrics = person.page.get_by_test_id("stMetric")
    for name, count in (
        ("waiting", counts["byCensorStatus"]["check"]),
        ("recommended", counts["recommended"]),
        ("videos", counts["videos"]),
    ):
        label = person.t(f"overview.{name}")
        metric = metrics.filter(has=person.page.get_by_text(label, exact=True))
        expect(metric.get_by_test_id("stMetricValue")).to_have_text(f"{count:,}")
    assert counts["videos"] >= 26


def test_the_overview_leads_to_the_newest_that_waits(person, site):
    video = site.catalogue.add("刚刚到的视频")
    person.goes_to("/")

    person.clicks_on(person.page.get_by_test_id("stPageLink").filter(has_text=video.title))

    expect(person.part("page_head")).to_contain_text(video.title)
    person.is_at(f"^/video\\?videoId={video.video_id}$")


def test_a_failed_job_of_no_video_is_named_for_what_it_is(person, site, eventually):
    site.ask("pushObjectCache", objectPath="/media/nothing/0123456789/none.mp4")
    eventually(lambda: site.catalogue.console.store.jobs.find_jobs(state="failed").total > 0)
    person.goes_to("/")

    failed = person.page.get_by_text(person.t("job.prewarm"), exact=True)

    expect(failed.first).to_be_visible()
    expect(person.page.get_by_text("**")).to_have_count(0)


def test_the_overview_leads_to_all_that_wait(person):
    person.goes_to("/")

    person.clicks_on(person.page.get_by_test_id("stPageLink").filter(has_text="arrow_forward"))

    person.is_at("^/videos\\?v_status=check$")
    expect(person.column(4).first).to_have_text(person.t("censor.check"))
    expect(person.column(4).filter(has_not_text=person.t("censor.check"))).to_have_count(0)


@pytest.mark.parametrize(("name", "field"), [("tc", "transcodeStatus"), ("nb", "narrowTranscodeStatus")])
def test_the_overview_counts_as_many_failures_as_it_leads_to(person, site, name, field):
    site.catalogue.add("失败 一", transcode_status="fail", narrow_transcode_status="fail")
    site.catalogue.add("失败 二", narrow_transcode_status="fail")
    total = site.ask("getVideos", **{field: "fail"})["total"]
    person.goes_to("/")

    person.clicks_on(
        person.page.get_by_test_id("stPageLink").filter(has_text=person.t(f"overview.failed_{name}", count=total))
    )

    person.is_at(f"^/videos\\?v_{name}=fail$")
    expect(person.page.get_by_text(person.t("common.total", count=total), exact=True)).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize(("language", "scheme"), [("zh", "dark"), ("en", "light")])
def test_every_page_fits_its_window(site, member, paths, clip, language, scheme):
    person = member(site.server, color_scheme=scheme)
    person.goes_to("/video", videoId=clip["videoId"])
    for path in ["/video", *(path for path in paths if path != "/video")]:
        person.page.set_viewport_size(WINDOWS[0])
        if path in UNLINKED:
            person.goes_to(path)
        elif path != "/video":
            person.follows(path)

        for window in WINDOWS:
            person.page.set_viewport_size(window)
            person.page.wait_for_function(f"() => {OVERFLOW} <= 0")
            until(
                lambda: not person.page.evaluate(COVERED), f"the title of {path} does not cover the line below it", 20
            )

        for looked_for in (FAINT, EDGELESS):
            with suppress(TimeoutError):
                person.page.wait_for_function(f"() => !({looked_for})().length")
            assert person.page.evaluate(looked_for) == [], path
        brightness = person.page.evaluate(BRIGHTNESS)
        assert (brightness > 200) == (scheme == "light"), path
