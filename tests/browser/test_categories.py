"""The tree of categories in the browser: made, chosen for a video, and seen in the filters."""

from __future__ import annotations

from playwright.sync_api import expect


def test_a_tree_is_made_and_a_video_gets_a_category_of_it(person, site):
    made = site.catalogue.add("分类 目录")
    person.goes_to("/categories")
    person.clicks("c_add")
    person.dialog.locator("input").first.fill("生活")
    person.clicks("c_yes")
    person.is_told(person.t("done.add_category"))

    row = person.part("c_table").get_by_role("row").filter(has_text="生活")
    person.clicks_on(row.get_by_role("button").last)
    person.picks(person.t("categories.add"))
    expect(person.dialog).to_contain_text("生活")
    person.dialog.locator("input").first.fill("早餐")
    person.clicks("c_yes")
    expect(person.part("c_table")).to_contain_text("早餐")

    person.goes_to("/video", videoId=made.video_id)
    person.clicks("edit_open")
    person.clicks_on(person.part("edit_category").get_by_role("combobox"))
    person.picks("生活 / 早餐")
    person.clicks("edit_save")
    expect(person.page.get_by_role("table").first).to_contain_text("生活 / 早餐")

    person.goes_to("/videos", v_title="分类 目录")
    person.clicks_on(person.part("v_more").get_by_role("button").first)
    expect(person.part("v_cate_facet").get_by_role("radio")).to_have_text(["生活 / 早餐 1"])


def test_a_name_that_is_there_is_refused_in_the_dialog(person, site):
    site.ask("addCategory", cateName="旅行笔记")
    person.goes_to("/categories")
    person.clicks("c_add")
    person.dialog.locator("input").first.fill("旅行笔记")

    person.clicks("c_yes")

    expect(person.dialog.get_by_test_id("stAlert")).to_contain_text("同级已有")
    expect(person.dialog.locator("input").first).to_have_value("旅行笔记")


def test_a_deleted_category_says_how_many_videos_have_none_now(person, site):
    site.catalogue.add("分类 删除", cate_id=4001, cate_name="待删")
    person.goes_to("/categories")
    row = person.part("c_table").get_by_role("row").filter(has_text="待删")

    person.clicks_on(row.get_by_role("button").last)
    person.picks(person.t("categories.delete"))
    person.clicks("c_yes")

    person.is_told(person.t("done.delete_category", count=1))
    assert site.ask("getVideos", title="分类 删除")["videoList"][0]["cateName"] == ""
