-- Saved views of lists, and the columns that each person chose.

create table views (
    view_id text primary key,
    page text not null,
    name text not null,
    query text not null,
    columns text not null,
    scope text not null, -- me, role, all
    role text not null, -- whose it is with the scope role
    account_id integer not null, -- the owner; what is shared stays when the account is gone
    user_name text not null,
    revision integer not null,
    changed integer not null
) strict;

create index views_by_page on views (page, name);

create table list_columns (
    account_id integer not null references accounts on delete cascade,
    page text not null,
    columns text not null,
    primary key (account_id, page)
) strict, without rowid;
