"""The ways in which operations are called."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from backend.api.registry import OPERATIONS, is_secret
from backend.exports.download import Download


class ApiClient:
    """One way to call operations. Whatever the way, the answer is an envelope as the contract has it."""

    def __init__(self, way: str, base_url: str, call: Callable[..., dict[str, Any]], token: str) -> None:
        self.way = way
        self.base_url = base_url
        self.token = token
        self._send = call

    def __call__(self, name: str, /, *, token: str | None = None, language: str = "en", **parameters: Any) -> Any:
        token = self.token if token is None else token
        answer = self._send(name, parameters, token, language)
        assert list(answer) == ["result", "requestId", "message", "code", "data"]
        assert answer["result"] == ("true" if answer["code"] == "200" else "false")
        versions = (4, 5) if name == "getFeed" else (4,)  # the feed is the same for all
        assert uuid.UUID(answer["requestId"]).version in versions
        assert isinstance(answer["message"], str)
        answered = OPERATIONS[name].answer if name in OPERATIONS else None
        if answer["code"] == "200" and answered is not Download:
            msgspec.convert(answer["data"], answered)  # as typed clients read it
        return answer

    def data(self, name: str, /, **parameters: Any) -> Any:
        """Call an operation that succeeds, and return its data."""
        answer = self(name, **parameters)
        assert answer["code"] == "200", answer
        return answer["data"]


def send_form(session, operation, server, parameters, headers):
    return session.post(server + operation.path, data=parameters, headers=headers)


def send_json(session, operation, server, parameters, headers):
    return session.post(server + operation.path, json=parameters, headers=headers)


def send_query(session, operation, server, parameters, headers):
    secret = {name: value for name, value in parameters.items() if is_secret(name)}
    shown = {name: value for name, value in parameters.items() if name not in secret}
    method = operation.methods[0]
    return session.request(method, server + operation.path, params=shown, data=secret, headers=headers)


SENDERS = {"over_http_form": send_form, "over_http_json": send_json, "over_http_query": send_query}
