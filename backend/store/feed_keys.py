"""Keys of the app's feed: one for all phones, two while it is exchanged."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from backend.errors import Conflict, Forbidden, NotFound
from backend.model import Actor
from backend.model.feed import FeedKey
from backend.store import history
from backend.store.engine import Database, Engine

MAX_KEYS = 2
PREFIX = "qf_"  # unlike a console token
FIND = "select id, key, created, created_by from feed_keys order by id"


class FeedKeys:
    """Queries and changes of the feed's keys."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def find(self) -> list[FeedKey]:
        """Return the valid keys, oldest first."""
        with self._engine.reading() as db:
            return _read(db)

    def check(self, key: str, version: int | None = None) -> None:
        """Raise Forbidden unless the key is valid. Pass `version` if the database version was read already."""
        if key not in self._engine.cached("feed keys", self._texts, version):
            raise Forbidden("The key of the feed is unknown or was retired. The page Recommendations shows valid keys.")

    def add(self, actor: Actor) -> FeedKey:
        """Create a key; the one before stays valid until it is retired. Raises Conflict if there are two."""
        now = int(self._clock())
        with self._engine.writing() as db:
            if len(_read(db)) >= MAX_KEYS:
                raise Conflict("Two keys of the feed are valid already. Retire the old one first.")
            values = [PREFIX + secrets.token_urlsafe(18), now, actor.name]
            db.execute("insert into feed_keys (key, created, created_by) values (?, ?, ?)", values)
            made = _read(db)[-1]
            history.append(db, at=now, actor=actor, action="addFeedKey", target=str(made.key_id))
            return made

    def retire(self, key_id: int, actor: Actor) -> None:
        """End a key at once. Raises NotFound."""
        with self._engine.writing() as db:
            if not db.execute("delete from feed_keys where id = ?", [key_id]).rowcount:
                raise NotFound("There is no key {key_id} of the feed; it may have been retired.", key_id=key_id)
            history.append(db, at=int(self._clock()), actor=actor, action="retireFeedKey", target=str(key_id))

    def _texts(self) -> frozenset[str]:
        return frozenset(one.key for one in self.find())


def _read(db: Database) -> list[FeedKey]:
    return [FeedKey(*row) for row in db.execute(FIND).fetchall()]
