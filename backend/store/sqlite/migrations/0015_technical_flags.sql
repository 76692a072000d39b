-- What a video's picture and sound were found to be: hints for reviewers. `body` is JSON, as
-- backend.model.technical_flags.Measurement has it. It stays while the video is in the trash.
create table technical_flags (
    video_id text primary key,
    checked real not null,
    body text not null
) strict, without rowid;

-- The catalogue is filtered by the flags: comma-separated, `none` if nothing was found, empty if nothing was checked.
alter table videos add column flags text not null default '';
alter table feed add column flags text not null default '';
alter table videos_reworded add column flags text;
alter table feed_reworded add column flags text;

drop view shown;
create view shown (
    seq, video_id, user_id, user_name_folded, title_folded, censor_status, cate_id, duration, size, tags,
    transcode_status, narrow_transcode_status, recommended, flags
) as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), coalesce(u.user_name_folded, ''),
        coalesce(r.title_folded, v.title_folded), coalesce(r.censor_status, v.censor_status),
        coalesce(r.cate_id, v.cate_id), coalesce(r.duration, v.duration), coalesce(r.size, v.size),
        coalesce(r.tags, v.tags), coalesce(r.transcode_status, v.transcode_status), v.narrow_transcode_status, 1,
        v.flags
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id);

drop trigger videos_come;
create trigger videos_come after insert on videos begin
    insert into videos_reworded values (new.seq, false, new.title_folded,
        (select user_name_folded from users where user_id = new.user_id), new.tags,
        new.user_id, new.censor_status, new.cate_id, new.transcode_status, new.narrow_transcode_status, new.recommended,
        new.flags);
    insert into videos_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into videos_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;
end;

drop trigger videos_go;
create trigger videos_go after delete on videos begin
    insert into videos_reworded values (old.seq, true, old.title_folded,
        (select user_name_folded from users where user_id = old.user_id), old.tags,
        old.user_id, old.censor_status, old.cate_id, old.transcode_status, old.narrow_transcode_status, old.recommended,
        old.flags);
    update videos_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update videos_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;
end;

drop trigger feed_come;
create trigger feed_come after insert on feed begin
    insert into feed_reworded values (new.seq, false, new.title_folded, new.user_name_folded, new.tags,
        new.user_id, new.censor_status, new.cate_id, new.transcode_status, new.narrow_transcode_status, new.recommended,
        new.flags);
    insert into feed_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into feed_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;
end;

drop trigger feed_go;
create trigger feed_go after delete on feed begin
    insert into feed_reworded values (old.seq, true, old.title_folded, old.user_name_folded, old.tags,
        old.user_id, old.censor_status, old.cate_id, old.transcode_status, old.narrow_transcode_status, old.recommended,
        old.flags);
    update feed_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update feed_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;
end;

drop trigger videos_reword;
create trigger videos_reword after update of title_folded, user_id, tags, censor_status, cate_id, transcode_status, narrow_transcode_status, recommended,
    flags on videos
when new.title_folded <> old.title_folded or new.user_id <> old.user_id or new.tags <> old.tags
    or new.censor_status <> old.censor_status or new.cate_id <> old.cate_id
    or new.transcode_status <> old.transcode_status or new.narrow_transcode_status <> old.narrow_transcode_status
    or new.recommended <> old.recommended or new.flags <> old.flags begin
    insert into videos_reworded values (old.seq, true,
        iif(new.title_folded <> old.title_folded, old.title_folded, null), iif(new.user_id <> old.user_id,
        (select user_name_folded from users where user_id = old.user_id), null),
        iif(new.tags <> old.tags, old.tags, null), iif(new.user_id <> old.user_id, old.user_id, null),
        iif(new.censor_status <> old.censor_status, old.censor_status, null),
        iif(new.cate_id <> old.cate_id, old.cate_id, null),
        iif(new.transcode_status <> old.transcode_status, old.transcode_status, null),
        iif(new.narrow_transcode_status <> old.narrow_transcode_status, old.narrow_transcode_status, null),
        iif(new.recommended <> old.recommended, old.recommended, null),
        iif(new.flags <> old.flags, old.flags, null));
    insert into videos_reworded values (new.seq, false,
        iif(new.title_folded <> old.title_folded, new.title_folded, null), iif(new.user_id <> old.user_id,
        (select user_name_folded from users where user_id = new.user_id), null),
        iif(new.tags <> old.tags, new.tags, null), iif(new.user_id <> old.user_id, new.user_id, null),
        iif(new.censor_status <> old.censor_status, new.censor_status, null),
        iif(new.cate_id <> old.cate_id, new.cate_id, null),
        iif(new.transcode_status <> old.transcode_status, new.transcode_status, null),
        iif(new.narrow_transcode_status <> old.narrow_transcode_status, new.narrow_transcode_status, null),
        iif(new.recommended <> old.recommended, new.recommended, null),
        iif(new.flags <> old.flags, new.flags, null));
end;

drop trigger feed_reword;
create trigger feed_reword after update of user_name_folded, flags on feed
when new.user_name_folded <> old.user_name_folded or new.flags <> old.flags begin
    insert into feed_reworded (seq, gone, user_name_folded, flags) values (old.seq, true,
        iif(new.user_name_folded <> old.user_name_folded, old.user_name_folded, null),
        iif(new.flags <> old.flags, old.flags, null));
    insert into feed_reworded (seq, gone, user_name_folded, flags) values (new.seq, false,
        iif(new.user_name_folded <> old.user_name_folded, new.user_name_folded, null),
        iif(new.flags <> old.flags, new.flags, null));
end;
create trigger videos_flagged after update of flags on videos when new.flags <> old.flags begin
    update feed set flags = new.flags where video_id = new.video_id;
end;
