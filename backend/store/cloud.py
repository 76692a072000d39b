"""Cloud mode's records: VOD jobs, intents, events, prefetches and cursors.

An intent is recorded before a request that must be neither lost nor repeated, and removed in the transaction that
applies the result locally. An intent left behind by a crash is checked with Alibaba and completed later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import asdict

from backend.errors import ConsoleError
from backend.model import Actor, JobKind
from backend.model.cloud import ACCEPTED, QUICK, REFUSED, SENDING, SUBMITS, Action, CloudTask, Event, Intent, Push
from backend.store import history
from backend.store.engine import Database, Engine
from backend.store.job_rows import enum_value
from backend.store.rows import read_object

KEEP_TASK = """
    insert into cloud_jobs (cloud_id, task_id, job_id, video_id, kind, begun) values (?, ?, ?, ?, ?, ?)
    on conflict (cloud_id) do update set task_id = excluded.task_id, job_id = excluded.job_id,
        video_id = excluded.video_id, kind = excluded.kind, begun = excluded.begun
"""
EVENT_LEASE_SECONDS = 60.0  # nobody else processes the event meanwhile


class CloudRecords:
    """Queries and changes of cloud mode's records."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    # Jobs at VOD

    def keep_task(self, task: CloudTask) -> None:
        """Record the VOD tasks of a job and complete its intent."""
        with self._engine.writing() as db:
            for cloud_id in task.cloud_ids:
                db.execute(
                    KEEP_TASK,
                    [cloud_id, task.task_id, task.job_id, task.video_id, task.kind, self._clock()],
                )
            submits = json.dumps(SUBMITS)
            sql = "delete from cloud_intents where action in (select value from json_each(?)) and target = ?"
            db.execute(sql, [submits, task.job_id])

    def task_of(self, job_id: str) -> CloudTask | None:
        """Return the VOD task of a job, or None."""
        return next(iter(self._tasks("job_id = ?", job_id)), None)

    def forget_task(self, job_id: str) -> None:
        """Delete the VOD task of a job, so that it is submitted again."""
        with self._engine.writing() as db:
            db.execute("delete from cloud_jobs where job_id = ?", [job_id])

    def knows_task(self, task_id: str) -> bool:
        return bool(self._tasks("task_id = ?", task_id))

    def kinds_of(self, video_id: str) -> dict[str, JobKind]:
        """Return the job kind of each VOD JobId of a video."""
        tasks = self._tasks("video_id = ?", video_id)
        return {cloud_id: task.kind for task in tasks for cloud_id in task.cloud_ids}

    def old_streams(self, video_id: str) -> set[str]:
        """Return the VOD JobIds that transcoded a previous file of a video."""
        replaced = self._replaced(video_id)[1]
        tasks = [task for task in self._tasks("video_id = ?", video_id) if task.begun <= replaced]
        return {cloud_id for task in tasks for cloud_id in task.cloud_ids}

    def is_other_file(self, video_id: str, told: int) -> bool:
        """Return whether a file that VOD reported at second `told` is newer than the known one."""
        with self._engine.reading() as db:
            sql = "select 1 from cloud_files where video_id = ? and seen < ?"
            return db.execute(sql, [video_id, told]).fetchone() is not None

    def file_since(self, video_id: str) -> int:
        """Return the second (VOD's clock) at which the current file replaced the first; 0 if it is the first."""
        return int(self._replaced(video_id)[0])

    def _replaced(self, video_id: str) -> tuple[int, float]:
        with self._engine.reading() as db:
            sql = "select changed, replaced from cloud_files where video_id = ?"
            found: tuple[int, float] = db.execute(sql, [video_id]).fetchone() or (0, 0.0)
        return found

    def _tasks(self, condition: str, value: str) -> list[CloudTask]:
        with self._engine.reading() as db:
            rows = list(db.query(f"select * from cloud_jobs where {condition} order by cloud_id", [value]))
        by_job: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_job.setdefault(row["job_id"], []).append(row)
        return [
            CloudTask(job_id, one[0]["task_id"], one[0]["video_id"], enum_value(JobKind, one[0]["kind"]),
                      tuple(row["cloud_id"] for row in one), one[0]["begun"])
            for job_id, one in by_job.items()
        ]  # fmt: skip

    # Intents

    def begin(self, action: Action, target: str, payload: Mapping[str, Any], actor: Actor) -> tuple[Intent, bool]:
        """Record an intent before its request is sent. Returns the pending intent and whether it is new."""
        with self._engine.writing() as db:
            known = _intents(db, "where action = ? and target = ?", [action, target])
            if known:
                return known[0], False
            made = Intent(Action(action), target, self._clock(), dict(payload), actor)
            db.execute(
                "insert into cloud_intents (action, target, begun, due, payload, actor) values (?, ?, ?, ?, ?, ?)",
                [
                    action,
                    target,
                    made.begun,
                    made.begun,
                    json.dumps(payload, ensure_ascii=False),
                    json.dumps(asdict(actor)),
                ],
            )
            return made, True

    def replace_intents(self, action: Action, payloads: Mapping[str, Mapping[str, Any]], actor: Actor) -> None:
        """Record an intent for each target, replacing any pending one."""
        with self._engine.writing() as db:
            for target, payload in payloads.items():
                replace_intent(db, action, target, payload, actor, self._clock())

    def is_begun(self, action: str, target: str) -> bool:
        """Return whether an intent is pending."""
        with self._engine.reading() as db:
            return is_begun(db, action, target)

    def is_untried(self, action: Action, target: str) -> bool:
        """Return whether an intent is pending whose request was never sent."""
        with self._engine.reading() as db:
            return any(one.tries == 0 for one in _intents(db, "where action = ? and target = ?", [action, target]))

    def drop(self, action: str, target: str) -> None:
        """Delete an intent whose request was refused or is complete."""
        with self._engine.writing() as db:
            db.execute("delete from cloud_intents where action = ? and target = ?", [action, target])

    def find_intents(self, older_than: float = 0.0, actions: Sequence[Action] = QUICK) -> list[Intent]:
        """Return intents at least `older_than` seconds old whose retry time has come, oldest first."""
        now = self._clock()
        sql = f"where begun <= ? and due <= ? and action in ({placeholders(actions)}) order by begun, action, target"
        with self._engine.reading() as db:
            return _intents(db, sql, [now - older_than, now, *actions])

    def count_intents(self, actions: Sequence[Action] = QUICK) -> int:
        sql = f"select count(*) from cloud_intents where action in ({placeholders(actions)})"
        with self._engine.reading() as db:
            return int(db.execute(sql, [*actions]).fetchone()[0])

    def list_intents(self, action: Action, target: str = "") -> list[Intent]:
        """Return pending intents of one action, newest first, including postponed ones."""
        condition = "where action = ? and ? in ('', target) order by begun desc, target limit 1000"
        with self._engine.reading() as db:
            return _intents(db, condition, [action, target])

    def note_intent(self, intent: Intent, payload: Mapping[str, Any], pause: float | None = None) -> None:
        """Update the state of an intent; with `pause`, retry it in that many seconds at the earliest."""
        due = self._clock() + pause if pause is not None else 0.0
        with self._engine.writing() as db:
            db.execute(
                "update cloud_intents set payload = ?, due = ? where action = ? and target = ?",
                [json.dumps(payload, ensure_ascii=False), due, intent.action, intent.target],
            )

    def end_refresh(self, intent: Intent, count: int, error: ConsoleError | None) -> None:
        """Record in the history how a cache refresh ended, and delete its intent."""
        after = {"count": count} | ({"error": str(error)} if error else {})
        with self._engine.writing() as db:
            finish_intents(db, intent.action, intent.target)
            history.append(
                db, at=int(self._clock()), actor=intent.actor, action="refreshCache", target=intent.target, after=after
            )

    def postpone_intent(self, intent: Intent, seconds: float) -> None:
        """Retry an intent in this many seconds at the earliest, counting the attempt."""
        with self._engine.writing() as db:
            db.execute(
                "update cloud_intents set due = ?, tries = tries + 1 where action = ? and target = ?",
                [self._clock() + seconds, intent.action, intent.target],
            )

    # Events

    def enqueue_event(self, type_: str, target: str, body: Mapping[str, Any]) -> None:
        """Queue an event for processing. A duplicate of a queued event is not queued twice."""
        text = json.dumps(body, ensure_ascii=False, sort_keys=True)
        with self._engine.writing() as db:
            _cap_event_delay(db, type_, target, self._clock())
            db.execute(
                "insert into cloud_events (received, due, type, target, body) select ?, ?, ?, ?, ? "
                "where not exists (select 1 from cloud_events where target = ? and type = ? and body = ?)",
                [self._clock(), self._clock(), type_, target, text, target, type_, text],
            )

    def expect_event(self, type_: str, target: str) -> None:
        """Queue an event that must have happened at VOD, unless one of its type is already queued for this video."""
        with self._engine.writing() as db:
            expect_event(db, type_, target, self._clock())

    def claim_event(self, seconds: float = EVENT_LEASE_SECONDS) -> Event | None:
        """Claim the event that has been due longest; it is leased for this many seconds."""
        now = self._clock()
        due = "select id from cloud_events where due <= ? order by due, id limit 1"
        with self._engine.reading() as db:  # an idle poll takes no write lock
            if not db.fetch(due, [now]):
                return None
        sql = f"update cloud_events set due = ?, tries = tries + 1 where id = ({due}) returning *"
        with self._engine.writing() as db:
            row = next(iter(db.query(sql, [now + seconds, now])), None)
        if row is None:
            return None
        body = json.loads(row["body"])
        return Event(row["id"], row["received"], row["type"], row["target"], row["tries"], body)

    def postpone_event(self, event: Event, seconds: float) -> None:
        with self._engine.writing() as db:
            db.execute("update cloud_events set due = ? where id = ?", [self._clock() + seconds, event.id])

    def complete_event(self, event: Event) -> None:
        with self._engine.writing() as db:
            db.execute("delete from cloud_events where id = ?", [event.id])

    def count_events(self) -> int:
        with self._engine.reading() as db:
            return int(db.execute("select count(*) from cloud_events").fetchone()[0])

    # Prefetch records

    def begin_push(self, job_id: str, day: str, positions: Sequence[int]) -> int:
        """Record that these URLs of a batch are about to be sent, and return the id of the record."""
        with self._engine.writing() as db:
            row = db.execute(
                "insert into cloud_pushes (job_id, day, begun, state, positions) values (?, ?, ?, ?, ?) returning id",
                [job_id, day, self._clock(), SENDING, json.dumps(list(positions))],
            ).fetchone()
            return int(row[0])

    def accept_push(self, number: int, task_ids: Iterable[str]) -> None:
        self._end_push(number, ACCEPTED, ",".join(task_ids), "")

    def refuse_push(self, number: int, error: ConsoleError) -> None:
        self._end_push(number, REFUSED, "", error.pack())

    def _end_push(self, number: int, state: str, task_ids: str, error: str) -> None:
        with self._engine.writing() as db:
            db.execute(
                "update cloud_pushes set state = ?, task_ids = ?, error = ? where id = ?",
                [state, task_ids, error, number],
            )

    def pushes_of(self, job_id: str) -> list[Push]:
        """Return the prefetch records of a job, in order."""
        with self._engine.reading() as db:
            return [
                Push(
                    row["id"], row["begun"], row["state"], tuple(json.loads(row["positions"])),
                    tuple(part for part in row["task_ids"].split(",") if part),
                    ConsoleError.unpack(row["error"]) if row["error"] else None,
                )
                for row in db.query("select * from cloud_pushes where job_id = ? order by id", [job_id])
            ]  # fmt: skip

    def knows_push(self, task_id: str, url: str) -> bool:
        """Return whether a task id was returned for this URL of a batch; several URLs may share a task."""
        sql = (
            "select positions, payload from cloud_pushes join jobs using (job_id) "
            "where instr(',' || task_ids || ',', ?) > 0"
        )
        with self._engine.reading() as db:
            rows = db.execute(sql, [f",{task_id},"]).fetchall()
        return any(
            url in {urls[at] for at in json.loads(positions) if at < len(urls)}
            for positions, payload in rows
            for urls in [read_object(payload).get("urls", ())]
        )

    def count_unsent(self) -> int:
        """Return how many URLs of queued and running batches were not sent yet, or perhaps not."""
        unsent = (
            "select coalesce(sum(json_array_length(json_extract(payload, '$.urls'))), 0) from jobs "
            "where kind = 'prewarm' and state in ('queued', 'running')"
        )
        sent = (
            "select coalesce(sum(json_array_length(positions)), 0) from cloud_pushes join jobs using (job_id) "
            "where jobs.state in ('queued', 'running') and cloud_pushes.state <> ?"
        )
        with self._engine.reading() as db:
            return int(db.execute(unsent).fetchone()[0]) - int(db.execute(sent, [SENDING]).fetchone()[0])

    def spent(self, day: str) -> int:
        """Return how many URLs were sent on a day, not counting refused ones."""
        sql = "select coalesce(sum(json_array_length(positions)), 0) from cloud_pushes where day = ? and state <> ?"
        with self._engine.reading() as db:
            return int(db.execute(sql, [day, REFUSED]).fetchone()[0])

    def prune(self, seconds: float) -> int:
        """Delete records older than this many seconds and return how many; those of unfinished jobs are kept."""
        before = self._clock() - seconds
        ended = "not exists (select 1 from jobs where jobs.job_id = {0}.job_id and state in ('queued', 'running'))"
        gone = " and ".join(
            f"not exists (select 1 from {table} where {table}.video_id = cloud_reviews.video_id)"
            for table in ("videos", "trash")
        )
        seen = "run < (select max(run) from cloud_seen)"
        with self._engine.writing() as db:
            return sum(
                int(db.execute(f"delete from {table} where {condition}", values).rowcount)
                for table, condition, values in (
                    ("cloud_jobs", f"begun < ? and {ended.format('cloud_jobs')}", [before]),
                    ("cloud_pushes", f"begun < ? and {ended.format('cloud_pushes')}", [before]),
                    ("cloud_seen", seen, []),
                    ("cloud_files", "seen < ? and changed = 0", [int(before)]),
                    ("cloud_reviews", f"changed < ? and {gone}", [before]),
                )
            )

    # Cursors

    def cursor(self, name: str) -> dict[str, Any]:
        """Return the saved cursor of a scan; empty if it has not started."""
        with self._engine.reading() as db:
            row = db.execute("select value from cloud_places where name = ?", [name]).fetchone()
        return json.loads(row[0]) if row else {}

    def save_cursor(self, name: str, value: Mapping[str, Any]) -> None:
        with self._engine.writing() as db:
            db.execute(
                "insert into cloud_places (name, value) values (?, ?) "
                "on conflict (name) do update set value = excluded.value",
                [name, json.dumps(value)],
            )


def placeholders(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def expect_event(db: Database, type_: str, target: str, now: float) -> None:
    """Queue an event that must have happened at VOD.

    If one of its type is already queued for this video, its delay is cut to one lease: whatever it was postponed for is
    over once VOD reports it again.
    """
    _cap_event_delay(db, type_, target, now)
    db.execute(
        "insert into cloud_events (received, due, type, target, body) select ?, ?, ?, ?, '{}' "
        "where not exists (select 1 from cloud_events where target = ? and type = ?)",
        [now, now, type_, target, target, type_],
    )


def _cap_event_delay(db: Database, type_: str, target: str, now: float) -> None:
    sql = "update cloud_events set due = ? where target = ? and type = ? and due > ?"
    db.execute(sql, [now + EVENT_LEASE_SECONDS, target, type_, now + EVENT_LEASE_SECONDS])


def finish_intents(db: Database, action: str, target: str) -> None:
    """Delete an intent, inside the transaction that applies its result."""
    db.execute("delete from cloud_intents where action = ? and target = ?", [action, target])


def replace_intent(
    db: Database, action: str, target: str, payload: Mapping[str, Any], actor: Actor, now: float
) -> None:  # fmt: skip
    """Record an intent inside the caller's transaction, replacing any pending one."""
    db.execute(
        "insert into cloud_intents (action, target, begun, due, payload, actor) values (?, ?, ?, ?, ?, ?) "
        "on conflict (action, target) do update set begun = excluded.begun, due = excluded.due, "
        "payload = excluded.payload, actor = excluded.actor, tries = 0",
        [action, target, now, now, json.dumps(payload, ensure_ascii=False), json.dumps(asdict(actor))],
    )


def is_begun(db: Database, action: str, target: str) -> bool:
    """Return whether an intent is pending, inside the caller's transaction."""
    return bool(_intents(db, "where action = ? and target = ?", [action, target]))


def _intents(db: Database, condition: str, values: list[Any]) -> list[Intent]:
    return [
        Intent(
            Action(row["action"]),
            row["target"],
            row["begun"],
            json.loads(row["payload"]),
            Actor(**json.loads(row["actor"])),
            row["tries"],
        )
        for row in db.query(f"select * from cloud_intents {condition}", values)
    ]
