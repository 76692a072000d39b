"""An S3-compatible object store for tests: moto, behind a gate that checks signatures, which moto does not."""

from __future__ import annotations

import hashlib
import itertools
import logging
import re
import socket
import threading
import time
from calendar import timegm
from io import BytesIO
from urllib.parse import parse_qsl, urlencode

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server

from backend.media.bucket import Place

BUCKET, REGION = "videos", "us-east-1"
KEY_ID, SECRET = "test-key-id", "test-secret"
CREDENTIAL = re.compile(r"(?P<key_id>[^/]+)/\d{8}/(?P<region>[^/]+)/s3/aws4_request")
SKEW_SECONDS = 900
logging.getLogger("botocore").setLevel(logging.ERROR)


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


class ObjectStore:
    """A server on a port of its own. `stop` takes it away, `start` brings it back with all it had."""

    def __init__(self):
        self._app = create_backend_app("s3")
        self._backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._backend.create_bucket(BUCKET, REGION)
        self._server = None
        # Bound for as long as it lives, so that nobody takes its port while it is stopped.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._held.bind(("127.0.0.1", 0))
        self.port = self._held.getsockname()[1]
        self._prefixes = itertools.count()
        self.denied = set()  # methods that the key may not use
        # called with the method and the path of each request, before it is answered; may return an error's code
        self.gate = None
        self.clock = time.time
        self.requests = []  # (method, path) of those that were let through

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def new_place(self, **changed) -> Place:
        """A place in which nothing is yet."""
        known = {"endpoint": self.endpoint, "region": REGION, "key_id": KEY_ID, "secret": SECRET}
        return Place(**{"url": f"s3://{BUCKET}/test-{next(self._prefixes)}", **known, **changed})

    def start(self):
        with socket.create_server(("127.0.0.1", self.port), reuse_port=True) as listener:
            self._server = make_server(
                "127.0.0.1", self.port, self, threaded=True, request_handler=Quiet, fd=listener.fileno()
            )
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._server = None

    def close(self):
        self.stop()
        self._held.close()

    def recover(self):
        self.denied, self.gate, self.clock, self.requests = set(), None, time.time, []
        if self._server is None:
            self.start()

    def keys(self, place: Place) -> list[str]:
        """The keys below a place's prefix, without it."""
        prefix = place.url.removeprefix(f"s3://{BUCKET}/") + "/"
        return sorted(key.removeprefix(prefix) for key in self._backend.buckets[BUCKET].keys if key.startswith(prefix))

    def __call__(self, environ, start_response):
        method, target = environ["REQUEST_METHOD"], environ["REQUEST_URI"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        problem = find_problem(method, target, headers_of(environ), body, self.clock())
        kind = "DELETE" if method == "POST" and target.endswith("?delete") else method
        problem = problem or ("AccessDenied" if kind in self.denied else "") or (self.gate and self.gate(kind, target))
        if problem:
            answer = f"<?xml version='1.0'?><Error><Code>{problem}</Code><Message>no</Message></Error>".encode()
            status = "503 Slow Down" if problem == "SlowDown" else "403 Forbidden"
            start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(answer)))])
            return [b"" if method == "HEAD" else answer]
        self.requests.append((kind, target))
        return self._app({**environ, "wsgi.input": BytesIO(body)}, start_response)


def headers_of(environ):
    sent = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            sent[name.replace("_", "-").lower()] = environ[name]
    return sent


def find_problem(method, target, headers, body, now):
    """Return the error code of a request whose signature does not hold; empty if it does."""
    path, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    asked = dict(pairs)
    signed_in_query = "X-Amz-Signature" in asked
    if signed_in_query:
        credential, signed, shown = (asked[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature"))
        moment, lifetime = asked["X-Amz-Date"], int(asked["X-Amz-Expires"])
        rest = urlencode([pair for pair in pairs if pair[0] != "X-Amz-Signature"])
    else:
        given = dict(re.findall(r"(Credential|SignedHeaders|Signature)=([^,\s]+)", headers.get("authorization", "")))
        if len(given) != 3:
            return "AccessDenied"
        credential, signed, shown = given["Credential"], given["SignedHeaders"], given["Signature"]
        moment, lifetime, rest = headers.get("x-amz-date", ""), SKEW_SECONDS, query
        content = headers.get("x-amz-content-sha256")
        if content not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
            return "XAmzContentSHA256Mismatch"
    scope = CREDENTIAL.fullmatch(credential)
    if not scope or scope["key_id"] != KEY_ID:
        return "InvalidAccessKeyId"
    age = now - timegm(time.strptime(moment, "%Y%m%dT%H%M%SZ"))
    if not -SKEW_SECONDS < age <= lifetime:
        return "AccessDenied" if signed_in_query else "RequestTimeTooSkewed"
    only = {name: value for name, value in headers.items() if name in signed.split(";")}
    request = AWSRequest(method, f"http://{headers['host']}{path}" + (f"?{rest}" if rest else ""), only, body)
    request.context["timestamp"] = moment
    kind = S3SigV4QueryAuth if signed_in_query else S3SigV4Auth
    signer = kind(Credentials(KEY_ID, SECRET), "s3", scope["region"])
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return "" if signer.signature(text, request) == shown else "SignatureDoesNotMatch"
