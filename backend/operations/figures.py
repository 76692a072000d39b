"""Figures of the console by day, week or month, as tables and as files."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import msgspec

from backend.api.parameters import End, Start, Whole
from backend.api.registry import OPERATIONS, camel, operation
from backend.auth.permissions import Right
from backend.errors import BadRequest, Forbidden
from backend.exports.columns import ExportSource, FileFormat
from backend.exports.download import Download, Progress
from backend.exports.file import ExportInfo, make_download
from backend.exports.rows import row_batches
from backend.model import SECONDS_A_DAY
from backend.model.figures import MAX_DAYS, PeriodLength, make_periods
from backend.model.limits import FIRST_SECOND, LAST_SECOND, MAX_CATE_ID
from backend.operations.figure_questions import Question
from backend.operations.figure_tables import TABLES, Figure, Unit
from backend.operations.video_filters import written

if TYPE_CHECKING:
    from backend.console import Call

DAYS = 30
FILTERS = ("user_id", "cate_id", "reviewer")
SHORT = (Figure.UPLOADS_BY_USER, Figure.DECISION_TIMES_BY_REVIEWER)  # of at most as many days as fit by day
SEEN_BY_MANAGERS = (Figure.REVIEWS_BY_REVIEWER, Figure.DECISION_TIMES_BY_REVIEWER)


class FigureSpan(msgspec.Struct, frozen=True):
    """Which days, summed by what, and of whom alone.

    Periods are whole: a week is from Monday, and the one that contains startTime comes first.
    """

    start_time: Start = None
    end_time: End = None
    by: PeriodLength = PeriodLength.DAY
    user_id: str = ""
    cate_id: Annotated[int | None, Whole(0, MAX_CATE_ID)] = None
    reviewer: str = ""


class FigureColumn(msgspec.Struct, rename="camel"):
    """`unit` is day, flag, name, count, bytes, seconds, share (from 0 to 1) or score (VMAF)."""

    name: str
    unit: Unit


class FigureTableData(msgspec.Struct, rename="camel"):
    """A table. `startDay` and `endDay` are its first and last day, `timeZone` is theirs.

    Rows have the columns as fields. Those by period are one for each, also without anything in it: `day` is its first
    day, `complete` is false until it is over.
    """

    figure: Figure
    by: PeriodLength
    start_day: str
    end_day: str
    time_zone: str
    column_list: list[FigureColumn]
    row_list: list[dict[str, Any]]


class FigureLink(msgspec.Struct, rename="camel"):
    url: str


@operation("GET", "/vod/getFigures")
def get_figures(call: Call, *, figure: Figure, span: FigureSpan) -> FigureTableData:
    """Return a table of figures by day, week or month: the last 30 days, if no times are given.

    At most 92 days by day, 735 by week and 1100 by month; uploadsByUser and decisionTimesByReviewer at most 92.
    `userId` narrows uploads, `cateId` uploads, reviews and transcodes, `reviewer` reviews, also together with `cateId`.
    Who does not manage videos sees of reviewers only themselves. Durations above 10 seconds are exact to 5 %. The days
    of prewarmQuota are those of Beijing, and what was used is what was known at the last reading of the day.
    """
    asked = _ask(call, figure, span)
    table = TABLES[figure]
    return FigureTableData(
        figure=figure,
        by=span.by,
        start_day=asked.periods[0].day.isoformat(),
        end_day=datetime.fromtimestamp(asked.periods[-1].end - 1, call.settings.time_zone).date().isoformat(),
        time_zone=call.settings.time_zone.key,
        column_list=[FigureColumn(name, unit) for name, unit in table.columns.items()],
        row_list=table.make_rows(asked),
    )


@operation("GET", "/vod/exportFigures", right=Right.EXPORT)
def export_figures(
    call: Call, *, figure: Figure, format: FileFormat = FileFormat.CSV, span: FigureSpan
) -> Download:  # fmt: skip
    """Export the table of getFigures as a file."""
    call.console.exports.check(call.actor.name)
    table, now, zone = TABLES[figure], call.now(), call.settings.time_zone
    rows = table.make_rows(_ask(call, figure, span))
    given = written(span, call.write.time)
    after = {"figure": figure, "format": format, "filter": given, "count": len(rows)}
    call.store.history.record(at=now, actor=call.actor, action=call.operation.name, target="", after=after)
    columns, when = table.exported(), datetime.fromtimestamp(now, zone)
    listing = ExportSource(figure.value, columns)
    label = ExportInfo(listing, columns, format, given, when, zone.key, call.actor.name, Progress(len(rows)))
    pieces = row_batches(columns, rows, format)
    return call.console.exports.begin(call.actor.name, make_download(label, pieces, call.media.files.scratch))


@operation("GET", "/vod/createFiguresLink", right=Right.EXPORT)
def create_figures_link(
    call: Call, *, figure: Figure, format: FileFormat = FileFormat.CSV, span: FigureSpan
) -> FigureLink:  # fmt: skip
    """Create a link that downloads exportFigures' file once, within a minute, without a token."""
    export = OPERATIONS["exportFigures"]
    _ask(call, figure, span)
    call.console.exports.check(call.actor.name)
    given = {one.wire_name: call.given[one.wire_name] for one in export.parameters if one.wire_name in call.given}
    ticket = call.store.tickets.issue(export.name, (given, call.token), owner=call.actor.name)
    return FigureLink(f"{call.write.base_url}{export.path}?ticket={quote(ticket)}")


def _ask(call: Call, figure: Figure, span: FigureSpan) -> Question:
    """Return what is asked for. Raises BadRequest and Forbidden."""
    last = call.now() if span.end_time is None else span.end_time
    first = last - (DAYS - 1) * SECONDS_A_DAY if span.start_time is None else span.start_time
    if first > last:
        raise BadRequest("startTime is later than endTime.")
    zone, first, last = call.settings.time_zone, max(first, FIRST_SECOND), min(last, LAST_SECOND)
    first_day, last_day = (datetime.fromtimestamp(second, zone).date() for second in (first, last))
    most = MAX_DAYS[PeriodLength.DAY if figure in SHORT else span.by]
    if (last_day - first_day).days >= most:
        raise BadRequest("From startTime to endTime are more than {most} days.", most=most)
    reviewer = _narrowed(call, figure, span)
    return Question(call, make_periods(span.by, first_day, last_day, zone), span.user_id, span.cate_id, reviewer)


def _narrowed(call: Call, figure: Figure, span: FigureSpan) -> str:
    """Check the filters, and return the reviewer to narrow to."""
    given = [camel(name) for name in FILTERS if getattr(span, name) not in ("", None)]
    for name in given:
        if name not in TABLES[figure].filters:
            raise BadRequest("{figure} cannot be narrowed by {name}.", figure=figure.value, name=name)
    if len(given) > 1 and "userId" in given:
        raise BadRequest("Figures can be narrowed by {names} one at a time: give one of them.", names=" / ".join(given))
    sees_all = call.access is not None and Right.MANAGE in call.access.rights
    own = call.own.user_name
    if span.reviewer not in ("", own) and not sees_all:
        raise Forbidden("Only those who manage videos see the figures of other reviewers.")
    return own if figure in SEEN_BY_MANAGERS and not sees_all else span.reviewer
