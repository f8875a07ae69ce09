-- The operator's order of public images; 0 is none.
alter table image add column list_rank bigint not null default 0;
-- Whether the record was made for the bytes, and goes with them when they are given up.
alter table kept_upload add column is_image_new bigint not null default 0;
-- Whether pages of the console helped; the last word of each user about each page.
create table feedback (
    user_id {key} not null,
    page {key} not null,
    user_name text not null,
    project_id {key} not null,
    is_helpful bigint not null,
    words text,
    at bigint not null,
    primary key (user_id, page)
);
create index feedback_by_time on feedback (at, user_id, page);
