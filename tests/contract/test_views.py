"""Saved views: filters, order and columns of a list under a name, for oneself, a role or everybody."""

from __future__ import annotations

import pytest

from backend.model import Role


@pytest.fixture
def as_(door, make_account, sign_in):
    """Calls an operation as somebody of a role."""
    tokens = {role: sign_in(make_account(role.value, role)) for role in (Role.MANAGER, Role.REVIEWER, Role.ANALYST)}

    def call(role, name, /, **parameters):
        return door(name, token=tokens[role], **parameters)

    return call


@pytest.fixture
def names(as_):
    """The names of the views of videos that somebody of a role sees."""
    return lambda role: [one["name"] for one in as_(role, "getViews", page="videos")["data"]["viewList"]]


@pytest.mark.every_door
def test_a_view_is_kept_as_it_was_saved(door):
    saved = door.data(
        "saveView", page="videos", name="待审", query="v_status=check&v_title=%E6%B5%B7&v_user=",
        columns="title:300,user,title",
    )  # fmt: skip

    assert saved == {
        "viewId": saved["viewId"], "page": "videos", "name": "待审", "query": "v_status=check&v_title=%E6%B5%B7",
        "columns": "title:300,user", "scope": "me", "role": "", "userName": "anne", "revision": 1, "isMine": True,
    }  # fmt: skip
    assert door.data("getViews", page="videos")["viewList"] == [saved]
    assert door.data("getViews", page="history")["viewList"] == []
    assert door.data("getView", viewId=saved["viewId"]) == saved


def test_a_view_is_seen_by_oneself_a_role_or_everybody(door, as_, names):
    as_(Role.REVIEWER, "saveView", page="videos", name="mine")
    as_(Role.REVIEWER, "saveView", page="videos", name="ours", scope="role")
    as_(Role.MANAGER, "saveView", page="videos", name="everybody's", scope="all")

    assert names(Role.REVIEWER) == ["everybody's", "mine", "ours"]
    assert names(Role.MANAGER) == names(Role.ANALYST) == ["everybody's"]
    assert [one["name"] for one in door.data("getViews", page="videos")["viewList"]] == ["everybody's", "ours"]

    assert as_(Role.REVIEWER, "saveView", page="videos", name="x", scope="role", role="manager")["code"] == "400"
    assert door.data("saveView", page="videos", name="theirs", scope="role", role="manager")["role"] == "manager"
    assert names(Role.MANAGER) == ["everybody's", "theirs"]


def test_what_is_shared_belongs_to_its_owner_and_to_administrators(door, as_):
    view = as_(Role.MANAGER, "saveView", page="videos", name="everybody's", scope="all")["data"]
    (seen,) = as_(Role.ANALYST, "getViews", page="videos")["data"]["viewList"]
    assert not seen["isMine"]

    answer = as_(Role.ANALYST, "saveView", viewId=view["viewId"], query="v_title=a")
    assert (answer["code"], answer["message"]) == (
        "400", "The view everybody's is of manager. Save yours under a name of its own."
    )  # fmt: skip
    assert as_(Role.ANALYST, "deleteView", viewId=view["viewId"])["code"] == "400"

    assert door.data("saveView", viewId=view["viewId"], query="v_title=a")["revision"] == 2
    assert door("deleteView", viewId=view["viewId"])["code"] == "200"


def test_nobody_finds_or_changes_the_view_of_another(door, as_):
    view = as_(Role.MANAGER, "saveView", page="videos", name="mine")["data"]

    for name in ("getView", "saveView", "deleteView"):
        assert door(name, viewId=view["viewId"])["code"] == "404", name
        assert as_(Role.MANAGER, name, viewId=view["viewId"])["code"] == "200", name


def test_of_two_who_change_a_shared_view_the_second_is_refused(door, as_):
    view = as_(Role.MANAGER, "saveView", page="videos", name="everybody's", scope="all")["data"]
    door.data("saveView", viewId=view["viewId"], query="v_title=a", revision=1)

    late = as_(Role.MANAGER, "saveView", viewId=view["viewId"], query="v_title=b", revision=1)

    assert (late["code"], late["message"]) == (
        "409", "The view everybody's was changed meanwhile; open it again."
    )  # fmt: skip
    assert door.data("getView", viewId=view["viewId"])["query"] == "v_title=a"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": ""}, "name is required."),
        ({"page": ""}, "page is required."),
        ({"page": "jobs"}, "page must be one of videos, recommendations, history, trash; got 'jobs'."),
        ({"query": "javascript:x=1"}, "query contains javascript:x, which is no parameter of a list."),
        ({"query": "&".join(f"v_{n}=1" for n in range(99))}, "query must be that of a page's address."),
        ({"columns": "title:5"}, "columns must be names, with widths from 40 to 1000 if wanted"),
        ({"columns": "<b>"}, "columns must be names"),
        ({"name": "x" * 61}, "name has 61 characters; at most 60 are allowed."),
    ],
)
def test_what_is_no_view_is_refused(door, given, why):
    answer = door("saveView", **{"page": "videos", "name": "a", **given})

    assert (answer["code"], answer["message"][: len(why)]) == ("400", why)


def test_a_person_has_one_view_of_a_name_on_a_page(door):
    door.data("saveView", page="videos", name="a")

    assert door("saveView", page="videos", name="a")["code"] == "409"
    assert door("saveView", page="history", name="a")["code"] == "200"
    other = door.data("saveView", page="videos", name="b")
    assert door("saveView", viewId=other["viewId"], name="a")["code"] == "409"
    assert door("saveView", viewId=other["viewId"], name="b", query="v_title=x")["code"] == "200"


def test_each_person_chooses_columns(door, as_):
    door.data("setColumns", page="videos", columns="title, user:120")

    assert door.data("getViews", page="videos")["columns"] == "title,user:120"
    assert as_(Role.MANAGER, "getViews", page="videos")["data"]["columns"] == ""
    door.data("setColumns", page="videos")
    assert door.data("getViews", page="videos")["columns"] == ""


def test_each_person_chooses_the_view_that_a_page_opens_with(door, as_):
    def default(role=None, page="videos"):
        return (as_(role, "getViews", page=page)["data"] if role else door.data("getViews", page=page))["defaultViewId"]

    mine = door.data("saveView", page="videos", name="mine")["viewId"]
    ours = as_(Role.MANAGER, "saveView", page="videos", name="ours", scope="all")["data"]["viewId"]

    door.data("setDefaultView", page="videos", viewId=mine)
    as_(Role.ANALYST, "setDefaultView", page="videos", viewId=ours)

    assert (default(), default(Role.ANALYST), default(Role.MANAGER)) == (mine, ours, "")
    assert default(page="history") == ""
    door.data("setDefaultView", page="videos", viewId=ours)
    assert default() == ours
    door.data("setDefaultView", page="videos")
    assert default() == ""


def test_a_default_view_that_is_no_longer_shown_counts_as_none(door, as_):
    view = as_(Role.MANAGER, "saveView", page="videos", name="ours", scope="all")["data"]["viewId"]
    as_(Role.ANALYST, "setDefaultView", page="videos", viewId=view)

    as_(Role.MANAGER, "saveView", viewId=view, scope="me")
    assert as_(Role.ANALYST, "getViews", page="videos")["data"]["defaultViewId"] == ""

    as_(Role.MANAGER, "saveView", viewId=view, scope="all")
    assert as_(Role.ANALYST, "getViews", page="videos")["data"]["defaultViewId"] == view, "a change kept it"


def test_what_is_no_default_view_is_refused(door, as_):
    theirs = as_(Role.MANAGER, "saveView", page="videos", name="theirs")["data"]["viewId"]
    other = door.data("saveView", page="history", name="of yesterday")["viewId"]

    assert door("setDefaultView", page="videos", viewId=theirs)["code"] == "404"
    answer = door("setDefaultView", page="videos", viewId=other)
    assert (answer["code"], answer["message"]) == ("400", "The view of yesterday is of another page.")
