"""Verdicts of people on one video or many, and taking the last one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import SeenLine, Text
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest, ConsoleError
from backend.i18n.messages import say
from backend.lifecycle.review import check_words, judge
from backend.model import CensorStatus, Verdict

if TYPE_CHECKING:
    from backend.console import Call

MAX_IDS = 100


class JudgedData(msgspec.Struct, rename="camel"):
    """What came of one verdict: code and message as createAudit alone would answer them."""

    media_id: str
    code: str
    message: str


class JudgedList(msgspec.Struct, rename="camel"):
    """`refused` is how many of them were not done; `warningList` tells of words that VOD takes without emoji."""

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
) -> None:
    """Record a person's verdict on a video whose upload has finished.

    Blocking needs a reason of at most 128 bytes of UTF-8; one of blanks alone is none. `seenLine`, an extension, is a
    line of the history (getChanges): 409 where anybody decided something about this video since.
    """
    reason = check_words(status, reason, comment, needs_reason=not call.settings.legacy_clients)
    (problem,) = judge(call.console, [media_id], status, reason, comment, call.actor, seen_line)
    if problem:
        raise problem


@operation("POST", "/vod/createAudits", message="审核完成", right=Right.REVIEW, extension=True, remote=True)
def create_audits(
    call: Call,
    *,
    media_ids: Annotated[str, Text(MAX_IDS * 129)],
    status: Verdict,
    reason: str = "",
    comment: str = "",
    seen_line: SeenLine = None,
) -> JudgedList:
    """Record the same verdict on up to 100 videos, with commas between their ids; each is done, or not, by itself.

    What holds for createAudit holds for each of them. In cloud mode VOD is told in a few calls instead of one for each.
    """
    ids = list(dict.fromkeys(one for one in (part.strip() for part in media_ids.split(",")) if one))
    if not 0 < len(ids) <= MAX_IDS:
        raise BadRequest("mediaIds has {count} ids; from 1 to {most} are allowed.", count=len(ids), most=MAX_IDS)
    reason = check_words(status, reason, comment, needs_reason=not call.settings.legacy_clients)
    problems = judge(call.console, ids, status, reason, comment, call.actor, seen_line)
    rows = [_judged(call, *pair) for pair in zip(ids, problems, strict=True)]
    cut = call.media.find_cut({"reason": reason, "comment": comment}) if None in problems else []
    told = [say(one, call.caller.language, plainly=call.caller.plainly) for one in cut]
    return JudgedList(sum(problem is not None for problem in problems), rows, told)


@operation("POST", "/vod/undoAudit", message="已撤销审核", right=Right.REVIEW, extension=True, remote=True)
def undo_audit(call: Call, *, video_id: str, request_id: str = "") -> None:
    """Take back the last verdict on a video; the recommendation that it ended comes back.

    With the `requestId` of createAudit's answer, that very verdict or none.
    """
    video = call.store.catalogue.get_video(video_id)
    playable = call.store.catalogue.find_undone(video_id, request_id) is not CensorStatus.FAIL
    with call.media.set_playable(video, playable, "UndoAudit", call.actor):
        call.store.catalogue.undo_audit(video_id, call.actor, request_id)


def _judged(call: Call, media_id: str, problem: ConsoleError | None) -> JudgedData:
    if problem is None:
        return JudgedData(media_id, "200", call.operation.message)
    message = say(problem, call.caller.language, plainly=call.caller.plainly)
    return JudgedData(media_id, call.console.legacy_code(problem.code), message)
