"""Builds the image of the Containerfile and uses it as docs/deployment.md says: `python -m tests.acceptance.container`.

It needs podman, and takes minutes, so it is no part of the tests. The container has a read-only root, no capabilities
and one volume. Somebody signs in, uploads a clip and plays what was made of it; then the container is stopped, started
again over the same volume, and asked for the clip. `--bootstrap` makes the base image from Debian's archive with
mmdebstrap, where no registry of images can be reached.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from backend.client import RemoteConsole
from backend.media.ffmpeg import Ffmpeg
from tests.paths import ROOT
from tests.ports import free_port
from tests.waiting import until

IMAGE, NAME = "localhost/qu-console-test", "qu-console-test"
PASSWORD = "correct horse battery"
CLIP = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=4", "-f", "lavfi", "-i", "sine=duration=4"]
RESTRICTED = (
    "--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp:mode=1777", "--cap-drop=all",
    "--security-opt=no-new-privileges", "--network=host",
)  # fmt: skip
NOT_INSIDE = "gcc cc make pip pip3 git curl"
FILES_NOT_INSIDE = ".git .env data tests docs Makefile"


class Podman:
    """Runs podman with the options that this machine needs."""

    def __init__(self, command: str, run_options: str) -> None:
        self._command, self._run_options = shlex.split(command), shlex.split(run_options)

    def do(self, *arguments: str, may_fail: bool = False) -> str:
        """Return what it says. Raises RuntimeError if it fails."""
        ran = subprocess.run([*self._command, *arguments], capture_output=True, text=True, cwd=ROOT)
        if ran.returncode and not may_fail:
            raise RuntimeError(f"podman {' '.join(arguments)}:\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
        return ran.stdout.strip() if not ran.returncode else ""

    def run(self, *arguments: str) -> str:
        return self.do("run", *RESTRICTED, *self._run_options, *arguments)


def bootstrap(podman: Podman) -> str:
    """Make a base image of Debian's archive, and return its name."""
    name = "localhost/debian:12-slim"
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "debian.tar"
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "bookworm", str(made)], check=True)
        podman.do("import", str(made), name)
    return name


def build(podman: Podman, base: str, extras: str, options: str) -> None:
    started = time.monotonic()
    given = (f"--build-arg=BASE={base}", f"--build-arg=EXTRAS={extras}", *shlex.split(options))
    podman.do("build", "--format=docker", "-f", "Containerfile", "-t", IMAGE, *given, ".")
    (image,) = json.loads(podman.do("image", "inspect", IMAGE))
    assert image["Config"]["User"] == "10001:10001"
    assert "healthz" in str(image["HealthCheck" if "HealthCheck" in image else "Healthcheck"]["Test"])
    print(f"built in {time.monotonic() - started:.0f} s: {image['Size'] / 1e6:.0f} MB")


def look_inside(podman: Podman) -> None:
    """Check what is in the image, and what its user may do."""
    found = podman.run("--rm", IMAGE, "sh", "-c", f"for one in {NOT_INSIDE}; do command -v $one; done; true")
    assert not found, f"the image contains {found}"
    found = podman.run("--rm", IMAGE, "sh", "-c", f"ls -d {FILES_NOT_INSIDE} 2>/dev/null; true")
    assert not found, f"the image contains {found}"
    status = podman.run(
        "--rm", IMAGE, "sh", "-c", "id -u; id -g; touch x 2>&1; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status"
    )
    assert status.split()[:2] == ["10001", "10001"], status
    assert "Read-only file system" in status
    assert status.count("0000000000000000") == 2, status
    print("runs as 10001, without capabilities, on a read-only root")


@contextmanager
def running(podman: Podman, volume: str, folder: Path) -> Iterator[RemoteConsole]:
    """Run the container until it is healthy, and stop it at the end."""
    port, started = free_port(), time.monotonic()
    secrets = folder / "console.env"
    secrets.write_text(f"QU_ADMIN_PASSWORD={PASSWORD}\n")
    secrets.chmod(0o644)
    mounts = (f"--volume={volume}:/data", f"--volume={secrets}:/opt/qu-console/.env:ro")
    podman.run("--detach", f"--name={NAME}", *mounts, f"--env=PORT={port}", IMAGE)
    try:
        until(
            lambda: podman.do("healthcheck", "run", NAME, may_fail=True) is not None and is_ready(port), "health", 120
        )
        podman.do("healthcheck", "run", NAME)
        print(f"healthy after {time.monotonic() - started:.1f} s")
        yield RemoteConsole(f"http://127.0.0.1:{port}")
        stopped = time.monotonic()
        podman.do("stop", "--time=40", NAME)
        status = podman.do("inspect", "--format={{.State.ExitCode}}", NAME)
        assert status == "0", f"exit status {status}"
        print(f"stopped after {time.monotonic() - stopped:.1f} s, exit status 0")
    except BaseException:
        print(podman.do("logs", NAME, may_fail=True)[-4000:])
        raise
    finally:
        podman.do("rm", "--force", NAME, may_fail=True)


def work_beside(podman: Podman, volume: str) -> None:
    """Run a worker in a container of its own over the same data, and stop it."""
    name = f"{NAME}-worker"
    podman.run(
        "--detach",
        f"--name={name}",
        f"--volume={volume}:/data",
        "--no-healthcheck",
        IMAGE,
        "python",
        "-m",
        "backend",
        "work",
    )
    try:
        until(lambda: "worker started" in podman.do("logs", name), "the worker runs", 30)
        podman.do("stop", "--time=40", name)
        assert podman.do("inspect", "--format={{.State.ExitCode}}", name) == "0"
    finally:
        podman.do("rm", "--force", name, may_fail=True)
    print("a worker in another container starts and stops")


def is_ready(port: int) -> bool:
    try:
        return get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except requests.ConnectionError:
        return False


def get(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=30)


def done(console: RemoteConsole, operation: str, parameters: dict[str, Any], token: str = "") -> Any:
    """Call an operation that has to succeed, and return its data."""
    answer = console.call(operation, parameters, token)
    assert answer["code"] == "200", answer
    return answer["data"]


def use(console: RemoteConsole, clip: Path) -> str:
    """Upload a clip, wait for what is made of it, and return its id."""
    token = done(console, "login", {"userName": "admin", "password": PASSWORD})["consoleToken"]
    video = done(console, "uploadVideo", {"file": clip, "tags": "海"}, token)["videoId"]

    def is_made() -> bool:
        found = done(console, "getVideoById", {"videoId": video}, token)
        assert found["transcodeStatus"] != "transcodeFail", found
        return bool(found["transcodeStatus"] == "success" and found["snapshotStatus"] == "success")

    until(is_made, "a rendition and snapshots", 300)
    done(console, "createAudit", {"mediaId": video, "status": "Normal"}, token)
    found = done(console, "getPlayInfo", {"videoId": video}, token)
    assert get(found["playInfoList"][0]["playURL"]).content[4:8] == b"ftyp"
    page = get(console.url)
    assert (page.status_code, "<title>" in page.text) == (200, True)
    print("signed in, uploaded, transcoded, approved, played; the dashboard's page is served")
    return str(video)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    reader.add_argument("--podman", default="podman", help="the command, with options such as --runtime")
    reader.add_argument("--base", default="docker.io/library/debian:12-slim", help="the base image")
    reader.add_argument("--bootstrap", action="store_true", help="make the base image from Debian's archive")
    reader.add_argument("--extras", default="", help="the build argument EXTRAS, such as: postgres s3")
    reader.add_argument("--build-options", default="", help="more options of podman build")
    reader.add_argument("--run-options", default="", help="more options of podman run")
    chosen = reader.parse_args()
    podman = Podman(chosen.podman, chosen.run_options)
    build(podman, bootstrap(podman) if chosen.bootstrap else chosen.base, chosen.extras, chosen.build_options)
    look_inside(podman)
    volume = f"{NAME}-data"
    podman.do("volume", "rm", "--force", volume, may_fail=True)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "海边.mp4"
        assert Ffmpeg().run([*CLIP, "-c:v", "libx264", "-c:a", "aac", str(clip)]).ok
        with running(podman, volume, Path(folder)) as console:
            video = use(console, clip)
        with running(podman, volume, Path(folder)) as console:
            token = done(console, "login", {"userName": "admin", "password": PASSWORD})["consoleToken"]
            assert done(console, "getVideoById", {"videoId": video}, token)["title"] == "海边"
            work_beside(podman, volume)
            for command in ("doctor", "backup /data/backup.tar"):
                podman.do("exec", NAME, "python", "-m", "backend", *command.split())
            print("the clip is there after a restart; doctor finds nothing, and a backup is written beside the server")
    podman.do("volume", "rm", "--force", volume)


if __name__ == "__main__":
    main()
