-- What the machine review found in videos. `body` is JSON, as backend.model.cloud.MachineReview has it.
create table cloud_reviews (
    video_id text primary key,
    changed real not null,
    body text not null
) strict, without rowid;
