"""Pages reach the console by operations alone, so that one on another machine could stand behind them."""

from __future__ import annotations

import pytest

from backend import Caller
from backend.client import RemoteConsole
from tests.pages.conftest import PAGES

pytestmark = pytest.mark.in_front

SCRIPTS = ("overview", "videos", "video", "history", "accounts", "prewarm")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_page_of_a_console_elsewhere_shows_the_same(name, drawings, full, server):
    script, query = PAGES / f"{name}.py", {"videoId": full} if name == "video" else {}
    here = drawn(drawings.draw(script, **query))
    remote = RemoteConsole(server)

    drawings.call = lambda *asked: remote.call(*asked[:3], Caller(language=asked[3].language))
    elsewhere = drawn(drawings.draw(script, **query))

    assert elsewhere == here


def drawn(app):
    """Return the texts that a page shows, in their order."""
    return [str(part.value) for part in (*app.subheader, *app.markdown, *app.caption, *app.metric, *app.info)]
