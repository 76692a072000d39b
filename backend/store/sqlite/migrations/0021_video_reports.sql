-- Reports of videos by those who watch them. A reporter counts once for a video. A report is open until the next verdict
-- on its video, whose request is `closed_by`. Reports stay while the video is in the trash.
create table video_reports (
    report_id integer primary key,
    video_id text not null,
    reporter text not null,
    account text not null,
    reason_code text not null,
    words text not null,
    at real not null,
    closed_by text,
    unique (video_id, reporter)
) strict;
create index video_reports_open on video_reports (video_id, at) where closed_by is null;

-- What waits is either without a verdict (first), or approved with open reports (reported).
alter table review_waiting add column kind text not null default 'first';

create trigger video_reports_come after insert on video_reports begin
    insert into review_unsorted values (new.video_id);
end;
create trigger video_reports_change after update of closed_by on video_reports
when (new.closed_by is null) <> (old.closed_by is null) begin
    insert into review_unsorted values (new.video_id);
end;
create trigger video_reports_close after update of closed_by on video_reports
when old.closed_by is null and new.closed_by is not null begin
    delete from review_leases where video_id = new.video_id and kind = 'reported';
    delete from review_opinions where video_id = new.video_id;
end;

-- A change of where a video stands ends its wait; it may begin another one.
drop trigger videos_wait_no_more;
create trigger videos_wait_no_more after update of censor_status on videos when new.censor_status <> old.censor_status
begin
    delete from review_waiting where video_id = new.video_id;
end;
create trigger reported_videos_approved after update of censor_status on videos
when new.censor_status = 'success' and old.censor_status <> 'success'
    and exists (select 1 from video_reports where video_id = new.video_id and closed_by is null)
begin
    insert into review_unsorted values (new.video_id);
end;
create trigger reported_videos_come after insert on videos
when new.censor_status = 'success'
    and exists (select 1 from video_reports where video_id = new.video_id and closed_by is null)
begin
    insert into review_unsorted values (new.video_id);
end;
create trigger reported_videos_change after update of title_folded, tags, user_id, cate_id, duration, flags on videos
when new.censor_status = 'success' and exists (select 1 from review_waiting where video_id = new.video_id) and (
    new.title_folded <> old.title_folded or new.tags <> old.tags or new.user_id <> old.user_id
    or new.cate_id <> old.cate_id or new.duration <> old.duration or new.flags <> old.flags
) begin
    insert into review_unsorted values (new.video_id);
end;
