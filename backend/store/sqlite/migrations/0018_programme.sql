-- The recommendation programme: slots of the app, entries with windows, revisions of a slot, and specials. An entry's
-- state is never stored: it follows from `recommended` (its start) and `ends`. `feed` shows the entries of the slot of
-- that name.

create table slots (
    slot text primary key,
    name text not null,
    revision integer not null,
    rules text not null
) strict, without rowid;
insert into slots values ('feed', '', 1, '{}');

drop view shown;
drop trigger recommendations_come;
drop trigger recommendations_change;
drop trigger recommendations_go;
create table entries_before as select * from recommendations;
drop table recommendations;
create table recommendations (
    seq integer primary key,
    video_id text not null references videos (video_id) on delete cascade,
    recommended integer not null,
    title text, title_folded text, description text, duration real, size integer,
    tags text, cate_id integer, cate_name text,
    user_id text, cover_url text, first_frame_url text,
    transcode_status text, snapshot_status text, censor_status text,
    slot text not null default 'feed' references slots,
    ends integer,
    pin integer,
    rank integer,
    note text not null default '',
    starts_typed text not null default '', -- the wall time, and in `ends_typed` too
    ends_typed text not null default '',
    zone text not null default '', -- of the typed times
    told integer not null default 0, -- 1: its start was told, 2: its end too
    unique (slot, video_id)
) strict;
create index recommendations_by_video on recommendations (video_id);
create index recommendations_by_end on recommendations (ends) where ends is not null;
insert into recommendations (
    seq, video_id, recommended, title, title_folded, description, duration, size, tags, cate_id, cate_name, user_id,
    cover_url, first_frame_url, transcode_status, snapshot_status, censor_status, told
)
    select seq, video_id, recommended, title, title_folded, description, duration, size, tags, cate_id, cate_name,
        user_id, cover_url, first_frame_url, transcode_status, snapshot_status, censor_status, 1
    from entries_before;
drop table entries_before;

alter table feed add column ends integer;
alter table feed add column plays integer not null default 0;
update feed set plays = exists (
    select 1 from files f where f.video_id = feed.video_id
        and f.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted')
);
create index feed_by_end on feed (ends) where ends is not null;
create index feed_unplayed on feed (seq) where plays = 0;
create view shown (
    seq, video_id, user_id, user_name_folded, title_folded, censor_status, cate_id, duration, size, tags,
    transcode_status, narrow_transcode_status, recommended, flags, ends, plays
) as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), coalesce(u.user_name_folded, ''),
        coalesce(r.title_folded, v.title_folded), coalesce(r.censor_status, v.censor_status),
        coalesce(r.cate_id, v.cate_id), coalesce(r.duration, v.duration), coalesce(r.size, v.size),
        coalesce(r.tags, v.tags), coalesce(r.transcode_status, v.transcode_status), v.narrow_transcode_status, 1,
        v.flags, r.ends, exists (
            select 1 from files f where f.video_id = r.video_id
                and f.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted')
        )
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id)
    where r.slot = 'feed';

create trigger renditions_come after insert on files
when new.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted') begin
    update feed set plays = 1 where video_id = new.video_id and plays = 0;
end;
create trigger renditions_go after delete on files
when old.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted') begin
    update feed set plays = exists (
        select 1 from files f where f.video_id = old.video_id
            and f.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted')
    ) where video_id = old.video_id;
end;

create trigger recommendations_come after insert on recommendations when new.slot = 'feed' begin
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1, recommended = 1 where video_id = new.video_id;
end;
create trigger recommendations_change after update of
    seq, title, title_folded, description, duration, size, tags, cate_id, cate_name, user_id, cover_url, first_frame_url,
    transcode_status, snapshot_status, censor_status, ends
on recommendations when new.slot = 'feed' begin
    delete from feed where seq = old.seq;
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1 where video_id = new.video_id;
end;
create trigger recommendations_go after delete on recommendations when old.slot = 'feed' begin
    delete from feed where seq = old.seq;
    update videos set version = version + 1, recommended = 0 where video_id = old.video_id;
end;

-- Revisions of a slot. An entry is in those from `since` until, excluding, `until`; null: in the present one.
create table lineups (
    slot text not null,
    revision integer not null,
    at integer not null,
    actor text not null,
    action text not null,
    target text not null,
    note text not null,
    primary key (slot, revision)
) strict, without rowid;
create table lineup_entries (
    slot text not null,
    video_id text not null,
    since integer not null,
    until integer,
    seq integer not null,
    recommended integer not null,
    ends integer,
    pin integer,
    rank integer,
    note text not null,
    typed text not null, -- JSON: starts_typed, ends_typed, zone
    shown text not null, -- JSON: what it shows instead of the catalogue's values
    primary key (slot, video_id, since)
) strict, without rowid;
create index lineup_entries_by_until on lineup_entries (slot, until);
insert into lineups values ('feed', 1, unixepoch(), '', '', '', '');

create trigger lineups_come after insert on recommendations begin
    insert or replace into lineup_entries
        select new.slot, new.video_id, s.revision, null, new.seq, new.recommended, new.ends, new.pin, new.rank,
            new.note, json_object('starts_typed', new.starts_typed, 'ends_typed', new.ends_typed, 'zone', new.zone),
            json_object('title', new.title, 'description', new.description, 'duration', new.duration, 'size', new.size,
                'tags', new.tags, 'user_id', new.user_id, 'cover_url', new.cover_url,
                'first_frame_url', new.first_frame_url)
        from slots s where s.slot = new.slot;
end;
create trigger lineups_go after delete on recommendations begin
    delete from lineup_entries where slot = old.slot and video_id = old.video_id and until is null
        and since = (select revision from slots where slot = old.slot);
    update lineup_entries set until = (select revision from slots where slot = old.slot)
        where slot = old.slot and video_id = old.video_id and until is null;
end;
create trigger lineups_change after update of
    recommended, ends, pin, rank, note, title, description, duration, size, tags, user_id, cover_url, first_frame_url
on recommendations begin
    delete from lineup_entries where slot = old.slot and video_id = old.video_id and until is null
        and since = (select revision from slots where slot = old.slot);
    update lineup_entries set until = (select revision from slots where slot = old.slot)
        where slot = old.slot and video_id = old.video_id and until is null;
    insert or replace into lineup_entries
        select new.slot, new.video_id, s.revision, null, new.seq, new.recommended, new.ends, new.pin, new.rank,
            new.note, json_object('starts_typed', new.starts_typed, 'ends_typed', new.ends_typed, 'zone', new.zone),
            json_object('title', new.title, 'description', new.description, 'duration', new.duration, 'size', new.size,
                'tags', new.tags, 'user_id', new.user_id, 'cover_url', new.cover_url,
                'first_frame_url', new.first_frame_url)
        from slots s where s.slot = new.slot;
end;
insert into lineup_entries
    select slot, video_id, 1, null, seq, recommended, ends, pin, rank, note,
        json_object('starts_typed', '', 'ends_typed', '', 'zone', ''),
        json_object('title', title, 'description', description, 'duration', duration, 'size', size, 'tags', tags,
            'user_id', user_id, 'cover_url', cover_url, 'first_frame_url', first_frame_url)
    from recommendations;

create table specials (
    special_id text primary key,
    slot text not null references slots,
    name text not null,
    starts integer not null,
    ends integer not null,
    priority integer not null,
    note text not null,
    starts_typed text not null,
    ends_typed text not null,
    zone text not null
) strict, without rowid;
create index specials_by_slot on specials (slot, ends);
create table special_entries (
    special_id text not null references specials on delete cascade,
    video_id text not null references videos (video_id) on delete cascade,
    position integer not null,
    primary key (special_id, video_id)
) strict, without rowid;
create index special_entries_by_video on special_entries (video_id);
alter table trash add column special_entries text not null default '[]';

-- What began and ended by the clock, once each.
create table programme_ticks (
    id integer primary key,
    at integer not null, -- when it was told
    due integer not null,
    late integer not null,
    event text not null,
    slot text not null,
    video_id text not null
) strict;
