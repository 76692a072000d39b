"""The pictures of a video: cover, first frame and snapshots.

They come out of one pass over the file. A short one is decoded whole; of a longer one only the key frames are, which
took 0.5 s of processor time for 60 s of 1080p where decoding took 13.5; a very long one is not read through at all.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from backend.errors import MediaError
from backend.media import Probe
from backend.media.ffmpeg import Ffmpeg, Report
from backend.media.measure import count_packets, jpeg_size
from backend.media.rendition import scale, settle, tone_mapping, workshop
from backend.model import FileKind, MediaFile
from backend.tasks import Done

NO_PICTURE = "No picture can be taken from the video: its source is damaged. Upload it again."

SNAPSHOTS = 8
SNAPSHOT_SIDE, COVER_SIDE = 640, 1280  # pixels, the long side
CANDIDATES = 24  # pictures among which the cover is chosen
DECODED_PIXELS = 400_000_000  # up to here a file is decoded whole: about 1 s of processor time
READ_SECONDS = 900.0  # up to here a file is read through
_JPEG = ("-c:v", "mjpeg", "-q:v", "3", "-f", "image2")


@dataclass(frozen=True, slots=True)
class Shoot:
    """What pictures are taken of: times are seconds from the first picture to the last."""

    path: Path
    probe: Probe
    first: float
    last: float
    wanted: int  # snapshots
    read: bool  # short enough to be read through
    whole: bool  # short enough to be decoded whole

    @property
    def step(self) -> float:
        return max(self.last - self.first, 0.0) / self.wanted


def take_pictures(ffmpeg: Ffmpeg, folder: Path, path: Path, report: Report) -> Done:
    """Put cover, first frame and snapshots of the video at `path` into `folder`. Raises MediaError when none comes."""
    with workshop(folder, "pictures") as shop:
        shoot = _plan(ffmpeg, path, report)
        report(0.1)
        words = _one_pass(ffmpeg, shop, shoot, lambda done: report(0.1 + 0.5 * done)) if shoot.read else ""
        report(0.6)
        _fill_gaps(ffmpeg, shop, shoot, report)
        files = tuple(_publish(shop, folder))
    if not files:
        raise MediaError(NO_PICTURE, detail=words)
    probe = shoot.probe
    return Done(files, {"duration": probe.duration, "width": probe.width, "height": probe.height})


def _plan(ffmpeg: Ffmpeg, path: Path, report: Report) -> Shoot:
    probe = ffmpeg.probe(path)
    if probe.duration > READ_SECONDS:
        return Shoot(path, probe, 0.0, probe.duration, SNAPSHOTS, read=False, whole=False)
    video = count_packets(ffmpeg, path, probe.duration, lambda _: report(0.0)).video
    wanted = min(SNAPSHOTS, max(1, video.packets // 2))  # no picture twice
    whole = video.packets * probe.width * probe.height <= DECODED_PIXELS
    seen = replace(probe, duration=round(video.duration, 3))
    return Shoot(path, seen, video.first, video.last, wanted, read=True, whole=whole)


def _one_pass(ffmpeg: Ffmpeg, shop: Path, shoot: Shoot, report: Report) -> str:
    """Take everything at once; what does not come is left to the seeks. Returns what ffmpeg said."""
    colour = tone_mapping(ffmpeg, shoot.probe)
    small, large = (f"{scale(side, 'max')},{colour}format=yuvj420p" for side in (SNAPSHOT_SIDE, COVER_SIDE))
    # `thumbnail` takes the most typical picture, so that a cover is not the black one that many videos begin with.
    graph = (
        f"[0:V:0]split=3[a][b][c];[a]{_select(shoot, shoot.wanted, 0.5)},{small}[s];"
        f"[b]{_select(shoot, CANDIDATES, 0)},{large},thumbnail={CANDIDATES}[k];[c]select='eq(n,0)',{large}[f]"
    )
    outputs = ["-map", "[s]", "-fps_mode", "passthrough", *_JPEG, "snapshot-%d.jpg"]
    for label, name in (("[k]", "cover.jpg"), ("[f]", "first.jpg")):
        outputs += ["-map", label, "-fps_mode", "passthrough", "-frames:v", "1", *_JPEG, "-update", "1", name]
    skipped = [] if shoot.whole else ["-skip_frame", "nokey"]
    arguments = [*ffmpeg.reads(shoot.path, *skipped), "-filter_complex", graph, *outputs]
    return ffmpeg.run(arguments, duration=shoot.last, report=report, cwd=shop).words


def _select(shoot: Shoot, count: int, shift: float) -> str:
    """Select the first picture of each of `count` equal spans, moved by a part of a span."""
    step = max((shoot.last - shoot.first) / count, 1e-6)

    def span(at: str) -> str:
        return f"floor(({at}-{shoot.first:.6f})/{step:.6f}-{shift})"

    return f"select='gt({span('t')},if(isnan(prev_selected_t),-1,{span('prev_selected_t')}))'"


def _fill_gaps(ffmpeg: Ffmpeg, shop: Path, shoot: Shoot, report: Report) -> None:
    """Fetch what the pass did not give, one by one: `-ss` before `-i` decodes no more than a group of pictures."""
    if not (shop / "first.jpg").exists():
        _grab(ffmpeg, shop, shoot, "first.jpg", COVER_SIDE, 0.0)
    taken = [shop / f"snapshot-{number}.jpg" for number in range(1, shoot.wanted + 1)]
    if not all(path.exists() for path in taken):
        for number, path in enumerate(taken):
            report(0.6 + 0.3 * number / shoot.wanted)
            _grab(ffmpeg, shop, shoot, path.name, SNAPSHOT_SIDE, shoot.first + (number + 0.5) * shoot.step)
    if not (shop / "cover.jpg").exists():
        _grab(ffmpeg, shop, shoot, "cover.jpg", COVER_SIDE, shoot.first + 0.1 * shoot.last)


def _grab(ffmpeg: Ffmpeg, shop: Path, shoot: Shoot, name: str, side: int, at: float) -> None:
    # In a video of hours the key frame before the moment will do; in a short one it might be the same each time.
    near = (
        ["-ss", f"{at:.3f}"]
        if shoot.read or at == 0
        else ["-skip_frame", "nokey", "-noaccurate_seek", "-ss", f"{at:.3f}"]
    )
    filters = f"{scale(side, 'max')},{tone_mapping(ffmpeg, shoot.probe)}format=yuvj420p"
    taken = ["-map", "0:V:0", "-vf", filters, "-frames:v", "1", *_JPEG, "-update", "1", name]
    ffmpeg.run([*ffmpeg.reads(shoot.path, *near), *taken], cwd=shop)


def _publish(shop: Path, folder: Path) -> Iterator[MediaFile]:
    """Move the pictures into the video's folder under their names and describe them."""
    first, cover = shop / "first.jpg", shop / "cover.jpg"
    if first.exists() and not cover.exists():
        shutil.copyfile(first, cover)
    snapshots = sorted(shop.glob("snapshot-*.jpg"), key=lambda path: int(path.stem.split("-")[1]))
    named = [(cover, FileKind.COVER, 0), (first, FileKind.FIRST_FRAME, 0)]
    named += [(path, FileKind.SNAPSHOT, number) for number, path in enumerate(snapshots, 1)]
    for path, kind, position in named:
        if not path.exists() or not (size := path.stat().st_size):
            continue
        name = f"snapshot-{position}.jpg" if position else path.name
        width, height = jpeg_size(path)
        settle(path, folder / name)
        yield MediaFile(kind, name, size=size, width=width, height=height, position=position)
