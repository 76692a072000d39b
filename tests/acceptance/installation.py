"""Several servers and workers with one PostgreSQL cluster and one bucket, on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import backend
from backend import Console, Settings
from backend.media.ffmpeg import Ffmpeg
from backend.model import Actor, User, Video
from tests.acceptance.postgres_cluster import Cluster
from tests.acceptance.server_process import ServerProcess
from tests.object_store import ObjectStore
from tests.waiting import until

ACTOR = Actor("bad days", "command line")
APART = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")  # processes that do not see each other


class Machine(ServerProcess):
    """A server that knows when it was hurt on purpose."""

    def __init__(self, folder: Path, *, prefix: Iterable[str] = (), **settings: str) -> None:
        super().__init__(folder, prefix=prefix, **settings)
        self._is_hurt, self._healed = False, 0.0

    def was_hurt_since(self, moment: float) -> bool:
        return self._is_hurt or self._healed >= moment

    @contextmanager
    def hurt(self) -> Iterator[None]:
        """It need not answer within the block."""
        self._is_hurt = True
        try:
            yield
        finally:
            self._healed, self._is_hurt = time.monotonic(), False

    @property
    def pid(self) -> int:
        """The process itself, not the program that began it."""
        assert self.process is not None
        if self._command[0] != APART[0]:
            return self.process.pid
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def wait(self) -> None:
        """Wait until it is ready. Raises RuntimeError if it ends instead."""
        assert self.process is not None
        until(lambda: self.is_ready() or self.process.poll() is not None, "it is ready", 120)
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.data.parent.name} did not start:\n{self.said()}")

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        assert self.process is not None
        self.signal(signal.SIGKILL)
        self.process.wait(60)


class WorkerMachine(Machine):
    """`python -m backend work`."""

    def __init__(self, folder: Path, *, prefix: Iterable[str] = (), **settings: str) -> None:
        super().__init__(folder, prefix=prefix, **settings)
        self._command = [*self._command[: -len(("-m", "backend", "serve", "--port", "0"))], "-m", "backend", "work"]

    def is_ready(self) -> bool:
        return "worker started" in self.said()


class Installation:
    """Servers, workers, a cluster and a bucket in a folder. `console` is one of this process, to look with."""

    def __init__(self, folder: Path, bucket: ObjectStore) -> None:
        self.folder, self.bucket = folder, bucket
        self.cluster = Cluster(folder / "cluster")
        self.standby: Cluster | None = None
        self.small: Path | None = None  # a small disk
        self.turned: Path | None = None  # where the time of a clock stands that is turned
        self.place = bucket.new_place()
        self.servers: list[Machine] = []
        self.workers: list[WorkerMachine] = []
        self.address = self.cluster.address

    @property
    def settings(self) -> dict[str, str]:
        return {
            "QU_DATABASE": self.address, "QU_MEDIA": self.place.url, "QU_S3_ENDPOINT": self.place.endpoint,
            "QU_S3_REGION": self.place.region, "AWS_ACCESS_KEY_ID": self.place.key_id,
            "AWS_SECRET_ACCESS_KEY": self.place.secret, "QU_DEMO": "false",
        }  # fmt: skip

    def add_server(self, *, prefix: Iterable[str] = (), **environ: str) -> Machine:
        name = "abcdef"[len(self.servers)]
        self.servers.append(Machine(self.folder / name, prefix=prefix, **self.settings, **environ))
        return self.servers[-1]

    def add_worker(self, *, prefix: Iterable[str] = ()) -> WorkerMachine:
        name = f"worker{len(self.workers)}"
        self.workers.append(WorkerMachine(self.folder / name, prefix=prefix, **self.settings))
        return self.workers[-1]

    def open(self) -> Console:
        """Open a console of this process on the data."""
        place = self.place
        return backend.open_console(
            Settings(
                data=self.folder / "here", database=self.address, media=place.url, s3_endpoint=place.endpoint,
                s3_region=place.region, aws_access_key_id=place.key_id, aws_secret_access_key=place.secret,
            )
        )  # fmt: skip

    def add_videos(self, count: int) -> list[str]:
        """Add videos without files, whose approval starts nothing."""
        console = self.open()
        made = [Video(f"{number:032x}", f"video {number}", User("1", "Anne"), 1_700_000_000) for number in range(count)]
        ids = [console.store.catalogue.add_video(video, ACTOR).video_id for video in made]
        console.close()
        return ids

    def end(self) -> None:
        for machine in [*self.servers, *self.workers]:
            if machine.process is not None and machine.process.poll() is None:
                with suppress(OSError, IndexError):
                    machine.signal(signal.SIGCONT)
                machine.kill()
        self.cluster.end()


def make_clip(folder: Path) -> Path:
    """Make a clip whose renditions take a moment."""
    clip = folder / "clip.mp4"
    picture = "testsrc2=s=160x120:r=10:d=2"
    Ffmpeg().run(["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", str(clip)])
    return clip


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of this size. Only root may."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
