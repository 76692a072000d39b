-- What an uploaded sheet is of, and which of its columns were compared. Webhooks are told of an undo as of the sheet.

alter table sheets add column listing text collate "C" not null default 'videos';
alter table sheets add column compared text collate "C" not null default '[]';

create function webhooks_sheet_undone() returns trigger language plpgsql as $$
begin
    if are_webhooks_on() then
        perform tell_webhooks('sheet.undone', json_build_object('sheetId', new.target,
            'fileName', coalesce(new.after::json ->> 'file', ''), 'userName', new.actor,
            'count', (new.after::json ->> 'count')::bigint));
    end if;
    return null;
end $$;
create trigger webhooks_sheet_undone after insert on history for each row
when (new.action = 'undoSheet') execute function webhooks_sheet_undone();
