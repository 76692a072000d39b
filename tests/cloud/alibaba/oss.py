"""OSS: takes uploads with a temporary key, and gives out what VOD made, while its address is fresh."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "outin-test"
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAgAAAQABAAD//gAPTGF2YzYzLjEuMTAyAP/bAEMACD4+ST5JVVVVVVVVZF1kaGhoZGRkZGhoaHBwcIODg3BwcGhocHB8fIOD"
    "j5OPh4eDh5OTm5uburqystnZ4P/////EAEoAAQAAAAAAAAAAAAAAAAAAAAABAQAAAAAAAAAAAAAAAAAAAAAQAQAAAAAAAAAAAAAAAAAAAAARAQAA"
    "AAAAAAAAAAAAAAAAAAD/wAARCAAQABADASIAAhEAAxEA/9oADAMBAAIRAxEAPwAAD//Z"
)


class Oss:
    """A bucket: objects by name. Whoever uploads one names a token that VOD gave for it."""

    def __init__(self, alibaba) -> None:
        self._alibaba = alibaba
        self.objects: dict[str, bytes] = {}
        self.tokens: dict[str, str] = {}  # token -> object it may write
        self.expired: set[str] = set()
        self.breaks_after: int | None = None  # bytes, once
        self.full = False  # the account is overdue

    def allow(self, name: str) -> tuple[str, str]:
        """Return UploadAddress and UploadAuth for an object."""
        token = f"upload-{len(self.tokens)}"
        self.tokens[token] = name
        address = {"Endpoint": self._alibaba.url, "Bucket": BUCKET, "FileName": name}
        auth = {
            "AccessKeyId": f"STS.{token}", "AccessKeySecret": f"secret of {token}", "SecurityToken": token,
            "ExpireUTCTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3000)),
            "Expiration": "3000", "Region": "cn-shanghai",
        }  # fmt: skip
        return tuple(base64.b64encode(json.dumps(part).encode()).decode() for part in (address, auth))

    def put(self, path, headers, stream):
        """Take an object in; the signature is OSS's own (version 1). The last part of an answer is the error's code."""
        name = unquote(path).removeprefix(f"/{BUCKET}/")
        token = headers.get("x-oss-security-token", "")
        length = int(headers.get("Content-Length") or 0)
        if self.breaks_after is not None:
            stream.read(min(self.breaks_after, length))
            self.breaks_after = None
            return 503, {"Connection": "close", "x-oss-request-id": "OSS-1"}, "ServiceUnavailable"
        body = stream.read(length)
        words = [
            "PUT", headers.get("Content-MD5", ""), headers.get("Content-Type", ""), headers.get("Date", ""),
            f"x-oss-security-token:{token}", f"/{BUCKET}/{name}",
        ]  # fmt: skip
        digest = hmac.new(f"secret of {token}".encode(), "\n".join(words).encode(), hashlib.sha1).digest()
        wanted = f"OSS STS.{token}:{base64.b64encode(digest).decode()}"
        if self.tokens.get(token) != name or token in self.expired or headers.get("Authorization") != wanted:
            code = "SecurityTokenExpired" if token in self.expired else "SignatureDoesNotMatch"
            return 403, {"x-oss-request-id": "OSS-2"}, code
        if self.full:
            return 403, {"x-oss-request-id": "OSS-5"}, "UserDisable"
        if len(body) != length:
            return 400, {"x-oss-request-id": "OSS-3"}, "IncompleteBody"
        self.objects[name] = body
        self._alibaba.vod.arrived(name, len(body))
        return 200, {"x-oss-request-id": "OSS-4", "ETag": f'"{hashlib.md5(body).hexdigest().upper()}"'}, ""

    def get(self, path):
        """Give out a file of the play domain, if the address was signed and is not too old."""
        parts = urlsplit(path)
        expires = parse_qs(parts.query).get("auth_key", [""])[0].split("-")[0]
        name = unquote(parts.path).lstrip("/")
        if re.search(r"\.jpg$", name):
            return 200, "image/jpeg", JPEG
        if not expires.isdecimal() or int(expires) < time.time():
            return 403, "text/plain", b"denied by request uri auth"
        source = self._alibaba.vod.source_behind(name)
        return (200, "video/mp4", self.objects.get(source, b"")) if source else (404, "text/plain", b"")
