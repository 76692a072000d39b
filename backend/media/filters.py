"""Builds ffmpeg filter chains that convert any input to a rendition or JPEG.

First the colour properties are set explicitly, since cameras omit them or write odd values; then frames are
deinterlaced and surplus ones dropped; then frames are fitted into the output size and tone-mapped to SDR.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.media import Probe
from backend.media.ffmpeg import Ffmpeg

HDR = ("smpte2084", "arib-std-b67")
MAX_FPS = 60.0  # frames per second; phones play no more at 720p
HD_SIDES = 720, 1280  # pixels: from this short or long side on, players assume BT.709
ALIKE = 0.04  # relative difference of aspect ratios up to which a frame is stretched instead of padded
_SD = ("smpte170m", "bt470bg")  # two names of the same matrix: BT.601
_MATRICES = ("bt709", "fcc", "smpte240m", "bt2020nc", *_SD)
_PRIMARIES = ("bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte431", "smpte432")
_TRANSFERS = ("bt709", "smpte170m", "smpte240m", "iec61966-2-1", "bt2020-10", "bt2020-12", *HDR)
_WIDE = ("bt2020", "smpte432", "bt709")  # primaries used with HDR
_COMBED = ("mpeg2video", "dvvideo")  # codecs whose frames may be interlaced later, even if the first is not


@dataclass(frozen=True, slots=True)
class Shape:
    """Filters and tags that convert any input to a rendition: 8-bit 4:2:0, square pixels, even dimensions."""

    filters: str
    tags: tuple[str, ...]  # colour tags, so that all players show the same

    @property
    def arguments(self) -> list[str]:
        return ["-vf", self.filters, *self.tags]


def shape(ffmpeg: Ffmpeg, probe: Probe, size: tuple[int, int], rate: float = 0.0) -> Shape:
    """Return the conversion of a video to this size; `rate` is the frame rate, if known."""
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
    """Return the conversion to a JPEG, which is always full-range BT.601."""
    begin = ",".join(_begin(ffmpeg, probe))
    if not is_hdr(ffmpeg, probe):
        return ",".join([begin, *_fit(size, "out_color_matrix=bt601:out_range=pc"), "format=yuvj420p"])
    mapped = [*_fit(size, f"out_color_matrix={_kept(ffmpeg, probe, '')}"), *_tone_mapping(ffmpeg, probe)]
    return ",".join([begin, *mapped, "scale=out_color_matrix=bt601:out_range=pc", "format=yuvj420p"])


def steady(probe: Probe) -> tuple[str, ...]:
    """Return arguments before `-i` that keep the filter graph when the frame size changes mid-stream.

    The filters above handle that; rotation and deinterlacing do not, and need ffmpeg to rebuild the graph.
    """
    return () if probe.turned or is_combed(probe) else ("-reinit_filter:v", "0")


def scaled(probe: Probe, side: int, which: str) -> tuple[int, int]:
    """Return the size of a video scaled so that its short (`min`) or long (`max`) side is at most `side` pixels;
    never enlarged.
    """
    longest = (min if which == "min" else max)(probe.width, probe.height)
    factor = min(1.0, side / longest)
    width, height = (max(2, int(length * factor / 2 + 0.001) * 2) for length in (probe.width, probe.height))
    return width, height


def is_hdr(ffmpeg: Ffmpeg, probe: Probe) -> bool:
    """Return whether it is HDR that this ffmpeg can tone-map."""
    return probe.transfer in HDR and {"zscale", "tonemap"} <= ffmpeg.filters


def is_combed(probe: Probe) -> bool:
    """Return whether frames may be interlaced."""
    return probe.interlaced or probe.codec in _COMBED


def _begin(ffmpeg: Ffmpeg, probe: Probe) -> list[str]:
    names = [f"range={'pc' if probe.full_range else 'tv'}", f"color_primaries={_primaries(probe) or 'unknown'}"]
    names += [f"color_trc={_transfer(probe) or 'unknown'}", f"colorspace={_matrix(probe)}"]
    combed = is_combed(probe) and "bwdif" in ffmpeg.filters
    # RGB has no matrix and is full range
    return ([f"setparams={':'.join(names)}"] if not probe.rgb else ["null"]) + ["bwdif=0:-1:1"] * combed


def _slower(rate: float) -> list[str]:
    """Drop frames evenly, to at most MAX_FPS."""
    if rate <= MAX_FPS + 0.5:
        return []
    return [f"fps={rate / -(-rate // (MAX_FPS + 0.5)):.3f}"]


def _fit(size: tuple[int, int], output: str) -> list[str]:
    """Scale and pad to this size; some streams change orientation mid-stream."""
    width, height = size
    like = f"between(iw*sar*{height}/(ih*{width}),{1 - ALIKE},{1 + ALIKE})"
    across = f"if({like},{width},max(2,trunc(min({width},{height}*iw*sar/ih)/2+0.001)*2))"
    down = f"if({like},{height},max(2,trunc(min({height},{width}*ih/(iw*sar))/2+0.001)*2))"
    range_ = "" if "out_range" in output else ":out_range=tv"
    scale = f"scale=w='{across}':h='{down}':eval=frame:flags=bicubic:{output}{range_}"
    return [scale, "setsar=1", f"pad={width}:{height}:-1:-1:eval=frame"]


def _tone_mapping(ffmpeg: Ffmpeg, probe: Probe) -> list[str]:
    """Tone-map HDR to SDR; empty for other videos."""
    if not is_hdr(ffmpeg, probe):
        return []
    given = f"tin={probe.transfer}:pin={_primaries(probe)}:min={_matrix(probe)}:rin=tv"
    light = [f"zscale={given}:t=linear:npl=100", "format=gbrpf32le", "zscale=p=bt709"]
    return [*light, "tonemap=hable:desat=0", "zscale=t=bt709:m=bt709:r=tv"]


def _kept(ffmpeg: Ffmpeg, probe: Probe, matrix: str) -> str:
    """Return the matrix after scaling: the rendition's, but the source's if tone mapping follows."""
    return _matrix(probe) if is_hdr(ffmpeg, probe) else matrix


def _matrix(probe: Probe) -> str:
    """Return the source's matrix: the tagged one if usable, or else what players assume."""
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
