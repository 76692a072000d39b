"""Videos and recommendations: queries and changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import asdict, replace

from backend.errors import NotFound
from backend.model import (
    Actor,
    CensorStatus,
    HistoryLine,
    JobKind,
    Missing,
    Page,
    Recommendation,
    RowPage,
    RowVersion,
    Sort,
    User,
    Verdict,
    Video,
    VideoFilter,
)
from backend.model.programme import FEED, Scheduling
from backend.store import (
    categories,
    entries,
    facets,
    history,
    inserts,
    job_rows,
    kept_in_trash,
    lineups,
    recommending,
    reviews,
    stale_changes,
)
from backend.store.cloud import finish_intents
from backend.store.cloud_refreshes import queue_refresh, retry_refresh_now
from backend.store.engine import Database, Engine
from backend.store.entries import NO_RECOMMENDATION
from backend.store.facets import Facets
from backend.store.feed_clock import FeedClock, read_clock
from backend.store.folding import fold, marked_tags
from backend.store.rows import (
    AT,
    as_json,
    check_whole,
    read_own,
    read_recommendation,
    read_recommendations_at,
    read_video,
    read_videos,
    read_videos_at,
)

EXPORT_CHUNK = 500
CATEGORY = ("cate_id", "cate_name")
_NOTHING: dict[str, Any] = {}


class Catalogue:
    """Queries and changes of videos and the recommended feed."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    # Queries

    def find_videos(self, wanted: VideoFilter, index: int = 1, size: int = 10, sort: Sort = Sort.NEWEST) -> Page[Video]:
        """Return page `index` (from 1) of matching videos, and the exact total."""
        found = self.list_videos(wanted, index, size, sort)
        return Page(found.total, found.rows)

    def find_recommendations(
        self, wanted: VideoFilter, index: int = 1, size: int = 10, sort: Sort = Sort.NEWEST
    ) -> Page[Recommendation]:
        """Return page `index` (from 1) of the recommended feed, matched by the values it shows, and the exact total."""
        found = self.list_recommendations(wanted, index, size, sort)
        return Page(found.total, found.rows)

    def list_videos(
        self, wanted: VideoFilter, index: int, size: int, sort: Sort, missing: Missing = list
    ) -> RowPage[Video]:
        """As find_videos, for callers with a row cache: `missing` selects the rows to read."""
        with self._engine.reading() as db:
            total, versions = self._find(db, self._engine.queries.VIDEOS, wanted, sort, index, size)
            return RowPage(total, versions, read_videos_at(db, [mark[0] for mark in missing(versions)]))

    def list_recommendations(
        self, wanted: VideoFilter, index: int, size: int, sort: Sort, missing: Missing = list
    ) -> RowPage[Recommendation]:
        """As find_recommendations, for callers with a row cache."""
        with self._engine.reading() as db:
            total, versions = self._find(db, self._engine.queries.FEED, wanted, sort, index, size)
            return RowPage(total, versions, read_recommendations_at(db, [mark[0] for mark in missing(versions)]))

    def settle(self, wanted: VideoFilter, *, of_feed: bool = False) -> VideoFilter:
        """Return a filter as the queries take it, which do not know the time: see `FeedClock.settle`."""
        with self._engine.reading() as db:
            return self._settle(db, wanted, of_feed)

    def _settle(self, db: Database, wanted: VideoFilter, of_feed: bool) -> VideoFilter:
        if wanted.state is None and wanted.recommended is None:
            return wanted
        now = self._now()
        clock: FeedClock = self._engine.cached_in(db, "clock", partial(read_clock, db, now))
        return clock.settle(wanted, now, of_feed=of_feed)

    def _find(
        self, db: Database, listing: Any, wanted: VideoFilter, sort: Sort, index: int, size: int
    ) -> tuple[int, list[RowVersion]]:
        queries = self._engine.queries
        wanted = self._settle(db, wanted, listing is queries.FEED)
        total = self._engine.cached_in(db, ("total", listing, wanted), lambda: queries.count(db, listing, wanted))
        return total, queries.find(db, listing, wanted, sort, index, size, total)

    def iterate_videos(self, wanted: VideoFilter) -> Iterator[Video]:
        """Yield all matching videos, newest first, in constant memory without a long transaction."""
        before, wanted = None, self.settle(wanted)
        while True:
            with self._engine.reading() as db:
                keys = self._engine.queries.keys_before(db, self._engine.queries.VIDEOS, wanted, before, EXPORT_CHUNK)
                videos = read_videos_at(db, keys)
            yield from videos
            if len(keys) < EXPORT_CHUNK:
                return
            before = keys[-1]

    def get_video(self, video_id: str) -> Video:
        """Return one video. Raises NotFound."""
        with self._engine.reading() as db:
            return read_video(db, video_id)

    def find_known(self, video_ids: Iterable[str]) -> dict[str, Video]:
        """Return the existing ones of these videos by id."""
        with self._engine.reading() as db:
            return read_videos(db, video_ids)

    def get_whole_video(self, video_id: str) -> Video:
        """Return one video. Raises NotFound, and Conflict if its upload is unfinished."""
        video = self.get_video(video_id)
        check_whole(video)
        return video

    def get_own_video(self, video_id: str, user_id: str) -> Video:
        """Return a video of this owner. Raises NotFound."""
        with self._engine.reading() as db:
            return read_own(db, video_id, user_id)

    def get_recommendation(self, video_id: str) -> Recommendation:
        """Return one entry of the recommended feed. Raises NotFound."""
        with self._engine.reading() as db:
            entry = read_recommendation(db, video_id)
            if entry is None:
                raise NotFound(NO_RECOMMENDATION, video_id=video_id)
            return entry

    def find_user(self, user_id: str) -> User | None:
        """Return the owner with this id, or None."""
        sql = "select user_id, user_name, avatar_url from users where user_id = ?"
        with self._engine.reading() as db:
            row = db.execute(sql, [user_id]).fetchone()
        return User(*row) if row else None

    def find_titles(self, video_ids: Iterable[str]) -> dict[str, str]:
        """Return the titles of these videos by id."""
        with self._engine.reading() as db:
            sql = f"select video_id, title from videos where {AT.format(key='video_id')}"
            return dict(db.fetch(sql, [as_json(video_ids)]))

    def count_facets(self, wanted: VideoFilter, most_users: int = 10) -> Facets:
        """Count matching videos by status, category and user."""
        with self._engine.reading() as db:
            wanted = self._settle(db, wanted, of_feed=False)
            count = partial(facets.count_facets, self._engine.queries, db, wanted, most_users)
            return self._engine.cached_in(db, ("facets", wanted, most_users), count)

    def settle_category(self, cate_id: int | None, cate_name: str | None) -> tuple[int, str]:
        """Resolve a category from its id, name or both. Raises BadRequest if they do not match."""
        with self._engine.reading() as db:
            return categories.settle(db, cate_id, cate_name)

    def is_empty(self) -> bool:
        with self._engine.reading() as db:
            return not list(db.query("select 1 from videos limit 1"))

    # Changes

    def add_video(self, video: Video, actor: Actor, *wanted: JobKind, settle: bool = False) -> Video:
        """Insert a new video with its files and user, and queue its jobs, in one transaction.

        With `settle`, its category is resolved as by `settle_category`. Raises BadRequest.
        """
        now = self._now()
        with self._engine.writing() as db:
            if settle:
                cate_id, cate_name = categories.settle(db, video.cate_id, video.cate_name or None)
                video = replace(video, cate_id=cate_id, cate_name=cate_name)
            inserts.add(db, [video])
            for kind in wanted:
                job_rows.enqueue(db, kind, now=now, video_id=video.video_id)
            history.append(db, at=now, actor=actor, action="uploadVideo", target=video.video_id, after=_noted(video))
            return read_video(db, video.video_id)

    def load_videos(
        self, videos: Sequence[Video], actor: Actor, other_categories: Mapping[int, str] | None = None
    ) -> list[str]:
        """Insert many videos and return the ids of those that already existed.

        Existing videos are not modified; of a repeated id the first is used. The batch is atomic and queues no jobs.
        Ten thousand videos make a good batch, since others cannot write meanwhile. They are inserted unchanged, except
        that a category given by its name or its id alone gets the other: see `categories.complete`.
        """
        now = self._now()
        with self._engine.writing(bulk=True) as db:
            new, known = inserts.split(db, videos)
            new = categories.complete(db, new, other_categories or {})
            inserts.add(db, new)
            changes = [(video.video_id, _NOTHING, _noted(video)) for video in new]
            history.append_many(db, at=now, actor=actor, action="importVideo", changes=changes)
            return known

    def check_seen(self, video_id: str, line: int | None) -> None:
        """Raise Conflict if somebody changed a video after this line of the history.

        The changes below take the line as `seen_line` and check again in their own transaction.
        """
        if line is not None:
            with self._engine.reading() as db:
                stale_changes.check(db, video_id, line)

    def find_decisions(self, video_ids: Sequence[str], line: int | None) -> list[HistoryLine]:
        """Return decisions on these videos after this line of the history, latest first."""
        if line is None or not video_ids:
            return []
        with self._engine.reading() as db:
            return stale_changes.find_since(db, video_ids, line)

    def record_audit(
        self, video_id: str, verdict: Verdict, reason: str, comment: str, actor: Actor, *,
        seen_line: int | None = None, reason_code: str = "",
    ) -> bool:  # fmt: skip
        """Record a person's verdict and its consequences atomically.

        False if the same verdict is current. Blocking removes the video from the recommended feed and invalidates its
        media URLs; approving a video that was never transcoded queues its rendition. Raises NotFound.
        """
        with self._engine.writing() as db:
            stale_changes.check(db, video_id, seen_line)
            return reviews.record(db, self._now(), video_id, verdict, reason, comment, actor, reason_code=reason_code)

    def finish_telling(self, video_id: str, *, start_rendition: bool) -> None:
        """Forget that the provider was to be told of a verdict, and start the rendition that an approval needs.

        Raises NotFound.
        """
        with self._engine.writing() as db:
            reviews.finish_telling(db, self._now(), video_id, start_rendition=start_rendition)

    def find_undone(self, video_id: str, request_id: str = "") -> CensorStatus:
        """Return the review state a video would have after `undo_audit`. Raises NotFound and Conflict."""
        with self._engine.reading() as db:
            return CensorStatus(reviews.read_last(db, read_video(db, video_id), request_id).before["censorStatus"])

    def undo_audit(self, video_id: str, actor: Actor, request_id: str = "") -> None:
        """Undo the last verdict and its consequences.

        Raises NotFound and Conflict. `request_id` restricts this to the verdict of that request.
        """
        with self._engine.writing() as db:
            reviews.undo(db, self._now(), video_id, request_id, actor)

    def recommend(
        self,
        video_id: str,
        shown: dict[str, Any],
        actor: Actor,
        *,
        narrow: bool = False,
        warm: Sequence[str] = (),
        at: int | None = None,
        seen_line: int | None = None,
        slot: str = FEED,
        wanted: Scheduling | None = None,
        revision: int | None = None,
    ) -> None:
        """Add a video to a slot of the programme or change its entry, and queue the requested jobs.

        `shown` has every column of the entry: None follows the catalogue. `narrow` queues the narrow-band job, `warm`
        are URLs to prewarm, `at` is the time of recommendation if not now. Without a start in `wanted`, an entry that
        is not live is live at once. Raises NotFound, BadRequest, and Conflict if the video has not passed review or
        somebody changed the slot after this revision.
        """
        with self._engine.writing() as db:
            stale_changes.check(db, video_id, seen_line)
            lineups.check(db, slot, revision)
            recommending.recommend(
                db, self._now(), video_id, shown, actor, narrow=narrow, warm=warm, at=at, slot=slot, wanted=wanted
            )

    def cancel_recommendation(
        self, video_id: str, actor: Actor, *, seen_line: int | None = None, slot: str = FEED,
        revision: int | None = None,
    ) -> None:  # fmt: skip
        """Remove a video from a slot. Raises NotFound if it is not in it, and Conflict as `recommend` does."""
        with self._engine.writing() as db:
            stale_changes.check(db, video_id, seen_line)
            lineups.check(db, slot, revision)
            recommending.cancel(db, self._now(), video_id, actor, slot)

    def delete_video(self, video_id: str, user_id: str, actor: Actor, *, seen_line: int | None = None) -> None:
        """Delete a video of this owner completely. Raises NotFound if this owner has no such video."""
        with self._engine.writing() as db:
            stale_changes.check(db, video_id, seen_line)
            finish_intents(db, "DeleteVideo", video_id)
            video = read_own(db, video_id, user_id)
            job_rows.cancel_all(db, video_id, now=self._now())
            if video.censor_status is not CensorStatus.FAIL:
                queue_refresh(db, video_id, video.files, "deleted", actor, self._now())
            entries.remove_everywhere(db, video_id, actor, self._now(), "deleteVideoById")
            db.execute("delete from videos where video_id = ?", [video_id])
            kept_in_trash.forget(db, video_id)
            before = {"title": video.title, "userId": user_id, "status": video.status, "size": video.size}
            history.append(db, at=self._now(), actor=actor, action="deleteVideoById", target=video_id, before=before)

    def refresh(self, video_id: str, actor: Actor) -> None:
        """Queue a CDN refresh of everything cached of a video, or retry a pending one now.

        Raises NotFound if there is neither.
        """
        with self._engine.writing() as db:
            if not retry_refresh_now(db, video_id):
                queue_refresh(db, video_id, read_video(db, video_id).files, "asked", actor, self._now())

    def edit_video(
        self,
        video_id: str,
        changes: dict[str, Any],
        actor: Actor,
        *,
        category: tuple[int | None, str | None] | None = None,
        seen_line: int | None = None,
    ) -> bool:
        """Change title, description, tags or category.

        False if nothing changed. Raises NotFound and BadRequest. `category` is resolved as by `settle_category`; in
        `changes` it would be stored unchecked.
        """
        with self._engine.writing() as db:
            video = asdict(read_video(db, video_id))
            stale_changes.check(db, video_id, seen_line)
            if category is not None:
                changes = {**changes, **dict(zip(CATEGORY, categories.settle(db, *category), strict=True))}
            changed = {key: value for key, value in changes.items() if video[key] != value}
            if not changed:
                return False
            row = {
                **changed, "title_folded": fold(changed.get("title", video["title"])),
                "tags_folded": marked_tags(changed.get("tags", video["tags"])),
            }  # fmt: skip
            assignments = ", ".join(f"{key} = :{key}" for key in row)
            db.execute(f"update videos set {assignments} where video_id = :id", {**row, "id": video_id})
            before = {key: video[key] for key in changed}
            history.append(
                db, at=self._now(), actor=actor, action="editVideo", target=video_id, before=before, after=changed
            )
            return True

    def _now(self) -> int:
        return int(self._clock())


def _noted(video: Video) -> dict[str, Any]:
    """Return the history's values for a new video."""
    return {"title": video.title, "userId": video.user.user_id, "size": video.size}
