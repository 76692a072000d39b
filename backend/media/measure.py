"""What is really in a file: its packets counted, its codecs as browsers name them, the size of a picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backend.errors import MediaError
from backend.media.ffmpeg import Ffmpeg, Report

DAMAGED = "The video cannot be decoded: the file is damaged or of a rare kind. Convert it to MP4 and send it again."

SLACK = 0.15  # seconds; AVI and AAC round a whole file's length by up to 0.11
_NO_TIME = -(1 << 63)
_INSIDE = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


@dataclass(slots=True)
class Stream:
    """The packets of one stream. Times are seconds from the beginning of the file."""

    tick: float = 0.0  # seconds
    packets: int = 0
    size: int = 0  # bytes
    first: float = 0.0
    last: float = 0.0  # when the last picture is shown
    end: float = 0.0  # when it is over
    keys: int = 0
    key_gap: float = 0.0  # the longest time without a key frame, in seconds
    last_key: float = 0.0

    def add(self, time: int, duration: int, size: int, is_key: bool) -> None:
        at = time * self.tick
        self.first = min(self.first, at) if self.packets else at
        self.last = max(self.last, at) if self.packets else at
        self.end = max(self.end, at + max(duration, 0) * self.tick)
        self.packets += 1
        self.size += size
        if is_key:
            self.key_gap = max(self.key_gap, at - self.last_key) if self.keys else 0.0
            self.last_key = at
            self.keys += 1

    def close(self) -> None:
        """Give the last packet the usual length: AVI and Matroska often name none."""
        self.key_gap = max(self.key_gap, self.last - self.last_key)
        if self.packets > 1:
            self.end = max(self.end, self.last + (self.last - self.first) / (self.packets - 1))

    @property
    def duration(self) -> float:
        """Seconds that are shown; what an edit list hides lies before 0."""
        return max(self.end - max(self.first, 0.0), 0.0)


@dataclass(frozen=True, slots=True)
class Packets:
    """What demuxing a whole file found. Times are seconds."""

    video: Stream
    end: float  # of whichever stream is longest: sound may go on after the pictures
    declared: float  # how long the file says it is; 0 when it does not say
    words: str  # what ffmpeg said meanwhile

    @property
    def cut_off(self) -> bool:
        """Say whether the file ends well before it says it does: 2 % or SLACK, whichever is more."""
        return self.declared - self.end > max(0.02 * self.declared, SLACK)


def count_packets(ffmpeg: Ffmpeg, path: Path, declared: float, report: Report | None = None) -> Packets:
    """Demux a file from beginning to end without decoding; 6.6 GB took 2.5 s. `declared`: seconds, as probed.

    Raises MediaError when it cannot be read or has no picture in it.
    """
    video, sound = streams = (Stream(), Stream())

    def read(line: bytes) -> None:
        if line.startswith(b"#tb "):
            number, ratio = line[4:].split(b":")
            over, under = ratio.split(b"/")
            streams[int(number)].tick = int(over) / int(under)
        elif line[:2] in (b"0,", b"1,"):
            number, dts, pts, length, size, rest = line.split(b",", 5)
            at = int(dts) if int(pts) == _NO_TIME else int(pts)
            streams[int(number)].add(at, int(length), int(size), b"F=0x" not in rest)

    def tell(_: float) -> None:
        if report:
            report(min(video.last / declared, 1.0) if declared else 0.0)

    taken = ["-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-f", "framecrc", "-"]
    ran = ffmpeg.run([*ffmpeg.reads(path), *taken], on_line=read, report=tell)
    video.close()
    sound.close()
    if not ran.ok or not video.packets:
        raise MediaError(DAMAGED, detail=ran.words)
    # Where ffmpeg itself misses the end of the file, whole sound does not make up for pictures that are gone.
    misses = "partial file" in ran.words or "ended prematurely" in ran.words
    end = video.end if misses else max(video.end, sound.end)
    return Packets(video, end, max(declared, end * _avi_loss(path)), ran.words)


def _avi_loss(path: Path) -> float:
    """How many times longer an AVI says it is than it is; ffmpeg takes the length of a cut one from what is left."""
    with path.open("rb") as file:
        head = file.read(12)
    said = int.from_bytes(head[4:8], "little") + 8
    if head[:4] != b"RIFF" or head[8:] != b"AVI " or said == 0xFFFFFFFF + 8:
        return 0.0
    return said / path.stat().st_size


def codecs_of(path: Path) -> str:
    """Name the codecs in an MP4 as RFC 6381 does, such as `avc1.64001f, mp4a.40.2`; empty for anything else."""
    with path.open("rb") as file:
        descriptions = list(_sample_descriptions(file, 0, path.stat().st_size))
    names = [_codec(description) for description in descriptions]
    return ", ".join(names) if all(names) else ""


def _sample_descriptions(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", file.read(8))[0], 16
        if size < head:
            return
        if kind in _INSIDE:
            yield from _sample_descriptions(file, start + head, start + size)
        elif kind == b"stsd":
            yield file.read(size - head)
        start += size


def _codec(description: bytes) -> str:
    kind = description[12:16].decode("ascii", "replace")
    if kind == "avc1":
        at = description.index(b"avcC") + 5
        return "avc1." + description[at : at + 3].hex()
    if kind == "av01":
        at = description.index(b"av1C") + 5
        level, flags = description[at], description[at + 1]
        depth = 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
        return f"av01.{level >> 5}.{level & 31:02d}{'H' if flags & 0x80 else 'M'}.{depth:02d}"
    if kind == "mp4a":
        return _sound_codec(description[description.index(b"esds") + 8 :])
    return ""


def _sound_codec(descriptor: bytes) -> str:
    """Read the descriptors of ISO 14496-1 one inside the other: stream 3, decoder 4, its configuration 5."""
    kind, at = 0, 0
    for tag, fields in ((3, 3), (4, 13), (5, 0)):
        if descriptor[at] != tag:
            break
        at += 1
        while descriptor[at] & 0x80:
            at += 1
        at += 1
        if tag == 4:
            kind = descriptor[at]
        if tag == 5:
            return f"mp4a.{kind:x}.{descriptor[at] >> 3}"
        at += fields
    return f"mp4a.{kind:x}"


def jpeg_size(path: Path) -> tuple[int, int]:
    """Read width and height in pixels from a JPEG's frame header."""
    data = path.read_bytes()
    at = 2
    while data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xC2:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + length
    return 0, 0
