-- Saved views of lists, and the columns that each person chose.

create table views (
    view_id text collate "C" primary key,
    page text collate "C" not null,
    name text collate "C" not null,
    query text collate "C" not null,
    columns text collate "C" not null,
    scope text collate "C" not null, -- me, role, all
    role text collate "C" not null, -- whose it is with the scope role
    account_id bigint not null, -- the owner; what is shared stays when the account is gone
    user_name text collate "C" not null,
    revision bigint not null,
    changed bigint not null
);

create index views_by_page on views (page, name);

create table list_columns (
    account_id bigint not null references accounts on delete cascade deferrable initially deferred,
    page text collate "C" not null,
    columns text collate "C" not null,
    primary key (account_id, page)
);
