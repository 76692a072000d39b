"""Leases of the review desk: each reserves one video for one user, with expiry by the store's clock.

An expired lease remains valid until another user takes the video. Any other change of the video's review state, or its
deletion, ends the lease.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from backend.errors import Conflict
from backend.model import Actor
from backend.model.review import Desk, Lease, QueueState
from backend.model.texts import is_blank
from backend.store import history, review_queues, review_sorting, second_reviews
from backend.store.engine import Database, Engine
from backend.store.lease_claims import claim, claim_waiting, has_waiting, lease_of, place_of
from backend.store.rows import as_json

RENEW_MARGIN = 10.0  # seconds: leases renewed this recently are not written again
OWN = "holder = :holder and lease_key in (select value from json_each(:keys))"
RENEW = f"update review_leases set expires = :until where {OWN} and expires < :early"
HELD = f"select * from review_leases where {OWN} order by claimed, lease_key"
NOT_NAMED = """
    select * from review_leases where holder = :holder and desk = :desk and expires > :now
    and lease_key not in (select value from json_each(:keys)) order by claimed, lease_key limit :count
"""
# A cross join is read in this order: few leases, never all that waits.
COUNTED = (
    "select count(*) from {} l cross join review_waiting w where w.video_id = l.video_id and w.queue in ({}) and {}"
)
CHOSEN = "select value from json_each(:queues)"
COUNTS = {
    name: COUNTED.format(table, CHOSEN, which)
    for name, table, which in (
        ("with_you", "review_leases", "expires > :now and holder = :holder"),
        ("with_others", "review_leases", "expires > :now and holder <> :holder"),
        ("skipped", "review_skips", "account = :holder and until > :now"),
        ("asked", "review_opinions", "account = :holder"),
    )
}
ALL = """
    select l.*, v.title from review_leases l join videos v using (video_id) where l.expires > 0
    order by l.expires > :now desc, l.claimed, v.seq
"""

JUDGED = "{name} judged this clip meanwhile ({verdict})."
OWN_VERDICT = "You judged this clip already ({verdict})."
NOT_YOURS = "This clip was given to {name}, not to you."
WITH_ANOTHER = "{name} has this clip now: your time for it ran out."
ENDED = "Your hold on this clip has ended. Take the next one."


class ReviewLeases:
    """Reads and changes leases."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def take(
        self, desk: Desk, count: int, seconds: float, held: Sequence[str] = (), queues: Sequence[str] | None = None
    ) -> list[Lease]:
        """Return up to `count` leases from these queues, the first one's videos first; None means all queues.

        `held` are the keys that the desk has: they are renewed. Other leases of the desk come first, because an earlier
        response was lost.
        """
        values = self._values(desk, seconds, held) | {"count": count}
        chosen = self._chosen(queues)
        if not self._has_any(values, chosen):
            return []
        with self._engine.writing() as db:
            return take(db, values, chosen)

    def _chosen(self, queues: Sequence[str] | None) -> list[str]:
        if queues is not None:
            return list(queues)
        with self._engine.reading() as db:
            return [queue.code for queue in review_queues.find(self._engine, db)]

    def _has_any(self, values: dict[str, Any], queues: Sequence[str]) -> bool:
        """Return whether there is anything to take or renew, so that polling writes nothing."""
        held = f"select 1 from review_leases where {OWN} and expires < :early"
        with self._engine.reading() as db:
            if any(db.execute(sql, values).fetchone() for sql in (NOT_NAMED, held)):
                return True
            return has_waiting(db, values, queues) or second_reviews.has_free(db, values, queues)

    def renew(self, holder: str, keys: Sequence[str], seconds: float) -> list[Lease]:
        """Renew leases for `seconds` from now, and return those that are still valid."""
        values = self._values(Desk(holder), seconds, keys)
        with self._engine.writing() as db:
            db.execute(RENEW, values)
            return [lease_of(row) for row in db.query(HELD, values)]

    def release(self, desk: Desk, keys: Sequence[str] = ()) -> int:
        """Release leases: those of `keys`, or all of a desk, or all of a user if the desk has no name."""
        values = self._values(desk, 0, keys)
        which = OWN if keys else "holder = :holder and (:desk = '' or desk = :desk)"
        with self._engine.writing() as db:
            return int(db.execute(f"delete from review_leases where {which}", values).rowcount)

    def free(self, actor: Actor, video_id: str = "", holder: str = "") -> int:
        """Revoke the lease of a video or all leases of a user, and return their number."""
        which = "(:video = '' or video_id = :video) and (:holder = '' or holder = :holder)"
        values = {"video": video_id, "holder": holder}
        with self._engine.writing() as db:
            rows = sorted(
                db.execute(f"delete from review_leases where {which} returning video_id, holder", values).fetchall()
            )
            changes: list[history.Change] = [(video_id, {"userName": holder}, {}) for video_id, holder in rows]
            if changes:
                history.append_many(db, at=int(self._clock()), actor=actor, action="freeReview", changes=changes)
            return len(changes)

    def explain(self, key: str, holder: str) -> Conflict:
        """Return why a user lost a lease."""
        with self._engine.reading() as db:
            return lost(db, key, holder)

    def video_of(self, key: str) -> str:
        """Return the video of a current or former lease, or an empty string."""
        with self._engine.reading() as db:
            return video_of(db, key)

    def find_all(self) -> list[tuple[Lease, str]]:
        """Return all leases with the titles of their videos, active ones first; not those whose session was ended."""
        with self._engine.reading() as db:
            return [(lease_of(row), row["title"]) for row in db.query(ALL, {"now": self._clock()})]

    def count_queue(self, holder: str, queues: Sequence[str] | None = None) -> QueueState:
        """Return the counts of these queues together for a user; None means all queues."""
        chosen = self._chosen(queues)
        now = self._clock()
        values = {"now": now, "holder": holder, "queues": as_json(chosen)}
        with self._engine.reading() as db:
            found = review_queues.count(db, holder, now)
            counts = {name: int(db.execute(sql, values).fetchone()[0]) for name, sql in COUNTS.items()}
            again = second_reviews.count_own(db, values)
        per_queue = [one for code, one in found.items() if code in chosen]
        return QueueState(
            sum(one.waiting for one in per_queue), sum(one.free for one in per_queue),
            oldest=min((one.oldest for one in per_queue if one.oldest is not None), default=None),
            **{name: number + again[name] for name, number in counts.items()},
        )  # fmt: skip

    def _values(self, desk: Desk, seconds: float, keys: Sequence[str]) -> dict[str, Any]:
        now = self._clock()
        return {
            "holder": desk.holder, "desk": desk.name, "now": now, "until": now + seconds,
            "early": now + seconds - RENEW_MARGIN, "keys": as_json(keys),
        }  # fmt: skip


def take(db: Database, values: dict[str, Any], queues: Sequence[str]) -> list[Lease]:
    """Renew the named leases, then return other leases of the desk and claim free videos of the queues, inside the
    caller's transaction.
    """
    db.execute(RENEW, values)
    found = [lease_of(row) for row in db.query(NOT_NAMED, values)]
    if (missing := values["count"] - len(found)) > 0:
        found += _claim(db, {**values, "count": missing}, queues)
    return found


def _claim(db: Database, values: dict[str, Any], queues: Sequence[str]) -> list[Lease]:
    """Claim free videos of the queues, with second reviews and known clips among them."""
    among = second_reviews.claim_among(db, values, queues)
    missing = values["count"] - len(among)
    found = claim_waiting(db, {**values, "count": missing}, queues) if missing else []
    if len(found) < missing:
        among += second_reviews.claim_free(db, {**values, "count": missing - len(found)}, queues)
    for lease in among:
        found.insert(secrets.randbelow(len(found) + 1), lease)
    return found


def give(db: Database, video_id: str, desk: Desk, now: float, seconds: float) -> Lease | None:
    """Lease a specific video, inside the caller's transaction; None if another user has it or it does not wait for
    review.
    """
    values = {
        "video": video_id, "holder": desk.holder, "desk": desk.name, "now": now, "until": now + seconds,
    }  # fmt: skip
    one = (
        "select video_id, seq, case censor_status when 'check' then 'first' else 'reported' end as kind from videos v "
        f"where video_id = :video and {review_sorting.WAITS} and not exists ("
        "select 1 from review_leases l where l.video_id = v.video_id and l.expires > :now and l.holder <> :holder)"
    )
    db.execute("delete from review_leases where video_id = :video and holder = :holder", values)
    return next(iter(claim(db, one, values)), None)


def find(db: Database, key: str, holder: str) -> Lease:
    """Return the lease of a key, inside the caller's transaction.

    Raises Conflict if it has ended.
    A key is also accepted if the same user has the video under a newer key, because nobody else took it in between.
    """
    values = {"key": key, "video": video_of(db, key), "holder": holder}
    sql = "select * from review_leases where holder = :holder and (lease_key = :key or video_id = :video)"
    row = next(iter(db.query(sql, values)), None)
    if row is None:
        raise lost(db, key, holder)
    return lease_of(row)


def end(db: Database, lease: Lease) -> None:
    """End a lease, inside the caller's transaction."""
    db.execute("delete from review_leases where lease_key = ?", [lease.key])


def lost(db: Database, key: str, holder: str) -> Conflict:
    """Return why a user lost a lease, inside the caller's transaction."""
    video_id = video_of(db, key)
    row = db.execute("select holder, lease_key from review_leases where video_id = ?", [video_id]).fetchone()
    if row and row[0] != holder:
        return Conflict(NOT_YOURS if row[1] == key else WITH_ANOTHER, name=row[0])
    if second_reviews.is_waiting(db, video_id):
        return Conflict(ENDED)  # who lost it may get it as the second reviewer
    standing = db.execute("select censor_status from videos where video_id = ?", [video_id]).fetchone()
    last = db.execute(
        "select actor from history where target = ? and action = 'createAudit' order by id desc limit 1", [video_id]
    ).fetchone()
    if standing and last and standing[0] in ("success", "fail") and not is_blank(last[0]):
        verdict = "Normal" if standing[0] == "success" else "Blocked"
        return Conflict(OWN_VERDICT if last[0] == holder else JUDGED, name=last[0], verdict=verdict)
    return Conflict(ENDED)


def video_of(db: Database, key: str) -> str:
    """Return the video of a current or former lease, or an empty string, inside the caller's transaction."""
    row = db.execute("select video_id from videos where seq = ?", [place_of(key)]).fetchone()
    return str(row[0]) if row else ""
