"""Review desk decisions, skips, second opinions and undo, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from backend.errors import Conflict
from backend.model import Actor, CensorStatus, Verdict
from backend.model.review import Decision, Desk, Lease, LeaseKind, Opinion, Ruling
from backend.store import history, inserts, review_leases, review_sampling, reviews, second_reviews, similar_videos
from backend.store.engine import Database, Engine
from backend.store.lease_claims import lease_of
from backend.store.rows import fields_of, read_video_alone

STANDS = {LeaseKind.FIRST: CensorStatus.CHECK, LeaseKind.REPORTED: CensorStatus.SUCCESS}  # before the decision
SKIP_SECONDS = 600.0  # before a user gets a skipped video again

OTHERWISE = "This clip was decided already ({verdict}). Undo that first."
UNDONE = "You undid this decision meanwhile. Decide with the key of the new lease."
NOT_YOUR_KEY = "Somebody else decided with this key. Decide with the key of your own lease."
NOTHING_TO_UNDO = "There is nothing to undo: this was not decided here, or by somebody else."


class ReviewDecisions:
    """Reads and changes decisions."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def find(self, key: str, reviewer: str, verdict: Verdict | None = None) -> Decision | None:
        """Return a user's decision on a lease. Raises Conflict if it is not `verdict`, or was undone."""
        with self._engine.reading() as db:
            return find(db, key, reviewer, verdict)

    def decide(
        self, key: str, ruling: Ruling, actor: Actor, *, tell: bool = False, day_start: float = 0.0
    ) -> Decision:  # fmt: skip
        """Record a verdict like createAudit, end its lease and store the decision, in one transaction.

        A second review changes nothing else. Idempotent. With `tell`, an intent to send it to the provider is recorded
        too. `day_start` is when the day began, for drawing second reviews. Raises Conflict if the lease was lost, or
        somebody else decided with its key.
        """
        with self._engine.writing() as db:
            known = find(db, key, actor.name, ruling.verdict)
            if known is not None:
                return known
            lease, now = review_leases.find(db, key, actor.name), self._clock()
            if db.execute("select 1 from review_decisions where lease_key = ?", [key]).fetchone():
                raise Conflict(NOT_YOUR_KEY)
            seconds = now - lease.claimed if ruling.seconds is None else ruling.seconds
            made = Decision(
                key, lease.video_id, actor.name, lease.kind, ruling.verdict, ruling.reason_code, ruling.reason,
                ruling.comment, max(seconds, 0.0), now, actor.request_id,
            )  # fmt: skip
            if not lease.kind.is_blind:
                return self._judge(db, lease, made, actor, tell, day_start)
            if not second_reviews.decide(db, lease, made):
                raise review_leases.lost(db, key, actor.name)
            review_leases.end(db, lease)
            _write(db, made)
            return made

    def _judge(
        self, db: Database, lease: Lease, made: Decision, actor: Actor, tell: bool, day_start: float
    ) -> Decision:  # fmt: skip
        """Store a decision that changes the video; a first one is drawn for a second review, or not."""
        video = read_video_alone(db, lease.video_id)
        if video.censor_status is not STANDS[lease.kind]:
            raise review_leases.lost(db, made.key, actor.name)
        queue, since = review_sampling.find_queue(db, lease.video_id)
        made = replace(made, queue=queue)
        if lease.kind is LeaseKind.FIRST:
            made = replace(made, drawn_with=review_sampling.drawn_with(db, made, video, day_start))
        reviews.record(
            db, int(made.at), lease.video_id, made.verdict, made.reason, made.comment, actor,
            reason_code=made.reason_code, tell=tell,
        )  # fmt: skip
        review_leases.end(db, lease)
        _write(db, made)
        review_sampling.draw(db, made, video, since)
        return made

    def skip(self, key: str, holder: str) -> str:
        """Return a video to the queue, and return its id. Raises Conflict if the lease was lost."""
        with self._engine.writing() as db:
            known = _passed(db, "review_skips", key, holder)
            if known:
                return known
            lease = review_leases.find(db, key, holder)
            review_leases.end(db, lease)
            db.execute("delete from review_skips where until <= ?", [self._clock()])
            db.execute("delete from review_skips where video_id = ? and account = ?", [lease.video_id, holder])
            row = {"video_id": lease.video_id, "account": holder, "lease_key": key}
            inserts.insert(db, "review_skips", {**row, "until": self._clock() + SKIP_SECONDS})
            return lease.video_id

    def ask(self, key: str, note: str, actor: Actor) -> str:
        """Hand a video to another reviewer with a note, and return its id. Raises Conflict if the lease was lost."""
        with self._engine.writing() as db:
            known = _passed(db, "review_opinions", key, actor.name)
            if known:
                return known
            lease, now = review_leases.find(db, key, actor.name), self._clock()
            review_leases.end(db, lease)
            row = {"video_id": lease.video_id, "account": actor.name, "lease_key": key, "note": note, "at": now}
            inserts.insert(db, "review_opinions", row)
            if not lease.kind.is_blind:
                after = {"comment": note}
                history.append(
                    db, at=int(now), actor=actor, action="askSecondOpinion", target=lease.video_id, after=after
                )
            return lease.video_id

    def find_opinions(self, video_id: str) -> list[Opinion]:
        """Return the notes of users who asked for a second opinion, oldest first."""
        sql = "select account, note, at from review_opinions where video_id = ? order by at, account"
        with self._engine.reading() as db:
            return [Opinion(*row) for row in db.execute(sql, [video_id]).fetchall()]

    def undo(self, key: str, desk: Desk, actor: Actor, seconds: float) -> Lease:
        """Undo what a user did with a lease, and lease the video to them again.

        Idempotent: a repeat returns the same new lease, and from another desk of the user moves it there. Raises
        Conflict if somebody has decided on the video since, or has it now.
        """
        with self._engine.writing() as db:
            now = self._clock()
            video_id = self._take_back(db, key, actor, int(now))
            row = next(iter(db.query(
                "select * from review_leases where video_id = ? and holder = ? and desk = ? and expires > ?",
                [video_id, actor.name, desk.name, now],
            )), None)  # fmt: skip
            lease = (
                lease_of(row) if row
                else review_leases.give(db, video_id, desk, now, seconds)
                or second_reviews.give(db, video_id, desk, now, seconds)
            )  # fmt: skip
            if lease is None:
                raise review_leases.lost(db, key, actor.name)
            return lease

    def _take_back(self, db: Database, key: str, actor: Actor, now: int) -> str:
        """Undo a decision, skip or hand-over, and return the video's id. Raises Conflict."""
        made = find(db, key, actor.name)
        if made is not None:
            if made.kind.is_blind:
                if not made.undone:
                    second_reviews.undo(db, made, now)
            elif not made.undone:
                reviews.undo(db, now, made.video_id, made.request_id, actor)
            return made.video_id
        for table in ("review_skips", "review_opinions"):
            if video_id := _passed(db, table, key, actor.name):
                db.execute(f"delete from {table} where lease_key = ?", [key])
                return video_id
        with_lease = review_leases.video_of(db, key)
        own = "select 1 from review_leases where video_id = ? and holder = ?"
        if with_lease and db.execute(own, [with_lease, actor.name]).fetchone():
            return with_lease  # a repeated request: the lease exists already
        raise Conflict(NOTHING_TO_UNDO)

    def find_last(self, reviewer: str, count: int) -> list[tuple[Decision, str]]:
        """Return a user's last decisions with the titles of their videos, newest first, without undone ones."""
        sql = (
            "select d.*, v.title from review_decisions d join videos v using (video_id) "
            "where reviewer = ? and undone = 0 order by at desc, lease_key limit ?"
        )
        with self._engine.reading() as db:
            rows = [(row.pop("title"), row) for row in db.query(sql, [reviewer, count])]
        return [(decision_of(row), title) for title, row in rows]

    def count_since(self, reviewer: str, second: float) -> int:
        """Return the number of a user's decisions since then, without undone ones and known clips."""
        sql = (
            "select count(*) from review_decisions where reviewer = ? and at >= ? and undone = 0 and kind <> 'probe'"
        )  # fmt: skip
        with self._engine.reading() as db:
            return int(db.execute(sql, [reviewer, second]).fetchone()[0])


def find(db: Database, key: str, reviewer: str, verdict: Verdict | None = None) -> Decision | None:
    """Return a user's decision on a lease, inside the caller's transaction.

    With a `verdict`, raises Conflict if the decision is another one, or was undone: it does not stand any more.
    """
    sql = "select * from review_decisions where lease_key = ? and reviewer = ?"
    row = next(iter(db.query(sql, [key, reviewer])), None)
    if row is None:
        return None
    made = decision_of(row)
    if verdict is not None and made.undone:
        raise Conflict(UNDONE)
    if verdict not in (None, made.verdict):
        raise Conflict(OTHERWISE, verdict=made.verdict.value)
    return made


def decision_of(row: dict[str, Any]) -> Decision:
    """Return the decision in a row of review_decisions."""
    key, kind, verdict = row.pop("lease_key"), LeaseKind(row.pop("kind")), Verdict(row.pop("verdict"))
    return Decision(key=key, kind=kind, verdict=verdict, **fields_of(Decision, row))


def _passed(db: Database, table: str, key: str, account: str) -> str:
    """Return the video that a user skipped or handed over with a lease, or an empty string."""
    sql = f"select video_id from {table} where lease_key = ? and account = ?"
    row = db.execute(sql, [key, account]).fetchone()
    return str(row[0]) if row else ""


def _write(db: Database, made: Decision) -> None:
    row: dict[str, Any] = {
        "lease_key": made.key, "video_id": made.video_id, "reviewer": made.reviewer, "kind": made.kind,
        "verdict": made.verdict, "reason_code": made.reason_code, "reason": made.reason, "comment": made.comment,
        "seconds": made.seconds, "at": made.at, "request_id": made.request_id, "drawn_with": made.drawn_with,
        "queue": made.queue,
    }  # fmt: skip
    inserts.insert(db, "review_decisions", row)
    if made.kind is LeaseKind.FIRST:
        similar_videos.note_hint(db, made.key, made.video_id, made.verdict)
