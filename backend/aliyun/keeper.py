"""Keeps the catalogue in step with VOD, in the background: one thread each for what must not wait for the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from backend.aliyun.callbacks import Follower, NotYet
from backend.aliyun.reconciler import Reconciler
from backend.aliyun.settle import Settler
from backend.aliyun.usage import UsageReader
from backend.errors import CloudError, NotFound
from backend.jobs.periodic import PeriodicCall
from backend.model import SECONDS_A_DAY
from backend.model.cloud import REFRESHES, REVIEWS, Event

if TYPE_CHECKING:
    from backend.store import Store

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0
FIRST_PAUSE, MAX_PAUSE = 5.0, 600.0  # seconds until an event is followed up again
MAX_EVENT_SECONDS = 7 * SECONDS_A_DAY
OLD_SECONDS = 30.0  # an intent: whoever wrote it has given up by then
CHANGES_SECONDS = 120.0  # between two looks at what changed at VOD
CATEGORIES_SECONDS = 300.0
RECOMMENDED_SECONDS = 240.0
UPLOADS_SECONDS = 600.0
USAGE_SECONDS = 900.0  # between two questions about the account's usage; figures of an hour come an hour late
QUEUE_SECONDS = 3.0  # after a queue was empty, or did not answer
WALK_SECONDS = 5.0  # between two batches of the walk: 1 M videos take three days
PRUNE_SECONDS = 6 * 3600.0
KEPT_SECONDS = 30 * SECONDS_A_DAY  # what Alibaba was asked, after it ended
FOLLOWERS = 2  # threads that follow up events: one video that hangs does not keep the others waiting


class Keeper:
    """Does what nobody waits for."""

    def __init__(
        self, store: Store, follower: Follower, settler: Settler, reconciler: Reconciler, usage: UsageReader,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._store, self._follower, self._settler, self._reconciler = store, follower, settler, reconciler
        self._clock = clock
        followers = [PeriodicCall(f"vod-events-{n}", STEP_SECONDS, self.follow_events) for n in range(FOLLOWERS)]
        looks = (
            ("vod-changes", CHANGES_SECONDS, reconciler.look_at_changes),
            ("vod-categories", CATEGORIES_SECONDS, reconciler.look_at_categories),
            ("vod-recommended", RECOMMENDED_SECONDS, reconciler.look_at_recommended),
            ("vod-uploads", UPLOADS_SECONDS, reconciler.end_uploads),
            ("vod-walk", WALK_SECONDS, reconciler.look_round),
        )
        self._threads: tuple[PeriodicCall, ...] = (
            *followers,
            PeriodicCall("vod-intents", STEP_SECONDS, self.finish_intents),
            PeriodicCall("vod-usage", USAGE_SECONDS, usage.refresh),
            PeriodicCall("vod-reviews", STEP_SECONDS, self.finish_reviews),
            PeriodicCall("cdn-refreshes", STEP_SECONDS, self.refresh_caches),
            PeriodicCall("vod-prune", PRUNE_SECONDS, lambda: store.cloud.prune(KEPT_SECONDS)),
            *(PeriodicCall(name, seconds, _patient(look)) for name, seconds, look in looks),
        )

    def listen(self, take_messages: Callable[[], object]) -> None:
        """Read a queue of events too, which holds its answer back while there are none."""
        self._threads = (*self._threads, PeriodicCall("vod-queue", QUEUE_SECONDS, _patient(take_messages)))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Begin nothing new, and wait at most so many seconds for what is under way."""
        for thread in self._threads:
            thread.stop(0.0)
        for thread in self._threads:
            thread.stop(timeout / len(self._threads))

    def follow_events(self) -> int:
        """Follow up the events that are due, until VOD stops answering; return how many those were."""
        count = 0
        while event := self._store.cloud.take_event():
            count += 1
            try:
                self._follower.follow(event)
            except (CloudError, NotYet) as error:
                self._postpone(event, error)
                if isinstance(error, CloudError) and error.passing:
                    break  # the next event would fare no better
                continue
            except NotFound:
                pass  # deleted here meanwhile
            except Exception as error:
                log.exception("an event (%s) of %s cannot be followed", event.type, event.target)
                self._postpone(event, error)
                continue
            self._store.cloud.end_event(event)
        return count

    def finish_intents(self, older_than: float = OLD_SECONDS) -> int:
        """Finish here what VOD did, and forget what it did not; return how many were settled."""
        return self._settler.settle(older_than)

    def finish_reviews(self) -> int:
        """Ask how machine reviews stand that were submitted; return how many are over."""
        return self._settler.settle(0.0, REVIEWS)

    def refresh_caches(self) -> int:
        """Refresh caches after blocking and deleting; return how many videos are finished."""
        return self._settler.settle(0.0, REFRESHES)

    def look_at_changes(self) -> int:
        """Take in what is new or changed at VOD; return how many videos those were. Raises CloudError."""
        return self._reconciler.look_at_changes()

    def look_at_categories(self) -> int:
        """Let the tree of categories be VOD's; return how many changed. Raises CloudError."""
        return self._reconciler.look_at_categories()

    def look_at_recommended(self) -> int:
        """Compare what is recommended with VOD; return how many videos were seen. Raises CloudError."""
        return self._reconciler.look_at_recommended()

    def end_uploads(self) -> int:
        """End the uploads that nothing was heard of for a day; return how many those were. Raises CloudError."""
        return self._reconciler.end_uploads()

    def look_round(self) -> int:
        """Compare the next batch of all videos with VOD; return how many were seen. Raises CloudError."""
        return self._reconciler.look_round()

    def _postpone(self, event: Event, error: Exception) -> None:
        """Try an event again later and later; after a week it can tell nothing that the walk has not seen."""
        if self._clock() - event.received > MAX_EVENT_SECONDS:
            log.warning("an event (%s) of %s was given up: %s", event.type, event.target, error)
            self._store.cloud.end_event(event)
            return
        pause = min(FIRST_PAUSE * 2 ** min(event.tries - 1, 10), MAX_PAUSE)
        self._store.cloud.postpone_event(event, pause)


def _patient(look: Callable[[], object]) -> Callable[[], None]:
    """Let a look end where VOD does not answer: the next one sees the same again."""

    def step() -> None:
        try:
            look()
        except CloudError as error:
            log.info("the reconciliation goes on later: %s", error)

    return step
