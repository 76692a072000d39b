-- What the account at Alibaba used, by day in Beijing, and what was played most; how each source of that stands.
create table cloud_usage (
    day text not null,
    figure text not null,
    value real not null,
    primary key (day, figure)
) strict, without rowid;

create table cloud_plays (
    day text not null,
    video_id text not null,
    title text not null,
    plays integer not null,
    viewers integer not null,
    seconds real not null,
    primary key (day, video_id)
) strict, without rowid;

create table cloud_usage_sources (
    source text primary key,
    read real not null,
    error text not null
) strict, without rowid;
