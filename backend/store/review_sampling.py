"""Draws first decisions for second review, in the transaction that stores them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from backend.errors import BadRequest
from backend.model import Actor, FileKind, MediaFile, Video
from backend.model.review import Decision
from backend.model.review_quality import DAY_START, Drawable, Sampling, is_drawn, probability
from backend.model.review_queues import DEFAULT
from backend.store import history, inserts
from backend.store.engine import Database, Engine
from backend.store.rows import read_files

# Made at import: msgspec crashes if two threads resolve a type at the same time.
SAMPLING = msgspec.json.Decoder(Sampling)
MAX_WAIT = 30 * 86_400  # seconds until a drawing that nobody took lapses
CURRENT = "from review_decisions where kind = 'first' and undone = 0"
OWN_COUNT = f"select count(*) from (select 1 {CURRENT} and reviewer = :reviewer and at >= :since limit :most) own"
DRAWN = "select count(*) from review_draws where drawn >= :since and state <> 'void' and"
LAPSE = "update review_draws set state = 'lapsed' where state = 'waiting' and drawn < ?"
# Videos to be sorted, because another number of reports brings them back.
REPORTED = "insert into review_unsorted select distinct video_id from video_reports where closed_by is null"
QUEUE = "select queue, since from review_waiting where video_id = ?"


class Seen(msgspec.Struct, frozen=True):
    """What the first reviewer had: kinds of files, the source without its name, and the states of renditions. Approving
    a video makes new ones.
    """

    kinds: tuple[str, ...]
    transcode_status: str
    narrow_transcode_status: str
    source: MediaFile | None = None
    since: float = 0.0  # when the video began to wait


class ReviewSampling:
    """Reads and changes the rules of second reviews."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def get(self) -> Sampling:
        """Return the rules."""
        with self._engine.reading() as db:
            return read_rules(db)[0]

    def change(self, given: dict[str, Any], actor: Actor) -> Sampling:
        """Change the given fields and return the rules. Raises BadRequest for an unknown reason."""
        with self._engine.writing() as db:
            old, _ = read_rules(db)
            new = replace(old, **given)
            known = {code for (code,) in db.execute("select code from review_reasons").fetchall()}
            for code in new.reason_codes:
                if code not in known and code not in old.reason_codes:
                    raise BadRequest("There is no reason {code} in the list.", code=code[:40])
            before, after = msgspec.to_builtins(old), msgspec.to_builtins(new)
            changed = [name for name in after if before[name] != after[name]]
            if changed:
                if "reports" in changed:
                    db.execute(REPORTED)
                db.execute("update review_sampling set body = ?", [msgspec.json.encode(new).decode()])
                history.append(
                    db, at=int(self._clock()), actor=actor, action="setReviewSampling", target="review",
                    before={name: before[name] for name in changed}, after={name: after[name] for name in changed},
                )  # fmt: skip
            return new

    def recount(self, since: float = 0) -> tuple[set[str], set[str]]:
        """Return the lease keys that were drawn since then, by recounting the decisions, and as stored."""
        with self._engine.reading() as db:
            _, secret = read_rules(db)
            sql = "select lease_key, drawn_with from review_decisions where kind = 'first' and at >= ?"
            counted = {key for key, drawn_with in db.execute(sql, [since]) if is_drawn(secret, key, drawn_with)}
            stored = {key for (key,) in db.execute("select lease_key from review_draws where drawn >= ?", [since])}
        return counted, stored


def read_rules(db: Database) -> tuple[Sampling, str]:
    """Return the rules and the secret of the drawing."""
    body, secret = db.execute("select body, secret from review_sampling").fetchone()
    return SAMPLING.decode(body), str(secret)


def find_queue(db: Database, video_id: str) -> tuple[str, float]:
    """Return the queue in which a video waits, and since when."""
    row = db.execute(QUEUE, [video_id]).fetchone()
    return (str(row[0]), float(row[1])) if row else (DEFAULT, 0.0)


def drawn_with(db: Database, made: Decision, video: Video, day_start: float) -> float:
    """Return the probability with which a new first decision is drawn. The day began at `day_start`."""
    rules, _ = read_rules(db)
    if not rules.second_reviews:
        return 0.0
    values = {"reviewer": made.reviewer, "since": day_start, "queue": made.queue}
    own: dict[str, Any] = {**values, "most": DAY_START}
    return probability(rules, Drawable(
        made.verdict, made.reason_code, made.seconds, video.duration,
        ever=_count(db, OWN_COUNT, {**own, "since": 0, "most": rules.newcomer_decisions}),
        today=_count(db, OWN_COUNT, own),
        drawn_today=_count(db, f"{DRAWN} reviewer = :reviewer", values),
        all_today=_count(db, f"select count(*) {CURRENT} and queue = :queue and at >= :since", values),
        all_drawn_today=_count(db, f"{DRAWN} queue = :queue", values),
    ))  # fmt: skip


def draw(db: Database, made: Decision, video: Video, since: float) -> None:
    """Draw a stored decision, or not, by its key. `video` is the video as it was before, and waited since then."""
    if not made.drawn_with or not is_drawn(read_rules(db)[1], made.key, made.drawn_with):
        return
    files = read_files(db, [video.video_id])[video.video_id]
    source = next((replace(file, name="") for file in files if file.kind is FileKind.SOURCE), None)
    kinds = tuple(dict.fromkeys(file.kind.value for file in files))
    seen = Seen(kinds, video.transcode_status.value, video.narrow_transcode_status.value, source)
    db.execute(LAPSE, [made.at - MAX_WAIT])
    row = {
        "lease_key": made.key, "video_id": made.video_id, "reviewer": made.reviewer, "drawn": made.at,
        "queue": made.queue, "since": since or video.created, "seen": msgspec.json.encode(seen).decode(),
    }  # fmt: skip
    inserts.insert(db, "review_draws", row)


def _count(db: Database, sql: str, values: dict[str, Any]) -> int:
    return int(db.execute(sql, values).fetchone()[0])
