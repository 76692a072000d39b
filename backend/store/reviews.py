"""Records and undoes verdicts, inside the caller's transaction."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from backend.errors import Conflict
from backend.model import (
    Actor,
    CensorStatus,
    FileKind,
    HistoryLine,
    JobKind,
    TranscodeStatus,
    Verdict,
    Video,
    VideoStatus,
)
from backend.store import entries, history, job_rows, video_reports
from backend.store.cloud import finish_intents, replace_intent
from backend.store.cloud_refreshes import queue_refresh
from backend.store.engine import Database
from backend.store.inserts import new_media_key
from backend.store.rows import read_files, read_video_alone

# Finds the last verdict for this id. Ids can be reused after a purge, so purges and imports end the search.
LAST = """
    select * from history where target = ? and (
        action in ('createAudit', 'undoAudit', 'uploadVideo', 'importVideo', 'purgeVideo', 'replaceFile')
        or action = 'deleteVideoById' and after = '{}'
    ) order by id desc limit 1
"""

TELL = "TellAudit"
CHANGED = "The review of video {video_id} has changed since. Look at the video again."
UNDONE = "update review_decisions set undone = ? where video_id = ? and request_id = ? and undone = 0"


def record(
    db: Database, now: int, video_id: str, verdict: Verdict, reason: str, comment: str, actor: Actor, *,
    reason_code: str = "", tell: bool = False,
) -> bool:  # fmt: skip
    """Record a verdict and its consequences; False if the same verdict is current. Raises NotFound.

    It closes the open reports of the video; one that keeps the video approved dismisses them.

    With `tell`, the provider is told of it later, and a rendition is started after that (`finish_telling`).
    """
    finish_intents(db, "CreateAudit", video_id)
    finish_intents(db, TELL, video_id)
    video = read_video_alone(db, video_id)
    new = _judged(video, verdict)
    after: dict[str, Any] = {
        "status": new.status, "censorStatus": new.censor_status, "reason": reason, "comment": comment
    }  # fmt: skip
    if reason_code:
        after["reasonCode"] = reason_code
    if answered := video_reports.close(db, video_id, actor.request_id):
        after["answeredReports"] = answered
    elif (new.status, new.censor_status) == (video.status, video.censor_status) and (
        _words_of(history.last_after(db, video_id, "createAudit")) in (None, after)
    ):
        return False
    before = _standing(db, video)
    if verdict is Verdict.BLOCKED:
        entries.remove_everywhere(db, video_id, actor, now, "createAudit")
        new = replace(new, media_key=new_media_key())
        if video.censor_status is not CensorStatus.FAIL:
            queue_refresh(db, video_id, read_files(db, [video_id])[video_id], "blocked", actor, now)
    else:
        db.execute("update recommendations set censor_status = null where video_id = ?", [video_id])
        if not tell and _needs_rendition(db, video):
            job_rows.enqueue(db, JobKind.TRANSCODE, now=now, video_id=video_id)
    _write(db, new)
    if tell:
        payload = {"status": verdict.value, "reason": reason, "comment": comment}
        replace_intent(db, TELL, video_id, payload, actor, now)
    history.append(db, at=now, actor=actor, action="createAudit", target=video_id, before=before, after=after)
    return True


def finish_telling(db: Database, now: int, video_id: str, *, start_rendition: bool) -> None:
    """Forget that the provider was to be told of a verdict, and start the rendition that an approval needs."""
    finish_intents(db, TELL, video_id)
    if start_rendition and _needs_rendition(db, read_video_alone(db, video_id)):
        job_rows.enqueue(db, JobKind.TRANSCODE, now=now, video_id=video_id)


def read_last(db: Database, video: Video, request_id: str = "") -> HistoryLine:
    """Return the verdict that can be undone, if its `request_id` matches.

    Raises Conflict if there is none, or if the video has changed since.
    """
    video_id = video.video_id
    row = next(iter(db.query(LAST, [video_id])), None)
    line = history.line_of(row) if row else None
    if line is None or line.action != "createAudit":
        raise Conflict("There is no review of video {video_id} that can be undone.", video_id=video_id)
    if line.after["censorStatus"] != video.censor_status or request_id not in ("", line.actor.request_id):
        raise Conflict(CHANGED, video_id=video_id)
    return line


def undo(db: Database, now: int, video_id: str, request_id: str, actor: Actor) -> None:
    """Undo the last verdict.

    Raises NotFound and Conflict. Entries of the programme removed by blocking are restored; those made after the undone
    approval are removed. A rendition started by the approval is kept.
    """
    finish_intents(db, "UndoAudit", video_id)
    finish_intents(db, TELL, video_id)
    video = read_video_alone(db, video_id)
    line = read_last(db, video, request_id)
    old = CensorStatus(line.before["censorStatus"])
    status = VideoStatus(line.before["status"]) if video.status == line.after["status"] else video.status
    new = replace(video, censor_status=old, status=VideoStatus.BLOCKED if old is CensorStatus.FAIL else status)
    before = _standing(db, video)
    recommended = video.is_recommend and old is CensorStatus.SUCCESS
    if old is not CensorStatus.SUCCESS:
        entries.remove_everywhere(db, video_id, actor, now, "undoAudit")
    if old is CensorStatus.FAIL and video.censor_status is not CensorStatus.FAIL:
        new = replace(new, media_key=new_media_key())
        queue_refresh(db, video_id, read_files(db, [video_id])[video_id], "blocked", actor, now)
    _write(db, new)
    video_reports.open_again(db, video_id, line.actor.request_id)
    if video.censor_status is CensorStatus.FAIL:
        entries.restore(db, video_id, line.before, new.media_key, actor, now, "undoAudit")
        recommended = read_video_alone(db, video_id).is_recommend
    after = {"status": new.status, "censorStatus": new.censor_status, "isRecommend": recommended}
    db.execute(UNDONE, [now, video_id, line.actor.request_id])
    history.append(db, at=now, actor=actor, action="undoAudit", target=video_id, before=before, after=after)


def _needs_rendition(db: Database, video: Video) -> bool:
    """Return whether approving this video should start its plain rendition."""
    if video.transcode_status in (TranscodeStatus.RUNNING, TranscodeStatus.SUCCESS) or (not video.is_whole):
        return False
    kinds = {file.kind for file in read_files(db, [video.video_id])[video.video_id]}
    return FileKind.SOURCE in kinds and FileKind.COMMON not in kinds


def _words_of(after: dict[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in after.items() if name != "answeredReports"} if after else None


def _judged(video: Video, verdict: Verdict) -> Video:
    if verdict is Verdict.NORMAL:
        return replace(video, status=VideoStatus.NORMAL, censor_status=CensorStatus.SUCCESS)
    return replace(video, status=VideoStatus.BLOCKED, censor_status=CensorStatus.FAIL)


def _standing(db: Database, video: Video) -> dict[str, Any]:
    """Return the state of a video before a verdict, for the history, with everything needed to undo it."""
    state = {"status": video.status, "censorStatus": video.censor_status, "isRecommend": video.is_recommend}
    return state | entries.snapshot(db, video.video_id)


def _write(db: Database, video: Video) -> None:
    db.execute(
        "update videos set status = ?, censor_status = ?, media_key = ? where video_id = ?",
        [video.status, video.censor_status, video.media_key, video.video_id],
    )
