"""Rules of second reviews and known clips, managed by administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from backend.api.parameters import ClearableLine, Number, Whole
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.model.reports import MAX_REPORTS
from backend.model.review_quality import DAY_START, Sampling
from backend.store.review_choices import MAX_REASONS

if TYPE_CHECKING:
    from backend.console import Call

MAX_NEWCOMER, MAX_KNOWN, DECIMALS = 1000, 1, 2
Share = Annotated[float | None, Number(100, DECIMALS)]


@operation("GET", "/vod/getReviewSampling", right=Right.ADMIN)
def get_review_sampling(call: Call) -> Sampling:
    """Return which decisions are reviewed again: by a second person, because of reports, and as known clips."""
    return call.store.review_sampling.get()


@operation("POST", "/vod/setReviewSampling", message="已保存", right=Right.ADMIN)
def set_review_sampling(
    call: Call,
    *,
    second_reviews: bool | None = None,
    approvals: Share = None,
    blocks: Share = None,
    hasty: Share = None,
    newcomer_decisions: Annotated[int | None, Whole(0, MAX_NEWCOMER)] = None,
    reason_codes: Annotated[str | None, ClearableLine(MAX_REASONS * 34)] = None,
    daily_minimum: Annotated[int | None, Whole(0, DAY_START)] = None,
    maximum: Share = None,
    known_clips: Annotated[float | None, Number(MAX_KNOWN, DECIMALS)] = None,
    reports: Annotated[int | None, Whole(0, MAX_REPORTS)] = None,
) -> Sampling:
    """Change which decisions a second person reviews, blind; absent parameters stay unchanged.

    Shares are percentages with up to two decimals. `reasonCodes` lists, comma-separated, reasons whose blocks are all
    reviewed again; empty: none. Decisions that were made before keep the probability with which they were drawn.

    An approved video that viewers reported `reports` times since its last verdict is reviewed again, not blind; 0: none
    is.
    """
    codes = None
    if reason_codes is not None:
        codes = list(dict.fromkeys(code for code in (part.strip() for part in reason_codes.split(",")) if code))
    given = {
        "second_reviews": second_reviews, "approvals": approvals, "blocks": blocks, "hasty": hasty,
        "newcomer_decisions": newcomer_decisions, "reason_codes": codes, "daily_minimum": daily_minimum,
        "maximum": maximum, "known_clips": known_clips, "reports": reports,
    }  # fmt: skip
    return call.store.review_sampling.change(
        {name: value for name, value in given.items() if value is not None}, call.actor
    )
