"""How tests start Chromium."""

from __future__ import annotations

import os
import shutil
from typing import Any

from playwright.sync_api import ViewportSize

WINDOW: ViewportSize = {"width": 1440, "height": 1000}
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--js-flags=--no-turbofan --no-maglev",  # pages live for seconds: optimizing them costs more than it saves
]  # fmt: skip


def find_chromium() -> str | None:
    """Return where Chromium is: the one without windows where there is one."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def options(chromium: str) -> dict[str, Any]:
    """Return the arguments of Playwright that start this program."""
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {"executable_path": chromium, "args": flags}


def window(language: str) -> dict[str, Any]:
    """Return the arguments of Playwright for the browser of somebody who reads this language."""
    return {"locale": LANGUAGES[language], "viewport": WINDOW}
