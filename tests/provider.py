"""A provider of OpenID Connect that does what a test wants, also what none should."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT, SECRET, ACCESS = "qu-console", "s/e+c:r=e t", "access-token"


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


class Provider:
    """Signs in whoever `person` says. `claims` overrides what its id tokens say; None leaves a claim out."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}/realm"
        self.person: dict[str, Any] = {"sub": "u-1", "preferred_username": "mei", "groups": ["staff", "video-ops"]}
        self.claims: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []  # paths
        self.userinfo: dict[str, Any] | None = None  # None: it has none
        self.form: dict[str, str] = {}  # of the last exchange
        self.authorization = ""
        self.signs_with_another = False
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key, and publish no other."""
        self.key = new_key()

    def sign_in(self, address: str) -> dict[str, str]:
        """Do what the browser and the person do at the address of an authorization; return the answer."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def exchange(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if asked is None or challenge.rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person,
            **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {"id_token": self.sign(claims), "access_token": ACCESS, "token_type": "Bearer"}

    def sign(self, claims: dict[str, Any]) -> str:
        key = new_key() if self.signs_with_another else self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        if path.endswith("/.well-known/openid-configuration"):
            names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "jwks"}
            names |= {} if self.userinfo is None else {"userinfo_endpoint": "userinfo"}
            return 200, {"issuer": self.issuer, **{name: f"{self.issuer}/{end}" for name, end in names.items()}}
        return 200, KeySet([self.key]).as_dict(private=False)


class Forger(Provider):
    """Signs with the secret of its public key, as an attacker could where any algorithm is taken."""

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(
            {"alg": "HS256", "kid": self.key.kid}, claims, OctKey.import_key(self.key.as_pem(private=False))
        )


@contextmanager
def providing(kind: type[Provider] = Provider) -> Iterator[Provider]:
    """Run a provider on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*provider.answer(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path.endswith("/userinfo"):
                known = self.headers["Authorization"] == f"Bearer {ACCESS}" and provider.userinfo is not None
                self._send(200 if known else 401, provider.userinfo or {})
                return
            provider.form = {name: values[0] for name, values in parse_qs(body).items()}
            provider.authorization = self.headers.get("Authorization", "")
            self._send(*provider.exchange(provider.form))

        def _send(self, status: int, data: dict[str, Any]) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = kind(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()
