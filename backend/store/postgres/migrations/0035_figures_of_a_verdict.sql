-- A verdict is counted from one reading of its line: the view of judgements reads it eight times, which took most of the
-- time of adding the line. SQLite needs no such step.

create or replace function figures_judged() returns trigger language plpgsql as $$
declare
    judged bigint := new.id;
    times bigint := 1;
    told figure_verdicts;
    class text;
begin
    if new.action = 'createAudit' then
        delete from figure_moves where video_id = new.target;
    else
        times := -1;
        select case action when 'createAudit' then id end into judged from history where target = new.target
            and id < new.id and action in ('createAudit', 'undoAudit') order by id desc limit 1;
    end if;
    select * into told from figure_verdicts where line = judged;
    if not found then
        return null;
    end if;
    insert into figure_changes values
        ('decided', told.slot, '', told.verdict, times, 0),
        ('decided/reviewer', told.slot, told.reviewer, told.verdict, times, 0),
        ('decided/category', told.slot, told.cate_id, told.verdict, times, 0);
    if told.verdict = 'blocked' then
        insert into figure_changes values
            ('reasons', told.slot, '', told.reason, times, 0),
            ('reasons/reviewer', told.slot, told.reviewer, told.reason, times, 0),
            ('reasons/category', told.slot, told.cate_id, told.reason, times, 0);
    end if;
    if told.seconds is not null then
        select max(low)::text into class from figure_bounds where low <= greatest(told.seconds, 0);
        insert into figure_changes values
            ('decision_time', told.slot, '', class, times, 0),
            ('decision_time/' || told.cate_id, told.slot, '', class, times, 0);
    end if;
    if times = -1 then
        insert into figure_changes values
            ('undone', told.slot, '', '', 1, 0),
            ('undone/reviewer', told.slot, told.reviewer, '', 1, 0),
            ('undone/category', told.slot, told.cate_id, '', 1, 0);
    end if;
    return null;
end $$;

-- Not strict, so that it is part of the statement that uses it and no call.
create or replace function microseconds(duration double precision) returns bigint
language sql immutable parallel safe
as $$ select case when duration is not null then round(least(greatest(duration * 1e6, -1e15), 1e15))::bigint end $$;
