-- What an uploaded sheet is of, and which of its columns were compared. Webhooks are told of an undo as of the sheet.

alter table sheets add column listing text not null default 'videos';
alter table sheets add column compared text not null default '[]';

create trigger webhooks_sheet_undone after insert on history
when new.action = 'undoSheet' and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('sheet.undone', json_object('sheetId', new.target,
        'fileName', coalesce(json_extract(new.after, '$.file'), ''), 'userName', new.actor,
        'count', json_extract(new.after, '$.count')));
end;
