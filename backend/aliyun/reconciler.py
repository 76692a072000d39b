"""Reconciliation with VOD for missed events: recent changes, recommended videos, and slowly everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from backend.aliyun.callbacks import EventHandler
from backend.aliyun.categories import Categories
from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, has_code
from backend.aliyun.mapping import second, utc, video_of
from backend.aliyun.sync import FIELDS, THE_END, VOD, confirmed, read_item
from backend.errors import CloudError
from backend.model import SECONDS_A_DAY, CensorStatus, TranscodeStatus, Video, VideoFilter, VideoStatus
from backend.model.cloud import VERDICT_EVENT
from backend.model.limits import FIRST_SECOND

if TYPE_CHECKING:
    from backend.store import Store

IDS_A_CALL = 20  # GetVideoInfos
PAGE = 100  # SearchMedia
MAX_PAGES = 50  # SearchMedia pages reach 5,000 results; the next run continues after them
OVERLAP_SECONDS = 600  # the search index lags by some minutes
FIRST_SECONDS = SECONDS_A_DAY  # range of the very first run
UPLOAD_SECONDS = SECONDS_A_DAY  # abandoned uploads cause no event
WEEK_SECONDS = 7 * SECONDS_A_DAY
RECENT, WALK, FEED = "recent", "reconciliation", "feed"
NOT_THERE = (VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL)


class Reconciler:
    """Compares the catalogue with VOD and queues missed events."""

    def __init__(self, client: Client, store: Store, event_handler: EventHandler, clock: Callable[[], float]) -> None:
        self._client, self._store, self._event_handler, self._clock = client, store, event_handler, clock

    def sync_changes(self) -> int:
        """Apply new and changed videos since the last run; return how many.

        Makes one call if little changed. Raises CloudError.
        """
        now, count = self._clock(), 0
        since = str(self._store.cloud.cursor(RECENT).get("since") or utc(now - FIRST_SECONDS))
        latest = utc(now - OVERLAP_SECONDS)
        for items in self._search_changes(since):
            count += len(items)
            found = [read_item(item, int(now)) for item in items]
            self._take_in(confirmed(self._client, self._store, found, int(now)))
            modified = second(str((items[-1].get("Video") or {}).get("ModificationTime") or ""))
            latest = max(since, utc((modified or now) - OVERLAP_SECONDS))
        self._store.cloud.save_cursor(RECENT, {"since": max(since, latest)})
        return count

    def sync_categories(self) -> int:
        """Apply VOD's category tree; return how many categories changed. Raises CloudError."""
        return self._store.categories.apply_provider_tree(Categories(self._client).read(), VOD)

    def reconcile_recommended(self, most: int = 2000) -> int:
        """Compare up to `most` recommended videos, continuing the last run; return how many. Raises CloudError."""
        page = int(self._store.cloud.cursor(FEED).get("page", 1))
        entries = self._store.catalogue.find_recommendations(VideoFilter(), page, most).items
        for start in range(0, len(entries), IDS_A_CALL):
            self._compare([entry.video for entry in entries[start : start + IDS_A_CALL]])
        self._store.cloud.save_cursor(FEED, {"page": page + 1 if len(entries) == most else 1})
        return len(entries)

    def reconcile_batch(self) -> int:
        """Compare the next batch of all videos; return how many. Raises CloudError."""
        before = self._store.cloud.cursor(WALK).get("before")
        videos, then = self._store.cloud_catalogue.next_batch(before, IDS_A_CALL)
        if videos:
            self._compare(videos)
        if then is None:
            self.expire_uploads(FIRST_SECOND)
        self._store.cloud.save_cursor(WALK, {"before": then})
        return len(videos)

    def expire_uploads(self, since: int | None = None) -> int:
        """Expire uploads without news for a day: those whose file has arrived continue, the others fail.

        Checks the last week, or everything after `since`. Returns how many. Raises CloudError.
        """
        before, count = int(self._clock()) - UPLOAD_SECONDS, 0
        since = before - WEEK_SECONDS if since is None else since
        while ids := self._store.cloud_catalogue.stale_uploads(since, before, IDS_A_CALL):
            infos, gone = self._ask(ids)
            waits = [str(info["VideoId"]) for info in infos if info.get("Status") in NOT_THERE]
            self._store.cloud_catalogue.expire_uploads([*gone, *waits], VOD)
            found = [info for info in infos if info.get("Status") not in NOT_THERE]
            self._take_in([video_of(info, int(self._clock())) for info in found])
            count += len(ids)
        return count

    def _search_changes(self, since: str) -> Iterator[list[dict[str, Any]]]:
        for page in range(1, MAX_PAGES + 1):
            answer = self._client.call("SearchMedia", {
                "SearchType": "video", "Fields": FIELDS, "SortBy": "ModificationTime:Asc", "PageSize": PAGE,
                "PageNo": page, "Match": f"ModificationTime = ['{since}','{THE_END}')",
            }, expect="Total")  # fmt: skip
            items = answer.get("MediaList") or []
            if items:
                yield items
            if len(items) < PAGE:
                return

    def _compare(self, videos: list[Video]) -> None:
        infos, gone = self._ask([video.video_id for video in videos])
        now = int(self._clock())
        self._store.cloud_catalogue.note_missing(gone)
        self._take_in([video_of(info, now) for info in infos])

    def _ask(self, ids: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
        try:
            answer = self._client.call("GetVideoInfos", {"VideoIds": ",".join(ids)})
        except CloudError as error:
            if has_code(error, *GONE):
                return [], ids
            raise
        return answer.get("VideoList") or [], [str(one) for one in answer.get("NonExistVideoIds") or []]

    def _take_in(self, found: list[Video]) -> None:
        """Queue missed events of these videos and update known ones; new videos are added by their event."""
        known = self._store.catalogue.find_known([video.video_id for video in found])
        for video in found:
            if here := known.get(video.video_id):
                missed = missed_events(here, video)
            else:
                missed = [] if video.status in NOT_THERE else ["FileUploadComplete"]
            for type_ in missed:
                self._store.cloud.expect_event(type_, video.video_id)
        self._store.cloud_catalogue.upsert(
            [video for video in found if video.video_id in known], unreviewed=self._event_handler.unreviewed
        )


def missed_events(here: Video, there: Video) -> list[str]:
    """Return the event types that must have been missed, given the states here and at VOD.

    Blocking is not included: on a contradicting status the catalogue fetches VOD's verdict itself.
    """
    missed = []
    if here.status in NOT_THERE and there.status not in NOT_THERE:
        missed.append("FileUploadComplete")
    if there.status is not VideoStatus.NORMAL:
        return missed
    if here.censor_status in (CensorStatus.CHECK, CensorStatus.ON_CENSOR):
        missed.append(VERDICT_EVENT)
    waits = TranscodeStatus.RUNNING in (here.transcode_status, here.narrow_transcode_status)
    if waits or not (here.renditions or here.encrypted):
        missed.append("TranscodeComplete")
    return missed
