-- When the bytes of a blob were last found to hash to what they should, and who wants it done soon.
-- A blob may be in one more state: damaged. It gains no use, and its images serve no byte.

alter table blob add column checked_at bigint not null default 0;
alter table blob add column check_wanted_at bigint;
create index blob_by_check on blob (checked_at, id) where state = 'ready';
create index blob_check_wanted on blob (check_wanted_at, id) where check_wanted_at is not null;
create index image_disk_by_blob on image_disk (blob_id);

-- One process of the installation reads blobs again at a time.
create table scrub_lease (
    name {key} primary key,
    lease_until bigint not null,
    fence bigint not null
);
insert into scrub_lease (name, lease_until, fence) values ('scrub', 0, 0);
