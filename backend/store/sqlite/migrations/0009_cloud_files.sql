-- When VOD had the file of a video that the console knows. `seen` is a second of VOD's clock: what it tells of a file
-- after that is another file. Where one took another's place, `changed` is since when it is there by VOD's clock, and
-- `replaced` when that was noticed by ours; 0 where none did.
create table cloud_files (
    video_id text primary key,
    seen integer not null,
    changed integer not null default 0,
    replaced real not null default 0
) strict, without rowid;
