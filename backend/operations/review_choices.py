"""Reasons to block, managed by administrators, and users' desk preferences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec.structs import asdict, replace

from backend.api.parameters import ClearableLine, Whole
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.lifecycle.review import MAX_REASON_BYTES
from backend.model.review import DeskPreferences, ReviewReason
from backend.operations.fields import ReasonCode
from backend.store.review_choices import MAX_REASONS, ReasonChange

if TYPE_CHECKING:
    from backend.console import Call

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
MAX_BREAK_MINUTES = 240
SPEEDS = (1, 1.5, 2)
Words = Annotated[str | None, ClearableLine(MAX_REASON_BYTES)]


class ReasonData(msgspec.Struct, rename="camel"):
    """A reason to block: its name at the desk and the text for the uploader, in Chinese and English.

    `position` starts at 1; `sensitive` marks disturbing content; `retired` reasons are no longer offered.
    """

    code: str
    name_zh: str
    name_en: str
    uploader_zh: str
    uploader_en: str
    position: int
    sensitive: bool
    retired: bool


class ReasonList(msgspec.Struct, rename="camel"):
    """The reasons; `version` is that of the list, as responses of the desk have it in `reasonsVersion`."""

    reason_list: list[ReasonData]
    version: str


@operation("GET", "/vod/getReviewReasons", right=Right.DESK)
def get_review_reasons(call: Call) -> ReasonList:
    """Return the reasons to block in display order, retired ones last."""
    return ReasonList(reasons_of(call), call.store.review_choices.reasons_version())


@operation("POST", "/vod/editReviewReason", message="已保存", right=Right.ADMIN)
def edit_review_reason(
    call: Call,
    *,
    code: ReasonCode,
    name_zh: Words = None,
    name_en: Words = None,
    uploader_zh: Words = None,
    uploader_en: Words = None,
    position: Annotated[int | None, Whole(1, MAX_REASONS)] = None,
    sensitive: bool | None = None,
    retired: bool | None = None,
) -> ReasonData:
    """Add a reason to block, which requires all four texts, or change the one with this code.

    Absent parameters stay unchanged. Each text has at most 128 bytes of UTF-8. The text for the uploader is stored with
    the verdict, in the language of that request (Accept-Language); videos that were already blocked for a reason keep
    theirs. Desks that are open offer the new list when their reasons are opened next.
    """
    if not CODE.fullmatch(code):
        raise BadRequest(
            "code must be small letters, digits, - and _, got {code!r}.", code=code
        )  # fmt: skip
    change = ReasonChange(name_zh, name_en, uploader_zh, uploader_en, position, sensitive, retired)
    for name, text in (
        ("nameZh", name_zh), ("nameEn", name_en), ("uploaderZh", uploader_zh), ("uploaderEn", uploader_en)
    ):  # fmt: skip
        if text is not None and not text:
            raise BadRequest("{name} is required.", name=name)
        if text and (length := len(text.encode())) > MAX_REASON_BYTES:
            raise BadRequest("{name} has {length} bytes; at most {most} are allowed.", name=name, length=length,
                             most=MAX_REASON_BYTES)  # fmt: skip
    return _data(call.store.review_choices.edit_reason(code, change, call.actor))


@operation("GET", "/vod/getReviewPreferences", right=Right.DESK)
def get_review_preferences(call: Call) -> DeskPreferences:
    """Return your review desk preferences."""
    return call.store.review_choices.find_preferences(call.own.account_id)


@operation("POST", "/vod/setReviewPreferences", message="已保存", right=Right.DESK)
def set_review_preferences(
    call: Call,
    *,
    grey: bool | None = None,
    blur: bool | None = None,
    sound: bool | None = None,
    small: bool | None = None,
    autoplay: bool | None = None,
    sensitive_autoplay: bool | None = None,
    keys: bool | None = None,
    break_minutes: Annotated[int | None, Whole(0, MAX_BREAK_MINUTES)] = None,
    speed: float | None = None,
) -> DeskPreferences:
    """Change your review desk preferences; absent parameters stay unchanged. `speed` is 1, 1.5 or 2."""
    if speed is not None and speed not in SPEEDS:
        raise BadRequest("speed must be 1, 1.5 or 2, got {speed}.", speed=speed)
    given = {
        "grey": grey, "blur": blur, "sound": sound, "small": small, "autoplay": autoplay, "keys": keys,
        "sensitive_autoplay": sensitive_autoplay, "break_minutes": break_minutes, "speed": speed,
    }  # fmt: skip
    store, account = call.store.review_choices, call.own
    chosen = replace(
        store.find_preferences(account.account_id),
        **{name: value for name, value in given.items() if value is not None},
    )
    store.set_preferences(account.account_id, chosen)
    return chosen


def reasons_of(call: Call) -> list[ReasonData]:
    """Return the reasons in wire format."""
    return [_data(one) for one in call.store.review_choices.find_reasons()]


def _data(reason: ReviewReason) -> ReasonData:
    return ReasonData(**asdict(reason))
