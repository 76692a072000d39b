"""How OSS signs: version 1, as older upload SDKs of phones do, and version 4."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote

SUBRESOURCES = ("uploads", "uploadId", "partNumber", "security-token")
VERSION_4 = re.compile(r"OSS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([\w-]+)/oss/aliyun_v4_request,Signature=(\w{64})")


def is_signed(method, resource, query, headers, key_id, secret, region):
    """Say whether a request for a resource (`/bucket/object`) was signed with this key."""
    said = headers.get("Authorization", "")
    if found := VERSION_4.fullmatch(said):
        who, day, where, signature = found.groups()
        wanted = _version_4(method, resource, query, headers, secret, day, where)
        return who == key_id and where == region and hmac.compare_digest(signature, wanted)
    return hmac.compare_digest(said, f"OSS {key_id}:{_version_1(method, resource, query, headers, secret)}")


def _version_1(method, resource, query, headers, secret):
    named = sorted((name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name in SUBRESOURCES)
    asked = "&".join(f"{name}={value}" if value else name for name, value in named)
    own = sorted((name.lower(), value) for name, value in headers.items() if name.lower().startswith("x-oss-"))
    words = [
        method, headers.get("Content-MD5", ""), headers.get("Content-Type", ""), headers.get("Date", ""),
        *(f"{name}:{value}" for name, value in own), f"{resource}?{asked}" if asked else resource,
    ]  # fmt: skip
    return base64.b64encode(hmac.new(secret.encode(), "\n".join(words).encode(), hashlib.sha1).digest()).decode()


def _version_4(method, resource, query, headers, secret, day, region):
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    asked = "&".join(f"{quote(name, '')}={quote(value, '')}" if value else quote(name, "") for name, value in pairs)
    signed = sorted(
        (name.lower(), value.strip()) for name, value in headers.items()
        if name.lower().startswith("x-oss-") or name.lower() in ("content-type", "content-md5")
    )  # fmt: skip
    canonical = "\n".join([
        method, quote(resource, "/"), asked, "".join(f"{name}:{value}\n" for name, value in signed), "",
        headers.get("x-oss-content-sha256", ""),
    ])  # fmt: skip
    scope = f"{day}/{region}/oss/aliyun_v4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    words = f"OSS4-HMAC-SHA256\n{headers.get('x-oss-date', '')}\n{scope}\n{hashed}"
    key = f"aliyun_v4{secret}".encode()
    for part in (day, region, "oss", "aliyun_v4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, words.encode(), hashlib.sha256).hexdigest()
