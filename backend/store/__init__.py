"""Persistent state: videos, jobs, history, accounts and sessions.

The modules here hold SQL that every supported database accepts. Everything specific to SQLite is in `sqlite/`, behind
the interface in `engine.py`; nothing outside this package knows which database is used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from backend.store.accounts import Accounts
from backend.store.bulks import Bulks
from backend.store.category_tree import CategoryTree
from backend.store.cloud import CloudRecords
from backend.store.cloud_reviews import CloudReviews
from backend.store.cloud_sync import CloudCatalogue
from backend.store.company_accounts import CompanyAccounts
from backend.store.engine import UNKNOWN, Engine, Progress, ignore_progress
from backend.store.errors import Reason, StoreError
from backend.store.feed_figures import FeedFigures
from backend.store.feed_keys import FeedKeys
from backend.store.feed_lineups import FeedLineups
from backend.store.feed_versions import FeedVersions
from backend.store.figures import FigureReader
from backend.store.file_permissions import close_to_others, make_folder
from backend.store.hash_chain import Head
from backend.store.history import History
from backend.store.jobs import Jobs
from backend.store.login_attempts import LoginAttempts
from backend.store.moving import Tables
from backend.store.prewarming import Prewarming
from backend.store.programme import ProgrammeStore
from backend.store.programme_changes import ProgrammeChanges
from backend.store.review_agreement import ReviewAgreement
from backend.store.review_choices import ReviewChoices
from backend.store.review_decisions import ReviewDecisions
from backend.store.review_desks import ReviewDesks
from backend.store.review_differences import ReviewDifferences
from backend.store.review_figures import ReviewFigures
from backend.store.review_leases import ReviewLeases
from backend.store.review_queues import ReviewQueues
from backend.store.review_sampling import ReviewSampling
from backend.store.second_reviews import SecondReviews
from backend.store.sessions import Sessions
from backend.store.sheets import Sheets
from backend.store.similar_videos import SimilarVideos
from backend.store.sqlite.engine import SqliteEngine
from backend.store.sqlite.files import copy_files, find_damage, find_files, find_open
from backend.store.sqlite.scratch_names import ScratchNames, open_scratch
from backend.store.sqlite.tables import SqliteTables
from backend.store.statistics import Statistics
from backend.store.technical_flags import TechnicalFlags
from backend.store.tickets import Tickets
from backend.store.trash import Trash
from backend.store.uploader_records import UploaderRecords
from backend.store.usage import Usage
from backend.store.video_lookups import VideoLookups
from backend.store.video_reports import VideoReports
from backend.store.videos import Catalogue
from backend.store.views import Views
from backend.store.webhook_deliveries import WebhookDeliveries
from backend.store.webhooks import Webhooks

__all__ = [
    "UNKNOWN", "Head", "Reason", "ScratchNames", "Store", "StoreError", "copy_files", "find_damage", "find_files",
    "find_open", "hold_database", "make_folder", "open_store", "open_tables", "replace_database",
]  # fmt: skip


NO_DRIVER = (
    "PostgreSQL needs two more packages ({error}). "
    "Install them with: .venv/bin/pip install -r requirements-postgres.txt"
)


class Store:
    """All repositories of the store, sharing one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = engine.now
        self.catalogue = Catalogue(engine, engine.now)
        self.lookups = VideoLookups(engine)
        self.categories = CategoryTree(engine, engine.now)
        self.programme = ProgrammeStore(engine, engine.now)
        self.programme_changes = ProgrammeChanges(engine, engine.now)
        self.company_accounts = CompanyAccounts(engine, engine.now)
        self.trash = Trash(engine, engine.now)
        self.jobs = Jobs(engine, engine.now)
        self.bulks = Bulks(engine, engine.now)
        self.prewarming = Prewarming(engine, engine.now)
        self.cloud = CloudRecords(engine, engine.now)
        self.machine_reviews = CloudReviews(engine, engine.now)
        self.feed_keys = FeedKeys(engine, engine.now)
        self.webhooks = Webhooks(engine, engine.now)
        self.webhook_deliveries = WebhookDeliveries(engine, engine.now)
        self.feed_lineups = FeedLineups(engine, self.programme)
        self.feed_versions = FeedVersions(engine, engine.now)
        self.feed_figures = FeedFigures(engine, engine.now)
        self.technical_flags = TechnicalFlags(engine, engine.now)
        self.review_desks = ReviewDesks(engine, engine.now)
        self.review_leases = ReviewLeases(engine, engine.now)
        self.review_queues = ReviewQueues(engine, engine.now)
        self.review_decisions = ReviewDecisions(engine, engine.now)
        self.review_differences = ReviewDifferences(engine, engine.now)
        self.review_agreement = ReviewAgreement(engine)
        self.review_sampling = ReviewSampling(engine, engine.now)
        self.second_reviews = SecondReviews(engine, engine.now)
        self.similar_videos = SimilarVideos(engine, engine.now)
        self.review_choices = ReviewChoices(engine, engine.now)
        self.review_figures = ReviewFigures(engine)
        self.video_reports = VideoReports(engine, engine.now)
        self.uploaders = UploaderRecords(engine)
        self.cloud_catalogue = CloudCatalogue(engine, engine.now)
        self.usage = Usage(engine, engine.now)
        self.accounts = Accounts(engine, engine.now)
        self.sessions = Sessions(engine, engine.now)
        self.sheets = Sheets(engine, engine.now)
        self.views = Views(engine, engine.now)
        self.history = History(engine)
        self.statistics = Statistics(engine, engine.now)
        self.figures = FigureReader(engine)
        self.attempts = LoginAttempts(engine)
        self.tickets = Tickets(engine)
        self.exporting = engine
        self.place, self.is_local, self.leading = engine.place, engine.is_local, engine.leading
        self.version, self.listeners = engine.version, engine.listeners
        self.size, self.check, self.recount = engine.size, engine.check, engine.recount
        self.diagnose = engine.diagnose
        self.rebuild, self.optimize_search = engine.rebuild, engine.optimize_search

    def scratch_names(self) -> AbstractContextManager[ScratchNames]:
        """Open empty sets of names on the disk, for what may be larger than memory."""
        return open_scratch()

    def close(self) -> None:
        self.sessions.write_seen()
        self.engine.close()


def open_store(
    folder: Path,
    clock: Callable[[], float] = time.time,
    tell: Progress = ignore_progress,
    *,
    database: str = "",
    upgrade: bool = False,
    held: bool = False,
) -> Store:
    """Open the store, creating it if needed: in a data folder, or in the PostgreSQL database with this address.

    `clock` is the time source for everything in it; `tell` reports the progress of an upgrade. A database of an older
    version is upgraded only with `upgrade`. With `held`, the caller holds the data alone, and may open them although
    they are being moved. Raises StoreError.
    """
    if not database:
        return Store(SqliteEngine(folder, clock, tell, upgrade=upgrade, held=held))
    try:
        # imported here so that a console with SQLite does not need the driver
        from backend.store.postgres.engine import PostgresEngine
    except ImportError as error:
        raise StoreError(NO_DRIVER.format(error=error)) from error
    make_folder(folder)
    close_to_others(folder)
    return Store(PostgresEngine(database, clock, tell, upgrade=upgrade, held=held))


def open_tables(folder: Path, database: str = "", *, held: bool = True) -> Tables:
    """Open the tables of a store that exists, to move it or to fill it. Raises StoreError.

    The caller holds the data alone; without `held`, others may use a database, and it can only be read.
    """
    if not database:
        tables = SqliteTables(folder)
        tables.attach_feed()
        return tables
    from backend.store.postgres.tables import PostgresTables

    return PostgresTables(database, held=held)


def replace_database(database: str, tell: Callable[[str], None]) -> AbstractContextManager[str]:
    """Give the address at which to make the tables that replace those of a database when the block ends."""
    from backend.store.postgres.replacing import replace_tables

    return replace_tables(database, tell)


@contextmanager
def hold_database(database: str) -> Iterator[None]:
    """Hold a PostgreSQL database alone. Raises StoreError if a console uses it."""
    try:
        from backend.store.postgres.tables import hold_alone
    except ImportError as error:
        raise StoreError(NO_DRIVER.format(error=error)) from error
    with hold_alone(database):
        yield
