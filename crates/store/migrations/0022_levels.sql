-- A notice may be about a vault or a quota instead of an image. Only these have a level: so much used, of
-- so much; a quota is its own id and has no name.
alter table notice rename column image_id to subject_id;
alter table notice rename column image_name to subject_name;
alter table notice add column used bigint;
alter table notice add column ceiling bigint;
