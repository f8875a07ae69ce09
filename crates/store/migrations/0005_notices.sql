-- What projects and accounts are told, and who else is told of it.

-- One row for each inbox that has ever had a notice. Its numbers have no gaps and become visible in
-- order, because the row stays locked from the taking of a number to the commit. What is at or below
-- `read_to` has been read; what is at or below `trimmed_to` is gone.
create table inbox (
    recipient_kind {key} not null,
    recipient_id {key} not null,
    region_id {key} not null,
    last_number bigint not null,
    trimmed_to bigint not null,
    read_to bigint not null,
    primary key (recipient_kind, recipient_id, region_id)
) {without_rowid};
-- Inboxes over their limit; the number is `NOTICES_OF_INBOX`, a test compares them.
create index inbox_long on inbox (recipient_kind, recipient_id, region_id)
    where last_number - trimmed_to > 10000;

create table notice (
    recipient_kind {key} not null,
    recipient_id {key} not null,
    region_id {key} not null,
    number bigint not null,
    kind {key} not null,
    image_id {key} not null,
    image_name text,
    counterpart_kind {key},
    counterpart_id {key},
    note text,
    -- Read by itself; see also `inbox.read_to`.
    is_read bigint not null,
    at bigint not null,
    primary key (recipient_kind, recipient_id, region_id, number)
) {without_rowid};
create index notice_unread on notice (recipient_kind, recipient_id, region_id, number)
    where is_read = 0;
create index notice_by_age on notice (at);

-- Who is told over HTTP. The notices themselves are the outbox: `sent_project` and `sent_account` are
-- the last numbers that were delivered of the inboxes of the project and its account.
create table webhook (
    id {key} primary key,
    project_id {key} not null,
    account_id {key} not null,
    region_id {key} not null,
    url text not null,
    -- The kinds it wants, each followed by a comma; empty means all.
    kinds text not null,
    secret text not null,
    is_enabled bigint not null,
    sent_project bigint not null,
    sent_account bigint not null,
    attempts bigint not null,
    next_try_at bigint not null,
    failure text,
    failed_at bigint,
    delivered_at bigint,
    lease_until bigint not null,
    fence bigint not null,
    created_at bigint not null,
    updated_at bigint not null
);
create index webhook_by_project on webhook (project_id, region_id, created_at, id);
create index webhook_enabled on webhook (next_try_at, id) where is_enabled = 1;
