"""Cloud mode's components, wired together for the console, server and command line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from backend.aliyun.background_tasks import BackgroundTasks
from backend.aliyun.callbacks import EventHandler, check_signature, read_event
from backend.aliyun.client import Client
from backend.aliyun.doctor import Check, examine
from backend.aliyun.drift import mend
from backend.aliyun.event_delivery import Way, set_callback
from backend.aliyun.intents import IntentSettler
from backend.aliyun.machine_review import MachineReviews
from backend.aliyun.media import CloudMedia
from backend.aliyun.mns import Queue
from backend.aliyun.prefetch import CloudCache, Quota
from backend.aliyun.pull import Pulls
from backend.aliyun.reconciler import Reconciler
from backend.aliyun.refresh import Refreshes
from backend.aliyun.renditions import Renditions
from backend.aliyun.snapshots import SnapshotJobs
from backend.aliyun.sync import Sync
from backend.aliyun.transcode import Transcodes
from backend.aliyun.upload import Sender
from backend.aliyun.usage import UsageReader
from backend.aliyun.verdict_outbox import VerdictOutbox
from backend.errors import Refused
from backend.jobs.runner import Done
from backend.media.local import LocalMedia
from backend.model import SECONDS_A_DAY, Actor, Job, JobKind
from backend.prewarm.ssrf import host_port
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.store import Store

log = logging.getLogger(__name__)


class Cloud:
    """This console's Alibaba account."""

    def __init__(
        self, settings: Settings, store: Store, local: LocalMedia, clock: Callable[[], float],
        client: Client | None = None, poll_seconds: float | None = None,
    ) -> None:  # fmt: skip
        """`poll_seconds` overrides the poll interval of all job kinds."""
        self._settings, self._store, self._clock = settings, store, clock
        self.client = client or Client(settings)
        groups = {JobKind.TRANSCODE: settings.template_group, JobKind.NARROW: settings.narrow_template_group}
        pace = {} if poll_seconds is None else {"poll_seconds": poll_seconds}
        transcodes = Transcodes(self.client, store.cloud, groups, **pace)
        pictures = SnapshotJobs(self.client, store.cloud, clock, **pace)
        renditions = Renditions(self.client, store)
        signed_here = settings.prewarm_hosts if settings.url_auth_key else ()
        self.media = CloudMedia(self.client, store.cloud, local, transcodes, pictures, renditions, clock, signed_here)
        self.sender = Sender(self.media.uploads, local.files)
        self.pulls = Pulls(self.client, store, clock, **pace)
        self.cache = CloudCache(
            self.client, store.cloud, settings.prewarm_service, settings.prewarm_hosts, self._batch, clock,
            region=settings.prewarm_region, **pace,
        )  # fmt: skip
        self.poll_now: Callable[[str], None] = lambda _video_id: None  # set by the worker
        self.reviews = MachineReviews(self.client, store, settings.review_template, clock)
        self.event_handler = EventHandler(
            self.client, store, self.media, renditions, self.reviews, settings.review,
            lambda video_id: self.poll_now(video_id), clock,
        )  # fmt: skip
        trash_seconds = settings.trash_days * SECONDS_A_DAY
        public = host_port(settings.public_url) if settings.public_url else ""
        self.refreshes = Refreshes(
            self.client, store, settings.prewarm_service, settings.prewarm_hosts, clock,
            feed=public if public in settings.prewarm_hosts else "",
        )  # fmt: skip
        settler = IntentSettler(
            self.client, store, self.media, self.event_handler, clock, trash_seconds, self.reviews, self.refreshes
        )
        reconciler = Reconciler(self.client, store, self.event_handler, clock)
        self.usage = UsageReader(self.client, store.usage, settings, self.cache, clock)
        self.background = BackgroundTasks(
            store, self.event_handler, settler, VerdictOutbox(store, self.media), reconciler, self.usage, clock
        )
        self.queue = None
        if settings.mns_queue:
            self.queue = Queue(settings.mns_endpoint, settings.mns_queue, self.client.keys)
            self.background.listen(self.take_messages)
        self.sync = Sync(self.client, store, clock, self.event_handler.unreviewed)

    def take_callback(self, headers: Mapping[str, str], raw: bytes) -> None:
        """Queue an event for processing. Raises Refused if it is unsigned or invalid."""
        check_signature(self._settings, headers, self._clock())
        kind, target, body = read_event(raw)
        self._store.cloud.enqueue_event(kind, target, body)

    def take_messages(self) -> int:
        """Queue the events in the MNS queue, using long polling; return their number.

        A message is deleted after its event is stored; otherwise MNS delivers it again. Raises CloudError.
        """
        count = 0
        while self.queue is not None and (message := self.queue.receive()):
            try:
                self._store.cloud.enqueue_event(*read_event(message.body))
            except Refused as error:
                log.warning("a message in the queue %s is not a VOD event: %s", self._settings.mns_queue, error)
            self.queue.delete(message)
            count += 1
        return count

    def set_callback(self, way: str) -> str:
        """Configure how VOD delivers events (http, mns), and return the previous destination.

        Raises BadRequest if settings are missing, and CloudError.
        """
        return set_callback(self.client, self._settings, Way(way))

    def settle_upload(self, job: Job, outcome: Done) -> None:
        """Queue the jobs that follow an upload, and delete the local file."""
        self._store.cloud_catalogue.note_upload(job.video_id, outcome.files[0])
        self.media.clear(job.video_id)

    def settle_pull(self, job: Job, outcome: Done) -> None:
        """Add a video that VOD fetched, and queue the following jobs. Raises CloudError and NotFound."""
        self.pulls.settle(job, outcome, self.event_handler.unreviewed)

    def quota(self) -> Quota:
        return self.cache.quota()

    def mend(self, video_id: str, what: str, side: str, actor: Actor) -> None:
        """Resolve a difference; `side` (here, there) is the one to keep. Raises NotFound, Conflict, CloudError."""
        mend(self.client, self._store, self.media, video_id, what, side, actor)

    def examine(self) -> Iterator[Check]:
        """Check everything cloud mode needs, and say how to fix problems."""
        return examine(self.client, self._settings, self._store)

    def close(self) -> None:
        self.media.addresses.close()
        if self.queue is not None:
            self.queue.close()

    def _batch(self, job_id: str) -> list[str]:
        urls: list[Any] = self._store.jobs.get_job(job_id).payload["urls"]
        return urls
