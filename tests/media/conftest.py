"""Real clips, made by ffmpeg, and what the media tests do with them."""

import shutil
from pathlib import Path

import pytest

from backend.media import LocalFile
from backend.media.ffmpeg import Ffmpeg
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.model import Job, JobKind, JobState, User, Video
from tests.jobs.begun import Begun
from tests.waiting import until

PICTURES = "testsrc2=s=320x180:r=24:d=2"
SOUND = "sine=440:d=2"
QUICK = "-c:v libx264 -preset ultrafast -c:a aac -shortest"
BT709 = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
PQ = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"

# name: inputs of lavfi (or the name of another clip), and the settings of the output
RECIPES = {
    "plain.mp4": ((PICTURES, SOUND), f"{QUICK} -movflags +faststart"),
    "index-last.mp4": ((PICTURES, SOUND), QUICK),
    "hd.mp4": (("testsrc2=s=1280x720:r=24:d=2",), QUICK),
    "2k.mp4": (("testsrc2=s=2560x1440:r=5:d=0.6",), QUICK),
    "upright.mp4": (("plain.mp4",), "-c copy", "-display_rotation 90"),
    "odd.mkv": (
        ("testsrc2=s=640x360:r=24:d=1",),
        "-vf scale=479:269,setsar=1,format=yuv444p -c:v libx264 -preset ultrafast",
    ),
    "wide-pixels.mp4": (("testsrc2=s=480x270:r=24:d=1",), f"{QUICK} -vf setsar=4/3"),
    "variable-rate.mkv": (
        ("testsrc2=s=320x180:r=24:d=2",),
        f"{QUICK} -vf select='lt(n,12)+not(mod(n,6))' -fps_mode vfr",
    ),
    "one-picture.mp4": (("testsrc2=s=320x180:r=24",), f"{QUICK} -frames:v 1"),
    "tagged.mp4": (("testsrc2=s=96x96:r=4:d=8",), f"{QUICK} -vf {BT709}"),
    "tagged-with-sound.mp4": (("testsrc2=s=96x96:r=4:d=8", "sine=440:d=8"), f"{QUICK} -vf {BT709}"),
    "blink.mp4": (("testsrc2=s=320x180:r=24:d=0.2",), QUICK),
    "hdr.mkv": (("testsrc2=s=320x180:r=24:d=1",), f"-vf {PQ} -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le"),
    "hlg.mkv": (
        ("testsrc2=s=320x180:r=24:d=1",),
        f"-vf {PQ.replace('smpte2084', 'arib-std-b67')} -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le",
    ),
    "long-sound.mp4": ((PICTURES, "sine=440:d=4"), "-c:v libx264 -preset ultrafast -c:a aac"),
    "long-pictures.mp4": ((PICTURES, "sine=440:d=1"), "-c:v libx264 -preset ultrafast -c:a aac"),
    "full-range.mp4": (("testsrc2=s=320x180:r=24:d=1",), f"-vf scale=out_range=pc,format=yuvj420p {QUICK}"),
    "old.avi": ((PICTURES, SOUND), "-c:v mpeg4 -c:a libmp3lame -shortest"),
    "web.webm": ((PICTURES, SOUND), "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis -shortest"),
    "flash.flv": ((PICTURES, SOUND), "-c:v flv1 -c:a libmp3lame -ar 44100 -shortest"),
    "broadcast.ts": ((PICTURES, SOUND), "-c:v mpeg2video -c:a mp2 -shortest"),
    "windows.wmv": ((PICTURES, SOUND), "-c:v wmv2 -c:a wmav2 -shortest"),
    "recorded.webm": ((PICTURES, SOUND), "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis -shortest -live 1"),
    "fragments.mp4": ((PICTURES, SOUND), f"{QUICK} -g 12 -movflags frag_keyframe+empty_moov"),
    "trimmed.mp4": (("six-seconds.mp4",), "-c copy", "-ss 1.5"),
    "sound.m4a": ((SOUND,), "-c:a aac"),
    "covered.m4a": (("sound.m4a", "still.png"), "-map 0 -map 1 -c copy -disposition:v:0 attached_pic"),
    "still.png": (("testsrc2=s=64x64",), "-frames:v 1"),
    "soft-grain.mp4": (("color=gray:s=320x180:r=24:d=2,noise=alls=40:allf=t,gblur=2",), f"{QUICK} -crf 12"),
    "nine-hours.mkv": (("testsrc2=s=64x64:r=1:d=40,setpts=830*PTS",), f"{QUICK} -fps_mode passthrough"),
    "twenty-minutes.mkv": (("testsrc2=s=64x64:r=1:d=1200",), f"{QUICK} -g 60"),
    "white.mp4": (("color=white:s=64x64:d=1",), QUICK),
    "six-seconds.mp4": (("testsrc2=s=320x180:r=20:d=6",), f"{QUICK} -g 60"),
    "brighter.mp4": (("nullsrc=s=128x72:r=10:d=12,geq=lum='20*T':cb=128:cr=128",), QUICK),
    "brighter-keys.mp4": (("brighter.mp4",), f"{QUICK} -g 10"),
    "timecode.mov": ((PICTURES, SOUND), f"{QUICK} -timecode 01:00:00:00"),
    "unnamed-hlg.mkv": (
        ("testsrc2=s=320x180:r=24:d=0.5",),
        "-vf setparams=color_trc=arib-std-b67:colorspace=bt2020nc:range=tv -c:v libx264 -preset ultrafast"
        " -pix_fmt yuv420p10le",
    ),
    "unnamed-pq.mkv": (
        ("testsrc2=s=320x180:r=24:d=0.5",),
        "-vf setparams=color_trc=smpte2084:colorspace=bt470bg:range=tv -c:v libx264 -preset ultrafast"
        " -pix_fmt yuv420p10le",
    ),
    "odd-tags.mkv": (
        ("testsrc2=s=96x54:r=24:d=0.3",),
        "-vf setparams=color_trc=log100:color_primaries=smpte428:colorspace=ycgco -c:v ffv1",
    ),
    "gamma.mkv": (("testsrc2=s=96x54:r=24:d=0.3",), "-vf setparams=color_trc=bt470m:color_primaries=film -c:v ffv1"),
    "jitter.webm": (
        ("testsrc2=s=96x54:r=30:d=1,settb=1/1000,setpts='N*33+floor(random(0)*30)'",),
        "-fps_mode passthrough -enc_time_base 1/1000 -c:v libvpx -deadline realtime -cpu-used 8",
    ),
    "rgb.avi": (("testsrc2=s=96x54:r=24:d=0.3",), "-c:v rawvideo -pix_fmt bgr24"),
    "nine-channels.mov": (("testsrc2=s=96x54:r=24:d=0.3", f"aevalsrc={'|'.join(['0'] * 9)}:d=0.3"), "-c:a pcm_s16le"),
    "bars.mp4": (("smptehdbars=s=320x180:r=24:d=0.5,format=yuv420p",), f"-vf {BT709} -c:v libx264 -preset ultrafast"),
    "bars-hd.mp4": (
        ("smptehdbars=s=1280x720:r=24:d=0.2,format=yuv420p",),
        "-vf setparams=colorspace=unknown -c:v libx264 -preset ultrafast",
    ),
    "flashing.mp4": (
        (
            "color=c=0x205080:s=96x54:r=25:d=6,drawbox=w=iw:h=ih:color=white:t=fill:enable='lt(mod(t,1),0.1)'",
            "aevalsrc='0.5*sin(2*PI*1000*t)*lt(mod(t,1),0.1)':s=44100:d=6",
        ),
        f"{QUICK} -g 25",
    ),
    "conspicuous.mp4": (  # 1 s of pictures, 2 s black, 3 s still, 2 s of 3 flashes a second, 1 s of pictures
        (
            "testsrc2=s=96x54:r=25:d=9"
            ",drawbox=w=iw:h=ih:t=fill:color=black:enable='between(t,1,2.99)'"
            ",drawbox=w=iw:h=ih:t=fill:color=gray:enable='between(t,3,5.99)'"
            ",drawbox=w=iw:h=ih:t=fill:color=black:enable='between(t,6,7.99)'"
            ",drawbox=w=iw:h=ih:t=fill:color=white:enable='between(t,6,7.99)*lt(mod(t,1/3),1/6)'",
            "aevalsrc='if(between(t,3,5.5),0,0.3*sin(440*2*PI*t))':s=44100:d=9",
        ),
        QUICK,
    ),
    "gap.mp4": (("flashing.mp4",), "-c copy -bsf:a noise=drop='gte(pts*tb,2)*lt(pts*tb,3.5)'"),
    "flashing.flv": (("flashing.mp4",), "-c copy"),
    "still.mkv": (
        ("color=red:s=96x54:r=30:d=8.05,drawbox=t=fill:color=blue:enable='gte(t,3)'",),
        "-vf select='lt(t,2)+between(t,3,3.02)+between(t,8,8.02)' -fps_mode vfr -c:v libx264 -preset ultrafast -bf 2",
    ),
    "combed.mpg": (
        (
            "nullsrc=s=180x144:r=50:d=1,geq=lum='if(between(mod(X-T*250,180),0,30),235,16)':cb=128:cr=128"
            ",tinterlace=mode=interleave_top,setfield=tff",
        ),
        "-c:v mpeg2video -b:v 4M -flags +ildct+ilme",
    ),
    "fast.mp4": (("testsrc2=s=96x54:r=240:d=1",), QUICK),
    "two-sounds.mov": ((PICTURES, SOUND, "sine=880:d=2"), f"{QUICK} -map 0 -map 1 -map 2"),
    "lasting.mp4": (("testsrc2=s=640x360:r=20:d=24",), QUICK),
    "zoom.mp4": (("mandelbrot=s=192x108:r=8:end_scale=0.01:end_pts=24,trim=duration=3",), QUICK),
    "zoom-spoilt.mp4": (
        ("zoom.mp4",),
        "-vf scale=240:136,eq=brightness=0.1,drawbox=w=40:h=20:color=white:t=fill,"
        "drawbox=y=ih-24:w=iw:h=24:color=black:t=fill -c:v libx264 -preset ultrafast -crf 32",
    ),
    "zoom-mirrored.mp4": (("zoom.mp4",), f"-vf hflip,pad=iw:iw*16/9:0:(oh-ih)/2 {QUICK}"),
    "large.mp4": (("testsrc2=s=1280x720:r=20:d=24",), f"{QUICK} -g 20"),
}


@pytest.fixture(scope="session")
def ffmpeg():
    return Ffmpeg()


@pytest.fixture(scope="session")
def clip(encoded):
    """Give the path of a clip of RECIPES, made at its first use. Tests must not change it."""

    def make(name):
        inputs, settings, *before = RECIPES[name]
        arguments = before[0].split() if before else []
        for source in inputs:
            arguments += ["-i", str(make(source))] if source in RECIPES else ["-f", "lavfi", "-i", source]
        return encoded(name, [*arguments, *settings.split()])

    return make


@pytest.fixture
def sent(clip, tmp_path):
    """Give a copy of a clip that a test may change or hand over."""
    return lambda name: Path(shutil.copy(clip(name), tmp_path / name))


@pytest.fixture
def media(tmp_path, ffmpeg):
    return LocalMedia(FolderFiles(tmp_path / "media"), ffmpeg)


@pytest.fixture
def video(media, sent):
    """Take a clip in and give its video."""

    def take(name, video_id="v1"):
        media.store_file(video_id, LocalFile(sent(name)), Path(name).suffix)
        return Video(video_id, name, User("1"), 0)

    return take


@pytest.fixture
def begin(media):
    """Begin a job, to be watched and stopped."""
    return lambda kind, video: start(media, kind, video)


@pytest.fixture
def finish(media):
    """Run a job to its end and give the outcome."""
    return lambda kind, video, **payload: run(media, kind, video, **payload)


@pytest.fixture
def finish_with():
    """Run a job of another provider to its end and give the outcome."""
    return run


def start(media, kind, video, **payload):
    return Begun(media, Job("j1", JobKind(kind), JobState.RUNNING, 0, payload=payload), video)


def run(media, kind, video, **payload):
    return start(media, kind, video, **payload).end()


def processes_with(text):
    """The numbers of the processes whose command line holds `text`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(text) in command:
            found.append(int(process.name))
    return found


@pytest.fixture(name="until", scope="session")
def until_fixture():
    return until


@pytest.fixture(name="processes_with", scope="session")
def processes_with_fixture():
    return processes_with


@pytest.fixture
def cut():
    """Keep the first part of a file."""

    def shorten(path, part):
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
        return path

    return shorten
