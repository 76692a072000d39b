"""What tests of the front share: middleware before an app that stands for Streamlit."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


class Client:
    """Asks one server for paths."""

    def __init__(self, http, url):
        self._http, self._url = http, url

    def get(self, path, **headers):
        return self._http.get(self._url + path, headers=headers)

    def head(self, path):
        return self._http.head(self._url + path)

    def post(self, path):
        return self._http.post(self._url + path)


@pytest.fixture
def behind(serve, http):
    """Puts middleware before an app that answers everything as Streamlit would."""

    async def page(request):
        return PlainTextResponse("streamlit")

    def put(*middleware, routes=()):
        app = Starlette(routes=[*routes, Route("/{path:path}", page)], middleware=list(middleware))
        return Client(http, serve(app))

    return put


@pytest.fixture
def anyio_backend():
    return "asyncio"
