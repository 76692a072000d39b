"""Full import of VOD's catalogue, oldest first; it can be interrupted and resumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backend.aliyun.categories import Categories
from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, has_code
from backend.aliyun.mapping import user_of, video_of
from backend.errors import CloudError
from backend.model import Actor, CensorStatus, Video, VideoStatus

if TYPE_CHECKING:
    from backend.store import Store

CURSOR = "sync"
VOD = Actor("vod", "callback")
PAGE = 100
FIELDS = "Title,CoverURL,Status,Size,Duration,CateId,CateName,Tags,Description,CreationTime,ModificationTime"
THE_END = "2999-01-01T00:00:00Z"
IDS_A_CALL = 20
UNSEEN = 1000
CALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """Progress of the import: `total` is VOD's count, `missing` are local videos that VOD does not have."""

    seen: int = 0
    total: int = 0
    new: int = 0
    changed: int = 0
    differing: int = 0
    missing: int = 0
    done: bool = False


class Sync:
    """Runs the import, saving its cursor after every page."""

    def __init__(
        self, client: Client, store: Store, clock: Callable[[], float],
        unreviewed: CensorStatus = CensorStatus.CHECK,
    ) -> None:  # fmt: skip
        """`unreviewed` is the review state of new videos without a verdict at VOD."""
        self._client, self._store, self._clock, self._unreviewed = client, store, clock, unreviewed

    def run(
        self, report: Callable[[SyncProgress], None], *, afresh: bool = False, accept_playable: bool = False
    ) -> SyncProgress:
        """Run to the end, resuming an interrupted run.

        Raises CloudError; finished pages are kept. With `accept_playable`, new videos that are playable at VOD count as
        reviewed, for accounts whose videos were reviewed elsewhere.
        """
        cursor = {} if afresh else self._store.cloud.cursor(CURSOR)
        if not cursor or cursor.get("done"):
            cursor = {"run": int(cursor.get("run", 0)) + 1 if cursor else int(self._clock()), "page": 1}
        cursor["accept"] = accept_playable
        self._store.categories.apply_provider_tree(Categories(self._client).read(), VOD)
        while not cursor.get("last"):
            cursor = self._step(cursor)
            self._store.cloud.save_cursor(CURSOR, cursor)
            report(_progress(cursor))
        cursor = {**cursor, "missing": self._find_missing(int(cursor["run"])), "done": True}
        self._store.cloud.save_cursor(CURSOR, cursor)
        report(_progress(cursor))
        return _progress(cursor)

    def progress(self) -> SyncProgress:
        """Return the progress of the last run."""
        return _progress(self._store.cloud.cursor(CURSOR))

    def _step(self, cursor: dict[str, Any]) -> dict[str, Any]:
        """Import one page and return the new cursor."""
        try:
            answer = self._search(cursor)
        except CloudError as error:
            if not cursor.get("token") or error.passing:
                raise
            # The scroll token has expired; resume from the time of the last video.
            cursor = {**cursor, "token": "", "page": 1, "since": cursor["last_time"]}
            answer = self._search(cursor)
        now = int(self._clock())
        found = self._owned([read_item(item, now) for item in answer.get("MediaList") or []])
        found = confirmed(self._client, self._store, found, now)
        if cursor.get("accept"):
            found = [_accepted(video) for video in found]
        entered = self._store.cloud_catalogue.upsert(found, int(cursor["run"]), unreviewed=self._unreviewed)
        total = int(answer.get("Total") or 0)
        if not cursor.get("since"):
            cursor = {**cursor, "total": total}
        return {
            **cursor,
            "seen": cursor.get("seen", 0) + len(found),
            "new": cursor.get("new", 0) + entered.new,
            "changed": cursor.get("changed", 0) + entered.changed,
            "differing": cursor.get("differing", 0) + entered.differing,
            "token": str(answer.get("ScrollToken") or ""),
            "page": int(cursor["page"]) + 1,
            "last_time": _time_of(answer) or cursor.get("last_time", ""),
            "last": len(found) < PAGE,
        }

    def _owned(self, found: list[Video]) -> list[Video]:
        """Add owners to new videos; search results do not include them."""
        known = self._store.catalogue.find_titles(video.video_id for video in found)
        new, owners = [video.video_id for video in found if video.video_id not in known], {}
        for start in range(0, len(new), IDS_A_CALL):
            wanted = {"VideoIds": ",".join(new[start : start + IDS_A_CALL])}
            try:
                answer = self._client.call("GetVideoInfos", wanted, seconds=CALL_SECONDS)
            except CloudError as error:
                if not has_code(error, *GONE):
                    raise
                continue
            infos = answer.get("VideoList") or []
            owners.update({str(info.get("VideoId")): user_of(info.get("UserData")) for info in infos})
        return [replace(video, user=owners.get(video.video_id, video.user)) for video in found]

    def _search(self, cursor: dict[str, Any]) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            "SearchType": "video", "Fields": FIELDS, "SortBy": "CreationTime:Asc", "PageSize": PAGE,
            "PageNo": cursor["page"],
        }  # fmt: skip
        if cursor.get("since"):
            wanted["Match"] = f"CreationTime = ['{cursor['since']}','{THE_END}')"
        if cursor.get("token"):
            wanted["ScrollToken"] = cursor["token"]
        return self._client.call("SearchMedia", wanted, expect="Total", seconds=CALL_SECONDS)

    def _find_missing(self, run: int) -> int:
        """Check videos that the import did not see, record those missing at VOD, and return how many."""
        missing, after = 0, ""
        while ids := self._store.cloud_catalogue.not_seen_in(run, after, UNSEEN):
            for start in range(0, len(ids), IDS_A_CALL):
                gone = self._gone(ids[start : start + IDS_A_CALL])
                self._store.cloud_catalogue.note_missing(gone)
                missing += len(gone)
            after = ids[-1]
        return missing

    def _gone(self, ids: list[str]) -> list[str]:
        try:
            answer = self._client.call("GetVideoInfos", {"VideoIds": ",".join(ids)}, seconds=CALL_SECONDS)
        except CloudError as error:
            if has_code(error, *GONE):
                return ids
            raise
        return [str(one) for one in answer.get("NonExistVideoIds") or []]


def confirmed(client: Client, store: Store, found: list[Video], now: int) -> list[Video]:
    """Replace search results whose category or cover differs here with current data from VOD.

    The search index lags by some minutes and would revert recent changes. Raises CloudError.
    """
    ids = store.cloud_catalogue.find_changed(found)
    sure: dict[str, Video] = {}
    for start in range(0, len(ids), IDS_A_CALL):
        try:
            wanted = {"VideoIds": ",".join(ids[start : start + IDS_A_CALL])}
            answer = client.call("GetVideoInfos", wanted, seconds=CALL_SECONDS)
        except CloudError as error:
            if not has_code(error, *GONE):
                raise
            continue
        sure |= {video.video_id: video for info in answer.get("VideoList") or [] for video in [video_of(info, now)]}
    return [sure.get(video.video_id, video) for video in found]


def read_item(item: dict[str, Any], now: int) -> Video:
    """Build a video from an item of SearchMedia."""
    known = {"VideoId": item.get("MediaId"), "CreationTime": item.get("CreationTime")}
    return video_of({**known, **(item.get("Video") or {})}, now)


def _accepted(video: Video) -> Video:
    playable = video.status is VideoStatus.NORMAL and video.censor_status is CensorStatus.CHECK
    return replace(video, censor_status=CensorStatus.SUCCESS) if playable else video


def _time_of(answer: dict[str, Any]) -> str:
    items = answer.get("MediaList") or [{}]
    return str(items[-1].get("CreationTime") or "")


def _progress(cursor: dict[str, Any]) -> SyncProgress:
    names = ("seen", "total", "new", "changed", "differing", "missing")
    return SyncProgress(**{name: int(cursor.get(name, 0)) for name in names}, done=bool(cursor.get("done")))
