-- The tree of categories, as far as it is more than what videos say of themselves. `at_provider`: the provider has it,
-- and decides about it; others are ours alone. A parent of 0 is the root.
create table categories (
    cate_id integer primary key,
    cate_name text not null,
    parent_id integer not null default 0,
    at_provider integer not null default 0
) strict;
create index categories_by_parent on categories (parent_id);
