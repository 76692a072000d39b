"""Videos and recommendations: finding them, and every change to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from msgspec.structs import asdict, replace

from backend.errors import Conflict, NotFound
from backend.model import (
    Actor,
    CensorStatus,
    HistoryLine,
    JobKind,
    Listed,
    Mark,
    Missing,
    Page,
    Recommendation,
    Sort,
    User,
    Verdict,
    Video,
    VideoFilter,
)
from backend.store import categories, facets, history, inserts, job_rows, reviews, seen
from backend.store.cloud import finish_intents
from backend.store.cloud_refreshes import hasten_refresh, queue_refresh
from backend.store.engine import Database, Engine
from backend.store.facets import Facets
from backend.store.folding import fold
from backend.store.rows import (
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

NO_RECOMMENDATION = "Video {video_id} is not recommended."


class Catalogue:
    """Every question about videos, and every change to one."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    # Finding

    def find_videos(self, wanted: VideoFilter, index: int = 1, size: int = 10, sort: Sort = Sort.NEWEST) -> Page[Video]:
        """Return page `index` (from 1) of the videos that match, and the exact total."""
        found = self.list_videos(wanted, index, size, sort)
        return Page(found.total, found.rows)

    def find_recommendations(
        self, wanted: VideoFilter, index: int = 1, size: int = 10, sort: Sort = Sort.NEWEST
    ) -> Page[Recommendation]:
        """Return page `index` (from 1) of the recommended feed, found by what it shows, and the exact total."""
        found = self.list_recommendations(wanted, index, size, sort)
        return Page(found.total, found.rows)

    def list_videos(
        self, wanted: VideoFilter, index: int, size: int, sort: Sort, missing: Missing = list
    ) -> Listed[Video]:
        """As find_videos, for whoever knows most of the rows already: `missing` says which are to be read, at once."""
        with self._engine.reading() as db:
            total, marks = self._find(db, self._engine.queries.VIDEOS, wanted, sort, index, size)
            return Listed(total, marks, read_videos_at(db, [mark[0] for mark in missing(marks)]))

    def list_recommendations(
        self, wanted: VideoFilter, index: int, size: int, sort: Sort, missing: Missing = list
    ) -> Listed[Recommendation]:
        """As find_recommendations, for whoever knows most of the rows already."""
        with self._engine.reading() as db:
            total, marks = self._find(db, self._engine.queries.FEED, wanted, sort, index, size)
            return Listed(total, marks, read_recommendations_at(db, [mark[0] for mark in missing(marks)]))

    def _find(
        self, db: Database, listing: Any, wanted: VideoFilter, sort: Sort, index: int, size: int
    ) -> tuple[int, list[Mark]]:
        queries = self._engine.queries
        total = self._engine.remembered(db, ("total", listing, wanted), lambda: queries.count(db, listing, wanted))
        return total, queries.find(db, listing, wanted, sort, index, size, total)

    def iterate_videos(self, wanted: VideoFilter) -> Iterator[Video]:
        """Yield every video that matches, newest first, in constant memory and without holding a transaction."""
        before = None
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
        """Return those of these videos that there are, by their ids."""
        with self._engine.reading() as db:
            return read_videos(db, video_ids)

    def get_whole_video(self, video_id: str) -> Video:
        """Return one video whose upload has finished. Raises NotFound, and Conflict where it has not."""
        video = self.get_video(video_id)
        check_whole(video)
        return video

    def get_own_video(self, video_id: str, user_id: str) -> Video:
        """Return a video of this owner. Raises NotFound when there is none of this owner."""
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
        """Return an owner of videos; None where nobody has this id."""
        sql = "select user_id, user_name, avatar_url from users where user_id = ?"
        with self._engine.reading() as db:
            row = db.execute(sql, [user_id]).fetchone()
        return User(*row) if row else None

    def find_titles(self, video_ids: Iterable[str]) -> dict[str, str]:
        """Return the titles of these videos by their ids."""
        wanted = list(video_ids)
        with self._engine.reading() as db:
            sql = f"select video_id, title from videos where video_id in ({', '.join('?' * len(wanted))})"
            return dict(db.fetch(sql, wanted))

    def count_facets(self, wanted: VideoFilter, most_users: int = 10) -> Facets:
        """Return how many of the videos that match fall to each status, category and user."""
        with self._engine.reading() as db:
            count = partial(facets.count_facets, self._engine.queries, db, wanted, most_users)
            return self._engine.remembered(db, ("facets", wanted, most_users), count)

    def settle_category(self, cate_id: int | None, cate_name: str | None) -> tuple[int, str]:
        """Return which category, by id and name, is meant by either or both. Raises BadRequest where it is none."""
        with self._engine.reading() as db:
            return categories.settle(db, cate_id, cate_name)

    def is_empty(self) -> bool:
        with self._engine.reading() as db:
            return not list(db.query("select 1 from videos limit 1"))

    # Changing

    def add_video(self, video: Video, actor: Actor, *wanted: JobKind, settle: bool = False) -> Video:
        """Keep a new video with its files and user, and queue the jobs it needs, in one transaction.

        With `settle` its category is one that is there, or a new one, as `settle_category` has it. Raises BadRequest.
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

    def load_videos(self, videos: Sequence[Video], actor: Actor) -> list[str]:
        """Keep many videos at once, as they are given, and return the ids of those that were there already.

        What was there stays as it is, and of an id that is given twice the first counts. All of the batch is kept, or
        nothing; no job is queued. Ten thousand videos make a good batch: others cannot write meanwhile.
        """
        now = self._now()
        with self._engine.writing(bulk=True) as db:
            new, known = inserts.split(db, videos)
            inserts.add(db, new)
            changes = [(video.video_id, _NOTHING, _noted(video)) for video in new]
            history.append_many(db, at=now, actor=actor, action="importVideo", changes=changes)
            return known

    def check_seen(self, video_id: str, line: int | None) -> None:
        """Raise Conflict where anybody decided something about a video since this line of the history.

        The changes below take that line too, as `seen_line`: they look again, in their own transaction.
        """
        if line is not None:
            with self._engine.reading() as db:
                seen.check(db, video_id, line)

    def find_decisions(self, video_ids: Sequence[str], line: int | None) -> list[HistoryLine]:
        """Return what was decided about these videos since this line of the history, the last first."""
        if line is None or not video_ids:
            return []
        with self._engine.reading() as db:
            return seen.find_since(db, video_ids, line)

    def record_audit(
        self, video_id: str, verdict: Verdict, reason: str, comment: str, actor: Actor, *, seen_line: int | None = None
    ) -> bool:
        """Record a person's verdict, and what follows from it. False when this very verdict stands already.

        Blocking takes the video off the recommended feed and ends its media URLs; approving one that was never
        transcoded starts its rendition. All of it happens, or nothing. Raises NotFound.
        """
        with self._engine.writing() as db:
            seen.check(db, video_id, seen_line)
            return reviews.record(db, self._now(), video_id, verdict, reason, comment, actor)

    def find_undone(self, video_id: str, request_id: str = "") -> CensorStatus:
        """Return where a video would stand in review after `undo_audit`. Raises NotFound and Conflict."""
        with self._engine.reading() as db:
            return CensorStatus(reviews.read_last(db, read_video(db, video_id), request_id).before["censorStatus"])

    def undo_audit(self, video_id: str, actor: Actor, request_id: str = "") -> None:
        """Take the last verdict back, with what followed from it. Raises NotFound and Conflict.

        `request_id` is that of the verdict, for whoever will not take back another's.
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
    ) -> None:
        """Put a video on the recommended feed, or change its entry, and queue what was asked along with it.

        `shown` holds every column of the entry: None where it follows the catalogue. `narrow` starts the narrow-band
        job, `warm` are addresses to prewarm, `at` is when it was recommended if that was not now. Raises NotFound, and
        Conflict when the video did not pass review.
        """
        now = self._now()
        since = now if at is None else at
        with self._engine.writing() as db:
            video = read_video(db, video_id)
            check_whole(video)
            seen.check(db, video_id, seen_line)
            if video.censor_status is not CensorStatus.SUCCESS:
                raise Conflict(
                    "Video {video_id} has not passed review (censorStatus is {status}). Approve it first.",
                    video_id=video_id,
                    status=video.censor_status.value,
                )
            standing = db.query("select * from recommendations where video_id = ?", [video_id])
            before: dict[str, Any] = next(standing, {})
            queued = narrow and job_rows.enqueue(db, JobKind.NARROW, now=now, video_id=video_id) is not None
            if warm:
                queued = job_rows.enqueue_urls(db, list(warm), now=now) is not None or queued
            changed = {name: value for name, value in shown.items() if value != before.get(name)}
            if before and not changed and not queued:
                return
            row = {
                "seq": before.get("seq") or inserts.next_key(db, "recommendations", since),
                "video_id": video_id,
                "recommended": before.get("recommended", since),
                "title_folded": None if shown.get("title") is None else fold(shown["title"]),
                **shown,
            }
            places = ", ".join(f":{name}" for name in row)
            changes = ", ".join(f"{name} = excluded.{name}" for name in row)
            db.execute(
                f"insert into recommendations ({', '.join(row)}) values ({places}) "
                f"on conflict (video_id) do update set {changes}",
                row,
            )
            old = {"isRecommend": video.is_recommend, **{name: before.get(name) for name in changed}}
            new = {"isRecommend": True, **changed, "isNarrow": narrow, "prewarm": list(warm)}
            history.append(db, at=now, actor=actor, action="recommendVideo", target=video_id, before=old, after=new)

    def cancel_recommendation(self, video_id: str, actor: Actor, *, seen_line: int | None = None) -> None:
        """Take a video off the recommended feed. Raises NotFound when it is not on it."""
        with self._engine.writing() as db:
            seen.check(db, video_id, seen_line)
            if db.execute("delete from recommendations where video_id = ?", [video_id]).rowcount == 0:
                raise NotFound(NO_RECOMMENDATION, video_id=video_id)
            history.append(
                db,
                at=self._now(),
                actor=actor,
                action="deleteRecommendById",
                target=video_id,
                before={"isRecommend": True},
                after={"isRecommend": False},
            )

    def delete_video(self, video_id: str, user_id: str, actor: Actor, *, seen_line: int | None = None) -> None:
        """Remove a video of this owner from everywhere. Raises NotFound when there is none of this owner."""
        with self._engine.writing() as db:
            seen.check(db, video_id, seen_line)
            finish_intents(db, "DeleteVideo", video_id)
            video = read_own(db, video_id, user_id)
            job_rows.cancel_all(db, video_id, now=self._now())
            if video.censor_status is not CensorStatus.FAIL:
                queue_refresh(db, video_id, video.files, "deleted", actor, self._now())
            db.execute("delete from videos where video_id = ?", [video_id])
            before = {"title": video.title, "userId": user_id, "status": video.status, "size": video.size}
            history.append(db, at=self._now(), actor=actor, action="deleteVideoById", target=video_id, before=before)

    def refresh(self, video_id: str, actor: Actor) -> None:
        """Queue a refresh of all that the CDN may keep of a video; one that waits is tried again at once.

        Raises NotFound where there is neither.
        """
        with self._engine.writing() as db:
            if not hasten_refresh(db, video_id):
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
        """Change title, description, tags or category. False when nothing changed. Raises NotFound and BadRequest.

        `category` is as `settle_category` takes it; in `changes` one would be taken as it is.
        """
        with self._engine.writing() as db:
            video = asdict(read_video(db, video_id))
            seen.check(db, video_id, seen_line)
            if category is not None:
                changes = {**changes, **dict(zip(CATEGORY, categories.settle(db, *category), strict=True))}
            changed = {key: value for key, value in changes.items() if video[key] != value}
            if not changed:
                return False
            row = {**changed, "title_folded": fold(changed.get("title", video["title"]))}
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
    """Return what the history says of a video that came in."""
    return {"title": video.title, "userId": video.user.user_id, "size": video.size}
