"""The tables of figures: their columns, and the filters that apply to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from backend.exports.columns import CellKind, Column
from backend.operations import figure_review_rows as of_reviews
from backend.operations import figure_rows as rows
from backend.operations.figure_questions import Question, Row


class Figure(StrEnum):
    """What a table is about."""

    UPLOADS = "uploads"
    UPLOADS_BY_CATEGORY = "uploadsByCategory"
    UPLOADS_BY_USER = "uploadsByUser"
    REVIEWS = "reviews"
    REVIEWS_BY_REVIEWER = "reviewsByReviewer"
    REVIEWS_BY_REASON = "reviewsByReason"
    DECISION_TIMES = "decisionTimes"
    DECISION_TIMES_BY_REVIEWER = "decisionTimesByReviewer"
    WAITING_AGES = "waitingAges"
    TRANSCODES = "transcodes"
    TRANSCODES_BY_CATEGORY = "transcodesByCategory"
    TRANSCODE_WAITS = "transcodeWaits"
    TRANSCODE_WORKS = "transcodeWorks"
    TRANSCODE_FAILURES = "transcodeFailures"
    BYTES = "bytes"
    BYTES_BY_KIND = "bytesByKind"
    NARROW_BAND = "narrowBand"
    RECOMMENDATIONS = "recommendations"
    PREWARMS = "prewarms"
    PREWARM_QUOTA = "prewarmQuota"


class Unit(StrEnum):
    """What the values of a column are; a share is from 0 to 1, a score is VMAF."""

    DAY = "day"
    FLAG = "flag"
    NAME = "name"
    COUNT = "count"
    BYTES = "bytes"
    SECONDS = "seconds"
    SHARE = "share"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A table: its columns, the filters that apply to it, and how its rows are made."""

    columns: dict[str, Unit]
    make_rows: Callable[[Question], list[Row]]
    filters: tuple[str, ...] = ()

    def exported(self) -> tuple[Column, ...]:
        """Return the columns as exports have them."""
        return tuple(Column(name, _cell_kind(name, unit), 16) for name, unit in self.columns.items())


PERIOD = {"day": Unit.DAY, "complete": Unit.FLAG}
UPLOADED = {"uploads": Unit.COUNT, "bytes": Unit.BYTES}
VERDICTS = {"decided": Unit.COUNT, "passed": Unit.COUNT, "blocked": Unit.COUNT, "passRate": Unit.SHARE}
LASTING = {"counted": Unit.COUNT, "median": Unit.SECONDS, "p90": Unit.SECONDS}
DURATIONS = PERIOD | LASTING
OUTCOMES = dict.fromkeys(("done", "failed", "cancelled"), Unit.COUNT)
BY_REVIEWER = ("cateId", "reviewer")
TABLES = {
    Figure.UPLOADS: FigureTable(PERIOD | UPLOADED, rows.uploads, ("userId", "cateId")),
    Figure.UPLOADS_BY_CATEGORY: FigureTable(
        {"cateId": Unit.NAME, "cateName": Unit.NAME} | UPLOADED, rows.uploads_by_category
    ),
    Figure.UPLOADS_BY_USER: FigureTable({"userId": Unit.NAME, "userName": Unit.NAME} | UPLOADED, rows.uploads_by_user),
    Figure.REVIEWS: FigureTable(
        PERIOD | {"came": Unit.COUNT} | VERDICTS | {"undone": Unit.COUNT, "waiting": Unit.COUNT},
        of_reviews.reviews,
        BY_REVIEWER,
    ),
    Figure.REVIEWS_BY_REVIEWER: FigureTable(
        {"reviewer": Unit.NAME} | VERDICTS | {"undone": Unit.COUNT}, of_reviews.reviews_by_reviewer, BY_REVIEWER
    ),
    Figure.REVIEWS_BY_REASON: FigureTable(
        {"reasonCode": Unit.NAME, "reason": Unit.NAME, "blocked": Unit.COUNT, "share": Unit.SHARE},
        of_reviews.reviews_by_reason,
        BY_REVIEWER,
    ),
    Figure.DECISION_TIMES: FigureTable(DURATIONS, of_reviews.decision_times, BY_REVIEWER),
    Figure.DECISION_TIMES_BY_REVIEWER: FigureTable(
        {"reviewer": Unit.NAME} | LASTING, of_reviews.decision_times_by_reviewer, BY_REVIEWER
    ),
    Figure.WAITING_AGES: FigureTable(
        {"fromSeconds": Unit.SECONDS, "toSeconds": Unit.SECONDS, "videos": Unit.COUNT}, of_reviews.waiting_ages
    ),
    Figure.TRANSCODES: FigureTable(PERIOD | OUTCOMES, rows.transcodes, ("cateId",)),
    Figure.TRANSCODES_BY_CATEGORY: FigureTable(
        {"cateId": Unit.NAME, "cateName": Unit.NAME} | OUTCOMES, rows.transcodes_by_category
    ),
    Figure.TRANSCODE_WAITS: FigureTable(DURATIONS, rows.transcode_waits),
    Figure.TRANSCODE_WORKS: FigureTable(DURATIONS, rows.transcode_works),
    Figure.TRANSCODE_FAILURES: FigureTable(
        {"kind": Unit.NAME, "reason": Unit.NAME, "failed": Unit.COUNT}, rows.transcode_failures
    ),
    Figure.BYTES: FigureTable(PERIOD | {"bytes": Unit.BYTES, "growth": Unit.BYTES}, rows.stored_bytes),
    Figure.BYTES_BY_KIND: FigureTable(
        {"kind": Unit.NAME, "files": Unit.COUNT, "bytes": Unit.BYTES, "growth": Unit.BYTES}, rows.bytes_by_kind
    ),
    Figure.NARROW_BAND: FigureTable(
        PERIOD
        | {"savedBytes": Unit.BYTES, "growth": Unit.BYTES, "scored": Unit.COUNT}
        | {"medianScore": Unit.SCORE, "p10Score": Unit.SCORE},
        rows.narrow_band,
    ),
    Figure.RECOMMENDATIONS: FigureTable(
        PERIOD | dict.fromkeys(("added", "removed", "impressions", "plays", "completes"), Unit.COUNT),
        rows.recommendations,
    ),
    Figure.PREWARMS: FigureTable(PERIOD | dict.fromkeys(("warm", "failed", "shared"), Unit.COUNT), rows.prewarms),
    Figure.PREWARM_QUOTA: FigureTable(PERIOD | {"quota": Unit.COUNT, "used": Unit.COUNT}, rows.prewarm_quota),
}


def _cell_kind(name: str, unit: Unit) -> CellKind:
    if unit in (Unit.COUNT, Unit.BYTES):
        return CellKind.WHOLE
    if unit in (Unit.SECONDS, Unit.SHARE, Unit.SCORE):
        return CellKind.NUMBER
    if unit is Unit.NAME:
        return CellKind.ID if name.endswith("Id") else CellKind.TEXT
    return CellKind.DAY if unit is Unit.DAY else CellKind.WORD
