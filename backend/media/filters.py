"""How pictures of any kind become those of a rendition, or a JPEG: the filters of ffmpeg, in order.

First the colours get the names that they have to have, since cameras leave them out or write odd ones; then combs and
surplus pictures go; then the picture is fitted into the size of the whole video, and brought to ordinary screens.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.media import Probe
from backend.media.ffmpeg import Ffmpeg

HDR = ("smpte2084", "arib-std-b67")
MAX_FPS = 60.0  # pictures a second; phones play no more at 720p
HD_SIDES = 720, 1280  # pixels: from the shorter or the longer on, players take unnamed colours for BT.709
ALIKE = 0.04  # of a picture's shape: what differs less is stretched, and gets no bars
_SD = ("smpte170m", "bt470bg")  # one matrix by two names: BT.601
_MATRICES = ("bt709", "fcc", "smpte240m", "bt2020nc", *_SD)
_PRIMARIES = ("bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte431", "smpte432")
_TRANSFERS = ("bt709", "smpte170m", "smpte240m", "iec61966-2-1", "bt2020-10", "bt2020-12", *HDR)
_WIDE = ("bt2020", "smpte432", "bt709")  # primaries that HDR comes in
_COMBED = ("mpeg2video", "dvvideo")  # codecs whose pictures may be combed later on, though the first is not


@dataclass(frozen=True, slots=True)
class Shape:
    """How pictures of any kind become those of a rendition: 8-bit 4:2:0, of square pixels, with even sides."""

    filters: str
    tags: tuple[str, ...]  # arguments that name the colours, so that all players show the same

    @property
    def arguments(self) -> list[str]:
        return ["-vf", self.filters, *self.tags]


def shape(ffmpeg: Ffmpeg, probe: Probe, size: tuple[int, int], rate: float = 0.0) -> Shape:
    """How the pictures of a video take this size; `rate` is how many there are in a second, as far as that is known."""
    matrix = "bt709" if is_hdr(ffmpeg, probe) or _matrix(probe) not in _SD else _matrix(probe)
    filters = [*_begin(ffmpeg, probe), *_slower(rate), *_fit(size, f"out_color_matrix={_kept(ffmpeg, probe, matrix)}")]
    filters += [*_tone_mapping(ffmpeg, probe), "format=yuv420p"]
    names = [("-colorspace", matrix), ("-color_range", "tv")]
    if is_hdr(ffmpeg, probe) or matrix == "bt709":
        sdr = is_hdr(ffmpeg, probe)
        names += [("-color_primaries", "bt709" if sdr else _primaries(probe) or "bt709")]
        names += [("-color_trc", "bt709" if sdr else _transfer(probe) or "bt709")]
    return Shape(",".join(filters), tuple(word for name in names for word in name))


def jpeg(ffmpeg: Ffmpeg, probe: Probe, size: tuple[int, int]) -> str:
    """The same for a JPEG, which is BT.601 in full range and cannot say otherwise."""
    begin = ",".join(_begin(ffmpeg, probe))
    if not is_hdr(ffmpeg, probe):
        return ",".join([begin, *_fit(size, "out_color_matrix=bt601:out_range=pc"), "format=yuvj420p"])
    mapped = [*_fit(size, f"out_color_matrix={_kept(ffmpeg, probe, '')}"), *_tone_mapping(ffmpeg, probe)]
    return ",".join([begin, *mapped, "scale=out_color_matrix=bt601:out_range=pc", "format=yuvj420p"])


def steady(probe: Probe) -> tuple[str, ...]:
    """Arguments before `-i` that keep filters as they are where the picture's size changes in mid-stream.

    The ones above cope with that; those that turn or weave pictures do not, and are made anew as ffmpeg has it.
    """
    return () if probe.turned or is_combed(probe) else ("-reinit_filter:v", "0")


def scaled(probe: Probe, side: int, which: str) -> tuple[int, int]:
    """The size of a video whose shorter (`min`) or longer (`max`) side is to be at most `side` pixels; never larger."""
    longest = (min if which == "min" else max)(probe.width, probe.height)
    factor = min(1.0, side / longest)
    width, height = (max(2, int(length * factor / 2 + 0.001) * 2) for length in (probe.width, probe.height))
    return width, height


def is_hdr(ffmpeg: Ffmpeg, probe: Probe) -> bool:
    """Say whether it is HDR that this ffmpeg can bring into the range of ordinary screens."""
    return probe.transfer in HDR and {"zscale", "tonemap"} <= ffmpeg.filters


def is_combed(probe: Probe) -> bool:
    """Say whether two half pictures of different moments may be woven into one."""
    return probe.interlaced or probe.codec in _COMBED


def _begin(ffmpeg: Ffmpeg, probe: Probe) -> list[str]:
    names = [f"range={'pc' if probe.full_range else 'tv'}", f"color_primaries={_primaries(probe) or 'unknown'}"]
    names += [f"color_trc={_transfer(probe) or 'unknown'}", f"colorspace={_matrix(probe)}"]
    combed = is_combed(probe) and "bwdif" in ffmpeg.filters
    # RGB has no matrix, and is in full range.
    return ([f"setparams={':'.join(names)}"] if not probe.rgb else ["null"]) + ["bwdif=0:-1:1"] * combed


def _slower(rate: float) -> list[str]:
    """Leave out pictures evenly, until there are at most MAX_FPS in a second."""
    if rate <= MAX_FPS + 0.5:
        return []
    return [f"fps={rate / -(-rate // (MAX_FPS + 0.5)):.3f}"]


def _fit(size: tuple[int, int], output: str) -> list[str]:
    """Scale into a picture of this size, with bars where the shape is another: some streams turn in the middle."""
    width, height = size
    like = f"between(iw*sar*{height}/(ih*{width}),{1 - ALIKE},{1 + ALIKE})"
    across = f"if({like},{width},max(2,trunc(min({width},{height}*iw*sar/ih)/2+0.001)*2))"
    down = f"if({like},{height},max(2,trunc(min({height},{width}*ih/(iw*sar))/2+0.001)*2))"
    range_ = "" if "out_range" in output else ":out_range=tv"
    scale = f"scale=w='{across}':h='{down}':eval=frame:flags=bicubic:{output}{range_}"
    return [scale, "setsar=1", f"pad={width}:{height}:-1:-1:eval=frame"]


def _tone_mapping(ffmpeg: Ffmpeg, probe: Probe) -> list[str]:
    """Bring HDR into the range of ordinary screens; nothing for other videos."""
    if not is_hdr(ffmpeg, probe):
        return []
    given = f"tin={probe.transfer}:pin={_primaries(probe)}:min={_matrix(probe)}:rin=tv"
    light = [f"zscale={given}:t=linear:npl=100", "format=gbrpf32le", "zscale=p=bt709"]
    return [*light, "tonemap=hable:desat=0", "zscale=t=bt709:m=bt709:r=tv"]


def _kept(ffmpeg: Ffmpeg, probe: Probe, matrix: str) -> str:
    """The matrix after scaling: that of the rendition, but the source's own where tones are mapped afterwards."""
    return _matrix(probe) if is_hdr(ffmpeg, probe) else matrix


def _matrix(probe: Probe) -> str:
    """The matrix of the source: the named one where it is of use, else what players take it for."""
    if probe.transfer in HDR:
        return "bt2020nc"
    if probe.matrix in _MATRICES:
        return probe.matrix
    short, long = HD_SIDES
    is_hd = min(probe.width, probe.height) >= short or max(probe.width, probe.height) >= long
    return "bt709" if is_hd else "smpte170m"


def _primaries(probe: Probe) -> str:
    if probe.transfer in HDR:
        return probe.primaries if probe.primaries in _WIDE else "bt2020"
    return probe.primaries if probe.primaries in _PRIMARIES else ""


def _transfer(probe: Probe) -> str:
    return probe.transfer if probe.transfer in _TRANSFERS else ""
