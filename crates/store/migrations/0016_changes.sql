-- Counts what changed for whoever reads an inbox without being told: other nodes hear of it by the count.
alter table inbox add column changes bigint not null default 0;
