"""Verdicts of people on videos, and taking the last one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.api.parameters import SeenLine
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.lifecycle.reviewing import check_words, judge
from backend.model import CensorStatus, Verdict

if TYPE_CHECKING:
    from backend.console import Call


@operation("GET", "/vod/createAudit", message="审核完成", right=Right.REVIEW, remote=True, place=3)
def create_audit(
    call: Call,
    *,
    media_id: str,
    status: Verdict,
    reason: str = "",
    comment: str = "",
    seen_line: SeenLine = None,
) -> None:
    """Record a person's verdict on a video whose upload has finished.

    Blocking needs a reason of at most 128 bytes of UTF-8; one of blanks alone is none. `seenLine`, an extension, is a
    line of the history (getChanges): 409 where anybody decided something about this video since.
    """
    reason = check_words(status, reason, comment, needs_reason=not call.settings.legacy_clients)
    (problem,) = judge(call.console, [media_id], status, reason, comment, call.actor, seen_line)
    if problem:
        raise problem


@operation("POST", "/vod/undoAudit", message="已撤销审核", right=Right.REVIEW, extension=True, remote=True)
def undo_audit(call: Call, *, video_id: str, request_id: str = "") -> None:
    """Take back the last verdict on a video; the recommendation that it ended comes back.

    With the `requestId` of createAudit's answer, that very verdict or none.
    """
    video = call.store.catalogue.get_video(video_id)
    playable = call.store.catalogue.find_undone(video_id, request_id) is not CensorStatus.FAIL
    with call.media.standing(video, playable, "UndoAudit", call.actor):
        call.store.catalogue.undo_audit(video_id, call.actor, request_id)
