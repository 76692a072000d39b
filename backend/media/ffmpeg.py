"""Runs ffmpeg, the only child process, on untrusted files.

It runs with an argument list, without stdin, in its own session, with a minimal environment, at low priority, under CPU
and memory limits, and is stopped when it makes no progress. With util-linux's `setpriv`, the kernel kills it together
with the thread that waits for it, so that a killed server leaves no encode running.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TypeAlias

from backend.errors import DISK_FULL, ConsoleError, MediaError
from backend.jobs.machine import usable_processors
from backend.jobs.runner import call_in_thread
from backend.media import Probe
from backend.media.ffmpeg_output import ByteQueue, ProgressParser, StderrTail
from backend.media.probe import look

if sys.platform == "linux":
    import resource

NO_FFMPEG = "There is no ffmpeg on this machine. Install the Python package imageio-ffmpeg, or set QU_FFMPEG."
NOT_A_PROGRAM = "QU_FFMPEG names {path}, which is not a program that can be run."
NOT_STARTED = "ffmpeg cannot be started: {why}."
STALLED = "ffmpeg made no progress for {seconds} seconds and was stopped. Try again, or convert the file to MP4 first."

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf"  # no playlists, no images
MAX_PIXELS = 40_000_000  # per frame: 8K is 33 million
THREADS = min(8, usable_processors())  # per codec; each takes address space
NICE = 10  # niceness of the child
ADDRESS_SPACE = 4 << 30  # in bytes; an 8K HEVC frame and SVT-AV1 at 720p each ran in 2 GiB with 8 threads
Report: TypeAlias = Callable[[float], None]  # progress callback, 0 to 1; may raise to stop the run
_ENVIRONMENT = {"LC_ALL": "C", "SVT_LOG": "1", "MALLOC_ARENA_MAX": "4"}  # SVT-AV1 prints its settings otherwise
_FULL = ("No space left on device", "Disk quota exceeded", "File too large")
_FULL_SIGNAL = getattr(signal, "SIGXFSZ", None)  # sent when a file exceeds the system's limit


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run: exit status, stderr, and number of frames."""

    code: int
    words: str = ""
    frames: int = 0
    lines: tuple[str, ...] = ()  # lines of stderr matching `keep`

    @property
    def ok(self) -> bool:
        return self.code == 0


class Ffmpeg:
    """An ffmpeg binary: its capabilities, and running it. It is located on first use."""

    def __init__(self, program: str = "", stall: float = 60.0, timeout: float = 5.0) -> None:
        """`stall`: seconds without progress before a run is stopped; `timeout`: seconds from SIGTERM to SIGKILL."""
        self._program, self._stall, self._timeout = program, stall, timeout

    @cached_property
    def binary(self) -> str:
        """The path of the program: the given one, that of imageio-ffmpeg, or `ffmpeg` on the PATH.

        Raises ConsoleError if there is none.
        """
        if self._program:
            if found := shutil.which(str(Path(self._program).expanduser())):
                return found
            raise ConsoleError(NOT_A_PROGRAM, path=self._program)
        if found := _bundled() or shutil.which("ffmpeg"):
            return found
        raise ConsoleError(NO_FFMPEG)

    @cached_property
    def version(self) -> str:
        """Its version, such as `7.1`."""
        return next(iter(re.findall(r"ffmpeg version (\S+)", "\n".join(self._ask("-version")))), "unknown")

    @cached_property
    def encoders(self) -> frozenset[str]:
        """The names of its encoders."""
        return frozenset(re.findall(r"^ [VAS][.\w]{5} (\w+)", "\n".join(self._ask("-encoders")), re.MULTILINE))

    @cached_property
    def decodable(self) -> frozenset[str]:
        """The names of codecs it can decode."""
        return frozenset(re.findall(r"^ D[.E][VAS][.\w]{3} (\w+)", "\n".join(self._ask("-codecs")), re.MULTILINE))

    @cached_property
    def filters(self) -> frozenset[str]:
        """The names of its filters."""
        return frozenset(re.findall(r"^ [.\w]{2,3} (\w+) +\S+->", "\n".join(self._ask("-filters")), re.MULTILINE))

    @cached_property
    def can_retime(self) -> bool:
        """Whether it can change timestamps while reading and preserves them exactly while writing, as since 7.1."""
        trial = ["-bsf:v", "setts=pts=PTS", "-f", "lavfi", "-i", "nullsrc=s=16x16:d=0.1", "-f", "null", "-"]
        return self.run(trial).ok

    def _ask(self, question: str) -> list[str]:
        lines: list[str] = []
        self.run([question], on_line=lambda line: lines.append(line.decode("ascii", "replace")))
        return lines

    @staticmethod
    def reads(path: Path, *options: str) -> list[str]:
        """Return the arguments for reading an untrusted file: local files in known containers only, with a frame
        size limit.
        """
        guards = ["-protocol_whitelist", "file,pipe", "-format_whitelist", CONTAINERS, "-max_pixels", str(MAX_PIXELS)]
        return [*guards, "-threads", str(THREADS), *options, "-i", f"file:{path.absolute()}"]

    def run(
        self,
        arguments: Sequence[str],
        *,
        duration: float = 0.0,
        report: Report | None = None,
        on_line: Callable[[bytes], None] | None = None,
        keep: re.Pattern[str] | None = None,
        cwd: Path | None = None,
        cpu_seconds: int = 600,
        address_space: int = ADDRESS_SPACE,
        nice: int = NICE,
    ) -> RunResult:
        """Run ffmpeg to its end, calling `report` about twice a second with the completed share of `duration`.

        If `report` raises (Cancelled), the child is stopped and the exception propagates. `on_line` receives the lines
        of stdout, which otherwise carries the progress. Failures are returned in `RunResult.code`; a stall raises
        MediaError and a full disk ConsoleError, because they say nothing about the file.
        """
        meter = ProgressParser(on_line)
        stream = [] if on_line or keep else ["-progress", "pipe:1", "-stats_period", "0.5"]
        loudness = "info" if keep else "error"
        threads = ["-filter_threads", str(THREADS), "-filter_complex_threads", str(THREADS)]
        options = ["-nostdin", "-hide_banner", "-nostats", "-v", loudness, "-y", *threads, *stream]
        process = self._start([*_leash(), self.binary, *options, *arguments], cwd)
        _limit(process.pid, cpu_seconds, address_space, nice)
        words, chunks = StderrTail(arguments, cwd, keep), ByteQueue()
        pumps = (words.drain, process.stderr), (chunks.pump, process.stdout)
        readers = [call_in_thread("ffmpeg reader", partial(pump, stream)) for pump, stream in pumps if stream]
        try:
            self._follow(chunks, meter, duration, report)
            code = process.wait(self._stall)
        except subprocess.TimeoutExpired:
            raise MediaError(STALLED, detail=words.text, seconds=round(self._stall)) from None
        except MediaError as error:
            error.detail = error.detail or words.text
            raise
        finally:
            self._stop(process, chunks)
            wait(readers)
            _close(process)
        if -code == _FULL_SIGNAL or (not keep and any(said in words.text for said in _FULL)):
            raise ConsoleError(DISK_FULL)
        return RunResult(code, words.text, meter.frames, tuple(words.kept))

    def probe(self, path: Path) -> Probe:
        """Probe a file; see `backend.media.probe`."""
        return look(self, path)

    def _start(self, command: Sequence[str], cwd: Path | None) -> subprocess.Popen[bytes]:
        environment: Mapping[str, str] | None = None if os.name == "nt" else _ENVIRONMENT
        try:
            return subprocess.Popen(  # noqa: S603 - an argument list of our own making
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=cwd,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise ConsoleError(NOT_STARTED, why=error.strerror or "unknown") from error

    def _follow(self, chunks: ByteQueue, meter: ProgressParser, duration: float, report: Report | None) -> None:
        moved = time.monotonic()
        while (chunk := chunks.next(0.5)) is not None:
            if meter.take(chunk):
                moved = time.monotonic()
            elif time.monotonic() - moved > self._stall:
                raise MediaError(STALLED, seconds=round(self._stall))
            if report:
                report(min(meter.seconds / duration, 1.0) if duration > 0 else 0.0)

    def _stop(self, process: subprocess.Popen[bytes], chunks: ByteQueue) -> None:
        chunks.discard()  # a child blocked on a full pipe could not exit
        if process.poll() is None:
            _signal(process, "SIGTERM")
            try:
                process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                _signal(process, "SIGKILL")
                process.wait()


def uses_av1(ffmpeg: Ffmpeg, codec: str) -> bool:
    """Return whether AV1 is requested (`codec` is auto or av1) and supported by this ffmpeg."""
    return codec != "h264" and "libsvtav1" in ffmpeg.encoders


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def _signal(process: subprocess.Popen[bytes], name: str) -> None:
    """Signal the child's process group. It is not reaped yet, so the PID cannot have been reused."""
    if os.name == "nt":
        process.terminate()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.Signals[name])


def _limit(pid: int, cpu_seconds: int, address_space: int, nice: int) -> None:
    """Limit the child's resources. `preexec_fn` is unsafe with threads."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # already finished, or our own niceness is higher
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    if sys.platform == "linux":
        for kind, soft in ((resource.RLIMIT_CPU, cpu_seconds), (resource.RLIMIT_AS, address_space)):
            with contextlib.suppress(OSError, ValueError):  # our own hard limit may be lower already
                resource.prlimit(pid, kind, (soft, soft + (5 if kind == resource.RLIMIT_CPU else 0)))


@functools.cache
def _leash() -> tuple[str, ...]:
    """Return the command prefix that kills ffmpeg with our thread; empty if unavailable (busybox lacks the option)."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    if not setpriv:
        return ()
    leash = (setpriv, "--no-new-privs", "--pdeathsig", "KILL", "--")
    trial = subprocess.run([*leash, setpriv, "--version"], capture_output=True, check=False)  # noqa: S603 - as above
    return leash if trial.returncode == 0 else ()


def _bundled() -> str | None:
    with contextlib.suppress(ImportError, RuntimeError):
        import imageio_ffmpeg

        found: str = imageio_ffmpeg.get_ffmpeg_exe()
        return found
    return None
