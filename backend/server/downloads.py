"""Streaming downloads, with backpressure and a limit on stalled clients."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from backend.exports.download import Download
from backend.server.request import RequestContext

log = logging.getLogger(__name__)

PIECE = 128 << 10
STILL_SECONDS = 60.0  # without progress; a client reading 2 KB per second is still served


class DownloadResponse(StreamingResponse):
    """Closes the generator after the last byte, on disconnect, or when the client stalls."""

    def __init__(self, context: RequestContext, download: Download) -> None:
        plain = re.sub(r'[^ -~]|["\\%]', "_", download.name)
        exact = quote(download.name, safe="")
        headers = {
            "Cache-Control": "no-store",
            "X-Request-Id": context.caller.request_id,
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}",
        }
        super().__init__(self._pieces(), headers=headers, media_type=download.media_type)
        self._asked, self._download, self._given_up = context, download, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def patiently(message: Message) -> None:
            if self._given_up:
                return
            with anyio.move_on_after(STILL_SECONDS) as waiting:
                await send(message)
            if waiting.cancelled_caught:
                self._given_up = True
                log.warning(
                    "nobody reads %s any more, requestId %s", self._download.name, self._asked.caller.request_id
                )

        try:
            await super().__call__(scope, receive, patiently)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._download.chunks.close)

    async def _pieces(self) -> AsyncIterator[bytes]:
        while (chunk := await self._asked.run(next, self._download.chunks, None)) is not None:
            for start in range(0, len(chunk), PIECE):
                if self._given_up:
                    return
                yield chunk[start : start + PIECE]
