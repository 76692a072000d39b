-- Accounts of people who sign in with their company account, by what the provider calls them for good.
create table company_accounts (
    issuer text not null,
    subject text not null,
    account_id integer not null references accounts on delete cascade,
    primary key (issuer, subject)
) strict, without rowid;
create index company_accounts_by_account on company_accounts (account_id);
