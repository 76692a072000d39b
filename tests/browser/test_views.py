"""Saved views in the browser: what is shown is saved under a name, shared, opened by a link, and left as it was."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

OTHER = {"name": "viewer", "password": "a password of theirs"}


@pytest.fixture
def colleague(site, member):
    """Somebody with another role, at a browser of their own. The columns are the usual ones afterwards."""
    site.ask("addAccount", userName=OTHER["name"], password=OTHER["password"], role="analyst")

    def opens(path):
        person = member(site.server, "/", **OTHER)
        person.goes_to(path)
        return person

    yield opens
    site.ask("setColumns", page="videos")


def test_a_view_is_saved_shared_and_opened_by_a_link(person, site, colleague):
    for number in range(3):
        site.catalogue.add(f"视图 {number}")
    site.ask("setColumns", page="videos", columns="title,id,tags")
    person.goes_to("/videos", v_title="视图", v_sort="title", v_page_size="10")
    open_menu(person)
    person.part("v_columns").locator("input").last.press("Backspace")
    heads(person, "标题", "视频 ID")
    person.field("view_name").fill("我们的")
    person.clicks_on(person.part("view_scope").get_by_role("radio").last)
    person.clicks("view_add")
    person.is_told(person.t("views.added"))
    is_closed(person)
    expect(menu(person)).to_contain_text("我们的")
    person.is_at("view=")
    address = person.page.evaluate("location.search")
    view_id = re.search(r"view=(\w+)", address)[1]

    other = colleague(f"/videos?open={view_id}")
    sees(other, "视图 0", "视图 1", "视图 2")
    heads(other, "标题", "视频 ID")
    expect(menu(other)).to_contain_text("我们的")
    other.field("v_title").fill("视图 1")
    sees(other, "视图 1")
    expect(menu(other)).to_contain_text(other.t("views.moved", name="我们的"))
    other.page.reload()
    sees(other, "视图 1")
    open_menu(other)
    expect(other.part("view_save")).to_have_count(0)
    other.clicks("view_back")
    sees(other, "视图 0", "视图 1", "视图 2")
    is_closed(other)

    person.goes_to("/videos")
    expect(person.column(1)).to_have_count(20)
    open_menu(person)
    person.clicks(f"view_{view_id}")
    sees(person, "视图 0", "视图 1", "视图 2")
    is_closed(person)
    heads(person, "标题", "视频 ID")
    expect(person.field("v_title")).to_have_value("视图")
    open_menu(person)
    person.clicks("view_delete")
    expect(person.page.get_by_text(person.t("views.delete_follows_shared"))).to_be_visible()
    person.clicks("view_delete_yes")
    person.is_told(person.t("views.deleted"))
    is_closed(person)


def test_a_page_opens_with_the_view_that_a_person_chose(person, site):
    site.catalogue.add("默认的")
    view = site.ask("saveView", page="videos", name="每天看的", query="v_title=默认的", columns="title,id")
    view = view["viewId"]
    person.goes_to("/videos", open=view)
    sees(person, "默认的")
    open_menu(person)
    person.clicks_on(person.part(f"view_default_{view}").locator("label"))

    person.follows("/jobs")
    person.follows("/videos")
    sees(person, "默认的")
    person.is_at(f"view={view}")
    person.clicks("view_everything")
    expect(person.column(1)).to_have_count(20)
    person.is_at("view=all")
    person.page.reload()
    expect(person.column(1)).to_have_count(20)
    site.ask("deleteView", viewId=view)


def sees(person, *titles):
    expect(person.column(1)).to_have_text(list(titles))
    person.is_idle()


def menu(person):
    return person.part("v_views").get_by_role("button").first


def is_closed(person):
    expect(person.part("view_name")).to_be_hidden()


def open_menu(person):
    person.clicks_on(menu(person))
    expect(person.part("view_name")).to_be_visible()


def heads(person, *labels):
    expect(person.part("v_table").locator("thead th:not(.tick, .do)")).to_have_text(list(labels))
