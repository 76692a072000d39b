"""Verdicts: validating their texts, sending them to the provider, and recording them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from backend.errors import BadRequest, CloudError, ConsoleError
from backend.media import Judgement
from backend.model import Actor, Verdict
from backend.model.texts import is_blank

if TYPE_CHECKING:
    from backend.console import Console

MAX_REASON_BYTES = 128
MAX_COMMENT_BYTES = 512


def check_words(verdict: Verdict, reason: str, comment: str, *, needs_reason: bool = True) -> str:
    """Return the reason, normalized to empty if blank. Raises BadRequest, naming what is too long or missing."""
    reason = "" if is_blank(reason) else reason
    if verdict is Verdict.BLOCKED and not reason and needs_reason:
        raise BadRequest("reason is required when status is Blocked.")
    if (length := len(reason.encode())) > MAX_REASON_BYTES:
        raise BadRequest("reason has {length} bytes; at most {most} are allowed.", length=length, most=MAX_REASON_BYTES)
    if (length := len(comment.encode())) > MAX_COMMENT_BYTES:
        raise BadRequest(
            "comment has {length} bytes; at most {most} are allowed.", length=length, most=MAX_COMMENT_BYTES
        )
    return reason


def choose_words(console: Console, verdict: Verdict, reason: str, reason_code: str, language: str) -> str:
    """Return the reason that is meant: the words that were sent, or what the list has uploaders told in this language.

    Raises BadRequest where the list has no such reason, or nothing is blocked.
    """
    if not reason_code:
        return reason
    if verdict is not Verdict.BLOCKED:
        raise BadRequest("reasonCode is for status Blocked alone.")
    listed = console.store.review_choices.find_reason(reason_code)
    if listed is None:
        raise BadRequest("There is no reason {code} in the list.", code=reason_code[:40])
    return listed.told(language) if is_blank(reason) else reason


def judge(
    console: Console, video_ids: Sequence[str], verdict: Verdict, reason: str, comment: str, actor: Actor,
    seen_line: int | None = None, reason_code: str = "",
    map_: Callable[..., Iterable[ConsoleError | None]] = map,
) -> list[ConsoleError | None]:  # fmt: skip
    """Record a verdict on each of these videos independently; return the error of each, None if recorded.

    The provider is called in batches. `seen_line` is a line of the history: Conflict if somebody changed a video after
    it. `map_` may record several at once.
    """
    problems: dict[str, ConsoleError | None] = dict.fromkeys(video_ids)
    judgements = []
    for video_id in problems:
        try:
            judgements.append(_judgement(console, video_id, verdict, reason, comment, seen_line))
        except ConsoleError as error:
            problems[video_id] = error
    with ExitStack() as stack:
        told = stack.enter_context(console.media.judging(judgements, actor)) if judgements else []
        by_id = {one.video.video_id: one for one in judgements}
        problems |= dict(zip(by_id, told, strict=True))
        taken = [one for video_id, one in by_id.items() if problems[video_id] is None]
        record = partial(_record, console, actor=actor, seen_line=seen_line, reason_code=reason_code)
        recorded = map_(record, taken)
        problems |= {one.video.video_id: problem for one, problem in zip(taken, recorded, strict=True)}
    return [problems[video_id] for video_id in video_ids]


def _judgement(
    console: Console, video_id: str, verdict: Verdict, reason: str, comment: str, seen_line: int | None
) -> Judgement:
    video = console.store.catalogue.get_whole_video(video_id)
    console.store.catalogue.check_seen(video_id, seen_line)
    try:
        video = console.media.with_known_renditions(video)
    except CloudError:
        if verdict is Verdict.NORMAL:
            raise  # blocking proceeds, even if caches may keep renditions unknown to the catalogue
    return Judgement(video, verdict, reason, comment)


def _record(
    console: Console, one: Judgement, actor: Actor, seen_line: int | None, reason_code: str
) -> ConsoleError | None:  # fmt: skip
    try:
        console.store.catalogue.record_audit(
            one.video.video_id, one.verdict, one.reason, one.comment, actor, seen_line=seen_line,
            reason_code=reason_code,
        )  # fmt: skip
    except ConsoleError as error:
        return error
    return None
