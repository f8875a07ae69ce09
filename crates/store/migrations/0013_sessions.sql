-- Sessions of the console, and what its users prefer. Secrets are kept as digests only.

create table session (
    -- SHA-256 of the cookie.
    digest {key} primary key,
    user_id {key} not null,
    -- The user's epoch when it signed in: what ends its tokens ends the session.
    epoch bigint not null,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);
create index session_by_user on session (user_id, created_at);
create index session_by_expiry on session (expires_at);

-- Links that sign somebody in once.
create table sign_in_link (
    digest {key} primary key,
    user_id {key} not null,
    expires_at bigint not null
);
create index sign_in_link_by_user on sign_in_link (user_id);

create table preference (
    user_id {key} primary key,
    -- One JSON object, which only the console reads.
    value text not null,
    changed_at bigint not null
);
