"""Debian's nginx with a configuration that docs/ recommends, in front of servers of ours."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.ports import free_port
from tests.waiting import until

# What a whole configuration has around the http block's content, so that it runs for anybody and beside others
AROUND = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {content}
}}
"""


def find_nginx() -> str | None:
    """Return the path of nginx, or None."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def nginx_before(port: int, folder: Path) -> Iterator[int]:
    """Run nginx as a cache before the server at this port, and give its own port."""
    own = free_port()
    changed = {
        "/var/cache/nginx/qu": f"{folder}/cache",
        "server 127.0.0.1:8502;": f"server 127.0.0.1:{port};",
        "listen 8080;": f"listen 127.0.0.1:{own};",
    }
    with running("nginx-feed.conf", changed, own, folder):
        yield own


@contextmanager
def running(name: str, changed: dict[str, str], port: int, folder: Path) -> Iterator[None]:
    """Run nginx with a configuration of ours in which some places are changed, listening at a port."""
    program = find_nginx()
    assert program is not None
    folder.mkdir(parents=True)
    content = (ROOT / "docs" / name).read_text(encoding="utf-8")
    for old, new in changed.items():
        assert old in content
        content = content.replace(old, new)
    path = folder / "nginx.conf"
    user = "user root;\n" if os.getuid() == 0 else ""
    path.write_text(user + AROUND.format(folder=folder, content=content), encoding="utf-8")
    log = folder / "error.log"
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(path)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: is_listening(port) or process.poll() is not None, "nginx")
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def require() -> None:
    """Skip the test without nginx, or fail it if nginx is required."""
    if find_nginx() is None:
        say = pytest.fail if os.environ.get("TEST_NGINX") == "required" else pytest.skip
        say("nginx is missing: apt-get install nginx-light")


def is_listening(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
