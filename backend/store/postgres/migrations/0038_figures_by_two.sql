-- Verdicts by category and reviewer together, times to a verdict by reviewer, and transcodes by category, counted as in
-- 0030. The name of a series has category and reviewer in it, and such series have quarters and days only, or hours and
-- days: they are sparse. A transcode counts for the category that its video had when it ended, '' if that is not known.

create function figure_parts(reviewer text, verdict text, reason text, seconds bigint, cate_id text)
returns table (series text, key text, part text) language sql stable as $$
    with duration as (
        select b.low::text as low from figure_bounds b
        where seconds is not null and b.low <= greatest(seconds, 0) order by b.low desc limit 1
    )
    select * from (values
        ('decided', '', verdict), ('decided/reviewer', reviewer, verdict), ('decided/category', cate_id, verdict),
        ('decided_of/' || cate_id || '/' || reviewer, '', verdict)
    ) decided
    union all select * from (values
        ('reasons', '', reason), ('reasons/reviewer', reviewer, reason), ('reasons/category', cate_id, reason),
        ('reasons_of/' || cate_id || '/' || reviewer, '', reason)
    ) reasons where verdict = 'blocked'
    union all select lasting.series, '', low from duration, (values
        ('decision_time'), ('decision_time/' || cate_id), ('decision_time_by/' || reviewer),
        ('decision_time_of/' || cate_id || '/' || reviewer)
    ) lasting (series)
$$;
drop view figure_judgements;
create view figure_judgements (line, series, slot, key, part) as
    select v.line, p.series collate "C", v.slot, p.key collate "C", p.part collate "C" from figure_verdicts v
    cross join lateral figure_parts(v.reviewer, v.verdict, v.reason, v.seconds, v.cate_id) p;

create or replace function figures_judged() returns trigger language plpgsql as $$
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
        select 'undone' || substr(series, 8), slot, key, '', 1, 0 from figure_judgements
        where line = judged and (series in ('decided', 'decided/reviewer', 'decided/category')
            or series like 'decided\_of/%');
    return null;
end $$;

create function figures_transcodes_end() returns trigger language plpgsql as $$
begin
    insert into figure_changes values ('ended/category', figure_slot(new.finished), coalesce(
        (select cate_id::text from videos where video_id = new.video_id),
        (select video::jsonb -> 0 ->> 'cate_id' from trash where video_id = new.video_id), ''
    ), new.state, 1, 0);
    return null;
end $$;

create trigger figures_transcodes_end after update of state on jobs for each row
when (new.state in ('done', 'failed', 'cancelled') and old.state in ('queued', 'running')
    and new.kind in ('transcode', 'narrow'))
execute function figures_transcodes_end();

-- The quota of prewarming by day (in Beijing), which is read now and then: what it was last, and the most that was used.
create function figures_quota() returns trigger language plpgsql as $$
declare
    told jsonb := new.value::jsonb;
begin
    if told ->> 'day' is not null then
        insert into cloud_usage values (told ->> 'day', 'prewarmQuota', (told ->> 'total')::double precision)
            on conflict (day, figure) do update set value = excluded.value;
        insert into cloud_usage values (told ->> 'day', 'prewarmUsed',
            greatest((told ->> 'total')::double precision - (told ->> 'left')::double precision, 0))
            on conflict (day, figure) do update set value = greatest(cloud_usage.value, excluded.value);
    end if;
    return null;
end $$;
create trigger figures_quota after insert or update of value on cloud_places for each row
when (new.name = 'quota') execute function figures_quota();

-- What is known of the time before, as in SQLite.
with undone as materialized (
    select id from (
        select id, action, lead(action) over (partition by target order by id) as next
        from history where action in ('createAudit', 'undoAudit')
    ) verdicts where action = 'createAudit' and next = 'undoAudit'
), judged as materialized (
    select j.*, j.line in (select id from undone) as undone from figure_judgements j
    where j.series like '%\_of/%' or j.series like 'decision\_time\_by/%'
)
insert into figure_changes
    select series, slot, key, part, count(*), 0 from judged where not undone group by 1, 2, 3, 4
    union all select 'undone' || substr(series, 8), slot, key, '', count(*), 0
    from judged where undone and series like 'decided\_of/%' group by 1, 2, 3;
insert into figure_changes
    select 'ended/category', figure_slot(finished), coalesce(cate_id::text, ''), state, count(*), 0
    from jobs left join videos using (video_id)
    where state in ('done', 'failed', 'cancelled') and finished is not null and kind in ('transcode', 'narrow')
    group by 2, 3, 4;
insert into figure_changes
    select 'ended/category', slot, '', part, sum(number), 0 from (
        select slot, part, number from figure_counts
        where series = 'ended/kind' and span = 0 and key in ('transcode', 'narrow')
        union all select slot, part, number from figure_changes
        where series = 'ended/kind' and key in ('transcode', 'narrow')
        union all select slot, part, -number from figure_changes where series = 'ended/category'
    ) others group by slot, part having sum(number) <> 0;
