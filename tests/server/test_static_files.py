"""Streamlit's bundles: compressed once, kept while there is room, and whole for whoever reads no gzip."""

from __future__ import annotations

import gzip

import anyio
import pytest
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from backend.server import static_files
from backend.server.static_files import CompressedStatic

SCRIPT = b"console.log('hello');\n" * 500


class TestCompressedStatic:
    @pytest.fixture
    def client(self, tmp_path, behind):
        (tmp_path / "index.abc.js").write_bytes(SCRIPT)
        (tmp_path / "font.woff2").write_bytes(b"font" * 1000)
        self.served = []

        class Counted:
            def __init__(inner, app):
                inner.app = app

            async def __call__(inner, scope, receive, send):
                self.served.append(scope["path"])
                await inner.app(scope, receive, send)

        bundles = Mount("/static", StaticFiles(directory=tmp_path))
        return behind(Middleware(CompressedStatic), Middleware(Counted), routes=[bundles])

    def test_a_bundle_is_compressed_once(self, client):
        for _ in range(2):
            answer = client.get("/static/index.abc.js", **{"Accept-Encoding": "gzip, br"})
            assert answer.content == SCRIPT
            assert answer.headers["Content-Encoding"] == "gzip"
            assert int(answer.headers["Content-Length"]) == len(gzip.compress(SCRIPT, 6, mtime=0))
            assert "accept-encoding" in answer.headers["Vary"].lower()
            assert answer.headers["ETag"].startswith("W/")
            assert answer.headers["Content-Type"].startswith("text/javascript")

        assert self.served == ["/static/index.abc.js"]

    def test_a_bundle_that_was_not_read_to_its_end_is_not_kept(self):
        bodies = [b"", SCRIPT]

        async def broken_off_first(scope, receive, send):
            headers = [(b"content-length", str(len(SCRIPT)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": bodies.pop(0)})

        async def ask(app):
            sent = []

            async def send(message):
                sent.append(message)

            headers = [(b"accept-encoding", b"gzip")]
            await app({"type": "http", "method": "GET", "path": "/static/a.js", "headers": headers}, None, send)
            return b"".join(message.get("body", b"") for message in sent)

        app = CompressedStatic(broken_off_first)
        anyio.run(ask, app)
        assert gzip.decompress(anyio.run(ask, app)) == SCRIPT

    def test_when_there_are_too_many_those_nobody_asks_for_go(self, client, tmp_path, monkeypatch):
        """Once it was full, everything else went out as it is, for good."""
        size = len(gzip.compress(SCRIPT, 6, mtime=0))
        monkeypatch.setattr(static_files, "MAX_COMPRESSED", 2 * size)
        for name in ("a", "b", "c"):
            (tmp_path / f"{name}.js").write_bytes(SCRIPT)
        for name in ("a", "b", "a", "c", "a", "c"):
            answer = client.get(f"/static/{name}.js", **{"Accept-Encoding": "gzip"})
            assert (answer.content, answer.headers["Content-Encoding"]) == (SCRIPT, "gzip")

        assert self.served == ["/static/a.js", "/static/b.js", "/static/c.js"]

    @pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", ""])
    def test_who_cannot_read_gzip_gets_the_file(self, accepted, client):
        answer = client.get("/static/index.abc.js", **{"Accept-Encoding": accepted})

        assert "Content-Encoding" not in answer.headers
        assert answer.content == SCRIPT

    def test_a_known_bundle_is_304(self, client):
        tag = client.get("/static/index.abc.js").headers["ETag"]

        assert client.get("/static/index.abc.js", **{"If-None-Match": tag}).status_code == 304

    def test_parts_other_kinds_and_failures_pass_as_they_are(self, client):
        assert client.get("/static/index.abc.js", **{"Range": "bytes=0-6"}).content == b"console"
        assert "Content-Encoding" not in client.get("/static/font.woff2").headers
        assert client.get("/static/nothing.js").status_code == 404
        assert client.get("/videos.js").text == "streamlit"
        assert client.head("/static/index.abc.js").headers["Content-Length"] == str(len(SCRIPT))

    def test_what_is_compressed_already_passes_as_it_is(self, behind):
        async def packed(request):
            return Response(gzip.compress(SCRIPT), headers={"Content-Encoding": "gzip"}, media_type="text/javascript")

        client = behind(Middleware(CompressedStatic), routes=[Route("/static/a.js", packed)])

        assert client.get("/static/a.js").content == SCRIPT
