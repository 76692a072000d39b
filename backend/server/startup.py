"""What a server says that cannot start: a sentence for the operator, where the error has one, and no stack trace."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class StartupErrors:
    """Lets errors whose text is meant for the operator end the start with that text alone."""

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
