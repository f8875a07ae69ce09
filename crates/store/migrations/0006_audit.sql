-- The audit trail: how an event ended, the chain that shows tampering, who reads bytes, what was
-- forwarded.

alter table audit add column result {key} not null default 'ok';
-- The reason of a refusal.
alter table audit add column code {key};
-- The place in the chain and the seal that binds row, place and the row before; null until sealed.
-- One update by the sealer sets both; nothing else ever changes a row.
alter table audit add column seq bigint;
alter table audit add column mac text;

create index audit_unsealed on audit (at, id) where seq is null;
-- Two rows never have one place, whoever seals.
create unique index audit_by_seq on audit (seq) where seq is not null;

-- Pages of events: for everybody, and of one thing.
create index audit_by_time on audit (at, id);
create index audit_by_target on audit (target, at, id);
create index audit_by_project_target on audit (project_id, target, at, id);
create index audit_by_counterpart_target on audit
    (counterpart_kind, counterpart_id, target, at, id) where counterpart_id is not null;

-- One process at a time seals, and one forwards. `seq` is the last place that is done; `head`, the
-- sealer's, is that place with its seal, sealed once more by the master key.
create table audit_lease (
    name {key} primary key,
    owner {key} not null,
    lease_until bigint not null,
    fence bigint not null,
    seq bigint not null,
    head text
);
insert into audit_lease (name, owner, lease_until, fence, seq, head) values
    ('sealer', '', 0, 0, 0, null),
    ('syslog', '', 0, 0, 0, null);

-- How often bytes were read in the ten minutes that an event stands for, and how many.
create table audit_read (
    audit_id {key} primary key,
    ranges bigint not null,
    bytes bigint not null
);
