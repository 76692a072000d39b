"""What watches the console asks for: whether it lives, whether it is ready, and its numbers."""

from __future__ import annotations

import ipaddress
import logging
import secrets
import shutil

import anyio
from starlette.responses import Response

from backend.console import Console
from backend.errors import DISK_FULL, Refused
from backend.observability.prometheus import CONTENT_TYPE, Metrics
from backend.server.request import Asked, bearer, read_headers

log = logging.getLogger(__name__)

READY_SECONDS = 2.0
MIN_FREE_BYTES = 1_000_000  # with less, the database takes no change
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


async def say_alive(asked: Asked) -> Response:
    """Say that this process answers, whatever else does not."""
    asked.only("GET", "HEAD")
    return asked.succeed("alive")


async def say_ready(asked: Asked) -> Response:
    """Say whether the console can do its work now, and if not, why."""
    asked.only("GET", "HEAD")
    try:
        with anyio.fail_after(READY_SECONDS):
            full = await anyio.to_thread.run_sync(_is_full, asked.console, abandon_on_cancel=True)
    except Exception:
        log.exception("the database does not answer")
        asked.headers["Retry-After"] = "5"
        raise Refused(503, "The database is not responding.") from None
    if full:
        asked.headers["Retry-After"] = "5"
        raise Refused(503, DISK_FULL)
    return asked.succeed("ready")


def _is_full(console: Console) -> bool:
    """Say whether the disk has no room for a change. Raises StoreError when the database does not answer at all."""
    console.store.catalogue.is_empty()
    return shutil.disk_usage(console.settings.data).free < MIN_FREE_BYTES


async def send_metrics(metrics: Metrics, asked: Asked) -> Response:
    """Send the numbers to whoever holds the token of QU_METRICS_TOKEN; without one, to this machine alone."""
    asked.only("GET", "HEAD")
    token = asked.console.settings.metrics_token
    if token and not secrets.compare_digest(bearer(read_headers(asked.request.scope)).encode(), token.encode()):
        raise Refused(403, "Metrics need the token of QU_METRICS_TOKEN, sent as Authorization: Bearer.")
    if not token and not is_from_here(asked):
        raise Refused(403, "Metrics can be read on this machine only, until QU_METRICS_TOKEN is set.")
    body = await asked.run(metrics.render)
    return Response(
        body,
        headers={"Cache-Control": "no-store", "X-Request-Id": asked.caller.request_id, "Content-Type": CONTENT_TYPE},
    )


def is_from_here(asked: Asked) -> bool:
    """Say whether a program of this machine asks, and not a proxy on it, or a page of another name that leads here."""
    headers = asked.request.headers
    host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    named = host in ("localhost", "") or is_loopback(host.strip("[]"))
    return is_loopback(asked.caller.address) and named and not any(name in headers for name in FORWARDED)


def is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
