"""Somebody at a browser: where they go, what they see and click."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, TimeoutError, WebSocket, expect

from pages.components.i18n import text
from tests.conftest import PASSWORD
from tests.paths import ROOT

# A new page of the frame is tried from its first day.
PATHS = ["/", *(f"/{name}" for name in re.findall(r'url_path="(\w+)"', (ROOT / "pages/app.py").read_text("utf-8")))]
# A page below the root makes Streamlit look for its own base path there; the two misses are no fault of ours.
PROBES = {f"{path}/_stcore/{probe}" for path in PATHS[1:] for probe in ("health", "host-config")}
RUNS_NOTHING = '[data-testid="stApp"][data-test-script-state="notRunning"]'
SHOWN = "[data-drawn]"  # until then the page is hidden, and takes no keys
DRAWN = ".st-key-page_head, .st-key-sign_in_do"
AT_TOP = "title => document.querySelector('.st-key-page_head')?.innerText.includes(title)"
# Toasts are gone after four seconds, which a busy machine may take to look at one: those that came are kept.
KEEP_TOASTS = """
    window.toasts = [];
    new MutationObserver(changes => {
        for (const change of changes) for (const node of change.addedNodes) {
            if (node.nodeType !== Node.ELEMENT_NODE) continue;
            window.toasts.push(...(node.matches(".stToast") ? [node] : node.getElementsByClassName("stToast")));
        }
    }).observe(document, { childList: true, subtree: true });
"""
TAKE_TOAST = """text => {
    const found = window.toasts.findIndex(toast => toast.textContent.replace(/\\s+/g, " ").includes(text));
    return found >= 0 && window.toasts.splice(found, 1).length === 1;
}"""
ADDRESS = "pattern => new RegExp(pattern).test(decodeURIComponent(location.pathname + location.search))"
HEARTBEAT = 8  # bytes at most of a message that asks for nothing
PATIENCE = 60_000  # milliseconds, for a busy machine

expect.set_options(timeout=PATIENCE)


class Person:
    """Somebody at a tab of a browser, who reads one language."""

    def __init__(self, page: Page, url: str, language: str) -> None:
        self.page, self.url, self.language = page, url, language
        self.complaints: list[str] = []
        self._asked = 0  # messages to the server
        self.expected_hosts = {urlsplit(url).netloc}
        self._listeners: dict[Any, Callable[[Any], None]] = {
            "console": self._hear,
            "pageerror": lambda error: self.complaints.append(str(error)),
            "request": self._watch,
            "websocket": self._connect,
        }
        for event, listener in self._listeners.items():
            page.on(event, listener)

    def gets_up(self) -> None:
        """Listen to the tab no longer: another person may use it."""
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def t(self, key: str, **values: Any) -> str:
        return text(self.language, key, **values)

    # Going somewhere

    def goes_to(self, path: str, **query: str) -> None:
        """Load an address, and wait until it is drawn."""
        search = "&".join(f"{key}={quote(value)}" for key, value in query.items())
        self.page.goto(f"{self.url}{path}{'?' if search else ''}{search}", wait_until="commit")
        self._until(f"""() => document.querySelector('{SHOWN} {RUNS_NOTHING}')?.querySelector('{DRAWN}')""")

    def follows(self, path: str) -> None:
        """Go to a page by the links at the top, and wait until it is drawn."""
        self.clicks_on(self.page.locator(f'[data-testid="stTopNavLink"][href="{self.url}{path}"]'))
        self._until(AT_TOP, self.t(f"{path[1:] or 'overview'}.title"))
        self.is_idle()

    def signs_in(self, password: str = PASSWORD, name: str = "admin") -> None:
        """Fill in the form and send it."""
        self.field("sign_in_name").fill(name)
        self.field("sign_in_password").fill(password)
        self.clicks("sign_in_do")

    def enters(self, name: str = "admin", password: str = PASSWORD) -> None:
        """Sign in, and wait until the browser will remember it."""
        with self.page.expect_response(f"{self.url}/console/user/adopt") as adopted:
            self.signs_in(password, name)
        assert adopted.value.ok
        self.is_in()

    def leaves(self) -> None:
        """Sign out, and wait until the browser has forgotten it: then the page is loaded anew."""
        with self.page.expect_navigation(wait_until="commit"):
            self.clicks("person_menu")
            self.picks(self.t("sign_in.out"))
        self.is_out()

    def is_in(self) -> None:
        """Wait until the page of somebody who is signed in is drawn."""
        expect(self.part("page_head")).to_be_visible()
        self.is_idle()

    def is_out(self) -> None:
        """Wait until the sign-in is drawn."""
        expect(self.part("sign_in_do")).to_be_visible()

    def is_idle(self) -> None:
        self.page.locator(RUNS_NOTHING).wait_for(state="attached")

    def is_at(self, pattern: str) -> None:
        """Wait until the address below the host matches. `page.url` lags behind pushState, so the page is asked."""
        self._until(ADDRESS, pattern)

    def waits_until(self, part: Locator, is_true: str, seconds: int = 60) -> None:
        """Wait until a function of JavaScript says yes to a part of the page, which may be drawn anew meanwhile."""
        deadline = time.monotonic() + seconds
        while not part.evaluate(is_true):
            assert time.monotonic() < deadline, f"not in {seconds} seconds: {is_true}"
            self.page.wait_for_timeout(30)

    @contextmanager
    def hears(self, text: str, seconds: float = 60) -> Iterator[None]:
        """Wait until the server has sent this text, and it was taken in."""
        with self._socket.expect_event("framereceived", lambda frame: text.encode() in frame, timeout=seconds * 1000):
            yield
        self.is_idle()

    # Looking and touching

    def part(self, key: str) -> Locator:
        """What the pages drew under this key; what belongs to one video has that behind two hyphens."""
        return self.page.locator(f'.st-key-{key}, [class*="st-key-{key}--"]')

    def field(self, key: str) -> Locator:
        return self.part(key).locator("input").first

    def button(self, key: str) -> Locator:
        return self.part(key).locator("button").first

    def clicks(self, key: str) -> None:
        self.clicks_on(self.button(key))

    def clicks_on(self, part: Locator) -> None:
        """Click when the page runs nothing any more: a run may draw what is clicked anew, and the click is lost."""
        part.wait_for()
        self.is_idle()
        if not part.is_enabled():
            expect(part).to_be_enabled()
            self.is_idle()
        part.click()

    def presses(self, key: str, shown: Locator) -> None:
        """Press a key until that shows. A shortcut works only some time after its button is drawn."""
        for _ in range(5):
            asked = self._asked
            self.page.keyboard.press(key)
            with suppress(TimeoutError):
                return shown.wait_for(timeout=2_000)
            if self._asked > asked:  # probably for this: pressed again, it may write into what is about to show
                with suppress(TimeoutError):
                    return shown.wait_for(timeout=20_000)
        raise AssertionError(f"{key} does nothing")

    def turns_to(self, key: str, page: int) -> None:
        """Turn to another page of a list."""
        self.clicks_on(self.part(key).get_by_role("button").filter(has_text=re.compile(f"^{page}$")))

    def picks(self, text: str) -> None:
        """Click an entry of the menu or the list that is open."""
        self.clicks_on(self.page.locator('[role="menuitem"], [role="option"]').filter(has_text=text).first)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def alert(self) -> Locator:
        return self.page.get_by_test_id("stAlert")

    def is_told(self, text: str) -> None:
        """Wait for a toast that this was not asked about before, even if it is gone again."""
        self._until(TAKE_TOAST, text)

    def column(self, number: int) -> Locator:
        """The cells of a column, counted from 1: of our tables, or of what Streamlit keeps beside its canvas."""
        canvas = f'[data-testid="stDataFrame"] tbody td[aria-colindex="{number}"]'
        return self.page.locator(f'{canvas}, [class*="_table"] tbody td[data-column="{number}"]')

    def row(self, number: int) -> Locator:
        """A row of our table, counted from 0."""
        return self.page.locator('[class*="_table"] tbody tr').nth(number)

    def sees(self, *titles: str) -> None:
        """Wait until the table shows these titles and no others."""
        expect(self.column(2)).to_have_text(list(titles))
        self.is_idle()

    def ticks(self, *rows: int) -> None:
        """Tick rows where none is ticked, and wait until the page has taken them in."""
        self.is_idle()
        for row in rows:
            self.row(row).get_by_role("checkbox").check()
        self.has_ticked(len(rows))

    def opens_menu_of(self, row: int) -> None:
        self.clicks_on(self.row(row).locator(".do button"))
        expect(self.page.get_by_role("menuitem").first).to_be_visible()

    def opens_row(self, row: int) -> None:
        self.clicks_on(self.row(row).get_by_role("link"))

    def has_ticked(self, count: int) -> None:
        expect(self.part("toolbar")).to_contain_text(self.t("videos.ticked", count=count))
        self.is_idle()

    def _until(self, function: str, about: Any = None, seconds: int = 60) -> None:
        """Wait for something in the page, asking much more often than an expectation does."""
        self.page.wait_for_function(function, arg=about, polling=30, timeout=seconds * 1000)

    # What nobody should see

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and urlsplit(message.location["url"]).path not in PROBES:
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _connect(self, socket: WebSocket) -> None:
        self._socket = socket
        socket.on("framesent", self._count)

    def _count(self, frame: str | bytes) -> None:
        self._asked += len(frame) > HEARTBEAT

    def _watch(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc not in self.expected_hosts:
            self.complaints.append(f"asked another host: {request.url}")
