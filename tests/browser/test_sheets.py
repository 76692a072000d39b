"""A sheet in the browser: a file as Chinese Excel saves it is uploaded, looked at, applied in part and undone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chromium import WINDOW
from tests.waiting import until

ROOMY = "(one) => one.clientWidth > 150 && one.scrollHeight <= one.clientHeight + 1"


def test_a_sheet_is_uploaded_compared_applied_and_undone(person, site, tmp_path):
    made = [site.catalogue.add(f"表格 {number}") for number in range(4)]
    editions = site.catalogue.console.store.sheets.find_texts(video.video_id for video in made)
    lines = [
        f"{video.video_id},{editions[video.video_id].edition},已改 {number},{more}"
        for number, (video, more) in enumerate(zip(made, [f"新的,{'说' * 40},", ",,", ",,"], strict=False))
    ]
    site.ask("editVideo", videoId=made[2].video_id, title="别人 2")
    path = tmp_path / "片单.csv"
    path.write_bytes(
        "\r\n".join(
            ["videoId,edition,title,cateName,description,备注", *lines, f"{made[3].video_id},,,,,", "没有,,a,,,"]
        ).encode("gb18030")
    )
    person.goes_to("/videos")
    person.clicks_on(person.part("export_more").get_by_role("button").first)
    person.clicks_on(person.page.get_by_role("link").filter(has_text=person.t("sheets.title")))
    person.part("sheet_box").locator('input[type="file"]').set_input_files(path)

    apply = person.part("sheet_apply")
    expect(apply).to_contain_text(person.t("sheets.apply", count=2))
    expect(person.part("filters")).to_contain_text(person.t("sheet_kind.conflict"))
    person.clicks_on(person.page.get_by_role("radio").filter(has_text=person.t("sheet_kind.conflict")))
    expect(person.part("s_table_conflict")).to_contain_text("admin")
    person.clicks_on(person.page.get_by_role("radio").filter(has_text=person.t("sheet_kind.changed")))
    told = person.row(0).get_by_title("新的")
    expect(told).to_contain_text(person.t("sheets.new_category", name="新的"))
    assert told.evaluate("(one) => one.scrollWidth <= one.clientWidth"), "what a long row changes is cut off"
    person.page.set_viewport_size({"width": 390, "height": 900})
    can_be_read(person.row(0).get_by_role("link", name="表格 0"), told)
    person.clicks_on(person.page.get_by_role("radio").filter(has_text=person.t("sheet_kind.conflict")))
    can_be_read(person.row(0).get_by_role("link", name="别人 2"), person.row(0).get_by_text("admin"))
    person.page.set_viewport_size(WINDOW)
    person.clicks_on(person.page.get_by_role("radio").filter(has_text=person.t("sheet_kind.changed")))
    expect(person.part("s_table_conflict")).to_have_count(0)
    person.is_idle()
    person.row(1).get_by_role("checkbox").uncheck()
    expect(apply).to_contain_text(person.t("sheets.apply", count=1))
    person.clicks("sheet_apply")
    person.is_told(person.t("done.sheet", count=1))
    assert titles(site, made) == ["已改 0", "表格 1", "别人 2", "表格 3"]
    person.page.reload()
    expect(apply).to_contain_text(person.t("sheets.apply", count=0))

    person.clicks("sheet_close")
    person.clicks("sheet_undo_0")
    expect(person.dialog).to_contain_text("片单")
    person.clicks("confirm_yes")
    person.is_told(person.t("undone.sheet", count=1))
    assert titles(site, made)[0] == "表格 0"


def can_be_read(*parts):
    """Check that texts are on the page, with room for several words in a line, and whole."""
    for part in parts:
        expect(part).to_be_visible()
        until(lambda one=part: one.evaluate(ROOMY), "it can be read", 20)


def titles(site, made):
    return [site.ask("getVideoById", videoId=video.video_id)["title"] for video in made]
