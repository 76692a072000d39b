"""The page of figures: charts with their tables and exports, for a range in the address."""

from __future__ import annotations

from playwright.sync_api import expect

from backend.model import User


def test_figures_of_a_range_show_as_charts_and_tables_and_are_exported(person, site):
    wanted = {"startTime": "2019-01-07", "endTime": "2019-01-20", "by": "week"}
    site.catalogue.add("一条 2019 年的视频", created=1_547_043_089)
    rows = site.ask("getFigures", figure="uploads", **wanted)["rowList"]
    assert [row["uploads"] for row in rows] == [1, 0]

    person.goes_to("/figures", f_range="own", f_from="2019-01-07", f_to="2019-01-20", f_by="week")

    uploads = person.part("figure_uploads")
    expect(uploads.locator("canvas").first).to_be_visible()
    person.clicks_on(uploads.get_by_text(person.t("figures.table")))
    expect(uploads.locator('[data-testid="stDataFrame"] tbody td[aria-colindex="3"]')).to_have_text(["1", "0"])
    expect(uploads.locator('[data-testid="stDataFrame"] thead')).to_contain_text("(MB)")
    with person.page.expect_download() as download:
        person.clicks_on(person.part("figure_export_uploads").get_by_role("button"))
        person.picks("JSON Lines")
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert [line.partition('"uploads":')[2][0] for line in lines] == ["1", "0"]

    person.goes_to("/figures")
    person.clicks_on(person.page.get_by_role("radio", name=person.t("figures.range_own")))
    person.is_at("f_from=20.*f_to=20")  # not days that move with today
    person.clicks_on(person.page.get_by_role("radio", name=person.t("figures.topic_reviews")))
    expect(person.part("figure_reviews")).to_be_visible()
    person.is_at("^/figures\\?.*f_topic=reviews")

    person.goes_to("/figures", f_topic="reviews", f_cateId="0", f_reviewer="anne")
    expect(person.part("figures_unfilter_reviewer")).to_contain_text("anne")
    person.clicks("figures_unfilter_cateId")
    person.is_at("f_reviewer=anne")
    expect(person.part("figures_unfilter_cateId")).to_have_count(0)


def test_an_uploader_is_found_by_name_or_id_and_a_reviewer_among_those_who_decided(person, site):
    polo, bianca = User("figures-1", "Figura Polo"), User("figures-2", "Figura Bianca")
    videos = [site.catalogue.add("统计", user=user, created=1_500_000_000) for user in (polo, bianca, bianca)]
    site.ask("createAudit", mediaId=videos[0].video_id, status="Normal")
    person.goes_to("/figures")
    person.clicks_on(person.part("figures_more").get_by_role("button").first)

    look_for(person, "userId", "nobody at all")
    expect(person.page.get_by_text(person.t("figures.no_uploader", name="nobody at all"))).to_be_visible()
    look_for(person, "userId", "figura")
    person.clicks_on(person.part("figures_match").get_by_text("Figura Polo (figures-1)"))
    person.is_at("f_userId=figures-1")
    expect(person.part("figures_unfilter_userId")).to_contain_text("Figura Polo")
    look_for(person, "userId", "figures-2")
    person.is_at("f_userId=figures-2")
    expect(person.part("figures_unfilter_userId")).to_contain_text("Figura Bianca")

    look_for(person, "reviewer", "adm", "admin")
    person.is_at("^/figures\\?f_reviewer=admin$")


def look_for(person, name, text, picked=""):
    field = person.field(f"figures_{name}")
    expect(field).to_be_visible()
    person.is_idle()
    field.fill(text)
    person.page.get_by_role("option", name=picked or text, exact=bool(picked)).click()
