"""MNS (Simple Message Queue): queues over HTTP, as far as a reader needs them, with MNS's own signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PATH = re.compile(r"/queues/([^/]+)/messages")
FORM = re.compile(r"MNS ([^:]+):(.+)")
VERSION = "2015-06-06"
MAX_WAIT_SECONDS = 30
MAX_SECONDS_OFF = timedelta(minutes=15)
NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class Queues:
    """Queues by their names: what was told and not deleted yet."""

    def __init__(self, alibaba) -> None:
        self._alibaba = alibaba
        self.queues: dict[str, list[dict]] = {}
        self.encoded = True  # VOD writes base64, as the libraries of MNS do
        self.hidden_seconds = 30.0  # a message that was given out is given to nobody else meanwhile
        self.asked: list[str] = []
        self.fails_with = ""  # a code
        self._numbers = itertools.count(1)

    def send(self, queue: str, event: dict) -> None:
        self.put(queue, json.dumps(event, ensure_ascii=False))

    def put(self, queue: str, text: str) -> None:
        body = base64.b64encode(text.encode()).decode() if self.encoded else text
        self.queues.setdefault(queue, []).append({"id": next(self._numbers), "body": body, "visible": 0.0, "given": 0})

    def answer(self, method: str, path: str, headers: dict[str, str], stopping) -> tuple[int, bytes]:
        """Answer a request; with nothing to give, after the time that the reader is willing to wait."""
        parts = urlsplit(path)
        self.asked.append(f"{method} {path}")
        try:
            self._check(method, path, headers)
            if self.fails_with:
                raise Refused(503, self.fails_with, "no")
            name = PATH.fullmatch(unquote(parts.path))
            if name is None or name[1] not in self.queues:
                raise Refused(404, "QueueNotExist", "The queue you provided is not exist.")
            query = parse_qs(parts.query)
            if method == "DELETE":
                return 204, self._delete(name[1], query.get("ReceiptHandle", [""])[0])
            return 200, self._receive(name[1], int(query.get("waitseconds", ["0"])[0]), stopping)
        except Refused as refused:
            fields = {"Code": refused.code, "Message": refused.message, "RequestId": "MNS-1", "HostId": "127.0.0.1"}
            return refused.status, _xml("Error", fields)

    def _check(self, method, path, headers) -> None:
        """The signature is of the request as it came: date, x-mns headers and the address with its query."""
        found = FORM.fullmatch(headers.get("authorization", ""))
        secrets = self._alibaba.gate.secrets
        if found is None or found[1] not in secrets:
            raise Refused(403, "InvalidAccessKeyId", "The AccessKey Id you provided is not exist.")
        wanted = {token for token, owner in self._alibaba.gate.tokens.items() if owner == found[1]}
        if wanted and headers.get("security-token") not in wanted:
            raise Refused(403, "InvalidSecurityToken", "The security token you provided is invalid.")
        own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-mns-"))
        kind, digest = headers.get("content-type", ""), headers.get("content-md5", "")
        text = f"{method}\n{digest}\n{kind}\n{headers.get('date', '')}\n{own}{path}"
        signed = hmac.new(secrets[found[1]].encode(), text.encode(), hashlib.sha1).digest()
        if base64.b64encode(signed).decode() != found[2]:
            raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        if headers.get("x-mns-version") != VERSION:
            raise Refused(400, "InvalidArgument", "x-mns-version")
        if abs(datetime.now(UTC) - parsedate_to_datetime(headers["date"])) > MAX_SECONDS_OFF:
            raise Refused(408, "TimeExpired", "The http request you sent is expired.")

    def _receive(self, queue, wait_seconds, stopping) -> bytes:
        if not 0 <= wait_seconds <= MAX_WAIT_SECONDS:
            raise Refused(400, "InvalidArgument", "The value of waitseconds should between 0 and 30 seconds.")
        until = time.monotonic() + wait_seconds
        while True:
            for message in self.queues[queue]:
                if message["visible"] <= time.monotonic():
                    message |= {"visible": time.monotonic() + self.hidden_seconds, "given": message["given"] + 1}
                    return self._shown(message)
            if time.monotonic() >= until or stopping.wait(0.02):
                raise Refused(404, "MessageNotExist", "Message not exist.")

    @staticmethod
    def _shown(message) -> bytes:
        fields = {
            "MessageId": f"5F290C926D472878-2-14D9529A8FA-{message['id']:09}",
            "ReceiptHandle": f"1-{message['id']}-{message['given']}",
            "MessageBodyMD5": hashlib.md5(message["body"].encode()).hexdigest().upper(), "MessageBody": message["body"],
            "EnqueueTime": "1250700979248", "FirstDequeueTime": "1250700779318", "NextVisibleTime": "1250700799348",
            "DequeueCount": str(message["given"]), "Priority": "8",
        }  # fmt: skip
        return _xml("Message", fields)

    def _delete(self, queue, receipt) -> bytes:
        messages = self.queues[queue]
        for message in messages:
            if receipt == f"1-{message['id']}-{message['given']}":
                messages.remove(message)
                return b""
        raise Refused(404, "MessageNotExist", "Message not exist.")


def _xml(name: str, fields: dict[str, str]) -> bytes:
    inside = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{NAMESPACE}">{inside}</{name}>'.encode()
