"""Startup errors: a message for the operator instead of a stack trace."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class StartupErrors:
    """Reports errors of known types by their message only."""

    def __init__(self, app: ASGIApp, known: tuple[type[Exception], ...]) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failed: list[Message] = []

        async def hold_failure(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_failure)
        except self._known as error:
            if not failed:
                raise
            await send({**failed[0], "message": str(error)})
        except BaseException:
            for message in failed:
                await send(message)
            raise
