-- One action on many videos: the set as it was when somebody asked, and what became of each.

create table bulks (
    bulk_id text collate "C" primary key,
    job_id text collate "C" not null,
    action text collate "C" not null,
    form text collate "C" not null,
    undoes text collate "C" not null,
    user_name text collate "C" not null,
    actor text collate "C" not null,
    seen_line bigint not null,
    created bigint not null,
    total bigint not null
);

create table bulk_items (
    bulk_id text collate "C" not null references bulks on delete cascade deferrable initially deferred,
    place bigint not null,
    video_id text collate "C" not null,
    title text collate "C" not null,
    state text collate "C" not null, -- waiting, done, refused
    why text collate "C" not null,
    primary key (bulk_id, place)
);

create index bulk_items_by_state on bulk_items (bulk_id, state, place);
create index bulks_by_time on bulks (created);
create index bulks_undone on bulks (undoes) where undoes <> '';
