"""A day of cloud mode by a virtual clock: do the console and VOD agree at its end, and was anything paid twice?

Phones and people upload, both consoles give verdicts, callbacks and answers get lost, Alibaba is away for a while, and
the prefetch quota is used up. VOD, CDN and OSS are the emulator beside this, asked by the real SDKs.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alibabacloud_credentials.client import Client as Credentials
from alibabacloud_credentials.models import Config

from backend import Console, Settings, make_worker
from backend.aliyun.client import Client
from backend.aliyun.cloud import Cloud
from backend.auth.permissions import Role
from backend.lifecycle.ingest import VideoMetadata, ingest_file
from backend.media import LocalFile
from backend.media.ffmpeg import Ffmpeg
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.model import Actor, CensorStatus, FileKind, JobKind, JobState, User, VideoFilter
from backend.store import open_store
from tests.cloud.alibaba.server import Alibaba, Server

CALLBACK_URL, KEY = "https://console.example.com/vodcallback/callback", "Abcdefgh12345678"
START = 1_790_000_000 // 86400 * 86400  # a midnight, UTC
STEP, REPORT_SECONDS = 30, 7200
AFTER = 3 * 3600  # without faults, for what is still on its way
CALLBACKS_LOST, ANSWERS_LOST = 0.3, 0.05
WRITES = (
    "CreateUploadVideo", "SubmitTranscodeJobs", "SubmitSnapshotJob", "CreateAudit", "UpdateVideoInfo", "DeleteVideo",
    "PreloadVodObjectCaches",
)  # fmt: skip
MAX_BLOCK_SECONDS = 300
EVERY = {"sync_changes": 120, "reconcile_recommended": 240, "reconcile_batch": STEP}
ME = Actor("bench", "benchmark")


class Clock:
    """Time that passes when the day says so; whoever waits for Alibaba waits no real time."""

    def __init__(self) -> None:
        self.now = float(START)

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Plan:
    """How long the day is, and when Alibaba is away, in seconds from its beginning."""

    uploads: int = 2000
    seed: int = 1
    seconds: int = 24 * 3600
    outage: tuple[int, int] = (10 * 3600, 12 * 3600)
    quota: int = 300


@dataclass
class Day:
    """The console, the account, and what is to be counted."""

    plan: Plan
    console: Console
    alibaba: Alibaba
    clock: Clock
    token: str
    dice: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    blocked_since: dict[str, float] = field(default_factory=dict)  # at VOD, not yet seen here
    longest_block: float = 0.0
    queue: list[str] = field(default_factory=list)

    @property
    def second(self) -> float:
        return self.clock.now - START

    @property
    def is_out(self) -> bool:
        return self.plan.outage[0] <= self.second < self.plan.outage[1]

    def ask(self, name: str, **parameters: Any) -> dict[str, Any]:
        answer = self.console.call(name, parameters, self.token)
        self.counts[f"{name} {answer['code']}"] += 1
        return answer


def chance_of(day: Day) -> Any:
    """Return what decides which calls fail."""

    def chance(action: str) -> str:
        if day.is_out:
            return "busy"
        if day.second > day.plan.seconds:
            return ""
        if action in WRITES and day.dice.random() < ANSWERS_LOST:
            day.counts["answers lost"] += 1
            return "done_dropped"
        return ""

    return chance


def upload_by_phone(day: Day, number: int) -> None:
    data = {"Extend": {"userId": f"u{number % 300}", "userName": f"用户{number % 300}"}}
    vod = day.alibaba.vod
    made = vod.CreateUploadVideo({"Title": f"手机 {number}", "FileName": "a.mp4", "UserData": json.dumps(data)})
    vod.arrived(vod.videos[made["VideoId"]]["file"], 1000 + number)
    day.counts["uploads by phones"] += 1


def upload_by_console(day: Day, clip: Path, folder: Path, number: int) -> None:
    copy = folder / f"{number}.mp4"
    copy.write_bytes(clip.read_bytes())
    try:
        ingest_file(day.console, LocalFile(copy), VideoMetadata(f"控制台 {number}.mp4", User("anne", "安妮")), ME)
        day.counts["uploads by the console"] += 1
    except Exception as error:  # an outage: the person tries again later
        day.counts[f"uploads refused ({type(error).__name__})"] += 1


def review(day: Day) -> None:
    """Judge some of what waits, recommend and prewarm some of what passed."""
    page = day.console.store.catalogue.find_videos(VideoFilter(censor_status=CensorStatus.CHECK), 1, 4)
    for video in page.items:
        if day.dice.random() < 0.2:
            day.ask("createAudit", mediaId=video.video_id, status="Blocked", reason="违规")
        elif day.ask("createAudit", mediaId=video.video_id, status="Normal")["code"] == "200":
            day.queue.append(video.video_id)
    if day.queue and day.dice.random() < 0.5:
        video_id = day.queue.pop(0)
        day.ask("recommendVideo", videoId=video_id, isCache="true")


def judge_at_vod(day: Day) -> None:
    """Block a video that plays, in VOD's own console."""
    playing = [one for one in day.alibaba.vod.videos.values() if one["AuditStatus"] == "Normal"]
    if playing:
        video_id = day.dice.choice(playing)["VideoId"]
        day.alibaba.vod.judge(video_id, "Blocked", "VOD")
        day.blocked_since[video_id] = day.clock.now
        day.counts["blocked at VOD"] += 1


def deliver(day: Day) -> None:
    """Bring VOD's events to the console, as far as they arrive."""
    events = day.alibaba.vod.events
    for event in events.told:
        if day.second < day.plan.seconds and day.dice.random() < CALLBACKS_LOST:
            day.counts["callbacks lost"] += 1
            continue
        headers = {name.lower(): value for name, value in events.sign().items()}
        day.console.cloud.take_callback(headers, json.dumps(event).encode())
        day.counts["callbacks"] += 1
    events.told.clear()


def watch_blocks(day: Day) -> None:
    """Measure how long what VOD blocked stays up here; an outage stops the watch, for VOD tells nothing then."""
    for video_id, since in list(day.blocked_since.items()):
        if day.is_out:
            day.blocked_since[video_id] = max(since, day.clock.now)
            continue
        try:
            video = day.console.store.catalogue.get_video(video_id)
        except Exception:
            del day.blocked_since[video_id]
            continue
        if video.censor_status is CensorStatus.FAIL and not video.is_recommend:
            day.longest_block = max(day.longest_block, day.clock.now - since)
            del day.blocked_since[video_id]


def keep(day: Day) -> None:
    """Do what the threads of cloud mode do, in one."""
    background = day.console.cloud.background
    try:
        background.process_events()
        background.finish_intents()
        for name, seconds in EVERY.items():
            if day.second % seconds < STEP:
                getattr(background, name)()
    except Exception as error:
        if type(error).__name__ != "CloudError":
            raise


def work(worker: Any) -> None:
    """Let the worker ask about everything that is due once."""
    worker.step()
    while worker.is_calling:
        time.sleep(0.002)
        worker.step()


def live(day: Day, worker: Any, clip: Path, folder: Path, report: Callable[[Day], None]) -> None:
    moments = sorted(day.dice.uniform(0, day.plan.seconds * 0.95) for _ in range(day.plan.uploads))
    number = 0
    while day.second < day.plan.seconds + AFTER:
        while number < len(moments) and moments[number] <= day.second:
            if number % 20 == 0:
                upload_by_console(day, clip, folder, number)
            else:
                upload_by_phone(day, number)
            number += 1
        with day.alibaba.guard:
            day.alibaba.vod.go_on()
            day.alibaba.prefetching.go_on()
            if day.second < day.plan.seconds and day.dice.random() < 0.03:
                judge_at_vod(day)
        deliver(day)
        review(day)
        keep(day)
        work(worker)
        watch_blocks(day)
        if day.second % REPORT_SECONDS < STEP:
            report(day)
        day.clock.now += STEP


def differences(day: Day) -> Counter[str]:
    """Count where the console and VOD do not agree."""
    found: Counter[str] = Counter()
    catalogue, vod = day.console.store.catalogue, day.alibaba.vod
    verdicts = {"Normal": CensorStatus.SUCCESS, "Blocked": CensorStatus.FAIL, "Init": CensorStatus.CHECK}
    here = {video.video_id: video for video in catalogue.iterate_videos(VideoFilter())}
    for video_id, there in vod.videos.items():
        video = here.pop(video_id, None)
        if video is None:
            found["videos that are not here"] += 1
            continue
        found["verdicts"] += video.censor_status is not verdicts[there["AuditStatus"]]
        found["statuses"] += video.status != there["Status"]
        playable = len([one for one in there["streams"] if one["Definition"] != "OD"])
        if there["Status"] == "Normal":
            found["renditions"] += len(video.files_of(FileKind.COMMON, FileKind.NARROW)) != playable
        found["blocked ones that are recommended"] += there["AuditStatus"] == "Blocked" and video.is_recommend
    found["videos that are not there"] += len(here)
    return +found


def doubled(day: Day) -> Counter[str]:
    """Count what was paid or sent twice."""
    found: Counter[str] = Counter()
    vod = day.alibaba.vod
    tasks = Counter((task["VideoId"], task["TranscodeTemplateGroupId"]) for task in vod.tasks.values())
    found["transcodes"] = sum(count - 1 for count in tasks.values())
    titles = Counter(one["Title"] for one in vod.videos.values())
    found["videos"] = sum(count - 1 for count in titles.values())
    sent = Counter(task["ObjectPath"] for task in day.alibaba.prefetching.tasks)
    found["prefetches"] = sum(count - 1 for count in sent.values())
    return +found


def open_day(server: Server, folder: Path, plan: Plan) -> Day:
    clock, place = Clock(), urlsplit(server.alibaba.url).netloc
    server.alibaba.clock = clock
    server.alibaba.prefetching.quota = server.alibaba.prefetching.remain = plan.quota
    server.alibaba.vod.events.url, server.alibaba.vod.events.key = CALLBACK_URL, KEY
    settings = Settings(
        data=folder / "data", mode="cloud", vod_endpoint=place, cdn_endpoint=place, aliyun_protocol="http",
        template_group="plain-group", narrow_template_group="narrow-group", prewarm_hosts=(place,), max_upload_mb=20,
        callback_url=CALLBACK_URL, callback_key=KEY,
    )  # fmt: skip
    key = Config(type="access_key", access_key_id="test-key", access_key_secret="test-secret")
    waited = [0.0]

    def wait(seconds: float) -> None:
        waited[0] += seconds

    client = Client(settings, lambda: Credentials(key), wait=wait, clock=lambda: time.monotonic() + waited[0])
    store = open_store(settings.data, clock)
    cloud = Cloud(settings, store, LocalMedia(FolderFiles(settings.media_folder), Ffmpeg()), clock, client)
    console = Console(settings, store, cloud.media, cloud.cache, clock, own_url="http://127.0.0.1:1", cloud=cloud)
    token = "0" * 48
    anne = store.accounts.add_account("anne", "no password", Role.ADMIN, ME)
    store.sessions.open_session(anne, token, 30, ME, "benchmark")
    day = Day(plan, console, server.alibaba, clock, token, random.Random(plan.seed))
    server.alibaba.chance = chance_of(day)
    return day


def make_clip(folder: Path) -> Path:
    """Return a video of a second, as people upload them."""
    path = folder / "clip.mp4"
    ran = Ffmpeg().run(
        ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=1", "-c:v", "libx264", "-preset", "ultrafast",
         str(path)]
    )  # fmt: skip
    if not ran.ok:
        raise RuntimeError(ran.words)
    return path


def run(plan: Plan, server: Server, folder: Path, report: Callable[[Day], None] = lambda _day: None) -> Day:
    """Live through a day, telling every two hours of it. The console of the day is for the caller to close."""
    day = open_day(server, folder, plan)
    worker = make_worker(day.console, day.clock)
    live(day, worker, make_clip(folder), folder, report)
    worker.stop()
    return day


def problems(day: Day) -> Counter[str]:
    """Count all that may not be at the end of a day."""
    found = Counter({f"differ: {what}": count for what, count in differences(day).items()})
    found += Counter({f"done twice: {what}": count for what, count in doubled(day).items()})
    found["changes pending at Alibaba"] = day.console.store.cloud.count_intents()
    found["blocked at VOD and still up"] = len(day.blocked_since)
    found["blocked at VOD and up for more than five minutes"] = int(day.longest_block > MAX_BLOCK_SECONDS)
    return +found


def table(day: Day) -> list[tuple[str, int]]:
    """Return what happened, and what it came to."""
    vod, counts = day.alibaba.vod, day.counts
    failed = day.console.store.jobs.find_jobs(state=JobState.FAILED)
    quota = sum(job.kind is JobKind.PREWARM for job in day.console.store.jobs.find_jobs(
        state=JobState.FAILED, size=max(1, failed.total)).items)  # fmt: skip
    apart, twice = differences(day), doubled(day)
    return [
        ("videos at VOD", len(vod.videos)),
        ("uploads by phones", counts["uploads by phones"]),
        ("uploads by the console", counts["uploads by the console"]),
        ("calls of VOD, CDN and OSS", len(day.alibaba.calls)),
        ("callbacks that came", counts["callbacks"]),
        ("callbacks lost", counts["callbacks lost"]),
        ("answers lost after the effect", counts["answers lost"]),
        ("verdicts here", counts["createAudit 200"]),
        ("verdicts refused while Alibaba was away", counts["createAudit 502"]),
        ("videos blocked in VOD's own console", counts["blocked at VOD"]),
        ("prefetch batches refused: the quota was used up, or Alibaba away for half an hour", quota),
        ("other jobs that failed", failed.total - quota),
        ("changes pending at the end", day.console.store.cloud.count_intents()),
        ("seconds a video blocked at VOD stayed up, at most (outage aside)", round(day.longest_block)),
        ("videos that differ at the end", sum(apart.values())),
        ("videos, transcodes or prefetches made twice", sum(twice.values())),
        ("seconds of processor time", round(time.process_time())),
    ]
