"""Figures and keys of the app's feed, as administrators and others see them on the page Recommendations."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.model.feed import Figures
from tests.pages.conftest import PAGES

pytestmark = pytest.mark.in_front

PAGE = PAGES / "recommendations.py"


@pytest.fixture
def panel(drawings):
    return lambda: drawings.draw(PAGE, r_view="app")


def keys(app):
    return [one.value for one in app.code]


def test_an_administrator_exchanges_the_key(panel, console):
    app = panel()
    assert keys(app) == []

    app.button(key="feed_add").click().run()
    app.button(key="feed_add").click().run()
    old, new = console.store.feed_keys.find()
    assert keys(app) == [old.key, new.key]
    assert app.button(key="feed_add").disabled

    app.button(key=f"feed_retire--{old.key_id}").click().run()
    assert keys(app) == [new.key]
    assert not app.exception


def test_figures_are_shown_with_their_intervals(panel, console, make_video, clock):
    video, hour = make_video(title="山里的猫"), int(clock() // 3600)
    figures = {(hour, "feed", video.video_id, 1, 1): Figures(1200, plays=500, completes=100, skips=50)}
    console.store.feed_figures.record("batch", figures)

    (table,) = panel().dataframe

    row = table.value.iloc[0].to_list()
    assert row[1:5] == ["山里的猫", 1200, 600, "50.0% (47.2%–52.8%)"]


def test_others_see_the_figures_and_no_key(panel, console, drawings, make_account, sign_in, clock):
    drawings.token = sign_in(make_account("ben", Role.MANAGER))

    app = panel()

    assert keys(app) == []
    assert not [one for one in app.button if one.key == "feed_add"]
    assert not app.error
