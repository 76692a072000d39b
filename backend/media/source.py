"""What reading a source found: kept beside it, so that the jobs need not read it again to know what is in it."""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from backend.errors import MediaError
from backend.media import MediaFiles, Probe
from backend.media.ffmpeg import Ffmpeg, Report
from backend.media.filters import steady
from backend.media.packets import Packets, count_packets

ENDS_EARLY = "The file ends early: only {actual} of its {expected} seconds are there. Upload the whole file again."


@dataclass(frozen=True, slots=True)
class Source:
    """A probed and demuxed source."""

    path: Path
    probe: Probe
    packets: Packets

    def reads(self, ffmpeg: Ffmpeg, *options: str) -> list[str]:
        """Return the arguments for reading it."""
        return ffmpeg.reads(self.path, *steady(self.probe), *self.packets.options, *options)

    def check_whole(self) -> None:
        """Raise MediaError if the file is incomplete."""
        if self.packets.cut_off:
            actual, expected = round(self.packets.video.end, 1), round(self.packets.declared, 1)
            raise MediaError(ENDS_EARLY, detail=self.packets.words, actual=actual, expected=expected)

    @property
    def facts(self) -> dict[str, float | int]:
        """The properties of the video reported by a job, in seconds and displayed pixels."""
        return {
            "duration": round(self.packets.end, 3),
            "width": self.probe.width,
            "height": self.probe.height,
        }


class Findings(msgspec.Struct):
    """What was found in a source of this size by this version of ffmpeg, and its SHA-256 ("" if unknown)."""

    size: int  # bytes
    ffmpeg: str
    sha256: str
    probe: Probe
    packets: Packets


def open_source(ffmpeg: Ffmpeg, path: Path, report: Report, found: Findings | None = None) -> Source:
    """Return a source by what was found in it; read it if that is of another file. Raises MediaError if unreadable."""
    if found and (found.size, found.ffmpeg) == (path.stat().st_size, ffmpeg.version):
        return Source(path, found.probe, found.packets)
    probe = ffmpeg.probe(path)
    return Source(path, probe, count_packets(ffmpeg, path, probe, lambda _: report(0.0)))


def findings_name(name: str) -> str:
    """Return under which name the findings of a source are kept, such as `source-mp4.facts`."""
    return f"{name.replace('.', '-')}.facts"


def write_findings(found: Findings) -> bytes:
    return msgspec.msgpack.encode(found, enc_hook=lambda value: value.tobytes())


def read_findings(files: MediaFiles, video_id: str, name: str) -> Findings | None:
    """Return what was found in a source, or None if that is unknown or was written by another version."""
    try:
        return FINDINGS.decode(read_whole(files, video_id, findings_name(name)))
    except msgspec.DecodeError:
        return None


def read_whole(files: MediaFiles, video_id: str, name: str) -> bytes:
    """Return the content of a small file; b"" if there is none."""
    if (file := files.open(video_id, name)) is None:
        return b""
    try:
        return b"".join(file.read())
    finally:
        file.close()


def hash_of(files: MediaFiles, video_id: str, name: str) -> str:
    """Return the SHA-256 of a file; "" if there is none."""
    if (file := files.open(video_id, name)) is None:
        return ""
    try:
        digest = hashlib.sha256()
        for piece in file.read():
            digest.update(piece)
        return digest.hexdigest()
    finally:
        file.close()


def _read_array(_type: type, value: Any) -> array[float]:
    return array("d", value)


# Made at import: msgspec crashes if two threads resolve a type at the same time.
FINDINGS = msgspec.msgpack.Decoder(Findings, dec_hook=_read_array)
