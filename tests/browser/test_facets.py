"""The counts beside the filters, and the order of the list."""

from playwright.sync_api import expect

TITLE = 2  # column of the grid


def test_counts_lead_to_what_they_count(person, site):
    for number in range(3):
        site.catalogue.add(f"分面 {number}", cate_id=77 + number // 2, cate_name=f"类别{number // 2}")
    person.goes_to("/videos", v_title="分面")
    person.sees("分面 2", "分面 1", "分面 0")

    person.part("v_more").get_by_role("button").first.click()
    category = person.part("v_cate_facet").get_by_role("radio")
    expect(category).to_have_text(["类别0 2", "类别1 1"])
    category.nth(1).click()

    person.sees("分面 2")
    person.is_at("v_cate=78")
    expect(category).to_have_text(["类别0 2", "类别1 1"])
    category.nth(0).click()
    person.sees("分面 1", "分面 0")
    person.page.keyboard.press("Escape")
    person.part("v_clear").get_by_role("button").click()
    expect(person.field("v_title")).to_have_value("")
    assert "v_cate" not in person.page.url


def test_the_order_is_kept_in_the_address(person, site):
    for title, seconds in (("排序 甲", 5.0), ("排序 乙", 60.0), ("排序 丙", 20.0)):
        site.catalogue.add(title, duration=seconds)
    person.goes_to("/videos", v_title="排序")
    person.sees("排序 丙", "排序 乙", "排序 甲")

    person.part("v_sort").get_by_role("combobox").click()
    person.page.get_by_role("option", name=person.t("sort.-duration")).click()

    person.sees("排序 乙", "排序 丙", "排序 甲")
    person.is_at("v_sort=-duration")
    person.page.reload()
    person.sees("排序 乙", "排序 丙", "排序 甲")
