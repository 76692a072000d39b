-- The first state of the database. Further ones are the files after this one.
--
-- A key of videos and feed is the second of the row, shifted by 20 bits, and a number within it: newest first is key
-- order. The triggers keep the counts (per span of 65,536 seconds: the key shifted by 36; and per category), the
-- versions of rows, and the feed as it is shown. They note in ..._reworded what of a row's words has gone and come, and
-- the words go into the search index before the transaction ends (search_index.py): inside a trigger FTS5 would put
-- every row on the disk by itself.

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
    media_key text not null,
    version integer not null default 0
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
) strict;

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
) strict, without rowid;

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
    address text not null,
    way text not null default '',
    agent text not null default '',
    seen integer not null default 0,
    name text not null default '',
    granted text not null default ''
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
    after text not null,
    token text not null default '',
    previous blob not null default x'',
    hash blob not null default x''
) strict;
create index history_by_target on history (target, id);
create index videos_by_category on videos (cate_id, seq, censor_status);
create index videos_by_duration on videos (duration, seq, censor_status, cate_id);
create index videos_by_size on videos (size, seq, censor_status, cate_id);
create index videos_by_title on videos (title_folded, seq);
create index videos_failed on videos (seq) where 'fail' in (transcode_status, narrow_transcode_status);
create index videos_running on videos (seq) where 'onTranscode' in (transcode_status, narrow_transcode_status);

create table feed (
    seq integer primary key,
    video_id text not null unique,
    user_id text not null,
    user_name_folded text not null,
    title_folded text not null,
    censor_status text not null,
    cate_id integer not null,
    duration real not null,
    size integer not null
) strict;
create index feed_by_censor_status on feed (censor_status, seq);
create index feed_by_user on feed (user_id, seq, censor_status);
create index feed_by_category on feed (cate_id, seq, censor_status);

create view shown (
    seq, video_id, user_id, user_name_folded, title_folded, censor_status, cate_id, duration, size
) as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), coalesce(u.user_name_folded, ''),
        coalesce(r.title_folded, v.title_folded), coalesce(r.censor_status, v.censor_status),
        coalesce(r.cate_id, v.cate_id), coalesce(r.duration, v.duration), coalesce(r.size, v.size)
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id);

create table sums (name text primary key, value integer not null) strict, without rowid;
insert into sums values ('narrow_bytes', 0), ('narrow_bytes_plain', 0);

create virtual table videos_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = 'ascii'
);
insert into videos_words (videos_words, rank) values ('hashsize', 33554432);

create virtual table videos_vocabulary using fts5vocab ('videos_words', 'row');

create table videos_per_span (
    span integer not null,
    censor_status text not null,
    number integer not null,
    primary key (span, censor_status)
) strict, without rowid;

create table videos_per_category (
    cate_id integer not null,
    censor_status text not null,
    number integer not null,
    bytes integer not null,
    microseconds integer not null,
    primary key (cate_id, censor_status)
) strict, without rowid;

create trigger videos_come after insert on videos begin
    insert into videos_reworded
        values (new.seq, false, new.title_folded, (select user_name_folded from users where user_id = new.user_id),
            new.user_id, new.censor_status, new.cate_id);
    insert into videos_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into videos_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;
end;

create trigger videos_go after delete on videos begin
    insert into videos_reworded
        values (old.seq, true, old.title_folded, (select user_name_folded from users where user_id = old.user_id),
            old.user_id, old.censor_status, old.cate_id);
    update videos_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update videos_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;
end;

create trigger videos_recount after update of censor_status, cate_id, size, duration on videos begin
    update videos_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update videos_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;
    insert into videos_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into videos_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;
end;

create virtual table feed_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = 'ascii'
);
insert into feed_words (feed_words, rank) values ('hashsize', 33554432);

create virtual table feed_vocabulary using fts5vocab ('feed_words', 'row');

create table feed_per_span (
    span integer not null,
    censor_status text not null,
    number integer not null,
    primary key (span, censor_status)
) strict, without rowid;

create table feed_per_category (
    cate_id integer not null,
    censor_status text not null,
    number integer not null,
    bytes integer not null,
    microseconds integer not null,
    primary key (cate_id, censor_status)
) strict, without rowid;

create trigger feed_come after insert on feed begin
    insert into feed_reworded
        values (new.seq, false, new.title_folded, new.user_name_folded, new.user_id, new.censor_status, new.cate_id);
    insert into feed_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into feed_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;
end;

create trigger feed_go after delete on feed begin
    insert into feed_reworded
        values (old.seq, true, old.title_folded, old.user_name_folded, old.user_id, old.censor_status, old.cate_id);
    update feed_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update feed_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;
end;

create trigger feed_recount after update of censor_status, cate_id, size, duration on feed begin
    update feed_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update feed_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;
    insert into feed_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into feed_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;
end;

create trigger recommendations_come after insert on recommendations begin
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1 where video_id = new.video_id;
end;

create trigger recommendations_change after update on recommendations begin
    delete from feed where seq = old.seq;
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1 where video_id = new.video_id;
end;

create trigger recommendations_go after delete on recommendations begin
    delete from feed where seq = old.seq;
    update videos set version = version + 1 where video_id = old.video_id;
end;

create trigger videos_show after update of user_id, title_folded, censor_status, cate_id, duration, size on videos
when exists (select 1 from feed where video_id = new.video_id) begin
    delete from feed where video_id = new.video_id;
    insert into feed select * from shown where video_id = new.video_id;
end;

create trigger users_come after insert on users
when exists (select 1 from feed where user_id = new.user_id) begin
    update feed set user_name_folded = new.user_name_folded where user_id = new.user_id;
    update videos set version = version + 1 where video_id in (select video_id from feed where user_id = new.user_id);
end;

create trigger users_change after update of user_name, avatar_url on users
when new.user_name <> old.user_name or new.avatar_url <> old.avatar_url begin
    update videos set version = version + 1 where user_id = new.user_id
        or video_id in (select video_id from feed where user_id = new.user_id);
end;

create trigger files_come after insert on files begin
    update videos set version = version + 1 where video_id = new.video_id;
end;

create trigger files_change after update on files begin
    update videos set version = version + 1 where video_id in (old.video_id, new.video_id);
end;

create trigger files_go after delete on files begin
    update videos set version = version + 1 where video_id = old.video_id;
end;

create trigger pairs_come after insert on files when new.kind in ('common', 'narrow') begin
    update sums set value = value + coalesce((
        select sum(iif(new.kind = 'narrow', new.size, other.size)) from files other where other.video_id = new.video_id
            and other.kind = iif(new.kind = 'common', 'narrow', 'common')
            and other.width = new.width and other.height = new.height
    ), 0) where name = 'narrow_bytes';
    update sums set value = value + coalesce((
        select sum(iif(new.kind = 'common', new.size, other.size)) from files other where other.video_id = new.video_id
            and other.kind = iif(new.kind = 'common', 'narrow', 'common')
            and other.width = new.width and other.height = new.height
    ), 0) where name = 'narrow_bytes_plain';
end;

create trigger pairs_go after delete on files when old.kind in ('common', 'narrow') begin
    update sums set value = value - coalesce((
        select sum(iif(old.kind = 'narrow', old.size, other.size)) from files other where other.video_id = old.video_id
            and other.kind = iif(old.kind = 'common', 'narrow', 'common')
            and other.width = old.width and other.height = old.height
    ), 0) where name = 'narrow_bytes';
    update sums set value = value - coalesce((
        select sum(iif(old.kind = 'common', old.size, other.size)) from files other where other.video_id = old.video_id
            and other.kind = iif(old.kind = 'common', 'narrow', 'common')
            and other.width = old.width and other.height = old.height
    ), 0) where name = 'narrow_bytes_plain';
end;

create trigger pairs_change before update of video_id, kind, size, width, height on files begin
    select raise(abort, 'a file is not changed but replaced');
end;

create trigger videos_change after update of
    video_id, title, description, duration, size, width, height, created, cate_id, cate_name, tags, share_url, user_id,
    status, censor_status, transcode_status, narrow_transcode_status, snapshot_status, media_key
on videos begin
    update videos set version = version + 1 where seq = new.seq;
end;
create index jobs_by_end on jobs (state, finished);
create index jobs_by_kind on jobs (kind, state, finished);
create unique index tokens_by_name on sessions (account_id, name) where name <> '';
create index history_by_actor on history (actor, id);
create index history_by_time on history (at, id);

create table history_head (
    one integer primary key check (one = 1),
    id integer not null,
    hash blob not null
) strict;
insert into history_head values (1, 0, zeroblob(32));

create table job_counts (
    kind text not null,
    state text not null,
    count integer not null,
    primary key (kind, state)
) strict, without rowid;

create trigger jobs_counted_in after insert on jobs begin
    insert into job_counts values (new.kind, new.state, 1) on conflict do update set count = count + 1; end;

create trigger jobs_counted_out after delete on jobs begin
    update job_counts set count = count - 1 where kind = old.kind and state = old.state; end;

create trigger jobs_counted_from after update of state on jobs begin
    update job_counts set count = count - 1 where kind = old.kind and state = old.state; end;

create trigger jobs_counted_to after update of state on jobs begin
    insert into job_counts values (new.kind, new.state, 1) on conflict do update set count = count + 1; end;
create index jobs_waiting on jobs (kind, created) where state = 'queued';

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
) strict, without rowid;

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
create index trash_by_end on trash (until);
create index history_by_action on history (action, id);
create index history_by_way on history (way, id);

create table videos_reworded (
    seq integer not null,
    gone integer not null,
    title_folded text,
    user_name_folded text,
    user_id text,
    censor_status text,
    cate_id integer
) strict;

create table feed_reworded (
    seq integer not null,
    gone integer not null,
    title_folded text,
    user_name_folded text,
    user_id text,
    censor_status text,
    cate_id integer
) strict;

create trigger videos_reword after update of title_folded, user_id, censor_status, cate_id on videos
when new.title_folded <> old.title_folded or new.user_id <> old.user_id or new.censor_status <> old.censor_status
    or new.cate_id <> old.cate_id begin
    insert into videos_reworded values (old.seq, true,
        iif(new.title_folded <> old.title_folded, old.title_folded, null), iif(new.user_id <> old.user_id,
        (select user_name_folded from users where user_id = old.user_id), null), iif(new.user_id <> old.user_id,
        old.user_id, null), iif(new.censor_status <> old.censor_status, old.censor_status, null),
        iif(new.cate_id <> old.cate_id, old.cate_id, null));
    insert into videos_reworded values (new.seq, false,
        iif(new.title_folded <> old.title_folded, new.title_folded, null), iif(new.user_id <> old.user_id,
        (select user_name_folded from users where user_id = new.user_id), null), iif(new.user_id <> old.user_id,
        new.user_id, null), iif(new.censor_status <> old.censor_status, new.censor_status, null),
        iif(new.cate_id <> old.cate_id, new.cate_id, null));
end;

create trigger feed_reword after update of user_name_folded on feed
when new.user_name_folded <> old.user_name_folded begin
    insert into feed_reworded (seq, gone, user_name_folded) values (old.seq, true, old.user_name_folded);
    insert into feed_reworded (seq, gone, user_name_folded) values (new.seq, false, new.user_name_folded);
end;

create trigger users_reword after update of user_name_folded on users
when new.user_name_folded <> old.user_name_folded begin
    insert into videos_reworded (seq, gone, user_name_folded)
        select seq, true, old.user_name_folded from videos where user_id = new.user_id;
    insert into videos_reworded (seq, gone, user_name_folded)
        select seq, false, new.user_name_folded from videos where user_id = new.user_id;
    update feed set user_name_folded = new.user_name_folded where user_id = new.user_id;
end;
