"""Where a page of a list begins: at the view of its link, at the default one, or at everything."""

from __future__ import annotations

import pytest

from pages.components.i18n import text
from tests.pages.conftest import PAGES

VIDEOS = PAGES / "videos.py"


@pytest.fixture
def view_id(door):
    view = door.data("saveView", page="videos", name="待审", query="v_status=check", columns="title:300,id")["viewId"]
    door.data("setDefaultView", page="videos", viewId=view)
    return view


def scripts(app):
    return "".join(one.proto.body for one in app.get("html") if "replaceState" in one.proto.body)


@pytest.mark.parametrize("query", [{"open": "0123456789ab"}, {"view": "0123456789ab", "v_title": "猫"}])
def test_a_view_that_is_gone_is_told_of_and_the_list_shown(drawings, full, query):
    app = drawings.draw(VIDEOS, **query)

    assert text("zh", "views.gone") in app.error[0].value
    assert {"open", "view"}.isdisjoint(app.query_params)
    assert app.text_input(key="v_title").value == query.get("v_title", "")


@pytest.mark.parametrize("by_link", [True, False], ids=["of a link", "by default"])
def test_a_view_is_opened_before_there_is_a_field_to_type_in(drawings, full, view_id, by_link):
    app = drawings.draw(VIDEOS, **({"open": view_id} if by_link else {}))

    assert f"view={view_id}" in scripts(app)
    assert "v_cols=title" in scripts(app)
    assert not app.text_input
    app.query_params.pop("open", None)
    app.query_params.update({"view": view_id, "v_status": "check"})
    app.run()
    assert not scripts(app)
    assert app.text_input(key="v_title").value == ""


def test_a_link_opens_a_view_of_another_page(drawings, full, view_id):
    assert f"/videos?v_status=check&v_cols=title%3A300%2Cid&view={view_id}" in scripts(
        drawings.draw(PAGES / "history.py", open=view_id)
    )


@pytest.mark.parametrize("query", [{"view": "all"}, {"v_title": "猫"}])
def test_a_link_to_something_else_does_not_open_the_default_view(drawings, full, view_id, query):
    app = drawings.draw(VIDEOS, **query)

    assert not scripts(app)
    assert app.text_input(key="v_title").value == query.get("v_title", "")


@pytest.fixture
def menu(drawings, full, view_id):
    """The list of videos with its menu of views, which has a view open in the end."""

    def draw(shown):
        app = drawings.draw(VIDEOS, view="all")
        app.context = {"url": "http://console/videos"}
        app.query_params["view"] = shown
        return app.run()

    return draw


def test_a_name_that_is_refused_stays_to_be_changed(menu, door):
    app = menu("all")
    app.text_input(key="view_name").set_value("待审")
    app.button(key="view_add").click().run()
    assert "待审" in app.error[0].value
    assert app.text_input(key="view_name").value == "待审"

    app.text_input(key="view_name").set_value("待审 2")
    app.button(key="view_add").click().run()
    assert {view["name"] for view in door.data("getViews", page="videos")["viewList"]} == {"待审", "待审 2"}
    assert app.text_input(key="view_name").value == ""


def test_a_view_is_deleted_after_a_question(menu, view_id, door):
    app = menu(view_id)
    for key in ("view_delete", "view_keep", "view_delete"):
        app.button(key=key).click().run()
    assert door.data("getViews", page="videos")["viewList"]

    app.button(key="view_delete_yes").click().run()
    assert not door.data("getViews", page="videos")["viewList"]
