"""Background synchronization with VOD, with separate threads for tasks that must not delay each other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from backend.aliyun.callbacks import EventHandler, NotYet
from backend.aliyun.intents import IntentSettler
from backend.aliyun.reconciler import Reconciler
from backend.aliyun.usage import UsageReader
from backend.aliyun.verdict_outbox import VerdictOutbox
from backend.errors import CloudError, NotFound
from backend.jobs.periodic import PeriodicCall
from backend.model import SECONDS_A_DAY
from backend.model.cloud import REFRESHES, REVIEWS, Event

if TYPE_CHECKING:
    from backend.store import Store

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0
FIRST_PAUSE, MAX_PAUSE = 5.0, 600.0  # seconds until an event is retried
MAX_EVENT_SECONDS = 7 * SECONDS_A_DAY
OLD_SECONDS = 30.0  # age of an intent whose writer must have given up
CHANGES_SECONDS = 120.0  # between checks for changes at VOD
CATEGORIES_SECONDS = 300.0
RECOMMENDED_SECONDS = 240.0
UPLOADS_SECONDS = 600.0
USAGE_SECONDS = 900.0  # between usage queries; hourly figures arrive an hour late
QUEUE_SECONDS = 3.0  # after the queue was empty or unavailable
WALK_SECONDS = 5.0  # between batches of the full scan: 1 M videos take three days
PRUNE_SECONDS = 6 * 3600.0
KEPT_SECONDS = 30 * SECONDS_A_DAY  # retention of finished records
FOLLOWERS = 2  # event threads, so that one hanging video does not delay the others


class BackgroundTasks:
    """Runs the periodic background tasks of cloud mode."""

    def __init__(
        self, store: Store, event_handler: EventHandler, settler: IntentSettler, outbox: VerdictOutbox,
        reconciler: Reconciler, usage: UsageReader, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._outbox = outbox
        self._store, self._event_handler, self._settler, self._reconciler = store, event_handler, settler, reconciler
        self._clock = clock
        followers = [PeriodicCall(f"vod-events-{n}", STEP_SECONDS, self.process_events) for n in range(FOLLOWERS)]
        looks = (
            ("vod-changes", CHANGES_SECONDS, reconciler.sync_changes),
            ("vod-categories", CATEGORIES_SECONDS, reconciler.sync_categories),
            ("vod-recommended", RECOMMENDED_SECONDS, reconciler.reconcile_recommended),
            ("vod-uploads", UPLOADS_SECONDS, reconciler.expire_uploads),
            ("vod-walk", WALK_SECONDS, reconciler.reconcile_batch),
        )
        self._threads: tuple[PeriodicCall, ...] = (
            *followers,
            PeriodicCall("vod-intents", STEP_SECONDS, self.finish_intents),
            PeriodicCall("vod-usage", USAGE_SECONDS, usage.refresh),
            PeriodicCall("vod-reviews", STEP_SECONDS, self.finish_reviews),
            PeriodicCall("vod-verdicts", STEP_SECONDS, self.send_verdicts),
            PeriodicCall("cdn-refreshes", STEP_SECONDS, self.refresh_caches),
            PeriodicCall("vod-prune", PRUNE_SECONDS, lambda: store.cloud.prune(KEPT_SECONDS)),
            *(PeriodicCall(name, seconds, _patient(look), store.leading) for name, seconds, look in looks),
        )

    def listen(self, take_messages: Callable[[], object]) -> None:
        """Also read an event queue, by long polling."""
        self._threads = (*self._threads, PeriodicCall("vod-queue", QUEUE_SECONDS, _patient(take_messages)))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Stop all tasks, waiting at most this many seconds for running ones."""
        for thread in self._threads:
            thread.stop(0.0)
        for thread in self._threads:
            thread.stop(timeout / len(self._threads))

    def process_events(self) -> int:
        """Process due events until VOD stops responding; return their number."""
        count = 0
        while event := self._store.cloud.claim_event():
            count += 1
            try:
                self._event_handler.handle(event)
            except (CloudError, NotYet) as error:
                self._postpone(event, error)
                if isinstance(error, CloudError) and error.passing:
                    break  # further calls would fail too
                continue
            except NotFound:
                pass  # deleted here in the meantime
            except Exception as error:  # the other events are processed nevertheless
                log.exception("an event (%s) of %s cannot be processed", event.type, event.target)
                self._postpone(event, error)
                continue
            self._store.cloud.complete_event(event)
        return count

    def finish_intents(self, older_than: float = OLD_SECONDS) -> int:
        """Complete intents that VOD executed and delete the others; return how many were settled."""
        return self._settler.settle(older_than)

    def finish_reviews(self) -> int:
        """Poll submitted machine reviews; return how many have finished."""
        return self._settler.settle(0.0, REVIEWS)

    def send_verdicts(self) -> int:
        """Tell VOD of verdicts recorded at the review desk; return how many it accepted."""
        return self._outbox.send()

    def refresh_caches(self) -> int:
        """Run pending CDN refreshes; return how many videos are finished."""
        return self._settler.settle(0.0, REFRESHES)

    def sync_changes(self) -> int:
        """Apply new and changed videos from VOD; return how many. Raises CloudError."""
        return self._reconciler.sync_changes()

    def sync_categories(self) -> int:
        """Apply VOD's category tree; return how many categories changed. Raises CloudError."""
        return self._reconciler.sync_categories()

    def reconcile_recommended(self) -> int:
        """Compare recommended videos with VOD; return how many. Raises CloudError."""
        return self._reconciler.reconcile_recommended()

    def expire_uploads(self) -> int:
        """Expire uploads without news for a day; return how many. Raises CloudError."""
        return self._reconciler.expire_uploads()

    def reconcile_batch(self) -> int:
        """Compare the next batch of all videos with VOD; return how many. Raises CloudError."""
        return self._reconciler.reconcile_batch()

    def _postpone(self, event: Event, error: Exception) -> None:
        """Retry an event with exponential back-off; after a week it cannot report anything the full scan has not
        seen.
        """
        if self._clock() - event.received > MAX_EVENT_SECONDS:
            log.warning("an event (%s) of %s was given up: %s", event.type, event.target, error)
            self._store.cloud.complete_event(event)
            return
        pause = min(FIRST_PAUSE * 2 ** min(event.tries - 1, 10), MAX_PAUSE)
        self._store.cloud.postpone_event(event, pause)


def _patient(look: Callable[[], object]) -> Callable[[], None]:
    """Ignore a failing call to VOD: the next run sees the same data."""

    def step() -> None:
        try:
            look()
        except CloudError as error:
            log.info("the reconciliation will resume later: %s", error)

    return step
