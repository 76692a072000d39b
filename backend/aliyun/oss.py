"""One file to OSS, by the address and the temporary key that VOD gave for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlsplit

import requests

from backend.aliyun.errors import Refusal
from backend.errors import CloudError

TIMEOUT = (5, 60)  # seconds to connect, and between two pieces
PIECE = 1 << 18
MEDIA_TYPE = "application/octet-stream"
CODE = re.compile(r"<Code>(\w{1,80})</Code>")
MAX_ERROR = 10_000  # characters of an answer's body
KEY_CODES = ("invalidaccesskeyid", "securitytokenexpired", "invalidsecuritytoken", "accessdenied", "http403")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes, and the key that lets it in for a while."""

    endpoint: str
    bucket: str
    name: str
    key_id: str
    secret: str
    token: str

    @classmethod
    def read(cls, address: str, auth: str) -> Place:
        """Read UploadAddress and UploadAuth. Raises CloudError where they are none."""
        try:
            where, how = (json.loads(base64.b64decode(text)) for text in (address, auth))
            return cls(
                where["Endpoint"], where["Bucket"], where["FileName"], how["AccessKeyId"], how["AccessKeySecret"],
                how["SecurityToken"],
            )  # fmt: skip
        except (ValueError, KeyError, TypeError):
            raise Refusal("CreateUploadVideo", words="malformed answer").error() from None

    @property
    def url(self) -> str:
        """The object's address: below the bucket's own host, or below the bucket where the host is a bare number."""
        parts = urlsplit(self.endpoint if "://" in self.endpoint else f"https://{self.endpoint}")
        try:
            ipaddress.ip_address(parts.hostname or "")
        except ValueError:
            return f"{parts.scheme}://{self.bucket}.{parts.netloc}/{quote(self.name)}"
        return f"{parts.scheme}://{parts.netloc}/{self.bucket}/{quote(self.name)}"


class Reported:
    """A file that tells how much of it was read; `report` may raise to break off."""

    def __init__(self, file: IO[bytes], size: int, report: Callable[[float], None]) -> None:
        self._file, self._size, self._report, self._read = file, size, report, 0

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(PIECE if size < 0 else min(size, PIECE))
        self._read += len(piece)
        self._report(self._read / self._size if self._size else 1.0)
        return piece


def put(place: Place, path: Path, report: Callable[[float], None]) -> None:
    """Send a file whole. Raises CloudError: passing where another try, with a new key, may do better."""
    headers = {
        "Date": formatdate(usegmt=True),
        "Content-Type": MEDIA_TYPE,
        "x-oss-security-token": place.token,
    }
    headers["Authorization"] = f"OSS {place.key_id}:{_signature(place, headers)}"
    try:
        with path.open("rb") as file, requests.Session() as session:
            body = Reported(file, path.stat().st_size, report)
            # An `auth` of our own keeps requests from putting what a .netrc holds in the place of the signature.
            answer = session.put(
                place.url,
                data=body,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                auth=lambda request: request,
            )
    except requests.RequestException as error:
        raise Refusal("PutObject", words=type(error).__name__).error() from None
    if answer.status_code != 200:
        request_id = answer.headers.get("x-oss-request-id", "")
        code = CODE.search(answer.text[:MAX_ERROR])
        # OSS has codes of its own. A passing one is told by its status: 5xx.
        name = code[1] if code else f"Http{answer.status_code}"
        raise Refusal("PutObject", name, answer.status_code, request_id, f"HTTP {answer.status_code}").error()


def _signature(place: Place, headers: dict[str, str]) -> str:
    words = [
        "PUT", "", headers["Content-Type"], headers["Date"], f"x-oss-security-token:{place.token}",
        f"/{place.bucket}/{place.name}",
    ]  # fmt: skip
    digest = hmac.new(place.secret.encode(), "\n".join(words).encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_expired(error: CloudError) -> bool:
    """Say whether OSS did not accept the temporary key: VOD gives a new one."""
    return error.cloud_code.lower() in KEY_CODES
