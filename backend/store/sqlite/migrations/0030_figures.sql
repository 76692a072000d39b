-- Counts for the page of figures, kept by triggers in the transaction that changes what they count. A trigger notes a
-- change, and `figure_counts.settle` adds the changes up before the commit. Counts are by quarter of an hour, by hour, eight
-- hours and day, in UTC: from quarters the days of every time zone can be summed, those of China from eight hours. Durations
-- and scores have no quarters. `slot` is the number of the quarter, hour or day since 1970, `part` divides a count (verdict, reason, state, lower bound of a
-- duration, twice a score), `amount` are bytes.

create table figure_counts (
    series text not null, -- what is counted, and by what: uploads/category
    span integer not null, -- 0: quarters of an hour, 1: hours, 2: eight hours, 3: days
    slot integer not null,
    key text not null,
    part text not null,
    number integer not null,
    amount integer not null,
    primary key (series, span, slot, key, part)
) strict, without rowid;

-- The same by the app's users, of whom there are too many to have them by day too.
create table figure_user_counts (
    series text not null,
    slot integer not null,
    key text not null,
    number integer not null,
    amount integer not null,
    primary key (series, slot, key)
) strict, without rowid;
create index figure_user_counts_of_user on figure_user_counts (key, series, slot, number, amount);

create table figure_changes (
    series text not null,
    slot integer, -- null: now
    key text not null,
    part text not null,
    number integer not null,
    amount integer not null
) strict;

-- Lower bounds of the classes of durations, in seconds: each a tenth above the one before.
create table figure_bounds (low integer primary key) strict;
insert into figure_bounds
    with recursive bounds (low) as (
        select 0 union all select max(low + 1, low * 11 / 10) from bounds where low < 1000000000
    ) select low from bounds;

-- The category that a video had when it was judged last, if it has another one now.
create table figure_moves (video_id text primary key, cate_id integer not null) strict, without rowid;

create trigger figures_category_moves after update of cate_id on videos
when new.cate_id <> old.cate_id and new.censor_status in ('success', 'fail') begin
    insert into figure_moves values (new.video_id, old.cate_id) on conflict do nothing;
end;

-- Uploads, by when they were made; `gone` are those deleted for good. While a video moves into the trash and back it is
-- in both tables.
create trigger figures_videos_come after insert on videos
when not exists (select 1 from trash where video_id = new.video_id) begin
    insert into figure_changes values
        ('uploads/user', (new.created + 9000000000) / 900 - 10000000, new.user_id, '', 1, new.size),
        ('uploads/category', (new.created + 9000000000) / 900 - 10000000, new.cate_id || '', '', 1, new.size);
end;
create trigger figures_videos_change after update of user_id, cate_id, size, created on videos
when new.user_id <> old.user_id or new.cate_id <> old.cate_id or new.size <> old.size or new.created <> old.created begin
    insert into figure_changes values
        ('uploads/user', (old.created + 9000000000) / 900 - 10000000, old.user_id, '', -1, -old.size),
        ('uploads/category', (old.created + 9000000000) / 900 - 10000000, old.cate_id || '', '', -1, -old.size),
        ('uploads/user', (new.created + 9000000000) / 900 - 10000000, new.user_id, '', 1, new.size),
        ('uploads/category', (new.created + 9000000000) / 900 - 10000000, new.cate_id || '', '', 1, new.size);
end;
create trigger figures_videos_go after delete on videos
when not exists (select 1 from trash where video_id = old.video_id) begin
    insert into figure_changes values
        ('gone/user', (old.created + 9000000000) / 900 - 10000000, old.user_id, '', 1, old.size),
        ('gone/category', (old.created + 9000000000) / 900 - 10000000, old.cate_id || '', '', 1, old.size);
end;
create trigger figures_trash_come after insert on trash begin
    insert into figure_changes
        select 'bytes/kind', null, 'trash', '', count(*), sum(size)
        from (select json_extract(value, '$.size') as size from json_each(new.files)) kept where size > 0
        having count(*) > 0;
end;
create trigger figures_trash_go after delete on trash begin
    insert into figure_changes
        select 'bytes/kind', null, 'trash', '', -count(*), -sum(size)
        from (select json_extract(value, '$.size') as size from json_each(old.files)) kept where size > 0
        having count(*) > 0;
    insert into figure_changes
        select series, (video.created + 9000000000) / 900 - 10000000,
            case series when 'gone/user' then video.user_id else video.cate_id || '' end, '', 1, video.size
        from (
            select coalesce(json_extract(old.video, '$[0].created'), 0) as created, coalesce(json_extract(old.video, '$[0].user_id'), '') as user_id,
                coalesce(json_extract(old.video, '$[0].cate_id'), 0) as cate_id, coalesce(json_extract(old.video, '$[0].size'), 0) as size
        ) video, (select 'gone/user' as series union all select 'gone/category') dimensions
        where not exists (select 1 from videos where video_id = old.video_id);
end;

-- Files, and what narrow-band renditions save
create trigger figures_files_come after insert on files when new.size > 0 begin
    insert into figure_changes values ('bytes/kind', null, new.kind, '', 1, new.size);
end;
create trigger figures_files_go after delete on files when old.size > 0 begin
    insert into figure_changes values ('bytes/kind', null, old.kind, '', -1, -old.size);
end;
create trigger figures_saved after update of value on sums when new.value <> old.value begin
    insert into figure_changes values (
        'saved', null, '', '', 0, (new.value - old.value) * iif(new.name = 'narrow_bytes', -1, 1)
    );
end;

-- Reviews: each verdict counts, when it was given, until it is undone. The time to a first verdict is since the upload.
create view figure_verdicts (line, slot, reviewer, verdict, reason, seconds, cate_id) as
    select h.id, (h.at + 9000000000) / 900 - 10000000, h.actor,
        case json_extract(iif(json_valid(h.after), h.after, '{}'), '$.censorStatus') when 'success' then 'passed' else 'blocked' end,
        coalesce(json_extract(iif(json_valid(h.after), h.after, '{}'), '$.reasonCode'), ''),
        case when json_extract(iif(json_valid(h.before), h.before, '{}'), '$.censorStatus') in ('check', 'onCensor')
            then h.at - coalesce((
                select u.at from history u where u.target = h.target and u.id < h.id
                    and u.action in ('uploadVideo', 'importVideo', 'replaceFile') order by u.id desc limit 1
            ), v.created) end,
        coalesce(coalesce(m.cate_id, v.cate_id) || '', '')
    from history h left join videos v on v.video_id = h.target left join figure_moves m on m.video_id = h.target
    where h.action = 'createAudit';
create view figure_judgements (line, series, slot, key, part) as
    select line, 'decided', slot, '', verdict from figure_verdicts
    union all select line, 'decided/reviewer', slot, reviewer, verdict from figure_verdicts
    union all select line, 'decided/category', slot, cate_id, verdict from figure_verdicts
    union all select line, 'reasons', slot, '', reason from figure_verdicts where verdict = 'blocked'
    union all select line, 'reasons/reviewer', slot, reviewer, reason from figure_verdicts where verdict = 'blocked'
    union all select line, 'reasons/category', slot, cate_id, reason from figure_verdicts where verdict = 'blocked'
    union all select line, 'decision_time', slot, '',
        (select max(low) from figure_bounds where low <= max(seconds, 0)) || ''
        from figure_verdicts where seconds is not null
    union all select line, 'decision_time/' || cate_id, slot, '',
        (select max(low) from figure_bounds where low <= max(seconds, 0)) || ''
        from figure_verdicts where seconds is not null;
create trigger figures_judged after insert on history when new.action = 'createAudit' begin
    delete from figure_moves where video_id = new.target;
    insert into figure_changes select series, slot, key, part, 1, 0 from figure_judgements where line = new.id;
end;
create trigger figures_undone after insert on history when new.action = 'undoAudit' begin
    insert into figure_changes
        select series, slot, key, part, -1, 0 from figure_judgements where line = (
            select iif(action = 'createAudit', id, null) from history where target = new.target and id < new.id
                and action in ('createAudit', 'undoAudit') order by id desc limit 1
        );
    insert into figure_changes
        select replace(series, 'decided', 'undone'), slot, key, '', 1, 0 from figure_judgements where line = (
            select iif(action = 'createAudit', id, null) from history where target = new.target and id < new.id
                and action in ('createAudit', 'undoAudit') order by id desc limit 1
        ) and series in ('decided', 'decided/reviewer', 'decided/category');
end;
create trigger figures_waiting_come after insert on review_waiting begin
    insert into figure_changes values ('waiting', null, '', 'came', 1, 0);
end;
create trigger figures_waiting_go after delete on review_waiting begin
    insert into figure_changes values ('waiting', null, '', 'left', 1, 0);
end;

-- Jobs, when they end; waiting is until the last attempt, working is the last attempt.
create trigger figures_jobs_end after update of state on jobs
when new.state in ('done', 'failed', 'cancelled') and old.state in ('queued', 'running') begin
    insert into figure_changes values
        ('ended/kind', (new.finished + 9000000000) / 900 - 10000000, new.kind, new.state, 1, 0);
    insert into figure_changes
        select 'failed/kind', (new.finished + 9000000000) / 900 - 10000000, new.kind, json_extract(new.error, '$[0]'), 1, 0
        where new.state = 'failed' and new.error like '["%';
    insert into figure_changes
        select 'transcode_wait', (new.finished + 9000000000) / 900 - 10000000, '', max(low) || '', 1, 0
        from figure_bounds where low <= max(new.started - new.created, 0) and new.kind in ('transcode', 'narrow')
        having max(low) is not null;
    insert into figure_changes
        select 'transcode_work', (new.finished + 9000000000) / 900 - 10000000, '', max(low) || '', 1, 0
        from figure_bounds where low <= max(new.finished - new.started, 0) and new.kind in ('transcode', 'narrow')
            and new.state <> 'cancelled'
        having max(low) is not null;
    insert into figure_changes
        select 'vmaf', (new.finished + 9000000000) / 900 - 10000000, '',
            cast(round(json_extract(new.result, '$.vmaf') * 2) as integer) || '', 1, 0
        where new.kind = 'narrow' and new.state = 'done' and json_extract(new.result, '$.vmaf') is not null;
end;

create trigger figures_prewarmed after update of state on prewarmed
when new.state in ('warm', 'failed') and new.state <> old.state begin
    insert into figure_changes values ('prewarmed', null, '', new.state, 1, 0);
end;
create trigger figures_prewarm_shared after insert on prewarmed when new.shared = 1 begin
    insert into figure_changes values ('prewarmed', null, '', 'shared', 1, 0);
end;

create trigger figures_recommendations_come after insert on recommendations begin
    insert into figure_changes values ('recommended/slot', null, new.slot, 'in', 1, 0);
end;
create trigger figures_recommendations_go after delete on recommendations begin
    insert into figure_changes values ('recommended/slot', null, old.slot, 'out', 1, 0);
end;

-- What is known of the time before. Not known are uploads that were deleted for good, jobs that were retried, what left
-- the queue and what was taken out of the programme; files are as old as their videos.
insert into figure_changes
    select 'uploads/user', (created + 9000000000) / 900 - 10000000, user_id, '', count(*), sum(size)
    from videos group by 2, 3;
insert into figure_changes
    select 'uploads/category', (created + 9000000000) / 900 - 10000000, cate_id || '', '', count(*), sum(size)
    from videos group by 2, 3;
insert into figure_changes
    select series, (video.created + 9000000000) / 900 - 10000000,
        case series when 'uploads/user' then video.user_id else video.cate_id || '' end, '', 1, video.size
    from (
        select coalesce(json_extract(video, '$[0].created'), 0) as created, coalesce(json_extract(video, '$[0].user_id'), '') as user_id,
            coalesce(json_extract(video, '$[0].cate_id'), 0) as cate_id, coalesce(json_extract(video, '$[0].size'), 0) as size from trash
    ) video, (select 'uploads/user' as series union all select 'uploads/category') dimensions;
insert into figure_changes
    select 'bytes/kind', (coalesce(v.created, 0) + 9000000000) / 900 - 10000000, f.kind, '', count(*), sum(f.size)
    from files f left join videos v using (video_id) where f.size > 0 group by 2, 3;
insert into figure_changes
    select 'bytes/kind', (deleted + 9000000000) / 900 - 10000000, 'trash', '', count(*),
        sum(json_extract(value, '$.size'))
    from trash, json_each(files) where json_extract(value, '$.size') > 0 group by 2;
insert into figure_changes
    select 'saved', (v.created + 9000000000) / 900 - 10000000, '', '', 0, sum(plain.size - narrow.size)
    from files narrow join files plain using (video_id, width, height) join videos v using (video_id)
    where plain.kind = 'common' and narrow.kind = 'narrow' group by 2;
create temp table undone_verdicts as
    select id from (
        select id, action, lead(action) over (partition by target order by id) as next
        from history where action in ('createAudit', 'undoAudit')
    ) where action = 'createAudit' and next = 'undoAudit';
create temp table known_judgements as
    select j.series, j.slot, j.key, j.part, j.line in (select id from undone_verdicts) as undone from figure_judgements j;
insert into figure_changes
    select series, slot, key, part, count(*), 0 from known_judgements where not undone group by 1, 2, 3, 4;
insert into figure_changes
    select replace(series, 'decided', 'undone'), slot, key, '', count(*), 0 from known_judgements
    where undone and series in ('decided', 'decided/reviewer', 'decided/category') group by 1, 2, 3;
drop table known_judgements;
drop table undone_verdicts;
insert into figure_changes
    select 'waiting', (cast(since as integer) + 9000000000) / 900 - 10000000, '', 'came', count(*), 0
    from review_waiting group by 2;
insert into figure_changes
    select 'ended/kind', (finished + 9000000000) / 900 - 10000000, kind, state, count(*), 0
    from jobs where state in ('done', 'failed', 'cancelled') and finished is not null group by 2, 3, 4;
insert into figure_changes
    select 'failed/kind', (finished + 9000000000) / 900 - 10000000, kind, json_extract(error, '$[0]'), count(*), 0
    from jobs where state = 'failed' and finished is not null and error like '["%' and json_valid(error) group by 2, 3, 4;
insert into figure_changes
    select 'transcode_wait', (finished + 9000000000) / 900 - 10000000, '',
        (select max(low) from figure_bounds where low <= max(started - jobs.created, 0)) || '', count(*), 0
    from jobs where state in ('done', 'failed', 'cancelled') and finished is not null and started is not null
        and kind in ('transcode', 'narrow')
    group by 2, 4;
insert into figure_changes
    select 'transcode_work', (finished + 9000000000) / 900 - 10000000, '',
        (select max(low) from figure_bounds where low <= max(finished - started, 0)) || '', count(*), 0
    from jobs where state in ('done', 'failed') and finished is not null and started is not null
        and kind in ('transcode', 'narrow')
    group by 2, 4;
insert into figure_changes
    select 'vmaf', (finished + 9000000000) / 900 - 10000000, '',
        cast(round(json_extract(result, '$.vmaf') * 2) as integer) || '', count(*), 0
    from jobs where kind = 'narrow' and state = 'done' and finished is not null and json_valid(result)
        and json_extract(result, '$.vmaf') is not null group by 2, 4;
insert into figure_changes
    select 'prewarmed', (j.finished + 9000000000) / 900 - 10000000, '', iif(p.shared = 1, 'shared', p.state), count(*), 0
    from prewarmed p join jobs j using (job_id)
    where j.finished is not null and p.state in ('warm', 'failed') group by 2, 4;
insert into figure_changes
    select 'recommended/slot', (recommended + 9000000000) / 900 - 10000000, slot, 'in', count(*), 0
    from recommendations group by 2, 3;
