-- One action on many videos: the set as it was when somebody asked, and what became of each.

create table bulks (
    bulk_id text primary key,
    job_id text not null,
    action text not null,
    form text not null,
    undoes text not null,
    user_name text not null,
    actor text not null,
    seen_line integer not null,
    created integer not null,
    total integer not null
) strict;

create table bulk_items (
    bulk_id text not null references bulks on delete cascade,
    place integer not null,
    video_id text not null,
    title text not null,
    state text not null, -- waiting, done, refused
    why text not null,
    primary key (bulk_id, place)
) strict, without rowid;

create index bulk_items_by_state on bulk_items (bulk_id, state, place);
create index bulks_by_time on bulks (created);
create index bulks_undone on bulks (undoes) where undoes <> '';
