-- What proves who somebody is, and what proves it no longer.

-- The secret is sealed by the master key: signatures need it in the clear.
create table access_key (
    id {key} primary key,
    user_id {key} not null,
    project_id {key} not null,
    sealed_secret text not null,
    is_enabled bigint not null,
    created_at bigint not null
);
create index access_key_by_user on access_key (user_id, project_id);

create table application_credential (
    id {key} primary key,
    user_id {key} not null,
    project_id {key} not null,
    name {key} not null,
    description text not null,
    secret_hash text not null,
    -- Words, parted by spaces.
    roles text not null,
    is_unrestricted bigint not null,
    expires_at bigint,
    created_at bigint not null,
    unique (user_id, name)
);
create index application_credential_by_project on application_credential (project_id);

-- The private half, sealed by the master key; all nodes sign with the newest one.
create table signing_key (
    id {key} primary key,
    sealed_key text not null,
    created_at bigint not null
);

-- Tokens that name this thing with an epoch below `below` are revoked. A row may go when no token
-- issued before it can still be alive.
create table revocation (
    kind {key} not null,
    id {key} not null,
    below bigint not null,
    seq bigint not null,
    expires_at bigint not null,
    primary key (kind, id)
);
create index revocation_by_seq on revocation (seq);
create index revocation_by_expiry on revocation (expires_at);

-- One row, locked from its change to the commit: numbers become visible in their order, so that a
-- node that has read up to one never misses a smaller one.
create table revocation_counter (
    id bigint primary key,
    value bigint not null
);
insert into revocation_counter (id, value) values (1, 0);
