"""Claims of the review desk: gives free videos to one user, whatever list they come from."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from backend.model.review import Lease, LeaseKind
from backend.store.engine import Database
from backend.store.rows import as_json

# Whether video `v` can go to :holder at :now.
NOT_FOR = """
    not exists (select 1 from review_leases l where l.video_id = v.video_id and l.expires > :now)
    and not exists (
        select 1 from review_skips s where s.video_id = v.video_id and s.account = :holder and s.until > :now
    )
    and not exists (select 1 from review_opinions o where o.video_id = v.video_id and o.account = :holder)
"""
CLAIM = """
    insert into review_leases (video_id, holder, desk, lease_key, claimed, expires, kind)
    select video_id, :holder, :desk, :nonce || '.' || seq, :now, :until, kind from ({free}) free where true
    on conflict (video_id) do update set holder = excluded.holder, desk = excluded.desk,
        lease_key = excluded.lease_key, claimed = excluded.claimed, expires = excluded.expires, kind = excluded.kind
        where review_leases.expires <= excluded.claimed
    returning *
"""
# One range of the index of review_waiting.
WAITING = f"""
    select * from (
        select v.video_id, v.seq, v.kind from review_waiting v
            where v.queue = :queue{{number}} and v.urgent = {{urgent}} and {NOT_FOR}
            order by v.place, v.seq limit :count
    ) part
"""
ORDER = """
    select video_id, urgent, queue, place, seq from review_waiting where video_id in (select value from json_each(?))
"""


def claim_waiting(db: Database, values: Mapping[str, Any], queues: Sequence[str]) -> list[Lease]:
    """Lease up to :count waiting videos of these queues, the first one's first, and return the leases in order."""
    if not queues:
        return []
    claimed = claim(db, _waiting(len(queues)), {**values, **_named(queues)})
    if len(claimed) < 2:
        return claimed
    rows = db.execute(ORDER, [as_json(lease.video_id for lease in claimed)]).fetchall()
    order = {video_id: (-urgent, queues.index(queue), *place) for video_id, urgent, queue, *place in rows}
    return sorted(claimed, key=lambda lease: order[lease.video_id])


def has_waiting(db: Database, values: Mapping[str, Any], queues: Sequence[str]) -> bool:
    """Return whether `claim_waiting` would find any."""
    return bool(queues) and db.execute(_waiting(len(queues)), {**values, **_named(queues)}).fetchone() is not None


@cache
def _waiting(queues: int) -> str:
    """Return the query of what a user can take from so many queues, in order: the urgent videos of all come first.

    Each part is read only as far as the ones before it leave room.
    """
    parts = [WAITING.format(number=number, urgent=urgent) for urgent in (1, 0) for number in range(queues)]
    return f"{' union all '.join(parts)} limit :count"


def _named(queues: Sequence[str]) -> dict[str, str]:
    return {f"queue{number}": code for number, code in enumerate(queues)}


def claim(db: Database, free: str, values: Mapping[str, Any]) -> list[Lease]:
    """Lease the videos that `free` selects (video_id, seq, kind), and return the leases, oldest video first.

    In one statement: a check followed by an insert could give one video to two users.
    """
    given = {**values, "nonce": secrets.token_hex(16)}
    return sorted(map(lease_of, db.query(CLAIM.format(free=free), given)), key=lambda lease: place_of(lease.key))


def lease_of(row: dict[str, Any]) -> Lease:
    """Return the lease in a row."""
    return Lease(
        row["lease_key"], row["video_id"], row["holder"], row["desk"], row["claimed"], row["expires"],
        LeaseKind(row["kind"]),
    )  # fmt: skip


def place_of(key: str) -> int:
    """Return the video's row key, the last part of a lease key; -1 if there is none."""
    digits = key.rpartition(".")[2]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else -1
