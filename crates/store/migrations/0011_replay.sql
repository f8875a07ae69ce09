-- Access keys that nodes hold in memory, and signed requests that count once.

-- What a node remembers of a key with a smaller epoch is out of date.
alter table access_key add column epoch bigint not null default 0;
-- The hours that CTyun's stamps of this key are ahead of UTC, 0 or 8, once it was used so.
alter table access_key add column stamp_hours bigint;

-- Changing requests that were taken, for as long as their signatures would hold.
create table request_seen (
    access_key {key} not null,
    -- What makes the request unique: its id, its nonce, or its signature.
    nonce {key} not null,
    what {key} not null,
    seen_at bigint not null,
    expires_at bigint not null,
    primary key (access_key, nonce)
);
create index request_seen_by_expiry on request_seen (expires_at);
