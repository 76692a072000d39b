-- Accounts of people who sign in with their company account, by what the provider calls them for good.
create table company_accounts (
    issuer text collate "C" not null,
    subject text collate "C" not null,
    account_id bigint not null references accounts on delete cascade,
    primary key (issuer, subject)
);
create index company_accounts_by_account on company_accounts (account_id);
