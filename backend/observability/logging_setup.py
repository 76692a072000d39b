"""Logging to stderr, one line per event, as text or JSON, with secrets removed."""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from backend.model.media_urls import BEFORE_KEY

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
OURS = "backend"
MAX_ALIKE, ALIKE_SECONDS = 20, 60.0  # maximum number of similar lines of libraries, per period
MAX_KINDS = 200
MAX_QUOTED = 500  # characters of an exception
MAX_PLACES = 4
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
SECRET = re.compile(
    r"(?P<before>(?:consoletoken|ticket|password|authorization)[\"'\\]*\s*[=:]\s*[\"'\\]*(?:bearer\s+)?|\bbearer\s+)"
    r"[^\s&\"'\\,}]+"
    rf"|(?P<media>{BEFORE_KEY})[^/\s\"']+"
    r"|(?P<webhook>\bwhsec_)[\w+/=]+",
    re.IGNORECASE,
)


def start_log(level: str, log_format: str = "") -> None:
    """Log everything to stderr: the console from `level`, libraries from WARNING.

    `log_format` is `text` or `json`; empty means text on a terminal and JSON otherwise.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if (log_format or _usual_format()) == "json" else TextLines(TEXT))
    handler.addFilter(LibraryLogLimit())
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()  # uvicorn and Streamlit install their own handlers or disable propagation
            logger.propagate = True
            logger.setLevel(logging.NOTSET)  # libraries inherit the root's level
    logging.root.handlers[:] = [handler]
    logging.getLogger("backend").setLevel(level)
    # It warns about every malformed form, which the client is told about and could flood the log with.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    # Its lines contain full URLs, possibly with a token; our own lines have the same information.
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(True)


def hide_secrets(text: str) -> str:
    """Return a text with tokens, passwords, tickets, media keys and secrets of webhooks removed."""
    return SECRET.sub(lambda found: f"{found['before'] or found['media'] or found['webhook']}…", text)


class LibraryLogLimit(logging.Filter):
    """Rate-limits and shortens log lines of libraries, which clients could trigger repeatedly.

    Exceptions are reduced to one line with their innermost locations.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock, self._guard = clock, threading.Lock()
        self._since, self._counts = clock(), dict[tuple[str, str], int]()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == OURS or record.name.startswith(f"{OURS}."):
            return True
        count = self._count((record.name, str(record.msg)[:MAX_QUOTED]))
        if count > MAX_ALIKE:
            return False
        said = record.getMessage()[:MAX_QUOTED].strip().rstrip(".")
        if record.exc_info and record.exc_info[1]:
            said = f"{said}: {_in_one_line(record.exc_info[1])}"
        last = " (and no more of this kind for a minute)" if count == MAX_ALIKE else ""
        record.msg, record.args = "%s%s", (said, last)
        record.exc_info = record.exc_text = record.stack_info = None
        return True

    def _count(self, key: tuple[str, str]) -> int:
        with self._guard:
            if key not in self._counts and len(self._counts) >= MAX_KINDS:
                key = (key[0], "")
            if self._clock() - self._since > ALIKE_SECONDS:
                self._since, self._counts = self._clock(), {}
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key]


def _in_one_line(error: BaseException) -> str:
    places = traceback.extract_tb(error.__traceback__)[::-1][:MAX_PLACES]
    where = " < ".join(f"{Path(place.filename).name}:{place.lineno}" for place in places)
    return f"{type(error).__name__}: {error!s:.{MAX_QUOTED}} ({where})"


class TextLines(logging.Formatter):
    """One line of text; line breaks in values are replaced."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = CONTROL.sub(" ", _said(record))
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return hide_secrets(super().formatException(ei))


class JsonLines(logging.Formatter):
    """One JSON object per line; the named values of a message (including `requestId`) become keys."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        record.message = record.getMessage()
        line["message"] = _said(record)
        if isinstance(record.args, Mapping):
            line |= record.args
        if record.exc_info:
            line["trace"] = hide_secrets(self.formatException(record.exc_info))
        return msgspec.json.encode(line, enc_hook=str).decode(errors="replace")


def _said(record: logging.LogRecord) -> str:
    # messages with named values are ours and contain no secrets; others may quote client input
    return record.message if isinstance(record.args, Mapping) else hide_secrets(record.message)


def _usual_format() -> str:
    return "text" if sys.stderr.isatty() else "json"
