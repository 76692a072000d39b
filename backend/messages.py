"""The errors in Chinese. Their English is the template itself, at the place that raises it."""

from __future__ import annotations

from backend.errors import ConsoleError

CHINESE: dict[str, str] = {}


def say(error: ConsoleError, language: str) -> str:
    """Return an error's text in `language` (zh or en)."""
    template = CHINESE.get(error.template, error.template) if language == "zh" else error.template
    return template.format_map(error.values)
