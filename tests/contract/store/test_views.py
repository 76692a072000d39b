"""Saved views in every database."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.errors import Conflict, NotFound
from backend.model import Account, Actor
from backend.model.views import View, ViewPage, ViewScope

ANNE, BEN = Account(7, "anne", Role.MANAGER, 0), Account(8, "ben", Role.MANAGER, 0)
ACTOR = Actor("anne", "page")


@pytest.fixture
def view(store):
    wanted = View("", ViewPage.VIDEOS, "待审", "v_status=check", "title", ViewScope.ALL, "", 7, "anne", 0, 0)
    return store.views.add(wanted, ANNE, ACTOR)


def test_a_view_is_found_changed_and_deleted(store, view):
    assert store.views.find(ViewPage.VIDEOS, BEN) == [view]

    changed = store.views.change(view.view_id, ANNE, ACTOR, 1, name="new")

    assert (changed.name, changed.revision, changed.query) == ("new", 2, view.query)
    assert store.views.get(view.view_id, BEN) == changed
    with pytest.raises(Conflict):
        store.views.change(view.view_id, ANNE, ACTOR, 1, name="newer")
    store.views.delete(view.view_id, ANNE, ACTOR)
    with pytest.raises(NotFound):
        store.views.get(view.view_id, ANNE)
    assert [line.action for line in store.history.find_history(view.view_id)] == ["deleteView", "saveView", "saveView"]


def test_the_columns_of_a_person_are_those_chosen_last(store):
    account = store.accounts.add_account("anne", "hash", Role.MANAGER, ACTOR)

    for columns in ("title", "title,user"):
        store.views.set_columns(account.account_id, ViewPage.VIDEOS, columns)

    assert store.views.find_columns(account.account_id, ViewPage.VIDEOS) == "title,user"
    assert store.views.find_columns(account.account_id, ViewPage.HISTORY) == ""


def test_the_default_view_of_a_page_goes_with_the_view(store, view):
    anne, ben = (store.accounts.add_account(name, "hash", Role.MANAGER, ACTOR) for name in ("anne", "ben"))
    for account in (anne, ben):
        store.views.set_default(account, ViewPage.VIDEOS, view.view_id)

    store.views.set_default(ben, ViewPage.VIDEOS, "")
    assert [store.views.find_default(one.account_id, ViewPage.VIDEOS) for one in (anne, ben)] == [view.view_id, ""]
    assert store.views.find_default(anne.account_id, ViewPage.HISTORY) == ""

    owner = Account(view.account_id, "anne", Role.MANAGER, 0)
    store.views.delete(view.view_id, owner, ACTOR)
    assert store.views.find_default(anne.account_id, ViewPage.VIDEOS) == ""
