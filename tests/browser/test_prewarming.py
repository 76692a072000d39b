"""The page of prewarming: what can be fetched is known while one types, and what was fetched is listed."""

from urllib.parse import urlsplit

from playwright.sync_api import expect

STATE = 'td[aria-colindex="1"]'
ADDRESS = 'td[aria-colindex="3"]'


def test_lines_are_checked_while_they_are_typed_and_good_ones_become_warm(person, clip):
    files = [urlsplit(url).path for url in (clip["fileUrlList"][0], clip["coverUrl"])]
    person.goes_to("/prewarm")
    expect(person.page.get_by_text(person.t("plan.title"))).to_be_visible()
    lines = person.page.get_by_role("textbox", name=person.t("prewarm.lines"))
    send = person.button("prewarm_do")
    expect(send).to_be_disabled()

    lines.fill(f"{files[0]}\nexample.com/else.mp4")

    problem = person.alert.filter(has_text=person.t("prewarm.bad", count=1))
    expect(problem).to_contain_text(person.t("prewarm.line", number=2))
    expect(problem).to_contain_text("example.com")
    expect(send).to_be_disabled()

    lines.fill("\n".join(files))

    expect(person.alert.filter(has_text=person.t("prewarm.good", count=2))).to_be_visible()
    expect(send).to_be_enabled()
    person.clicks_on(send)
    person.is_told(person.t("done.prewarmed", count=2))
    expect(lines).to_have_value("")
    newest = person.part("batches").get_by_test_id("stExpander").first
    expect(newest).to_contain_text(person.t("prewarm.all_warm", count=2))
    expect(newest.locator(STATE)).to_have_text(["warm", "warm"])
    expect(newest.locator(ADDRESS)).to_have_text([person.url + file for file in files])


def test_what_was_prewarmed_is_listed_later(person, site, clip):
    site.ask("pushObjectCache", objectPath=urlsplit(clip["coverUrl"]).path)

    person.goes_to("/prewarm")

    newest = person.part("batches").get_by_test_id("stExpander").first
    expect(newest).to_contain_text(person.t("prewarm.all_warm", count=1))
    expect(newest.locator(ADDRESS)).to_have_text([person.url + urlsplit(clip["coverUrl"]).path])
