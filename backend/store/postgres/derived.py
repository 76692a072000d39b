"""Data derived from the rows (folded texts, counters, what videos are found by, the feed as shown)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from backend.store import figure_counts, review_sorting
from backend.store.engine import Progress, Rows, ignore_progress
from backend.store.folding import fold, marked_tags
from backend.store.postgres.database import Database

FOLD_EVERY = 500  # writes of a process after which it adds up the counters' differences
CHUNK = 20_000
NOTED = "select exists (select 1 from review_unsorted), exists (select 1 from figure_changes)"
# What `figure_counts.settle` does, in one statement.
SETTLE = (
    "with figure_changes as (delete from figure_changes returning *), "
    + ", ".join(
        f"added{number} as ({sql})" for number, sql in enumerate((*figure_counts.SPANS, figure_counts.ADD_OF_USERS))
    )
    + " select 1"
)
CHANGED = "update changes set number = number + 1 where slot = 0 and pg_current_xact_id_if_assigned() is not null"

# table, key, column, what it is made of, and how
FOLDED: tuple[tuple[str, str, str, str, Callable[[str], str]], ...] = (
    ("users", "user_id", "user_name_folded", "user_name", fold),
    ("videos", "seq", "title_folded", "title", fold),
    ("videos", "seq", "tags_folded", "tags", marked_tags),
    ("recommendations", "seq", "title_folded", "title", fold),
    ("recommendations", "seq", "tags_folded", "tags", marked_tags),
)
RECOMMENDED = (
    "case when exists (select 1 from recommendations r where r.video_id = videos.video_id and r.slot = 'feed') "
    "then 1 else 0 end"
)
PER_SPAN = "select seq >> 36, censor_status, count(*) from {} group by 1, 2"
PER_CATEGORY = """
    select cate_id, censor_status, count(*), whole(sum(size)), whole(sum(microseconds(duration)))
    from {} group by 1, 2
"""
SUMS = """
    with pairs as (
        select narrow.size as narrow, plain.size as plain
        from files narrow join files plain using (video_id, width, height)
        where plain.kind = 'common' and narrow.kind = 'narrow'
    )
    select 'narrow_bytes', coalesce(sum(narrow), 0)::bigint from pairs
    union all select 'narrow_bytes_plain', coalesce(sum(plain), 0)::bigint from pairs
"""
# table -> (query of its expected rows, key columns, sums)
COUNTERS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "videos_per_span": (PER_SPAN.format("videos"), ("span", "censor_status"), ("number",)),
    "feed_per_span": (PER_SPAN.format("feed"), ("span", "censor_status"), ("number",)),
    "videos_per_category": (
        PER_CATEGORY.format("videos"), ("cate_id", "censor_status"), ("number", "bytes", "microseconds"),
    ),
    "feed_per_category": (
        PER_CATEGORY.format("feed"), ("cate_id", "censor_status"), ("number", "bytes", "microseconds"),
    ),
    "job_counts": ("select kind, state, count(*) from jobs group by 1, 2", ("kind", "state"), ("count",)),
    "review_per_queue": (review_sorting.PER_QUEUE, ("queue",), ("number",)),
    "sums": (SUMS, ("name",), ("value",)),
}  # fmt: skip
# table -> the query of its rows
COPIES = {
    "feed": "select * from shown",
    "finding": "select seq, title_folded, user_id, censor_status, cate_id, transcode_status, narrow_transcode_status, "
    "recommended, flags, tags_folded from videos",
}


def ask(db: Database) -> Rows:
    """Ask what the changes so far have noted for `update`."""
    return db.execute(NOTED)


def update(db: Database, noted: Rows, now: float, *, fold: bool) -> None:
    """Update what is derived from the changes of this transaction, before it is committed. `noted` is from `ask`."""
    unsorted, counted = noted.fetchone()
    if unsorted:
        review_sorting.sort_changes(db, now)
    if unsorted or counted:
        db.execute(SETTLE, {"slot": int(now) // figure_counts.SLOT_SECONDS})
    if fold:
        fold_counters(db)
    note_change(db)


def note_change(db: Database) -> None:
    """Give the database another version, if this transaction wrote anything."""
    db.execute(CHANGED)


def fold_counters(db: Database) -> None:
    """Add up the differences that counters consist of, so that few are left to read."""
    for table, (_, keys, sums) in COUNTERS.items():
        key = ", ".join(keys)
        total = ", ".join(f"whole(sum({name})) as {name}" for name in sums)
        db.execute(f"""
            with many as (select {key} from {table} group by {key} having count(*) > 1),
                gone as (delete from {table} using many where {_same(table, "many", keys)} returning {table}.*)
            insert into {table} ({key}, {", ".join(sums)}) select {key}, {total} from gone group by {key}
        """)


def rebuild(db: Database, tell: Progress = ignore_progress) -> None:
    """Rebuild all derived data from the rows, inside the caller's transaction."""
    (total,) = db.execute("select count(*) from videos").fetchone() or (0,)
    tell(0, total)
    for table, key, column, text, how in FOLDED:
        wrong = [(how(told), name) for name, told, found in _texts(db, table, key, column, text) if how(told) != found]
        db.executemany(f"update {table} set {column} = ? where {key} = ?", wrong)
    db.execute(f"update videos set recommended = {RECOMMENDED} where recommended <> {RECOMMENDED}")
    for table, rows in COPIES.items():
        db.execute(
            f"delete from {table} where seq not in (select seq from ({rows} intersect select * from {table}) same)"
        )
        db.execute(f"insert into {table} {rows} except select * from {table}")
    for table, (wanted, _, _) in COUNTERS.items():
        db.execute(f"delete from {table}")
        db.execute(f"insert into {table} {wanted}")
    tell(total, total)


def examine(db: Database) -> Iterator[str]:
    """Yield differences between derived data and the rows."""
    for table, key, column, text, how in FOLDED:
        if number := sum(how(told) != found for _, told, found in _texts(db, table, key, column, text)):
            yield f"{column} of {number} rows in {table}"
    if number := _count(db, f"select 1 from videos where recommended <> {RECOMMENDED}"):
        yield f"recommended of {number} rows in videos"
    for table, (wanted, keys, sums) in COUNTERS.items():
        key = ", ".join(keys)
        found = f"select {key}, {', '.join(f'whole(sum({name}))' for name in sums)} from {table} group by {key}"
        yield from _differences(table, _read(db, wanted, len(keys)), _read(db, found, len(keys)))
    for table, rows in COPIES.items():
        differing = f"({rows} except select * from {table}) union all (select * from {table} except {rows})"
        if number := _count(db, differing):
            yield f"{number} rows of {table}"


def _texts(db: Database, table: str, key: str, column: str, text: str) -> Iterator[tuple[Any, str, str | None]]:
    """Yield key, text and folded text of each row, a part at a time."""
    last: Any = None
    while True:
        after = "" if last is None else f"and {key} > :last"
        sql = (
            f"select {key}, {text}, {column} from {table} where {text} is not null {after} order by {key} limit {CHUNK}"
        )
        rows = db.fetch(sql, {} if last is None else {"last": last})
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]


def _count(db: Database, sql: str) -> int:
    (number,) = db.execute(f"select count(*) from ({sql}) found").fetchone() or (0,)
    return int(number)


def _read(db: Database, sql: str, keys: int) -> dict[Any, Any]:
    rows = ((row[:keys], row[keys:]) for row in db.fetch(sql))
    return {key: values for key, values in rows if any(values)}


def _differences(table: str, wanted: dict[Any, Any], found: dict[Any, Any]) -> Iterator[str]:
    wrong = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    if wrong:
        name = wrong[0]
        yield f"{len(wrong)} rows of {table}, such as {name!r}: {found.get(name)} instead of {wanted.get(name)}"


def _same(one: str, other: str, keys: tuple[str, ...]) -> str:
    return " and ".join(f"{one}.{name} = {other}.{name}" for name in keys)
