"""Health checks and metrics."""

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
from backend.server.request import RequestContext, bearer

log = logging.getLogger(__name__)

READY_SECONDS = 2.0
MIN_FREE_BYTES = 1_000_000  # below this, the database rejects changes
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


async def report_alive(context: RequestContext) -> Response:
    """Report that this process responds."""
    context.require_method("GET", "HEAD")
    return context.succeed("alive")


async def report_ready(context: RequestContext) -> Response:
    """Report whether the console is ready, or why not."""
    context.require_method("GET", "HEAD")
    try:
        with anyio.fail_after(READY_SECONDS):
            full = await anyio.to_thread.run_sync(_is_full, context.console, abandon_on_cancel=True)
    except Exception:  # whatever it is, the answer is that the console is not ready
        log.exception("the database is not responding")
        context.answer_headers["Retry-After"] = "5"
        raise Refused(503, "The database is not responding.") from None
    if full:
        context.answer_headers["Retry-After"] = "5"
        raise Refused(503, DISK_FULL)
    return context.succeed("ready")


def _is_full(console: Console) -> bool:
    """Return whether the disk is full. Raises StoreError if the database does not respond."""
    console.store.catalogue.is_empty()
    return shutil.disk_usage(console.settings.data).free < MIN_FREE_BYTES


async def send_metrics(metrics: Metrics, context: RequestContext) -> Response:
    """Send metrics to clients with the token of QU_METRICS_TOKEN; without that setting, to this machine only."""
    context.require_method("GET", "HEAD")
    token = context.console.settings.metrics_token
    if token and not secrets.compare_digest(bearer(context.headers).encode(), token.encode()):
        raise Refused(403, "Metrics need the token of QU_METRICS_TOKEN, sent as Authorization: Bearer.")
    if not token and not is_from_here(context):
        raise Refused(403, "Metrics can be read on this machine only, until QU_METRICS_TOKEN is set.")
    body = await context.run(metrics.render)
    return Response(
        body,
        headers={"Cache-Control": "no-store", "X-Request-Id": context.caller.request_id, "Content-Type": CONTENT_TYPE},
    )


def is_from_here(context: RequestContext) -> bool:
    """Return whether a local program sent the request: not a proxy, and not a page of another host name that
    resolves here.
    """
    headers = context.request.headers
    host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    named = host in ("localhost", "") or is_loopback(host.strip("[]"))
    return is_loopback(context.caller.address) and named and not any(name in headers for name in FORWARDED)


def is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
