"""The trash: what was deleted, kept whole until its time is over."""

# The rows leave their own tables, so that no list, count or index has to know of what lies here.
TABLES = """
create table trash (
    id integer primary key,
    video_id text not null unique,
    title_folded text not null,
    deleted integer not null,
    until integer not null,
    deleted_by text not null,
    video text not null,
    files text not null,
    recommendation text not null,
    jobs text not null
) strict;
create index trash_by_time on trash (deleted);
create index trash_by_end on trash (until)
"""
