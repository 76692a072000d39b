-- Counts for the page of figures, as SQLite has them (see its 0030): a trigger notes a change, and
-- `figure_counts.settle` adds the changes up before the commit.

create table figure_counts (
    series text collate "C" not null,
    span bigint not null,
    slot bigint not null,
    key text collate "C" not null,
    part text collate "C" not null,
    number bigint not null,
    amount bigint not null,
    primary key (series, span, slot, key, part)
);

create table figure_user_counts (
    series text collate "C" not null,
    slot bigint not null,
    key text collate "C" not null,
    number bigint not null,
    amount bigint not null,
    primary key (series, slot, key)
);
create index figure_user_counts_of_user on figure_user_counts (key, series, slot) include (number, amount);

create table figure_changes (
    series text collate "C" not null,
    slot bigint,
    key text collate "C" not null,
    part text collate "C" not null,
    number bigint not null,
    amount bigint not null
);

create table figure_bounds (low bigint primary key);
insert into figure_bounds
    with recursive bounds (low) as (
        select 0::bigint union all select greatest(low + 1, low * 11 / 10) from bounds where low < 1000000000
    ) select low from bounds;

create table figure_moves (video_id text collate "C" primary key, cate_id bigint not null);

create function figure_slot(second bigint) returns bigint
language sql immutable parallel safe as $$ select (second + 9000000000) / 900 - 10000000 $$;

create function figures_category_moves() returns trigger language plpgsql as $$
begin
    insert into figure_moves values (new.video_id, old.cate_id) on conflict do nothing;
    return null;
end $$;

create trigger figures_category_moves after update of cate_id on videos for each row
when (new.cate_id <> old.cate_id and new.censor_status in ('success', 'fail'))
execute function figures_category_moves();

create function figures_videos() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if not exists (select 1 from trash where video_id = new.video_id) then
            insert into figure_changes values
                ('uploads/user', figure_slot(new.created), new.user_id, '', 1, new.size),
                ('uploads/category', figure_slot(new.created), new.cate_id::text, '', 1, new.size);
        end if;
    elsif tg_op = 'UPDATE' then
        insert into figure_changes values
            ('uploads/user', figure_slot(old.created), old.user_id, '', -1, -old.size),
            ('uploads/category', figure_slot(old.created), old.cate_id::text, '', -1, -old.size),
            ('uploads/user', figure_slot(new.created), new.user_id, '', 1, new.size),
            ('uploads/category', figure_slot(new.created), new.cate_id::text, '', 1, new.size);
    elsif not exists (select 1 from trash where video_id = old.video_id) then
        insert into figure_changes values
            ('gone/user', figure_slot(old.created), old.user_id, '', 1, old.size),
            ('gone/category', figure_slot(old.created), old.cate_id::text, '', 1, old.size);
    end if;
    return null;
end $$;

create trigger figures_videos_come_go after insert or delete on videos
for each row execute function figures_videos();
create trigger figures_videos_change after update of user_id, cate_id, size, created on videos for each row
when ((new.user_id, new.cate_id, new.size, new.created) is distinct from
    (old.user_id, old.cate_id, old.size, old.created))
execute function figures_videos();

create function figures_trash() returns trigger language plpgsql as $$
declare
    sign bigint := case tg_op when 'INSERT' then 1 else -1 end;
    kept trash := case tg_op when 'INSERT' then new else old end;
    video jsonb;
begin
    insert into figure_changes
        select 'bytes/kind', null, 'trash', '', sign * count(*), sign * sum(size)::bigint
        from (select (one ->> 'size')::bigint as size from jsonb_array_elements(kept.files::jsonb) one) files
        where size > 0 having count(*) > 0;
    if tg_op = 'DELETE' and not exists (select 1 from videos where video_id = kept.video_id) then
        video := kept.video::jsonb -> 0;
        insert into figure_changes values
            ('gone/user', figure_slot(coalesce((video ->> 'created')::bigint, 0)), coalesce(video ->> 'user_id', ''),
                '', 1, coalesce((video ->> 'size')::bigint, 0)),
            ('gone/category', figure_slot(coalesce((video ->> 'created')::bigint, 0)), coalesce(video ->> 'cate_id', '0'),
                '', 1, coalesce((video ->> 'size')::bigint, 0));
    end if;
    return null;
end $$;

create trigger figures_trash after insert or delete on trash for each row execute function figures_trash();

create function figures_files() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into figure_changes values ('bytes/kind', null, new.kind, '', 1, new.size);
    else
        insert into figure_changes values ('bytes/kind', null, old.kind, '', -1, -old.size);
    end if;
    return null;
end $$;

create trigger figures_files_come after insert on files for each row when (new.size > 0)
execute function figures_files();
create trigger figures_files_go after delete on files for each row when (old.size > 0)
execute function figures_files();

create or replace function files_pair() returns trigger language plpgsql as $$
declare
    one files := coalesce(new, old);
    sign bigint := case tg_op when 'INSERT' then 1 else -1 end;
begin
    with pair as (
        select case one.kind when 'narrow' then one.size else other.size end as narrow,
            case one.kind when 'common' then one.size else other.size end as plain
        from files other where other.video_id = one.video_id and other.width = one.width
        and other.height = one.height and other.kind = case one.kind when 'common' then 'narrow' else 'common' end
    ), saved as (
        insert into figure_changes select 'saved', null, '', '', 0, sign * sum(plain - narrow)::bigint from pair
        having sum(plain - narrow) <> 0
    )
    insert into sums select 'narrow_bytes', sign * narrow from pair
        union all select 'narrow_bytes_plain', sign * plain from pair;
    return one;
end $$;

create view figure_verdicts (line, slot, reviewer, verdict, reason, seconds, cate_id) as
    select h.id, figure_slot(h.at), h.actor,
        case json_extract(h.after, '$.censorStatus') when 'success' then 'passed' else 'blocked' end,
        coalesce(json_extract(h.after, '$.reasonCode'), ''),
        case when json_extract(h.before, '$.censorStatus') in ('check', 'onCensor')
            then h.at - coalesce((
                select u.at from history u where u.target = h.target and u.id < h.id
                    and u.action in ('uploadVideo', 'importVideo', 'replaceFile') order by u.id desc limit 1
            ), v.created) end,
        coalesce(coalesce(m.cate_id, v.cate_id)::text, '')
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
        (select low from figure_bounds where low <= greatest(seconds, 0) order by low desc limit 1)::text
        from figure_verdicts where seconds is not null
    union all select line, 'decision_time/' || cate_id, slot, '',
        (select low from figure_bounds where low <= greatest(seconds, 0) order by low desc limit 1)::text
        from figure_verdicts where seconds is not null;

create function figures_judged() returns trigger language plpgsql as $$
declare
    judged bigint := new.id;
begin
    if new.action = 'createAudit' then
        delete from figure_moves where video_id = new.target;
        insert into figure_changes select series, slot, key, part, 1, 0 from figure_judgements where line = judged;
        return null;
    end if;
    select case action when 'createAudit' then id end into judged from history where target = new.target
        and id < new.id and action in ('createAudit', 'undoAudit') order by id desc limit 1;
    insert into figure_changes select series, slot, key, part, -1, 0 from figure_judgements where line = judged;
    insert into figure_changes
        select replace(series, 'decided', 'undone'), slot, key, '', 1, 0 from figure_judgements
        where line = judged and series in ('decided', 'decided/reviewer', 'decided/category');
    return null;
end $$;

create trigger figures_judged after insert on history for each row
when (new.action in ('createAudit', 'undoAudit')) execute function figures_judged();

create function figures_waiting() returns trigger language plpgsql as $$
begin
    insert into figure_changes
        values ('waiting', null, '', case tg_op when 'INSERT' then 'came' else 'left' end, 1, 0);
    return null;
end $$;

create trigger figures_waiting after insert or delete on review_waiting
for each row execute function figures_waiting();

create function figures_jobs_end() returns trigger language plpgsql as $$
begin
    insert into figure_changes values ('ended/kind', figure_slot(new.finished), new.kind, new.state, 1, 0);
    if new.state = 'failed' and new.error like '["%' then
        insert into figure_changes
            values ('failed/kind', figure_slot(new.finished), new.kind, new.error::jsonb ->> 0, 1, 0);
    end if;
    if new.started is not null and new.kind in ('transcode', 'narrow') then
        insert into figure_changes
            select 'transcode_wait', figure_slot(new.finished), '', max(low)::text, 1, 0
            from figure_bounds where low <= greatest(new.started - new.created, 0);
        if new.state <> 'cancelled' then
            insert into figure_changes
                select 'transcode_work', figure_slot(new.finished), '', max(low)::text, 1, 0
                from figure_bounds where low <= greatest(new.finished - new.started, 0);
        end if;
    end if;
    if new.kind = 'narrow' and new.state = 'done' and new.result::jsonb ->> 'vmaf' is not null then
        insert into figure_changes values ('vmaf', figure_slot(new.finished), '',
            round((new.result::jsonb ->> 'vmaf')::numeric * 2)::bigint::text, 1, 0);
    end if;
    return null;
end $$;

create trigger figures_jobs_end after update of state on jobs for each row
when (new.state in ('done', 'failed', 'cancelled') and old.state in ('queued', 'running'))
execute function figures_jobs_end();

create function figures_prewarmed() returns trigger language plpgsql as $$
begin
    insert into figure_changes
        values ('prewarmed', null, '', case new.shared when 1 then 'shared' else new.state end, 1, 0);
    return null;
end $$;

create trigger figures_prewarmed after update of state on prewarmed for each row
when (new.state in ('warm', 'failed') and new.state <> old.state) execute function figures_prewarmed();
create trigger figures_prewarm_shared after insert on prewarmed for each row
when (new.shared = 1) execute function figures_prewarmed();

create function figures_recommendations() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into figure_changes values ('recommended/slot', null, new.slot, 'in', 1, 0);
    else
        insert into figure_changes values ('recommended/slot', null, old.slot, 'out', 1, 0);
    end if;
    return null;
end $$;

create trigger figures_recommendations after insert or delete on recommendations
for each row execute function figures_recommendations();

-- What SQLite has in the file for the feed
create table feed_hours (
    hour bigint not null,
    slot text collate "C" not null,
    impressions bigint not null,
    plays bigint not null,
    completes bigint not null,
    primary key (hour, slot)
);
insert into feed_hours
    select hour, slot, sum(impressions)::bigint, sum(plays)::bigint, sum(completes)::bigint
    from feed_figures group by hour, slot;
