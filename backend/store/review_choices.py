"""Reasons to block, and users' desk preferences."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from backend.errors import BadRequest
from backend.model import Actor
from backend.model.review import DeskPreferences, ReviewReason
from backend.store import history, inserts
from backend.store.engine import Database, Engine
from backend.store.rows import fields_of

# Made at import: msgspec crashes if two threads resolve a type at the same time.
PREFERENCES = msgspec.json.Decoder(DeskPreferences)
MAX_REASONS = 100
TEXTS = ("name_zh", "name_en", "uploader_zh", "uploader_en")


@dataclass(frozen=True, slots=True)
class ReasonChange:
    """Changed fields of a reason; None leaves a field unchanged."""

    name_zh: str | None = None
    name_en: str | None = None
    uploader_zh: str | None = None
    uploader_en: str | None = None
    position: int | None = None
    sensitive: bool | None = None
    retired: bool | None = None


class ReviewChoices:
    """Reads and changes reasons and preferences."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def find_reasons(self) -> tuple[ReviewReason, ...]:
        """Return the reasons in display order, retired ones last."""
        with self._engine.reading() as db:
            return self._engine.cached_in(db, "review reasons", lambda: tuple(_reasons(db)))

    def reasons_version(self) -> str:
        """Return a short text that is another one whenever the list of reasons has changed."""
        with self._engine.reading() as db:
            return self._engine.cached_in(db, "review reasons version", lambda: _version(_reasons(db)))

    def find_reason(self, code: str) -> ReviewReason | None:
        """Return the reason with this code, or None."""
        return next((one for one in self.find_reasons() if one.code == code), None)

    def edit_reason(self, code: str, change: ReasonChange, actor: Actor) -> ReviewReason:
        """Add a reason, or change the one with this code, shifting the positions of others. Raises BadRequest."""
        given = {name: getattr(change, name) for name in change.__slots__ if getattr(change, name) is not None}
        with self._engine.writing() as db:
            known = {one.code: one for one in _reasons(db)}
            old = known.get(code)
            if old is None:
                _check_new(known, given)
                made = ReviewReason(code, **{"position": len(known) + 1, **given})
            else:
                made = replace(old, **given)
            if made == old:
                return made
            others = [one for one in known.values() if one.code != code]
            others.insert(min(max(made.position - 1, 0), len(others)), made)
            for place, one in enumerate(others, start=1):
                _write(db, replace(one, position=place))
            made = replace(made, position=others.index(made) + 1)
            before, after = _noted(old) if old else {}, _noted(made)
            changed = [name for name in after if before.get(name) != after[name]]
            history.append(
                db, at=int(self._clock()), actor=actor, action="editReviewReason", target=code,
                before={name: before[name] for name in changed if name in before},
                after={name: after[name] for name in changed},
            )  # fmt: skip
            return made

    def find_preferences(self, account_id: int) -> DeskPreferences:
        """Return a user's desk preferences."""
        with self._engine.reading() as db:
            row = db.execute("select body from review_preferences where account_id = ?", [account_id]).fetchone()
        return PREFERENCES.decode(row[0]) if row else DeskPreferences()

    def set_preferences(self, account_id: int, preferences: DeskPreferences) -> None:
        """Store a user's desk preferences."""
        body = msgspec.json.encode(preferences).decode()
        with self._engine.writing() as db:
            db.execute(
                "insert into review_preferences (account_id, body) values (?, ?) "
                "on conflict (account_id) do update set body = excluded.body",
                [account_id, body],
            )


def _version(reasons: list[ReviewReason]) -> str:
    return hashlib.sha256(msgspec.json.encode(reasons)).hexdigest()[:16]


def _check_new(known: dict[str, ReviewReason], given: dict[str, Any]) -> None:
    missing = next((name for name in TEXTS if not given.get(name)), None)
    if missing is not None:
        first, second = missing.split("_")
        raise BadRequest("{name} is required.", name=first + second.capitalize())
    if len(known) >= MAX_REASONS:
        raise BadRequest("There are {most} reasons, which is the limit.", most=MAX_REASONS)


def _reasons(db: Database) -> list[ReviewReason]:
    rows = db.query("select * from review_reasons order by retired, position, code")
    return [
        ReviewReason(
            **{
                **fields_of(ReviewReason, row),
                "sensitive": bool(row["sensitive"]),
                "retired": bool(row["retired"]),
            }
        )
        for row in rows
    ]


def _write(db: Database, reason: ReviewReason) -> None:
    db.execute("delete from review_reasons where code = ?", [reason.code])
    row = asdict(reason)
    inserts.insert(db, "review_reasons", {**row, "sensitive": int(reason.sensitive), "retired": int(reason.retired)})


def _noted(reason: ReviewReason) -> dict[str, Any]:
    return {
        "nameZh": reason.name_zh, "nameEn": reason.name_en, "uploaderZh": reason.uploader_zh,
        "uploaderEn": reason.uploader_en, "position": reason.position, "sensitive": reason.sensitive,
        "retired": reason.retired,
    }  # fmt: skip
