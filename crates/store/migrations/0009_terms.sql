-- A POST that carries a key of the client's has one effect. The row is written in the transaction of
-- the effect; its answer follows when it is known.
create table idempotency (
    project_id {key} not null,
    user_id {key} not null,
    name {key} not null,
    fingerprint {key} not null,
    request_id {key} not null,
    status bigint,
    answer text,
    created_at bigint not null,
    primary key (project_id, user_id, name)
);
create index idempotency_by_age on idempotency (created_at);

-- What an act changed, share by share, for the seconds in which its actor may undo it.
create table undo (
    id {key} primary key,
    user_id {key} not null,
    project_id {key} not null,
    changes text not null,
    expires_at bigint not null
);
create index undo_by_expiry on undo (expires_at);

-- What a recipient's project does with the offers of an owner before anybody looks.
create table standing_rule (
    recipient_kind {key} not null,
    recipient_id {key} not null,
    owner_kind {key} not null,
    owner_id {key} not null,
    verdict text not null,
    set_by {key} not null,
    created_at bigint not null,
    primary key (recipient_kind, recipient_id, owner_kind, owner_id)
);

-- When the recipient was last reminded, whether both sides know that time runs out, and whether the
-- owner knows that there is no room for an acceptance.
alter table share add column reminded_at bigint;
alter table share add column is_warned bigint not null default 0;
alter table share add column is_full_told bigint not null default 0;
