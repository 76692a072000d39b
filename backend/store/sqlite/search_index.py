"""Derived data (folded texts, search indexes, counts, the feed as shown): rebuilding and verifying it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

from backend.store.engine import Progress
from backend.store.sqlite.database import Database
from backend.store.sqlite.search_words import TOLD as WORDS
from backend.store.sqlite.search_words import index_words

CHUNK = 20_000
MERGED_PAGES = 250  # 1 MB, or 50 ms during which others cannot write


LISTS = ("videos", "feed")
# table, column, and how it is made of another
FOLDED = (
    ("users", "user_name_folded", "fold(user_name)"),
    ("videos", "title_folded", "fold(title)"),
    ("videos", "tags_folded", "fold_tags(tags)"),
    ("recommendations", "title_folded", "fold(title)"),
    ("recommendations", "tags_folded", "fold_tags(tags)"),
)

TOLD = ", ".join(WORDS)
RECOMMENDED = "exists (select 1 from recommendations r where r.video_id = videos.video_id and r.slot = 'feed')"
WORDED = {"videos": "videos cross join users using (user_id)", "feed": "feed"}
PER_SPAN = "select seq >> 36, censor_status, count(*) from {table} group by 1, 2"
PER_CATEGORY = """
    select cate_id, censor_status, count(*), sum(size), sum(cast(round(duration * 1e6) as integer))
    from {table} group by 1, 2
"""
SUMS = """
    select 'narrow_bytes', coalesce(sum(narrow.size), 0) from {pairs}
    union all select 'narrow_bytes_plain', coalesce(sum(plain.size), 0) from {pairs}
""".format(
    pairs="files narrow join files plain using (video_id, width, height) "
    "where plain.kind = 'common' and narrow.kind = 'narrow'"
)
# table -> (query of its expected rows, number of key columns)
COUNTS = {
    **{f"{table}_per_span": (PER_SPAN.format(table=table), 2) for table in LISTS},
    **{f"{table}_per_category": (PER_CATEGORY.format(table=table), 2) for table in LISTS},
    "sums": (SUMS, 1),
    "feed": ("select * from shown", 1),
}


def index_changes(db: Database) -> None:
    """Apply the changes of this transaction to the search indexes, before it commits."""
    for table in LISTS:
        if db.execute(f"select 1 from {table}_reworded limit 1").fetchone():
            # In key order: a decreasing key makes FTS5 flush its pending data.
            db.execute(
                f"insert into {table}_words ({table}_words, rowid, words) "
                f"select iif(gone, 'delete', null), seq, index_words({TOLD}) from {table}_reworded order by seq, rowid"
            )
            db.execute(f"delete from {table}_reworded")


def rebuild(db: Database, tell: Progress) -> None:
    """Rebuild all derived data from the rows, inside the caller's transaction."""
    for table, column, folded in FOLDED:
        db.execute(f"update {table} set {column} = {folded} where {column} is not {folded}")
    db.execute(f"update videos set recommended = {RECOMMENDED} where recommended <> {RECOMMENDED}")
    db.execute("delete from feed")
    for table in LISTS:
        db.execute(f"insert into {table}_words ({table}_words) values ('delete-all')")
        db.execute(f"delete from {table}_reworded")
    for table in COUNTS:
        db.execute(f"delete from {table}")
    for table, (wanted, _) in COUNTS.items():
        if not table.startswith("feed_"):  # filled by the feed's triggers
            db.execute(f"insert into {table} {wanted}")
    index_changes(db)
    _index_videos(db, tell)
    db.execute("insert into videos_words (videos_words) values ('optimize')")


def merge_index(db: Database, begin: bool) -> bool:
    """Merge a few pages of the search index; False when it is one segment. Pass `begin` on the first call."""
    before = db.conn.total_changes
    pages = -MERGED_PAGES if begin else MERGED_PAGES
    db.execute("insert into videos_words (videos_words, rank) values ('merge', ?)", [pages])
    return db.conn.total_changes - before > 1  # the end condition documented by FTS5


def examine(db: Database) -> Iterator[str]:
    """Yield differences between derived data and the rows."""
    for table, column, folded in FOLDED:
        number = db.execute(f"select count(*) from {table} where {column} is not {folded}").fetchone()[0]
        if number:
            yield f"{column} of {number} rows in {table}"
    number = db.execute(f"select count(*) from videos where recommended <> {RECOMMENDED}").fetchone()[0]
    if number:
        yield f"recommended of {number} rows in videos"
    for table, (wanted, names) in COUNTS.items():
        yield from _differences(table, _rows(db, wanted, names), _rows(db, f"select * from {table}", names))
    for table in LISTS:
        try:
            if not _has_same_words(db, table):
                yield from _differences(f"{table}_words", _wanted_words(db, table), _found_words(db, table))
        except sqlite3.DatabaseError as error:
            yield f"{table}_words cannot be read ({error})"


def _index_videos(db: Database, tell: Progress) -> None:
    total = db.execute("select count(*) from videos").fetchone()[0]
    done, last = 0, -(1 << 63)
    while done < total:
        tell(done, total)
        chunk = f"from {WORDED['videos']} where seq > ? order by seq limit {CHUNK}"
        done += db.execute(
            f"insert into videos_words (rowid, words) select seq, index_words({TOLD}) {chunk}",
            [last],
        ).rowcount
        last = db.execute(f"select max(seq) from (select seq {chunk})", [last]).fetchone()[0]
    tell(total, total)


def _rows(db: Database, sql: str, names: int) -> dict[Any, Any]:
    rows = ((row[:names], row[names:]) for row in db.execute(sql))
    return {name: values for name, values in rows if any(values)}


def _has_same_words(db: Database, table: str) -> bool:
    """Compare the words of the rows with those of the index by sums of their hashes: each user is a word."""
    rows = times = 0
    for told in db.execute(f"select {TOLD} from {WORDED[table]}"):
        words = index_words(*told).split(" ")
        times += sum(map(hash, words))
        rows += sum(map(hash, set(words)))
    for word, in_rows, number in db.execute(f"select * from {table}_vocabulary"):
        rows -= hash(word) * in_rows
        times -= hash(word) * number
    return rows == times == 0


def _wanted_words(db: Database, table: str) -> dict[str, tuple[int, int]]:
    rows: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for told in db.execute(f"select {TOLD} from {WORDED[table]}"):
        words = index_words(*told).split(" ")
        times.update(words)
        rows.update(set(words))
    return {word: (number, times[word]) for word, number in rows.items()}


def _found_words(db: Database, table: str) -> dict[str, tuple[int, int]]:
    return {word: (rows, times) for word, rows, times in db.execute(f"select * from {table}_vocabulary")}


def _differences(table: str, wanted: dict[Any, Any], found: dict[Any, Any]) -> Iterator[str]:
    wrong = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    if wrong:
        name = wrong[0]
        yield f"{len(wrong)} rows of {table}, such as {name!r}: {found.get(name)} instead of {wanted.get(name)}"
