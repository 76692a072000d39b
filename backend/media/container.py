"""Parses MP4 codec names for browsers, and JPEG dimensions."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_INSIDE = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def codecs_of(path: Path) -> str:
    """Return the codecs of an MP4 as in RFC 6381, such as `avc1.64001f, mp4a.40.2`; empty for other files."""
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
    """Parse the nested descriptors of ISO 14496-1: stream 3, decoder 4, its configuration 5."""
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
    """Return width and height of a JPEG from its frame header."""
    data = path.read_bytes()
    at = 2
    while data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xC2:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + length
    return 0, 0
