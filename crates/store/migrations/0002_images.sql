-- Images, their bytes, their shares, and who sees what.

create table image (
    id {key} primary key,
    region_id {key} not null,
    owner_id {key} not null,
    name {key},
    name_folded {key},
    kind text not null,
    status text not null,
    visibility text not null,
    is_hidden bigint not null,
    is_protected bigint not null,
    is_published bigint not null,
    disk_format text,
    container_format text,
    min_disk_gib bigint not null,
    min_ram_mib bigint not null,
    size_bytes bigint,
    virtual_size_bytes bigint,
    md5_hex text,
    digest_algo text,
    digest_hex text,
    encryption text not null,
    -- Tags and properties as JSON, so that a show is one look-up; the tables below serve filters.
    tags text not null,
    properties text not null,
    is_from_backup bigint not null,
    source_image_id {key},
    share_count bigint not null,
    tencent_id {key} not null unique,
    created_at bigint not null,
    updated_at bigint not null
);
create index image_by_owner on image (owner_id, region_id, created_at);

-- A deleted image's id is never free again.
create table image_gone (
    id {key} primary key,
    region_id {key} not null,
    owner_id {key} not null,
    deleted_at bigint not null
);

create table image_tag (
    image_id {key} not null references image (id) on delete cascade,
    tag {key} not null,
    primary key (image_id, tag)
) {without_rowid};

create table image_property (
    image_id {key} not null references image (id) on delete cascade,
    name {key} not null,
    value {key} not null,
    primary key (image_id, name)
) {without_rowid};

-- Who sees what: one row for each principal that lists an image. `p:PROJECT` owns it, `s:PROJECT` and
-- `a:ACCOUNT` have accepted it, `*` public, `c` community, `all` the operator. Owned and accepted are
-- two principals, so that a walk over either never passes rows of the other. Written in the transaction that changes owner,
-- visibility, hidden or share state; no row depends on policy.
create table image_access (
    region_id {key} not null,
    principal {key} not null,
    is_hidden bigint not null,
    created_at bigint not null,
    image_id {key} not null references image (id) on delete cascade,
    via text not null,
    ends_at bigint not null,
    primary key (region_id, principal, is_hidden, created_at, image_id)
) {without_rowid};
create index image_access_by_image on image_access (image_id);

create table share (
    image_id {key} not null references image (id) on delete cascade,
    recipient_kind {key} not null,
    recipient_id {key} not null,
    owner_id {key} not null,
    region_id {key} not null,
    state {key} not null,
    note text,
    lapses_at bigint,
    ends_at bigint,
    accepted_digest text,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (image_id, recipient_kind, recipient_id)
) {without_rowid};
create index share_by_recipient
    on share (recipient_kind, recipient_id, region_id, state, updated_at, image_id);
create index share_by_owner on share (owner_id, region_id, image_id);
create index share_lapsing on share (lapses_at) where lapses_at is not null;
create index share_ending on share (ends_at) where ends_at is not null;

-- Immutable bytes. state: filling, ready, dying.
create table blob (
    id {key} primary key,
    region_id {key} not null,
    state {key} not null,
    size_bytes bigint,
    md5_hex text,
    digest_algo text,
    digest_hex text,
    created_at bigint not null
);
create index blob_dying on blob (id) where state = 'dying';

create table blob_copy (
    blob_id {key} not null references blob (id),
    store {key} not null,
    locator text not null,
    primary key (blob_id, store)
);

-- References are rows, never a counter. A dying blob gains no use.
create table blob_use (
    blob_id {key} not null references blob (id),
    holder_kind {key} not null,
    holder_id {key} not null,
    primary key (blob_id, holder_kind, holder_id)
);
create index blob_use_by_holder on blob_use (holder_kind, holder_id);

create table image_disk (
    image_id {key} not null references image (id) on delete cascade,
    position bigint not null,
    blob_id {key} not null references blob (id),
    primary key (image_id, position)
);

-- Bytes on their way. The lease is the guarantee: whoever finds it over undoes the upload.
create table upload (
    id {key} primary key,
    image_id {key} not null unique references image (id) on delete cascade,
    blob_id {key} not null references blob (id),
    fence bigint not null,
    lease_until bigint not null,
    created_at bigint not null
);
create index upload_by_lease on upload (lease_until);
