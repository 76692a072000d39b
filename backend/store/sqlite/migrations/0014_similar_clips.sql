-- Fingerprints of clips, by which copies are found: see backend/model/fingerprint.py. `views` is a list of lists of band
-- values, four per frame.
create table fingerprints (
    clip integer primary key autoincrement,
    video_id text not null unique references videos (video_id) on delete cascade,
    views text not null
) strict;
create table fingerprint_bands (
    value integer not null,
    clip integer not null,
    primary key (value, clip)
) strict, without rowid;
create trigger fingerprints_go after delete on fingerprints begin
    delete from fingerprint_bands where clip = old.clip and value in (
        select band.value from json_each(old.views) seen, json_each(seen.value) band
    );
end;

-- Videos whose images have no fingerprint yet; the last comes first.
create table fingerprint_queue (
    number integer primary key autoincrement,
    video_id text not null unique references videos (video_id) on delete cascade,
    due real not null default 0,
    attempts integer not null default 0
) strict;
create trigger images_come after insert on files when new.kind in ('sprite', 'snapshot') begin
    insert or ignore into fingerprint_queue (video_id) values (new.video_id);
end;
create trigger images_go after delete on files when old.kind in ('sprite', 'snapshot') begin
    delete from fingerprints where video_id = old.video_id;
    delete from similar_clips where video_id = old.video_id;
    delete from similar_clips where other_id = old.video_id;
end;
insert into fingerprint_queue (video_id)
    select video_id from videos v where exists (
        select 1 from files f where f.video_id = v.video_id and f.kind in ('sprite', 'snapshot')
    ) order by seq;

-- `share` of the frames of the one are in the other.
create table similar_clips (
    video_id text not null references videos (video_id) on delete cascade,
    other_id text not null references videos (video_id) on delete cascade,
    share real not null,
    mirrored integer not null,
    primary key (video_id, other_id)
) strict, without rowid;
create index similar_clips_by_other on similar_clips (other_id);

-- What the review desk showed beside a clip that was decided there, and whether the reviewer decided the same.
create table review_hints (
    lease_key text primary key,
    other_id text not null,
    share real not null,
    verdict text not null,
    followed integer not null
) strict, without rowid;
