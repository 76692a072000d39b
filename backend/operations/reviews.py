"""Verdicts on many videos at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import SeenLine, Text
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest, ConsoleError
from backend.i18n.messages import say
from backend.lifecycle.reviewing import check_words, judge
from backend.model import Verdict

if TYPE_CHECKING:
    from backend.console import Call

MAX_IDS = 100


class JudgedData(msgspec.Struct, rename="camel"):
    """What came of one verdict: code and message as createAudit alone would answer them."""

    media_id: str
    code: str
    message: str


class JudgedList(msgspec.Struct, rename="camel"):
    """`refused` is how many of them were not done."""

    refused: int
    audit_list: list[JudgedData]


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
    return JudgedList(sum(problem is not None for problem in problems), rows)


def _judged(call: Call, media_id: str, problem: ConsoleError | None) -> JudgedData:
    if problem is None:
        return JudgedData(media_id, "200", call.operation.message)
    message = say(problem, call.caller.language, plainly=call.caller.plainly)
    return JudgedData(media_id, call.console.known_code(problem.code), message)
