-- Queues of the review desk. Each waiting video has one row in review_waiting, with its queue and its place there.
create table review_queues (
    code text primary key,
    name_zh text not null,
    name_en text not null,
    position integer not null,
    rule text not null default '{}',
    sort text not null default 'oldest',
    roles text not null default '[]',
    user_names text not null default '[]'
) strict, without rowid;
insert into review_queues (code, name_zh, name_en, position) values ('default', '其余视频', 'Everything else', 1);

-- `since` and `passed` (of the uploader, up to 100) are of the moment the video began to wait.
create table review_waiting (
    seq integer primary key,
    video_id text not null unique references videos (video_id) on delete cascade,
    since real not null,
    passed integer not null,
    urgent integer not null default 0,
    queue text not null default 'default',
    place real not null default 0
) strict;
create index review_waiting_in_order on review_waiting (queue, urgent, place, seq);
create index review_waiting_by_age on review_waiting (queue, since);
create table review_per_queue (queue text primary key, number integer not null) strict, without rowid;
create index videos_passed on videos (user_id) where censor_status = 'success';

create trigger review_waiting_come after insert on review_waiting begin
    insert into review_per_queue values (new.queue, 1) on conflict do update set number = number + 1;
end;
create trigger review_waiting_go after delete on review_waiting begin
    update review_per_queue set number = number - 1 where queue = old.queue;
end;
create trigger review_waiting_move after update of queue on review_waiting when new.queue <> old.queue begin
    update review_per_queue set number = number - 1 where queue = old.queue;
    insert into review_per_queue values (new.queue, 1) on conflict do update set number = number + 1;
end;

-- Videos to be sorted into queues before the transaction ends; an empty id stands for all that wait.
create table review_unsorted (video_id text not null) strict;
create trigger videos_wait after insert on videos when new.censor_status = 'check' begin
    insert into review_unsorted values (new.video_id);
end;
create trigger videos_wait_again
after update of censor_status, title_folded, tags, user_id, cate_id, duration on videos
when new.censor_status = 'check' and (
    old.censor_status <> 'check' or new.title_folded <> old.title_folded or new.tags <> old.tags
    or new.user_id <> old.user_id or new.cate_id <> old.cate_id or new.duration <> old.duration
) begin
    insert into review_unsorted values (new.video_id);
end;
create trigger videos_wait_no_more after update of censor_status on videos
when old.censor_status = 'check' and new.censor_status <> 'check' begin
    delete from review_waiting where video_id = new.video_id;
end;
create trigger cloud_reviews_come after insert on cloud_reviews begin
    insert into review_unsorted values (new.video_id);
end;
create trigger cloud_reviews_change after update of body on cloud_reviews when new.body <> old.body begin
    insert into review_unsorted values (new.video_id);
end;
create trigger cloud_reviews_go after delete on cloud_reviews begin
    insert into review_unsorted values (old.video_id);
end;
-- Before: a replaced row can still be compared.
create trigger categories_come before insert on categories
when new.parent_id <> coalesce((select parent_id from categories where cate_id = new.cate_id), 0) begin
    insert into review_unsorted values ('');
end;
create trigger categories_move after update of parent_id on categories when new.parent_id <> old.parent_id begin
    insert into review_unsorted values ('');
end;
create trigger categories_go after delete on categories begin
    insert into review_unsorted values ('');
end;

insert into review_waiting (seq, video_id, since, passed, place)
    select seq, video_id, created, (
        select count(*) from (
            select 1 from videos p where p.user_id = v.user_id and p.censor_status = 'success' limit 100
        ) few
    ), created
    from videos v where censor_status = 'check';
