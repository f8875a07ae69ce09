//! `GET /v2/cloudimages`: from Huawei's filters to a list request, and the page.

use axum::Json;
use axum::extract::{RawQuery, State};
use lendglass_core::image::{ImageKind, Visibility};
use lendglass_core::share::ShareState;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use serde_json::{Value, json};

use super::error::Failure;
use super::render::render_image;
use super::request::Asked;
use crate::app::App;
use crate::service::attribute;
use crate::service::list::{
    self, Comparison, Direction, Filter, ListImages, NumberColumn, Received, SortKey, TextColumn,
    View,
};
use crate::wire::common::invalid;
use crate::wire::query::{parse_flag, parse_limit, parse_query, parse_time_filter};

/// The page size where none is asked for.
const PAGE: u32 = 500;

/// A page of images.
pub async fn index(
    State(app): State<App>,
    asked: Asked,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Failure> {
    let pairs = parse_query(query.as_deref().unwrap_or_default())?;
    let request = parse_list(&pairs)?;
    let page = list::list(&app, &asked.caller, &request).await?;
    let images: Vec<Value> = page.images.iter().map(render_image).collect();
    let mut view = json!({"images": images});
    let is_full = page.limit > 0 && page.images.len() == page.limit as usize;
    if is_full && let Some(last) = page.images.last() {
        view["page_info"] = json!({"next_marker": last.id.as_str()});
    }
    Ok(Json(view))
}

/// What a query asks for; all its conditions must hold.
pub fn parse_list(pairs: &[(String, String)]) -> Result<ListImages, Error> {
    let mut request = ListImages { limit: Some(PAGE), ..ListImages::default() };
    let mut wanted = Wanted::default();
    let (mut key, mut direction) = (SortKey::CreatedAt, Direction::Descending);
    for (name, value) in pairs {
        match name.as_str() {
            "limit" => request.limit = Some(parse_limit(value)?),
            "marker" => request.marker = Some(parse_marker(value)?),
            "sort_key" => key = parse_sort_key(value)?,
            "sort_dir" => direction = parse_direction(value)?,
            "__imagetype" => wanted.image_type = Some(parse_image_type(value)?),
            "visibility" => wanted.visibility = Some(parse_visibility(value)?),
            "member_status" => wanted.state = Some(parse_member_status(value)?),
            _ => request.filters.extend(parse_filter(name, value)?),
        }
    }
    request.order = vec![(key, direction)];
    wanted.narrow(&mut request);
    Ok(request)
}

/// The three parameters that say together which images are meant, by who may see them.
#[derive(Default)]
struct Wanted {
    image_type: Option<ImageType>,
    visibility: Option<Visibility>,
    state: Option<ShareState>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ImageType {
    Of(Visibility),
    /// The marketplace's, of which there are none here.
    Market,
}

impl Wanted {
    /// `member_status` with `shared` means what was offered to the caller; without it shared images
    /// are also the own ones that have recipients.
    fn narrow(&self, request: &mut ListImages) {
        let of_type = match self.image_type {
            None => None,
            Some(ImageType::Of(visibility)) => Some(visibility),
            Some(ImageType::Market) => return exclude_all(request),
        };
        if let (Some(one), Some(other)) = (of_type, self.visibility)
            && one != other
        {
            return exclude_all(request);
        }
        request.received = self.state.map(Received::In);
        request.view = match (of_type.or(self.visibility), self.state) {
            (Some(Visibility::Shared), Some(_)) => Some(View::Received),
            (Some(Visibility::Shared), None) => {
                // An own image that is shareable but has no recipient is private to Huawei's clients.
                let some = Filter::Number(NumberColumn::Shares, Comparison::AtLeast, 1);
                request.filters.push(some);
                Some(View::Of(Visibility::Shared))
            }
            (visibility, _) => visibility.map(View::Of),
        };
    }
}

/// No image has this id: the nil UUID is never made, and Glance's own clients cannot choose it twice.
const NO_IMAGE: &str = "none";

fn nothing() -> Filter {
    Filter::Text(TextColumn::Id, vec![NO_IMAGE.to_owned()])
}

fn exclude_all(request: &mut ListImages) {
    request.filters.push(nothing());
}

fn parse_marker(value: &str) -> Result<ImageId, Error> {
    ImageId::parse_uuid(value)
        .map_err(|_| Error::new(Code::InvalidMarker).with("marker", shortened(value, 80)))
}

fn parse_image_type(value: &str) -> Result<ImageType, Error> {
    match value {
        "gold" => Ok(ImageType::Of(Visibility::Public)),
        "private" => Ok(ImageType::Of(Visibility::Private)),
        "shared" => Ok(ImageType::Of(Visibility::Shared)),
        "market" => Ok(ImageType::Market),
        _ => Err(invalid("__imagetype", value, "it must be gold, private, shared or market")),
    }
}

fn parse_visibility(value: &str) -> Result<Visibility, Error> {
    Visibility::parse(value)
        .ok_or_else(|| invalid("visibility", value, "it must be public, private or shared"))
}

fn parse_member_status(value: &str) -> Result<ShareState, Error> {
    ShareState::parse(value)
        .ok_or_else(|| invalid("member_status", value, "it must be accepted, pending or rejected"))
}

/// The condition of a parameter; `None` where every image meets it.
fn parse_filter(name: &str, value: &str) -> Result<Option<Filter>, Error> {
    let number = |column| {
        let number = value.trim().parse::<i64>();
        let number = number.map_err(|_| invalid(name, value, "it must be an integer"))?;
        Ok(Some(Filter::Number(column, Comparison::Equal, number)))
    };
    let text = |column| Ok(Some(Filter::Text(column, vec![value.to_owned()])));
    match name {
        "id" => text(TextColumn::Id),
        "name" => text(TextColumn::Name),
        "owner" => text(TextColumn::Owner),
        "status" => Ok(Some(statuses(value))),
        "disk_format" => text(TextColumn::DiskFormat),
        "container_format" => text(TextColumn::ContainerFormat),
        "min_ram" => number(NumberColumn::MinRam),
        "min_disk" => number(NumberColumn::MinDisk),
        "protected" => {
            let flag = i64::from(parse_flag(name, value)?);
            Ok(Some(Filter::Number(NumberColumn::Protected, Comparison::Equal, flag)))
        }
        "created_at" => parse_time_filter(name, value, NumberColumn::CreatedAt).map(Some),
        "updated_at" => parse_time_filter(name, value, NumberColumn::UpdatedAt).map(Some),
        "tag" => Ok(Some(Filter::Tag(value.trim().to_owned()))),
        "virtual_env_type" => Ok(Some(kinds(attribute::kinds_of_environment(value)))),
        "__whole_image" => Ok(Some(whole(parse_flag(name, value)?))),
        "__isregistered" => Ok((!parse_flag(name, value)?).then(nothing)),
        // Every image suits every flavor, and there is one enterprise project, the default one.
        "flavor_id" => Ok(None),
        "enterprise_project_id" => {
            Ok((!matches!(value, "" | "0" | "all_granted_eps")).then(nothing))
        }
        // No key of a tenant has an id here.
        "__system__cmkid" => Ok(Some(nothing())),
        "architecture" => {
            let word = if value == "arm" { "aarch64" } else { "x86_64" };
            Ok(Some(Filter::Property("architecture".to_owned(), word.to_owned())))
        }
        _ => Ok(Some(attribute_filter(name, value))),
    }
}

/// Attributes are kept in properties; those that are not are nobody's.
fn attribute_filter(name: &str, value: &str) -> Filter {
    match attribute::stored(name, value) {
        Some((property, value)) => Filter::Property(property.to_owned(), value),
        None => Filter::Property(name.to_owned(), value.to_owned()),
    }
}

/// Huawei has one word for all the ways in which bytes arrive.
fn statuses(value: &str) -> Filter {
    let words: &[&str] = match value {
        "saving" => &["saving", "uploading", "importing"],
        other => &[other],
    };
    Filter::Text(TextColumn::Status, words.iter().map(|word| (*word).to_owned()).collect())
}

fn kinds(kinds: &[ImageKind]) -> Filter {
    if kinds.is_empty() {
        return nothing();
    }
    let words = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    Filter::Text(TextColumn::Kind, words)
}

fn whole(is_whole: bool) -> Filter {
    let wanted = |kind: &&ImageKind| (**kind == ImageKind::FullServer) == is_whole;
    let all: Vec<ImageKind> = ImageKind::ALL.iter().filter(wanted).copied().collect();
    kinds(&all)
}

fn parse_sort_key(text: &str) -> Result<SortKey, Error> {
    Ok(match text {
        "name" => SortKey::Name,
        "container_format" => SortKey::ContainerFormat,
        "disk_format" => SortKey::DiskFormat,
        "status" => SortKey::Status,
        "id" => SortKey::Id,
        "size" => SortKey::Size,
        "created_at" => SortKey::CreatedAt,
        "updated_at" => SortKey::UpdatedAt,
        _ => {
            let keys = "it must be name, container_format, disk_format, status, id, size, \
                        created_at or updated_at";
            return Err(invalid("sort_key", text, keys));
        }
    })
}

fn parse_direction(text: &str) -> Result<Direction, Error> {
    match text {
        "asc" => Ok(Direction::Ascending),
        "desc" => Ok(Direction::Descending),
        _ => Err(invalid("sort_dir", text, "it must be asc or desc")),
    }
}
