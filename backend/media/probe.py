"""Probes a file: its container, streams and first frame.

Streams are read from the header of ffmpeg's machine-readable `framecrc`. Its human-readable description is parsed only
for what is available nowhere else: the container's duration, encryption and Dolby Vision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backend.errors import MediaError
from backend.media import AudioTrack, Probe

if TYPE_CHECKING:
    from backend.media.ffmpeg import Ffmpeg

EMPTY = "The file is empty. Send it again."
UNREADABLE = "The file cannot be opened as a video. Send an MP4, MOV, MKV, WebM, AVI, FLV, MPEG or WMV file that plays."
NO_VIDEO = "There is no video in the file, only sound or a still cover. Send a video."
LOCKED = "The video is encrypted (copy protection). Send a copy that plays without a key."
DOLBY_VISION = (
    "The video is Dolby Vision profile {profile}, whose colours no ordinary screen can show. "
    "Export it as HDR10, HLG or SDR and send that."
)

_SAID = re.compile(
    r"Input #0, |\s*Duration: |\s*Stream #0:\d+.*: (Video|Audio): |\s*DOVI configuration record: |"
    r"\s*[Dd]isplay ?[Mm]atrix: rotation of |.*Picture size \d+x\d+ exceeds"
)
_SHOWN = re.compile(r"\[Parsed_showinfo_0.*\] (config in |n: *0 |color_range:)|.*Picture size \d+x\d+ exceeds")
_LOCKED = re.compile(r"\((enc[av]|drm[is]) / ")  # sample entries of ISO 23001-7, and of iTunes
_TAKEN = "-map 0:V:0? -map 0:a? -c copy -map_metadata -1 -map_chapters -1 -t 0 -f framecrc -"
_FIRST = "-map 0:V:0 -frames:v 1 -vf showinfo=checksum=0 -map_metadata -1 -f framecrc -"


@dataclass(frozen=True, slots=True)
class _Picture:
    """The first frame, after rotation."""

    width: int
    height: int
    across: float  # pixel aspect ratio
    said: str


def look(ffmpeg: Ffmpeg, path: Path) -> Probe:
    """Probe a file and decode its first frame.

    Raises MediaError if the file is empty, unreadable, without video, encrypted, or in unsupported colours. The
    duration is the container's, 0 if absent.
    """
    size = path.stat().st_size
    if size == 0:
        raise MediaError(EMPTY)
    header: list[str] = []
    reads = ffmpeg.reads(path)
    ran = ffmpeg.run([*reads, *_TAKEN.split()], on_line=_into(header), keep=_SAID, cpu_seconds=60)
    streams = _streams(header)
    if not streams and not any(line.startswith("Input #0, ") for line in ran.lines):
        raise MediaError(UNREADABLE, detail=ran.words)
    video = next((stream for stream in streams if stream.get("media_type") == "video"), None)
    if video is None and not _too_large(ran.lines):
        raise MediaError(NO_VIDEO)
    _check_kind(ran.lines)
    picture = _first_picture(ffmpeg, path)
    width, height = _shown(picture, video or {}, ran.lines)
    if not width or not height:
        raise MediaError(UNREADABLE, detail=ran.words)
    duration, start = _times(ran.lines)
    said = picture.said if picture else ""
    return Probe(
        duration,
        size,
        width,
        height,
        (video or {}).get("codec_id", ""),
        _fps(said),
        audio_tracks=_sounds(ffmpeg, streams),
        start=start,
        decodes=picture is not None,
        transfer=_named(said, "color_trc"),
        primaries=_named(said, "color_primaries"),
        matrix=_named(said, "color_space"),
        full_range=_named(said, "color_range") == "pc" or " fmt:yuvj" in said,
        interlaced=bool(re.search(r" i:[TB] ", said)),
        rgb=bool(re.search(r" fmt:(rgb|bgr|gbr|argb|abgr|pal8|0rgb|0bgr|x2)", said)),
        turned=any("rotation of" in line for line in ran.lines),
    )


def _into(lines: list[str]) -> Callable[[bytes], None]:
    return lambda line: lines.append(line.decode("ascii", "replace")) if line.startswith(b"#") else None


def _streams(header: Sequence[str]) -> list[dict[str, str]]:
    """Return the streams in the requested order: the first video, then all audio."""
    streams: dict[int, dict[str, str]] = {}
    for line in header:
        if found := re.fullmatch(r"#(\w+) (\d+): +(.*)", line):
            streams.setdefault(int(found[2]), {})[found[1]] = found[3]
    return [streams[number] for number in sorted(streams)]


def _too_large(said: Sequence[str]) -> re.Match[str] | None:
    return re.search(r"Picture size (\d+)x(\d+) exceeds", "\n".join(said))


def _check_kind(said: Sequence[str]) -> None:
    """Reject encrypted and Dolby Vision files. Raises MediaError."""
    streams = [line for line in said if "Stream #0:" in line]
    if any(_LOCKED.search(line) for line in streams):
        raise MediaError(LOCKED)
    for line in said:
        if found := re.search(r"DOVI .* profile: (5|10|20)\b.* compatibility id: 0\b", line):
            raise MediaError(DOLBY_VISION, profile=found[1])


def _first_picture(ffmpeg: Ffmpeg, path: Path) -> _Picture | None:
    header: list[str] = []
    ran = ffmpeg.run([*ffmpeg.reads(path), *_FIRST.split()], on_line=_into(header), keep=_SHOWN, cpu_seconds=60)
    stream = next(iter(_streams(header)), {})
    said = "\n".join(ran.lines)
    if not stream or "n: " not in said:
        return None
    return _Picture(*_pair(stream, "dimensions", "x"), _ratio(stream), said)


def _shown(picture: _Picture | None, stream: dict[str, str], said: Sequence[str]) -> tuple[int, int]:
    """Return width and height in square pixels; those of the container if no frame can be decoded."""
    if picture:
        width, height, across = picture.width, picture.height, picture.across
    elif found := _too_large(said):
        width, height, across = int(found[1]), int(found[2]), 1.0
    else:
        (width, height), across = _pair(stream, "dimensions", "x"), _ratio(stream)
    return (max(1, round(width * across)) if width else 0), height


def _pair(stream: dict[str, str], name: str, between: str) -> tuple[int, int]:
    first, _, second = stream.get(name, "").partition(between)
    return (int(first), int(second)) if first.isdecimal() and second.isdecimal() else (0, 0)


def _ratio(stream: dict[str, str]) -> float:
    across, down = _pair(stream, "sar", "/")
    return across / down if across and down else 1.0


def _times(said: Sequence[str]) -> tuple[float, float]:
    """Return duration and start time according to the container; 0 if absent."""
    for line in said:
        if found := re.match(r"\s*Duration: (?:(\d+):(\d\d):(\d\d(?:\.\d+)?)|N/A)(?:, start: (-?[\d.]+))?", line):
            hours, minutes, seconds, start = found.groups(default="0")
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds), float(start)
    return 0.0, 0.0


def _sounds(ffmpeg: Ffmpeg, streams: Sequence[dict[str, str]]) -> tuple[AudioTrack, ...]:
    return tuple(
        AudioTrack(
            stream.get("codec_id", ""),
            stream.get("channel_layout_name", ""),
            decodes=stream.get("codec_id", "") in ffmpeg.decodable,
        )
        for stream in streams
        if stream.get("media_type") == "audio"
    )


def _named(said: str, name: str) -> str:
    """Return a colour property of the first frame; empty if absent."""
    found = re.search(rf"\b{name}:([\w-]+)", said)
    return found[1] if found and found[1] not in ("unknown", "reserved") else ""


def _fps(said: str) -> float:
    found = re.search(r"frame_rate: (\d+)/(\d+)", said)
    return int(found[1]) / int(found[2]) if found and int(found[2]) else 0.0
