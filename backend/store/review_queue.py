"""Which videos wait for review: only those whose file has arrived."""

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


def initial_review_state(status: VideoStatus, unreviewed: CensorStatus) -> CensorStatus:
    """Return the review state of a new, unreviewed video; `unreviewed` is the state once its file exists."""
    waits = unreviewed is CensorStatus.CHECK and status in WITHOUT_FILE
    return CensorStatus.ON_CENSOR if waits else unreviewed


def leave_without_file(db: Database, video_id: str) -> None:
    """Take a video without a file off the review queue."""
    db.execute(LEAVE, [video_id])


def follow_status(db: Database, video_id: str, before: VideoStatus, unreviewed: CensorStatus) -> None:
    """Update the review queue after a change of status: a video joins when its file arrives and leaves while it has
    none. `before` is the previous status. Verdicts are kept.
    """
    leave_without_file(db, video_id)
    if before in WITHOUT_FILE:
        db.execute(JOIN, [unreviewed, video_id])
