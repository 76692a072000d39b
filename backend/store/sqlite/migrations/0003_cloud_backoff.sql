-- What cannot be settled is tried again later and later. A literal default: rows of before are due at once.
alter table cloud_intents add column due real not null default 0;
alter table cloud_intents add column tries integer not null default 0;
alter table cloud_jobs add column begun real not null default 0;
