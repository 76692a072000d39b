-- Undoing a verdict read all verdicts ever given: a view is searched for a line only where the line is a value of the
-- trigger, not of a query.

create view figure_undoings (line) as select null;
create trigger figures_taken_back instead of insert on figure_undoings begin
    insert into figure_changes
        select series, slot, key, part, -1, 0 from figure_judgements where line = new.line;
    insert into figure_changes
        select 'undone' || substr(series, 8), slot, key, '', 1, 0 from figure_judgements
        where line = new.line
            and (series in ('decided', 'decided/reviewer', 'decided/category') or series like 'decided\_of/%' escape '\');
end;

drop trigger figures_undone;
create trigger figures_undone after insert on history when new.action = 'undoAudit' begin
    insert into figure_undoings
        select iif(action = 'createAudit', id, null) from history
        where target = new.target and id < new.id and action in ('createAudit', 'undoAudit')
        order by id desc limit 1;
end;
