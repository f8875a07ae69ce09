-- Jobs and the audit trail, written in the transaction of the change they belong to.

create table job (
    id {key} primary key,
    project_id {key} not null,
    user_id {key} not null,
    region_id {key} not null,
    kind {key} not null,
    payload text not null,
    state {key} not null,
    progress_percent bigint not null,
    attempts bigint not null,
    run_at bigint not null,
    lease_owner {key},
    lease_until bigint not null,
    fence bigint not null,
    failure text,
    results text not null,
    created_at bigint not null,
    updated_at bigint not null
);
create index job_ready on job (run_at, id) where state in ('ready', 'running');
create index job_by_project on job (project_id, region_id, created_at, id);

create table audit (
    id {key} primary key,
    at bigint not null,
    verb {key} not null,
    region_id {key} not null,
    user_id {key} not null,
    project_id {key} not null,
    account_id {key} not null,
    counterpart_kind {key},
    counterpart_id {key},
    target {key} not null,
    detail text not null,
    source text not null,
    request_id text not null
);
create index audit_by_project on audit (project_id, at, id);
create index audit_by_counterpart on audit (counterpart_kind, counterpart_id, at, id)
    where counterpart_id is not null;
