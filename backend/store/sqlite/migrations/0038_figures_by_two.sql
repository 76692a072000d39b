-- Verdicts by category and reviewer together, times to a verdict by reviewer, and transcodes by category, counted as in
-- 0030. The name of a series has category and reviewer in it, and such series have quarters and days only, or hours and
-- days: they are sparse. A transcode counts for the category that its video had when it ended, '' if that is not known.

drop view figure_judgements;
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
        from figure_verdicts where seconds is not null
    union all select line, 'decided_of/' || cate_id || '/' || reviewer, slot, '', verdict from figure_verdicts
    union all select line, 'reasons_of/' || cate_id || '/' || reviewer, slot, '', reason
        from figure_verdicts where verdict = 'blocked'
    union all select line, 'decision_time_by/' || reviewer, slot, '',
        (select max(low) from figure_bounds where low <= max(seconds, 0)) || '' from figure_verdicts where seconds is not null
    union all select line, 'decision_time_of/' || cate_id || '/' || reviewer, slot, '',
        (select max(low) from figure_bounds where low <= max(seconds, 0)) || '' from figure_verdicts where seconds is not null;
drop trigger figures_undone;
create trigger figures_undone after insert on history when new.action = 'undoAudit' begin
    insert into figure_changes
        select series, slot, key, part, -1, 0 from figure_judgements where line = (
            select iif(action = 'createAudit', id, null) from history where target = new.target and id < new.id
                and action in ('createAudit', 'undoAudit') order by id desc limit 1
        );
    insert into figure_changes
        select 'undone' || substr(series, 8), slot, key, '', 1, 0 from figure_judgements where line = (
            select iif(action = 'createAudit', id, null) from history where target = new.target and id < new.id
                and action in ('createAudit', 'undoAudit') order by id desc limit 1
        ) and (series in ('decided', 'decided/reviewer', 'decided/category') or series like 'decided\_of/%' escape '\');
end;

create trigger figures_transcodes_end after update of state on jobs
when new.state in ('done', 'failed', 'cancelled') and old.state in ('queued', 'running')
    and new.kind in ('transcode', 'narrow') begin
    insert into figure_changes values (
        'ended/category', (new.finished + 9000000000) / 900 - 10000000, coalesce(
            (select cate_id || '' from videos where video_id = new.video_id),
            (select json_extract(video, '$[0].cate_id') || '' from trash where video_id = new.video_id), ''
        ), new.state, 1, 0
    );
end;

-- The quota of prewarming by day (in Beijing), which is read now and then: what it was last, and the most that was used.
create trigger figures_quota_come after insert on cloud_places
when new.name = 'quota' and json_extract(new.value, '$.day') is not null begin
    insert into cloud_usage values
        (json_extract(new.value, '$.day'), 'prewarmQuota', json_extract(new.value, '$.total'))
        on conflict (day, figure) do update set value = excluded.value;
    insert into cloud_usage values (json_extract(new.value, '$.day'), 'prewarmUsed',
        max(json_extract(new.value, '$.total') - json_extract(new.value, '$.left'), 0))
        on conflict (day, figure) do update set value = max(value, excluded.value);
end;
create trigger figures_quota_change after update of value on cloud_places
when new.name = 'quota' and json_extract(new.value, '$.day') is not null begin
    insert into cloud_usage values
        (json_extract(new.value, '$.day'), 'prewarmQuota', json_extract(new.value, '$.total'))
        on conflict (day, figure) do update set value = excluded.value;
    insert into cloud_usage values (json_extract(new.value, '$.day'), 'prewarmUsed',
        max(json_extract(new.value, '$.total') - json_extract(new.value, '$.left'), 0))
        on conflict (day, figure) do update set value = max(value, excluded.value);
end;

-- What is known of the time before. Of transcodes that were retried, or whose videos are gone, the category is not.
create temp table undone_verdicts as
    select id from (
        select id, action, lead(action) over (partition by target order by id) as next
        from history where action in ('createAudit', 'undoAudit')
    ) where action = 'createAudit' and next = 'undoAudit';
insert into figure_changes
    select j.series, j.slot, j.key, j.part, count(*), 0 from figure_judgements j
    where (j.series like '%\_of/%' escape '\' or j.series like 'decision\_time\_by/%' escape '\')
        and j.line not in (select id from undone_verdicts)
    group by 1, 2, 3, 4;
insert into figure_changes
    select 'undone' || substr(j.series, 8), j.slot, j.key, '', count(*), 0 from figure_judgements j
    where j.series like 'decided\_of/%' escape '\' and j.line in (select id from undone_verdicts) group by 1, 2, 3;
drop table undone_verdicts;
insert into figure_changes
    select 'ended/category', (finished + 9000000000) / 900 - 10000000, coalesce(cate_id || '', ''), state, count(*), 0
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
