"""Second reviews that differ from the first: a lead sees both verdicts without names, and settles them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.errors import Conflict, NotFound
from backend.model import Actor, CensorStatus, Verdict
from backend.model.review import Ruling
from backend.store import history, reviews
from backend.store.engine import Database, Engine
from backend.store.rows import read_video_alone

# Of two other people: whoever gave one of the verdicts settles nothing.
OPEN = """
    from review_draws d join videos v using (video_id) join review_decisions f on f.lease_key = d.lease_key
    join review_decisions s on s.lease_key = d.second_key where d.state = 'differs'
"""
OTHERS = "and :lead not in (f.reviewer, s.reviewer)"
FIND = f"""
    select d.draw_id, d.video_id, f.lease_key as first, s.lease_key as second {OPEN} {OTHERS}
    order by s.at, d.draw_id limit :count
"""
COUNT = f"select count(*), coalesce(sum(case when :lead in (f.reviewer, s.reviewer) then 0 else 1 end), 0) {OPEN}"
VERDICT = "select verdict, reason_code, reason, comment from review_decisions where lease_key = ?"
SETTLE = """
    update review_draws set state = 'settled', settled_by = ?, settled = ?, verdict = ? where draw_id = ?
"""

NO_DIFFERENCE = "There is no difference {number}."
SETTLED = "Somebody settled this already, or the video was judged anew."
OWN = "One of the two verdicts is yours: somebody else settles this."


@dataclass(frozen=True, slots=True)
class Opinion:
    """One of two verdicts; `stands` if the video is as this one says."""

    verdict: Verdict
    reason_code: str
    reason: str
    comment: str
    stands: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Two verdicts on a video that differ, the standing one first."""

    number: int
    video_id: str
    opinions: tuple[Opinion, Opinion]


class ReviewDifferences:
    """Reads and settles differences."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def find(self, lead: str, count: int) -> list[Difference]:
        """Return what this user can settle, oldest first."""
        with self._engine.reading() as db:
            rows = list(db.query(FIND, {"lead": lead, "count": count}))
            return [
                Difference(
                    row["draw_id"], row["video_id"],
                    (_opinion(db, row["first"], stands=True), _opinion(db, row["second"], stands=False)),
                )
                for row in rows
            ]  # fmt: skip

    def count(self, lead: str) -> tuple[int, int]:
        """Return how many differences are open, and how many of them this user can settle."""
        with self._engine.reading() as db:
            total, mine = db.execute(COUNT, {"lead": lead}).fetchone()
        return total, mine

    def settle(self, number: int, ruling: Ruling | None, actor: Actor, *, tell: bool = False) -> str:
        """Settle a difference by a verdict, or None to leave the video as it is, and return the video's id.

        The verdict is recorded like createAudit, in the same transaction; with `tell`, the provider is told of it
        later. Raises NotFound, and Conflict if it is settled, or this user's own.
        """
        with self._engine.writing() as db:
            now, video_id, first = int(self._clock()), *self._get(db, number, actor.name)
            if ruling is None:
                history.append(
                    db, at=now, actor=actor, action="settleReviewDifference", target=video_id, after={"status": first}
                )
            else:
                reviews.record(
                    db, now, video_id, ruling.verdict, ruling.reason, ruling.comment, actor,
                    reason_code=ruling.reason_code, tell=tell,
                )  # fmt: skip
            db.execute(SETTLE, [actor.name, self._clock(), ruling.verdict if ruling else first, number])
            return video_id

    def _get(self, db: Database, number: int, lead: str) -> tuple[str, str]:
        """Return the video and the first verdict of an open difference. Raises NotFound, Conflict."""
        row: dict[str, Any] | None = next(iter(db.query(
            "select d.video_id, d.state, f.verdict, f.reviewer, s.reviewer as other from review_draws d "
            "join review_decisions f on f.lease_key = d.lease_key "
            "left join review_decisions s on s.lease_key = d.second_key where draw_id = ?",
            [number],
        )), None)  # fmt: skip
        if row is None or row["other"] is None:
            raise NotFound(NO_DIFFERENCE, number=number)
        if lead in (row["reviewer"], row["other"]):
            raise Conflict(OWN)
        judged = (CensorStatus.SUCCESS, CensorStatus.FAIL)
        if row["state"] != "differs" or read_video_alone(db, row["video_id"]).censor_status not in judged:
            raise Conflict(SETTLED)
        return row["video_id"], row["verdict"]


def _opinion(db: Database, key: str, *, stands: bool) -> Opinion:
    verdict, code, reason, comment = db.execute(VERDICT, [key]).fetchone()
    return Opinion(Verdict(verdict), code, reason, comment, stands)
