"""Checks ACS3-HMAC-SHA256 as Alibaba does: from what came over the wire, not from what a caller meant to send."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from tests.cloud.alibaba.refusal import Refusal

MAX_SECONDS_OFF = 15 * 60
FORM = re.compile(r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})")
SIGNED_ALWAYS = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}


class Gate:
    """Knows the keys and tokens that may call."""

    def __init__(self) -> None:
        self.secrets = {"test-key": "test-secret"}
        self.tokens: dict[str, str] = {}  # security token -> the key it belongs to
        self.expired: set[str] = set()
        self._nonces: set[str] = set()

    def check(self, method, path, query, headers, body) -> None:
        """Raise Refusal unless the request is signed by somebody we know, just now, and for the first time."""
        parts = FORM.fullmatch(headers.get("authorization", ""))
        if parts is None:
            raise Refusal(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.")
        key, names, signature = parts[1], parts[2].split(";"), parts[3]
        if key not in self.secrets:
            raise Refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        self._check_token(key, headers, names)
        missing = SIGNED_ALWAYS - set(names)
        if missing or hashlib.sha256(body).hexdigest() != headers.get("x-acs-content-sha256"):
            raise Refusal(400, "IncompleteSignature", f"Not signed: {missing}")
        if self._sign(key, method, path, query, headers, names) != signature:
            raise Refusal(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
        sent = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs((datetime.now(UTC) - sent).total_seconds()) > MAX_SECONDS_OFF:
            raise Refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
        if headers["x-acs-signature-nonce"] in self._nonces:
            raise Refusal(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces.add(headers["x-acs-signature-nonce"])

    def _check_token(self, key, headers, names) -> None:
        token = headers.get("x-acs-security-token", "")
        if token in self.expired:
            raise Refusal(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
        wanted = {token for token, owner in self.tokens.items() if owner == key}
        if wanted and (token not in wanted or "x-acs-security-token" not in names):
            raise Refusal(400, "InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatch.")

    def _sign(self, key, method, path, query, headers, names) -> str:
        pairs = sorted(parse_qsl(query, keep_blank_values=True))
        canonical_query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
        canonical_headers = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names)
        parts = (method, path, canonical_query, canonical_headers, ";".join(names), headers["x-acs-content-sha256"])
        text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()}"
        return hmac.new(self.secrets[key].encode(), text.encode(), hashlib.sha256).hexdigest()
