"""The pictures of a video: cover, first frame, snapshots and sprite; and the cover that a person chose.

All but the last come out of one pass over the file. A short one is decoded whole; of a longer one only the key frames
are, which took 0.7 s of processor time for 60 s where decoding took 4; a very long one is not read through at all.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from backend.errors import MediaError
from backend.media import Probe
from backend.media.ffmpeg import Ffmpeg, Report
from backend.media.measure import count_packets, jpeg_size
from backend.media.rendition import scale, settle, tone_mapping, workshop
from backend.media.sprite import Layout, lay_out, write_vtt
from backend.model import FileKind, MediaFile
from backend.tasks import Done

NO_PICTURE = "No picture can be taken from the video: its source is damaged. Upload it again."

SNAPSHOTS = 8
SNAPSHOT_SIDE, COVER_SIDE = 640, 1280  # pixels, the long side
CANDIDATES = 24  # pictures among which the cover is chosen
DECODED_PIXELS = 400_000_000  # up to here a file is decoded whole: about 1 s of processor time
SPARSE_PIXELS = 10 * DECODED_PIXELS  # the same where a snapshot has no key frame: seeks would decode nearly as much
READ_SECONDS = 900.0  # up to here a file is read through
SOUGHT_TILES = 40  # of a sprite where each is fetched by a seek, at 0.1 s of processor time
MOST_BEFORE = 0.05  # seconds that a picture may have begun before the moment it is asked for by
LAST_SECONDS = 3.0  # where the last picture is looked for
_JPEG = ("-c:v", "mjpeg", "-q:v", "3", "-f", "image2")


@dataclass(frozen=True, slots=True)
class Shoot:
    """What pictures are taken of: times are seconds from the first picture to the last."""

    path: Path
    probe: Probe
    first: float
    last: float
    wanted: int  # snapshots
    sprite: Layout
    read: bool  # short enough to be read through
    whole: bool  # short enough to be decoded whole

    @property
    def step(self) -> float:
        return max(self.last - self.first, 0.0) / self.wanted


def take_pictures(ffmpeg: Ffmpeg, folder: Path, path: Path, kept: Collection[str], report: Report) -> Done:
    """Put cover, first frame, snapshots and sprite of the video at `path` into `folder`.

    `kept` names the files that the catalogue knows. Raises MediaError when no picture comes.
    """
    _sweep(folder, "sprite-*.*", kept)
    with workshop(folder, "pictures") as shop:
        shoot = _plan(ffmpeg, path, report)
        report(0.1)
        words = _one_pass(ffmpeg, shop, shoot, lambda done: report(0.1 + 0.5 * done)) if shoot.read else ""
        report(0.6)
        _fill_gaps(ffmpeg, shop, shoot, report)
        files = (*_publish(shop, folder), *_publish_sprite(shop, folder, shoot.sprite))
    if not files:
        raise MediaError(NO_PICTURE, detail=words)
    probe = shoot.probe
    return Done(files, {"duration": probe.duration, "width": probe.width, "height": probe.height})


def take_cover(ffmpeg: Ffmpeg, seconds: float, folder: Path, path: Path, kept: Collection[str], report: Report) -> Done:
    """Put the picture at this moment into `folder` as the chosen cover; past the end it is the last one.

    The name holds what is in it, for browsers keep a file of ours for good. What was chosen before stays until the
    catalogue knows the new one. Raises MediaError when no picture comes.
    """
    _sweep(folder, "cover-*.jpg", kept)
    with workshop(folder, "cover") as shop:
        probe = ffmpeg.probe(path)
        report(0.1)
        taken = shop / "cover.jpg"
        # A seek gives the first picture from there on; the one that is seen began a little before.
        at = max(0.0, seconds - min(0.5 / probe.fps if probe.fps else 0.0, MOST_BEFORE))
        words = _grab(ffmpeg, path, probe, taken, COVER_SIDE, "-ss", f"{at:.3f}")
        if not taken.exists():
            report(0.5)
            words = _grab(ffmpeg, path, probe, taken, COVER_SIDE, "-sseof", f"-{LAST_SECONDS}", last=True) or words
        if not taken.exists():
            raise MediaError(NO_PICTURE, detail=words)
        return Done((_keep(taken, folder, FileKind.CHOSEN_COVER, _hashed(taken)),))


def _plan(ffmpeg: Ffmpeg, path: Path, report: Report) -> Shoot:
    probe = ffmpeg.probe(path)
    if probe.duration > READ_SECONDS:
        sprite = lay_out(probe.duration, probe.width, probe.height, SOUGHT_TILES, most=SOUGHT_TILES)
        return Shoot(path, probe, 0.0, probe.duration, SNAPSHOTS, sprite, read=False, whole=False)
    video = count_packets(ffmpeg, path, probe.duration, lambda _: report(0.0)).video
    wanted = min(SNAPSHOTS, max(1, video.packets // 2))  # no picture twice
    pixels = video.packets * probe.width * probe.height
    sparse = video.key_gap * wanted > video.duration
    whole = pixels <= DECODED_PIXELS or (sparse and pixels <= SPARSE_PIXELS)
    apart = 0.0 if whole else min(video.key_gap, 1.5 * video.duration / max(video.keys, 1))
    sprite = lay_out(video.duration, probe.width, probe.height, video.packets, apart)
    seen = replace(probe, duration=round(video.duration, 3))
    return Shoot(path, seen, video.first, video.last, wanted, sprite, read=True, whole=whole)


def _one_pass(ffmpeg: Ffmpeg, shop: Path, shoot: Shoot, report: Report) -> str:
    """Take everything at once; what does not come is left to the seeks. Returns what ffmpeg said."""
    colour = tone_mapping(ffmpeg, shoot.probe)
    small, large = (f"{scale(side, 'max')},{colour}format=yuvj420p" for side in (SNAPSHOT_SIDE, COVER_SIDE))
    # `thumbnail` takes the most typical picture, so that a cover is not the black one that many videos begin with.
    graph = (
        f"[0:V:0]split=4[a][b][c][d];[a]{_select(shoot, shoot.wanted, 0.5)},{small}[s];"
        f"[b]{_select(shoot, CANDIDATES, 0)},{large},thumbnail={CANDIDATES}[k];[c]select='eq(n,0)',{large}[f];"
        f"[d]{_every_step(shoot)},{_shrink(shoot.sprite)},{colour}format=yuvj420p,{_tile(shoot.sprite)}[t]"
    )
    outputs = ["-map", "[s]", "-fps_mode", "passthrough", *_JPEG, "snapshot-%d.jpg"]
    for label, name in (("[k]", "cover.jpg"), ("[f]", "first.jpg"), ("[t]", "sprite.jpg")):
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


def _every_step(shoot: Shoot) -> str:
    """Give a picture for each tile, the one before where none is near; at the end, the last one again."""
    steps = f"fps=1/{shoot.sprite.step:.6f}:start_time={shoot.first:.6f}"
    return f"{steps},tpad=stop_mode=clone:stop={shoot.sprite.count}"


def _shrink(sprite: Layout) -> str:
    return f"scale={sprite.width}:{sprite.height}:flags=bicubic:out_range=tv,setsar=1"


def _tile(sprite: Layout) -> str:
    return f"tile={sprite.columns}x{sprite.rows}:nb_frames={sprite.count}"


def _fill_gaps(ffmpeg: Ffmpeg, shop: Path, shoot: Shoot, report: Report) -> None:
    """Fetch what the pass did not give, one by one: `-ss` before `-i` decodes no more than a group of pictures."""
    if not (shop / "first.jpg").exists():
        _fetch(ffmpeg, shoot, shop / "first.jpg", COVER_SIDE, 0.0)
    taken = [shop / f"snapshot-{number}.jpg" for number in range(1, shoot.wanted + 1)]
    if not all(path.exists() for path in taken):
        for number, path in enumerate(taken):
            report(0.6 + 0.1 * number / shoot.wanted)
            _fetch(ffmpeg, shoot, path, SNAPSHOT_SIDE, shoot.first + (number + 0.5) * shoot.step)
    if not (shop / "cover.jpg").exists():
        _fetch(ffmpeg, shoot, shop / "cover.jpg", COVER_SIDE, shoot.first + 0.1 * shoot.last)
    if not (shop / "sprite.jpg").exists():
        _fetch_tiles(ffmpeg, shop, shoot, lambda done: report(0.7 + 0.2 * done))


def _fetch_tiles(ffmpeg: Ffmpeg, shop: Path, shoot: Shoot, report: Report) -> None:
    """Fetch the tiles of a sprite one by one; where one does not come, the one before stands for it."""
    sprite, last = shoot.sprite, shop / "first.jpg"
    for number in range(sprite.count):
        report(number / sprite.count)
        tile = shop / f"tile-{number}.jpg"
        _fetch(ffmpeg, shoot, tile, max(sprite.width, sprite.height), shoot.first + (number + 0.5) * sprite.step)
        if not tile.exists() and last.exists():
            shutil.copyfile(last, tile)
        last = tile
    joined = ["-i", "tile-%d.jpg", "-vf", f"{_shrink(sprite)},{_tile(sprite)}", "-frames:v", "1"]
    ffmpeg.run([*joined, *_JPEG, "-update", "1", "sprite.jpg"], cwd=shop)


def _fetch(ffmpeg: Ffmpeg, shoot: Shoot, target: Path, side: int, at: float) -> None:
    # In a video of hours the key frame before the moment will do; in a short one it might be the same each time.
    rough = [] if shoot.read or at == 0 else ["-skip_frame", "nokey", "-noaccurate_seek"]
    _grab(ffmpeg, shoot.path, shoot.probe, target, side, *rough, "-ss", f"{at:.3f}")


def _grab(ffmpeg: Ffmpeg, path: Path, probe: Probe, target: Path, side: int, *near: str, last: bool = False) -> str:
    """Write the first (or the last) picture from where `near` seeks to. Returns what ffmpeg said."""
    filters = f"{scale(side, 'max')},{tone_mapping(ffmpeg, probe)}format=yuvj420p"
    count = [] if last else ["-frames:v", "1"]
    taken = ["-map", "0:V:0", "-vf", filters, *count, *_JPEG, "-update", "1", target.name]
    return ffmpeg.run([*ffmpeg.reads(path, *near), *taken], cwd=target.parent).words


def _publish(shop: Path, folder: Path) -> Iterator[MediaFile]:
    """Move the pictures into the video's folder under their names and describe them."""
    first, cover = shop / "first.jpg", shop / "cover.jpg"
    if first.exists() and not cover.exists():
        shutil.copyfile(first, cover)
    snapshots = sorted(shop.glob("snapshot-*.jpg"), key=lambda path: int(path.stem.split("-")[1]))
    named = [(cover, FileKind.COVER, 0), (first, FileKind.FIRST_FRAME, 0)]
    named += [(path, FileKind.SNAPSHOT, number) for number, path in enumerate(snapshots, 1)]
    for path, kind, position in named:
        if path.exists() and path.stat().st_size:
            name = f"snapshot-{position}.jpg" if position else path.name
            yield structs.replace(_keep(path, folder, kind, name), position=position)


def _publish_sprite(shop: Path, folder: Path, layout: Layout) -> Iterator[MediaFile]:
    """Move the sprite into the video's folder with its WebVTT. The two share a name that no other two have had."""
    sprite = shop / "sprite.jpg"
    if not sprite.exists() or not sprite.stat().st_size:
        return
    text = write_vtt(layout.cues(), _hashed(sprite))
    picture = _keep(sprite, folder, FileKind.SPRITE, _hashed(sprite))
    cues = shop / "sprite.vtt"
    cues.write_text(text, encoding="utf-8")
    name = f"{Path(picture.name).stem}.vtt"
    settle(cues, folder / name)
    yield structs.replace(picture, duration=layout.duration)
    yield MediaFile(FileKind.SPRITE_CUES, name, size=len(text), duration=layout.duration)


def _keep(path: Path, folder: Path, kind: FileKind, name: str) -> MediaFile:
    width, height = jpeg_size(path)
    size = path.stat().st_size
    settle(path, folder / name)
    return MediaFile(kind, name, size=size, width=width, height=height)


def _hashed(path: Path) -> str:
    """Return a name with what is in the file in it, such as `cover-1f0c3a5b9d2e.jpg`."""
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"


def _sweep(folder: Path, pattern: str, kept: Collection[str]) -> None:
    """Remove what earlier runs left that the catalogue does not know: files replaced since, and those of dead runs."""
    for path in folder.glob(pattern):
        if path.name not in kept:
            path.unlink(missing_ok=True)
