//! The list query: a page of the images somebody sees.
//!
//! `image_access` has one row for each principal that lists an image, so a page walks one index range
//! for each of a few principals. In the default order (`created_at`) every branch is cut at the page
//! size before the union, and the cost is the same at any depth: two or three ranges of a page's keys
//! and as many key look-ups. Filters are tested along the walk. Any other order takes all keys of
//! the principals, joins and sorts.

use lendglass_core::image::{Image, Visibility};
use lendglass_core::share::ShareState;
use lendglass_core::{AccountId, Error, ProjectId, RegionId, Timestamp};

use crate::db::{Db, Statement, Value};
use crate::image;

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

/// What must hold of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// A text column is one of these.
    Text(TextColumn, Vec<String>),
    /// A number column compares so.
    Number(NumberColumn, Comparison, i64),
    /// A number column lies in [from, to).
    Within(NumberColumn, i64, i64),
    /// A number column does not lie in [from, to).
    Outside(NumberColumn, i64, i64),
    /// The visibility is this.
    Visibility(Visibility),
    /// It carries this tag.
    Tag(String),
    /// It carries a tag with this key: the key alone, or `KEY=VALUE`.
    TagKey(String),
    /// It has this property with this value.
    Property(String, String),
    /// Its folded name contains this folded text.
    NameContains(String),
    /// That, or its id begins with the text.
    NameOrId(String),
}

/// Text columns that filters know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the image's field of the same name")]
pub enum TextColumn {
    Id,
    Name,
    Owner,
    Status,
    Kind,
    DiskFormat,
    ContainerFormat,
    Md5,
    DigestAlgo,
    Digest,
}

impl TextColumn {
    fn sql(self) -> &'static str {
        match self {
            TextColumn::Id => "i.id",
            TextColumn::Name => "i.name",
            TextColumn::Owner => "i.owner_id",
            TextColumn::Status => "i.status",
            TextColumn::Kind => "i.kind",
            TextColumn::DiskFormat => "i.disk_format",
            TextColumn::ContainerFormat => "i.container_format",
            TextColumn::Md5 => "i.md5_hex",
            TextColumn::DigestAlgo => "i.digest_algo",
            TextColumn::Digest => "i.digest_hex",
        }
    }
}

/// Number columns that filters know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the image's field of the same name")]
pub enum NumberColumn {
    Size,
    VirtualSize,
    MinDisk,
    MinRam,
    Protected,
    Published,
    CreatedAt,
    UpdatedAt,
    Shares,
}

impl NumberColumn {
    fn sql(self) -> &'static str {
        match self {
            NumberColumn::Size => "i.size_bytes",
            NumberColumn::VirtualSize => "i.virtual_size_bytes",
            NumberColumn::MinDisk => "i.min_disk_gib",
            NumberColumn::MinRam => "i.min_ram_mib",
            NumberColumn::Protected => "i.is_protected",
            NumberColumn::Published => "i.is_published",
            NumberColumn::CreatedAt => "i.created_at",
            NumberColumn::UpdatedAt => "i.updated_at",
            NumberColumn::Shares => "i.share_count",
        }
    }
}

/// How a number compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    fn sql(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }
}

/// What a list may be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the image's field of the same name")]
pub enum SortKey {
    Name,
    Status,
    ContainerFormat,
    DiskFormat,
    Size,
    VirtualSize,
    Kind,
    Id,
    CreatedAt,
    UpdatedAt,
    /// The operating system.
    System,
    /// The operator's order of public images.
    Rank,
}

/// The property that names an image's operating system.
const SYSTEM: &str = "os_distro";
/// What has no rank comes after all that has.
const NO_RANK: i64 = 1 << 32;

impl SortKey {
    /// Nothing sorts before everything, on both engines.
    fn sql(self) -> &'static str {
        match self {
            SortKey::Name => "coalesce(i.name, '')",
            SortKey::Status => "i.status",
            SortKey::ContainerFormat => "coalesce(i.container_format, '')",
            SortKey::DiskFormat => "coalesce(i.disk_format, '')",
            SortKey::Size => "coalesce(i.size_bytes, -1)",
            SortKey::VirtualSize => "coalesce(i.virtual_size_bytes, -1)",
            SortKey::Kind => "i.kind",
            SortKey::Id => "i.id",
            SortKey::CreatedAt => "i.created_at",
            SortKey::UpdatedAt => "i.updated_at",
            SortKey::System => {
                "coalesce((select p.value from image_property p \
                 where p.image_id = i.id and p.name = 'os_distro'), '')"
            }
            SortKey::Rank => "case i.list_rank when 0 then 4294967296 else i.list_rank end",
        }
    }

    fn of(self, image: &Image) -> Value {
        let text = |text: Option<&str>| Value::from(text.unwrap_or_default());
        match self {
            SortKey::Name => text(image.name.as_deref()),
            SortKey::Status => text(Some(image.status.as_str())),
            SortKey::ContainerFormat => text(image.container_format.map(|f| f.as_str())),
            SortKey::DiskFormat => text(image.disk_format.map(|f| f.as_str())),
            SortKey::Size => image.size_bytes.map_or(Value::Int(-1), Value::from),
            SortKey::VirtualSize => image.virtual_size_bytes.map_or(Value::Int(-1), Value::from),
            SortKey::Kind => text(Some(image.kind.as_str())),
            SortKey::Id => text(Some(image.id.as_str())),
            SortKey::CreatedAt => image.created_at.into(),
            SortKey::UpdatedAt => image.updated_at.into(),
            SortKey::System => text(image.properties.get(SYSTEM).map(String::as_str)),
            SortKey::Rank if image.rank == 0 => Value::Int(NO_RANK),
            SortKey::Rank => Value::Int(i64::from(image.rank)),
        }
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Direction::Ascending => "asc",
            Direction::Descending => "desc",
        }
    }

    fn after(self) -> &'static str {
        match self {
            Direction::Ascending => ">",
            Direction::Descending => "<",
        }
    }
}

/// A page of images in the wanted order.
pub async fn images(db: &Db, query: &ImageQuery) -> Result<Vec<Image>, Error> {
    let mut text = Text::default();
    let sql = match by_creation(&query.order) {
        Some(direction) => text.walk(query, direction),
        None => text.sort(query),
    };
    let rows = db.read(&Statement::composed(sql), text.params).await?;
    rows.into_iter().map(|row| image::read(&mut row.read())).collect()
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

/// The direction, where the order is by creation alone.
fn by_creation(order: &[(SortKey, Direction)]) -> Option<Direction> {
    match order {
        [] => Some(Direction::Descending),
        [(SortKey::CreatedAt, direction)] => Some(*direction),
        [(SortKey::CreatedAt, direction), (SortKey::Id, id)] if direction == id => Some(*direction),
        _ => None,
    }
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

    /// The default order: each branch walks its index and is cut at the page size.
    fn walk(&mut self, query: &ImageQuery, direction: Direction) -> String {
        let filters = self.filters(query);
        let limit = self.put(query.limit);
        let position = query
            .after
            .as_ref()
            .map(|image| (self.put(image.created_at), self.put(image.id.as_str())));
        let branches: Vec<String> = query
            .sources
            .iter()
            .map(|source| {
                let (from, key) = self.branch(source, query, !filters.is_empty());
                let after = position.as_ref().map_or_else(String::new, |(at, id)| {
                    format!(
                        " and ({key}.created_at, {key}.image_id) {} ({at}, {id})",
                        direction.after()
                    )
                });
                let word = direction.word();
                format!(
                    "select * from (select {key}.created_at, {key}.image_id {from}{after}{filters} \
                     order by {key}.created_at {word}, {key}.image_id {word} limit {limit}) b"
                )
            })
            .collect();
        format!(
            "with k(created_at, id) as ({}) select {} from k join image i on i.id = k.id \
             order by k.created_at {word}, k.id {word} limit {limit}",
            branches.join(" union "),
            image::image_columns!(),
            word = direction.word(),
        )
    }

    /// Any other order: all keys, joined and sorted.
    fn sort(&mut self, query: &ImageQuery) -> String {
        let keys = self.all_keys(query);
        let filters = self.filters(query);
        let order = full_order(&query.order);
        let after = query
            .after
            .as_ref()
            .map_or_else(String::new, |image| format!(" and ({})", self.position(&order, image)));
        let limit = self.put(query.limit);
        let words: Vec<String> =
            order.iter().map(|(key, way)| format!("{} {}", key.sql(), way.word())).collect();
        format!(
            "select {} from ({keys}) k join image i on i.id = k.id where 1 = 1{filters}{after} \
             order by {} limit {limit}",
            image::image_columns!(),
            words.join(", "),
        )
    }

    fn all_keys(&mut self, query: &ImageQuery) -> String {
        let branches: Vec<String> = query
            .sources
            .iter()
            .map(|source| {
                let (from, key) = self.branch(source, query, false);
                format!("select {key}.image_id as id {from}")
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

    /// `from … where …` of one source, and the alias that has `created_at` and `image_id`.
    fn branch(
        &mut self,
        source: &Source,
        query: &ImageQuery,
        needs_image: bool,
    ) -> (String, &'static str) {
        match source {
            Source::Owned(project) => self.access(format!("p:{project}"), query, needs_image),
            Source::Accepted(project) => self.access(format!("s:{project}"), query, needs_image),
            Source::AcceptedByAccount(account) => {
                self.access(format!("a:{account}"), query, needs_image)
            }
            Source::Public => self.access("*".to_owned(), query, needs_image),
            Source::Community => self.access("c".to_owned(), query, needs_image),
            Source::Market => self.access("m".to_owned(), query, needs_image),
            Source::Everything => self.access("all".to_owned(), query, needs_image),
            Source::Received(project, state) => {
                self.received("project", project.as_str(), *state, query)
            }
            Source::ReceivedByAccount(account, state) => {
                self.received("account", account.as_str(), *state, query)
            }
        }
    }

    fn access(
        &mut self,
        principal: String,
        query: &ImageQuery,
        needs_image: bool,
    ) -> (String, &'static str) {
        let join = if needs_image { " join image i on i.id = a.image_id" } else { "" };
        let region = self.put(&query.region);
        let principal = self.put(principal);
        let hidden = self.put(query.is_hidden);
        let now = self.put(query.now);
        let text = format!(
            "from image_access a{join} where a.region_id = {region} and a.principal = {principal} \
             and a.is_hidden = {hidden} and (a.ends_at = 0 or a.ends_at > {now})"
        );
        (text, "a")
    }

    fn received(
        &mut self,
        kind: &str,
        id: &str,
        state: ShareState,
        query: &ImageQuery,
    ) -> (String, &'static str) {
        let kind = self.put(kind);
        let id = self.put(id);
        let region = self.put(&query.region);
        let state = self.put(state.as_str());
        let hidden = self.put(query.is_hidden);
        let now = self.put(query.now);
        let text = format!(
            "from (select i.created_at, i.id as image_id from share s \
             join image i on i.id = s.image_id and i.visibility = 'shared' \
             and i.is_hidden = {hidden} \
             where s.recipient_kind = {kind} and s.recipient_id = {id} \
             and s.region_id = {region} and s.state = {state} \
             and (s.ends_at is null or s.ends_at > {now}) \
             and (s.state <> 'pending' or s.lapses_at is null or s.lapses_at > {now})) a \
             join image i on i.id = a.image_id where 1 = 1"
        );
        (text, "a")
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

/// The order with `created_at` and `id` added, so that it is total.
fn full_order(order: &[(SortKey, Direction)]) -> Vec<(SortKey, Direction)> {
    let mut full = order.to_vec();
    let last = full.last().map_or(Direction::Descending, |(_, direction)| *direction);
    for key in [SortKey::CreatedAt, SortKey::Id] {
        if !full.iter().any(|(known, _)| *known == key) {
            full.push((key, last));
        }
    }
    full
}
