-- Custom policies of projects: who may do more, or less, than his role says.

create table access_policy (
    id {key} primary key,
    project_id {key} not null,
    name {key} not null,
    -- A JSON list of {effect, actions}.
    statements text not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (project_id, name)
);

create table access_binding (
    policy_id {key} not null references access_policy (id) on delete cascade,
    user_id {key} not null,
    primary key (policy_id, user_id)
);
create index access_binding_by_user on access_binding (user_id);

-- What all policies of a project come to for one user: what nodes hold in memory. The numbers come
-- from revocation_counter; a row stays when nothing is left of it, so that every node hears of that.
create table permission (
    user_id {key} not null,
    project_id {key} not null,
    statements text not null,
    seq bigint not null,
    primary key (user_id, project_id)
);
create index permission_by_seq on permission (seq);
