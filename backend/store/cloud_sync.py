"""Applies VOD's state to the catalogue and records differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from backend.errors import NotFound
from backend.model import (
    ENCRYPTED,
    Actor,
    CensorStatus,
    FileKind,
    JobKind,
    MediaFile,
    Page,
    SnapshotStatus,
    TranscodeStatus,
    Video,
    VideoFilter,
    VideoStatus,
)
from backend.model.cloud import MISSING, NOBODY, VERDICT_EVENT, Difference, fitting
from backend.store import history, inserts, job_rows
from backend.store.cloud import expect_event
from backend.store.cloud_differences import end_difference, follow_category, note_difference, set_category
from backend.store.cloud_files import has_other_file, note_file, note_told, replace_file
from backend.store.engine import Database, Engine
from backend.store.review_queue import WITHOUT_FILE, follow_status, initial_review_state, leave_without_file
from backend.store.row_keys import first_key
from backend.store.rows import fields_of, read_video, read_videos, read_videos_at, write_files

YOUNG_SECONDS = 3600
SEEN = "insert into cloud_seen (video_id, run) values (?, ?) on conflict (video_id) do update set run = excluded.run"
TEXTS = {"title": "title", "description": "description", "tags": "tags"}


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """Result of one batch from VOD."""

    new: int = 0
    changed: int = 0
    differing: int = 0


class CloudCatalogue:
    """All changes of the catalogue that originate at VOD."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def upsert(
        self, videos: Iterable[Video], run: int = 0, *, unreviewed: CensorStatus = CensorStatus.CHECK, told: int = 0
    ) -> UpsertResult:  # fmt: skip
        """Add new videos; update known ones with what VOD decides: status, duration, size, cover and category.

        Differing texts are recorded for a person to resolve. `unreviewed` is the review state of new videos without a
        verdict at VOD, once their file exists. If the status contradicts the verdict here, the verdict is fetched from
        VOD. A replaced file restarts the video's processing; `told` is the time VOD reported for the file, if an event
        caused this. Videos in the trash stay there.
        """
        new = changed = differing = 0
        batch = {video.video_id: video for video in videos}
        with self._engine.writing() as db:
            here = read_videos(db, batch)
            for video in batch.values():
                if run:
                    db.execute(SEEN, [video.video_id, run])
                end_difference(db, video.video_id, MISSING)
                known = here.get(video.video_id)
                if known is None:
                    if db.execute("select 1 from trash where video_id = ?", [video.video_id]).fetchone():
                        continue
                    if video.status is VideoStatus.UPLOADING and video.created > self._clock() - YOUNG_SECONDS:
                        continue  # possibly an upload from here that is about to be added
                    judged = video.censor_status is not CensorStatus.CHECK
                    stands = video.censor_status if judged else initial_review_state(video.status, unreviewed)
                    inserts.add(db, [replace(video, censor_status=stands)])
                    note_file(db, video, int(self._clock()), told)
                    new += 1
                    continue
                if contradicts(video.status, known.censor_status):
                    expect_event(db, VERDICT_EVENT, video.video_id, self._clock())
                if has_other_file(known, video):
                    replace_file(db, known, video.size, unreviewed, int(self._clock()), told)
                    known = read_video(db, video.video_id)
                elif known.status in WITHOUT_FILE:
                    note_file(db, video, int(self._clock()), told)
                changed += _follow(db, known, video)
                follow_status(db, known.video_id, known.status, unreviewed)
                changed += follow_category(db, known, video, int(self._clock()))
                differing += _note_texts(db, known, video, int(self._clock()))
        return UpsertResult(new, changed, differing)

    def find_changed(self, videos: Iterable[Video]) -> list[str]:
        """Return the videos whose category, cover or size differs here; VOD's search results may be out of date."""
        with self._engine.reading() as db:
            return [video.video_id for video in videos if _has_changed(db, video)]

    def take_category(self, video_id: str, cate_id: int, cate_name: str) -> None:
        """Set the category of a video to the one at VOD. Raises NotFound."""
        with self._engine.writing() as db:
            set_category(db, read_video(db, video_id), cate_id, cate_name, int(self._clock()))

    def note_upload(
        self, video_id: str, source: MediaFile, told: int = 0, *, unreviewed: CensorStatus = CensorStatus.CHECK
    ) -> None:
        """Queue what follows an upload: snapshots, and the plain rendition if the video is approved.

        Idempotent. `told` is when VOD reported the file. If it is newer than the known file, it replaces it and the
        video returns to the unreviewed state.
        """
        now = int(self._clock())
        with self._engine.writing() as db:
            if told and note_told(db, video_id, told):
                replace_file(db, read_video(db, video_id), source.size, unreviewed, now, told)
            video = read_video(db, video_id)
            if video.file_of(FileKind.SOURCE) is None:
                write_files(db, video_id, (source,))
            if video.snapshot_status is SnapshotStatus.NEVER:
                job_rows.enqueue(db, JobKind.SNAPSHOT, now=now, video_id=video_id)
            passed = video.censor_status is CensorStatus.SUCCESS
            if passed and video.transcode_status is TranscodeStatus.NEVER and not video.files_of(FileKind.COMMON):
                job_rows.enqueue(db, JobKind.TRANSCODE, now=now, video_id=video_id)

    def set_renditions(self, video_id: str, files: Sequence[MediaFile]) -> None:
        """Store renditions that VOD made without our request, or reported late."""
        with self._engine.writing() as db:
            video = read_video(db, video_id)
            write_files(db, video_id, tuple(files))
            states = {
                FileKind.COMMON: ("transcode_status", video.transcode_status),
                FileKind.NARROW: ("narrow_transcode_status", video.narrow_transcode_status),
            }
            states |= dict.fromkeys(ENCRYPTED, states[FileKind.COMMON])
            for kind in {file.kind for file in files}:
                column, state = states[kind]
                if state is not TranscodeStatus.RUNNING:  # our own job sets the status
                    job_rows.set_status(db, video_id, column, TranscodeStatus.SUCCESS)

    def set_censor(self, video_id: str, status: CensorStatus) -> None:
        """Set the machine review state of a video that no person has judged yet."""
        with self._engine.writing() as db:
            db.execute(
                "update videos set censor_status = ? where video_id = ? and censor_status in ('onCensor', 'check')",
                [status, video_id],
            )
            leave_without_file(db, video_id)

    def stale_uploads(self, since: int, before: int, size: int) -> list[str]:
        """Return videos whose upload began between these seconds and never finished, oldest first."""
        sql = (
            "select video_id from videos where seq >= ? and seq < ? and status = ? and not exists (select 1 from jobs "
            "where jobs.video_id = videos.video_id and state in ('queued', 'running')) order by seq limit ?"
        )
        with self._engine.reading() as db:
            keys = (first_key(since), first_key(before))
            return [row[0] for row in db.execute(sql, [*keys, VideoStatus.UPLOADING, size]).fetchall()]

    def expire_uploads(self, video_ids: Iterable[str], actor: Actor) -> None:
        """Mark uploads whose file never arrived as failed, and record that in the history."""
        now, before, after = int(self._clock()), VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL
        sql = "update videos set status = ? where video_id = ? and status = ?"
        with self._engine.writing() as db:
            ended = [one for one in video_ids if db.execute(sql, [after, one, before]).rowcount]
            for one in ended:
                leave_without_file(db, one)
            changes = [(one, {"status": before}, {"status": after}) for one in ended]
            history.append_many(db, at=now, actor=actor, action="expireUpload", changes=changes)

    def next_batch(self, before: int | None, size: int) -> tuple[list[Video], int | None]:
        """Return the next batch of a scan from newest to oldest, and its cursor; None at the end."""
        with self._engine.reading() as db:
            keys = self._engine.queries.keys_before(db, self._engine.queries.VIDEOS, VideoFilter(), before, size)
            return list(read_videos_at(db, keys)), keys[-1] if len(keys) == size else None

    def not_seen_in(self, run: int, after: str, size: int) -> list[str]:
        """Return videos after `after` that a complete scan of VOD did not see, by id."""
        sql = (
            "select video_id from videos where video_id > ? and not exists (select 1 from cloud_seen "
            "where cloud_seen.video_id = videos.video_id and run = ?) order by video_id limit ?"
        )
        with self._engine.reading() as db:
            return [row[0] for row in db.execute(sql, [after, run, size]).fetchall()]

    def is_transcoding(self, video_id: str) -> bool:
        """Return whether a transcode job is queued or running for a video."""
        sql = (
            "select 1 from jobs where video_id = ? and kind in ('transcode', 'narrow') "
            "and state in ('queued', 'running')"
        )
        with self._engine.reading() as db:
            return db.execute(sql, [video_id]).fetchone() is not None

    # Differences

    def note_missing(self, video_ids: Iterable[str]) -> None:
        """Record that these videos are missing at VOD."""
        with self._engine.writing() as db:
            for video_id in video_ids:
                note_difference(db, video_id, MISSING, "", "", int(self._clock()))

    def find_drift(self, what: str = "", index: int = 1, size: int = 20) -> Page[Difference]:
        """Return one page of differences, newest first."""
        where = "where what = :what" if what else ""
        values: dict[str, Any] = {"what": what} if what else {}
        sql = (
            "select d.*, coalesce(v.title, '') as title from cloud_drift d left join videos v using (video_id) "
            f"{where} order by found desc, video_id, what limit :limit offset :offset"
        )
        with self._engine.reading() as db:
            total = db.execute(f"select count(*) from cloud_drift {where}", values).fetchone()[0]
            rows = list(db.query(sql, {**values, "limit": size, "offset": (index - 1) * size}))
        return Page(total, tuple(Difference(**fields_of(Difference, row)) for row in rows))

    def iterate_drift(self, what: str = "") -> list[Difference]:
        """Return all differences at once, so that resolving them one by one does not skip any."""
        return list(self.find_drift(what, 1, self.find_drift(what, 1, 1).total).items)

    def find_difference(self, video_id: str, what: str) -> Difference | None:
        sql = (
            "select d.*, coalesce(v.title, '') as title from cloud_drift d left join videos v using (video_id) "
            "where video_id = ? and what = ?"
        )
        with self._engine.reading() as db:
            row = next(iter(db.query(sql, [video_id, what])), None)
        return Difference(**fields_of(Difference, row)) if row else None

    def end_difference(self, video_id: str, what: str) -> None:
        with self._engine.writing() as db:
            end_difference(db, video_id, what)


def contradicts(there: VideoStatus, here: CensorStatus) -> bool:
    """Return whether VOD's status contradicts the verdict here."""
    if there is VideoStatus.BLOCKED:
        return here is not CensorStatus.FAIL
    return there is VideoStatus.NORMAL and here is CensorStatus.FAIL


def _follow(db: Database, known: Video, video: Video) -> bool:
    """Apply VOD's status, owner, duration, size and files. The status of our own upload is set by its job."""
    waits = video.status is VideoStatus.UPLOADING
    given_up = waits and known.status is VideoStatus.UPLOAD_FAIL  # VOD never gives up waiting for a file
    new: dict[str, Any] = {} if given_up else {"status": video.status}
    if known.user.user_id == NOBODY.user_id and video.user != NOBODY:
        inserts.add_users(db, [video.user])
        new["user_id"] = video.user.user_id
    if video.duration:
        new["duration"] = video.duration
    if video.size:
        new["size"] = video.size
    changed = {name: value for name, value in new.items() if getattr(known, name, None) != value}
    if changed:
        assignments = ", ".join(f"{name} = :{name}" for name in changed)
        db.execute(
            f"update videos set {assignments} where video_id = :video_id", {**changed, "video_id": known.video_id}
        )
    cover = video.file_of(FileKind.COVER)
    old = known.file_of(FileKind.COVER)
    if cover is not None and (old is None or old.name != cover.name):
        write_files(db, known.video_id, (cover,))
        return True
    if (source := video.file_of(FileKind.SOURCE)) and known.file_of(FileKind.SOURCE) is None:
        write_files(db, known.video_id, (source,))
        return True
    return bool(changed)


def _note_texts(db: Database, known: Video, video: Video, now: int) -> int:
    found = 0
    for what, column in TEXTS.items():
        here, there = getattr(known, column), getattr(video, column)
        # older versions left two blanks in a row where an emoji had been
        if there == here or there.split() == fitting(what, here).split() or (what == "title" and not there):
            end_difference(db, known.video_id, what)
        else:
            note_difference(db, known.video_id, what, here, there, now)
            found += 1
    return found


def _has_changed(db: Database, video: Video) -> bool:
    try:
        known = read_video(db, video.video_id)
    except NotFound:
        return False
    here, there = known.file_of(FileKind.COVER), video.file_of(FileKind.COVER)
    return (
        known.cate_id != video.cate_id
        or has_other_file(known, video)
        or (there is not None and (here is None or here.name != there.name))
    )
