"""Replaced source files at VOD: the video returns to review, and everything made from the old file is discarded."""

from __future__ import annotations

from msgspec.structs import replace

from backend.model import (
    ENCRYPTED,
    SECONDS_A_DAY,
    Actor,
    CensorStatus,
    FileKind,
    JobKind,
    SnapshotStatus,
    TranscodeStatus,
    Video,
)
from backend.model.cloud import HOLD_EVENT
from backend.store import entries, history, job_rows
from backend.store.cloud import expect_event
from backend.store.cloud_refreshes import queue_refresh
from backend.store.engine import Database
from backend.store.inserts import new_media_key
from backend.store.review_queue import WITHOUT_FILE
from backend.store.rows import write_files

VOD = Actor("vod", "callback")
SLACK_SECONDS = 60  # allowance for clock differences between VOD and this machine
KEYS_SECONDS = SECONDS_A_DAY  # upload credentials last an hour, but can be renewed for this long
MADE = (
    FileKind.COVER, FileKind.FIRST_FRAME, FileKind.SNAPSHOT, FileKind.COMMON, FileKind.NARROW, *ENCRYPTED,
)  # fmt: skip
JOBS = (JobKind.SNAPSHOT, JobKind.COVER, JobKind.TRANSCODE, JobKind.NARROW)


def note_file(db: Database, video: Video, now: int, told: int = 0) -> None:
    """Record the first file of a video as found by a scan.

    Old files are skipped: their upload credentials have expired.
    """
    if video.status not in WITHOUT_FILE and video.created > now - KEYS_SECONDS:
        sql = "insert into cloud_files (video_id, seen) values (?, ?) on conflict (video_id) do nothing"
        db.execute(sql, [video.video_id, told or now + SLACK_SECONDS])


def note_told(db: Database, video_id: str, told: int) -> bool:
    """Record the time VOD reported for a file; return whether it is a different file than the known one."""
    row = db.execute("select seen, replaced from cloud_files where video_id = ?", [video_id]).fetchone()
    if row is None:
        db.execute("insert into cloud_files (video_id, seen) values (?, ?)", [video_id, told])
        return False
    seen, replaced = row
    if told < seen and not replaced:  # a scan may precede the event, whose time is exact
        db.execute("update cloud_files set seen = ? where video_id = ?", [told, video_id])
    return bool(told > seen)


def has_other_file(known: Video, video: Video) -> bool:
    """Return whether VOD's file differs in size from the known one."""
    there = known.status not in WITHOUT_FILE and known.file_of(FileKind.SOURCE) is not None
    return there and bool(known.size and video.size) and known.size != video.size


def replace_file(db: Database, known: Video, size: int, unreviewed: CensorStatus, now: int, told: int = 0) -> None:
    """Restart the processing of a video with its new file.

    A blocked video stays blocked; any other returns to the unreviewed state. Snapshots are taken again; renditions, the
    recommendation and jobs for the old file are deleted.
    """
    video_id = known.video_id
    db.execute(
        "insert into cloud_files (video_id, seen, changed, replaced) values (?, ?, ?, ?) on conflict (video_id) "
        "do update set seen = excluded.seen, changed = excluded.changed, replaced = excluded.replaced",
        [video_id, told or now + SLACK_SECONDS, told or now, now],
    )
    blocked = known.censor_status is CensorStatus.FAIL
    censor = CensorStatus.FAIL if blocked else unreviewed
    if censor is not CensorStatus.SUCCESS:
        entries.remove_everywhere(db, video_id, VOD, now, "replaceFile")
    queue_refresh(db, video_id, known.files, "replaced", VOD, now)
    db.executemany("delete from files where video_id = ? and kind = ?", [(video_id, kind) for kind in MADE])
    sources = known.files_of(FileKind.SOURCE)
    write_files(db, video_id, tuple(replace(file, size=size or file.size) for file in sources))
    db.executemany("delete from jobs where video_id = ? and kind = ?", [(video_id, kind) for kind in JOBS])
    db.execute(
        "update videos set censor_status = ?, size = ?, media_key = ?, transcode_status = ?, "
        "narrow_transcode_status = ?, snapshot_status = ? where video_id = ?",
        [
            censor, size or known.size, new_media_key(), TranscodeStatus.NEVER, TranscodeStatus.NEVER,
            SnapshotStatus.NEVER, video_id,
        ],
    )  # fmt: skip
    job_rows.enqueue(db, JobKind.SNAPSHOT, now=now, video_id=video_id)
    if censor is CensorStatus.SUCCESS:
        job_rows.enqueue(db, JobKind.TRANSCODE, now=now, video_id=video_id)
    elif not blocked:
        expect_event(db, HOLD_EVENT, video_id, now)
    stays = known.is_recommend and censor is CensorStatus.SUCCESS
    before = {"censorStatus": known.censor_status, "isRecommend": known.is_recommend, "size": known.size}
    after = {"censorStatus": censor, "isRecommend": stays, "size": size or known.size}
    history.append(db, at=now, actor=VOD, action="replaceFile", target=video_id, before=before, after=after)
