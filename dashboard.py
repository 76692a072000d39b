"""Starts the console, its worker, the REST server and the dashboard in one process; contains no page code."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from google.protobuf.message import DecodeError
from starlette.middleware import Middleware
from streamlit.proto.BackMsg_pb2 import BackMsg

import backend
from backend.server.front import Front
from backend.server.listeners import nodelay_listeners
from backend.server.shutdown import call_when_stopping
from backend.server.startup import StartupErrors
from backend.server.static_files import CompressedStatic
from pages.components import document

PAGES = Path(__file__).resolve().parent / "pages"


def kind_of(data: bytes) -> str:
    """Return the type of a page's WebSocket message. Raises ValueError if it is invalid."""
    try:
        message = BackMsg.FromString(data)
    except DecodeError:
        raise ValueError("no message of a page") from None
    kind = message.WhichOneof("type") or ""
    return "rerun_fragment" if kind == "rerun_script" and message.rerun_script.fragment_id else kind


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Open the console and start its worker; at the end return running jobs to the queue and close."""
    # Otherwise the first page view would import these, and the garbage collector would traverse them after every rerun.
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401

    with backend.running() as console:
        backend.page_sockets.kind_of = kind_of
        backend.page_sockets.close_session = lambda session: st.runtime.get_instance().close_session(session)
        call_when_stopping(console.password_checks.close)
        nodelay_listeners()
        gc.collect()
        gc.freeze()
        gc.enable()
        yield


app = st.App(
    PAGES / "app.py",
    lifespan=lifespan,
    middleware=[
        Middleware(StartupErrors, known=(backend.SettingsError, backend.StoreError, backend.MaintenanceError)),
        Middleware(Front, rest=backend.rest, head=document.head()),
        Middleware(CompressedStatic),
    ],
)

if __name__ == "__main__":
    gc.disable()  # until the start has made what stays, see `lifespan`
    # uvicorn re-raises the signal after its shutdown; exit cleanly
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = backend.read_settings()
    except backend.SettingsError as error:
        sys.exit(str(error))
    app.run(config={"server.port": settings.port, "server.address": settings.address})
