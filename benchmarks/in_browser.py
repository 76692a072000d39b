"""How quick the dashboard is: paging, server time, bytes, start and memory, measured in Chromium on a demo catalogue.

    python benchmarks/in_browser.py

It starts a server of its own in a temporary folder. Times depend on what else the machine does: the load is printed.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.ports import free_port  # noqa: E402

PASSWORD = "correct horse battery"
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
VIEWPORT = {"width": 1440, "height": 1000}
HTTP = requests.Session()
HTTP.trust_env = False  # no proxy of this machine's environment
STARTS = 3
WARM_UP = 3  # clicks that are not counted
TIMEOUT = 20_000  # milliseconds for one click
TICKS = os.sysconf("SC_CLK_TCK")
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
GRID = '.st-key-v_table tbody td[data-column="2"]'

# From the click on a page's number to the first frame after the first row has another title, in milliseconds. What is
# read out for the button is translated, its text is the number in every language.
TURN = """([number, timeout]) => new Promise((resolve, reject) => {
    const table = [...document.querySelectorAll('.st-key-v_table *')].find(part => part.shadowRoot)?.shadowRoot;
    const button = [...document.querySelectorAll(".st-key-v_page button")]
        .find(button => button.textContent === String(number));
    if (!table || !button) return reject(new Error(`no ${table ? `button for page ${number}` : "table"}`));
    const title = () => table.querySelector('tbody td[data-column="2"]')?.textContent;
    const before = title();
    const late = setTimeout(() => {
        observer.disconnect();
        reject(new Error(`no rows of page ${number} in ${timeout} ms`));
    }, timeout);
    const observer = new MutationObserver(() => {
        if (title() && title() !== before) {
            observer.disconnect();
            clearTimeout(late);
            requestAnimationFrame(() => resolve(performance.now() - clicked));
        }
    });
    observer.observe(table, { subtree: true, childList: true, characterData: true });
    const clicked = performance.now();
    button.click();
})"""


@dataclass
class Server:
    """A dashboard of its own, and what the kernel says of it."""

    data: Path
    port: int
    process: subprocess.Popen[bytes]
    seconds_to_ready: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1000


@contextmanager
def serving(data: Path) -> Iterator[Server]:
    """Start a server over a folder, and stop it at the end."""
    port = free_port()
    ours = {
        "QU_DATA": str(data),
        "QU_DEMO": os.environ.get("QU_DEMO", "true"),
        "QU_ADMIN_PASSWORD": PASSWORD,
        "PORT": str(port),
    }
    with (data.parent / "server.log").open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "dashboard.py"], cwd=ROOT, env={**os.environ, **ours}, stdout=log, stderr=log
        )
    try:
        server = Server(data, port, process, 0.0)
        wait_for(lambda: is_ready(server), seconds=60, pause=0.01)
        server.seconds_to_ready = time.perf_counter() - started
        yield server
    finally:
        process.terminate()
        process.wait(30)


def is_ready(server: Server) -> bool:
    if server.process.poll() is not None:
        sys.exit((server.data.parent / "server.log").read_text(encoding="utf-8"))
    try:
        return HTTP.get(f"{server.url}/healthz", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def wait_for(is_true: Callable[[], bool], seconds: float, pause: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            sys.exit(f"gave up after {seconds} seconds")
        time.sleep(pause)


def make_catalogue(data: Path) -> int:
    """Let a server make the demo catalogue, wait until every job is done, and return how many videos there are."""
    with serving(data) as server:
        given = {"userName": "admin", "password": PASSWORD}
        token = HTTP.post(f"{server.url}/console/user/login", data=given, timeout=10).json()["data"]["consoleToken"]

        def counts() -> dict[str, Any]:
            address = f"{server.url}/console/vod/getStatistics"
            found: dict[str, Any] = HTTP.get(address, params={"consoletoken": token}, timeout=30).json()["data"]
            return found

        def is_made() -> bool:
            found = counts()
            at_work = found["runningJobs"] + found["waitingJobs"]
            return found["demoDone"] == found["demoTotal"] > 0 and at_work == 0

        wait_for(is_made, seconds=900, pause=0.5)
        return counts()["videos"]


# In the browser


def sign_in(browser: Browser, url: str) -> Any:
    """Sign in through the form, and return what the browser keeps of it."""
    context = browser.new_context(viewport=VIEWPORT, locale="zh-CN")
    page = context.new_page()
    page.goto(url)
    page.fill(".st-key-sign_in_name input", "admin")
    page.fill(".st-key-sign_in_password input", PASSWORD)
    with page.expect_response("**/console/user/adopt"):
        page.click(".st-key-sign_in_do button")
    state = context.storage_state()
    context.close()
    return state


@dataclass
class Load:
    """What it took to draw a page in a browser that had nothing of it."""

    seconds: float = 0.0
    requests: int = 0
    http_bytes: int = 0
    websocket_bytes: int = 0


def load_cold(context: BrowserContext, url: str) -> Load:
    page, load = context.new_page(), Load()

    def finished(event: dict[str, Any]) -> None:
        load.requests += 1
        load.http_bytes += int(event["encodedDataLength"])

    def frame(event: dict[str, Any]) -> None:
        payload, opcode = event["response"]["payloadData"], event["response"]["opcode"]
        load.websocket_bytes += len(base64.b64decode(payload)) if opcode == 2 else len(payload.encode())

    network = context.new_cdp_session(page)
    network.on("Network.loadingFinished", finished)
    network.on("Network.webSocketFrameReceived", frame)
    network.on("Network.webSocketFrameSent", frame)
    network.send("Network.enable")
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(".st-key-page_head")
    page.wait_for_selector(IDLE, state="attached")
    load.seconds = time.perf_counter() - started
    page.wait_for_load_state("networkidle")
    page.close()
    return load


def turn_pages(page: Page, server: Server, clicks: int) -> tuple[list[float], float]:
    """Turn between the pages of the list, and return what each click took (ms) and the server's CPU for one (ms)."""
    page.goto(f"{server.url}/videos?v_page_size=10")
    page.wait_for_selector(GRID, state="attached")
    took: list[float] = []
    before = 0.0
    for number in range(WARM_UP + clicks):
        settle(page)
        if number == WARM_UP:
            before = server.cpu_seconds()
        took.append(turn_to(page, 2 - number % 2))
    settle(page)
    return took[WARM_UP:], (server.cpu_seconds() - before) * 1000 / clicks


def turn_to(page: Page, number: int, timeout: float = TIMEOUT) -> float:
    """Turn to another page of the list, and return the milliseconds until its rows were there. Raises Error of
    Playwright where they do not come in time."""
    took: float = page.evaluate(TURN, [number, timeout])
    return took


def settle(page: Page) -> None:
    """Wait until the script has ended, and the browser has drawn what came of it."""
    page.wait_for_selector(IDLE, state="attached")
    page.evaluate("() => new Promise(done => requestIdleCallback(done, { timeout: 1000 }))")


# The table


def show(rows: list[tuple[str, str, str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, value, target in rows:
        print(f"{name:<{widths[0]}}  {value:>{widths[1]}}  {target:>{widths[2]}}".rstrip())


def megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clicks", type=int, default=30, help="how often a page is turned (default: 30)")
    clicks = parser.parse_args().clicks
    program = shutil.which("chromium") or sys.exit("There is no chromium on the PATH.")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = Path(folder) / "data"
        data.mkdir()
        print("Making the demo catalogue ...", flush=True)
        videos = make_catalogue(data)
        starts = []
        for _ in range(STARTS):
            with serving(data) as server:
                starts.append(server.seconds_to_ready)
        with serving(data) as server:
            browser = playwright.chromium.launch(executable_path=program, args=flags)
            idle = server.resident_megabytes()
            state = sign_in(browser, server.url)
            loads = {}
            for path in ("/", "/videos"):
                context = browser.new_context(viewport=VIEWPORT, locale="zh-CN", storage_state=state)
                loads[path] = load_cold(context, server.url + path)
                context.close()
            context = browser.new_context(viewport=VIEWPORT, locale="zh-CN", storage_state=state)
            took, cpu = turn_pages(context.new_page(), server, clicks)
            used = server.resident_megabytes()
            browser.close()
    slowest = statistics.quantiles(took, n=20)[-1]
    print(f"{videos} videos, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}\n")
    rows = [
        ("what", "measured", "target"),
        (f"click to new rows, median of {clicks}", f"{statistics.median(took):.0f} ms", "< 300 ms"),
        ("click to new rows, 95th percentile", f"{slowest:.0f} ms", ""),
        ("server CPU for a click", f"{cpu:.1f} ms", "< 25 ms"),
    ]
    for name, path, target in (("overview", "/", "< 2 MB"), ("list", "/videos", "")):
        load = loads[path]
        rows += [
            (f"{name}, cold cache: until drawn", f"{load.seconds:.2f} s", ""),
            (f"{name}, cold cache: HTTP", megabytes(load.http_bytes), target),
            (f"{name}, cold cache: requests", str(load.requests), ""),
            (f"{name}, cold cache: websocket", f"{load.websocket_bytes / 1e3:.1f} kB", ""),
        ]
    rows += [
        (f"start until /healthz answers, median of {STARTS}", f"{statistics.median(starts):.2f} s", ""),
        ("memory (RSS) after the start", f"{idle:.0f} MB", ""),
        ("memory (RSS) after all of this", f"{used:.0f} MB", ""),
    ]
    show(rows)


if __name__ == "__main__":
    main()
