"""The base of the typed client: calls operations of a remote console and returns their typed results."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from backend.api.registry import Operation
from backend.client import RemoteConsole
from backend.console import Caller
from backend.exports.download import Download

if TYPE_CHECKING:
    import requests


class CallFailed(Exception):
    """The console refused a call: `code` and `message` are those of the envelope, as is `request_id`."""

    def __init__(self, operation: str, code: str, message: str, request_id: str) -> None:
        super().__init__(f"{operation}: {message} ({code}, requestId {request_id})")
        self.operation, self.code, self.message, self.request_id = operation, code, message, request_id


class OperationClient:
    """Holds the address of a console and a token."""

    def __init__(
        self, url: str, token: str = "", *, language: str = "en", session: requests.Session | None = None
    ) -> None:
        """`url` is the console's base URL, `token` an API token or that of a session, `language` that of messages.

        The default HTTP session ignores proxy settings.
        """
        self.token = token
        self._remote = RemoteConsole(url, session)
        self._caller = Caller(language=language)

    def sign_in(self, user_name: str, password: str) -> None:
        """Sign in, and use the session from now on. Raises CallFailed."""
        answer = self._remote.call("login", {"userName": user_name, "password": password}, caller=self._caller)
        self.token = self._data("login", answer)["consoleToken"]

    def run(self, operation: Operation, given: dict[str, Any]) -> Any:
        """Call an operation with arguments by their names in Python, and return its result. Raises CallFailed."""
        wire_names = {parameter.name: parameter.wire_name for parameter in operation.parameters}
        sent = {wire_names[name]: _sendable(value) for name, value in given.items() if value is not None}
        data = self._data(operation.name, self._remote.call(operation.name, sent, self.token, self._caller))
        return data if operation.answer is Download else msgspec.convert(data, operation.answer)

    @staticmethod
    def _data(operation: str, answer: dict[str, Any]) -> Any:
        if answer["code"] != "200":
            raise CallFailed(operation, answer["code"], answer["message"], answer["requestId"])
        return answer["data"]


def method_of(operation: Operation) -> Callable[..., Any]:
    """Return a method of OperationClient that calls an operation; a wrong argument is a TypeError."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    named = (
        inspect.Parameter(one.name, keyword, default=inspect.Parameter.empty if one.required else None)
        for one in sorted(operation.parameters, key=lambda one: not one.required)
    )
    signature = inspect.Signature([own, *named])

    def method(self: OperationClient, /, **given: Any) -> Any:
        signature.bind(self, **given)
        return self.run(operation, given)

    method.__name__ = method.__qualname__ = operation.function.__name__
    method.__doc__ = operation.summary
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


def _sendable(value: Any) -> Any:
    """Return a value as RemoteConsole sends it."""
    if isinstance(value, datetime):  # without an offset it is in the console's time zone
        return value.isoformat(" ", "seconds")
    if isinstance(value, str | int | float | Path):
        return value
    return msgspec.json.encode(value).decode()
