"""Events by MNS (Simple Message Queue), which VOD writes to and this console reads by long polling.

Alibaba's library for MNS is untyped, brings its own cryptography, and writes a log file into its package; only two
calls of the HTTP API (version 2015-06-06) are needed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import quote
from xml.etree.ElementTree import ParseError, fromstring

import requests

from backend.aliyun.client import Keys
from backend.aliyun.errors import Refusal, has_code
from backend.errors import CloudError

VERSION = "2015-06-06"
WAIT_SECONDS = 20  # MNS holds the response for this long while the queue is empty; 30 at most
CONNECT_SECONDS, READ_SECONDS = 3.0, WAIT_SECONDS + 10.0
PLAIN = "-_.~=+/"  # allowed in a receipt; the signature covers the query as sent
NOTHING = ("messagenotexist",)
GONE = ("messagenotexist", "receipthandleerror")  # already deleted, or redelivered in the meantime


@dataclass(frozen=True, slots=True)
class Message:
    """A leased message; `receipt` deletes it."""

    body: bytes
    receipt: str


class Queue:
    """An MNS queue."""

    def __init__(self, endpoint: str, name: str, keys: Callable[[], Keys], wait_seconds: int = WAIT_SECONDS) -> None:
        """`endpoint` is the account's, as the MNS console shows it; `keys` returns the current credentials."""
        self._endpoint, self._keys, self.wait_seconds = endpoint.rstrip("/"), keys, wait_seconds
        self._path = f"/queues/{quote(name, safe='')}/messages"
        self._session = requests.Session()

    def receive(self) -> Message | None:
        """Return the next message, waiting for one; None if the queue is empty. Raises CloudError."""
        try:
            answer = self._call("GET", "ReceiveMessage", f"?waitseconds={self.wait_seconds}")
        except CloudError as error:
            if has_code(error, *NOTHING):
                return None
            raise
        found = _fields(answer)
        if "ReceiptHandle" not in found:
            raise Refusal("ReceiveMessage", words="malformed answer").error()
        return Message(_plain(found.get("MessageBody", "")), found["ReceiptHandle"])

    def delete(self, message: Message) -> None:
        """Delete a message, so that it is not delivered again. Raises CloudError."""
        try:
            self._call("DELETE", "DeleteMessage", f"?ReceiptHandle={quote(message.receipt, safe='-_.~=+/')}")
        except CloudError as error:
            if not has_code(error, *GONE):
                raise

    def close(self) -> None:
        self._session.close()

    def _call(self, method: str, action: str, query: str) -> bytes:
        keys, resource = self._keys(), self._path + query
        headers = {"Date": formatdate(usegmt=True), "x-mns-version": VERSION}
        if keys.token:
            headers["security-token"] = keys.token
        headers["Authorization"] = f"MNS {keys.id}:{_sign(keys.secret, method, headers, resource)}"
        try:
            answer = self._session.request(
                method, self._endpoint + resource, headers=headers, timeout=(CONNECT_SECONDS, READ_SECONDS)
            )
        except requests.RequestException as error:
            raise Refusal(action, words=type(error).__name__).error() from None
        if answer.status_code >= 300:
            said = _fields(answer.content)
            request_id = said.get("RequestId") or answer.headers.get("x-mns-request-id", "")
            code = said.get("Code") or f"HTTP {answer.status_code}"
            raise Refusal(action, code, answer.status_code, request_id, said.get("Message", "")).error()
        return answer.content


def _sign(secret: str, method: str, headers: dict[str, str], resource: str) -> str:
    """Sign a request without a body, as documented by MNS."""
    text = f"{method}\n\n\n{headers['Date']}\nx-mns-version:{headers['x-mns-version']}\n{resource}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _fields(answer: bytes) -> dict[str, str]:
    """Return the elements of an XML response by name; empty if it is not XML."""
    try:
        return {child.tag.rpartition("}")[2]: child.text or "" for child in fromstring(answer)}  # noqa: S314 (of an address that the operator set)
    except (ParseError, ValueError):
        return {}


def _plain(body: str) -> bytes:
    """Return the decoded message; most MNS libraries use base64, some write plain text."""
    if body.lstrip().startswith("{"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return body.encode()
