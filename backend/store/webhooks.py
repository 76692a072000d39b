"""The addresses that are told of events. Triggers of the database write what is to be delivered to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from backend.errors import Conflict, NotFound
from backend.model import Actor
from backend.model.webhooks import MAX_WEBHOOKS, ROLLED_SECONDS, OffReason, Webhook, new_secret
from backend.store import history
from backend.store.engine import Database, Engine

NO_WEBHOOK = "There is no webhook {webhook_id}. It may have been deleted."
COLUMNS = ", ".join(Webhook.__struct_fields__)
FIND = f"select {COLUMNS} from webhooks"
SENDER = Actor("webhooks", "worker")


class Webhooks:
    """Queries and changes of webhooks. The history never has their secrets, nor paths, which may be secret too."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def find(self) -> list[Webhook]:
        """Return all webhooks, oldest first; kept until the database changes."""
        return self._engine.cached("webhooks", self._read)

    def _read(self) -> list[Webhook]:
        with self._engine.reading() as db:
            return [_webhook_of(row) for row in db.execute(f"{FIND} order by webhook_id").fetchall()]

    def get(self, webhook_id: int) -> Webhook:
        """Return one webhook. Raises NotFound."""
        with self._engine.reading() as db:
            return get(db, webhook_id)

    def add(self, url: str, description: str, types: tuple[str, ...], actor: Actor, *, on: bool = True) -> Webhook:
        """Add a webhook with a new secret, and return it. Raises Conflict if there are MAX_WEBHOOKS."""
        now = int(self._clock())
        with self._engine.writing() as db:
            if db.execute("select count(*) from webhooks").fetchone()[0] >= MAX_WEBHOOKS:
                raise Conflict("There are {most} webhooks already; delete one first.", most=MAX_WEBHOOKS)
            made = Webhook(0, url, description, types, new_secret(), "", 0, now, actor.name)
            if not on:
                made = replace(made, off_since=now, off_reason=OffReason.PERSON)
            row = _row_of(made)
            names = ", ".join(row)
            sql = f"insert into webhooks ({names}) values ({', '.join('?' * len(row))}) returning webhook_id"
            webhook_id = int(db.execute(sql, list(row.values())).fetchone()[0])
            _note(db, now, actor, "saveWebhook", webhook_id, after=_told(made))
            return replace(made, webhook_id=webhook_id)

    def change(self, webhook_id: int, actor: Actor, *, on: bool | None = None, **wanted: Any) -> None:
        """Change `url`, `description` or `types`, or switch it on or off. Raises NotFound.

        What was not delivered while it was off is delivered when it is on again, for as long as retries last.
        """
        now = int(self._clock())
        with self._engine.writing() as db:
            old = get(db, webhook_id)
            new = replace(old, **wanted)
            if on is True and old.off_since:
                new = replace(new, off_since=0, off_reason=OffReason.NONE, failing_since=0)
            elif on is False and not old.off_since:
                new = replace(new, off_since=now, off_reason=OffReason.PERSON)
            if new == old:
                return
            _write(db, new)
            before, after = _told(old), _told(new)
            changed = [name for name in after if before[name] != after[name]]
            if new.url != old.url and "host" not in changed:
                changed.append("host")  # another path there
            _note(
                db, now, actor, "saveWebhook", webhook_id, {name: before[name] for name in changed},
                {name: after[name] for name in changed},
            )  # fmt: skip

    def roll(self, webhook_id: int, actor: Actor) -> Webhook:
        """Give it a new secret, and return it; the present one signs too for ROLLED_SECONDS. Raises NotFound."""
        now = int(self._clock())
        with self._engine.writing() as db:
            old = get(db, webhook_id)
            new = replace(old, secret=new_secret(), old_secret=old.secret, old_until=now + ROLLED_SECONDS)
            _write(db, new)
            _note(db, now, actor, "rollWebhookSecret", webhook_id, after={"host": host_of(new.url)})
            return new

    def delete(self, webhook_id: int, actor: Actor) -> None:
        """Delete a webhook with everything that was or is to be delivered to it. Raises NotFound."""
        with self._engine.writing() as db:
            old = get(db, webhook_id)
            db.execute("delete from webhooks where webhook_id = ?", [webhook_id])
            _note(db, int(self._clock()), actor, "deleteWebhook", webhook_id, before=_told(old))


def get(db: Database, webhook_id: int) -> Webhook:
    """Return one webhook, inside the caller's transaction. Raises NotFound."""
    row = db.execute(f"{FIND} where webhook_id = ?", [webhook_id]).fetchone()
    if row is None:
        raise NotFound(NO_WEBHOOK, webhook_id=webhook_id)
    return _webhook_of(row)


def note_health(db: Database, webhook: Webhook, *, failing_since: int) -> None:
    """Note since when attempts fail; 0 if the last one succeeded."""
    if webhook.failing_since != failing_since:
        sql = "update webhooks set failing_since = ? where webhook_id = ?"
        db.execute(sql, [failing_since, webhook.webhook_id])


def switch_off(db: Database, webhook: Webhook, reason: OffReason, now: int) -> None:
    """Switch a webhook off because of what its server answers, or does not."""
    if webhook.off_since:
        return
    sql = "update webhooks set off_since = ?, off_reason = ? where webhook_id = ?"
    db.execute(sql, [now, reason, webhook.webhook_id])
    after = {"host": host_of(webhook.url), "offReason": reason}
    _note(db, now, SENDER, "stopWebhook", webhook.webhook_id, {"active": True}, {"active": False, **after})


def host_of(url: str) -> str:
    """Return scheme, host and port of an address; its path and query may contain a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _told(webhook: Webhook) -> dict[str, Any]:
    return {
        "host": host_of(webhook.url), "description": webhook.description, "types": ",".join(webhook.types) or "all",
        "active": not webhook.off_since,
    }  # fmt: skip


def _note(
    db: Database, now: int, actor: Actor, action: str, webhook_id: int, before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    history.append(db, at=now, actor=actor, action=action, target=str(webhook_id), before=before, after=after)


def _webhook_of(row: tuple[Any, ...]) -> Webhook:
    values = dict(zip(Webhook.__struct_fields__, row, strict=True))
    types = tuple(part for part in values["types"].split(",") if part)
    return Webhook(**{**values, "types": types, "off_reason": OffReason(values["off_reason"])})


def _row_of(webhook: Webhook) -> dict[str, Any]:
    row = {name: getattr(webhook, name) for name in Webhook.__struct_fields__ if name != "webhook_id"}
    return {
        **row,
        "types": f",{','.join(webhook.types)}," if webhook.types else "",
        "off_reason": str(row["off_reason"]),
    }


def _write(db: Database, webhook: Webhook) -> None:
    row = _row_of(webhook)
    assigned = ", ".join(f"{name} = :{name}" for name in row)
    db.execute(
        f"update webhooks set {assigned} where webhook_id = :webhook_id", {**row, "webhook_id": webhook.webhook_id}
    )
