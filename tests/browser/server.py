"""Servers of their own: `python dashboard.py` over a folder of data."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

from backend import Settings
from backend.client import RemoteConsole
from backend.settings import VARIABLES
from tests.conftest import PASSWORD
from tests.paths import ROOT
from tests.ports import free_port
from tests.waiting import until


class Server:
    """A server of its own: `python dashboard.py` over a folder of data, on a free port."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.data, self._log, self.settings = folder / "data", folder / "server.log", settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and return when it is ready."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        unset = {
            VARIABLES.get(one.name, f"QU_{one.name.upper()}"): "" for one in fields(Settings) if one.name != "port"
        }
        chosen = {"QU_DATA": str(self.data), "QU_ADMIN_PASSWORD": PASSWORD, "QU_DEMO": "false", "PORT": str(self.port)}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "dashboard.py"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **unset, **chosen, **self.settings},
            )  # fmt: skip

    def wait_until_ready(self) -> None:
        try:
            until(self._is_ready, "the server is ready", 120)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def stop(self) -> None:
        """Stop it as an operator would. It ends soon, without complaint, and leaves a closed database."""
        self.process.terminate()
        try:
            ended = self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()
        assert ended == 0
        said = self._log.read_text(encoding="utf-8")
        assert "Traceback" not in said, said
        assert not (self.data / "console.sqlite3-wal").exists()

    def ask(self, operation: str, **parameters: Any) -> Any:
        """Run an operation over REST, as its administrator, and return its data."""
        answer = self._remote.call(operation, parameters, self._token)
        if "ConnectionError" in answer["message"]:  # the server closed the kept connection just when it was used again
            answer = self._remote.call(operation, parameters, self._token)
        assert answer["code"] == "200", answer
        return answer["data"]

    def crash(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    @cached_property
    def _remote(self) -> RemoteConsole:
        return RemoteConsole(self.url)

    @cached_property
    def _token(self) -> str:
        signed_in = self._remote.call("login", {"userName": "admin", "password": PASSWORD})
        return str(signed_in["data"]["consoleToken"])

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self._log.read_text(encoding="utf-8"))
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(f"{self.url}/healthz", timeout=60).status_code == 200
            except requests.RequestException:  # also where a busy machine is slow to answer
                return False


def cloud_environ(url: str, place: str, key: str) -> dict[str, str]:
    """Return the environment of a console whose account at Alibaba is the emulator at `place` (host:port)."""
    return {
        "QU_MODE": "cloud", "QU_VOD_ENDPOINT": place, "QU_CDN_ENDPOINT": place, "QU_ALIYUN_PROTOCOL": "http",
        "QU_TEMPLATE_GROUP": "plain-group", "QU_NARROW_TEMPLATE_GROUP": "narrow-group", "QU_PREWARM_HOSTS": place,
        "QU_CALLBACK_URL": f"{url}/vodcallback/callback", "QU_CALLBACK_KEY": key, "QU_LOG": "INFO",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "test-key", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "test-secret",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", "HTTP_PROXY": "", "http_proxy": "",
    }  # fmt: skip
