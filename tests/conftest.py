"""What tests share: a real console in a folder of its own, and every door into it."""

from __future__ import annotations

import gc
import itertools
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from argon2 import PasswordHasher

import backend
from backend import Console, Settings
from backend.auth.permissions import Role
from backend.media.ffmpeg import Ffmpeg
from backend.model import Account, Actor, FileKind, JobKind, MediaFile, User, Video
from backend.store import open_store
from backend.store.jobs import Jobs
from backend.store.sqlite.connections import Connections
from tests import ports, postgres_server
from tests.clock import Clock
from tests.waiting import until

if TYPE_CHECKING:
    from tests.object_store import ObjectStore

PASSWORD = "correct horse battery"

pytest_plugins = ["tests.doors"]

# A busy machine is no failure, and the same code passes or fails each time. Others are tried by
# `--hypothesis-profile=explore`.
EXPLORE = hypothesis.settings(
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.register_profile("explore", EXPLORE)
hypothesis.settings.register_profile("tests", EXPLORE, derandomize=True)
hypothesis.settings.load_profile("tests")

TESTS = Actor("tests", "tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=("sqlite", "postgres"), default="sqlite", help="what is behind the console of a test"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite: is about the files of SQLite")
    config.addinivalue_line("markers", "in_front: is about what is in front of operations, whatever the database")
    config.addinivalue_line("markers", "settings(**values): the console of this test has these settings")
    config.addinivalue_line("markers", "every_door: calls operations in each of the ways there are, not only over HTTP")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With another database, run the tests that have one behind them, but for those that choose it themselves."""
    if config.getoption("database") == "sqlite":
        return
    has = [
        "database" in getattr(item, "fixturenames", ())
        and "database" not in getattr(getattr(item, "callspec", None), "params", ())
        and not any(item.get_closest_marker(name) for name in ("sqlite", "in_front"))
        and "sqlite" not in item.path.parts
        for item in items
    ]
    config.hook.pytest_deselected(items=[item for item, one in zip(items, has, strict=True) if not one])
    items[:] = [item for item, one in zip(items, has, strict=True) if one]


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every later search for garbage: it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(request) -> str:
    """The address of the database behind the console of a test; empty for SQLite."""
    return request.getfixturevalue("postgres") if request.config.getoption("database") == "postgres" else ""


@pytest.fixture
def settings(tmp_path, database, request) -> Settings:
    # Most tests are not about technical flags, which would cost each upload a run of ffmpeg.
    given = Settings(
        data=tmp_path / "data", database=database, prewarm_hosts=("example.com",), max_upload_mb=20,
        technical_flags=False,
    )  # fmt: skip
    marker = request.node.get_closest_marker("settings")
    return replace(given, **marker.kwargs) if marker else given


@pytest.fixture
def connections(tmp_path) -> Iterator[Connections]:
    """A database with one table of words, as the store opens it."""
    opened = Connections(tmp_path / "console.sqlite3")
    with opened.writing() as db:
        db.execute("create table words (word text unique check (length(word) < 10000))")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def new_database(tmp_path_factory) -> Path:
    """A database in which nothing is yet: upgrading an empty one for each test would cost more than most tests do."""
    path = tmp_path_factory.mktemp("new") / "console.sqlite3"
    open_store(path.parent).close()
    return path


@pytest.fixture(scope="session")
def begin_data(new_database) -> Callable[[Path], Path]:
    """Makes a folder of data in which a new console's database is, and returns it."""

    def begin(folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        shutil.copy(new_database, folder / "console.sqlite3")
        return folder

    return begin


@pytest.fixture(scope="session")
def postgres_address(tmp_path_factory) -> str:
    """The address of the run's server."""
    postgres_server.require()
    own = tmp_path_factory.getbasetemp()
    return postgres_server.server_address(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def postgres_database(postgres_address) -> Iterator[postgres_server.TestDatabase]:
    """A database of this process in the run's server."""
    database = postgres_server.TestDatabase(postgres_address)
    yield database
    database.drop()


@pytest.fixture
def postgres(postgres_database) -> str:
    """The address of a PostgreSQL database in which nothing is yet."""
    postgres_database.clean()
    address: str = postgres_database.address
    return address


@pytest.fixture
def console(settings, clock, begin_data) -> Iterator[Console]:
    if not settings.database:
        begin_data(settings.data)
    console = backend.open_console(settings, clock)
    yield console
    console.close()


# People


@pytest.fixture(scope="session")
def password() -> str:
    return PASSWORD


@pytest.fixture(scope="session")
def password_hash() -> str:
    """A hash that says itself how little it costs to be checked."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def make_account(console, password_hash) -> Callable[..., Account]:
    """Makes accounts whose password is that of the fixture `password`."""

    def make(user_name: str = "anne", role: Role = Role.ADMIN) -> Account:
        return console.store.accounts.add_account(user_name, password_hash, role, TESTS)

    return make


@pytest.fixture
def account(make_account) -> Account:
    return make_account()


@pytest.fixture
def sign_in(console) -> Callable[[Account], str]:
    """Opens a session and returns its token, without the price of checking a password."""

    def open_session(account: Account) -> str:
        token = secrets.token_hex(24)
        console.store.sessions.open_session(account, token, console.settings.token_days, TESTS)
        return token

    return open_session


@pytest.fixture
def token(account, sign_in) -> str:
    return sign_in(account)


# Videos


@pytest.fixture
def make_video(console, clock) -> Callable[..., Video]:
    """Puts a video into the catalogue; what a test does not name is as in the seed's example."""
    numbers = itertools.count(1)

    def make(**values: Any) -> Video:
        number = next(numbers)
        known = {
            "video_id": f"{number:032x}",
            "title": "test video",
            "description": "test33",
            "duration": 12.0,
            "size": 56,
            "cate_id": 12,
            "cate_name": "12",
            "tags": "测试",
            "user": User("2434793223202", "Anne", "https://example.aliyundoc.com/dd38cab5"),
            "created": int(clock()),
        }
        return console.store.catalogue.add_video(Video(**{**known, **values}), TESTS)

    return make


# Jobs


@pytest.fixture
def jobs(console) -> Jobs:
    return console.store.jobs


@pytest.fixture
def queued(jobs, make_video) -> Callable[..., Video]:
    """Queues a job for a new video, and returns the video."""

    def queue(kind: JobKind = JobKind.TRANSCODE, **values: Any) -> Video:
        made = make_video(files=(MediaFile(FileKind.SOURCE, "source.mp4"),), **values)
        assert jobs.enqueue_for_video(kind, made.video_id, "submitTranscode", TESTS)
        return made

    return queue


# Things of this machine


@pytest.fixture(scope="session")
def encoded(tmp_path_factory) -> Callable[[str, Iterable[str]], Path]:
    """Gives a file that ffmpeg makes with these arguments, once for all processes of a run. Tests do not change it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "encoded"
    folder.mkdir(exist_ok=True)

    def give(name: str, arguments: Iterable[str]) -> Path:
        path = folder / name
        if not path.exists():
            part = folder / f"{secrets.token_hex(8)}-{name}"
            ran = Ffmpeg().run([*arguments, str(part)])
            assert ran.ok, ran.words
            part.replace(path)
        return path

    return give


@pytest.fixture(scope="session")
def small_clip(encoded) -> Path:
    """A real video: two seconds of 160x120 with sound."""
    pictures = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=2"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-movflags", "+faststart"]
    return encoded("small.mp4", [*pictures, *sound, *codecs])


@pytest.fixture(scope="session")
def running_object_store() -> Iterator[ObjectStore]:
    from tests.object_store import ObjectStore  # here, since few tests need it

    store = ObjectStore()
    store.start()
    yield store
    store.close()


@pytest.fixture
def object_store(running_object_store) -> Iterator[ObjectStore]:
    """An S3-compatible object store, which is back and refuses nothing after each test."""
    yield running_object_store
    running_object_store.recover()


@pytest.fixture
def free_port() -> int:
    return ports.free_port()


# Waiting


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """Waits until something is true."""

    def wait(is_true: Callable[[], bool]) -> None:
        until(is_true, "something is true")

    return wait
