-- rebuild
-- Filters by transcodes, recommendation, tags, length and size. All but the ranges become words of the search index; a
-- range goes by the index of its column, where all that such a list may be narrowed by stands too.

alter table videos add column recommended integer not null default 0;
update videos set recommended = 1 where video_id in (select video_id from recommendations);

drop view shown;
drop table feed;
create table feed (
    seq integer primary key,
    video_id text not null unique,
    user_id text not null,
    user_name_folded text not null,
    title_folded text not null,
    censor_status text not null,
    cate_id integer not null,
    duration real not null,
    size integer not null,
    tags text not null,
    transcode_status text not null,
    narrow_transcode_status text not null,
    recommended integer not null
) strict;
create index feed_by_censor_status on feed (censor_status, seq);
create index feed_by_user on feed (user_id, seq, censor_status);
create index feed_by_category on feed (cate_id, seq, censor_status);
create view shown (
    seq, video_id, user_id, user_name_folded, title_folded, censor_status, cate_id, duration, size, tags,
    transcode_status, narrow_transcode_status, recommended
) as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), coalesce(u.user_name_folded, ''),
        coalesce(r.title_folded, v.title_folded), coalesce(r.censor_status, v.censor_status),
        coalesce(r.cate_id, v.cate_id), coalesce(r.duration, v.duration), coalesce(r.size, v.size),
        coalesce(r.tags, v.tags), coalesce(r.transcode_status, v.transcode_status), v.narrow_transcode_status, 1
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id);

drop trigger recommendations_come;
create trigger recommendations_come after insert on recommendations begin
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1, recommended = 1 where video_id = new.video_id;
end;
drop trigger recommendations_go;
create trigger recommendations_go after delete on recommendations begin
    delete from feed where seq = old.seq;
    update videos set version = version + 1, recommended = 0 where video_id = old.video_id;
end;
drop trigger videos_show;
create trigger videos_show after update of
    user_id, title_folded, censor_status, cate_id, duration, size, tags, transcode_status, narrow_transcode_status
on videos when exists (select 1 from feed where video_id = new.video_id) begin
    delete from feed where video_id = new.video_id;
    insert into feed select * from shown where video_id = new.video_id;
end;

drop table videos_reworded;
create table videos_reworded (seq integer not null, gone integer not null,
    title_folded text,
    user_name_folded text,
    tags text,
    user_id text,
    censor_status text,
    cate_id integer,
    transcode_status text,
    narrow_transcode_status text,
    recommended integer
) strict;
drop trigger if exists videos_come;
create trigger videos_come after insert on videos begin
    insert into videos_reworded values (new.seq, false, new.title_folded,
        (select user_name_folded from users where user_id = new.user_id), new.tags,
        new.user_id, new.censor_status, new.cate_id, new.transcode_status, new.narrow_transcode_status, new.recommended);

    insert into videos_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into videos_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;

end;
drop trigger if exists videos_go;
create trigger videos_go after delete on videos begin
    insert into videos_reworded values (old.seq, true, old.title_folded,
        (select user_name_folded from users where user_id = old.user_id), old.tags,
        old.user_id, old.censor_status, old.cate_id, old.transcode_status, old.narrow_transcode_status, old.recommended);

    update videos_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update videos_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;

end;
drop trigger if exists videos_recount;
create trigger videos_recount after update of censor_status, cate_id, size, duration on videos begin

    update videos_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update videos_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;

    insert into videos_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into videos_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;

end;
drop trigger if exists videos_reword;

drop table feed_reworded;
create table feed_reworded (seq integer not null, gone integer not null,
    title_folded text,
    user_name_folded text,
    tags text,
    user_id text,
    censor_status text,
    cate_id integer,
    transcode_status text,
    narrow_transcode_status text,
    recommended integer
) strict;
drop trigger if exists feed_come;
create trigger feed_come after insert on feed begin
    insert into feed_reworded values (new.seq, false, new.title_folded, new.user_name_folded, new.tags,
        new.user_id, new.censor_status, new.cate_id, new.transcode_status, new.narrow_transcode_status, new.recommended);

    insert into feed_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into feed_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;

end;
drop trigger if exists feed_go;
create trigger feed_go after delete on feed begin
    insert into feed_reworded values (old.seq, true, old.title_folded, old.user_name_folded, old.tags,
        old.user_id, old.censor_status, old.cate_id, old.transcode_status, old.narrow_transcode_status, old.recommended);

    update feed_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update feed_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;

end;
drop trigger if exists feed_recount;
create trigger feed_recount after update of censor_status, cate_id, size, duration on feed begin

    update feed_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update feed_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;

    insert into feed_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into feed_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;

end;
drop trigger if exists feed_reword;

create trigger videos_reword after update of title_folded, user_id, tags, censor_status, cate_id, transcode_status, narrow_transcode_status, recommended on videos
when new.title_folded <> old.title_folded or new.user_id <> old.user_id or new.tags <> old.tags
    or new.censor_status <> old.censor_status or new.cate_id <> old.cate_id
    or new.transcode_status <> old.transcode_status or new.narrow_transcode_status <> old.narrow_transcode_status
    or new.recommended <> old.recommended begin
    insert into videos_reworded values (old.seq, true,
        iif(new.title_folded <> old.title_folded, old.title_folded, null), iif(new.user_id <> old.user_id,
        (select user_name_folded from users where user_id = old.user_id), null),
        iif(new.tags <> old.tags, old.tags, null), iif(new.user_id <> old.user_id, old.user_id, null),
        iif(new.censor_status <> old.censor_status, old.censor_status, null),
        iif(new.cate_id <> old.cate_id, old.cate_id, null),
        iif(new.transcode_status <> old.transcode_status, old.transcode_status, null),
        iif(new.narrow_transcode_status <> old.narrow_transcode_status, old.narrow_transcode_status, null),
        iif(new.recommended <> old.recommended, old.recommended, null));
    insert into videos_reworded values (new.seq, false,
        iif(new.title_folded <> old.title_folded, new.title_folded, null), iif(new.user_id <> old.user_id,
        (select user_name_folded from users where user_id = new.user_id), null),
        iif(new.tags <> old.tags, new.tags, null), iif(new.user_id <> old.user_id, new.user_id, null),
        iif(new.censor_status <> old.censor_status, new.censor_status, null),
        iif(new.cate_id <> old.cate_id, new.cate_id, null),
        iif(new.transcode_status <> old.transcode_status, new.transcode_status, null),
        iif(new.narrow_transcode_status <> old.narrow_transcode_status, new.narrow_transcode_status, null),
        iif(new.recommended <> old.recommended, new.recommended, null));
end;
create trigger feed_reword after update of user_name_folded on feed
when new.user_name_folded <> old.user_name_folded begin
    insert into feed_reworded (seq, gone, user_name_folded) values (old.seq, true, old.user_name_folded);
    insert into feed_reworded (seq, gone, user_name_folded) values (new.seq, false, new.user_name_folded);
end;

drop index videos_by_duration;
create index videos_by_duration on videos (duration, seq, censor_status, cate_id, size, transcode_status, narrow_transcode_status, recommended);
drop index videos_by_size;
create index videos_by_size on videos (size, seq, censor_status, cate_id, duration, transcode_status, narrow_transcode_status, recommended);
drop index videos_by_category;
create index videos_by_category on videos (cate_id, seq, censor_status, duration, size, transcode_status, narrow_transcode_status, recommended);
drop index videos_by_user;
create index videos_by_user on videos (user_id, seq, censor_status, cate_id, duration, size, transcode_status, narrow_transcode_status, recommended);

update trash set title_folded = fold(json_extract(video, '$[0].title'));
