-- How the names of accounts are compared.
alter table accounts add column folded text not null default '';
create index accounts_by_folded on accounts (folded);
update accounts set folded = fold_name(user_name);
