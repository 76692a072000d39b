"""The counts beside the filters, and the order of the list."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

TITLE = 2  # column of the grid


def test_counts_lead_to_what_they_count(person, site):
    for number in range(3):
        site.catalogue.add(f"分面 {number}", cate_id=77 + number // 2, cate_name=f"类别{number // 2}")
    person.goes_to("/videos", v_title="分面")
    person.sees("分面 2", "分面 1", "分面 0")

    person.clicks_on(person.part("v_more").get_by_role("button").first)
    category = person.part("v_cate_facet").get_by_role("radio")
    expect(category).to_have_text(["类别0 2", "类别1 1"])
    person.clicks_on(category.nth(1))

    person.sees("分面 2")
    person.is_at("v_cate=78")
    expect(category).to_have_text(["类别0 2", "类别1 1"])
    person.clicks_on(category.nth(0))
    person.sees("分面 1", "分面 0")
    person.page.keyboard.press("Escape")
    person.clicks_on(person.part("v_clear").get_by_role("button"))
    expect(person.field("v_title")).to_have_value("")
    assert "v_cate" not in person.page.url


def test_the_order_is_kept_in_the_address(person, site):
    for title, seconds in (("排序 甲", 5.0), ("排序 乙", 60.0), ("排序 丙", 20.0)):
        site.catalogue.add(title, duration=seconds)
    person.goes_to("/videos", v_title="排序")
    person.sees("排序 丙", "排序 乙", "排序 甲")

    person.clicks_on(person.part("v_sort").get_by_role("combobox"))
    person.clicks_on(person.page.get_by_role("option", name=person.t("sort.-duration")))

    person.sees("排序 乙", "排序 丙", "排序 甲")
    person.is_at("v_sort=-duration")
    person.page.reload()
    person.sees("排序 乙", "排序 丙", "排序 甲")


def test_every_filter_that_counts_is_seen_and_can_be_taken_off(person, site):
    values = {"transcode_status": "fail", "tags": "清晨,海", "duration": 75.0, "size": 20_000_000, "cate_name": "风光"}
    site.catalogue.add("筛选 甲", cate_id=91, **values)
    site.catalogue.add("筛选 乙", transcode_status="success", tags="海", duration=20.0, size=5_000_000)
    site.catalogue.add("筛选 丙", recommended=True, duration=90.0)
    person.goes_to(
        "/videos", v_title="筛选", v_cate="91", v_tc="fail", v_rec="false", v_tags="海", v_dmin="60", v_smax="20.5"
    )
    person.sees("筛选 甲")
    active = person.part("active")
    expect(active).to_contain_text("风光")
    expect(active).to_contain_text(person.t("status.fail"))
    expect(active).to_contain_text(person.t("time.seconds", seconds=60))
    expect(active).to_contain_text("20.5 MB")

    for name in ("cate", "tc", "dmin", "smax"):
        person.clicks(f"v_{name}_off")
        expect(person.part(f"v_{name}_off")).to_have_count(0)

    person.sees("筛选 乙", "筛选 甲")
    person.is_at("^/videos\\?v_title=筛选&v_rec=false&v_tags=海$")
    for name in ("tags", "rec"):
        person.clicks(f"v_{name}_off")
        expect(person.part(f"v_{name}_off")).to_have_count(0)
    person.sees("筛选 丙", "筛选 乙", "筛选 甲")
    person.is_at("^/videos\\?v_title=筛选$")


def test_length_and_transcode_are_chosen_on_the_page(person, site, language):
    word = f"选择 {language}"
    site.catalogue.add(f"{word} A", transcode_status="fail", duration=75.0)
    site.catalogue.add(f"{word} B", transcode_status="fail", duration=20.0)
    site.catalogue.add(f"{word} C", duration=90.0)
    person.goes_to("/videos", v_title=word)
    person.sees(f"{word} C", f"{word} B", f"{word} A")

    person.clicks_on(person.part("v_more").get_by_role("button").first)
    person.clicks_on(person.part("v_tc").get_by_role("combobox"))
    person.clicks_on(person.page.get_by_role("option", name=person.t("status.fail")))
    person.sees(f"{word} B", f"{word} A")
    person.field("v_dmin").fill("60")
    person.field("v_dmin").press("Enter")

    person.sees(f"{word} A")
    person.is_at("v_tc=fail")
    person.is_at("v_dmin=60")
    person.page.reload()
    person.sees(f"{word} A")


@pytest.mark.parametrize("path", ["/videos?v_", "/recommendations?r_"])
def test_an_address_with_filters_that_are_none_shows_the_list(person, path):
    page, prefix = path.split("?")
    wrong = {"dmin": "abc", "smax": "-1", "tc": "failed", "rec": "1", "cate": "12x", "from": "soon", "smin": "9e30"}

    person.goes_to(page, **{f"{prefix}{name}": value for name, value in wrong.items()})

    expect(person.part("page_head")).to_be_visible()
    expect(person.part("filters")).to_be_visible()
    expect(person.alert.filter(has_text="must be")).to_have_count(0)
