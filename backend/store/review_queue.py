"""Which videos wait for a person's review: those whose file is there. One to be uploaded waits for none."""

from __future__ import annotations

from backend.model import CensorStatus, VideoStatus
from backend.store.engine import Database

WITHOUT_FILE = (VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL)
LEAVE = (
    "update videos set censor_status = 'onCensor' where video_id = ? and censor_status = 'check' "
    "and status in ('Uploading', 'UploadFail')"
)
JOIN = (
    "update videos set censor_status = ? where video_id = ? and censor_status = 'onCensor' "
    "and status not in ('Uploading', 'UploadFail')"
)


def standing(status: VideoStatus, unreviewed: CensorStatus) -> CensorStatus:
    """Return where a new video stands that nobody judged; `unreviewed` is where it does once its file is there."""
    waits = unreviewed is CensorStatus.CHECK and status in WITHOUT_FILE
    return CensorStatus.ON_CENSOR if waits else unreviewed


def leave_without_file(db: Database, video_id: str) -> None:
    """Have a video not wait for review where it has no file."""
    db.execute(LEAVE, [video_id])


def follow_status(db: Database, video_id: str, before: VideoStatus, unreviewed: CensorStatus) -> None:
    """Let a video join those that wait for review when its file has come, and leave them while it has none.

    `before` is what its status was until now. Verdicts stay.
    """
    leave_without_file(db, video_id)
    if before in WITHOUT_FILE:
        db.execute(JOIN, [unreviewed, video_id])
