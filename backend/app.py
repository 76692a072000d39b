"""Composition root: creates, starts and stops a console; the only module that chooses concrete classes."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from backend import operations  # noqa: F401  (declares them, for every module below this package)
from backend.auth.passwords import hash_password, new_password
from backend.auth.permissions import Role
from backend.console import Caller, Console
from backend.demo import catalogue as demo_catalogue
from backend.demo.clips import DemoMaker
from backend.errors import BadRequest, StorageError
from backend.jobs.runner import AnyRunner, Runner
from backend.jobs.worker import Worker
from backend.lifecycle import pull, technical_flags
from backend.lifecycle.bulk import BulkRunner
from backend.lifecycle.company_sign_in import CompanySignIn
from backend.lifecycle.feed import Feed
from backend.lifecycle.fingerprints import Fingerprinter
from backend.lifecycle.ingest import sweep_scratch
from backend.lifecycle.prewarmer import Prewarmer
from backend.lifecycle.programme_clock import ProgrammeClock
from backend.lifecycle.pull import Puller
from backend.lifecycle.trash import Purger
from backend.lifecycle.webhooks import WebhookSender
from backend.maintenance.data_lock import hold_data_dir
from backend.maintenance.wrong_place import refuse_mistake
from backend.media import MediaFiles
from backend.media.ffmpeg import Ffmpeg
from backend.media.folder import FolderFiles
from backend.media.local import LocalMedia
from backend.model import Actor, FileKind, JobKind, VideoFilter
from backend.observability.logging_setup import start_log
from backend.prewarm.http_cache import HttpCache
from backend.prewarm.ssrf import own_hosts
from backend.server.descriptors import raise_limit
from backend.server.page_sockets import Bounds, PageSockets
from backend.settings import Settings, SettingsError, read_settings
from backend.store import open_store

if TYPE_CHECKING:
    from backend.aliyun.cloud import Cloud
    from backend.server.app import RestApp

log = logging.getLogger(__name__)

NO_OBSTORE = "QU_MEDIA names a bucket, for which obstore is missing: .venv/bin/pip install -r requirements-s3.txt"
NO_FOLDER = (
    "The catalogue has videos, but there is no folder {folder} with their files. Several machines need the same folder "
    "there, on a shared file system, or a bucket (QU_MEDIA). If the files are lost, create the folder to start without."
)
NEWEST = 20  # videos that are looked at for files
WORTH_TELLING = 50_000  # number of videos that take a second or two

page_sockets = PageSockets()  # of this process
_current: Console | None = None
_guard = threading.Lock()


def show_progress(done: int, total: int) -> None:
    """Show the progress of indexing on the terminal, if it takes long."""
    if total >= WORTH_TELLING:
        end = "\n" if done == total else ""
        print(f"\rindexing videos for the search: {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)  # noqa: T201


def open_console(settings: Settings, clock: Callable[[], float] = time.time, *, upgrade: bool = False) -> Console:
    """Open the console described by `settings`; with `upgrade`, migrate data of an older version.

    Raises SettingsError and StoreError, with messages for the operator.
    """
    store = open_store(settings.data, clock, show_progress, database=settings.database, upgrade=upgrade)
    media = LocalMedia(
        open_files(settings),
        Ffmpeg(settings.ffmpeg),
        settings.narrow_codec,
        settings.rungs,
        max_gigapixels=settings.max_gigapixels,
    )
    own_url = f"http://127.0.0.1:{settings.port}"
    if settings.mode == "cloud":
        # imported here so that an embedded console does not load Alibaba's SDKs
        from backend.aliyun.cloud import Cloud

        cloud = Cloud(settings, store, media, clock)
        console = Console(settings, store, cloud.media, cloud.cache, clock, own_url=own_url, cloud=cloud)
        return _completed(console)
    cache = HttpCache(
        lambda: console.settings.prewarm_hosts or own_hosts(console.reachable_url),
        lambda: console.own_hosts,
    )
    console = Console(settings, store, media, cache, clock, own_url=own_url)
    return _completed(console)


def _completed(console: Console) -> Console:
    """Add what needs the console itself."""
    console.feed = Feed(console)
    if console.settings.oidc_issuer:
        console.company = CompanySignIn(console)
    return console


def open_files(settings: Settings) -> MediaFiles:
    """Return where the media are, by QU_MEDIA; nothing is read there yet. Raises SettingsError without obstore."""
    if not settings.media:
        return FolderFiles(settings.media_folder)
    try:
        # imported here so that a console without a bucket needs no obstore
        from backend.media.bucket import BucketFiles, Place
    except ModuleNotFoundError:
        raise SettingsError(NO_OBSTORE) from None
    keys = settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_session_token
    return BucketFiles(Place(settings.media, settings.s3_endpoint, settings.s3_region, *keys), settings.scratch)


def check_files(console: Console) -> None:
    """Raise SettingsError if the media cannot be kept where they are to be; a store that may only be away is logged."""
    settings = console.settings
    if settings.database and settings.mode == "embedded" and not settings.media and not settings.media_folder.exists():
        newest = console.store.catalogue.find_videos(VideoFilter(), size=NEWEST).items
        if any("://" not in file.name for video in newest for file in video.files_of(FileKind.SOURCE)):
            raise SettingsError(NO_FOLDER.format(folder=settings.media_folder))
    try:
        console.media.files.describe()
    except StorageError as error:
        if not error.passing:
            raise SettingsError(str(error)) from None
        log.error("the media cannot be read or written now: %s", error)


def current(*, upgrade: bool = False) -> Console:
    """Return this process's console, opening it on first use; only servers and workers may `upgrade` it."""
    global _current
    with _guard:
        if _current is None:
            _current = open_console(read_settings(), upgrade=upgrade)
        return _current


def upgrades_at_start(settings: Settings) -> bool:
    """Return whether a server or worker upgrades data of an older version, which then no other version can use.

    A database that servers share is upgraded by a command, while those of the version before go on working.
    """
    return not settings.database


def close_current() -> None:
    """Close this process's console, if it is open."""
    global _current
    with _guard:
        if _current is not None:
            _current.close()
        _current = None


def call(name: str, parameters: Mapping[str, Any], token: str, caller: Caller) -> dict[str, Any]:
    """Run an operation on this process's console and return its envelope; never raises."""
    return current().call(name, parameters, token, caller)


def report_socket_user(key: str, session: str, name: str | None) -> None:
    """Tell the server who uses the page behind a WebSocket: empty if nobody is signed in, None if not known yet."""
    page_sockets.tell(key, session, name)


def rest() -> RestApp:
    """Return the REST app of this process's console."""
    from backend.server.app import RestApp

    return RestApp(current(), page_sockets)


@contextmanager
def running(url: str = "") -> Iterator[Console]:
    """Open the console and start its worker; at the end, return running jobs to the queue and close the store.

    `url` is where the server will listen, if known. Raises MaintenanceError while a backup is being restored.
    """
    settings = read_settings()
    start_log(settings.log, settings.log_format)
    with hold_data_dir(settings) as first:
        console = current(upgrade=upgrades_at_start(settings))
        page_sockets.bounds = Bounds.within(raise_limit())
        console.own_url = url or console.own_url
        check_files(console)
        if first:  # otherwise they may belong to another server's uploads
            sweep_scratch(console.media.files.scratch)
        refuse_mistake(settings, console.store, console.media.files)
        for line in first_start(console):
            print(line, flush=True)  # noqa: T201  (output for the operator)
        worker = make_worker(console)
        worker.start()
        purger = Purger(console)
        purger.start()
        fingerprinter = Fingerprinter(console)
        fingerprinter.start()
        programme_clock = ProgrammeClock(console)
        programme_clock.start()
        prewarmer = Prewarmer(console)
        prewarmer.start()
        webhook_sender = WebhookSender(console)
        webhook_sender.start()
        if console.cloud is not None:
            console.cloud.background.start()
        try:
            yield console
        finally:
            console.password_checks.close()
            if console.cloud is not None:
                console.cloud.background.stop()
            programme_clock.stop()
            prewarmer.stop()
            webhook_sender.stop()
            fingerprinter.stop()
            purger.stop()
            worker.stop()
            close_current()


def make_worker(console: Console, clock: Callable[[], float] = time.monotonic) -> Worker:
    """Return a worker, not yet started, for all job kinds of this console."""
    if console.cloud is not None:
        return _make_cloud_worker(console, console.cloud, clock)
    media, cache = cast(Runner, console.media), cast(Runner, console.cache)  # their types without cloud mode
    kinds = (JobKind.SNAPSHOT, JobKind.COVER, JobKind.FLAGS, JobKind.TRANSCODE, JobKind.NARROW)
    runners: dict[JobKind, AnyRunner] = {
        **dict.fromkeys(kinds, media),
        JobKind.PREWARM: cache,
        JobKind.BULK: BulkRunner(console),
        JobKind.PULL: Puller(lambda: console.settings, lambda: console.own_hosts, console.media.files.scratch),
        JobKind.DEMO: DemoMaker(Ffmpeg(console.settings.ffmpeg), console.media.files.scratch),
    }
    settle = {
        JobKind.DEMO: partial(demo_catalogue.settle, console),
        JobKind.PULL: partial(pull.settle, console),
        **dict.fromkeys(technical_flags.KINDS, partial(technical_flags.settle, console)),
    }
    return Worker(console.store, runners, settle, clock)


def _make_cloud_worker(console: Console, cloud: Cloud, clock: Callable[[], float]) -> Worker:
    kinds = (JobKind.SNAPSHOT, JobKind.COVER, JobKind.TRANSCODE, JobKind.NARROW)
    runners: dict[JobKind, AnyRunner] = {
        **dict.fromkeys(kinds, cloud.media),
        JobKind.UPLOAD: cloud.sender,
        JobKind.PREWARM: cloud.cache,
        JobKind.BULK: BulkRunner(console),
        JobKind.PULL: cloud.pulls,
    }
    settle = {JobKind.UPLOAD: cloud.settle_upload, JobKind.PULL: cloud.settle_pull}
    worker = Worker(console.store, runners, settle, clock)
    cloud.poll_now = worker.poll_now
    return worker


def first_start(console: Console) -> list[str]:
    """Create the first account, and the demo catalogue if enabled, in an empty store; return messages for the
    operator.
    """
    if console.cloud is None:
        demo_catalogue.begin(console)
    if console.store.accounts.find_accounts():
        return []
    settings = console.settings
    password = settings.admin_password or new_password()
    actor = Actor("first start", "command line")
    try:
        console.store.accounts.add_account(settings.admin_user, hash_password(password), Role.ADMIN, actor)
    except BadRequest:
        if console.store.accounts.find_accounts():  # another server has started at the same time
            return []
        raise
    shown = "the password of QU_ADMIN_PASSWORD" if settings.admin_password else f"the password {password}"
    return [f"Sign in as {settings.admin_user} with {shown}"]
