"""Errors reported to callers.

A message is a template with named values, so that it can be translated and stored in the database with a failed job.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self

MAX_VALUE = 128  # maximum length of ids and names repeated in a message
DISK_FULL = "The disk is full. Free some space and try again."
SIGN_IN_FIRST = "Sign in first: the console token is missing, wrong or expired."


class ConsoleError(Exception):
    """An error reported to the caller: `code` and message go into the envelope."""

    code: ClassVar[str] = "500"

    def __init__(self, template: str, /, **values: Any) -> None:
        super().__init__(template)
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return self.say(self.template)

    def say(self, template: str, named: Mapping[str, str] | None = None) -> str:
        """Format a template with the error's values; `named` has display names for some of them."""
        return template.format_map({name: self.shown(value) for name, value in self.values.items()} | dict(named or {}))

    def shown(self, value: Any) -> Any:
        """Return a value as shown in the message."""
        return value

    def pack(self) -> str:
        """Return the error as JSON, for storage in the database."""
        return json.dumps([self.template, self.values], ensure_ascii=False, default=str)

    @classmethod
    def unpack(cls, text: str) -> Self:
        """Return the error stored by `pack`."""
        template, values = json.loads(text)
        return cls(template, **values)


def _head(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}…"


class BadRequest(ConsoleError):
    """A parameter is missing or invalid."""

    code = "400"


class WrongCredentials(ConsoleError):
    """The user name or password is wrong, or there were too many attempts."""

    code = "401"


class Forbidden(ConsoleError):
    """The caller is not signed in, the session has ended, or a permission is missing."""

    code = "403"


class NotFound(ConsoleError):
    """The requested object does not exist. Long values are shortened in the message."""

    code = "404"

    def shown(self, value: Any) -> Any:
        return _head(value) if isinstance(value, str) else value


class Conflict(ConsoleError):
    """The current state of the object does not allow the operation."""

    code = "409"


class TooMany(ConsoleError):
    """A limit on concurrent or pending requests was reached; retry later."""

    code = "429"


class MediaError(BadRequest):
    """A file cannot be accepted or processed. `detail` has the tool's output."""

    def __init__(self, template: str, /, detail: str = "", **values: Any) -> None:
        super().__init__(template, **values)
        self.detail = detail


class CloudError(ConsoleError):
    """A cloud service failed or refused a request.

    `cloud_code` and `request_id` are the service's own. A `passing` error may succeed on retry; after an `unknown` one,
    the request may have been executed.
    """

    code = "502"

    def __init__(self, template: str, /, *, passing: bool = False, unknown: bool = False, **values: Any) -> None:
        super().__init__(template, **values)
        self.passing, self.unknown = passing, unknown
        self.cloud_code: str = values.get("cloud_code", "")
        self.request_id: str = values.get("request_id", "")


class StorageError(CloudError):
    """The media files cannot be read or written now, since their object store is away or refuses."""

    def __init__(self, template: str, /, *, passing: bool = True, **values: Any) -> None:
        super().__init__(template, passing=passing, **values)


class Refused(ConsoleError):
    """A rejection at the transport level; the only errors that also set the HTTP status."""

    def __init__(self, status: int, template: str, /, **values: Any) -> None:
        super().__init__(template, **values)
        self.status = status
        self.code = str(status)  # type: ignore[misc]


def is_full(error: BaseException) -> bool:
    """Return whether the disk is full or the quota exceeded."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_error(error: OSError) -> ConsoleError:
    """Return the user-facing error for a failed write."""
    if is_full(error):
        return ConsoleError(DISK_FULL)
    return ConsoleError("The disk could not be written: {why}.", why=error.strerror or error)
