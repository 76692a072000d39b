"""A console in cloud mode, over an Alibaba Cloud of this machine."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from alibabacloud_credentials.client import Client as Credentials
from alibabacloud_credentials.models import Config
from msgspec import structs

import backend
from backend import Console
from backend.aliyun.client import Client
from backend.aliyun.cloud import Cloud
from backend.aliyun.mapping import video_of
from backend.lifecycle.feed import Feed
from backend.lifecycle.ingest import VideoMetadata, ingest_file
from backend.media import LocalFile
from backend.media.ffmpeg import Ffmpeg
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.model import Actor, CensorStatus, User
from backend.settings import Settings
from backend.store import open_store
from tests.cloud.alibaba.server import Server

HASTE = 200
KEY = ("test-key", "test-secret")


class MovedClock:
    """The time of this machine, and what a test moved it on by."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead

    def move(self, seconds):
        self.ahead += seconds


@pytest.fixture
def clock():
    """The clock of a console and of its account at Alibaba."""
    return MovedClock()


@pytest.fixture
def alibaba(clock):
    """The account at Alibaba: what it holds, what was asked of it, and how it is to fail."""
    with Server() as server:
        server.alibaba.clock = clock
        yield server.alibaba


@pytest.fixture
def cloud_settings(alibaba, tmp_path, request):
    place = urlsplit(alibaba.url).netloc
    given = Settings(
        data=tmp_path / "data", mode="cloud", vod_endpoint=place, cdn_endpoint=place, aliyun_protocol="http",
        template_group="plain-group", narrow_template_group="narrow-group", prewarm_hosts=("media.example.com", place),
        max_upload_mb=20, callback_url="https://console.example.com/vodcallback/callback",
        callback_key="Abcdefgh12345678",
    )  # fmt: skip
    marker = request.node.get_closest_marker("settings")
    return replace(given, **marker.kwargs) if marker else given


def fixed_credentials():
    return Credentials(Config(type="access_key", access_key_id=KEY[0], access_key_secret=KEY[1]))


class Patience:
    """Time that passes at once where somebody waits."""

    def __init__(self):
        self._waited = 0.0

    def wait(self, seconds):
        self._waited += seconds

    def clock(self):
        return time.monotonic() + self._waited


@pytest.fixture
def read_seconds():
    """How long a console waits for an answer of a busy account; parametrize it where none comes."""
    return 60.0


@pytest.fixture
def client(cloud_settings, read_seconds):
    """Calls the account, with a key that does not expire."""
    patience = Patience()
    return Client(
        cloud_settings, fixed_credentials, wait=patience.wait, clock=patience.clock, read_seconds=read_seconds
    )


@pytest.fixture
def poll_seconds():
    """How long a console waits before it asks about a job again; parametrize it."""
    return 0.15


@pytest.fixture
def make_console(cloud_settings, client, clock, poll_seconds, begin_data):
    """Opens consoles in cloud mode, over one folder of data, that need not wait between two questions."""
    opened = []

    def make(**changes):
        settings = replace(cloud_settings, **changes)
        if not settings.data.exists():
            begin_data(settings.data)
        store = open_store(settings.data, clock)
        media = LocalMedia(FolderFiles(settings.media_folder), Ffmpeg())
        cloud = Cloud(settings, store, media, clock, client, poll_seconds)
        console = Console(settings, store, cloud.media, cloud.cache, clock, own_url="http://127.0.0.1:1", cloud=cloud)
        console.feed = Feed(console)
        opened.append(console)
        return console

    yield make
    for console in opened:
        console.close()


@pytest.fixture
def console(make_console):
    return make_console()


@pytest.fixture
def work_on():
    """Does everything that waits in the queue of a console, in a time that runs faster than ours."""

    def go(console):
        worker = backend.make_worker(console, lambda: time.monotonic() * HASTE)
        worker.run_until_idle()
        worker.stop()

    return go


@pytest.fixture
def work(console, work_on):
    return lambda: work_on(console)


@pytest.fixture
def hear(console, alibaba):
    """Has VOD's events arrive, and follows them up."""

    def listen():
        for event in alibaba.vod.events.told:
            console.cloud.take_callback(signed(alibaba), json.dumps(event).encode())
        alibaba.vod.events.told.clear()
        return console.cloud.background.process_events()

    return listen


@pytest.fixture
def ask(console, token):
    """Runs an operation and returns its envelope."""
    return lambda name, **parameters: console.call(name, parameters, token)


@pytest.fixture
def do(ask):
    """Runs an operation that goes well, and returns its data."""

    def run(name, **parameters):
        answer = ask(name, **parameters)
        assert answer["code"] == "200", answer
        return answer["data"]

    return run


@pytest.fixture
def new_video(console, alibaba):
    """Puts a video into the account at VOD, and into the catalogue."""

    def make(title="海边", censor=CensorStatus.CHECK, **values):
        there = alibaba.vod.add(Title=title, **values)
        video = structs.replace(video_of(there, int(time.time())), user=User("u1", "安妮"))
        console.store.cloud_catalogue.upsert([video], unreviewed=censor)
        return console.store.catalogue.get_video(there["VideoId"])

    return make


def signed(alibaba, **how):
    events = alibaba.vod.events
    events.url = events.url or "https://console.example.com/vodcallback/callback"
    events.key = events.key or "Abcdefgh12345678"
    return {name.lower(): value for name, value in events.sign(**how).items()}


@pytest.fixture(name="signed")
def signed_fixture(alibaba):
    return lambda **how: signed(alibaba, **how)


@pytest.fixture
def upload(console, small_clip, tmp_path):
    """Takes in a clip, and returns the id that VOD gave it."""

    def send(name="海边 🌊.mp4"):
        copy = Path(shutil.copy(small_clip, tmp_path / name))
        said = VideoMetadata(name, User("u1", "安妮"), tags="海")
        return ingest_file(console, LocalFile(copy), said, Actor("anne", "tests")).video_id

    return send
