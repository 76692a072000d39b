"""Two consoles that are asked the same, one over each database, and random questions for them."""

from __future__ import annotations

import io
import random
import secrets
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from backend.api.registry import OPERATIONS, Operation, Parameter
from backend.auth.permissions import Role
from backend.console import Caller, Console
from backend.errors import ConsoleError
from backend.exports.download import Download
from backend.model import (
    SECONDS_A_DAY,
    Actor,
    CensorStatus,
    FileKind,
    Job,
    JobKind,
    MediaFile,
    User,
    Video,
    VideoStatus,
)
from backend.model.cloud import Finding, MachineReview
from backend.model.technical_flags import Finding as FlagFinding
from backend.model.technical_flags import Measurement, TechnicalFlag
from backend.store import Store
from tests.clock import Clock

TESTS = Actor("tests", "tests")
ZONE = ZoneInfo("Asia/Shanghai")
TOKENS = {"anne": "a" * 48, "ben": "b" * 48, "carl": "c" * 48}
# They need a file, another server or a password's hash, or end the sessions that the calls are made with.
LEFT_OUT = {
    "uploadVideo", "pullVideos", "createUploadLinks", "pushObjectCache", "checkObjectPaths", "sendPrewarmPlan",
    "getPrewarmPlan", "login", "changePassword", "resetPassword", "addAccount", "signOut", "endSession",
    "endOwnSession", "endOtherSessions", "editAccount", "testWebhook", "resendDelivery", "refreshObjectCache",
    "getDeliveries",  # with ids that the database draws
}  # fmt: skip
OFTEN = {
    "decideReview": 12, "takeReview": 8, "createAudit": 6, "recommendVideo": 6, "editVideo": 6, "getVideos": 10,
    "getRecommendVideos": 5, "reportVideo": 4, "exportVideos": 3, "undoAudit": 3, "undoReview": 3, "restoreVideo": 3,
    "getProgramme": 3, "getFacets": 3, "saveSpecial": 3, "editReviewQueue": 3, "submitTranscode": 3, "getFeed": 3,
}  # fmt: skip
TEXTS = ("海浪", "city lights", "ＣＩＴＹ", "海", "a", "it's 100%", "=1+1", '"q"', "Straße", "❤️", "xyz")
NAMES = ("旅游", "美食", "Travel", "travel ", "动物")
FIXED = {
    "objectPath": ("https://example.com/a.png",), "slot": ("feed", "home"), "cateName": NAMES,
    "reasonCode": ("spam", "abuse", "sexual", "quality"), "reasonCodes": ("spam", "spam,abuse"), "userNames": ("ben",),
    "code": ("spam", "abuse", "travel", "short"), "queue": ("default", "travel", "short"),
    "userName": (*TOKENS, "用户"),
    "coverUrl": ("https://example.com/c.png", ""), "firstFrameUrl": ("https://example.com/f.png", ""),
    "tags": ("海", "city, 海", "a,b", ""), "labels": ("porn", "terrorism"), "suggestions": ("block", "review"),
    "words": ("海", "city"), "roles": ("reviewer", "manager"), "url": ("https://example.com/hook",),
    "desk": ("d1", "d2"),
    "reporterId": ("r1", "r2", "r3"), "hints": ("black", "similar"), "target": ("feed", "review"),
    "days": ("1", "7"), "maxAgeDays": ("30",), "events": ("[]",),
}  # fmt: skip
IDS = {  # parameter -> the names in answers that it takes
    "videoId": ("videoId",), "mediaId": ("videoId",), "videoIds": ("videoId",), "mediaIds": ("videoId",),
    "other": ("seenLine",), "leaseKey": ("leaseKey",), "leaseKeys": ("leaseKey",), "jobId": ("jobId",),
    "specialId": ("specialId",), "tokenId": ("tokenId", "sessionId"), "keyId": ("keyId",), "cursor": ("nextCursor",),
    "differenceId": ("differenceId",), "webhookId": ("webhookId",), "key": ("key",), "requestId": ("requestId",),
    "userId": ("userId",), "userIds": ("userId",), "batchId": ("requestId",), "deliveryId": ("deliveryId",),
}  # fmt: skip
ALWAYS = {  # what an operation does nothing useful without
    "editReviewQueue": ("nameZh", "nameEn", "cateId", "reported"), "editReviewReason": ("nameZh", "nameEn"),
    "saveSpecial": ("name", "startTime", "endTime", "videoIds"), "setReviewSampling": ("secondReviews", "maximum"),
    "editVideo": ("title",), "editRecommend": ("pin",), "restoreLineup": ("lineup",), "saveWebhook": ("url", "types"),
    "getFeed": ("key",), "freeReview": ("videoId",), "copyWeek": ("fromDate", "toDate"),
}  # fmt: skip
NEVER = ("knownClips", "seenLine", "revision")  # drawn by SQL; refused almost always
MANY = ("videoIds", "mediaIds", "leaseKeys", "userIds")


class Dice(random.Random):
    """What is random otherwise, the same for both consoles: throw `seed` before asking each."""

    def replace(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(secrets, "token_hex", lambda size=32: self.randbytes(size).hex())
        patch.setattr(secrets, "token_bytes", lambda size=32: self.randbytes(size))
        patch.setattr(secrets, "token_urlsafe", lambda size=32: self.randbytes(size).hex())
        patch.setattr(secrets, "randbelow", self.randrange)
        patch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=self.getrandbits(128), version=4))


class TwoConsoles:
    """Asks both, and fails where they answer differently."""

    def __init__(self, consoles: tuple[Console, Console], clock: Clock, dice: Dice, seed: int) -> None:
        self.consoles, self.clock, self.dice = consoles, clock, dice
        self.random = random.Random(seed)
        self.known: dict[str, list[str]] = defaultdict(list)
        self.steps = 0
        self.asked: list[Any] = []  # for whoever looks into a difference
        self.running: list[tuple[Job, str]] = []

    def begin(self, password_hash: str) -> None:
        """Make the same beginning in both: accounts, sessions and some videos."""
        for console in self.consoles:
            with console.store.engine.writing() as db:
                db.execute("update review_sampling set secret = 'secret'")
                db.execute("update lineups set at = 0")
            for name, role in zip(TOKENS, (Role.ADMIN, Role.MANAGER, Role.REVIEWER), strict=True):
                account = console.store.accounts.add_account(name, password_hash, role, TESTS)
                console.store.sessions.open_session(account, TOKENS[name], 3000, TESTS)
        self.add_videos(12)

    # Steps

    def step(self) -> None:
        """Do something at random in both."""
        if self.random.random() < 0.75:
            self.call(self._operation())
            return
        self.random.choice(
            (self.pass_time, self.add_videos, self.work, self.work, self.work, self.tick, self.measure, self.review)
        )()

    def same(self, do: Callable[[Store], Any]) -> Any:
        """Do something with the store of both, and return what it returned."""
        self.steps += 1
        answers = []
        for console in self.consoles:
            self.dice.seed(self.steps)
            try:
                answers.append(do(console.store))
            except ConsoleError as error:
                answers.append(str(error))
        assert answers[1] == answers[0], self.asked[-3:]
        return answers[0]

    def call(self, operation: Operation) -> None:
        """Call an operation with random parameters."""
        given = self._parameters(operation)
        token = TOKENS[self.random.choice(("anne",) * 7 + ("ben", "ben", "carl"))]
        self.steps += 1
        self.asked.append((operation.name, given))
        caller = Caller("rest", "10.0.0.1", "http://console.test", request_id=f"request{self.steps}")
        answers = []
        for console in self.consoles:
            self.dice.seed(self.steps)
            answers.append(_bytes(console.call(operation.name, given, token, caller)))
        assert answers[1] == answers[0], self.asked[-3:]
        if not operation.name.startswith("export"):
            self._note(msgspec.json.decode(answers[0]))

    def pass_time(self) -> None:
        self.clock.move(self.random.choice((0.5, 1, 20, 400, 5000, SECONDS_A_DAY)))

    def add_videos(self, count: int = 2) -> None:
        videos = []
        for number in range(len(self.known["videoId"]), len(self.known["videoId"]) + count):
            user = self.random.choice(range(4))
            files = [MediaFile(FileKind.SOURCE, "source.mp4", 9, 1280, 720)]
            if self.random.random() < 0.5:
                files.append(MediaFile(FileKind.COMMON, "common.mp4", 5, 640, 360))
            videos.append(Video(
                f"{number:032x}", f"{self.random.choice(TEXTS)} {number}", User(f"u{user}", f"用户{user}"),
                int(self.clock()) - self.random.randrange(9) * 1000, tags=self.random.choice(FIXED["tags"]),
                duration=self.random.randrange(9999) / 16, size=self.random.randrange(10**6), width=1280, height=720,
                cate_id=user, cate_name=f"c{user}" if user else "", status=VideoStatus.CHECKING,
                censor_status=self.random.choice((CensorStatus.CHECK, CensorStatus.CHECK, CensorStatus.SUCCESS)),
                files=tuple(files),
            ))  # fmt: skip
        self.same(lambda store: store.catalogue.load_videos(videos, TESTS))
        self.known["videoId"] += [video.video_id for video in videos]
        self.known["userId"] = [f"u{number}" for number in range(5)]

    def work(self) -> None:
        """Claim a job as a worker, or go on with one."""
        if not self.running or self.random.random() < 0.5:
            owner = f"w{self.steps}"
            if job := self.same(lambda store: store.jobs.claim_job([*JobKind], owner)):
                self.running.append((job, owner))
            return
        job, owner = self.running.pop(self.random.randrange(len(self.running)))
        made = {
            JobKind.TRANSCODE: FileKind.COMMON,
            JobKind.NARROW: FileKind.NARROW,
            JobKind.COVER: FileKind.CHOSEN_COVER,
        }
        files = (MediaFile(made[job.kind], f"{job.kind}.mp4", 3, 640, 360),) if job.kind in made else ()
        self.random.choice((
            lambda: self.same(lambda store: store.jobs.settle_done(job, owner, files, {})),
            lambda: self.same(lambda store: store.jobs.settle_failed(job, owner, ConsoleError("The disk is full."))),
            lambda: self.same(lambda store: store.jobs.release_job(job, owner)),
            lambda: self.same(lambda store: store.jobs.renew_lease(job, owner, "there", 0.5, {})),
        ))()  # fmt: skip

    def tick(self) -> None:
        self.same(lambda store: store.programme.tick())

    def measure(self) -> None:
        found = self.random.sample((TechnicalFlag.BLACK, TechnicalFlag.SILENT), self.random.randrange(3))
        measured = Measurement(9.0, tuple(FlagFinding(flag) for flag in found))
        video_id = self.random.choice(self.known["videoId"])
        views = ((self.random.choice((1 << 40, 1 << 41, 77)),) * 4,)
        self.same(lambda store: store.technical_flags.keep(video_id, measured))
        self.same(lambda store: store.similar_videos.keep([(video_id, views)]))

    def review(self) -> None:
        suggestion = self.random.choice(("pass", "review", "block"))
        found = MachineReview(
            self.random.choice(self.known["videoId"]), suggestion=suggestion, labels=("Porn",),
            findings=(Finding("porn", suggestion, self.random.choice((12.5, 90.0)), "porn"),),
        )  # fmt: skip
        self.same(lambda store: store.machine_reviews.keep(found))

    # Parameters

    def _operation(self) -> Operation:
        names = [name for name in OPERATIONS if name not in LEFT_OUT]
        return OPERATIONS[self.random.choices(names, [OFTEN.get(name, 1) for name in names])[0]]

    def _parameters(self, operation: Operation) -> dict[str, str]:
        needed = ALWAYS.get(operation.name, ())
        chosen = [
            one for one in operation.parameters
            if one.required or one.wire_name in needed or self.random.random() < 0.15
        ]  # fmt: skip
        given = {one.wire_name: self._value(one) for one in chosen if one.required or one.wire_name not in NEVER}
        if given.get("status") == "Blocked":
            given |= {"reason": "why", "reasonCode": self.random.choice(FIXED["reasonCode"])}
        elif "status" in given:
            given.pop("reasonCode", None)
        if "pageSize" in {one.wire_name for one in operation.parameters}:
            given.setdefault("pageSize", "7")
        return given

    def _value(self, parameter: Parameter) -> str:
        name, kind = parameter.wire_name, type(parameter.kind).__name__
        if name in IDS and (known := [value for one in IDS[name] for value in self.known[one]]):
            return ",".join(
                self.random.sample(known, min(len(known), self.random.randint(1, 3) if name in MANY else 1))
            )
        if name in FIXED:
            return self.random.choice(FIXED[name])
        if kind in ("Choice", "Words"):
            return str(self.random.choice([*parameter.kind.words]))
        if kind == "Flag":
            return self.random.choice(("true", "false"))
        if kind == "Number":
            return self.random.choice(("0", "0.5", "1", "5", "100", "300"))
        if kind == "Whole":
            return str(max(parameter.kind.low, 0) + self.random.randrange(6))
        if kind in ("Moment", "WallClock", "ClearableTime"):
            second = self.clock() + self.random.randrange(-10, 10) * 40_000
            return datetime.fromtimestamp(second, ZONE).strftime("%Y-%m-%d %H:%M")
        return self.random.choice(TEXTS)

    def _note(self, answer: Any) -> None:
        """Remember the ids in an answer."""
        for name, value in _values(answer):
            if isinstance(value, (str, int)) and any(name in names for names in IDS.values()) and value != "":
                known = self.known[name]
                if str(value) not in known and name not in ("videoId", "userId"):
                    known.append(str(value))
                    del known[:-30]


def _values(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield name, value
            yield from _values(value)
    elif isinstance(data, list):
        for one in data:
            yield from _values(one)


def _bytes(answer: dict[str, Any]) -> bytes:
    if not isinstance(answer["data"], Download):
        return msgspec.json.encode(answer)
    content = b"".join(answer["data"].chunks)
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as workbook:
        names = sorted(set(workbook.namelist()) - {"docProps/core.xml"})  # which has the time of the machine
        return b"".join(workbook.read(name) for name in names)
