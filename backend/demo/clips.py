"""The demo catalogue's clips: 24 short generated videos with plausible metadata.

All 24 take about 15 s of CPU time and 4 MB.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from pathlib import Path

from backend.demo.filters import PAINTERS, Canvas, plasma
from backend.errors import MediaError
from backend.jobs.runner import Done, Task
from backend.media.ffmpeg import THREADS, Ffmpeg, Report
from backend.model import SECONDS_A_DAY, CensorStatus, Job, Video

NOT_MADE = "The demo clip {title} cannot be made with this ffmpeg. Install the Python package imageio-ffmpeg."

UPRIGHT, WIDE = (360, 640), (640, 360)

ANNE = ("2434793223202", "Anne", "")
XIAOLIN = ("2434793223317", "小林不吃辣", "")
SHANYE = ("2434793223458", "山野拾光", "")
MARCO = ("2434793223590", "Marco Rossi", "")
ACHE = ("2434793223641", "阿澈的镜头", "")
MOCHI = ("2434793223705", "Yuki & Mochi", "")

FOOD, TRAVEL, PETS, DANCE = (11, "美食"), (12, "旅行"), (13, "萌宠"), (14, "舞蹈")
CITY, NATURE, SCIENCE, ART = (15, "城市"), (16, "自然"), (17, "科普"), (18, "创意")

SUCCESS, CHECK, ON_CENSOR, FAIL = CensorStatus.SUCCESS, CensorStatus.CHECK, CensorStatus.ON_CENSOR, CensorStatus.FAIL


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip: picture, sound, metadata, and the state it is brought to."""

    picture: str  # a name in PAINTERS
    size: tuple[int, int]  # pixels
    seconds: float
    note: float  # pitch of its sound in Hz
    title: str
    description: str
    tags: str  # separated by commas
    category: tuple[int, str]
    user: tuple[str, str, str]  # id, name, avatar URL
    days_ago: float
    censor: CensorStatus = SUCCESS
    recommend: bool = False
    reason: str = ""  # if blocked
    damaged: bool = False  # truncate its source after ingest
    rate: int = 20  # frames per second

    @property
    def age(self) -> int:
        """The age in seconds."""
        return round(self.days_ago * SECONDS_A_DAY)

    @property
    def cate_id(self) -> int:
        return self.category[0]

    @property
    def cate_name(self) -> str:
        return self.category[1]


CLIPS: tuple[Clip, ...] = (
    Clip(
        "aurora", UPRIGHT, 3, 220.0,
        "凌晨两点，等到了今年最强的极光",
        "零下二十度守了四个小时，值了。原片直出，没有加速。",
        "极光,夜空,旅行,慢镜头", TRAVEL, SHANYE, 0.11, recommend=True,
    ),
    Clip(
        "donut", UPRIGHT, 3, 392.0,
        "草莓糖霜甜甜圈，转一圈给你看",
        "糖霜要等甜甜圈放凉再淋，彩针趁湿撒。配方在评论区置顶。",
        "甜甜圈,烘焙,甜品", FOOD, XIAOLIN, 0.38, recommend=True,
    ),
    Clip(
        "aurora_lake", WIDE, 3, 196.0,
        "Aurora over the lake",
        "No wind at all, so the lake gave us a second sky.",
        "aurora,lake,night,timelapse", TRAVEL, MARCO, 0.72, CHECK, rate=24,
    ),
    Clip(
        "neon", UPRIGHT, 3, 261.6,
        "霓虹雨夜，撑伞走过这条街",
        "手机夜景模式随手拍，雨停之前一直没舍得走。",
        "霓虹,雨夜,城市,夜景", CITY, ACHE, 1.15, ON_CENSOR,
    ),
    Clip(
        "waves", WIDE, 3, 174.6,
        "海浪一层一层，听完心就静了",
        "戴上耳机。第三道浪最好看。",
        "海浪,治愈,白噪音", NATURE, SHANYE, 1.64, recommend=True,
    ),
    Clip(
        "fireworks", WIDE, 3, 293.7,
        "Fireworks from our rooftop 🎆",
        "Three launches, one take. Wait for the blue one.",
        "fireworks,city,night", CITY, ANNE, 2.3, recommend=True,
    ),
    Clip(
        "lava", UPRIGHT, 3, 146.8,
        "盯着熔岩灯看十秒，挑战不眨眼",
        "二手市场淘来的老灯，点亮的那一刻全家都围过来了。",
        "熔岩灯,解压,复古", ART, XIAOLIN, 3.05,
    ),
    Clip(
        "cat_eye", WIDE, 3, 329.6,
        "猫的瞳孔是怎么变细的？近距离看",
        "窗帘一拉开，麻薯的眼睛三秒就从圆变成一条线。",
        "猫,萌宠,微距,科普", PETS, MOCHI, 4.2, recommend=True,
    ),
    Clip(
        "kaleidoscope", UPRIGHT, 3, 349.2,
        "自制万花筒：三面镜子加一把彩珠",
        "小时候的玩具，现在自己做一个。教程分三集。",
        "万花筒,手工,亲子", ART, ACHE, 5.6,
    ),
    Clip(
        "skyline", WIDE, 4, 246.9,
        "城市天际线，从日落看到亮灯",
        "天桥上固定机位，车窗外的灯一盏一盏亮起来。",
        "城市,天际线,日落,延时摄影", CITY, ACHE, 6.4, CHECK,
    ),
    Clip(
        "snow", UPRIGHT, 3, 415.3,
        "初雪落进松林，一点声音都没有",
        "今年的第一场雪，比预报早了三天。",
        "初雪,森林,冬天", NATURE, SHANYE, 7.8, recommend=True,
    ),
    Clip(
        "nebula", WIDE, 3, 164.8,
        "A slow drift through a nebula",
        "Forty frames stacked, colours pushed a little.",
        "nebula,astronomy,space", SCIENCE, MARCO, 9.1, rate=24,
    ),
    Clip(
        "latte", UPRIGHT, 3, 277.2,
        "拿铁拉花翻车现场，居然有点好看",
        "本来想拉天鹅，最后拉成了旋风。咖啡师说这叫随性。",
        "咖啡,拉花,探店", FOOD, XIAOLIN, 10.5, CHECK,
    ),
    Clip(
        "dunes", WIDE, 3, 155.6,
        "日出前的沙丘",
        "徒步第二天，风把昨天的脚印全抹掉了。",
        "沙漠,徒步,日出", TRAVEL, SHANYE, 12.0,
    ),
    Clip(
        "ribbons", UPRIGHT, 3, 311.1,
        "红绸舞排练片段，一镜到底",
        "下周六晚上剧场见。绸子五米长，甩起来全靠手腕。",
        "舞蹈,红绸舞,排练", DANCE, ANNE, 13.3, recommend=True, rate=24,
    ),
    Clip(
        "mandelbrot", UPRIGHT, 5, 185.0,
        "无限放大曼德博集，会看到什么？",
        "同一条公式，放大一千倍还是它自己。",
        "分形,数学,科普", SCIENCE, MOCHI, 14.9,
    ),
    Clip(
        "sunset", WIDE, 4, 233.1,
        "落日沉进海里，正好有一艘船",
        "等船开到太阳旁边，等了整整四十分钟。",
        "日落,大海,帆船", NATURE, SHANYE, 16.2, CHECK, damaged=True,
    ),
    Clip(
        "bubbles", UPRIGHT, 3, 440.0,
        "慢动作看汽水冒泡，越看越渴",
        "四百帧慢放。猜猜是什么口味？",
        "汽水,慢动作,夏天", FOOD, XIAOLIN, 17.7,
    ),
    Clip(
        "star_trails", WIDE, 3, 207.7,
        "Star trails above the cabin",
        "Two hours of turning sky in three seconds.",
        "star trails,astrophotography,night", NATURE, MARCO, 19.4, recommend=True,
    ),
    Clip(
        "moonrise", UPRIGHT, 4, 138.6,
        "中秋的月亮升起来了",
        "长焦压缩，月亮比山还大。祝大家团圆。",
        "中秋,月亮,夜景", NATURE, ACHE, 21.0,
    ),
    Clip(
        "dish", WIDE, 5, 369.9,
        "培养皿里的世界：四十八小时延时",
        "每一帧隔十分钟。绿色的是活的，紫色的是它们走过的路。",
        "微生物,延时摄影,科普", SCIENCE, MOCHI, 22.6, FAIL,
        reason="背景音乐未获授权，请更换音乐后重新上传",
    ),
    Clip(
        "lanterns", WIDE, 3, 220.0,
        "千盏孔明灯一起升空",
        "活动在景区指定水面举行，每盏灯都系了回收绳。",
        "孔明灯,节日,祈福", TRAVEL, ANNE, 24.5, FAIL,
        reason="Open flames: add a safety notice and upload again",
    ),
    Clip(
        "ripples", UPRIGHT, 3, 246.9,
        "Rain on a quiet pond",
        "Three drops at a time. Loop it.",
        "rain,water,calm,loop", NATURE, MARCO, 26.8, ON_CENSOR,
    ),
    Clip(
        "clouds", WIDE, 3, 329.6,
        "Cotton candy sky at dawn",
        "No filter, promise. Five minutes later it was grey again.",
        "sky,clouds,sunrise,pastel", TRAVEL, ANNE, 29.3, CHECK,
    ),
)  # fmt: skip


def render(ffmpeg: Ffmpeg, clip: Clip, path: Path, report: Report) -> None:
    """Write a clip to `path` as MP4 with the index first. Raises MediaError if this ffmpeg cannot."""
    canvas = Canvas(*clip.size, clip.rate)
    # Older versions of ffmpeg may lack a filter
    for picture in (PAINTERS[clip.picture](canvas), plasma(canvas, clip.note)):
        ran = ffmpeg.run(_arguments(clip, picture, path), duration=clip.seconds, report=report)
        if ran.ok:
            return
        path.unlink(missing_ok=True)
    raise MediaError(NOT_MADE, detail=ran.words, title=clip.title)


def _arguments(clip: Clip, picture: str, path: Path) -> list[str]:
    # Three plucked strings per second: the note, its third and its fifth.
    strings = "+".join(
        f"0.22*exp(-2.4*mod(t+{1 - delay},1))*sin({2 * math.pi * clip.note * step:.3f}*t)"
        for step, delay in ((1, 0), (1.25, 0.33), (1.5, 0.66))
    )
    graph = f"{picture},format=yuv420p,setsar=1[v];aevalsrc='{strings}':s=44100:d={clip.seconds}[a]"
    video = ["-map", "[v]", "-c:v", "libx264", "-preset", "superfast", "-crf", "28", "-threads", str(THREADS)]
    sound = ["-map", "[a]", "-c:a", "aac", "-b:a", "48k"]
    return [
        "-filter_complex",
        graph,
        *video,
        *sound,
        "-t",
        str(clip.seconds),
        "-movflags",
        "+faststart",
        "-f",
        "mp4",
        str(path),
    ]


class DemoMaker:
    """Runs demo jobs; `payload["clip"]` is an index into CLIPS."""

    def __init__(self, ffmpeg: Ffmpeg, incoming: Path) -> None:
        """`incoming` is the folder for new files, in which clips are made."""
        self._ffmpeg, self._incoming = ffmpeg, incoming

    def run(self, job: Job, video: Video | None, task: Task) -> Done:
        """Make a clip. The outcome's facts are `path` and `clip`; a cancelled job leaves no files."""
        number: int = job.payload["clip"]
        self._incoming.mkdir(parents=True, exist_ok=True)
        path = self._incoming / f"{uuid.uuid4().hex}.mp4"
        try:
            render(self._ffmpeg, CLIPS[number], path, task.report)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Done(facts={"path": str(path), "clip": number})
