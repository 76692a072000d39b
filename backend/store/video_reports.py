"""Reports of videos by viewers. A report is open until the next verdict on its video."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from backend.model.reports import MAX_REPORTS, Report, ReportReason, Reports
from backend.model.review import Lease
from backend.store import inserts
from backend.store.engine import Database, Engine
from backend.store.rows import read_video_alone

LAST = 20  # of a video that are read
OPEN = "video_id = :video and closed_by is null"
EVER = "video_id = :video"
# Those that the first reviewer of a second review had, and no later ones.
OF_FIRST = """
    video_id = :video and closed_by = (
        select f.request_id from review_draws d join review_decisions f on f.lease_key = d.lease_key
        where d.video_id = :video order by d.draw_id desc limit 1
    )
"""


class VideoReports:
    """Reads and adds reports."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, video_id: str, reporter: str, account: str, reason: ReportReason, words: str) -> int:
        """Add a report and return how many are open now. Raises NotFound.

        A reporter counts once for a video: another report of theirs replaces an open one, and changes nothing after a
        verdict. At most MAX_REPORTS are kept.
        """
        row = {
            "video_id": video_id, "reporter": reporter, "account": account, "reason_code": reason.value, "words": words,
            "at": self._clock(),
        }  # fmt: skip
        with self._engine.writing() as db:
            read_video_alone(db, video_id)
            known = db.execute(
                "select closed_by is null, reason_code, words from video_reports where video_id = ? and reporter = ?",
                [video_id, reporter],
            ).fetchone()
            if known is None:
                if _count(db, EVER, video_id) < MAX_REPORTS:
                    inserts.insert(db, "video_reports", row)
            elif known[0] and known[1:] != (reason.value, words):
                db.execute(
                    "update video_reports set account = :account, reason_code = :reason_code, words = :words, at = :at "
                    "where video_id = :video_id and reporter = :reporter",
                    row,
                )
            return _count(db, OPEN, video_id)

    def find(self, video_id: str) -> tuple[Reports, Reports]:
        """Return the open reports of a video, and all of them."""
        with self._engine.reading() as db:
            return _read(db, OPEN, video_id), _read(db, EVER, video_id)

    def find_for(self, leases: Iterable[Lease]) -> dict[str, Reports]:
        """Return the reports that belong to these leases, by lease key, as far as there are any."""
        found = {}
        with self._engine.reading() as db:
            for lease in leases:
                reports = _read(db, OF_FIRST if lease.kind.is_blind else OPEN, lease.video_id)
                if reports.count:
                    found[lease.key] = reports
        return found


def close(db: Database, video_id: str, request_id: str) -> int:
    """Close the open reports of a video by a verdict, inside the caller's transaction; return how many there were."""
    sql = f"update video_reports set closed_by = :request where {OPEN}"
    return int(db.execute(sql, {"video": video_id, "request": request_id}).rowcount)


def open_again(db: Database, video_id: str, request_id: str) -> None:
    """Open the reports that an undone verdict had closed, inside the caller's transaction."""
    db.execute("update video_reports set closed_by = null where video_id = ? and closed_by = ?", [video_id, request_id])


def _count(db: Database, which: str, video_id: str) -> int:
    return int(db.execute(f"select count(*) from video_reports where {which}", {"video": video_id}).fetchone()[0])


def _read(db: Database, which: str, video_id: str) -> Reports:
    values: dict[str, Any] = {"video": video_id, "last": LAST}
    reasons = tuple(db.execute(
        f"select reason_code, count(*) from video_reports where {which} group by reason_code "
        "order by count(*) desc, reason_code",
        values,
    ).fetchall())  # fmt: skip
    if not reasons:
        return Reports()
    rows = db.query(f"select * from video_reports where {which} order by at desc, report_id desc limit :last", values)
    last = tuple(
        Report(row["reporter"], row["reason_code"], row["words"], row["at"], row["closed_by"] is None) for row in rows
    )
    return Reports(sum(number for _, number in reasons), reasons, last)
