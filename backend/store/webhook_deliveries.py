"""What is to be delivered to webhooks, what was, and the log of attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from backend.errors import ConsoleError, NotFound
from backend.model import SECONDS_A_DAY, Actor, Page
from backend.model.webhooks import (
    FAILING_SECONDS,
    GONE,
    Attempt,
    Delivery,
    DeliveryState,
    OffReason,
    Webhook,
    retry_after,
)
from backend.store import history, webhooks
from backend.store.engine import Database, Engine
from backend.store.rows import AT_NUMBER, as_json

LEASE_SECONDS = 60.0  # longer than an attempt, for which nobody else makes it
KEPT_DAYS = 30
MAX_KEPT = 10_000  # finished deliveries of a webhook
PRUNED_AT_ONCE = 2_000
GIVEN_UP_SECONDS = FAILING_SECONDS  # longer than all retries take: it waited for a webhook that was off
COLUMNS = ", ".join(Delivery.__struct_fields__)
ON = "webhook_id in (select webhook_id from webhooks where off_since = 0)"
NEXT_DUE = f"select min(due) from webhook_deliveries where state = 'waiting' and {ON}"
DUE = f"""
    select webhook_id, count(*) from webhook_deliveries where state = 'waiting' and due <= ? and {ON}
    group by webhook_id
"""
CLAIM = f"""
    update webhook_deliveries set due = :until, owner = :owner
    where state = 'waiting' and due <= :now and {ON} and delivery_id = (
        select delivery_id from webhook_deliveries
        where webhook_id = :webhook_id and state = 'waiting' and due <= :now order by due, delivery_id limit 1
    )
    returning {COLUMNS}
"""
ADD = """
    insert into webhook_deliveries (webhook_id, event_id, type, at, data, state, due, finished)
    values (?, ?, ?, ?, ?, ?, ?, ?) returning delivery_id
"""
LOG = """
    insert into webhook_attempts (delivery_id, at, by_hand, status, milliseconds, answer, problem)
    values (?, ?, ?, ?, ?, ?, ?)
"""
GIVE_UP = """
    update webhook_deliveries set state = 'failed', finished = ?, owner = '' where state = 'waiting' and at < ?
"""
OLD = """
    select delivery_id from webhook_deliveries where webhook_id = :webhook_id and state <> 'waiting' and (
        finished < :before or delivery_id <= (
            select delivery_id from webhook_deliveries where webhook_id = :webhook_id and state <> 'waiting'
            order by delivery_id desc limit 1 offset :most
        )
    ) limit :at_once
"""
NO_DELIVERY = "There is no delivery {delivery_id}. Deliveries are kept for {days} days."


class WebhookDeliveries:
    """Queries and changes of deliveries. Any number of processes may deliver: each attempt is made by one."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    # Delivering

    def next_due(self) -> float | None:
        """Return when the next attempt is due; it may be past."""
        return self._engine.cached("webhooks due", self._read_next_due)

    def _read_next_due(self) -> float | None:
        with self._engine.reading() as db:
            found: float | None = db.execute(NEXT_DUE).fetchone()[0]
            return found

    def count_due(self) -> dict[int, int]:
        """Return how many deliveries are due, by webhook."""
        with self._engine.reading() as db:
            return dict(db.execute(DUE, [self._clock()]).fetchall())

    def free(self, is_gone: Callable[[str], bool]) -> None:
        """Make what processes attempted that are gone due at once."""
        gone = [owner for owner in self._engine.cached("webhook owners", self._read_owners) if is_gone(owner)]
        if gone:
            with self._engine.writing() as db:
                sql = "update webhook_deliveries set due = ?, owner = '' where owner = ? and state = 'waiting'"
                for owner in gone:
                    db.execute(sql, [self._clock(), owner])

    def _read_owners(self) -> list[str]:
        sql = "select distinct owner from webhook_deliveries where owner <> ''"
        with self._engine.reading() as db:
            return [owner for (owner,) in db.execute(sql).fetchall()]

    def claim(self, webhook_id: int, owner: str) -> tuple[Webhook, Delivery] | None:
        """Claim what is due longest for a webhook, for LEASE_SECONDS; None if nothing is, or it is off.

        `owner` is unique to this attempt.
        """
        now = self._clock()
        values = {"webhook_id": webhook_id, "owner": owner, "now": now, "until": now + LEASE_SECONDS}
        with self._engine.writing() as db:
            with db.by_index():
                row = db.execute(CLAIM, values).fetchone()
            return None if row is None else (webhooks.get(db, webhook_id), _delivery_of(row))

    def release(self, delivery: Delivery) -> None:
        """Give a claim back that led to no attempt, because the process is stopping."""
        sql = "update webhook_deliveries set due = ?, owner = '' where delivery_id = ? and owner = ?"
        with self._engine.writing() as db:
            db.execute(sql, [self._clock(), delivery.delivery_id, delivery.owner])

    def settle(self, delivery: Delivery, attempt: Attempt) -> OffReason:
        """Record an attempt: the delivery's state or next attempt, and the health of its webhook.

        Returns why the webhook was switched off because of it. Nothing is left to record if it was deleted meanwhile.
        """
        with self._engine.writing() as db:
            present = _find(db, delivery.delivery_id)
            if present is None:
                return OffReason.NONE
            _log(db, delivery.delivery_id, attempt)
            now = self._clock()
            if attempt.succeeded:
                _finish(db, delivery.delivery_id, DeliveryState.DELIVERED, int(now), present.tries + 1)
            elif present.owner == delivery.owner and present.state is DeliveryState.WAITING:
                _retry(db, present, now)
            return _judge(db, webhooks.get(db, delivery.webhook_id), attempt, int(now))

    # By hand

    def get(self, delivery_id: int) -> Delivery:
        """Return one delivery. Raises NotFound."""
        with self._engine.reading() as db:
            return _get(db, delivery_id)

    def note_test(self, delivery: Delivery, attempt: Attempt, actor: Actor) -> int:
        """Record a test event and its only attempt, and return the delivery's id. Raises NotFound."""
        now = int(self._clock())
        with self._engine.writing() as db:
            webhook = webhooks.get(db, delivery.webhook_id)
            state = DeliveryState.DELIVERED if attempt.succeeded else DeliveryState.FAILED
            values = [
                delivery.webhook_id, delivery.event_id, delivery.type, delivery.at, delivery.data, state, now, now
            ]  # fmt: skip
            delivery_id = int(db.execute(ADD, values).fetchone()[0])
            _log(db, delivery_id, attempt)
            _note(db, actor, now, "testWebhook", webhook, {"status": attempt.status})
            return delivery_id

    def note_resent(self, delivery: Delivery, attempt: Attempt, actor: Actor) -> None:
        """Record an attempt made by hand: if it succeeded nothing further is attempted, or else all stays as it was.

        Raises NotFound.
        """
        now = int(self._clock())
        with self._engine.writing() as db:
            present = _get(db, delivery.delivery_id)
            _log(db, delivery.delivery_id, attempt)
            if attempt.succeeded:
                _finish(db, delivery.delivery_id, DeliveryState.DELIVERED, now, present.tries)
            webhook = webhooks.get(db, delivery.webhook_id)
            after = {"deliveryId": delivery.delivery_id, "eventId": delivery.event_id, "status": attempt.status}
            _note(db, actor, now, "resendDelivery", webhook, after)

    # The log

    def find(
        self, webhook_id: int, state: DeliveryState | None, index: int, size: int
    ) -> Page[tuple[Delivery, list[Attempt]]]:
        """Return page `index` (from 1) of a webhook's deliveries, newest first, with their attempts in order."""
        where = "webhook_id = :webhook_id" + (" and state = :state" if state else "")
        values: dict[str, Any] = {"webhook_id": webhook_id} | ({"state": state.value} if state else {})
        page = {**values, "size": size, "offset": (index - 1) * size}
        sql = f"select {COLUMNS} from webhook_deliveries where {where} order by delivery_id desc"
        with self._engine.reading() as db:
            total = db.execute(f"select count(*) from webhook_deliveries where {where}", values).fetchone()[0]
            rows = db.execute(f"{sql} limit :size offset :offset", page).fetchall()
            found = [_delivery_of(row) for row in rows]
            attempts = _attempts(db, [one.delivery_id for one in found])
        return Page(total, tuple((one, attempts.get(one.delivery_id, [])) for one in found))

    def count(self) -> dict[tuple[int, DeliveryState], int]:
        """Return the number of kept deliveries, by webhook and state; kept until the database changes."""
        return self._engine.cached("webhook counts", self._count)

    def _count(self) -> dict[tuple[int, DeliveryState], int]:
        sql = "select webhook_id, state, count(*) from webhook_deliveries group by webhook_id, state"
        with self._engine.reading() as db:
            return {(webhook, DeliveryState(state)): count for webhook, state, count in db.execute(sql).fetchall()}

    def oldest_waiting(self) -> int | None:
        """Return when the oldest event happened that a webhook which is on was not told of yet."""
        sql = f"select min(at) from webhook_deliveries where state = 'waiting' and {ON}"
        with self._engine.reading() as db:
            found: int | None = db.execute(sql).fetchone()[0]
            return found

    def prune(self) -> int:
        """Delete what is old, and give up what waited too long for a webhook that is off; return how much it was.

        In batches, since others cannot write meanwhile.
        """
        now, count = int(self._clock()), 0
        with self._engine.writing() as db:
            count += int(db.execute(GIVE_UP, [now, now - GIVEN_UP_SECONDS]).rowcount)
            ids = [webhook_id for (webhook_id,) in db.execute("select webhook_id from webhooks").fetchall()]
        values = {"before": now - KEPT_DAYS * SECONDS_A_DAY, "most": MAX_KEPT, "at_once": PRUNED_AT_ONCE}
        for webhook_id in ids:
            gone = PRUNED_AT_ONCE
            while gone == PRUNED_AT_ONCE:
                with self._engine.writing() as db:
                    sql = f"delete from webhook_deliveries where delivery_id in ({OLD})"
                    gone = int(db.execute(sql, {**values, "webhook_id": webhook_id}).rowcount)
                count += gone
        return count


def _find(db: Database, delivery_id: int) -> Delivery | None:
    row = db.execute(f"select {COLUMNS} from webhook_deliveries where delivery_id = ?", [delivery_id]).fetchone()
    return None if row is None else _delivery_of(row)


def _get(db: Database, delivery_id: int) -> Delivery:
    found = _find(db, delivery_id)
    if found is None:
        raise NotFound(NO_DELIVERY, delivery_id=delivery_id, days=KEPT_DAYS)
    return found


def _delivery_of(row: tuple[Any, ...]) -> Delivery:
    values = dict(zip(Delivery.__struct_fields__, row, strict=True))
    return Delivery(**{**values, "state": DeliveryState(values["state"])})


def _attempts(db: Database, delivery_ids: Iterable[int]) -> dict[int, list[Attempt]]:
    columns = "delivery_id, at, status, milliseconds, answer, problem, by_hand"
    sql = f"select {columns} from webhook_attempts where {AT_NUMBER.format(key='delivery_id')} order by attempt_id"
    found: dict[int, list[Attempt]] = {}
    for delivery_id, at, status, milliseconds, answer, problem, by_hand in db.execute(
        sql, [as_json(delivery_ids)]
    ).fetchall():
        error = ConsoleError.unpack(problem) if problem else None
        attempt = Attempt(at, status, milliseconds, answer, error, bool(by_hand))
        found.setdefault(delivery_id, []).append(attempt)
    return found


def _log(db: Database, delivery_id: int, attempt: Attempt) -> None:
    problem = attempt.problem.pack() if attempt.problem else ""
    values = [attempt.at, int(attempt.by_hand), attempt.status, attempt.milliseconds, attempt.answer, problem]
    db.execute(LOG, [delivery_id, *values])


def _finish(db: Database, delivery_id: int, state: DeliveryState, now: int, tries: int) -> None:
    sql = "update webhook_deliveries set state = ?, finished = ?, owner = '', tries = ? where delivery_id = ?"
    db.execute(sql, [state.value, now, tries, delivery_id])


def _retry(db: Database, delivery: Delivery, now: float) -> None:
    tries = delivery.tries + 1
    pause = retry_after(tries)
    if pause is None:
        _finish(db, delivery.delivery_id, DeliveryState.FAILED, int(now), tries)
        return
    sql = "update webhook_deliveries set due = ?, owner = '', tries = ? where delivery_id = ?"
    db.execute(sql, [now + pause, tries, delivery.delivery_id])


def _judge(db: Database, webhook: Webhook, attempt: Attempt, now: int) -> OffReason:
    """Note what an attempt says about its webhook, and switch it off if it says so."""
    if attempt.succeeded:
        webhooks.note_health(db, webhook, failing_since=0)
        return OffReason.NONE
    since = webhook.failing_since or now
    webhooks.note_health(db, webhook, failing_since=since)
    reason = OffReason.NONE
    if attempt.status == GONE:
        reason = OffReason.GONE
    elif now - since >= FAILING_SECONDS:
        reason = OffReason.FAILING
    if reason:
        webhooks.switch_off(db, webhook, reason, now)
    return reason


def _note(db: Database, actor: Actor, now: int, action: str, webhook: Webhook, after: dict[str, Any]) -> None:
    told = {"host": webhooks.host_of(webhook.url), **after}
    history.append(db, at=now, actor=actor, action=action, target=str(webhook.webhook_id), after=told)
