"""Pages for everybody: axe-core finds nothing serious in either theme, Tab reaches everything, pages fit at 200 % zoom.

Its rules are described at https://dequeuniversity.com/rules/axe.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser.person import Person

pytestmark = pytest.mark.slow

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RUN = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations
        .filter(one => ["serious", "critical"].includes(one.impact))
        .map(one => `${one.id}: ${one.nodes.map(node => `${node.target} ${node.html.slice(0, 200)}`).join(" | ")}`);
}"""
# Stands for 200 % zoom of a window 1440 pixels wide.
ZOOMED = {"width": 720, "height": 450}
WIDER = "() => document.scrollingElement.scrollWidth - innerWidth"
# Of a group of radio buttons or tabs one is reached, and the others by arrows.
TARGETS = """() => {
    const all = root => [...root.querySelectorAll("*")]
        .flatMap(one => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
    window.targets = all(document).filter(one =>
        one.matches("button, a[href], input, textarea, select, summary, [role=button], [role=combobox]")
        && one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !one.disabled
        && one.tabIndex >= 0 && one.type !== "radio" && !one.closest("[role=radiogroup], [role=tablist], [inert]"));
    window.reached = new Set();
    document.activeElement?.blur();
    return window.targets.length;
}"""
REACH = """() => {
    let now = document.activeElement;
    while (now?.shadowRoot?.activeElement) now = now.shadowRoot.activeElement;
    window.reached.add(now);
    return window.targets.filter(one => one.isConnected && !window.reached.has(one)).length;
}"""
LEFT = """() => window.targets.filter(one => one.isConnected && !window.reached.has(one))
    .map(one => `${one.tagName} ${one.ariaLabel || one.innerText || one.outerHTML}`.slice(0, 200))"""
DIALOGS: list[tuple[str, Callable[[Any], object]]] = [
    ("/videos", lambda person: person.clicks("upload")),
    ("/video", lambda person: person.clicks("do_block")),
    ("/video", lambda person: person.clicks("edit_open")),
    ("/accounts", lambda person: person.clicks("account_add")),
    ("/profile", lambda person: person.clicks("token_new")),
    ("/webhooks", lambda person: person.clicks("webhook_add")),
    ("/history", lambda person: person.clicks_on(person.row(0).get_by_role("button").first)),
]


def complaints(page: Page) -> list[str]:
    """Return what axe finds serious or critical, with the elements."""
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    found: list[str] = page.evaluate(RUN)
    return found


def lasting_complaints(page: Page) -> list[str]:
    """Return what axe finds, and what it still finds when everything has faded in."""
    deadline = time.monotonic() + 20
    while (found := complaints(page)) and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    return found


def goes_to(person: Person, path: str, clip: dict[str, Any]) -> None:
    person.goes_to(path, **({"videoId": clip["videoId"]} if path == "/video" else {}))
    person.is_idle()


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_pages_and_dialogs_can_be_used_by_everybody(site, member, clip, paths, language, scheme):
    person = member(site.server, color_scheme=scheme)
    found = {}
    for path in paths:
        goes_to(person, path, clip)
        found[path] = lasting_complaints(person.page)
    for path, opens in DIALOGS:
        goes_to(person, path, clip)
        opens(person)
        expect(person.dialog).to_be_visible()
        person.is_idle()
        found[f"dialog of {path}"] = lasting_complaints(person.page)

    assert {where: what for where, what in found.items() if what} == {}


def test_axe_finds_a_button_without_a_name(person):
    person.goes_to("/")
    person.page.evaluate(
        "() => document.querySelector('main, [data-testid=stMain]').append(document.createElement('button'))"
    )

    assert any(found.startswith("button-name") for found in complaints(person.page))


def test_at_double_size_no_page_is_wider_than_the_window(person, paths, clip):
    person.page.set_viewport_size(ZOOMED)
    wider = {}
    for path in paths:
        goes_to(person, path, clip)
        with suppress(TimeoutError):
            person.page.wait_for_function(f"() => ({WIDER})() <= 0")
        wider[path] = person.page.evaluate(WIDER)

    assert {path: by for path, by in wider.items() if by > 0} == {}


def test_tab_reaches_all_that_can_be_pressed_or_filled_in(person, paths, clip):
    missed = {}
    for path in paths:
        goes_to(person, path, clip)
        for _ in range(2 * person.page.evaluate(TARGETS) + 20):
            person.page.keyboard.press("Tab")
            if not person.page.evaluate(REACH):
                break
        missed[path] = person.page.evaluate(LEFT)

    assert {path: what for path, what in missed.items() if what} == {}
