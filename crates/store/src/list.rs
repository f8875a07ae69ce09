//! The list query: a page of the images somebody sees.
//!
//! `image_access` has one row for each principal that lists an image, so a page walks one index range
//! for each of a few principals. In the default order (`created_at`), and by name, every branch is cut
//! at the page size before the union, and the cost is the same at any depth: two or three ranges of a
//! page's keys and as many key look-ups. Filters are tested along the walk.
//!
//! What has no such index is bounded by the smaller of what is visible and what matches: labels and
//! properties that few images carry are taken from their own index, and each such image is looked up
//! among those of the principals ([`Text::among`]); by `updated_at`, who lists much walks the index of
//! all images in that order and looks each up ([`Text::walk_all`]). Any other order takes all keys of
//! the principals, joins and sorts.

use lendglass_core::image::{Image, Visibility};
use lendglass_core::share::ShareState;
use lendglass_core::{AccountId, Error, ProjectId, RegionId, Timestamp};

use crate::db::{Db, Statement, Value};
use crate::image;

#[path = "list_words.rs"]
mod words;

pub use words::{Comparison, Direction, Filter, NumberColumn, SortKey, TextColumn};
use words::{SYSTEM, full_order};

/// A list request as the store understands it; who may list what has been decided.
#[derive(Clone, Debug)]
pub struct ImageQuery {
    /// The region.
    pub region: RegionId,
    /// Where images come from; at least one.
    pub sources: Vec<Source>,
    /// Hidden images, or the others.
    pub is_hidden: bool,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// The order; `id` in the direction of the last key is always added.
    pub order: Vec<(SortKey, Direction)>,
    /// Only what comes after this image.
    pub after: Option<Box<Image>>,
    /// At most so many.
    pub limit: u32,
    /// Decides which shares are live.
    pub now: Timestamp,
}

/// Where the images of a list come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Images the project owns.
    Owned(ProjectId),
    /// Those of one visibility.
    OwnedOf(ProjectId, Visibility),
    /// Images it has accepted.
    Accepted(ProjectId),
    /// Images its account has accepted.
    AcceptedByAccount(AccountId),
    /// Public images.
    Public,
    /// Community images.
    Community,
    /// Images in the marketplace.
    Market,
    /// Everything in the region, for the operator.
    Everything,
    /// Images offered to the project, in this state.
    Received(ProjectId, ShareState),
    /// Images offered to the account, in this state.
    ReceivedByAccount(AccountId, ShareState),
}

impl Source {
    /// The principal whose rows of `image_access` it is, if it is that.
    fn principal(&self) -> Option<String> {
        match self {
            Source::Owned(project) => Some(format!("p:{project}")),
            Source::Accepted(project) => Some(format!("s:{project}")),
            Source::AcceptedByAccount(account) => Some(format!("a:{account}")),
            Source::Public => Some("*".to_owned()),
            Source::Community => Some("c".to_owned()),
            Source::Market => Some("m".to_owned()),
            Source::Everything => Some("all".to_owned()),
            Source::OwnedOf(..) | Source::Received(..) | Source::ReceivedByAccount(..) => None,
        }
    }
}

/// Up to so many rows, a page without filters is a look-up.
const LOOK_UP_ROWS: u32 = 100;

/// Images that carry a label or a property: up to so many are each looked up among the visible.
const FEW_MATCHING: u32 = 8_000;
/// Who lists fewer images than this has them sorted; who lists more meets one of them soon when all
/// images are walked, in some hundred steps for each of the page among ten million.
const FEW_VISIBLE: u32 = 16_000;

/// A page of images in the wanted order.
pub async fn images(db: &Db, query: &ImageQuery) -> Result<Vec<Image>, Error> {
    let mut text = Text::default();
    let is_look_up = query.filters.is_empty() && query.limit <= LOOK_UP_ROWS;
    let sql = match plan(db, query).await? {
        Plan::Walk(keys, direction) => {
            let sql = text.walk(query, keys, direction);
            if is_look_up {
                return read(db.look_up(&Statement::composed(sql), text.params).await?);
            }
            sql
        }
        Plan::Among(filter) => text.among(query, filter),
        Plan::WalkAll(direction) => text.walk_all(query, direction),
        Plan::Sort => text.sort(query),
    };
    read(db.read(&Statement::composed(sql), text.params).await?)
}

fn read(rows: Vec<crate::db::Row>) -> Result<Vec<Image>, Error> {
    rows.into_iter().map(|row| image::read(&mut row.read())).collect()
}

/// How a page is found.
enum Plan<'a> {
    /// Each source in its own order, cut at the page.
    Walk(&'static [SortKey], Direction),
    /// The few images that one filter names, looked up among the visible.
    Among(&'a Filter),
    /// All images by `updated_at`, looked up among the visible.
    WalkAll(Direction),
    /// All visible ones, sorted.
    Sort,
}

async fn plan<'a>(db: &Db, query: &'a ImageQuery) -> Result<Plan<'a>, Error> {
    let can_look_up = query.sources.iter().all(|source| source.principal().is_some());
    if can_look_up && let Some((filter, mut text, from)) = query.filters.iter().find_map(matching) {
        let most = text.put(FEW_MATCHING);
        let sql = format!("select 1 from {from} limit {most}");
        if count_rows(db, &sql, text).await? < FEW_MATCHING {
            return Ok(Plan::Among(filter));
        }
    }
    if let Some((keys, direction)) = walked(query) {
        return Ok(Plan::Walk(keys, direction));
    }
    if can_look_up && let Some(direction) = by(BY_UPDATE, query) {
        let mut text = Text::default();
        let most = text.put(FEW_VISIBLE);
        let branches: Vec<String> = query
            .sources
            .iter()
            .map(|source| {
                let branch = text.branch(source, query, false);
                format!("select * from (select 1 {} limit {most}) b", branch.from)
            })
            .collect();
        if count_rows(db, &branches.join(" union all "), text).await? >= FEW_VISIBLE {
            return Ok(Plan::WalkAll(direction));
        }
    }
    Ok(Plan::Sort)
}

/// Where the images that a filter names are found by an index, with what it says as parameters.
fn matching(filter: &Filter) -> Option<(&Filter, Text, String)> {
    let mut text = Text::default();
    let from = text.named(filter)?;
    Some((filter, text, from))
}

async fn count_rows(db: &Db, sql: &str, text: Text) -> Result<u32, Error> {
    let sql = format!("select cast(count(*) as bigint) from ({sql}) t");
    match db.read(&Statement::composed(sql), text.params).await?.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// How many images a query has in all, counted up to `most`.
pub async fn count(db: &Db, query: &ImageQuery, most: u32) -> Result<u32, Error> {
    let mut text = Text::default();
    let keys = text.all_keys(query);
    let filters = text.filters(query);
    let most = text.put(most);
    let sql = format!(
        "select cast(count(*) as bigint) from (select i.id from ({keys}) k \
         join image i on i.id = k.id{filters} limit {most}) t"
    );
    let rows = db.read(&Statement::composed(sql), text.params).await?;
    match rows.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// How many images a query has of each operating system, the most first; at most `most` systems, and
/// `None` for images that name none.
pub async fn systems(
    db: &Db,
    query: &ImageQuery,
    most: u32,
) -> Result<Vec<(Option<String>, u32)>, Error> {
    let mut text = Text::default();
    let keys = text.all_keys(query);
    let filters = text.filters(query);
    let most = text.put(most);
    let sql = format!(
        "select p.value, cast(count(*) as bigint) as n from ({keys}) k \
         join image i on i.id = k.id \
         left join image_property p on p.image_id = i.id and p.name = '{SYSTEM}' \
         where 1 = 1{filters} group by p.value order by n desc, p.value limit {most}"
    );
    let rows = db.read(&Statement::composed(sql), text.params).await?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.read();
            Ok((columns.opt_text()?, columns.u32()?))
        })
        .collect()
}

/// The orders for which there are indexes, by their keys.
const BY_CREATION: &[SortKey] = &[SortKey::CreatedAt, SortKey::Id];
const BY_NAME: &[SortKey] = &[SortKey::Name, SortKey::CreatedAt, SortKey::Id];
const BY_UPDATE: &[SortKey] = &[SortKey::UpdatedAt, SortKey::CreatedAt, SortKey::Id];

/// The one direction, where a query is ordered by these keys.
fn by(keys: &[SortKey], query: &ImageQuery) -> Option<Direction> {
    let order = full_order(&query.order);
    let direction = order.first()?.1;
    let is_same = order.iter().copied().eq(keys.iter().map(|key| (*key, direction)));
    is_same.then_some(direction)
}

/// The keys and their one direction, where indexes have every source of a query in its order.
fn walked(query: &ImageQuery) -> Option<(&'static [SortKey], Direction)> {
    if let Some(direction) = by(BY_CREATION, query) {
        return Some((BY_CREATION, direction));
    }
    let has_names = query.sources.iter().all(|source| source.principal().is_some());
    by(BY_NAME, query).filter(|_| has_names).map(|direction| (BY_NAME, direction))
}

/// One source in SQL: `from … where …`, and the columns of its index.
struct Branch {
    from: String,
    created_at: &'static str,
    id: &'static str,
}

impl Branch {
    /// The column of an order that is walked; names are in the rows of access only.
    fn column(&self, key: SortKey) -> &'static str {
        match key {
            SortKey::Name => "a.name",
            SortKey::CreatedAt => self.created_at,
            SortKey::Status
            | SortKey::ContainerFormat
            | SortKey::DiskFormat
            | SortKey::Size
            | SortKey::VirtualSize
            | SortKey::Kind
            | SortKey::UpdatedAt
            | SortKey::System
            | SortKey::Rank
            | SortKey::Id => self.id,
        }
    }
}

fn in_direction(columns: &[impl AsRef<str>], word: &str) -> String {
    let each: Vec<String> = columns.iter().map(|c| format!("{} {word}", c.as_ref())).collect();
    each.join(", ")
}

/// SQL under construction: only words of this file go into the text, values become parameters.
#[derive(Default)]
struct Text {
    params: Vec<Value>,
}

impl Text {
    fn put(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    /// Each branch walks its index and is cut at the page size.
    fn walk(&mut self, query: &ImageQuery, keys: &[SortKey], direction: Direction) -> String {
        let filters = self.filters(query);
        let limit = self.put(query.limit);
        let position: Option<Vec<String>> = query
            .after
            .as_ref()
            .map(|image| keys.iter().map(|key| self.put(key.of(image))).collect());
        let word = direction.word();
        let branches: Vec<String> = query
            .sources
            .iter()
            .map(|source| {
                let branch = self.branch(source, query, !filters.is_empty());
                let columns: Vec<&str> = keys.iter().map(|key| branch.column(*key)).collect();
                let after = position.as_ref().map_or_else(String::new, |values| {
                    let after = direction.after();
                    format!(" and ({}) {after} ({})", columns.join(", "), values.join(", "))
                });
                format!(
                    "select * from (select {} {}{after}{filters} order by {} limit {limit}) b",
                    columns.join(", "),
                    branch.from,
                    in_direction(&columns, word),
                )
            })
            .collect();
        // A name of its own for each key; the last is the id.
        let names: Vec<String> =
            (1..keys.len()).map(|at| format!("k{at}")).chain(["id".to_owned()]).collect();
        let ordered: Vec<String> = names.iter().map(|name| format!("k.{name}")).collect();
        format!(
            "with k({}) as ({}) select {} from k join image i on i.id = k.id \
             order by {} limit {limit}",
            names.join(", "),
            branches.join(" union "),
            image::image_columns!(),
            in_direction(&ordered, word),
        )
    }

    /// Any other order: all keys, joined and sorted.
    fn sort(&mut self, query: &ImageQuery) -> String {
        let keys = self.all_keys(query);
        let rest = self.filtered_in_order(query, "1 = 1");
        format!(
            "select {} from ({keys}) k join image i on i.id = k.id {rest}",
            image::image_columns!(),
        )
    }

    fn visible_in_order(&mut self, query: &ImageQuery) -> String {
        let listed = self.listed(query);
        let hidden = self.put(query.is_hidden);
        self.filtered_in_order(query, &format!("i.is_hidden = {hidden} and {listed}"))
    }

    /// `where … order by … limit …` over images `i`.
    fn filtered_in_order(&mut self, query: &ImageQuery, condition: &str) -> String {
        let filters = self.filters(query);
        let order = full_order(&query.order);
        let after = query
            .after
            .as_ref()
            .map_or_else(String::new, |image| format!(" and ({})", self.position(&order, image)));
        let limit = self.put(query.limit);
        let words: Vec<String> =
            order.iter().map(|(key, way)| format!("{} {}", key.sql(), way.word())).collect();
        format!("where {condition}{filters}{after} order by {} limit {limit}", words.join(", "))
    }

    /// The images that one filter names, those among them that are visible, sorted.
    fn among(&mut self, query: &ImageQuery, filter: &Filter) -> String {
        let from = self.named(filter).unwrap_or_default();
        let rest = self.visible_in_order(query);
        format!(
            "select {} from (select image_id from {from}) m join image i on i.id = m.image_id {rest}",
            image::image_columns!(),
        )
    }

    /// All images of the region along the index by `updated_at`, those of them that are visible.
    fn walk_all(&mut self, query: &ImageQuery, direction: Direction) -> String {
        let region = self.put(&query.region);
        let hidden = self.put(query.is_hidden);
        let after = query.after.as_ref().map_or_else(String::new, |image| {
            let values: Vec<String> = BY_UPDATE.iter().map(|key| self.put(key.of(image))).collect();
            let after = direction.after();
            format!(" and (i.updated_at, i.created_at, i.id) {after} ({})", values.join(", "))
        });
        let listed = self.listed(query);
        let filters = self.filters(query);
        let limit = self.put(query.limit);
        format!(
            "select {} from image i where i.region_id = {region} and i.is_hidden = {hidden}{after} \
             and {listed}{filters} order by {} limit {limit}",
            image::image_columns!(),
            in_direction(&["i.updated_at", "i.created_at", "i.id"], direction.word()),
        )
    }

    /// Whether one of the principals of a query lists the image `i`: a look-up for each.
    fn listed(&mut self, query: &ImageQuery) -> String {
        let region = self.put(&query.region);
        let hidden = self.put(query.is_hidden);
        let now = self.put(query.now);
        let principals = query.sources.iter().filter_map(Source::principal);
        let places: Vec<String> = principals.map(|principal| self.put(principal)).collect();
        format!(
            "exists (select 1 from image_access a where a.region_id = {region} \
             and a.principal in ({}) and a.is_hidden = {hidden} and a.created_at = i.created_at \
             and a.image_id = i.id and (a.ends_at = 0 or a.ends_at > {now}))",
            places.join(", ")
        )
    }

    /// The rows of a label or a property, from their index; `None` for other filters.
    fn named(&mut self, filter: &Filter) -> Option<String> {
        match filter {
            Filter::Tag(tag) => {
                let tag = self.put(tag.as_str());
                Some(format!("image_tag where tag = {tag}"))
            }
            // Values are long at times: the index has their beginnings.
            Filter::Property(name, value) => {
                let (name, value) = (self.put(name.as_str()), self.put(value.as_str()));
                Some(format!(
                    "image_property where name = {name} and value = {value} \
                     and substr(value, 1, 128) = substr(cast({value} as text), 1, 128)"
                ))
            }
            Filter::Text(..)
            | Filter::Number(..)
            | Filter::Within(..)
            | Filter::Outside(..)
            | Filter::Visibility(_)
            | Filter::TagKey(_)
            | Filter::NameContains(_)
            | Filter::NameOrId(_) => None,
        }
    }

    fn all_keys(&mut self, query: &ImageQuery) -> String {
        let branches: Vec<String> = query
            .sources
            .iter()
            .map(|source| {
                let branch = self.branch(source, query, false);
                format!("select {} as id {}", branch.id, branch.from)
            })
            .collect();
        branches.join(" union ")
    }

    /// `a > x or (a = x and b > y) or …`: what comes after a row when directions may differ.
    fn position(&mut self, order: &[(SortKey, Direction)], image: &Image) -> String {
        let values: Vec<String> = order.iter().map(|(key, _)| self.put(key.of(image))).collect();
        let cases: Vec<String> = (0..order.len())
            .map(|at| {
                let mut terms: Vec<String> =
                    (0..at).map(|i| format!("{} = {}", order[i].0.sql(), values[i])).collect();
                let (key, way) = order[at];
                terms.push(format!("{} {} {}", key.sql(), way.after(), values[at]));
                format!("({})", terms.join(" and "))
            })
            .collect();
        cases.join(" or ")
    }

    /// `from … where …` of one source. Where filters follow, the image is in it as `i`.
    fn branch(&mut self, source: &Source, query: &ImageQuery, needs_image: bool) -> Branch {
        match source {
            Source::OwnedOf(project, visibility) => self.owned(project, *visibility, query),
            Source::Owned(_)
            | Source::Accepted(_)
            | Source::AcceptedByAccount(_)
            | Source::Public
            | Source::Community
            | Source::Market
            | Source::Everything => {
                self.access(source.principal().unwrap_or_default(), query, needs_image)
            }
            Source::Received(project, state) => {
                self.received("project", project.as_str(), *state, query)
            }
            Source::ReceivedByAccount(account, state) => {
                self.received("account", account.as_str(), *state, query)
            }
        }
    }

    fn access(&mut self, principal: String, query: &ImageQuery, needs_image: bool) -> Branch {
        let join = if needs_image { " join image i on i.id = a.image_id" } else { "" };
        let region = self.put(&query.region);
        let principal = self.put(principal);
        let hidden = self.put(query.is_hidden);
        let now = self.put(query.now);
        let from = format!(
            "from image_access a{join} where a.region_id = {region} and a.principal = {principal} \
             and a.is_hidden = {hidden} and (a.ends_at = 0 or a.ends_at > {now})"
        );
        Branch { from, created_at: "a.created_at", id: "a.image_id" }
    }

    fn owned(&mut self, project: &ProjectId, visibility: Visibility, query: &ImageQuery) -> Branch {
        let project = self.put(project);
        let region = self.put(&query.region);
        let visibility = self.put(visibility.as_str());
        let hidden = self.put(query.is_hidden);
        let from = format!(
            "from image i where i.owner_id = {project} and i.region_id = {region} \
             and i.visibility = {visibility} and i.is_hidden = {hidden}"
        );
        Branch { from, created_at: "i.created_at", id: "i.id" }
    }

    fn received(&mut self, kind: &str, id: &str, state: ShareState, query: &ImageQuery) -> Branch {
        let kind = self.put(kind);
        let id = self.put(id);
        let region = self.put(&query.region);
        let state = self.put(state.as_str());
        let hidden = self.put(query.is_hidden);
        let now = self.put(query.now);
        let from = format!(
            "from share s join image i on i.id = s.image_id and i.visibility = 'shared' \
             and i.is_hidden = {hidden} \
             where s.recipient_kind = {kind} and s.recipient_id = {id} \
             and s.region_id = {region} and s.state = {state} \
             and (s.ends_at is null or s.ends_at > {now}) \
             and (s.state <> 'pending' or s.lapses_at is null or s.lapses_at > {now})"
        );
        Branch { from, created_at: "s.image_created_at", id: "s.image_id" }
    }

    fn filters(&mut self, query: &ImageQuery) -> String {
        query.filters.iter().map(|filter| format!(" and {}", self.filter(filter))).collect()
    }

    fn name_contains(&mut self, text: &str) -> String {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        format!("i.name_folded like {} escape '\\'", self.put(format!("%{escaped}%")))
    }

    fn filter(&mut self, filter: &Filter) -> String {
        match filter {
            Filter::Text(column, values) if values.is_empty() => {
                // Nothing is one of nothing.
                format!("{} is null and 1 = 0", column.sql())
            }
            Filter::Text(column, values) => {
                let places: Vec<String> =
                    values.iter().map(|value| self.put(value.as_str())).collect();
                format!("{} in ({})", column.sql(), places.join(", "))
            }
            Filter::Number(column, comparison, number) => {
                format!("{} {} {}", column.sql(), comparison.sql(), self.put(*number))
            }
            Filter::Within(column, from, to) => {
                let column = column.sql();
                format!("({column} >= {} and {column} < {})", self.put(*from), self.put(*to))
            }
            Filter::Outside(column, from, to) => {
                let column = column.sql();
                format!("({column} < {} or {column} >= {})", self.put(*from), self.put(*to))
            }
            Filter::Visibility(visibility) => {
                format!("i.visibility = {}", self.put(visibility.as_str()))
            }
            Filter::Tag(tag) => format!(
                "exists (select 1 from image_tag t where t.image_id = i.id and t.tag = {})",
                self.put(tag.as_str())
            ),
            // `>` follows `=`: a range of the index.
            Filter::TagKey(key) => format!(
                "exists (select 1 from image_tag t where t.image_id = i.id and (t.tag = {} \
                 or (t.tag >= {} and t.tag < {})))",
                self.put(key.as_str()),
                self.put(format!("{key}=")),
                self.put(format!("{key}>")),
            ),
            Filter::Property(name, value) => format!(
                "exists (select 1 from image_property p where p.image_id = i.id \
                 and p.name = {} and p.value = {})",
                self.put(name.as_str()),
                self.put(value.as_str())
            ),
            Filter::NameContains(text) => self.name_contains(text),
            // `~` follows everything that ids are made of.
            Filter::NameOrId(text) => format!(
                "({} or (i.id >= {} and i.id < {}))",
                self.name_contains(text),
                self.put(text.as_str()),
                self.put(format!("{text}~")),
            ),
        }
    }
}

/// Not a test by itself, so that lints of its own hold there: see the head of the file.
#[cfg(all(test, unix))]
#[path = "../tests/support/postgres.rs"]
mod postgres;

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
