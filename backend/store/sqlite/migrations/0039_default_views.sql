-- The view that each person sees when they open a page. One that is gone, or is not shown to them, counts as none.

create table default_views (
    account_id integer not null references accounts on delete cascade,
    page text not null,
    view_id text not null,
    primary key (account_id, page)
) strict, without rowid;
