"""The log on stderr: a line per event, as text for people or as JSON for machines, and no secret in either."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
SECRET = re.compile(
    r"(?P<before>(?:consoletoken|ticket|password|authorization)[\"'\\]*\s*[=:]\s*[\"'\\]*(?:bearer\s+)?|\bbearer\s+)"
    r"[^\s&\"'\\,}]+"
    r"|(?P<media>/media/[^/\s\"']+/)[^/\s\"']+",
    re.IGNORECASE,
)


def start_log(level: str, log_format: str = "") -> None:
    """Send every line of this process to stderr: ours from `level` on, those of libraries from WARNING on.

    `log_format` is `text` or `json`; where it is empty, text for a terminal and JSON for everything else.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if (log_format or _usual_format()) == "json" else TextLines(TEXT))
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers.clear()  # uvicorn and Streamlit bring handlers of their own
            logger.propagate = True
    logging.root.handlers[:] = [handler]
    logging.getLogger("backend").setLevel(level)
    # It complains of every malformed form; whoever sent that is told, and could fill the log with it.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    # Its lines hold whole addresses, and a token may stand in one; ours say the same without it.
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(True)


def hide_secrets(text: str) -> str:
    """Return a text without the tokens, passwords, tickets and media keys in it."""
    return SECRET.sub(lambda found: f"{found['before'] or found['media']}…", text)


class TextLines(logging.Formatter):
    """A line of text; what somebody sent cannot begin another one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = CONTROL.sub(" ", _said(record))
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return hide_secrets(super().formatException(ei))


class JsonLines(logging.Formatter):
    """A JSON object on one line; the named values of a message (`requestId` among them) are keys of their own."""

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
    # What has named values is ours, and names nothing secret; anything else may quote what somebody sent.
    return record.message if isinstance(record.args, Mapping) else hide_secrets(record.message)


def _usual_format() -> str:
    return "text" if sys.stderr.isatty() else "json"
