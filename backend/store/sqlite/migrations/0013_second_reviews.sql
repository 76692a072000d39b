-- Second reviews. A first decision is drawn if the hash of its lease key with this secret is below `drawn_with`, the
-- probability at that time: so the drawing can be recounted from the decisions alone.
create table review_sampling (
    id integer primary key check (id = 1),
    secret text not null,
    body text not null
) strict;
insert into review_sampling (id, secret, body) values (1, lower(hex(randomblob(32))), '{}');

alter table review_decisions add column drawn_with real not null default 0;
alter table review_decisions add column queue text not null default '';
create index review_decisions_current on review_decisions (kind, queue, at) where undone = 0;
create index review_decisions_own on review_decisions (reviewer, kind, at) where undone = 0;

-- `state`: waiting for a second reviewer; agreed or differs, by the decision `second_key`; settled by a lead with
-- `verdict` (empty: the video was left as it is), or by a verdict from elsewhere (nobody in `settled_by`); void if the
-- video changed before anybody took it; lapsed if nobody did. `seen` is what the first reviewer had of it, in JSON;
-- it had waited in `queue` since `since`.
create table review_draws (
    draw_id integer primary key,
    lease_key text not null unique,
    video_id text not null,
    reviewer text not null,
    drawn real not null,
    queue text not null,
    since real not null,
    seen text not null,
    state text not null default 'waiting',
    second_key text not null default '',
    settled_by text not null default '',
    settled real not null default 0,
    verdict text not null default ''
) strict;
create unique index review_draws_waiting on review_draws (video_id) where state = 'waiting';
create index review_draws_next on review_draws (drawn, reviewer, queue, video_id) where state = 'waiting';
create index review_draws_by_state on review_draws (state, drawn);
create index review_draws_by_video on review_draws (video_id);
create index review_draws_by_reviewer on review_draws (reviewer, drawn);
create index review_draws_by_queue on review_draws (queue, drawn);
create index review_draws_by_second on review_draws (second_key);

create trigger videos_judged_again after update of censor_status on videos when new.censor_status <> old.censor_status
begin
    update review_draws set state = 'void' where video_id = new.video_id and state = 'waiting';
    update review_draws set state = 'settled' where video_id = new.video_id and state = 'differs';
end;
create trigger drawn_videos_deleted after delete on videos begin
    update review_draws set state = 'void' where video_id = old.video_id and state = 'waiting';
    update review_draws set state = 'settled' where video_id = old.video_id and state = 'differs';
end;
