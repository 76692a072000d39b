"""The images of a video: cover, first frame, snapshots and sprite; and a cover chosen by a person.

All but the last are taken in one pass. A short file is decoded completely; of a longer one only key frames are, which
took 0.7 s of CPU for 60 s instead of 4; a very long one is accessed by seeking.
"""

from __future__ import annotations

import hashlib
import shutil
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from backend.errors import MediaError
from backend.jobs.runner import Done
from backend.media import Probe
from backend.media.container import jpeg_size
from backend.media.ffmpeg import Ffmpeg, Report
from backend.media.files import JobFiles
from backend.media.filters import jpeg, scaled
from backend.media.packets import Stream
from backend.media.source import Source
from backend.media.sprite import MAX_TILES, Layout, lay_out, write_vtt
from backend.model import FileKind, MediaFile

NO_PICTURE = "No pictures could be taken from the video, though the file may be fine. See the technical details."

SNAPSHOTS = 8
SNAPSHOT_SIDE, COVER_SIDE = 640, 1280  # pixels, long side
CANDIDATES = 24  # frames the cover is chosen from
DECODED_PIXELS = 400_000_000  # up to here a file is decoded completely: about 1 s of CPU
SPARSE_PIXELS = 10 * DECODED_PIXELS  # the same if snapshots lack key frames, where seeking would decode nearly as much
READ_SECONDS = 900.0  # up to here all key frames of a file are decoded
SOUGHT_TILES = 40  # of a sprite made by seeking, at 0.1 s of CPU each
EARLIER = 0.002  # seconds before a frame, to compensate for rounded timestamps
_JPEG = ("-c:v", "mjpeg", "-q:v", "3", "-f", "image2")


@dataclass(frozen=True, slots=True)
class SnapshotPlan:
    """What images to take, and the presentation times of their frames in seconds."""

    source: Source
    snapshots: tuple[float, ...]
    sprite: Layout
    read: bool  # short enough to be read completely
    whole: bool  # short enough to be decoded completely

    @property
    def video(self) -> Stream:
        return self.source.packets.video


def take_pictures(ffmpeg: Ffmpeg, job: JobFiles, source: Source, kept: Collection[str], report: Report) -> Done:
    """Publish cover, first frame, snapshots and sprite of a video.

    `kept` are the file names known to the catalogue. Raises MediaError if no frame can be decoded.
    """
    job.sweep("sprite-*.*", kept)
    with job.temp_dir("pictures") as work_dir:
        plan = _plan(source)
        report(0.1)
        words = _one_pass(ffmpeg, work_dir, plan, lambda done: report(0.1 + 0.5 * done)) if plan.read else ""
        report(0.6)
        _fill_gaps(ffmpeg, work_dir, plan, report)
        made = [*_pictures(work_dir), *_sprite(work_dir, plan.sprite)]
        if not made:
            raise MediaError(NO_PICTURE, detail=words)
        job.put({file.name: path for file, path in made})
    return Done(tuple(file for file, _ in made), dict(source.facts))


def take_cover(
    ffmpeg: Ffmpeg, seconds: float, job: JobFiles, path: Path, kept: Collection[str], report: Report
) -> Done:
    """Publish the frame at this time of the video at `path` as the chosen cover; beyond the end, the last frame.

    The name contains a hash of the content, because browsers cache media forever. The previous choice is kept until the
    catalogue knows the new one. Raises MediaError if no frame can be decoded.
    """
    job.sweep("cover-*.jpg", kept)
    with job.temp_dir("cover") as work_dir:
        probe = ffmpeg.probe(path)
        report(0.1)
        taken = work_dir / "cover.jpg"
        at = _appears(ffmpeg, path, seconds)
        words = _extract_frame(ffmpeg, [*ffmpeg.reads(path, "-ss", f"{at:.6f}")], probe, taken, COVER_SIDE)
        if not taken.exists():
            raise MediaError(NO_PICTURE, detail=words)
        cover = _described(taken, FileKind.CHOSEN_COVER, _hashed(taken))
        job.put({cover.name: taken})
        return Done((cover,))


def _appears(ffmpeg: Ffmpeg, path: Path, seconds: float) -> float:
    """Return the presentation time of the frame visible at this time; beyond the end, of the last one."""
    stream = Stream()

    def read(line: bytes) -> None:
        stream.read(line)

    near = ["-copyts", "-start_at_zero", "-ss", f"{seconds:.3f}"]
    taken = ["-map", "0:V:0", "-c", "copy", "-to", f"{seconds + 1:.3f}", "-f", "framecrc", "-"]
    ffmpeg.run([*ffmpeg.reads(path, *near), *taken], on_line=read)
    stream.close()
    return max(stream.shown_at(seconds) - EARLIER, 0.0)


def _plan(source: Source) -> SnapshotPlan:
    probe, packets, video = source.probe, source.packets, source.packets.video
    wanted = min(SNAPSHOTS, max(1, video.packets // 2))  # no frame twice
    pixels = video.packets * probe.width * probe.height
    sparse = video.key_gap * wanted > video.duration
    read = packets.end <= READ_SECONDS
    whole = read and (pixels <= DECODED_PIXELS or (sparse and pixels <= SPARSE_PIXELS))
    apart = 0.0 if whole else min(video.key_gap, 1.5 * video.duration / max(video.keys, 1))
    most = MAX_TILES if read else SOUGHT_TILES
    sprite = lay_out(packets.end, probe.width, probe.height, video.packets, apart, most)
    snapshots = choose(video.times if whole else video.key_times, packets.end, wanted)
    return SnapshotPlan(source, snapshots, sprite, read, whole)


def choose(times: Sequence[float], duration: float, wanted: int) -> tuple[float, ...]:
    """Choose the frames visible in the middle of equal spans.

    `times` are the sorted presentation times. If a frame is visible in several, others fill the gaps.
    """
    seen = [max(0, bisect_right(times, (span + 0.5) * duration / wanted) - 1) for span in range(wanted)]
    chosen = set(seen)
    rest = [number for number in range(len(times)) if number not in chosen]
    missing = min(wanted - len(chosen), len(rest))
    chosen.update(rest[int((place + 0.5) * len(rest) / missing)] for place in range(missing))
    return tuple(times[number] for number in sorted(chosen))


def _one_pass(ffmpeg: Ffmpeg, work_dir: Path, plan: SnapshotPlan, report: Report) -> str:
    """Take all images in one pass; missing ones are left to seeking. Returns ffmpeg's messages."""
    probe, sprite = plan.source.probe, plan.sprite
    small, large = (jpeg(ffmpeg, probe, scaled(probe, side, "max")) for side in (SNAPSHOT_SIDE, COVER_SIDE))
    tile = jpeg(ffmpeg, probe, (sprite.width, sprite.height))
    candidates = [plan.video.times[0] + number * plan.source.packets.end / CANDIDATES for number in range(CANDIDATES)]
    # `thumbnail` picks the most typical frame, to avoid the black one that many videos begin with.
    graph = (
        f"[0:V:0]split=4[a][b][c][d];[a]{_select(plan.snapshots)},{small}[s];"
        f"[b]{_select(candidates)},{large},thumbnail={CANDIDATES}[k];[c]select='eq(n,0)',{large}[f];"
        f"[d]{_every_step(sprite)},{tile},{_tile(sprite)}[t]"
    )
    outputs = ["-map", "[s]", "-fps_mode", "passthrough", *_JPEG, "snapshot-%d.jpg"]
    for label, name in (("[k]", "cover.jpg"), ("[f]", "first.jpg"), ("[t]", "sprite.jpg")):
        outputs += ["-map", label, "-fps_mode", "passthrough", "-frames:v", "1", *_JPEG, "-update", "1", name]
    skipped = [] if plan.whole else ["-skip_frame", "nokey"]
    arguments = [*plan.source.reads(ffmpeg, *skipped), "-filter_complex", graph, *outputs]
    return ffmpeg.run(arguments, duration=plan.video.last, report=report, cwd=work_dir).words


def _select(times: Sequence[float]) -> str:
    """Select the first frame at or after each of these times."""

    def passed(at: str) -> str:
        return "+".join(f"gte({at},{time - EARLIER:.6f})" for time in times)

    return f"select='gt({passed('t')},if(isnan(prev_selected_t),0,{passed('prev_selected_t')}))'"


def _every_step(sprite: Layout) -> str:
    """Return the frame visible at each tile's time, repeating the last one at the end."""
    return f"fps=1/{sprite.step:.6f}:start_time=0,tpad=stop_mode=clone:stop={sprite.count}"


def _tile(sprite: Layout) -> str:
    return f"tile={sprite.columns}x{sprite.rows}:nb_frames={sprite.count}"


def _fill_gaps(ffmpeg: Ffmpeg, work_dir: Path, plan: SnapshotPlan, report: Report) -> None:
    """Take missing images one by one by seeking; `-ss` before `-i` decodes at most one GOP."""
    if not (work_dir / "first.jpg").exists():
        _extract_at(ffmpeg, plan, work_dir / "first.jpg", COVER_SIDE, 0.0)
    taken = [work_dir / f"snapshot-{number}.jpg" for number in range(1, len(plan.snapshots) + 1)]
    if not all(path.exists() for path in taken):
        for number, (path, at) in enumerate(zip(taken, plan.snapshots, strict=True)):
            report(0.6 + 0.1 * number / len(taken))
            _extract_at(ffmpeg, plan, path, SNAPSHOT_SIDE, at)
    if not (work_dir / "cover.jpg").exists():
        _extract_at(ffmpeg, plan, work_dir / "cover.jpg", COVER_SIDE, 0.1 * plan.source.packets.end)
    if not (work_dir / "sprite.jpg").exists():
        _fetch_tiles(ffmpeg, work_dir, plan, lambda done: report(0.7 + 0.2 * done))


def _fetch_tiles(ffmpeg: Ffmpeg, work_dir: Path, plan: SnapshotPlan, report: Report) -> None:
    """Take the tiles of a sprite one by one; a missing one repeats the previous."""
    sprite, last = plan.sprite, work_dir / "first.jpg"
    for number in range(sprite.count):
        report(number / sprite.count)
        tile = work_dir / f"tile-{number}.jpg"
        _extract_at(ffmpeg, plan, tile, max(sprite.width, sprite.height), (number + 0.5) * sprite.step)
        if not tile.exists() and last.exists():
            shutil.copyfile(last, tile)
        last = tile
    size = f"scale={sprite.width}:{sprite.height}:flags=bicubic,setsar=1"
    joined = ["-i", "tile-%d.jpg", "-vf", f"{size},{_tile(sprite)}", "-frames:v", "1"]
    ffmpeg.run([*joined, *_JPEG, "-update", "1", "sprite.jpg"], cwd=work_dir)


def _extract_at(ffmpeg: Ffmpeg, plan: SnapshotPlan, target: Path, side: int, seconds: float) -> None:
    """Write the frame visible at this time."""
    source = plan.source
    at = ["-ss", f"{max(plan.video.shown_at(seconds) - EARLIER, 0.0):.6f}"]
    # In a video of hours the preceding key frame suffices; in a short one it might always be the same.
    rough = [] if plan.read or seconds == 0 else ["-skip_frame", "nokey", "-noaccurate_seek"]
    if source.packets.options:  # timestamps count from the beginning
        _extract_frame(ffmpeg, [*source.reads(ffmpeg), *at], source.probe, target, side)
    else:
        _extract_frame(ffmpeg, source.reads(ffmpeg, *rough, *at), source.probe, target, side)


def _extract_frame(ffmpeg: Ffmpeg, reads: Sequence[str], probe: Probe, target: Path, side: int) -> str:
    """Write the first decoded frame. Returns ffmpeg's messages."""
    filters = jpeg(ffmpeg, probe, scaled(probe, side, "max"))
    taken = ["-map", "0:V:0", "-vf", filters, "-frames:v", "1", *_JPEG, "-update", "1", target.name]
    return ffmpeg.run([*reads, *taken], cwd=target.parent).words


def _pictures(work_dir: Path) -> Iterator[tuple[MediaFile, Path]]:
    """Describe the images."""
    first, cover = work_dir / "first.jpg", work_dir / "cover.jpg"
    if first.exists() and not cover.exists():
        shutil.copyfile(first, cover)
    snapshots = sorted(work_dir.glob("snapshot-*.jpg"), key=lambda path: int(path.stem.split("-")[1]))
    named = [(cover, FileKind.COVER, 0), (first, FileKind.FIRST_FRAME, 0)]
    named += [(path, FileKind.SNAPSHOT, number) for number, path in enumerate(snapshots, 1)]
    for path, kind, position in named:
        if path.exists() and path.stat().st_size:
            name = f"snapshot-{position}.jpg" if position else path.name
            yield structs.replace(_described(path, kind, name), position=position), path


def _sprite(work_dir: Path, layout: Layout) -> Iterator[tuple[MediaFile, Path]]:
    """Describe the sprite and its WebVTT, under a common unique name."""
    sprite = work_dir / "sprite.jpg"
    if not sprite.exists() or not sprite.stat().st_size:
        return
    text = write_vtt(layout.cues(), _hashed(sprite))
    picture = _described(sprite, FileKind.SPRITE, _hashed(sprite))
    cues = work_dir / "sprite.vtt"
    cues.write_text(text, encoding="utf-8")
    name = f"{Path(picture.name).stem}.vtt"
    yield structs.replace(picture, duration=layout.duration), sprite
    yield MediaFile(FileKind.SPRITE_CUES, name, size=len(text), duration=layout.duration), cues


def _described(path: Path, kind: FileKind, name: str) -> MediaFile:
    width, height = jpeg_size(path)
    return MediaFile(kind, name, size=path.stat().st_size, width=width, height=height)


def _hashed(path: Path) -> str:
    """Return a name with a hash of the content, such as `cover-1f0c3a5b9d2e.jpg`."""
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"
