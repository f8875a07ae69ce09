-- When it was last begun to read a blob again without coming to an end, and what was in the way: it
-- stands behind the others then.

alter table blob add column check_tried_at bigint not null default 0;
alter table blob add column check_trouble text;
drop index blob_by_check;
create index blob_by_check on blob (check_tried_at, checked_at, id) where state = 'ready';
create index blob_in_trouble on blob (region_id) where check_trouble is not null;
