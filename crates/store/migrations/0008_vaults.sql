-- Vaults, the backups they keep, and the disks of images that have several.

create table vault (
    id {key} primary key,
    project_id {key} not null,
    region_id {key} not null,
    name {key} not null,
    description text not null,
    capacity_gib bigint not null,
    object_type {key} not null,
    protection {key} not null,
    status {key} not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (project_id, region_id, name)
);
create index vault_by_project on vault (project_id, region_id, created_at, id);

-- What a vault has used is the sum over its backups, read with the vault's row locked. `held_kind` and
-- `held_id` name the recipient of the share that holds an accepted backup; null once it has ended.
create table backup (
    id {key} primary key,
    vault_id {key} not null references vault (id),
    project_id {key} not null,
    region_id {key} not null,
    name {key} not null,
    source text not null,
    size_gib bigint not null,
    from_image_id {key},
    held_kind {key},
    held_id {key},
    created_at bigint not null
);
create index backup_by_vault on backup (vault_id, created_at, id);
create index backup_by_project on backup (project_id, region_id, created_at, id);
create unique index backup_by_share on backup (from_image_id, held_kind, held_id)
    where held_id is not null;

create table backup_disk (
    backup_id {key} not null references backup (id) on delete cascade,
    position bigint not null,
    is_system bigint not null,
    name text,
    virtual_size_bytes bigint not null,
    disk_format text,
    blob_id {key} not null references blob (id),
    primary key (backup_id, position)
);
create index backup_disk_by_blob on backup_disk (blob_id);

-- A backup makes one full-server image at a time; the row goes with the image.
create table backup_image (
    backup_id {key} primary key references backup (id) on delete cascade,
    image_id {key} not null unique references image (id) on delete cascade
);

-- Null where the image has one disk, which is described by the image itself.
alter table image_disk add column is_system bigint;
alter table image_disk add column name text;
alter table image_disk add column virtual_size_bytes bigint;
alter table image_disk add column disk_format text;
