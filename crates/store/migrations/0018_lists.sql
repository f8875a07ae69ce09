-- What pages walk without sorting: offers by the age of their image, own images of one visibility,
-- and everything somebody lists by name. `name` is a copy ('' for none), written where the name of an
-- image changes; `image_created_at` never changes.

alter table share add column image_created_at bigint not null default 0;
update share set image_created_at =
    coalesce((select i.created_at from image i where i.id = share.image_id), 0);
drop index share_by_recipient;
create index share_by_recipient
    on share (recipient_kind, recipient_id, region_id, state, image_created_at, image_id);

drop index image_by_owner;
create index image_by_owner
    on image (owner_id, region_id, visibility, is_hidden, created_at, id);

alter table image_access add column name {key} not null default '';
update image_access set name =
    coalesce((select i.name from image i where i.id = image_access.image_id), '');
create index image_access_by_name
    on image_access (region_id, principal, is_hidden, name, created_at, image_id);

-- What few images have is found from here; the beginning of a value is enough to tell.
create index image_tag_by_tag on image_tag (tag, image_id);
create index image_property_by_value on image_property (name, substr(value, 1, 128), image_id);
create index image_by_update on image (region_id, is_hidden, updated_at, created_at, id);
