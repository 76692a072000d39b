-- The keys with which phones ask for the app's feed; they are in every phone, so they are no secret and not hashed.
create table feed_keys (
    id integer primary key autoincrement,
    key text not null unique,
    created integer not null,
    created_by text not null
) strict;
