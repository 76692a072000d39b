-- The view that each person sees when they open a page. One that is gone, or is not shown to them, counts as none.

create table default_views (
    account_id bigint not null references accounts on delete cascade deferrable initially deferred,
    page text collate "C" not null,
    view_id text collate "C" not null,
    primary key (account_id, page)
);
