-- When a desk's key was last used, to the minute: of too many, those unused for longest end.
alter table review_desks add column used real not null default 0;
