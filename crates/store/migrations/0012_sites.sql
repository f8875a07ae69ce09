-- An installation may serve several sites: realms of accounts that offer some of the regions each.
-- The site '' is the one of an installation that has no others, and offers every region.
create table account_site (
    account_id {key} primary key,
    site {key} not null
);
create table region_site (
    region_id {key} not null,
    site {key} not null,
    primary key (region_id, site)
);
