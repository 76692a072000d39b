-- What became of every URL that was sent to the cache, by hand or by the plan; '' is the region of all that a domain serves.
create table warm_urls (
    url text not null,
    region text not null,
    state text not null,
    sent integer not null default 0,
    warmed integer not null default 0, -- when it was last found warm
    tries integer not null default 0, -- failures in a row
    starts integer not null default 0, -- the start that it was sent or skipped for
    size integer not null default 0,
    video_id text not null default '',
    kind text not null default '',
    source text not null default '',
    actor text not null default '',
    job_id text not null default '',
    detail text not null default '',
    primary key (url, region)
) strict, without rowid;
create index warm_urls_by_job on warm_urls (job_id);
create index warm_urls_by_video on warm_urls (video_id) where video_id <> '';

-- In a batch, a URL that was warm or on its way already and is not sent again.
alter table prewarmed add column shared integer not null default 0;

-- How one file of each kind was answered when it was looked at before sending.
create table warm_checks (
    host text not null,
    kind text not null,
    url text not null,
    at integer not null,
    problem text not null,
    primary key (host, kind)
) strict, without rowid;
