"""What is put before uvicorn's own classes relies upon their code."""

from __future__ import annotations

import hashlib
import inspect

import uvicorn
from uvicorn.lifespan.on import LifespanOn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from backend.server.uvicorn_protocols import TRIED


def test_this_uvicorn_is_one_that_the_limits_were_tried_with():
    """Where this fails, read what changed, run all tests of timeouts and floods, and add the digest to TRIED."""
    parts = (HttpToolsProtocol, WebSocketsSansIOProtocol, LifespanOn)
    found = hashlib.sha256("".join(map(inspect.getsource, parts)).encode()).hexdigest()[:16]
    assert found in TRIED.values(), f"uvicorn {uvicorn.__version__} has the digest {found}"
