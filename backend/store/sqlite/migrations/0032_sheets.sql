-- Tables of videos that people edited in a spreadsheet and uploaded, kept for an hour with what would change.

create table sheets (
    sheet_id text primary key,
    user_name text not null,
    file_name text not null,
    created integer not null,
    unchanged integer not null,
    ignored text not null
) strict;

create table sheet_rows (
    sheet_id text not null references sheets on delete cascade,
    place integer not null,
    line integer not null,
    kind text not null,
    video_id text not null,
    edition text not null,
    title text not null,
    before text not null,
    after text not null,
    why text not null,
    primary key (sheet_id, place)
) strict, without rowid;

create index sheet_rows_by_kind on sheet_rows (sheet_id, kind, place);

-- The edition of a video is that of what a sheet can change; `backend.model.sheets` says what it is for. Texts are bytes
-- to the function, since other programs may have written ones that are no UTF-8.
alter table videos add column edition text not null default '';
update videos set edition = edition(cast(title as blob), cast(description as blob), cast(tags as blob), cate_id, cast(cate_name as blob));

create trigger videos_first_edition after insert on videos when new.edition = '' begin
    update videos set edition = edition(cast(title as blob), cast(description as blob), cast(tags as blob), cate_id, cast(cate_name as blob)) where seq = new.seq;
end;

create trigger videos_next_edition after update of title, description, tags, cate_id, cate_name on videos begin
    update videos set edition = edition(cast(title as blob), cast(description as blob), cast(tags as blob), cate_id, cast(cate_name as blob)) where seq = new.seq;
end;

create trigger webhooks_sheet_applied after insert on history
when new.action = 'applySheet' and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('sheet.applied', json_object('sheetId', new.target,
        'fileName', json_extract(new.after, '$.file'), 'userName', new.actor,
        'count', json_extract(new.after, '$.count')));
end;
