"""Verdicts on one or many videos, and undoing the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import SeenLine, Text
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest, ConsoleError
from backend.lifecycle.review import check_words, choose_words, judge
from backend.model import CensorStatus, Verdict
from backend.operations.fields import ReasonCode

if TYPE_CHECKING:
    from backend.console import Call

MAX_IDS = 100


class JudgedData(msgspec.Struct, rename="camel"):
    """Result of one verdict: the code and message createAudit would return."""

    media_id: str
    code: str
    message: str


class JudgedList(msgspec.Struct, rename="camel"):
    """`refused` counts failed items; `warningList` names texts that VOD stores without emoji."""

    refused: int
    audit_list: list[JudgedData]
    warning_list: list[str]


@operation("GET", "/vod/createAudit", message="审核完成", right=Right.REVIEW, remote=True, place=3)
def create_audit(
    call: Call,
    *,
    media_id: str,
    status: Verdict,
    reason: str = "",
    comment: str = "",
    seen_line: SeenLine = None,
    reason_code: ReasonCode = "",
) -> None:
    """Record a verdict on a video whose upload has finished.

    Blocking requires a reason of at most 128 bytes of UTF-8; whitespace alone does not count. `seenLine` (an extension)
    is a line of the history (getChanges): 409 if somebody changed this video since. `reasonCode` (an extension) is one
    of getReviewReasons; without `reason`, the text for uploaders is recorded.
    """
    reason = _reason(call, status, reason, reason_code, comment)
    (problem,) = judge(call.console, [media_id], status, reason, comment, call.actor, seen_line, reason_code)
    if problem:
        raise problem


@operation("POST", "/vod/createAudits", message="审核完成", right=Right.REVIEW, remote=True)
def create_audits(
    call: Call,
    *,
    media_ids: Annotated[str, Text(MAX_IDS * 129)],
    status: Verdict,
    reason: str = "",
    comment: str = "",
    seen_line: SeenLine = None,
    reason_code: ReasonCode = "",
) -> JudgedList:
    """Record the same verdict on up to 100 videos (comma-separated ids); each succeeds or fails on its own.

    The rules of createAudit apply to each. In cloud mode VOD is called a few times instead of once per video.
    """
    ids = list(dict.fromkeys(one for one in (part.strip() for part in media_ids.split(",")) if one))
    if not 0 < len(ids) <= MAX_IDS:
        raise BadRequest("mediaIds has {count} ids; from 1 to {most} are allowed.", count=len(ids), most=MAX_IDS)
    reason = _reason(call, status, reason, reason_code, comment)
    problems = judge(call.console, ids, status, reason, comment, call.actor, seen_line, reason_code)
    rows = [_judged(call, *pair) for pair in zip(ids, problems, strict=True)]
    cut = call.media.find_cut({"reason": reason, "comment": comment}) if None in problems else []
    told = [call.say(one) for one in cut]
    return JudgedList(sum(problem is not None for problem in problems), rows, told)


@operation("POST", "/vod/undoAudit", message="已撤销审核", right=Right.REVIEW, remote=True)
def undo_audit(call: Call, *, video_id: str, request_id: str = "") -> None:
    """Undo the last verdict on a video; the recommendation it ended is restored.

    With `requestId` of createAudit's response, only that verdict is undone.
    """
    video = call.store.catalogue.get_video(video_id)
    playable = call.store.catalogue.find_undone(video_id, request_id) is not CensorStatus.FAIL
    with call.media.set_playable(video, playable, "UndoAudit", call.actor):
        call.store.catalogue.undo_audit(video_id, call.actor, request_id)


def _reason(call: Call, status: Verdict, reason: str, reason_code: str, comment: str) -> str:
    words = choose_words(call.console, status, reason, reason_code, call.caller.language)
    return check_words(status, words, comment, needs_reason=not call.settings.legacy_clients)


def _judged(call: Call, media_id: str, problem: ConsoleError | None) -> JudgedData:
    if problem is None:
        return JudgedData(media_id, "200", call.operation.message)
    return JudgedData(media_id, call.console.legacy_code(problem.code), call.say(problem))
