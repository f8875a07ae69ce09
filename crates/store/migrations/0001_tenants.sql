-- Regions, accounts, projects and users. Flags are 0 or 1, times microseconds since 1970.
-- No foreign key points at projects, accounts or users: they may live in an outside Keystone.

create table region (
    id {key} primary key,
    name text not null,
    zones text not null,
    position bigint not null,
    created_at bigint not null
);

create table account (
    id {key} primary key,
    uid {key} not null unique,
    email {key} unique,
    name {key} not null unique,
    is_enabled bigint not null,
    created_at bigint not null
);

create table project (
    id {key} primary key,
    account_id {key} not null,
    name {key} not null,
    description text not null,
    region_id {key},
    is_discoverable bigint not null,
    is_enabled bigint not null,
    -- Tokens scoped to the project that carry a smaller epoch are revoked.
    epoch bigint not null,
    created_at bigint not null,
    unique (account_id, name)
);

-- A row made on first use: what a decision about a project's counts locks.
create table project_lock (
    project_id {key} primary key
);

create table account_user (
    id {key} primary key,
    account_id {key} not null,
    name {key} not null,
    email text not null,
    description text not null,
    password_hash text,
    default_project_id {key},
    is_enabled bigint not null,
    is_system_admin bigint not null,
    -- Tokens of the user that carry a smaller epoch are revoked.
    epoch bigint not null,
    created_at bigint not null,
    unique (account_id, name)
);

create table role_assignment (
    user_id {key} not null,
    project_id {key} not null,
    role {key} not null,
    created_at bigint not null,
    primary key (user_id, project_id, role)
);
create index role_assignment_by_project on role_assignment (project_id);

-- One word of the policy, overridden for the installation ('installation', ''), a region or a project.
create table policy_override (
    scope_kind {key} not null,
    scope_id {key} not null,
    name {key} not null,
    value text not null,
    set_by {key} not null,
    set_at bigint not null,
    primary key (scope_kind, scope_id, name)
);

create table setting (
    name {key} primary key,
    value text not null
);
