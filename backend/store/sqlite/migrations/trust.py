"""What sessions, API tokens and the chained history need beside the tables of m003."""

from __future__ import annotations

from sqlite_utils import Database

from backend.store.hash_chain import CONTENT, START, link
from backend.store.names import folded

# An API token is a session that has a name, a right and an end date of its own.
TABLES = """
alter table sessions add column way text not null default '';
alter table sessions add column agent text not null default '';
alter table sessions add column seen integer not null default 0;
alter table sessions add column name text not null default '';
alter table sessions add column granted text not null default '';
create unique index tokens_by_name on sessions (account_id, name) where name <> '';
alter table history add column token text not null default '';
alter table history add column previous blob not null default x'';
alter table history add column hash blob not null default x'';
create index history_by_actor on history (actor, id);
create index history_by_time on history (at, id);
create table history_head (
    one integer primary key check (one = 1),
    id integer not null,
    hash blob not null
) strict
"""
ROWS = 10_000
FOLDED_NAMES = """
alter table accounts add column folded text not null default '';
create index accounts_by_folded on accounts (folded)
"""


def chain_history(db: Database) -> None:
    """Chain the lines that were written before there was a chain, inside the caller's transaction."""
    last, before = 0, START
    while rows := db.conn.execute(
        f"select {', '.join(CONTENT)} from history where id > ? order by id limit {ROWS}", [last]
    ).fetchall():
        links = []
        for row in rows:
            own = link(before, row)
            links.append((before, own, row[0]))
            last, before = row[0], own
        db.conn.executemany("update history set previous = ?, hash = ? where id = ?", links)
    db.conn.execute("insert into history_head (one, id, hash) values (1, ?, ?)", [last, before])


def fold_names(db: Database) -> None:
    """Write down how the names of accounts are compared, inside the caller's transaction."""
    for account_id, user_name in db.conn.execute("select account_id, user_name from accounts").fetchall():
        db.conn.execute("update accounts set folded = ? where account_id = ?", [folded(user_name), account_id])
