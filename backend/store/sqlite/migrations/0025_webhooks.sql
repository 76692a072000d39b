-- Webhooks: the addresses that are told of events, and what is to be or was delivered to each. Triggers write the
-- deliveries of an event in the transaction of the change, whoever makes it; where no webhook is on they write nothing.

create table webhooks (
    webhook_id integer primary key autoincrement,
    url text not null,
    description text not null,
    types text not null, -- ',video.approved,video.blocked,'; empty: all
    secret text not null,
    old_secret text not null default '', -- signs too, until `old_until`
    old_until integer not null default 0,
    created integer not null,
    created_by text not null,
    off_since integer not null default 0, -- 0: it is on
    off_reason text not null default '', -- person, gone, failing
    failing_since integer not null default 0 -- the first failure since the last success; 0: none
) strict;

create table webhook_deliveries (
    delivery_id integer primary key autoincrement,
    webhook_id integer not null references webhooks on delete cascade,
    event_id text not null,
    type text not null,
    at integer not null, -- when the event happened
    data text not null, -- JSON
    state text not null default 'waiting', -- waiting, delivered, failed
    due real not null, -- when it is attempted next; while it is being attempted, when others may
    owner text not null default '', -- who attempts it
    tries integer not null default 0, -- attempts that were not made by hand
    finished integer not null default 0
) strict;
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due) where state = 'waiting';
create index webhook_deliveries_log on webhook_deliveries (webhook_id, delivery_id);
create index webhook_deliveries_by_state on webhook_deliveries (webhook_id, state, delivery_id);
create index webhook_deliveries_owned on webhook_deliveries (owner) where owner <> '';

create table webhook_attempts (
    attempt_id integer primary key autoincrement,
    delivery_id integer not null references webhook_deliveries on delete cascade,
    at real not null,
    by_hand integer not null,
    status integer not null, -- of HTTP; 0: no answer
    milliseconds integer not null,
    answer text not null, -- its first characters
    problem text not null -- a packed message
) strict;
create index webhook_attempts_by_delivery on webhook_attempts (delivery_id);

-- Inserting (type, data) tells all webhooks of an event.
create view webhook_events (type, data) as select '', '';
create trigger webhook_events_come instead of insert on webhook_events begin
    insert into webhook_deliveries (webhook_id, event_id, type, at, data, due)
        select webhook_id, 'evt_' || lower(hex(randomblob(12))), new.type, present_second(), new.data, present_second()
        from webhooks where off_since = 0 and (types = '' or instr(types, ',' || new.type || ',') > 0);
end;

-- A video is uploaded when its file is there. Older videos, which an import or a synchronisation brings, are no news.
create trigger webhooks_video_come after insert on videos
when exists (select 1 from webhooks where off_since = 0) and new.status not in ('Uploading', 'UploadFail') begin
    insert into webhook_events
        select 'video.restored', json_object('videoId', new.video_id, 'title', new.title, 'userId', new.user_id,
            'censorStatus', new.censor_status)
        where exists (select 1 from trash where video_id = new.video_id);
    insert into webhook_events
        select 'video.uploaded', json_object('videoId', new.video_id, 'title', new.title, 'userId', new.user_id,
            'censorStatus', new.censor_status)
        where new.created > present_second() - 604800
            and not exists (select 1 from trash where video_id = new.video_id);
    insert into webhook_events
        select case new.censor_status when 'success' then 'video.approved' else 'video.blocked' end,
            json_object('videoId', new.video_id, 'title', new.title, 'userId', new.user_id,
                'censorStatus', new.censor_status)
        where new.censor_status in ('success', 'fail') and new.created > present_second() - 604800
            and not exists (select 1 from trash where video_id = new.video_id);
end;
create trigger webhooks_video_arrive after update of status on videos
when old.status in ('Uploading', 'UploadFail') and new.status not in ('Uploading', 'UploadFail')
    and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('video.uploaded', json_object('videoId', new.video_id, 'title', new.title,
        'userId', new.user_id, 'censorStatus', new.censor_status));
    insert into webhook_events
        select case new.censor_status when 'success' then 'video.approved' else 'video.blocked' end,
            json_object('videoId', new.video_id, 'title', new.title, 'userId', new.user_id,
                'censorStatus', new.censor_status)
        where new.censor_status in ('success', 'fail');
end;
create trigger webhooks_video_reviewed after update of censor_status on videos
when old.censor_status <> new.censor_status
    and (new.censor_status in ('success', 'fail') or old.censor_status in ('success', 'fail'))
    and old.status not in ('Uploading', 'UploadFail') and new.status not in ('Uploading', 'UploadFail')
    and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values (
        case new.censor_status when 'success' then 'video.approved' when 'fail' then 'video.blocked'
            else 'video.review_reopened' end,
        json_object('videoId', new.video_id, 'title', new.title, 'userId', new.user_id,
            'censorStatus', new.censor_status));
end;
create trigger webhooks_video_go after delete on videos
when old.status not in ('Uploading', 'UploadFail') and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('video.deleted', json_object('videoId', old.video_id, 'title', old.title,
        'userId', old.user_id,
        'restorable', (select count(*) from trash where video_id = old.video_id)));
end;

create trigger webhooks_transcoded after update of state on jobs
when new.kind in ('transcode', 'narrow') and new.state in ('done', 'failed') and old.state in ('queued', 'running')
    and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values (
        case new.state when 'done' then 'transcode.finished' else 'transcode.failed' end,
        json_object('videoId', new.video_id,
            'title', coalesce((select title from videos where video_id = new.video_id), ''),
            'rendition', case new.kind when 'narrow' then 'narrow' else 'plain' end, 'jobId', new.job_id));
end;
-- Renditions that no job of their own made: VOD by itself, or a narrow-band job that needed a plain one.
create trigger webhooks_plain_come after update of transcode_status on videos
when new.transcode_status = 'success' and old.transcode_status not in ('success', 'onTranscode')
    and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('transcode.finished', json_object('videoId', new.video_id, 'title', new.title,
        'rendition', 'plain', 'jobId', ''));
end;
create trigger webhooks_narrow_come after update of narrow_transcode_status on videos
when new.narrow_transcode_status = 'success' and old.narrow_transcode_status not in ('success', 'onTranscode')
    and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('transcode.finished', json_object('videoId', new.video_id, 'title', new.title,
        'rendition', 'narrow', 'jobId', ''));
end;

create trigger webhooks_prewarmed after update of state on jobs
when new.kind = 'prewarm' and new.state in ('done', 'failed') and old.state in ('queued', 'running')
    and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('prewarm.finished', json_object('jobId', new.job_id, 'state', new.state,
        'count', (select count(*) from prewarmed where job_id = new.job_id),
        'warmCount', (select count(*) from prewarmed where job_id = new.job_id and state = 'warm')));
end;

create trigger webhooks_lineup_change after insert on lineups
when exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('lineup.changed', json_object('slot', new.slot, 'revision', new.revision,
        'action', new.action));
end;

-- `told` is 1 while an entry is live, whether the clock or a person made it so.
create trigger webhooks_entry_come after insert on recommendations
when new.told = 1 and (new.ends is null or new.ends > present_second())
    and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('recommendation.started', json_object('slot', new.slot,
        'videoId', new.video_id,
        'title', coalesce(new.title, (select title from videos where video_id = new.video_id), ''),
        'startTime', new.recommended, 'endTime', new.ends, 'late', 0));
end;
create trigger webhooks_entry_told after update of told on recommendations
when old.told <> new.told and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events
        select 'recommendation.started', json_object('slot', new.slot, 'videoId', new.video_id,
            'title', coalesce(new.title, (select title from videos where video_id = new.video_id), ''),
            'startTime', new.recommended, 'endTime', new.ends, 'late', present_second() - new.recommended > 5)
        -- from 0 to 2: both were noticed at once, or else somebody moved both into the past
        where new.told = 1
            or old.told = 0 and new.told = 2 and old.recommended = new.recommended and old.ends is new.ends;
    insert into webhook_events
        select 'recommendation.ended', json_object('slot', new.slot, 'videoId', new.video_id,
            'title', coalesce(new.title, (select title from videos where video_id = new.video_id), ''),
            'startTime', old.recommended, 'endTime', min(coalesce(old.ends, present_second()), present_second()),
            'late', present_second() - min(coalesce(old.ends, present_second()), present_second()) > 5)
        where old.told = 1
            or old.told = 0 and new.told = 2 and old.recommended = new.recommended and old.ends is new.ends;
end;
create trigger webhooks_entry_go after delete on recommendations
when old.told = 1 and exists (select 1 from webhooks where off_since = 0) begin
    insert into webhook_events values ('recommendation.ended', json_object('slot', old.slot,
        'videoId', old.video_id,
        'title', coalesce(old.title, (select title from videos where video_id = old.video_id), ''),
        'startTime', old.recommended, 'endTime', min(coalesce(old.ends, present_second()), present_second()),
        'late', present_second() - min(coalesce(old.ends, present_second()), present_second()) > 5));
end;
