"""Review queues: reading, changing and counting them, and which videos to review first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from backend.errors import BadRequest, NotFound
from backend.model import Actor
from backend.model.review import LeaseKind
from backend.model.review_queues import DEFAULT, QueueCount, QueueRule, ReviewPlace, ReviewQueue
from backend.store import history, inserts, review_sorting, second_reviews
from backend.store.engine import Database, Engine
from backend.store.rows import as_json

MAX_QUEUES = 20
NOTHING = QueueCount(0, 0, None)
WAITING = "select queue, sum(number) from review_per_queue group by queue"
BUSY = """
    select w.queue, count(*) from review_waiting w where w.video_id in (
        select video_id from review_leases where expires > :now
        union select video_id from review_skips where account = :holder and until > :now
        union select video_id from review_opinions where account = :holder
    ) group by w.queue
"""
OLDEST = """
    select q.code, (select min(since) from review_waiting w where w.queue = q.code) from review_queues q
"""
URGENT = """
    update review_waiting set urgent = :urgent
    where urgent <> :urgent and video_id in (select value from json_each(:ids)) returning video_id
"""


class ReviewQueues:
    """Reads and changes queues."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def find(self) -> tuple[ReviewQueue, ...]:
        """Return the queues in the order of their priority, the default one last."""
        with self._engine.reading() as db:
            return find(self._engine, db)

    def find_since(self, video_ids: Iterable[str]) -> dict[str, float]:
        """Return since when these videos wait for review, as far as they do (seconds since 1970)."""
        sql = "select video_id, since from review_waiting where video_id in (select value from json_each(?))"
        with self._engine.reading() as db:
            return dict(db.execute(sql, [as_json(video_ids)]).fetchall())

    def find_places(self, video_ids: Iterable[str]) -> list[ReviewPlace]:
        """Return where those of these videos wait that do, oldest first."""
        sql = (
            "select video_id, queue, since, urgent, kind from review_waiting "
            "where video_id in (select value from json_each(?)) order by since, seq"
        )
        with self._engine.reading() as db:
            rows = db.execute(sql, [as_json(video_ids)]).fetchall()
        return [
            ReviewPlace(video_id, queue, since, bool(urgent), LeaseKind(kind))
            for video_id, queue, since, urgent, kind in rows
        ]

    def count(self, holder: str) -> dict[str, QueueCount]:
        """Return what waits in each queue, by code, for a user."""
        with self._engine.reading() as db:
            return count(db, holder, self._clock())

    def find_waiting(self) -> tuple[dict[str, int], dict[str, float]]:
        """Return how many videos wait for a first review in each queue, and for how many seconds the oldest has."""
        with self._engine.reading() as db:
            waiting = dict(db.execute(WAITING).fetchall())
            oldest = dict(db.execute(OLDEST).fetchall())
        now = self._clock()
        ages = {code: 0.0 if since is None else max(0.0, now - since) for code, since in oldest.items()}
        return {code: waiting.get(code, 0) for code in oldest}, ages

    def edit(self, code: str, given: dict[str, Any], rule: dict[str, Any], actor: Actor) -> tuple[ReviewQueue, int]:
        """Add a queue, or change the given fields of the one with this code; `rule` holds changed conditions.

        Sorts all waiting videos again in the same transaction, and returns the queue and how many of them moved. Raises
        BadRequest.
        """
        with self._engine.writing(bulk=True) as db:
            known = {one.code: one for one in review_sorting.read_queues(db)}
            old = known.get(code)
            if old is None:
                _check_new(known, given)
            base = old or ReviewQueue(code, "", "", len(known))
            made = replace(base, **given, rule=replace(base.rule, **rule))
            _check_rule(made)
            if made == old:
                return made, 0
            others = [one for one in known.values() if one.code not in (code, DEFAULT)]
            if code != DEFAULT:
                others.insert(min(max(made.position - 1, 0), len(others)), made)
            ordered = [*others, made if code == DEFAULT else known[DEFAULT]]
            for place, one in enumerate(ordered, start=1):
                _write(db, replace(one, position=place))
            made = replace(made, position=ordered.index(made) + 1)
            self._note(db, actor, "editReviewQueue", code, _noted(old) if old else {}, _noted(made))
            return made, review_sorting.sort_all(db)

    def delete(self, code: str, actor: Actor) -> int:
        """Delete a queue, sort its videos into the others, and return how many moved. Raises NotFound, BadRequest."""
        if code == DEFAULT:
            raise BadRequest("The default queue cannot be deleted: it holds what meets no rule.")
        with self._engine.writing(bulk=True) as db:
            known = {one.code: one for one in review_sorting.read_queues(db)}
            if code not in known:
                raise NotFound("There is no review queue {code}.", code=code)
            db.execute("delete from review_queues where code = ?", [code])
            left = [one for one in known.values() if one.code != code]
            for place, one in enumerate(left, start=1):
                _write(db, replace(one, position=place))
            self._note(db, actor, "deleteReviewQueue", code, _noted(known[code]), {})
            return review_sorting.sort_all(db)

    def set_urgent(self, video_ids: Sequence[str], urgent: bool, actor: Actor) -> list[str]:
        """Review these videos before all others of their queues, or no longer; return the ids that changed.

        Those that do not wait are left out.
        """
        with self._engine.writing() as db:
            values = {"urgent": int(urgent), "ids": as_json(video_ids)}
            moved = {video_id for (video_id,) in db.execute(URGENT, values).fetchall()}
            changed = [one for one in dict.fromkeys(video_ids) if one in moved]
            lines: list[history.Change] = [(one, {"first": not urgent}, {"first": urgent}) for one in changed]
            if lines:
                history.append_many(db, at=int(self._clock()), actor=actor, action="setReviewPriority", changes=lines)
            return changed

    def _note(
        self, db: Database, actor: Actor, action: str, code: str, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        history.append(
            db, at=int(self._clock()), actor=actor, action=action, target=code,
            before={name: before[name] for name in changed if name in before},
            after={name: after[name] for name in changed if name in after},
        )  # fmt: skip


def find(engine: Engine, db: Database) -> tuple[ReviewQueue, ...]:
    """Return the queues in the order of their priority, inside the caller's transaction."""
    return engine.cached_in(db, "review queues", lambda: tuple(review_sorting.read_queues(db)))


def count(db: Database, holder: str, now: float) -> dict[str, QueueCount]:
    """Return what waits in each queue for a user, by code, with second reviews, inside the caller's transaction."""
    values = {"holder": holder, "now": now}
    waiting = dict(db.execute(WAITING).fetchall())
    busy = dict(db.execute(BUSY, values).fetchall())
    oldest = dict(db.execute(OLDEST).fetchall())
    again = second_reviews.count(db, holder, now)
    return {
        code: again.get(code, NOTHING).added_to(
            QueueCount(waiting.get(code, 0), waiting.get(code, 0) - busy.get(code, 0), since)
        )
        for code, since in oldest.items()
    }


def _noted(queue: ReviewQueue) -> dict[str, Any]:
    rule: dict[str, Any] = msgspec.to_builtins(queue.rule)
    row = {
        "nameZh": queue.name_zh, "nameEn": queue.name_en, "position": queue.position, "order": queue.sort,
        "roles": queue.roles, "userNames": queue.user_names, **rule,
    }  # fmt: skip
    return {name: ",".join(value) if isinstance(value, (tuple, list)) else value for name, value in row.items()}


def _check_new(known: dict[str, ReviewQueue], given: dict[str, Any]) -> None:
    for name, wire in (("name_zh", "nameZh"), ("name_en", "nameEn")):
        if not given.get(name):
            raise BadRequest("{name} is required.", name=wire)
    if len(known) >= MAX_QUEUES:
        raise BadRequest("There are {most} review queues, which is the limit.", most=MAX_QUEUES)


def _check_rule(queue: ReviewQueue) -> None:
    rule = queue.rule
    if queue.code == DEFAULT and rule != QueueRule():
        raise BadRequest("The default queue has no conditions: it holds what meets no rule.")
    if queue.code != DEFAULT and rule == QueueRule():
        raise BadRequest("A review queue needs at least one condition.")
    if rule.max_seconds and rule.min_seconds > rule.max_seconds:
        raise BadRequest("minSeconds must be at most maxSeconds.")


def _write(db: Database, queue: ReviewQueue) -> None:
    db.execute("delete from review_queues where code = ?", [queue.code])
    row = {
        **asdict(queue), "rule": msgspec.json.encode(queue.rule).decode(), "sort": queue.sort.value,
        "roles": as_json(queue.roles), "user_names": as_json(queue.user_names),
    }  # fmt: skip
    inserts.insert(db, "review_queues", row)
