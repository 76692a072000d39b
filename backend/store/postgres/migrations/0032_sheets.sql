-- Tables of videos that people edited in a spreadsheet and uploaded, kept for an hour with what would change.

create table sheets (
    sheet_id text collate "C" primary key,
    user_name text collate "C" not null,
    file_name text collate "C" not null,
    created bigint not null,
    unchanged bigint not null,
    ignored text collate "C" not null
);

create table sheet_rows (
    sheet_id text collate "C" not null references sheets on delete cascade deferrable initially deferred,
    place bigint not null,
    line bigint not null,
    kind text collate "C" not null,
    video_id text collate "C" not null,
    edition text collate "C" not null,
    title text collate "C" not null,
    before text collate "C" not null,
    after text collate "C" not null,
    why text collate "C" not null,
    primary key (sheet_id, place)
);

create index sheet_rows_by_kind on sheet_rows (sheet_id, kind, place);

-- The edition of a video is that of what a sheet can change; `backend.model.sheets` says what it is for.
create function edition(title text, description text, tags text, cate_id bigint, cate_name text) returns text
language sql immutable parallel safe as $$
    select 'v' || left(md5(concat_ws(chr(31), title, description, tags, cate_id::text, cate_name)), 11)
$$;

alter table videos add column edition text collate "C" not null default '';
update videos set edition = edition(title, description, tags, cate_id, cate_name);

create function videos_edition() returns trigger language plpgsql as $$
begin
    new.edition := edition(new.title, new.description, new.tags, new.cate_id, new.cate_name);
    return new;
end $$;

create trigger videos_edition before insert or update of title, description, tags, cate_id, cate_name on videos
for each row execute function videos_edition();

create function webhooks_sheet_applied() returns trigger language plpgsql as $$
begin
    if are_webhooks_on() then
        perform tell_webhooks('sheet.applied', json_build_object('sheetId', new.target,
            'fileName', new.after::json ->> 'file', 'userName', new.actor,
            'count', (new.after::json ->> 'count')::bigint));
    end if;
    return null;
end $$;
create trigger webhooks_sheet_applied after insert on history for each row
when (new.action = 'applySheet') execute function webhooks_sheet_applied();
