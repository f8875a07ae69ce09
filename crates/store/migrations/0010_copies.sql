-- Copies between regions, and predefined tags.

-- The unfinished blob of a copy. It has no lease of its own: the job's counts.
create table copy_part (
    job_id {key} primary key,
    -- The record that gets the bytes.
    image_id {key} not null,
    blob_id {key} not null references blob (id),
    -- So much of it is on disk and need not be fetched again.
    durable_bytes bigint not null
);
create index copy_part_by_image on copy_part (image_id);

create index job_moving on job (project_id)
    where kind = 'image_copy' and state in ('ready', 'running');

-- Tags that are offered, or asked for: of the installation ('installation', '') or of a project.
create table predefined_tag (
    scope_kind {key} not null,
    scope_id {key} not null,
    name {key} not null,
    -- A JSON list; empty: any value, or none.
    allowed text not null,
    is_enforced bigint not null,
    set_by {key} not null,
    set_at bigint not null,
    primary key (scope_kind, scope_id, name)
);
