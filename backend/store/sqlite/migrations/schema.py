"""The tables, as migrations in the order of age. A migration that was released is never edited: add the next one."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from backend.store.sqlite.migrations import categories as schema_categories
from backend.store.sqlite.migrations import cloud as schema_cloud
from backend.store.sqlite.migrations import filters as schema_filters
from backend.store.sqlite.migrations import finding as schema_finding
from backend.store.sqlite.migrations import reworded as schema_reworded
from backend.store.sqlite.migrations import trash as schema_trash
from backend.store.sqlite.migrations import trust as schema_trust

migrations = Migrations("qu-console")
REBUILDING = {"m004_finding", "m012_filters"}  # after which all that is derived is made anew, in the same transaction

CATALOGUE = """
create table users (
    user_id text primary key,
    user_name text not null,
    user_name_folded text not null,
    avatar_url text not null default ''
) strict, without rowid;

create table videos (
    seq integer primary key,
    id integer not null unique,
    video_id text not null unique,
    title text not null,
    title_folded text not null,
    description text not null,
    duration real not null,
    size integer not null,
    width integer not null,
    height integer not null,
    created integer not null,
    cate_id integer not null,
    cate_name text not null,
    tags text not null,
    share_url text not null,
    user_id text not null references users,
    status text not null,
    censor_status text not null,
    transcode_status text not null,
    narrow_transcode_status text not null,
    snapshot_status text not null,
    media_key text not null
) strict;
create index videos_by_censor_status on videos (censor_status, seq);
create index videos_by_user on videos (user_id, seq, censor_status);

create table files (
    video_id text not null references videos (video_id) on delete cascade,
    kind text not null,
    position integer not null,
    name text not null,
    size integer not null,
    width integer not null,
    height integer not null,
    duration real not null,
    bitrate integer not null,
    codec text not null,
    primary key (video_id, kind, position)
) strict, without rowid;

create table recommendations (
    seq integer primary key,
    video_id text not null unique references videos (video_id) on delete cascade,
    recommended integer not null,
    title text, title_folded text, description text, duration real, size integer,
    tags text, cate_id integer, cate_name text,
    user_id text, cover_url text, first_frame_url text,
    transcode_status text, snapshot_status text, censor_status text
) strict
"""

JOBS = """
create table jobs (
    job_id text primary key,
    kind text not null,
    state text not null,
    video_id text not null,
    priority integer not null,
    created integer not null,
    started integer,
    finished integer,
    attempts integer not null default 0,
    progress real not null default 0,
    owner text not null default '',
    lease_until real not null default 0,
    reference text not null default '',
    error text not null default '',
    detail text not null default '',
    payload text not null,
    result text not null default '{}'
) strict, without rowid;
create unique index jobs_one_at_a_time on jobs (video_id, kind) where state in ('queued', 'running') and video_id <> '';
create index jobs_to_claim on jobs (priority, created) where state in ('queued', 'running');
create index jobs_by_time on jobs (created);
create index jobs_by_video on jobs (video_id, created);

create table prewarmed (
    job_id text not null references jobs on delete cascade,
    position integer not null,
    url text not null,
    state text not null,
    detail text not null default '',
    primary key (job_id, position)
) strict, without rowid
"""

PEOPLE = """
create table accounts (
    account_id integer primary key,
    user_name text not null unique,
    password_hash text not null,
    role text not null,
    created integer not null,
    disabled integer not null default 0
) strict;

create table sessions (
    token_hash text primary key,
    account_id integer not null references accounts on delete cascade,
    created integer not null,
    expires integer not null,
    address text not null
) strict, without rowid;
create index sessions_by_account on sessions (account_id);

create table history (
    id integer primary key,
    at integer not null,
    actor text not null,
    way text not null,
    address text not null,
    request_id text not null,
    action text not null,
    target text not null,
    before text not null,
    after text not null
) strict;
create index history_by_target on history (target, id)
"""

# With 150,000 finished jobs, the pace took 570 ms and the failed ones 270 ms without these.
ENDED_JOBS = """
create index jobs_by_end on jobs (state, finished);
create index jobs_by_kind on jobs (kind, state, finished)
"""

# Counting a million finished jobs takes some 100 ms, and what watches the console asks every few seconds.
COUNTED_JOBS = """
create table job_counts (
    kind text not null,
    state text not null,
    count integer not null,
    primary key (kind, state)
) strict, without rowid;
insert into job_counts select kind, state, count(*) from jobs group by kind, state;
create trigger jobs_counted_in after insert on jobs begin
    insert into job_counts values (new.kind, new.state, 1) on conflict do update set count = count + 1; end;
create trigger jobs_counted_out after delete on jobs begin
    update job_counts set count = count - 1 where kind = old.kind and state = old.state; end;
create trigger jobs_counted_from after update of state on jobs begin
    update job_counts set count = count - 1 where kind = old.kind and state = old.state; end;
create trigger jobs_counted_to after update of state on jobs begin
    insert into job_counts values (new.kind, new.state, 1) on conflict do update set count = count + 1; end;
create index jobs_waiting on jobs (kind, created) where state = 'queued'
"""

# Among a million lines, these two filters took 150 and 360 ms, and naming the actions 350.
FILTERED_HISTORY = """
create index history_by_action on history (action, id);
create index history_by_way on history (way, id)
"""


# One length of 10^15 seconds, as imports took it, left no room in the counts for any other video of its category.
BOUNDED = """
update videos set duration = 10000000 where duration > 10000000;
update videos set size = 10000000000000 where size > 10000000000000;
update recommendations set duration = 10000000 where duration > 10000000;
update recommendations set size = 10000000000000 where size > 10000000000000
"""


@migrations()
def m001_catalogue(db: Database) -> None:
    _run(db, CATALOGUE)


@migrations()
def m002_jobs(db: Database) -> None:
    _run(db, JOBS)


@migrations()
def m003_people(db: Database) -> None:
    _run(db, PEOPLE)


@migrations()
def m004_finding(db: Database) -> None:
    """Add what finding needs, still empty: `derived.rebuild` fills it in the same transaction."""
    _run(db, schema_finding.script())


@migrations()
def m005_ended_jobs(db: Database) -> None:
    _run(db, ENDED_JOBS)


@migrations()
def m006_trust(db: Database) -> None:
    _run(db, schema_trust.TABLES)
    schema_trust.chain_history(db)


@migrations()
def m007_counted_jobs(db: Database) -> None:
    _run(db, COUNTED_JOBS)


@migrations()
def m008_cloud(db: Database) -> None:
    _run(db, schema_cloud.TABLES)


@migrations()
def m009_trash(db: Database) -> None:
    _run(db, schema_trash.TABLES)


@migrations()
def m010_filtered_history(db: Database) -> None:
    _run(db, FILTERED_HISTORY)


@migrations()
def m011_reworded(db: Database) -> None:
    _run(db, schema_reworded.script())


@migrations()
def m012_filters(db: Database) -> None:
    _run(db, schema_filters.script())


@migrations()
def m013_cloud_backoff(db: Database) -> None:
    _run(db, schema_cloud.BACKOFF)


@migrations()
def m014_bounded(db: Database) -> None:
    _run(db, BOUNDED)


@migrations()
def m015_folded_names(db: Database) -> None:
    _run(db, schema_trust.FOLDED_NAMES)
    schema_trust.fold_names(db)


@migrations()
def m016_categories(db: Database) -> None:
    _run(db, schema_categories.TABLES)


def _run(db: Database, script: str) -> None:
    # Not executescript: that commits first, and a migration must be kept whole or not at all.
    statement = ""
    for line in f"{script};".splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
