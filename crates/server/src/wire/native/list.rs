//! The list of images.

use axum::Json as Answer;
use axum::extract::State;
use lendglass_core::image::{DiskFormat, ImageKind, ImageStatus, Visibility};
use lendglass_core::limits::LIST_TOTAL;
use lendglass_core::share::ShareState;
use lendglass_core::text::{folded, shortened};
use lendglass_core::{Error, ImageId};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Query};
use super::view::{ImageView, render_images};
use crate::app::App;
use crate::service::list::{
    self, Comparison, Direction, Filter, ListImages, NumberColumn, Received, SortKey, TextColumn,
    View,
};
use crate::wire::common::invalid;

/// A page of images.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImagePage {
    /// The images, in the wanted order.
    pub images: Vec<ImageView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
    /// How many there are in all, where `total=true` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Count>,
}

/// A number that is counted up to some point only.
#[derive(Debug, Serialize, ToSchema)]
pub struct Count {
    /// So many, or at least so many.
    pub count: u32,
    /// Whether there are more.
    pub is_more: bool,
    /// For people: `17`, `1000+`.
    pub text: String,
}

impl Count {
    /// `counted` things, when counting ended at the first one beyond `most`.
    pub fn up_to(counted: u32, most: u32) -> Count {
        let is_more = counted > most;
        let count = counted.min(most);
        let text = if is_more { format!("{count}+") } else { count.to_string() };
        Count { count, is_more, text }
    }
}

/// Lists images: by default own, public and accepted ones, newest first.
#[utoipa::path(get, path = "/api/v1/images", operation_id = "list_images", tag = "images",
    params(
        ("view" = Option<String>, Query, description = "`owned`, `received`, `private`, `shared`, \
            `public`, `community`, `market` or `all`"),
        ("state" = Option<String>, Query, description = "Of what was received: `pending`, \
            `accepted` (default), `rejected` or `any`"),
        ("name" = Option<String>, Query, description = "Exactly this name"),
        ("name_contains" = Option<String>, Query, description = "A part of the name, in any case; \
            may be repeated, and all must match"),
        ("q" = Option<String>, Query, description = "A part of the name, in any case, or the \
            beginning of the id; may be repeated, and all must match"),
        ("size_min" = Option<u64>, Query, description = "At least so many bytes; may be repeated"),
        ("size_max" = Option<u64>, Query, description = "At most so many bytes; may be repeated"),
        ("kind" = Option<String>, Query, description = "What it holds; may be repeated"),
        ("status" = Option<String>, Query, description = "Where it is in its life; may be repeated"),
        ("disk_format" = Option<String>, Query, description = "Its format; may be repeated"),
        ("tag" = Option<String>, Query, description = "A tag it carries, as `KEY` or `KEY=VALUE`; \
            may be repeated, and all must match"),
        ("tag_key" = Option<String>, Query, description = "The key of a tag it carries, whatever \
            its value; may be repeated"),
        ("property.NAME" = Option<String>, Query, description = "A property it has"),
        ("owner" = Option<String>, Query, description = "The project that owns it"),
        ("shared" = Option<bool>, Query, description = "Whether it is shared with anybody"),
        ("published" = Option<bool>, Query, description = "Whether it is in the marketplace"),
        ("hidden" = Option<bool>, Query, description = "Hidden images instead of the others"),
        ("sort" = Option<String>, Query, description = "`KEY:asc` or `KEY:desc`, comma-separated: \
            name, kind, status, size, virtual_size, disk_format, container_format, created_at, updated_at, id, os (the property `os_distro`), rank (the operator's order of public images)"),
        ("limit" = Option<u32>, Query, description = "At most so many"),
        ("marker" = Option<String>, Query, description = "Only what comes after this image"),
        ("total" = Option<bool>, Query, description = "Count them, up to 10,000"),
    ),
    responses((status = 200, body = ImagePage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<ImagePage>, Failure> {
    let wants_total = query.flag("total")?;
    let request = parse_list(&mut query)?;
    query.finish()?;
    let caller = &asking.caller;
    let page = list::list(&app, caller, &request).await?;
    let is_full = page.limit > 0 && page.images.len() >= page.limit as usize;
    let next = page.images.last().filter(|_| is_full).map(|image| image.id.to_string());
    let seen = list::with_shares(&app, caller, page.images).await?;
    let images = render_images(&app, &asking, seen).await?;
    let total = if wants_total {
        let counted = list::count(&app, caller, &request, LIST_TOTAL + 1).await?;
        Some(Count::up_to(counted, LIST_TOTAL))
    } else {
        None
    };
    Ok(Answer(ImagePage { images, next, total }))
}

/// How many images there are of an operating system.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemView {
    /// The system, as the property `os_distro` names it; none of images that do not.
    pub system: Option<String>,
    /// So many images.
    pub images: u32,
}

/// The operating systems of a list of images.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemList {
    /// The most frequent first.
    pub systems: Vec<SystemView>,
}

/// Groups a list of images by operating system.
#[utoipa::path(get, path = "/api/v1/images/systems", operation_id = "list_systems", tag = "images",
    params(("view" = Option<String>, Query, description = "Of which images, as in the list; so are the \
        other filters of the list")),
    responses((status = 200, body = SystemList), (status = "default", body = Problem)))]
pub async fn systems(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<SystemList>, Failure> {
    let request = parse_list(&mut query)?;
    query.finish()?;
    let systems = list::systems(&app, &asking.caller, &request).await?;
    let view = |(system, images)| SystemView { system, images };
    Ok(Answer(SystemList { systems: systems.into_iter().map(view).collect() }))
}

pub fn parse_list(query: &mut Query) -> Result<ListImages, Error> {
    let marker = query.one("marker")?;
    let marker = marker.map(|text| {
        let shown = || shortened(&text, 80);
        ImageId::parse_uuid(&text)
            .map_err(|_| Error::new(lendglass_core::Code::InvalidMarker).with("marker", shown()))
    });
    Ok(ListImages {
        view: query.word("view", parse_view)?,
        received: query.word("state", parse_received)?,
        is_hidden: query.flag("hidden")?,
        filters: parse_filters(query)?,
        order: parse_order(query.one("sort")?.as_deref())?,
        marker: marker.transpose()?,
        limit: query.number("limit")?,
    })
}

fn parse_view(word: &str) -> Option<View> {
    match word {
        "all" => Some(View::All),
        "owned" => Some(View::Owned),
        "received" => Some(View::Received),
        "market" => Some(View::Market),
        other => Visibility::parse(other).map(View::Of),
    }
}

fn parse_received(word: &str) -> Option<Received> {
    if word == "any" { Some(Received::Any) } else { ShareState::parse(word).map(Received::In) }
}

fn parse_filters(query: &mut Query) -> Result<Vec<Filter>, Error> {
    let mut filters = Vec::new();
    if let Some(name) = query.one("name")? {
        filters.push(Filter::Text(TextColumn::Name, vec![name]));
    }
    let parts = query.all("name_contains");
    filters.extend(parts.iter().map(|part| Filter::NameContains(folded(part))));
    filters.extend(query.all("q").iter().map(|text| Filter::NameOrId(folded(text))));
    for (name, comparison) in [("size_min", Comparison::AtLeast), ("size_max", Comparison::AtMost)]
    {
        for text in query.all(name) {
            let bytes = text.parse::<i64>().ok().filter(|bytes| *bytes >= 0);
            let bytes = bytes.ok_or_else(|| invalid(name, &text, "it is not a whole number"))?;
            filters.push(Filter::Number(NumberColumn::Size, comparison, bytes));
        }
    }
    if let Some(owner) = query.one("owner")? {
        filters.push(Filter::Text(TextColumn::Owner, vec![owner]));
    }
    let is_kind = |word: &str| ImageKind::parse(word).is_some();
    let is_status = |word: &str| ImageStatus::parse(word).is_some();
    let is_format = |word: &str| DiskFormat::parse(word).is_some();
    filters.extend(words(query, "kind", TextColumn::Kind, is_kind)?);
    filters.extend(words(query, "status", TextColumn::Status, is_status)?);
    filters.extend(words(query, "disk_format", TextColumn::DiskFormat, is_format)?);
    if let Some(is_shared) = query.opt_flag("shared")? {
        let comparison = if is_shared { Comparison::Greater } else { Comparison::Equal };
        filters.push(Filter::Number(NumberColumn::Shares, comparison, 0));
    }
    if let Some(is_published) = query.opt_flag("published")? {
        let value = i64::from(is_published);
        filters.push(Filter::Number(NumberColumn::Published, Comparison::Equal, value));
    }
    filters.extend(query.all("tag").into_iter().map(Filter::Tag));
    filters.extend(query.all("tag_key").into_iter().map(Filter::TagKey));
    let properties = query.with_prefix("property.").into_iter();
    filters.extend(properties.map(|(name, value)| Filter::Property(name, value)));
    Ok(filters)
}

/// One filter for the repetitions of a parameter: any of them.
fn words(
    query: &mut Query,
    name: &str,
    column: TextColumn,
    is_known: impl Fn(&str) -> bool,
) -> Result<Option<Filter>, Error> {
    let words = query.all(name);
    match words.iter().find(|word| !is_known(word)) {
        Some(word) => Err(invalid(name, word, "there is no such word")),
        None if words.is_empty() => Ok(None),
        None => Ok(Some(Filter::Text(column, words))),
    }
}

fn parse_order(text: Option<&str>) -> Result<Vec<(SortKey, Direction)>, Error> {
    let refused = |part: &str| invalid("sort", part, "KEY:asc or KEY:desc, comma-separated");
    let parts = text.unwrap_or_default().split(',').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (key, way) = part.split_once(':').unwrap_or((part, "asc"));
            let direction = match way {
                "asc" => Direction::Ascending,
                "desc" => Direction::Descending,
                _ => return Err(refused(part)),
            };
            sort_key(key).map(|key| (key, direction)).ok_or_else(|| refused(part))
        })
        .collect()
}

fn sort_key(word: &str) -> Option<SortKey> {
    match word {
        "name" => Some(SortKey::Name),
        "status" => Some(SortKey::Status),
        "size" => Some(SortKey::Size),
        "virtual_size" => Some(SortKey::VirtualSize),
        "kind" => Some(SortKey::Kind),
        "disk_format" => Some(SortKey::DiskFormat),
        "container_format" => Some(SortKey::ContainerFormat),
        "created_at" => Some(SortKey::CreatedAt),
        "updated_at" => Some(SortKey::UpdatedAt),
        "id" => Some(SortKey::Id),
        "os" => Some(SortKey::System),
        "rank" => Some(SortKey::Rank),
        _ => None,
    }
}
