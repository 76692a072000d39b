"""Reports of videos: sent by apps for those who watch, and read by those who review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import Id, Line, Text
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.model.reports import MAX_WORDS, Report, ReportReason, Reports
from backend.model.review import Lease, LeaseKind

if TYPE_CHECKING:
    from backend.console import Call

MAX_SHOWN = 3  # at the desk


class ReportedData(msgspec.Struct, rename="camel"):
    """`count` is how many reports of the video are open."""

    video_id: str
    count: int


class ReasonCount(msgspec.Struct, rename="camel"):
    code: str
    count: int


class ReportData(msgspec.Struct, rename="camel"):
    """A report. `open` is false once there was a verdict after it."""

    reason_code: str
    words: str
    reporter_id: str
    time: str
    open: bool


class ReportCounts(msgspec.Struct, rename="camel"):
    """How many reports, and how many of which reason, most frequent first."""

    count: int
    reason_list: list[ReasonCount]


class VideoReportList(msgspec.Struct, rename="camel"):
    """Reports since the last verdict on the video, and of all times; `reportList` has the last 20, newest first."""

    open: ReportCounts
    total: ReportCounts
    report_list: list[ReportData]


class ReportWords(msgspec.Struct, rename="camel"):
    reason_code: str
    words: str
    seconds_ago: int


class LeaseReports(msgspec.Struct, rename="camel"):
    """Reports of a leased video since its last verdict. `wordList` has the words of the last three that have some.

    If `approved`, the video is approved and in use: it was leased because of them. Approving it dismisses them.
    """

    count: int
    reason_list: list[ReasonCount]
    word_list: list[ReportWords]
    approved: bool


@operation("POST", "/vod/reportVideo", message="举报已收到", right=Right.REPORT)
def report_video(
    call: Call,
    *,
    video_id: Annotated[str, Id()],
    reason_code: ReportReason,
    words: Annotated[str, Text(MAX_WORDS)] = "",
    reporter_id: Annotated[str, Line(100)] = "",
) -> ReportedData:
    """Report a video, for somebody who watches it in an app. Those who review see the reports.

    `reporterId` is the app's id of that person or device: each counts once for a video, whatever they send. All reports
    of an account without it count as one. Sending a report again is safe: it replaces that reporter's words, and
    changes nothing after a verdict. An approved video with enough reports (`reports` of setReviewSampling) is reviewed
    again.
    """
    account = call.own.user_name
    reporter = reporter_id or f"@{account}"
    return ReportedData(video_id, call.store.video_reports.add(video_id, reporter, account, reason_code, words.strip()))


@operation("GET", "/vod/getVideoReports", right=Right.DESK)
def get_video_reports(call: Call, *, video_id: str) -> VideoReportList:
    """Return the reports of a video. A verdict on it answers all that are open."""
    call.store.catalogue.get_video(video_id)
    now, ever = call.store.video_reports.find(video_id)
    return VideoReportList(
        _counts(now), _counts(ever), [
            ReportData(one.reason, one.words, one.reporter, call.write.time(int(one.at)), one.is_open)
            for one in ever.last
        ]
    )  # fmt: skip


def lease_reports(call: Call, lease: Lease, reports: Reports | None) -> LeaseReports | None:
    """Return the reports as the desk shows them beside a leased video, None if there are none."""
    if reports is None:
        return None
    said = [one for one in reports.last if one.words][:MAX_SHOWN]
    return LeaseReports(
        reports.count, _counts(reports).reason_list, [_words(call, one) for one in said],
        lease.kind is LeaseKind.REPORTED,
    )  # fmt: skip


def _words(call: Call, one: Report) -> ReportWords:
    return ReportWords(one.reason, one.words, max(int(call.store.now() - one.at), 0))


def _counts(reports: Reports) -> ReportCounts:
    return ReportCounts(reports.count, [ReasonCount(*pair) for pair in reports.reasons])
