"""Prewarm batches, and what is known of every URL that was sent to the cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from backend.errors import ConsoleError
from backend.model import SECONDS_A_DAY, Actor, JobKind, JobState
from backend.model.warm_plan import SLICE_SECONDS, PlanItem, Room, SentBy, SentState, SentUrl, WarmCheck, WarmKind
from backend.store import history, warm_rows
from backend.store.cloud_refreshes import queue_url_refresh
from backend.store.engine import Database, Engine
from backend.store.job_rows import enqueue, enqueue_urls, finish, get

KEPT_SECONDS = 90 * SECONDS_A_DAY
OF_PLAN = "kind = 'prewarm' and json_extract(payload, '$.source') = 'automatic'"
SENT_TODAY = f"select count(*) from prewarmed join jobs using (job_id) where created >= ? and shared = 0 and {OF_PLAN}"
LAST = f"select max(created) from jobs where created > ? and {OF_PLAN}"
OF_BATCHES = """
    select p.job_id, p.url, case when p.shared = 1 then coalesce(w.state, 'warm') else p.state end as state,
        p.detail, p.shared, coalesce(w.size, 0) as size, coalesce(w.video_id, '') as video_id
    from prewarmed p join jobs using (job_id)
    left join warm_urls w on w.url = p.url and w.region = coalesce(json_extract(payload, '$.region'), '')
    where p.job_id in (select value from json_each(?)) order by p.job_id, position
"""
MEANT_FOR = "update warm_urls set starts = ?, size = ?, video_id = ?, kind = ? where url = ? and region = ?"
SKIPPED = """
    insert into warm_urls (url, region, state, starts, size, video_id, kind, source)
    values (?, ?, 'skipped', ?, ?, ?, ?, 'automatic')
    on conflict (url, region) do update set state = 'skipped', starts = excluded.starts where warm_urls.state <> 'sent'
"""
CHECKED = """
    insert into warm_checks (host, kind, url, at, problem) values (?, ?, ?, ?, ?)
    on conflict (host, kind) do update set url = excluded.url, at = excluded.at, problem = excluded.problem
"""


class Prewarming:
    """Queries and changes of prewarm batches and URLs."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    # Batches

    def enqueue(self, urls: list[str], actor: Actor, *, ttl: int = 0, region: str = "") -> bool:
        """Queue a batch of URLs. False if an identical batch is queued or running, or all are on their way already.

        URLs that became warm in the last `ttl` seconds, or are on their way, are listed but not sent again.
        """
        now = int(self._clock())
        with self._engine.writing() as db:
            missing = _find_missing(db, urls, now, ttl, region)
            if not missing and {one.state for one in warm_rows.find(db, urls, region).values()} == {SentState.SENT}:
                return False
            payload = {"urls": missing, "source": SentBy.HAND, "actor": actor.name, "region": region}
            if missing:
                job_id = enqueue_urls(db, missing, now=now, payload=payload)
            else:
                job_id = enqueue(db, JobKind.PREWARM, now=now, payload=payload)
            if job_id is None:
                return False
            left = set(missing)
            warm_rows.share_batch(db, job_id, [url for url in urls if url not in left], len(missing))
            if not missing:
                finish(db, get(db, job_id), now, JobState.DONE)
            self._note(db, actor, "pushObjectCache", job_id, {"urls": urls})
            return True

    def find_missing(self, urls: Iterable[str], *, ttl: int, region: str = "") -> list[str]:
        """Return those that `enqueue` would send."""
        with self._engine.reading() as db:
            return _find_missing(db, list(urls), int(self._clock()), ttl, region)

    def find_urls(self, job_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the URLs of these batches with their states, in the order submitted."""
        ids = list(job_ids)
        found: dict[str, list[dict[str, Any]]] = {job_id: [] for job_id in ids}
        with self._engine.reading() as db:
            for row in db.query(OF_BATCHES, [json.dumps(ids)]):
                state = "waiting" if row["state"] == SentState.SENT else row["state"]
                found[row.pop("job_id")].append({**row, "state": state, "shared": bool(row["shared"])})
        return found

    # The plan

    def find_sent(self, urls: Iterable[str], region: str = "") -> dict[str, SentUrl]:
        """Return what is known of these URLs."""
        with self._engine.reading() as db:
            return warm_rows.find(db, urls, region)

    def count_sent(self, since: int) -> int:
        """Return how many URLs were sent automatically since this second."""
        with self._engine.reading() as db:
            return _count_sent(db, since)

    def may_send(self) -> bool:
        """Return whether enough time has passed since the last slice that was sent automatically."""
        with self._engine.reading() as db:
            return self._may_send(db)

    def send(
        self, items: Sequence[PlanItem], actor: Actor, *, source: SentBy, room: Room | None = None, region: str = ""
    ) -> int:  # fmt: skip
        """Queue a batch with what is due of a plan, and return the number of URLs.

        However many processes try, each URL is sent once: what changed since the plan was made is left out. What is
        sent automatically comes in slices with a pause between, and stays within the share of the quota.
        """
        now = int(self._clock())
        with self._engine.writing() as db:
            if source is SentBy.AUTOMATIC and not self._may_send(db):
                return 0
            known = warm_rows.find(db, [item.file.url for item in items], region)
            fresh = [item for item in items if known.get(item.file.url) == item.known]
            if room is not None and source is SentBy.AUTOMATIC:
                fresh = fresh[: max(0, room.share - _count_sent(db, room.day_ends - SECONDS_A_DAY))]
            urls = [item.file.url for item in fresh]
            if not urls:
                return 0
            payload = {"urls": urls, "source": source, "actor": actor.name, "region": region}
            job_id = enqueue(db, JobKind.PREWARM, now=now, payload=payload)
            db.executemany(MEANT_FOR, [
                (one.wish.starts, one.file.size, one.wish.video_id, one.file.kind, one.file.url, region)
                for one in fresh
            ])  # fmt: skip
            self._note(db, actor, "sendPrewarmPlan", str(job_id), {"count": len(urls)})
            return len(urls)

    def skip(self, items: Iterable[PlanItem], region: str = "") -> None:
        """Note that there is no quota for these before they start."""
        rows = [
            (one.file.url, region, one.wish.starts, one.file.size, one.wish.video_id, one.file.kind)
            for one in items
            if one.known is None or (one.known.state, one.known.starts) != (SentState.SKIPPED, one.wish.starts)
        ]
        if rows:
            with self._engine.writing() as db:
                db.executemany(SKIPPED, rows)

    def prune(self) -> int:
        """Forget URLs that were sent long ago; return how many."""
        before = int(self._clock()) - KEPT_SECONDS
        with self._engine.writing() as db:
            sql = "delete from warm_urls where sent < ? and starts < ? and state <> 'sent'"
            return int(db.execute(sql, [before, before]).rowcount)

    def refresh(self, urls: Sequence[str], actor: Actor) -> None:
        """Queue a cache refresh of these URLs; they are not known to be warm any more."""
        with self._engine.writing() as db:
            target = queue_url_refresh(db, urls, actor, self._clock())
            self._note(db, actor, "refreshObjectCache", target, {"urls": list(urls)})

    # Checks

    def note_checks(self, checks: Iterable[WarmCheck]) -> None:
        """Store how files were answered, in place of the last answers of their kind and host."""
        rows = [(one.host, one.kind, one.url, one.at, one.problem.pack() if one.problem else "") for one in checks]
        with self._engine.writing() as db:
            db.executemany(CHECKED, rows)

    def find_checks(self) -> list[WarmCheck]:
        """Return how one file of each kind and host was answered last."""
        with self._engine.reading() as db:
            rows = db.execute("select host, kind, url, at, problem from warm_checks order by host, kind").fetchall()
        return [
            WarmCheck(host, WarmKind(kind), url, at, ConsoleError.unpack(problem) if problem else None)
            for host, kind, url, at, problem in rows
        ]

    def _may_send(self, db: Database) -> bool:
        last = db.execute(LAST, [int(self._clock()) - SECONDS_A_DAY]).fetchone()[0]
        return last is None or not 0 <= self._clock() - last < SLICE_SECONDS

    def _note(self, db: Database, actor: Actor, action: str, target: str, after: dict[str, Any]) -> None:
        history.append(db, at=int(self._clock()), actor=actor, action=action, target=target, before={}, after=after)


def _find_missing(db: Database, urls: list[str], now: int, ttl: int, region: str) -> list[str]:
    known = warm_rows.find(db, urls, region) if ttl else {}
    kept = {
        one.url
        for one in known.values()
        if one.state is SentState.SENT or (one.state is SentState.WARM and one.warmed + ttl > now)
    }
    return [url for url in urls if url not in kept]


def _count_sent(db: Database, since: int) -> int:
    return int(db.execute(SENT_TODAY, [since]).fetchone()[0])
