-- What is in the marketplace is listed there for everybody: principal `m` of `image_access`.
insert into image_access (region_id, principal, is_hidden, created_at, image_id, via, ends_at)
    select region_id, 'm', is_hidden, created_at, id, 'market', 0 from image where is_published = 1;
