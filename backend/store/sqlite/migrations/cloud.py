"""The tables of cloud mode: what Alibaba was asked, what it told, and where the long walks stand."""

TABLES = """
create table cloud_jobs (
    cloud_id text primary key,
    task_id text not null,
    job_id text not null,
    video_id text not null,
    kind text not null
) strict, without rowid;
create index cloud_jobs_by_job on cloud_jobs (job_id);
create index cloud_jobs_by_video on cloud_jobs (video_id);

create table cloud_intents (
    action text not null,
    target text not null,
    begun real not null,
    payload text not null,
    actor text not null,
    primary key (action, target)
) strict, without rowid;

create table cloud_events (
    id integer primary key,
    received real not null,
    due real not null,
    tries integer not null default 0,
    type text not null,
    target text not null,
    body text not null
) strict;
create index cloud_events_by_due on cloud_events (due);
create index cloud_events_by_target on cloud_events (target, type);

create table cloud_pushes (
    id integer primary key,
    job_id text not null,
    day text not null,
    begun real not null,
    state text not null,
    positions text not null,
    task_ids text not null default '',
    error text not null default ''
) strict;
create index cloud_pushes_by_job on cloud_pushes (job_id);
create index cloud_pushes_by_day on cloud_pushes (day);

create table cloud_drift (
    video_id text not null,
    what text not null,
    here text not null,
    there text not null,
    found integer not null,
    primary key (video_id, what)
) strict, without rowid;

create table cloud_seen (
    video_id text primary key,
    run integer not null
) strict, without rowid;

create table cloud_places (
    name text primary key,
    value text not null
) strict, without rowid
"""

# What cannot be settled is tried again later and later. A literal default: rows of before are due at once.
BACKOFF = """
alter table cloud_intents add column due real not null default 0;
alter table cloud_intents add column tries integer not null default 0;
alter table cloud_jobs add column begun real not null default 0
"""
