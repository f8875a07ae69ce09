-- Uploads that are kept until they are whole: what an ordinary one does not need to know.
create table kept_upload (
    upload_id {key} primary key references upload (id) on delete cascade,
    length_bytes bigint not null,
    -- So much of it is on disk.
    durable_bytes bigint not null,
    -- What has arrived beyond that, less than a buffer, in base64.
    tail text not null,
    -- Both together: where the client goes on.
    offset_bytes bigint not null,
    file_name text not null,
    -- What the whole must hash to, where the client knows.
    sha256_hex text,
    user_id {key} not null,
    user_name text not null,
    created_at bigint not null,
    -- By the clock, not by a lease: it outlives the process.
    expires_at bigint not null
);
create index kept_upload_by_expiry on kept_upload (expires_at);
