"""Second reviews and known clips among the clips of the queue: neither changes a video."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from backend.errors import Conflict
from backend.model import ENCRYPTED, FileKind, MediaFile, TranscodeStatus, Video
from backend.model.review import Decision, Desk, Lease, LeaseKind
from backend.model.review_quality import DrawState
from backend.model.review_queues import QueueCount
from backend.store import history
from backend.store.engine import Database, Engine
from backend.store.lease_claims import NOT_FOR, claim
from backend.store.review_sampling import Seen, read_rules
from backend.store.reviews import CHANGED
from backend.store.rows import as_json

# Made at import: msgspec crashes if two threads resolve a type at the same time.
SEEN = msgspec.json.Decoder(Seen)
SHARE = 1 / 3  # of claims, while second reviews wait: many in a row would tell themselves apart
MAX_KNOWN = 2000  # newest settled clips that known clips are chosen from
RENDITIONS = (FileKind.COMMON, FileKind.NARROW, *ENCRYPTED)

# The queue of a video as it was when it was decided; that of another one that was deleted since.
QUEUE = "coalesce((select q.code from review_queues q where q.code = d.queue), 'default')"
OPEN = "d.state = 'waiting' and d.reviewer <> :holder"
CHOSEN = f"{OPEN} and {QUEUE} in (select value from json_each(:queues))"
FREE = f"""
    select d.video_id, v.seq, 'second' as kind from review_draws d join videos v using (video_id)
    where {CHOSEN} and {NOT_FOR} order by d.drawn, d.reviewer, d.queue, d.video_id limit :count
"""
ONE = f"""
    select d.video_id, v.seq, 'second' as kind from review_draws d join videos v using (video_id)
    where d.video_id = :video and {OPEN} and not exists (
        select 1 from review_leases l where l.video_id = v.video_id and l.expires > :now and l.holder <> :holder
    )
"""
KNOWN = f"""
    select v.video_id, v.seq, 'probe' as kind from (
        select * from review_draws where state in ('agreed', 'settled') order by draw_id desc limit {MAX_KNOWN}
    ) d join videos v using (video_id) join review_decisions f on f.lease_key = d.lease_key
    where v.censor_status = 'fail' and 'Blocked' in (d.verdict, case d.state when 'agreed' then f.verdict end)
    and d.settled_by <> :holder and {QUEUE} in (select value from json_each(:queues)) and {NOT_FOR} and not exists (
        select 1 from review_decisions r where r.video_id = d.video_id and r.reviewer = :holder
    ) order by random() limit 1
"""
BUSY = {
    "with_you": "select 1 from review_leases l where l.video_id = d.video_id and expires > :now and holder = :holder",
    "with_others": "select 1 from review_leases l where l.video_id = d.video_id and expires > :now "
    "and holder <> :holder",
    "skipped": "select 1 from review_skips s where s.video_id = d.video_id and account = :holder and until > :now",
    "asked": "select 1 from review_opinions o where o.video_id = d.video_id and account = :holder",
}  # fmt: skip
ANY = " or ".join(f"exists ({sql})" for sql in BUSY.values())
COUNT = f"""
    select {QUEUE} as code, count(*), sum(case when {ANY} then 0 else 1 end), min(since)
    from review_draws d where {OPEN} group by code
"""
OWN = f"""
    select {", ".join(f"sum(case when exists ({sql}) then 1 else 0 end)" for sql in BUSY.values())}
    from review_draws d where {CHOSEN}
"""
PROBES = "select count(*) from review_leases where holder = :holder and expires > :now and kind = 'probe'"
WAITS = "select 1 from review_waiting where queue in (select value from json_each(:queues)) limit 1"

KNOWN_CLIP = "This was a known clip: there is nothing to undo."


class SecondReviews:
    """Reads what belongs to blind leases."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def find_seen(self, leases: Iterable[Lease]) -> dict[str, Seen]:
        """Return what the first reviewers had, by lease key, for blind leases.

        A known clip has waited as long as what waits longest.
        """
        wanted = [one for one in leases if one.kind.is_blind]
        if not wanted:
            return {}
        sql = "select seen, since from review_draws where video_id = ? order by draw_id desc limit 1"
        found = {}
        with self._engine.reading() as db:
            for one in wanted:
                seen, since = db.execute(sql, [one.video_id]).fetchone()
                if one.kind is LeaseKind.PROBE:
                    since = db.execute("select min(since) from review_waiting").fetchone()[0] or one.claimed
                found[one.key] = replace(SEEN.decode(seen), since=since)
        return found

    def find_block(self, video_id: str) -> tuple[str, str]:
        """Return the reason and its code for which a video was last blocked."""
        with self._engine.reading() as db:
            said = history.last_after(db, video_id, "createAudit") or {}
        return str(said.get("reason", "")), str(said.get("reasonCode", ""))


def as_seen(video: Video, seen: Seen | None) -> Video:
    """Return a video without what was made of it since the first reviewer had it."""
    if seen is None:
        return video
    files = tuple(file for file in video.files if file.kind not in RENDITIONS or file.kind.value in seen.kinds)
    if FileKind.SOURCE.value in seen.kinds and not any(
        file.kind is FileKind.SOURCE or file.kind in RENDITIONS for file in files
    ):  # VOD returns renditions only, once there are any
        files += tuple(_as_source(file, seen) for file in video.renditions[:1])
    return replace(
        video, files=files, transcode_status=TranscodeStatus(seen.transcode_status),
        narrow_transcode_status=TranscodeStatus(seen.narrow_transcode_status),
    )  # fmt: skip


def _as_source(file: MediaFile, seen: Seen) -> MediaFile:
    return replace(seen.source, name=file.name) if seen.source else replace(file, kind=FileKind.SOURCE)


def claim_among(db: Database, values: dict[str, Any], queues: Sequence[str]) -> list[Lease]:
    """Lease a known clip, a second review or none, at random, to go among first reviews."""
    if _happens(read_rules(db)[0].known_clips / 100) and _is_any_waiting(db, queues):
        return claim(db, KNOWN, {**values, "queues": as_json(queues)})
    return claim_free(db, {**values, "count": 1}, queues) if _happens(SHARE) else []


def claim_free(db: Database, values: dict[str, Any], queues: Sequence[str]) -> list[Lease]:
    """Lease up to :count second reviews of these queues, the first drawn first."""
    return claim(db, FREE, {**values, "queues": as_json(queues)})


def has_free(db: Database, values: dict[str, Any], queues: Sequence[str]) -> bool:
    """Return whether `claim_free` would find any."""
    return db.execute(FREE, {**values, "queues": as_json(queues)}).fetchone() is not None


def give(db: Database, video_id: str, desk: Desk, now: float, seconds: float) -> Lease | None:
    """Lease the second review of a video, if it waits and nobody else has it."""
    values = {"video": video_id, "holder": desk.holder, "desk": desk.name, "now": now, "until": now + seconds}
    return next(iter(claim(db, ONE, values)), None)


def count(db: Database, holder: str, now: float) -> dict[str, QueueCount]:
    """Return what waits for a second review by this user, by code of its queue."""
    rows = db.execute(COUNT, {"holder": holder, "now": now}).fetchall()
    return {code: QueueCount(waiting, free, since) for code, waiting, free, since in rows}


def count_own(db: Database, values: dict[str, Any]) -> dict[str, int]:
    """Return how many of them in :queues this user or others have, and how many they skipped or asked about."""
    found = dict(zip(BUSY, db.execute(OWN, values).fetchone(), strict=True))
    counts = {name: number or 0 for name, number in found.items()}
    counts["with_you"] += db.execute(PROBES, values).fetchone()[0]
    return counts


def is_waiting(db: Database, video_id: str) -> bool:
    """Return whether a video waits for its second review."""
    sql = "select 1 from review_draws where video_id = ? and state = 'waiting'"
    return db.execute(sql, [video_id]).fetchone() is not None


def decide(db: Database, lease: Lease, made: Decision) -> bool:
    """Note a second decision with its first one; False if that does not wait for one any more."""
    if lease.kind is LeaseKind.PROBE:
        return True
    row = db.execute(
        "select d.draw_id, f.verdict from review_draws d join review_decisions f on f.lease_key = d.lease_key "
        "where d.video_id = ? and d.state = 'waiting' and d.reviewer <> ?",
        [made.video_id, made.reviewer],
    ).fetchone()
    if row is None:
        return False
    state = DrawState.AGREED if row[1] == made.verdict else DrawState.DIFFERS
    db.execute("update review_draws set state = ?, second_key = ? where draw_id = ?", [state, made.key, row[0]])
    db.execute("delete from review_opinions where video_id = ?", [made.video_id])
    return True


def undo(db: Database, made: Decision, now: float) -> None:
    """Take a second decision back: its first one waits again. Raises Conflict, also for known clips."""
    if made.kind is LeaseKind.PROBE:
        raise Conflict(KNOWN_CLIP)
    done = db.execute(
        "update review_draws set state = 'waiting', second_key = '' where second_key = ? "
        "and state in ('agreed', 'differs') and not exists (select 1 from review_draws o where o.state = 'waiting' "
        "and o.video_id = review_draws.video_id) and exists (select 1 from review_decisions f "
        "where f.lease_key = review_draws.lease_key and f.undone = 0)",
        [made.key],
    ).rowcount
    if not done:
        raise Conflict(CHANGED, video_id=made.video_id)
    db.execute("update review_decisions set undone = ? where lease_key = ?", [now, made.key])


def _happens(chance: float) -> bool:
    return secrets.randbelow(1_000_000) < chance * 1_000_000


def _is_any_waiting(db: Database, queues: Sequence[str]) -> bool:
    """Return whether there are first reviews, among which a known clip cannot be told apart."""
    return db.execute(WAITS, {"queues": as_json(queues)}).fetchone() is not None
