"""Changes of what is known of prewarmed URLs, inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backend.model import WarmState
from backend.model.warm_plan import SentState, SentUrl
from backend.store.engine import Database

QUEUED = """
    insert into warm_urls (url, region, state, sent, tries, source, actor, job_id)
    values (:url, :region, 'sent', :now, 1, :source, :actor, :job_id)
    on conflict (url, region) do update set
        tries = case when warm_urls.state = 'failed' then warm_urls.tries + 1 else 1 end,
        state = excluded.state, sent = excluded.sent, source = excluded.source, actor = excluded.actor,
        job_id = excluded.job_id, starts = 0, detail = ''
"""
ENDED = """
    update warm_urls set state = :state, detail = :detail, warmed = case :state when 'warm' then :now else warmed end
    where job_id = :job_id and state = 'sent'
      and url = (select url from prewarmed where job_id = :job_id and position = :position)
"""
STATES = {WarmState.WARM: SentState.WARM, WarmState.FAILED: SentState.FAILED}
COLUMNS = "url, state, sent, warmed, tries, starts, actor, detail, job_id"


def insert_batch(db: Database, job_id: str, payload: Mapping[str, Any], now: int) -> None:
    """List the URLs of a new batch, and note that they are on their way."""
    urls = payload["urls"]
    db.executemany(
        "insert into prewarmed (job_id, position, url, state) values (?, ?, ?, ?)",
        [(job_id, position, url, WarmState.WAITING) for position, url in enumerate(urls)],
    )
    common = {
        "now": now, "job_id": job_id, "region": payload.get("region", ""), "source": payload.get("source", ""),
        "actor": payload.get("actor", ""),
    }  # fmt: skip
    db.executemany(QUEUED, [{**common, "url": url} for url in urls])


def share_batch(db: Database, job_id: str, urls: Iterable[str], first: int) -> None:
    """List URLs in a batch, from this position on, that are warm or on their way already and are not sent with it."""
    db.executemany(
        "insert into prewarmed (job_id, position, url, state, shared) values (?, ?, ?, ?, 1)",
        [(job_id, position, url, WarmState.WARM) for position, url in enumerate(urls, first)],
    )


def note_results(db: Database, job_id: str, warmed: Mapping[int, tuple[WarmState, str]], now: int) -> None:
    """Store the states of a batch's URLs, by position."""
    for position, (state, detail) in warmed.items():
        db.execute(
            "update prewarmed set state = ?, detail = ? where job_id = ? and position = ?",
            [state, detail, job_id, position],
        )
        if state in STATES:
            values = {"state": STATES[state], "detail": detail, "now": now, "job_id": job_id, "position": position}
            db.execute(ENDED, values)


def note_end(db: Database, job_id: str, detail: str) -> None:
    """Note that a job ended: what it left on its way has failed."""
    sql = "update warm_urls set state = ?, detail = ? where job_id = ? and state = ?"
    db.execute(sql, [SentState.FAILED, detail, job_id, SentState.SENT])


def forget(db: Database, paths: Sequence[str]) -> None:
    """Forget what is known of URLs whose copies leave the cache, given as `host/path`."""
    urls = [f"{scheme}://{path}" for path in paths for scheme in ("http", "https")]
    db.execute("delete from warm_urls where url in (select value from json_each(?))", [json.dumps(urls)])


def find(db: Database, urls: Iterable[str], region: str) -> dict[str, SentUrl]:
    """Return what is known of these URLs."""
    sql = f"select {COLUMNS} from warm_urls where region = ? and url in (select value from json_each(?))"
    rows = db.execute(sql, [region, json.dumps(list(urls))]).fetchall()
    return {row[0]: SentUrl(row[0], SentState(row[1]), *row[2:]) for row in rows}
