"""Results of VOD's machine review, stored locally so that reading them does not call Alibaba."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from backend.model import Actor
from backend.model.cloud import Action, MachineReview
from backend.store import history
from backend.store.cloud import expect_event, finish_intents
from backend.store.engine import Database, Engine

# Made at import: msgspec crashes if two threads resolve a type at the same time.
REVIEW = msgspec.json.Decoder(MachineReview)
TOLD = "AIMediaAuditComplete"  # the event that applies a result
WAITING = "update videos set censor_status = 'onCensor' where video_id = ? and censor_status = 'check'"


class CloudReviews:
    """Queries and changes of machine reviews."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def find(self, video_id: str) -> MachineReview | None:
        """Return the stored review of a video; None if it was never fetched."""
        with self._engine.reading() as db:
            row = db.execute("select body from cloud_reviews where video_id = ?", [video_id]).fetchone()
        return REVIEW.decode(row[0]) if row else None

    def keep(self, review: MachineReview, *, ends: bool = False) -> None:
        """Store a review. With `ends`, complete the pending submission and queue the event that applies the result."""
        with self._engine.writing() as db:
            _write(db, review, self._clock())
            if ends:
                finish_intents(db, Action.REVIEW, review.video_id)
                expect_event(db, TOLD, review.video_id, self._clock())

    def note_submitted(self, review: MachineReview, payload: Mapping[str, Any], actor: Actor) -> None:
        """Record a submitted review in the history, and mark a video waiting for review as under machine review."""
        with self._engine.writing() as db:
            _write(db, review, self._clock())
            text = json.dumps(payload, ensure_ascii=False)
            sql = "update cloud_intents set payload = ? where action = ? and target = ?"
            db.execute(sql, [text, Action.REVIEW, review.video_id])
            db.execute(WAITING, [review.video_id])
            after = {"template": payload["template"], "jobId": payload["jobId"]}
            history.append(
                db, at=int(self._clock()), actor=actor, action="resubmitReview", target=review.video_id, after=after
            )

    def poll_now(self, video_id: str, job_id: str) -> bool:
        """Check a submitted review now; False if none is pending.

        `job_id` is VOD's id from the event, for submissions whose response was lost.
        """
        with self._engine.writing() as db:
            sql = "select payload from cloud_intents where action = ? and target = ?"
            row = db.execute(sql, [Action.REVIEW, video_id]).fetchone()
            if row is None:
                return False
            payload = json.loads(row[0])
            payload["jobId"] = payload.get("jobId") or job_id
            db.execute(
                "update cloud_intents set due = 0, payload = ? where action = ? and target = ?",
                [json.dumps(payload, ensure_ascii=False), Action.REVIEW, video_id],
            )
            return True


def _write(db: Database, review: MachineReview, now: float) -> None:
    body = msgspec.json.encode(review).decode()
    db.execute(
        "insert into cloud_reviews (video_id, changed, body) values (?, ?, ?) "
        "on conflict (video_id) do update set changed = excluded.changed, body = excluded.body",
        [review.video_id, now, body],
    )
