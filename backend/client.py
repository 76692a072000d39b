"""A client for a remote console: `RemoteConsole(url).call(...)` responds like `Console.call`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import requests
from requests.adapters import HTTPAdapter

from backend.api.parameters import Upload
from backend.api.registry import OPERATIONS, as_text
from backend.api.wire import envelope
from backend.console import Caller
from backend.errors import BadRequest, CloudError, ConsoleError, NotFound, Refused
from backend.exports.download import Chunks, Download
from backend.i18n.messages import say
from backend.observability.request_metrics import new_request_id

TIMEOUT = (5, 60)  # seconds to connect, and between two chunks of a response
UPLOAD_TIMEOUT = (5, 600)  # a large file is inspected before the response
CONNECTIONS = 32
CHUNK = 1 << 20
KEYS = {"result", "requestId", "message", "code", "data"}
UNREADABLE = "The file cannot be read: {why}."
FILE_NAME = re.compile(r"filename\*=UTF-8''([^;]+)", re.IGNORECASE)


class RemoteConsole:
    """Calls operations of a console over HTTP."""

    def __init__(self, url: str, session: requests.Session | None = None) -> None:
        """`url` is the console's base URL. The default session ignores proxy settings; pass one to use a proxy."""
        self.url = url.rstrip("/")
        self._session = session or _new_session()

    def call(
        self, name: str, parameters: Mapping[str, Any], token: str = "", caller: Caller | None = None
    ) -> dict[str, Any]:
        """Run an operation remotely and return its envelope; never raises.

        A file is given as an `Upload`, which is deleted afterwards, or as a `Path`, which is kept. The code is 503 if
        the console cannot be reached, and 502 if the server is not a console.
        """
        caller = caller or Caller()
        upload = next((value for value in parameters.values() if isinstance(value, Upload)), None)
        try:
            return self._call(name, parameters, token, caller)
        except requests.RequestException as error:
            return self._failed(
                Refused(503, "The console {url} cannot be reached ({why}).", url=self.url, why=type(error).__name__),
                caller,
            )
        except OSError as error:
            return self._failed(BadRequest(UNREADABLE, why=error.strerror or "error"), caller)
        except ConsoleError as error:
            return self._failed(error, caller)
        finally:
            if upload is not None:
                upload.path.unlink(missing_ok=True)

    def _call(self, name: str, parameters: Mapping[str, Any], token: str, caller: Caller) -> dict[str, Any]:
        operation = OPERATIONS.get(name)
        if operation is None:
            raise NotFound("There is no operation {name}.", name=name)
        fields = {"consoletoken": token} if token else {}
        file: Upload | None = None
        for key, value in parameters.items():
            if isinstance(value, Path):
                file, file_field = Upload(value, value.name, 0), key
            elif isinstance(value, Upload):
                file, file_field = value, key
            elif value is not None:  # an empty value would clear some fields
                fields[key] = as_text(key, value)
        headers = {"Accept-Language": caller.language, "Content-Type": "application/x-www-form-urlencoded"}
        data: bytes | MultipartBody
        if file is None:
            data = _form(fields)
        else:
            data = MultipartBody(fields, file_field, file)
            headers["Content-Type"] = data.content_type
        answer = self._session.post(
            self.url + operation.path,
            data=data,
            headers=headers,
            timeout=TIMEOUT if file is None else UPLOAD_TIMEOUT,
            stream=True,
            allow_redirects=False,  # the token must not be sent elsewhere
        )
        if "attachment" in answer.headers.get("Content-Disposition", ""):
            return envelope("200", operation.message, _download(answer), answer.headers.get("X-Request-Id", ""))
        with answer:
            return self._read(answer)

    def _read(self, answer: requests.Response) -> dict[str, Any]:
        try:
            read = answer.json()
        except requests.JSONDecodeError:
            read = None
        if not isinstance(read, dict) or not read.keys() >= KEYS:
            raise CloudError(
                "{url} is not a Qu Console server (HTTP {status}).", url=self.url, status=answer.status_code
            )
        return read

    @staticmethod
    def _failed(error: ConsoleError, caller: Caller) -> dict[str, Any]:
        return envelope(error.code, say(error, caller.language), None, caller.request_id or new_request_id())


class MultipartBody:
    """A multipart form with a file, streamed from disk."""

    def __init__(self, fields: Mapping[str, str], file_field: str, file: Upload) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._path = file.path
        name = file.file_name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{file_field}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._before = _encoded("".join(parts))
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self._length = len(self._before) + file.path.stat().st_size + len(self._after)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        yield self._before
        with self._path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
        yield self._after


def _form(fields: Mapping[str, str]) -> bytes:
    try:
        return urlencode(fields).encode()
    except UnicodeEncodeError:
        raise _no_text() from None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _no_text() from None


def _no_text() -> BadRequest:
    return BadRequest("A parameter contains characters that are not valid text.")


def _download(answer: requests.Response) -> Download:
    named = FILE_NAME.search(answer.headers["Content-Disposition"])
    media_type = answer.headers.get("Content-Type", "application/octet-stream")
    return Download(unquote(named.group(1)) if named else "download", media_type, _chunks(answer))


def _chunks(answer: requests.Response) -> Chunks:
    with answer:
        yield from answer.iter_content(CHUNK)


def _new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # ignore this machine's proxies and .netrc
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
    return session
