"""Agreement of first and second reviews: one's own, or everybody's for those who manage videos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backend.api.parameters import End, Start
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.model import SECONDS_A_DAY
from backend.model.review_quality import FEWEST_PAIRS, Agreement

if TYPE_CHECKING:
    from backend.console import Call

USUAL_DAYS, MAX_DAYS = 28, 366


class AgreementData(msgspec.Struct, rename="camel"):
    """Agreement over so many pairs of verdicts; all else is null for fewer than `fewest` pairs, or where not defined.

    `observed` is the share of pairs with the same verdict, `kappa` Cohen's kappa with its standard error, `pabak` the
    prevalence- and bias-adjusted kappa, `blocks` the agreement on blocks. Each pair weighs by the inverse of the
    probability with which it was drawn. `low` and `high` bound 95 % intervals.
    """

    pairs: int
    both_approved: int | None
    both_blocked: int | None
    differing: int | None
    observed: float | None
    observed_low: float | None
    observed_high: float | None
    kappa: float | None
    kappa_error: float | None
    kappa_low: float | None
    kappa_high: float | None
    pabak: float | None
    blocks: float | None


class PersonAgreement(msgspec.Struct, rename="camel"):
    user_name: str
    agreement: AgreementData


class PairAgreement(msgspec.Struct, rename="camel"):
    user_names: list[str]
    agreement: AgreementData


class ReasonAgreement(msgspec.Struct, rename="camel"):
    """Agreement on whether to block for this reason; `pairs` counts those in which somebody did. `code` is empty for
    blocks without a reason of the list.
    """

    code: str
    agreement: AgreementData


class WeekAgreement(msgspec.Struct, rename="camel"):
    """`week` is the Monday, as 2026-11-30."""

    week: str
    agreement: AgreementData


class KnownClips(msgspec.Struct, rename="camel"):
    """How many known clips a person got, and how many of them they blocked."""

    user_name: str
    shown: int
    found: int


class AgreementFigures(msgspec.Struct, rename="camel"):
    """Figures of the first decisions between two times. `waiting` counts those that wait for a second review."""

    start_time: str
    end_time: str
    fewest: int
    waiting: int
    total: AgreementData
    person_list: list[PersonAgreement]
    pair_list: list[PairAgreement]
    reason_list: list[ReasonAgreement]
    week_list: list[WeekAgreement]
    known_list: list[KnownClips]


@operation("GET", "/vod/getReviewAgreement", right=Right.DESK)
def get_review_agreement(call: Call, *, start_time: Start = None, end_time: End = None) -> AgreementFigures:
    """Return how often second reviews agree with first ones, by default of the last 28 days, at most 366.

    Those who manage videos see everybody, others the pairs with a decision of theirs, without the names of others.
    """
    end = call.now() if end_time is None else end_time
    start = end - USUAL_DAYS * SECONDS_A_DAY if start_time is None else start_time
    if not 0 <= end - start <= MAX_DAYS * SECONDS_A_DAY:
        raise BadRequest("endTime must be after startTime, by at most {days} days.", days=MAX_DAYS)
    sees_all = call.access is not None and Right.MANAGE in call.access.rights
    own = "" if sees_all else call.own.user_name
    found = call.store.review_agreement.find(start, end, call.settings.time_zone, own)
    return AgreementFigures(
        start_time=call.write.time(start),
        end_time=call.write.time(end),
        fewest=FEWEST_PAIRS,
        waiting=found.waiting,
        total=_data(found.total),
        person_list=[PersonAgreement(name, _data(one)) for name, one in found.people],
        pair_list=[PairAgreement(list(names), _data(one)) for names, one in found.pairs],
        reason_list=[ReasonAgreement(code, _data(one)) for code, one in found.reasons],
        week_list=[WeekAgreement(day.isoformat(), _data(one)) for day, one in found.weeks],
        known_list=[KnownClips(*one) for one in found.known],
    )


def _data(one: Agreement) -> AgreementData:
    values: dict[str, Any] = {}
    for name in AgreementData.__struct_fields__:
        value = getattr(one, name)
        values[name] = round(value, 4) if isinstance(value, float) else value
    return AgreementData(**values)
