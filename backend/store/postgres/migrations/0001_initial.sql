-- The schema for PostgreSQL 14 to 18: the tables and columns of SQLite's, after all of its migrations.
--
-- What is different, and what statements that serve both engines may rely on:
-- - Types are bigint, double precision, text collate "C" and bytea. A Python bool is sent as a bigint; sums come back
--   as int. Conditions must be conditions: `disabled = 0`, not `not disabled`.
-- - Foreign keys are checked at commit, always.
-- - Counters are rows of differences, so that transactions do not wait for each other's: videos_per_span,
--   videos_per_category, feed_per_span, feed_per_category, job_counts, review_per_queue and sums have no primary key.
--   Readers add them up (`sum(number) … group by`), which gives the same with SQLite.
-- - `iif(condition, a, b)`, `instr(text, part)`, `max(a, b)`, `min(a, b)`, `json_extract(text, path)` (as text: cast what
--   is a number), `json_each(text)` and `json_each(text, path)` (their column `value`, as text),
--   `json_array_length(text)`, `json_array_length(text, path)` and `write_time(second, zone)` are functions here too.
--   `present_second()` is replaced by the engine's clock.
-- - Tags are compared by `tags_folded`, which the console writes: no SQL calls a function of Python's.
-- - Titles, tags and user names are found by GIN indexes: `signs(title_folded) @> :signs`, where `signs` are the code
--   points of the pairs of the wanted text, `one << 24 | next`, or the code point of its only character; of three
--   characters or more also `instr(title_folded, :title) > 0`. `finding` is a narrow copy of what videos are found by.
-- - A title is sorted by its first 500 characters: `left(title_folded, 500), seq`.

create function iif(condition boolean, yes anycompatible, otherwise anycompatible) returns anycompatible
language sql immutable parallel safe as $$ select case when condition then yes else otherwise end $$;

create function instr(whole text, part text) returns bigint
language sql immutable strict parallel safe as $$ select strpos(whole, part)::bigint $$;

create function max(one anycompatible, other anycompatible) returns anycompatible
language sql immutable parallel safe as $$
    select case when one is null or other is null then null else greatest(one, other) end
$$;

create function min(one anycompatible, other anycompatible) returns anycompatible
language sql immutable parallel safe as $$
    select case when one is null or other is null then null else least(one, other) end
$$;

create function json_extract(body text, path text) returns text
language sql immutable strict parallel safe
as $$ select jsonb_path_query_first(body::jsonb, ('strict ' || path)::jsonpath, '{}', true) #>> '{}' $$;

create function json_each(body text) returns table (value text)
language sql immutable strict parallel safe rows 20
as $$ select one from jsonb_array_elements_text(body::jsonb) one $$;

create function json_each(body text, path text) returns table (value text)
language sql immutable strict parallel safe rows 20
as $$
    select one #>> '{}' from jsonb_path_query(body::jsonb, ('strict ' || path || '[*]')::jsonpath, '{}', true) one
$$;

create function json_array_length(body text) returns bigint
language sql immutable strict parallel safe as $$ select jsonb_array_length(body::jsonb)::bigint $$;

create function json_array_length(body text, path text) returns bigint
language sql immutable strict parallel safe as $$
    select jsonb_array_length(jsonb_path_query_first(body::jsonb, ('strict ' || path)::jsonpath, '{}', true))::bigint
$$;

create function write_time(second bigint, zone text) returns text
language sql stable strict parallel safe as $$
    select case when second < -62135596800 or wall < '0001-01-01' then '0001-01-01 00:00:00'
        when second > 253402300799 or wall >= '10000-01-01' then '9999-12-31 23:59:59'
        else to_char(wall, 'YYYY-MM-DD HH24:MI:SS') end
    from (select to_timestamp(least(greatest(second, -62200000000), 253500000000)) at time zone zone as wall) at_zone
$$;

-- A sum as a counter has it, however large.
create function whole(total numeric) returns bigint
language sql immutable strict parallel safe
as $$ select least(greatest(total, -9223372036854775808), 9223372036854775807)::bigint $$;

-- A duration as it is added up: of an endless one, as much as 31 years.
create function microseconds(duration double precision) returns bigint
language sql immutable strict parallel safe
as $$ select round(least(greatest(duration * 1e6, -1e15), 1e15))::bigint $$;

-- The code points of a text, alone and in pairs of neighbours. GIN removes doubles.
create function signs(whole text) returns bigint[]
language sql immutable strict parallel safe as $$
    select array(select ascii(one)::bigint from unnest(split.each) one) || array(
        select ascii(one)::bigint << 24 | ascii(next) from unnest(split.each, split.each[2:]) pair (one, next)
        where next is not null
    ) from (select string_to_array(whole, null) as each) split
$$;

create function tag_list(folded text) returns text[]
language sql immutable strict parallel safe as $$ select string_to_array(trim(both ',' from folded), ',') $$;

create table users (
    user_id text collate "C" primary key,
    user_name text collate "C" not null,
    user_name_folded text collate "C" not null,
    avatar_url text collate "C" not null default ''
);

create table videos (
    seq bigint primary key,
    id bigint not null unique,
    video_id text collate "C" not null unique,
    title text collate "C" not null,
    title_folded text collate "C" not null,
    description text collate "C" not null,
    duration double precision not null,
    size bigint not null,
    width bigint not null,
    height bigint not null,
    created bigint not null,
    cate_id bigint not null,
    cate_name text collate "C" not null,
    tags text collate "C" not null,
    share_url text collate "C" not null,
    user_id text collate "C" not null references users deferrable initially deferred,
    status text collate "C" not null,
    censor_status text collate "C" not null,
    transcode_status text collate "C" not null,
    narrow_transcode_status text collate "C" not null,
    snapshot_status text collate "C" not null,
    media_key text collate "C" not null,
    version bigint not null default 0,
    recommended bigint not null default 0,
    flags text collate "C" not null default '',
    tags_folded text collate "C" not null default ''
);

create table files (
    video_id text collate "C" not null references videos (video_id) on delete cascade deferrable initially deferred,
    kind text collate "C" not null,
    position bigint not null,
    name text collate "C" not null,
    size bigint not null,
    width bigint not null,
    height bigint not null,
    duration double precision not null,
    bitrate bigint not null,
    codec text collate "C" not null,
    primary key (video_id, kind, position)
);

create table jobs (
    job_id text collate "C" primary key,
    kind text collate "C" not null,
    state text collate "C" not null,
    video_id text collate "C" not null,
    priority bigint not null,
    created bigint not null,
    started bigint,
    finished bigint,
    attempts bigint not null default 0,
    progress double precision not null default 0,
    owner text collate "C" not null default '',
    lease_until double precision not null default 0,
    reference text collate "C" not null default '',
    error text collate "C" not null default '',
    detail text collate "C" not null default '',
    payload text collate "C" not null,
    result text collate "C" not null default '{}'
);

create table prewarmed (
    job_id text collate "C" not null references jobs on delete cascade deferrable initially deferred,
    position bigint not null,
    url text collate "C" not null,
    state text collate "C" not null,
    detail text collate "C" not null default '',
    shared bigint not null default 0,
    primary key (job_id, position)
);

create table accounts (
    account_id bigint generated by default as identity primary key,
    user_name text collate "C" not null unique,
    password_hash text collate "C" not null,
    role text collate "C" not null,
    created bigint not null,
    disabled bigint not null default 0,
    folded text collate "C" not null default ''
);

create table sessions (
    token_hash text collate "C" primary key,
    account_id bigint not null references accounts on delete cascade deferrable initially deferred,
    created bigint not null,
    expires bigint not null,
    address text collate "C" not null,
    way text collate "C" not null default '',
    agent text collate "C" not null default '',
    seen bigint not null default 0,
    name text collate "C" not null default '',
    granted text collate "C" not null default ''
);

create table history (
    id bigint primary key,
    at bigint not null,
    actor text collate "C" not null,
    way text collate "C" not null,
    address text collate "C" not null,
    request_id text collate "C" not null,
    action text collate "C" not null,
    target text collate "C" not null,
    before text collate "C" not null,
    after text collate "C" not null,
    token text collate "C" not null default '',
    previous bytea not null default '',
    hash bytea not null default ''
);

create table sums (
    name text collate "C" not null,
    value bigint not null
);

create table videos_per_span (
    span bigint not null,
    censor_status text collate "C" not null,
    number bigint not null
);

create table videos_per_category (
    cate_id bigint not null,
    censor_status text collate "C" not null,
    number bigint not null,
    bytes bigint not null,
    microseconds bigint not null
);

create table feed_per_span (
    span bigint not null,
    censor_status text collate "C" not null,
    number bigint not null
);

create table feed_per_category (
    cate_id bigint not null,
    censor_status text collate "C" not null,
    number bigint not null,
    bytes bigint not null,
    microseconds bigint not null
);

create table history_head (
    one bigint primary key check (one = 1),
    id bigint not null,
    hash bytea not null
);

create table job_counts (
    kind text collate "C" not null,
    state text collate "C" not null,
    count bigint not null
);

create table cloud_jobs (
    cloud_id text collate "C" primary key,
    task_id text collate "C" not null,
    job_id text collate "C" not null,
    video_id text collate "C" not null,
    kind text collate "C" not null,
    begun double precision not null default 0
);

create table cloud_intents (
    action text collate "C" not null,
    target text collate "C" not null,
    begun double precision not null,
    payload text collate "C" not null,
    actor text collate "C" not null,
    due double precision not null default 0,
    tries bigint not null default 0,
    primary key (action, target)
);

create table cloud_events (
    id bigint generated by default as identity primary key,
    received double precision not null,
    due double precision not null,
    tries bigint not null default 0,
    type text collate "C" not null,
    target text collate "C" not null,
    body text collate "C" not null
);

create table cloud_pushes (
    id bigint generated by default as identity primary key,
    job_id text collate "C" not null,
    day text collate "C" not null,
    begun double precision not null,
    state text collate "C" not null,
    positions text collate "C" not null,
    task_ids text collate "C" not null default '',
    error text collate "C" not null default ''
);

create table cloud_drift (
    video_id text collate "C" not null,
    what text collate "C" not null,
    here text collate "C" not null,
    there text collate "C" not null,
    found bigint not null,
    primary key (video_id, what)
);

create table cloud_seen (
    video_id text collate "C" primary key,
    run bigint not null
);

create table cloud_places (
    name text collate "C" primary key,
    value text collate "C" not null
);

create table trash (
    id bigint primary key,
    video_id text collate "C" not null unique,
    title_folded text collate "C" not null,
    deleted bigint not null,
    until bigint not null,
    deleted_by text collate "C" not null,
    video text collate "C" not null,
    files text collate "C" not null,
    recommendation text collate "C" not null,
    jobs text collate "C" not null,
    special_entries text collate "C" not null default '[]'
);

create table feed (
    seq bigint primary key,
    video_id text collate "C" not null unique,
    user_id text collate "C" not null,
    user_name_folded text collate "C" not null,
    title_folded text collate "C" not null,
    censor_status text collate "C" not null,
    cate_id bigint not null,
    duration double precision not null,
    size bigint not null,
    tags text collate "C" not null,
    transcode_status text collate "C" not null,
    narrow_transcode_status text collate "C" not null,
    recommended bigint not null,
    flags text collate "C" not null default '',
    ends bigint,
    plays bigint not null default 0,
    tags_folded text collate "C" not null default ''
);

create table categories (
    cate_id bigint primary key,
    cate_name text collate "C" not null,
    parent_id bigint not null default 0,
    at_provider bigint not null default 0
);

create table cloud_usage (
    day text collate "C" not null,
    figure text collate "C" not null,
    value double precision not null,
    primary key (day, figure)
);

create table cloud_plays (
    day text collate "C" not null,
    video_id text collate "C" not null,
    title text collate "C" not null,
    plays bigint not null,
    viewers bigint not null,
    seconds double precision not null,
    primary key (day, video_id)
);

create table cloud_usage_sources (
    source text collate "C" primary key,
    read double precision not null,
    error text collate "C" not null
);

create table cloud_reviews (
    video_id text collate "C" primary key,
    changed double precision not null,
    body text collate "C" not null
);

create table cloud_files (
    video_id text collate "C" primary key,
    seen bigint not null,
    changed bigint not null default 0,
    replaced double precision not null default 0
);

create table review_desks (
    key_hash text collate "C" primary key,
    desk text collate "C" not null,
    token_hash text collate "C" not null references sessions on delete cascade deferrable initially deferred,
    created double precision not null,
    used double precision not null default 0
);

create table review_leases (
    video_id text collate "C" primary key references videos (video_id) on delete cascade deferrable initially deferred,
    holder text collate "C" not null,
    desk text collate "C" not null,
    lease_key text collate "C" not null unique,
    claimed double precision not null,
    expires double precision not null,
    kind text collate "C" not null
);

create table review_decisions (
    lease_key text collate "C" primary key,
    video_id text collate "C" not null,
    reviewer text collate "C" not null,
    kind text collate "C" not null,
    verdict text collate "C" not null,
    reason_code text collate "C" not null,
    reason text collate "C" not null,
    comment text collate "C" not null,
    seconds double precision not null,
    at double precision not null,
    request_id text collate "C" not null,
    undone double precision not null default 0,
    drawn_with double precision not null default 0,
    queue text collate "C" not null default ''
);

create table review_skips (
    video_id text collate "C" not null references videos (video_id) on delete cascade deferrable initially deferred,
    account text collate "C" not null,
    lease_key text collate "C" not null,
    until double precision not null,
    primary key (video_id, account)
);

create table review_opinions (
    video_id text collate "C" not null references videos (video_id) on delete cascade deferrable initially deferred,
    account text collate "C" not null,
    lease_key text collate "C" not null,
    note text collate "C" not null,
    at double precision not null,
    primary key (video_id, account)
);

create table review_reasons (
    code text collate "C" primary key,
    position bigint not null,
    name_zh text collate "C" not null,
    name_en text collate "C" not null,
    uploader_zh text collate "C" not null,
    uploader_en text collate "C" not null,
    sensitive bigint not null default 0,
    retired bigint not null default 0
);

create table review_preferences (
    account_id bigint primary key references accounts on delete cascade deferrable initially deferred,
    body text collate "C" not null
);

create table review_queues (
    code text collate "C" primary key,
    name_zh text collate "C" not null,
    name_en text collate "C" not null,
    position bigint not null,
    rule text collate "C" not null default '{}',
    sort text collate "C" not null default 'oldest',
    roles text collate "C" not null default '[]',
    user_names text collate "C" not null default '[]'
);

create table review_waiting (
    seq bigint primary key,
    video_id text collate "C" not null unique
        references videos (video_id) on delete cascade deferrable initially deferred,
    since double precision not null,
    passed bigint not null,
    urgent bigint not null default 0,
    queue text collate "C" not null default 'default',
    place double precision not null default 0,
    kind text collate "C" not null default 'first'
);

create table review_per_queue (
    queue text collate "C" not null,
    number bigint not null
);

create table review_unsorted (
    video_id text collate "C" not null
);

create table review_sampling (
    id bigint primary key check (id = 1),
    secret text collate "C" not null,
    body text collate "C" not null
);

create table review_draws (
    draw_id bigint generated by default as identity primary key,
    lease_key text collate "C" not null unique,
    video_id text collate "C" not null,
    reviewer text collate "C" not null,
    drawn double precision not null,
    queue text collate "C" not null,
    since double precision not null,
    seen text collate "C" not null,
    state text collate "C" not null default 'waiting',
    second_key text collate "C" not null default '',
    settled_by text collate "C" not null default '',
    settled double precision not null default 0,
    verdict text collate "C" not null default ''
);

create table fingerprints (
    clip bigint generated by default as identity primary key,
    video_id text collate "C" not null unique
        references videos (video_id) on delete cascade deferrable initially deferred,
    views text collate "C" not null
);

create table fingerprint_bands (
    value bigint not null,
    clip bigint not null,
    primary key (value, clip)
);

create table fingerprint_queue (
    number bigint generated by default as identity primary key,
    video_id text collate "C" not null unique
        references videos (video_id) on delete cascade deferrable initially deferred,
    due double precision not null default 0,
    attempts bigint not null default 0
);

create table similar_clips (
    video_id text collate "C" not null references videos (video_id) on delete cascade deferrable initially deferred,
    other_id text collate "C" not null references videos (video_id) on delete cascade deferrable initially deferred,
    share double precision not null,
    mirrored bigint not null,
    primary key (video_id, other_id)
);

create table review_hints (
    lease_key text collate "C" primary key,
    other_id text collate "C" not null,
    share double precision not null,
    verdict text collate "C" not null,
    followed bigint not null
);

create table technical_flags (
    video_id text collate "C" primary key,
    checked double precision not null,
    body text collate "C" not null
);

create table slots (
    slot text collate "C" primary key,
    name text collate "C" not null,
    revision bigint not null,
    rules text collate "C" not null
);

create table recommendations (
    seq bigint primary key,
    video_id text collate "C" not null references videos (video_id) on delete cascade deferrable initially deferred,
    recommended bigint not null,
    title text collate "C",
    title_folded text collate "C",
    description text collate "C",
    duration double precision,
    size bigint,
    tags text collate "C",
    tags_folded text collate "C",
    cate_id bigint,
    cate_name text collate "C",
    user_id text collate "C",
    cover_url text collate "C",
    first_frame_url text collate "C",
    transcode_status text collate "C",
    snapshot_status text collate "C",
    censor_status text collate "C",
    slot text collate "C" not null default 'feed' references slots deferrable initially deferred,
    ends bigint,
    pin bigint,
    rank bigint,
    note text collate "C" not null default '',
    starts_typed text collate "C" not null default '',
    ends_typed text collate "C" not null default '',
    zone text collate "C" not null default '',
    told bigint not null default 0,
    unique (slot, video_id)
);

create table lineups (
    slot text collate "C" not null,
    revision bigint not null,
    at bigint not null,
    actor text collate "C" not null,
    action text collate "C" not null,
    target text collate "C" not null,
    note text collate "C" not null,
    primary key (slot, revision)
);

create table lineup_entries (
    slot text collate "C" not null,
    video_id text collate "C" not null,
    since bigint not null,
    until bigint,
    seq bigint not null,
    recommended bigint not null,
    ends bigint,
    pin bigint,
    rank bigint,
    note text collate "C" not null,
    typed text collate "C" not null,
    shown text collate "C" not null,
    primary key (slot, video_id, since)
);

create table specials (
    special_id text collate "C" primary key,
    slot text collate "C" not null references slots deferrable initially deferred,
    name text collate "C" not null,
    starts bigint not null,
    ends bigint not null,
    priority bigint not null,
    note text collate "C" not null,
    starts_typed text collate "C" not null,
    ends_typed text collate "C" not null,
    zone text collate "C" not null
);

create table special_entries (
    special_id text collate "C" not null references specials on delete cascade deferrable initially deferred,
    video_id text collate "C" not null references videos (video_id) on delete cascade deferrable initially deferred,
    position bigint not null,
    primary key (special_id, video_id)
);

create table programme_ticks (
    id bigint generated by default as identity primary key,
    at bigint not null,
    due bigint not null,
    late bigint not null,
    event text collate "C" not null,
    slot text collate "C" not null,
    video_id text collate "C" not null
);

create table video_reports (
    report_id bigint generated by default as identity primary key,
    video_id text collate "C" not null,
    reporter text collate "C" not null,
    account text collate "C" not null,
    reason_code text collate "C" not null,
    words text collate "C" not null,
    at double precision not null,
    closed_by text collate "C",
    unique (video_id, reporter)
);

create table feed_keys (
    id bigint generated by default as identity primary key,
    key text collate "C" not null unique,
    created bigint not null,
    created_by text collate "C" not null
);

create table warm_urls (
    url text collate "C" not null,
    region text collate "C" not null,
    state text collate "C" not null,
    sent bigint not null default 0,
    warmed bigint not null default 0,
    tries bigint not null default 0,
    starts bigint not null default 0,
    size bigint not null default 0,
    video_id text collate "C" not null default '',
    kind text collate "C" not null default '',
    source text collate "C" not null default '',
    actor text collate "C" not null default '',
    job_id text collate "C" not null default '',
    detail text collate "C" not null default '',
    primary key (url, region)
);

create table warm_checks (
    host text collate "C" not null,
    kind text collate "C" not null,
    url text collate "C" not null,
    at bigint not null,
    problem text collate "C" not null,
    primary key (host, kind)
);

-- What videos are found by; an audit changes no column of an index here. Filled by triggers of `videos`.
create table finding (
    seq bigint primary key,
    title_folded text collate "C" not null,
    user_id text collate "C" not null,
    censor_status text collate "C" not null,
    cate_id bigint not null,
    transcode_status text collate "C" not null,
    narrow_transcode_status text collate "C" not null,
    recommended bigint not null,
    flags text collate "C" not null,
    tags_folded text collate "C" not null
) with (fillfactor = 90);

-- How many transactions changed anything but the tables below: what is kept of answers is valid while the sum stays.
-- Several rows, so that transactions do not wait for each other.
create table changes (slot bigint primary key, number bigint not null) with (fillfactor = 10);
insert into changes select slot, 0 from generate_series(0, 15) slot;

-- What SQLite has in the file for volatile state: a crash of the server empties these.
create unlogged table attempts (
    key bytea primary key,
    count bigint not null,
    since double precision not null,
    until double precision not null
);

create unlogged table tickets (
    number bigint generated by default as identity primary key,
    hash bytea not null unique,
    purpose text collate "C" not null,
    owner bytea not null,
    until double precision not null,
    sealed bytea not null
);

-- What SQLite has in the file for the feed.
create table feed_versions (
    version text collate "C" primary key,
    slot text collate "C" not null,
    revision bigint not null,
    video_ids text collate "C" not null,
    shown double precision not null
);

create table feed_batches (batch bytea primary key, received double precision not null);

create table feed_figures (
    hour bigint not null,
    slot text collate "C" not null,
    video_id text collate "C" not null,
    place bigint not null,
    revision bigint not null,
    impressions bigint not null,
    plays bigint not null,
    completes bigint not null,
    skips bigint not null,
    watched_ms bigint not null,
    played_ms bigint not null,
    primary key (hour, slot, video_id, place, revision)
);

create index videos_by_censor_status on videos (censor_status, seq);
create unique index jobs_one_at_a_time
    on jobs (video_id, kind) where state in ('queued', 'running') and video_id <> '';
create index jobs_by_time on jobs (created);
create index jobs_by_video on jobs (video_id, created);
create index sessions_by_account on sessions (account_id);
create index history_by_target on history (target, id);
create index videos_failed on videos (seq) where 'fail' in (transcode_status, narrow_transcode_status);
create index videos_running on videos (seq) where 'onTranscode' in (transcode_status, narrow_transcode_status);
create index jobs_by_end on jobs (state, finished);
create index jobs_by_kind on jobs (kind, state, finished);
create unique index tokens_by_name on sessions (account_id, name) where name <> '';
create index history_by_actor on history (actor, id);
create index history_by_time on history (at, id);
create index cloud_jobs_by_job on cloud_jobs (job_id);
create index cloud_jobs_by_video on cloud_jobs (video_id);
create index cloud_events_by_due on cloud_events (due);
create index cloud_events_by_target on cloud_events (target, type);
create index cloud_pushes_by_job on cloud_pushes (job_id);
create index cloud_pushes_by_day on cloud_pushes (day);
create index trash_by_time on trash (deleted);
create index trash_by_end on trash (until);
create index history_by_action on history (action, id);
create index history_by_way on history (way, id);
create index feed_by_censor_status on feed (censor_status, seq);
create index feed_by_user on feed (user_id, seq, censor_status);
create index feed_by_category on feed (cate_id, seq, censor_status);
create index accounts_by_folded on accounts (folded);
create index categories_by_parent on categories (parent_id);
create index review_desks_by_session on review_desks (token_hash, created);
create index review_leases_by_holder on review_leases (holder, desk);
create index review_decisions_by_reviewer on review_decisions (reviewer, at);
create index review_decisions_by_video on review_decisions (video_id, at);
create index review_decisions_by_time on review_decisions (at);
create index review_skips_by_account on review_skips (account, until);
create index review_skips_by_key on review_skips (lease_key);
create index review_opinions_by_account on review_opinions (account);
create index review_opinions_by_key on review_opinions (lease_key);
create index review_waiting_in_order on review_waiting (queue, urgent, place, seq);
create index review_waiting_by_age on review_waiting (queue, since);
create index videos_passed on videos (user_id) where censor_status = 'success';
create index review_decisions_current on review_decisions (kind, queue, at) where undone = 0;
create index review_decisions_own on review_decisions (reviewer, kind, at) where undone = 0;
create unique index review_draws_waiting on review_draws (video_id) where state = 'waiting';
create index review_draws_next on review_draws (drawn, reviewer, queue, video_id) where state = 'waiting';
create index review_draws_by_state on review_draws (state, drawn);
create index review_draws_by_video on review_draws (video_id);
create index review_draws_by_reviewer on review_draws (reviewer, drawn);
create index review_draws_by_queue on review_draws (queue, drawn);
create index review_draws_by_second on review_draws (second_key);
create index similar_clips_by_other on similar_clips (other_id);
create index recommendations_by_video on recommendations (video_id);
create index recommendations_by_end on recommendations (ends) where ends is not null;
create index feed_by_end on feed (ends) where ends is not null;
create index feed_unplayed on feed (seq) where plays = 0;
create index lineup_entries_by_until on lineup_entries (slot, until);
create index specials_by_slot on specials (slot, ends);
create index special_entries_by_video on special_entries (video_id);
create index video_reports_open on video_reports (video_id, at) where closed_by is null;
create index warm_urls_by_job on warm_urls (job_id);
create index warm_urls_by_video on warm_urls (video_id) where video_id <> '';
create index videos_by_title on videos (left(title_folded, 500), seq);
create index videos_by_duration on videos (duration, seq) include (censor_status, cate_id, size);
create index videos_by_size on videos (size, seq) include (censor_status, cate_id, duration);
create index videos_by_category on videos (cate_id, seq) include (censor_status);
create index videos_by_user on videos (user_id, seq) include (censor_status, cate_id);
create index jobs_to_claim on jobs ((attempts >= 2), priority, created, job_id) where state = 'queued';
create index jobs_waiting on jobs (kind, created) where state = 'queued';
create index jobs_running on jobs (lease_until) where state = 'running';
create index finding_by_title on finding using gin (signs(title_folded));
create index finding_by_tag on finding using gin (tag_list(tags_folded)) where tags_folded <> '';
create index finding_flagged on finding (seq) where flags not in ('', 'none');
create index feed_by_title on feed using gin (signs(title_folded));
create index feed_by_tag on feed using gin (tag_list(tags_folded)) where tags_folded <> '';
create index users_by_name on users using gin (signs(user_name_folded));
create index videos_per_span_by_span on videos_per_span (span);
create index feed_per_span_by_span on feed_per_span (span);
create index tickets_by_owner on tickets (owner, number);
create index tickets_by_end on tickets (until);
create index feed_versions_by_time on feed_versions (shown);
create index feed_batches_by_time on feed_batches (received);

create view shown as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id) as user_id,
        coalesce(u.user_name_folded, '') as user_name_folded, coalesce(r.title_folded, v.title_folded) as title_folded,
        coalesce(r.censor_status, v.censor_status) as censor_status, coalesce(r.cate_id, v.cate_id) as cate_id,
        coalesce(r.duration, v.duration) as duration, coalesce(r.size, v.size) as size,
        coalesce(r.tags, v.tags) as tags, coalesce(r.transcode_status, v.transcode_status) as transcode_status,
        v.narrow_transcode_status, 1::bigint as recommended, v.flags, r.ends, case when exists (
            select 1 from files f where f.video_id = r.video_id
                and f.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted')
        ) then 1::bigint else 0 end as plays, coalesce(r.tags_folded, v.tags_folded) as tags_folded
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id)
    where r.slot = 'feed';
