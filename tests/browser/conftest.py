"""What the browser tests share: real servers over a small catalogue, Chromium, and people who use it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from backend.model import CensorStatus
from tests.browser.catalogue import SEEDED, Catalogue, open_catalogue
from tests.browser.chromium import LANGUAGES, WINDOW, find_chromium, options, window
from tests.browser.desk import PASSWORD, Desk
from tests.browser.person import KEEP_TOASTS, PATHS, PATIENCE, Person
from tests.browser.server import Server
from tests.conftest import PASSWORD as ADMIN_PASSWORD
from tests.waiting import until

HERE = Path(__file__).resolve().parent
SESSION = "qu_session"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, and run it last: while Playwright is open, this thread cannot start an event loop
    of its own, as other tests may want to. Files with many tests go first, so that processes end at the same time."""
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    tests = Counter(item.path for item in ours)
    ours.sort(key=lambda item: (-tests[item.path], item.path))
    for item in ours:
        item.add_marker(pytest.mark.browser)
    items[:] = [item for item in items if item not in ours] + ours


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        for page in item.stash.get(PAGES, []):
            take_picture(page, item)
    return report


PAGES: pytest.StashKey[list[Page]] = pytest.StashKey()
FAILED: pytest.StashKey[bool] = pytest.StashKey()


def take_picture(page: Page, item: pytest.Item) -> None:
    if not page.is_closed():
        name = re.sub(r"\W+", "-", item.nodeid.rpartition("/")[2])
        page.screenshot(path=item.config.rootpath / "test-results" / f"{name}.png")


# Servers and what they hold


@pytest.fixture(scope="session")
def paths() -> list[str]:
    """Where the pages are."""
    return PATHS


@pytest.fixture(scope="session")
def seeded() -> list[str]:
    """The titles that every server's catalogue starts with, the newest first."""
    return SEEDED


@pytest.fixture(scope="module")
def new_server(tmp_path_factory) -> Callable[[], Server]:
    """Makes servers, not yet started, each over a seeded catalogue of its own."""

    def make() -> Server:
        server = Server(tmp_path_factory.mktemp("server"))
        catalogue = open_catalogue(server.data)
        catalogue.add_seeded()
        catalogue.console.close()
        return server

    return make


@dataclass
class Site:
    """The server that most tests share: each adds what it changes."""

    server: Server
    catalogue: Catalogue
    clips: Path

    @property
    def url(self) -> str:
        return self.server.url

    def ask(self, operation: str, **parameters: Any) -> Any:
        """Run an operation over REST and return its data."""
        return self.server.ask(operation, **parameters)

    def wait_for_jobs(self, video_id: str) -> None:
        """Return when the worker has done everything for a video."""

        def all_done() -> bool:
            jobs = self.catalogue.console.store.jobs.find_jobs(video_id=video_id, size=100).items
            assert not [job for job in jobs if job.state == "failed"]
            return all(job.state == "done" for job in jobs)

        until(all_done, "the worker is done")


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    catalogue = open_catalogue(folder / "data")
    catalogue.add_seeded()
    clips = folder / "clips"
    clips.mkdir()
    try:
        with Server(folder) as server:
            try:
                yield Site(server, catalogue, clips)
            finally:
                catalogue.console.close()
    finally:
        catalogue.console.close()


@pytest.fixture(scope="session")
def make_clip(site, encoded) -> Callable[..., Path]:
    """Makes real videos, small where nothing else is said. Each is encoded once: their names in a box of their own keep
    the files apart."""

    def make(name: str, seconds: int = 3, size: str = "320x180") -> Path:
        picture = f"testsrc2=s={size}:r=12:d={seconds}"
        inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=d={seconds}"]
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
        whole = encoded(f"{seconds}-seconds-{size}.mp4", [*inputs, *codecs]).read_bytes()
        path: Path = site.clips / name
        path.write_bytes(whole + (8 + len(name.encode())).to_bytes(4, "big") + b"free" + name.encode())
        return path

    return make


@pytest.fixture(scope="session")
def clip(site, make_clip) -> dict[str, Any]:
    """A real video, sent in over REST and worked on by the server: its cover, snapshots and rendition are there."""
    path = make_clip("海边的清晨.mp4")
    video = site.ask("uploadVideo", file=path, description="浪很小 *一直* 没有风", tags="海,清晨")
    site.wait_for_jobs(video["videoId"])
    return site.ask("getVideoById", videoId=video["videoId"])


# A browser


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is."""
    program = find_chromium()
    if program is None:
        say = pytest.fail if os.environ.get("TEST_BROWSER") == "required" else pytest.skip
        say("There is no chromium-headless-shell or chromium on the PATH.")
    return program


@pytest.fixture(scope="session")
def driver(chromium) -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def language() -> str:
    """The language that the person of this test reads; parametrize it where both matter."""
    return "zh"


@pytest.fixture(scope="session")
def idle_tabs() -> dict[BrowserContext, list[Page]]:
    """Empty tabs of browsers that are used again: in a new one, a page costs twice the processor time."""
    return {}


def clear(page: Page) -> None:
    """Take back what a test did to its tab."""
    page.unroute_all(behavior="ignoreErrors")
    if page.url.startswith("http"):
        page.evaluate("localStorage.clear(), sessionStorage.clear()")
    page.goto("about:blank")
    page.set_viewport_size(WINDOW)
    page.emulate_media(color_scheme="light")
    page.mouse.move(0, 0)


@pytest.fixture
def new_person(request, idle_tabs) -> Iterator[Callable[..., Person]]:
    """Sits people down at tabs. At the end no page may have complained or asked another host.

    A test that adds scripts or answers dialogs closes its tab, for these cannot be taken back.
    """
    request.node.stash[PAGES] = []
    people: list[Person] = []

    def sit_down(context: BrowserContext, url: str, language: str) -> Person:
        page = idle_tabs[context].pop() if idle_tabs.get(context) else context.new_page()
        person = Person(page, url, language)
        request.node.stash[PAGES].append(person.page)
        people.append(person)
        return person

    yield sit_down
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        if person.complaints:
            take_picture(person.page, request.node)
        person.gets_up()
        if person.page.is_closed():
            continue
        if person.page.context in idle_tabs and not complaints and FAILED not in request.node.stash:
            clear(person.page)
            idle_tabs[person.page.context].append(person.page)
        else:
            person.page.close()
    assert not complaints


@pytest.fixture(scope="session")
def browser(driver, chromium) -> Iterator[Browser]:
    launched = driver.chromium.launch(**options(chromium))
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def idle_browsers() -> dict[str, list[BrowserContext]]:
    """Browsers for each language in which nobody is signed in: a new one would compile all scripts again."""
    return {language: [] for language in LANGUAGES}


@pytest.fixture
def fresh_browser(request, browser, idle_browsers, idle_tabs) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers that know nobody. What others left in their cache stays, unless they are asked for in a special
    way."""
    special: list[BrowserContext] = []
    used: list[tuple[str, BrowserContext]] = []

    def open_new(language: str, **others: Any) -> BrowserContext:
        context = browser.new_context(**{**window(language), **others})
        context.add_init_script(KEEP_TOASTS)
        context.set_default_timeout(PATIENCE)
        return context

    def make(language: str, **others: Any) -> BrowserContext:
        if others:
            special.append(open_new(language, **others))
            return special[-1]
        context = idle_browsers[language].pop() if idle_browsers[language] else open_new(language)
        idle_tabs.setdefault(context, [])
        used.append((language, context))
        return context

    yield make
    for context in special:
        context.close()
    for language, context in used:
        if FAILED in request.node.stash:
            del idle_tabs[context]
            context.close()
            continue
        del idle_tabs[context][1:]
        for page in context.pages:
            if page not in idle_tabs[context]:
                page.close()
        context.clear_cookies()
        idle_browsers[language].append(context)


@pytest.fixture(scope="session")
def sessions() -> dict[tuple[str, str], list[Any]]:
    """The cookies of those who have signed in through the form: by server and name."""
    return {}


def session_of(context: BrowserContext) -> list[Any]:
    return [cookie for cookie in context.cookies() if cookie["name"] == SESSION]


@pytest.fixture
def member(fresh_browser, new_person, sessions, language) -> Callable[..., Person]:
    """Sits somebody who is signed in down at a browser of their own, in front of a page where one is given."""

    def sit_down(
        server: Server, path: str = "", name: str = "admin", password: str = ADMIN_PASSWORD, *,
        reads: str = language, hosts: Iterable[str] = (), **window: Any,
    ) -> Person:  # fmt: skip
        context = fresh_browser(reads, **window)
        known = sessions.get((server.url, name), [])
        context.add_cookies(known)
        person = new_person(context, server.url, reads)
        person.expected_hosts.update(hosts)
        if path or not known:
            person.goes_to(path or "/")
            if person.part("sign_in_do").is_visible():
                person.enters(name, password)
                sessions[server.url, name] = session_of(context)
        return person

    return sit_down


@pytest.fixture
def visitor(site, fresh_browser, new_person, language) -> Person:
    """Somebody who is signed out, in a browser that knows nobody."""
    return new_person(fresh_browser(language), site.url, language)


@pytest.fixture
def person(site, member) -> Person:
    """Somebody who is signed in, at a new tab."""
    return member(site.server)


# The review desk


@pytest.fixture(scope="module")
def reviews(new_server):
    """A server of its own: what waits there is what the test put there."""
    server = new_server()
    with server:
        catalogue = open_catalogue(server.data)
        catalogue.number = 1000  # behind the seeded ones
        try:
            for name in ("anne", "bob"):
                server.ask("addAccount", userName=name, password=PASSWORD, role="reviewer")
            yield server, catalogue
        finally:
            catalogue.console.close()


@pytest.fixture
def server(reviews):
    return reviews[0]


@pytest.fixture
def waiting(reviews):
    """Empties the queue, and fills it with videos of these titles, the first of them the oldest."""
    server, catalogue = reviews

    def fill(*titles):
        server.ask("freeReview", userName="admin")
        for name in ("anne", "bob"):
            server.ask("freeReview", userName=name)
        for video in server.ask("getVideos", censorStatus="check", pageSize=100)["videoList"]:
            server.ask("createAudit", mediaId=video["videoId"], status="Normal")
        ages = range(len(titles), 0, -1)
        return [
            catalogue.add(title, age=age, censor_status=CensorStatus.CHECK).video_id
            for title, age in zip(titles, ages, strict=True)
        ]

    return fill


@pytest.fixture
def desk_of(server, member):
    """Opens the desk in a browser of its own, signed in by this name."""

    def sit_down(name="anne", path="/review", **window):
        desk = Desk(member(server, path, name, PASSWORD, **window))
        expect(desk.root).to_be_visible()
        return desk

    return sit_down
