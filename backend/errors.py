"""What the console tells its callers when it cannot do what they asked.

A message is a template with named values, so that one failure can be said in every language of the console
(`backend.i18n.messages` holds the translations) and can be kept in the database, with a failed job, until somebody
reads it.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self

MAX_VALUE = 128  # characters of an id or a name that are said again to whoever sent it
DISK_FULL = "The disk is full. Free some space and try again."
SIGN_IN_FIRST = "Sign in first: the console token is missing, wrong or expired."


class ConsoleError(Exception):
    """A failure that the caller is told about: `code` goes into the envelope, the text into its message."""

    code: ClassVar[str] = "500"

    def __init__(self, template: str, /, **values: Any) -> None:
        super().__init__(template)
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return self.say(self.template)

    def say(self, template: str, names: Mapping[str, Mapping[Any, str]] | None = None) -> str:
        """Return this text with the error's values in it; `names` holds how some values of a name read."""
        known = names or {}
        return template.format_map(
            {
                name: known[name].get(value, value) if name in known else self.shown(value)
                for name, value in self.values.items()
            }
        )

    def shown(self, value: Any) -> Any:
        """Return a value as the text says it."""
        return value

    def pack(self) -> str:
        """Return the error as JSON text, for a column of the database."""
        return json.dumps([self.template, self.values], ensure_ascii=False, default=str)

    @classmethod
    def unpack(cls, text: str) -> Self:
        """Return the error that `pack` wrote."""
        template, values = json.loads(text)
        return cls(template, **values)


def _head(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}…"


class BadRequest(ConsoleError):
    """A parameter is missing or wrong."""

    code = "400"


class WrongCredentials(ConsoleError):
    """The user name or the password is wrong, or the account is locked out."""

    code = "401"


class Forbidden(ConsoleError):
    """The caller is not signed in, the session has ended, or the role may not do this."""

    code = "403"


class NotFound(ConsoleError):
    """There is no such video, recommendation, job or path. What was asked for may be long; its head is said again."""

    code = "404"

    def shown(self, value: Any) -> Any:
        return _head(value) if isinstance(value, str) else value


class Conflict(ConsoleError):
    """The present state of the video does not allow it."""

    code = "409"


class TooMany(ConsoleError):
    """The caller, or all together, have as much under way as there may be; later it will do."""

    code = "429"


class MediaError(BadRequest):
    """A file is not one that the console can take in or work on. `detail` holds the tool's own words."""

    def __init__(self, template: str, /, detail: str = "", **values: Any) -> None:
        super().__init__(template, **values)
        self.detail = detail


class CloudError(ConsoleError):
    """The cloud refused or failed.

    `cloud_code` and `request_id` are the cloud's own. A `passing` failure may be gone at the next try; where it is
    `unknown`, the cloud may have done what was asked although it did not say so.
    """

    code = "502"

    def __init__(self, template: str, /, *, passing: bool = False, unknown: bool = False, **values: Any) -> None:
        super().__init__(template, **values)
        self.passing, self.unknown = passing, unknown
        self.cloud_code: str = values.get("cloud_code", "")
        self.request_id: str = values.get("request_id", "")


class Refused(ConsoleError):
    """A transport refusal: the only failures that also change the HTTP status."""

    def __init__(self, status: int, template: str, /, **values: Any) -> None:
        super().__init__(template, **values)
        self.status = status
        self.code = str(status)  # type: ignore[misc]


def is_full(error: BaseException) -> bool:
    """Say whether there is no room on the disk, or none for us."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_error(error: OSError) -> ConsoleError:
    """Return what people are told where the disk did not take something."""
    if is_full(error):
        return ConsoleError(DISK_FULL)
    return ConsoleError("The disk could not be written: {why}.", why=error.strerror or error)
