"""What the browser tests share: real servers over a small catalogue, Chromium, and somebody who reads and clicks."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    TimeoutError,
    WebSocket,
    expect,
    sync_playwright,
)

import backend
from backend import Console, Settings
from backend.client import RemoteConsole
from backend.media.ffmpeg import Ffmpeg
from backend.model import Actor, CensorStatus, TranscodeStatus, User, Video, VideoStatus

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
PASSWORD = "correct horse battery"
TESTS = Actor("tests", "tests")
CHROMIUM_FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# A new page of the frame is tried from its first day.
PATHS = ["/", *(f"/{name}" for name in re.findall(r'url_path="(\w+)"', (ROOT / "pages/frame.py").read_text("utf-8")))]
# A page below the root makes Streamlit look for its own base path there; the two misses are no fault of ours.
PROBES = {f"{path}/_stcore/{probe}" for path in PATHS[1:] for probe in ("health", "host-config")}
RUNS_NOTHING = '[data-testid="stApp"][data-test-script-state="notRunning"]'
DRAWN = ".st-key-page_head, .st-key-sign_in_do"
SHOWN = """titles => {
    const cells = document.querySelectorAll('[data-testid="stDataFrame"] tbody td[aria-colindex="2"]');
    return JSON.stringify([...cells].map(cell => cell.textContent)) === JSON.stringify(titles);
}"""
AT_TOP = "title => document.querySelector('.st-key-page_head')?.innerText.includes(title)"
ADDRESS = "pattern => new RegExp(pattern).test(decodeURIComponent(location.pathname + location.search))"
ROW_HEIGHT, HEADER_HEIGHT = 48, 34

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, and run it last: while Playwright is open, this thread cannot start an event loop
    of its own, as other tests may want to."""
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    items[:] = [item for item in items if item not in ours] + ours


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "path" in metafunc.fixturenames:
        metafunc.parametrize("path", PATHS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.failed:
        for page in item.stash.get(PAGES, []):
            take_picture(page, item)
    return report


PAGES: pytest.StashKey[list[Page]] = pytest.StashKey()


def take_picture(page: Page, item: pytest.Item) -> None:
    if not page.is_closed():
        name = re.sub(r"\W+", "-", item.nodeid.rpartition("/")[2])
        page.screenshot(path=item.config.rootpath / "test-results" / f"{name}.png")


# Servers


class Server:
    """A server of its own: `python dashboard.py` over a folder of data, on a free port."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.data, self._log, self.settings = folder / "data", folder / "server.log", settings
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and return when it is ready."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        unset = {f"QU_{field.name.upper()}": "" for field in fields(Settings) if field.name != "port"}
        chosen = {"QU_DATA": str(self.data), "QU_ADMIN_PASSWORD": PASSWORD, "QU_DEMO": "false", "PORT": str(self.port)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "dashboard.py"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **unset, **chosen, **self.settings},
            )  # fmt: skip

    def wait_until_ready(self) -> None:
        try:
            until(self._is_ready, "the server is ready", 60)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def stop(self) -> None:
        """Stop it as an operator would. It ends soon, without complaint, and leaves a closed database."""
        self._process.terminate()
        try:
            ended = self._process.wait(20)
        finally:
            self._process.kill()
            self._process.wait()
        assert ended == 0
        said = self._log.read_text(encoding="utf-8")
        assert "Traceback" not in said, said
        assert not (self.data / "console.sqlite3-wal").exists()

    def crash(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(self._log.read_text(encoding="utf-8"))
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(f"{self.url}/healthz", timeout=10).status_code == 200
            except requests.ConnectionError:
                return False


def until(is_true: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    """Ask until there is an answer, and return it."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := is_true():
            return answer
        pause.wait(0.02)
    raise AssertionError(f"not in {seconds} seconds: {what}")


# A catalogue

STATES: tuple[dict[str, Any], ...] = (
    {"censor_status": CensorStatus.CHECK, "transcode_status": TranscodeStatus.SUCCESS},
    {"censor_status": CensorStatus.SUCCESS, "status": VideoStatus.NORMAL, "transcode_status": TranscodeStatus.FAIL},
    {"censor_status": CensorStatus.FAIL, "status": VideoStatus.BLOCKED},
    {"censor_status": CensorStatus.ON_CENSOR, "status": VideoStatus.UPLOADING},
    {
        "censor_status": CensorStatus.SUCCESS,
        "status": VideoStatus.TRANSCODING,
        "narrow_transcode_status": "onTranscode",
    },
)
SEEDED = [f"山里的猫 第 {number} 集" for number in range(1, 14)] + [f"Cats of the hills {n}" for n in range(1, 14)]
USERS = (User("1001", "小林不吃辣"), User("1002", "Marco Rossi"))
HOUR = 3600


@dataclass
class Catalogue:
    """The catalogue of a server, put together beside it: several processes may write into one."""

    console: Console
    number: int = 0

    def add(self, title: str, *, age: int = 0, recommended: bool = False, **values: Any) -> Video:
        """Enter a video that has no files; `age` is in hours."""
        self.number += 1
        if recommended:
            values["censor_status"] = CensorStatus.SUCCESS
        known: dict[str, Any] = {
            "video_id": f"{self.number:032x}",
            "title": title,
            "user": USERS[self.number % 2],
            "created": int(time.time()) - age * HOUR,
            "duration": 12.5,
            "size": 5_600_000,
        }
        video = self.console.store.catalogue.add_video(Video(**{**known, **values}), TESTS)
        if recommended:
            self.console.store.catalogue.recommend(video.video_id, {}, TESTS)
        return video

    def add_seeded(self) -> None:
        for number, (title, state) in enumerate(zip(SEEDED, cycle(STATES), strict=False)):
            self.add(title, age=24 + number, **state)


def open_catalogue(data: Path) -> Catalogue:
    return Catalogue(backend.open_console(Settings(data=data)))


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
        with requests.Session() as session:
            session.trust_env = False
            remote = RemoteConsole(self.url, session)
            token = remote.call("login", {"userName": "admin", "password": PASSWORD})["data"]["consoleToken"]
            answer = remote.call(operation, parameters, token)
        assert answer["code"] == "200", answer
        return answer["data"]

    def wait_for_jobs(self, video_id: str) -> None:
        """Return when the worker has done everything for a video."""

        def all_done() -> bool:
            jobs = self.catalogue.console.store.jobs.find_jobs(video_id=video_id, size=100).items
            assert not [job for job in jobs if job.state == "failed"]
            return all(job.state == "done" for job in jobs)

        until(all_done, "the worker is done", 60)


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
def make_clip(site) -> Callable[..., Path]:
    """Makes small real videos."""

    def make(name: str, seconds: int = 3) -> Path:
        path = site.clips / name
        inputs = ["-f", "lavfi", "-i", f"testsrc2=s=320x180:r=12:d={seconds}", "-f", "lavfi", "-i", f"sine=d={seconds}"]
        ran = Ffmpeg().run([*inputs, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(path)])
        assert ran.ok, ran.words
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
    program = shutil.which("chromium")
    if program is None:
        say = pytest.fail if os.environ.get("TEST_BROWSER") == "required" else pytest.skip
        say("There is no chromium on the PATH.")
    return program


@pytest.fixture(scope="session")
def driver(chromium) -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def options(chromium: str) -> dict[str, Any]:
    flags = [*CHROMIUM_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {"executable_path": chromium, "args": flags}


def window(language: str) -> dict[str, Any]:
    return {"locale": LANGUAGES[language], "viewport": {"width": 1440, "height": 1000}}


@pytest.fixture(scope="session")
def texts() -> dict[str, dict[str, str]]:
    """Every text of the pages, by language and key."""
    locales = ROOT / "pages" / "locales"
    return {language: json.loads((locales / f"{language}.json").read_text("utf-8")) for language in LANGUAGES}


class Person:
    """Somebody at a tab of a browser, who reads one language."""

    def __init__(self, page: Page, url: str, language: str, texts: dict[str, str]) -> None:
        self.page, self.url, self.language = page, url, language
        self._texts = texts
        self.complaints: list[str] = []
        self.expected_hosts = {urlsplit(url).netloc}
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._watch)
        page.on("websocket", self._connect)

    def t(self, key: str, **values: Any) -> str:
        return self._texts[key].format_map(values)

    # Going somewhere

    def goes_to(self, path: str, **query: str) -> None:
        """Load an address, and wait until it is drawn."""
        search = "&".join(f"{key}={quote(value)}" for key, value in query.items())
        self.page.goto(f"{self.url}{path}{'?' if search else ''}{search}", wait_until="commit")
        self._until(f"""() => document.querySelector('{RUNS_NOTHING}')?.querySelector('{DRAWN}')""", seconds=20)

    def follows(self, path: str) -> None:
        """Go to a page by the links at the top, and wait until it is drawn."""
        self.page.locator(f'[data-testid="stTopNavLink"][href="{self.url}{path}"]').click()
        self._until(AT_TOP, self._texts[f"{path[1:] or 'overview'}.title"])
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

    def waits_until(self, part: Locator, is_true: str) -> None:
        """Wait until a function of JavaScript says yes to a part of the page."""
        part.wait_for(state="attached")
        self._until(f"part => ({is_true})(part)", part.element_handle())

    @contextmanager
    def hears(self, text: str, seconds: float = 10) -> Iterator[None]:
        """Wait until the server has sent this text, and it was taken in."""
        with self._socket.expect_event("framereceived", lambda frame: text.encode() in frame, timeout=seconds * 1000):
            yield
        self.is_idle()

    # Looking and touching

    def part(self, key: str) -> Locator:
        """What the pages drew under this key."""
        return self.page.locator(f".st-key-{key}")

    def field(self, key: str) -> Locator:
        return self.part(key).locator("input").first

    def button(self, key: str) -> Locator:
        return self.part(key).locator("button").first

    def clicks(self, key: str) -> None:
        self.button(key).click()

    def picks(self, text: str) -> None:
        """Click an entry of the menu or the list that is open."""
        self.page.locator('[role="menuitem"], [role="option"]').filter(has_text=text).first.click()

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def alert(self) -> Locator:
        return self.page.get_by_test_id("stAlert")

    def is_told(self, text: str) -> None:
        """Wait for a toast."""
        expect(self.page.get_by_test_id("stToast").filter(has_text=text)).to_be_visible()

    # The grid is a canvas; a hidden table beside it holds what it shows.

    def column(self, number: int) -> Locator:
        """The cells of a column, counted from 1."""
        return self.page.locator(f'[data-testid="stDataFrame"] tbody td[aria-colindex="{number}"]')

    def sees(self, *titles: str) -> None:
        """Wait until the grid shows these titles and no others."""
        with suppress(TimeoutError):
            self._until(SHOWN, list(titles))
        expect(self.column(2)).to_have_text(list(titles), timeout=1)
        self.is_idle()

    def ticks(self, *rows: int) -> None:
        for row in rows:
            self._clicks_cell(row, from_left=15)

    def opens_menu_of(self, row: int) -> None:
        self._clicks_cell(row, from_right=38)
        expect(self.page.get_by_role("menuitem").first).to_be_visible()

    def opens_row(self, row: int) -> None:
        self._clicks_cell(row, from_left=150)

    def has_ticked(self, count: int) -> None:
        expect(self.part("toolbar")).to_contain_text(self.t("videos.ticked", count=count))
        self.is_idle()

    def _clicks_cell(self, row: int, *, from_left: int = 0, from_right: int = 0) -> None:
        box = self.page.get_by_test_id("stDataFrame").bounding_box()
        assert box is not None
        x = box["width"] - from_right if from_right else from_left
        y = HEADER_HEIGHT + ROW_HEIGHT * (row + 0.5)
        self.page.get_by_test_id("stDataFrame").click(position={"x": x, "y": y})

    def _until(self, function: str, about: Any = None, seconds: int = 10) -> None:
        """Wait for something in the page, asking much more often than an expectation does."""
        self.page.wait_for_function(function, arg=about, polling=30, timeout=seconds * 1000)

    # What nobody should see

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and urlsplit(message.location["url"]).path not in PROBES:
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _connect(self, socket: WebSocket) -> None:
        self._socket = socket

    def _watch(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc not in self.expected_hosts:
            self.complaints.append(f"asked another host: {request.url}")


@pytest.fixture
def language() -> str:
    """The language that the person of this test reads; parametrize it where both matter."""
    return "zh"


@pytest.fixture
def new_person(request, texts) -> Iterator[Callable[..., Person]]:
    """Opens tabs. At the end no page may have complained or asked another host."""
    request.node.stash[PAGES] = []
    people: list[Person] = []

    def sit_down(context: BrowserContext, url: str, language: str) -> Person:
        person = Person(context.new_page(), url, language, texts[language])
        request.node.stash[PAGES].append(person.page)
        people.append(person)
        return person

    yield sit_down
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        if person.complaints:
            take_picture(person.page, request.node)
        person.page.close()
    assert not complaints


@pytest.fixture(scope="session")
def unused_chromium(driver, chromium) -> Iterator[Browser]:
    browser = driver.chromium.launch(**options(chromium))
    yield browser
    browser.close()


@pytest.fixture
def fresh_browser(unused_chromium) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers that have never been anywhere."""
    contexts: list[BrowserContext] = []

    def make(language: str, **others: Any) -> BrowserContext:
        contexts.append(unused_chromium.new_context(**window(language), **others))
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def visitor(site, fresh_browser, new_person, language) -> Person:
    """Somebody who is signed out, in a browser that has never been anywhere."""
    return new_person(fresh_browser(language), site.url, language)


@pytest.fixture(scope="session")
def own_browser(site, driver, chromium, texts, tmp_path_factory) -> Iterator[Callable[[str], BrowserContext]]:
    """Gives the browser of somebody who signed in through the form, one for each language.

    Each has a profile on the disk: with what Chromium keeps there, a page costs a third less processor time.
    """
    contexts: dict[str, BrowserContext] = {}

    def give(language: str) -> BrowserContext:
        if language not in contexts:
            profile = tmp_path_factory.mktemp("profile")
            context = driver.chromium.launch_persistent_context(profile, **options(chromium), **window(language))
            contexts[language] = context
            person = Person(context.new_page(), site.url, language, texts[language])
            person.goes_to("/")
            person.enters()
            person.page.close()
            assert not person.complaints
        return contexts[language]

    yield give
    for context in contexts.values():
        context.close()


@pytest.fixture
def person(site, own_browser, new_person, language) -> Person:
    """Somebody who is signed in, at a new tab."""
    return new_person(own_browser(language), site.url, language)
