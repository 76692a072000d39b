"""Sorts waiting videos into review queues, inside the caller's transaction.

Triggers note in `review_unsorted` which videos began to wait or changed in what a rule may ask; engines call
`sort_changes` before they commit. So each committed waiting video is in exactly one queue, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from backend.auth.permissions import Role
from backend.model.review_queues import DEFAULT, MAX_PASSED, SIMILAR, Arrival, QueueOrder, QueueRule, ReviewQueue
from backend.store.engine import Database
from backend.store.rows import as_json, fields_of

# Made at import: msgspec crashes if two threads resolve a type at the same time.
RULE = msgspec.json.Decoder(QueueRule)
ROLES = msgspec.json.Decoder(tuple[Role, ...])
NAMES = msgspec.json.Decoder(tuple[str, ...])

UNSORTED = "w.video_id in (select video_id from review_unsorted)"
# Who comes back because a verdict was undone has the place of before.
SINCE = """
    case when (select action from history h where h.target = v.video_id order by id desc limit 1) = 'undoAudit'
        then coalesce((
            select max(at) from history h where h.target = v.video_id
                and action in ('uploadVideo', 'importVideo', 'replaceFile', 'restoreVideo')
        ), v.created)
        else :now end
"""
OPEN = "from video_reports r where r.video_id = v.video_id and r.closed_by is null"
# Whether video `v` waits: it has no verdict, or it was approved and has as many open reports as bring it back. The
# empty text keeps SQLite from reading nearly every video by the index of states where a few videos are asked about.
WAITS = f"""(v.censor_status || '' = 'check' or v.censor_status || '' = 'success' and exists (
    select 1 from review_sampling where coalesce(cast(json_extract(body, '$.reports') as bigint), 1) between 1 and (
        select count(*) {OPEN}
    )
))"""
COME = f"""
    insert into review_waiting (seq, video_id, kind, since, passed)
    select v.seq, v.video_id, case v.censor_status when 'check' then 'first' else 'reported' end,
    case v.censor_status when 'check' then {SINCE} else (select min(r.at) {OPEN}) end, (
        select count(*) from (
            select 1 from videos p where p.user_id = v.user_id and p.censor_status = 'success' limit {MAX_PASSED}
        ) few
    )
    from videos v where {WAITS}
"""
NEW = "not exists (select 1 from review_waiting w where w.seq = v.seq)"
GO = (
    f"delete from review_waiting where not exists (select 1 from videos v where v.seq = review_waiting.seq and {WAITS})"
)
MACHINE = """
    case json_extract(m.body, '$.suggestion') when 'block' then -200 when 'review' then -100 else 0 end
    - coalesce((
        select max(cast(json_extract(value, '$.score') as double precision))
        from json_each(json_extract(m.body, '$.findings')) finding
        where json_extract(value, '$.suggestion') <> 'pass'
    ), 0)
"""
PLACES = {QueueOrder.OLDEST: "w.since", QueueOrder.NEWEST: "-w.since", QueueOrder.MACHINE: MACHINE}
BELOW = """
    with recursive below (cate_id) as (
        select cast(:cate_id as bigint) union select c.cate_id from categories c join below b on c.parent_id = b.cate_id
    ) select cate_id from below
"""
IMPORTED = "exists (select 1 from history h where h.target = v.video_id and h.action = 'importVideo')"
LIKE_BLOCKED = """exists (
    select 1 from similar_clips s join videos o on o.video_id = s.other_id
    where s.video_id = v.video_id and o.censor_status = 'fail'
)"""
MISSING = f"""
    select count(*) from videos v
    where {WAITS} and not exists (select 1 from review_waiting w where w.seq = v.seq)
"""
OTHERS = f"""
    select count(*) from review_waiting w where not exists (select 1 from videos v where v.seq = w.seq and {WAITS})
"""
PER_QUEUE = "select queue, count(*) from review_waiting group by queue"


def read_queues(db: Database) -> list[ReviewQueue]:
    """Return the queues in the order of their priority, the default one last."""
    rows = db.query("select * from review_queues order by position, code")
    return [
        ReviewQueue(**{
            **fields_of(ReviewQueue, row), "rule": RULE.decode(row["rule"]), "sort": QueueOrder(row["sort"]),
            "roles": ROLES.decode(row["roles"]), "user_names": NAMES.decode(row["user_names"]),
        })
        for row in rows
    ]  # fmt: skip


def sort_changes(db: Database, now: float) -> None:
    """Sort the videos noted by the triggers; `now` is when those that are new began to wait."""
    noted = db.execute("select max(video_id), min(video_id) from review_unsorted").fetchone()
    if noted[0] is None:
        return
    noted_only = "video_id in (select video_id from review_unsorted)"
    db.execute(f"{GO} and {noted_only}")
    db.execute(f"{COME} and {NEW} and v.{noted_only}", {"now": now})
    queues = read_queues(db)
    everything = noted[1] == "" and any(queue.rule.cate_id for queue in queues)
    _sort(db, queues, "" if everything else UNSORTED)
    db.execute("delete from review_unsorted")


def sort_all(db: Database) -> int:
    """Sort all waiting videos, because queues changed, and return how many changed their queue or place."""
    return _sort(db, read_queues(db), "")


def rebuild(db: Database, now: float) -> None:
    """Rebuild what is derived: which videos wait, their queues, and the counts."""
    db.execute(GO)
    # Not by NEW: PostgreSQL would read an empty table from end to end for each row, while the statement fills it.
    db.execute(f"{COME} on conflict (seq) do nothing", {"now": now})
    sort_all(db)
    db.execute("delete from review_unsorted")
    db.execute("delete from review_per_queue")
    db.execute(f"insert into review_per_queue {PER_QUEUE}")


def examine(db: Database) -> Iterator[str]:
    """Yield differences between the queues and what they are derived from."""
    missing, others = (db.execute(sql).fetchone()[0] for sql in (MISSING, OTHERS))
    if missing or others:
        yield f"{missing} waiting videos in no review queue, {others} in one do not wait"
    sorted_in, values = _sorted(read_queues(db), "")
    wrong = (
        f"with sorted as ({sorted_in}) select count(*) from sorted s join review_waiting w using (seq) where {OTHER}"
    )
    if number := db.execute(wrong, values).fetchone()[0]:
        yield f"{number} videos in another review queue or place than their rule says"
    numbers = "select queue, sum(number) from review_per_queue group by queue having sum(number) <> 0"
    counted = dict(db.execute(numbers).fetchall())
    if counted != dict(db.execute(PER_QUEUE).fetchall()):
        yield "the numbers of videos per review queue"


OTHER = "(w.queue <> s.queue or w.place <> s.place)"
MOVE = f"""
    update review_waiting as w set queue = s.queue, place = s.place from ({{sorted}}) s where s.seq = w.seq and {OTHER}
"""


def _sort(db: Database, queues: list[ReviewQueue], which: str) -> int:
    sorted_in, values = _sorted(queues, which)
    return int(db.execute(MOVE.format(sorted=sorted_in), values).rowcount)


def _sorted(queues: Iterable[ReviewQueue], which: str) -> tuple[str, dict[str, Any]]:
    """Return the query of (seq, queue, place), and its values: the first queue whose rule a video meets."""
    values: dict[str, Any] = {}
    cases, places = [], []
    for number, queue in enumerate(queues):
        values[f"code{number}"] = queue.code
        places.append(f"when :code{number} then {PLACES[queue.sort]}")
        if queue.code != DEFAULT:
            cases.append(f"when {_condition(queue.rule, f'q{number}_', values)} then :code{number}")
    found = f"case {' '.join(cases)} else '{DEFAULT}' end" if cases else f"'{DEFAULT}'"
    joined = "review_waiting w join videos v on v.seq = w.seq left join cloud_reviews m on m.video_id = w.video_id"
    return (
        f"select w.seq, q.queue, cast(case q.queue {' '.join(places)} end as double precision) as place from "
        f"(select w.seq, {found} as queue from {joined} {f'where {which}' if which else ''}) q "
        f"join review_waiting w on w.seq = q.seq left join cloud_reviews m on m.video_id = w.video_id"
    ), values  # fmt: skip


def _condition(rule: QueueRule, name: str, values: dict[str, Any]) -> str:
    """Return the SQL condition of a rule, and add its values under names that start with `name`."""
    found = []
    for field, sql, value in _conditions(rule, name):
        found.append(sql)
        values[name + field] = value
    return f"({' and '.join(found) or 'false'})"


def _conditions(rule: QueueRule, name: str) -> Iterator[tuple[str, str, Any]]:
    """Yield, for each condition that is set, its field, its SQL and the value of its parameter."""
    if rule.cate_id:
        yield "cate_id", f"v.cate_id in ({BELOW.replace(':cate_id', f':{name}cate_id')})", rule.cate_id
    if rule.user_ids:
        yield "users", f"v.user_id in (select value from json_each(:{name}users))", as_json(rule.user_ids)
    if rule.suggestions:
        said = "json_extract(m.body, '$.suggestion')"
        yield "said", f"{said} in (select value from json_each(:{name}said))", as_json(rule.suggestions)
    if rule.labels:
        labels = "json_each(json_extract(m.body, '$.labels'))"
        one_of = f"lower(l.value) in (select value from json_each(:{name}labels))"
        yield "labels", f"exists (select 1 from {labels} l where {one_of})", as_json(rule.labels)
    if rule.words:
        has = "instr(v.title_folded, t.value) > 0 or instr(v.tags_folded, t.value) > 0"
        yield "words", f"exists (select 1 from json_each(:{name}words) t where {has})", as_json(rule.words)
    if rule.hints:
        flagged = "instr(',' || v.flags || ',', ',' || h.value || ',') > 0"
        has = f"{flagged} or (h.value = '{SIMILAR}' and {LIKE_BLOCKED})"
        yield "hints", f"exists (select 1 from json_each(:{name}hints) h where {has})", as_json(rule.hints)
    if rule.reported:
        yield "reported", f"(select count(*) {OPEN}) >= :{name}reported", rule.reported
    if rule.min_seconds:
        yield "min", f"v.duration >= :{name}min", rule.min_seconds
    if rule.max_seconds:
        yield "max", f"v.duration <= :{name}max", rule.max_seconds
    if rule.passed_below:
        yield "passed", f"w.passed < :{name}passed", rule.passed_below
    if rule.arrival is not Arrival.ANY:
        wanted = int(rule.arrival is Arrival.IMPORT)
        yield "imported", f"case when {IMPORTED} then 1 else 0 end = :{name}imported", wanted
