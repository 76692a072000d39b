"""Somebody at the review desk."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.person import RUNS_NOTHING

PASSWORD = "four horses and a cart"  # of everybody who reviews
LOOK_MS = 150  # a key that comes sooner after a clip decides nothing


class Desk:
    """The desk in one tab: what is on the screen, and the keys."""

    def __init__(self, person: Any) -> None:
        self.person, self.page = person, person.page
        self.root: Locator = self.page.locator(".desk")
        self.clip: Locator = self.root.locator("[data-video-id]")

    def opens(self) -> Desk:
        self.person.goes_to("/review")
        expect(self.root).to_be_visible()
        return self

    def shows(self, title: str) -> None:
        """Wait until the clip of this title is on the screen, and look at it."""
        expect(self.clip.get_by_role("heading")).to_have_text(title)
        self.looks()

    def looks(self) -> None:
        """Look at what is there until a key counts.

        A desk that is mounted anew meanwhile shows its clip anew, which a page that is still running may do.
        """
        while True:
            seen = self.clip.element_handles()
            self.page.wait_for_timeout(LOOK_MS)
            is_quiet = self.page.locator(RUNS_NOTHING).count()
            if is_quiet and all(one.evaluate("clip => clip.isConnected") for one in seen):
                return

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def has_done(self, count: int) -> None:
        """Wait until so many decisions are stored, as the page says too."""
        expect(self.root).to_have_attribute("data-done", str(count))
        expect(self.root.locator(".done")).to_have_text(self.person.t("desk.done", number=count))

    def is_told(self, text: str) -> None:
        expect(self.root.locator(".told")).to_contain_text(text)

    def is_empty(self, text: str) -> None:
        expect(self.root.locator(".empty")).to_contain_text(text)


class Held:
    """Requests of an operation, or their answers, held back until they are let go."""

    def __init__(self, page, operation, *, answered=False):
        self.page, self.answered, self.routes, self.is_over = page, answered, [], False
        page.route(f"**/{operation}", self._hold)

    def _hold(self, route):
        if self.is_over:
            route.continue_()
        else:
            self.routes.append((route, route.fetch() if self.answered else None))

    def comes(self):
        for _ in range(1_000):
            if self.routes:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError("the request did not come")

    def let_go(self):
        self.is_over = True
        for route, response in self.routes:
            route.fulfill(response=response) if response else route.continue_()
