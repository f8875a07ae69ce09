//! `GET /v2/images`: from the query string to a list request, and from a page to its links.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use lendglass_core::image::Visibility;
use lendglass_core::share::ShareState;
use lendglass_core::{Code, Error, ImageId};
use serde::Serialize;
use url::form_urlencoded;

use crate::app::App;
use crate::service::attribute;
use crate::service::list::{
    self, Comparison, Direction, Filter, ListImages, NumberColumn, Page, Received, SortKey,
    TextColumn, View,
};
use crate::wire::common::{invalid, json_answer, malformed, parse_time};
use crate::wire::openstack::error::Failure;
use crate::wire::openstack::render::{IMAGE_BYTES, ImageView, render_for};
use crate::wire::openstack::request::Asked;
use crate::wire::query::{parse_flag, parse_limit, parse_query, parse_time_filter};

/// A page of images.
pub async fn index(
    State(app): State<App>,
    asked: Asked,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let pairs = parse_query(query.as_deref().unwrap_or_default())?;
    let mut request = parse_list(&pairs)?;
    if asked.is_signed() {
        request.filters = request.filters.into_iter().map(kept).collect();
    }
    let page = list::list(&app, &asked.caller, &request).await?;
    let about_bytes = IMAGE_BYTES * (page.images.len() + 1);
    Ok(json_answer(&render_page(&pairs, &page, asked.is_signed()), about_bytes)?)
}

/// A filter by an attribute of Huawei's that clients set, under the name that keeps it.
fn kept(mut filter: Filter) -> Filter {
    if let Filter::Property(name, value) = &mut filter
        && let Some((property, kept)) = attribute::stored(name, value)
    {
        (*name, *value) = (property.to_owned(), kept);
    }
    filter
}

/// What a query asks for. Names that are no parameter and no field are additional properties.
pub fn parse_list(pairs: &[(String, String)]) -> Result<ListImages, Error> {
    let mut request = ListImages { order: parse_order(pairs)?, ..ListImages::default() };
    for (name, value) in pairs {
        match name.as_str() {
            "sort" | "sort_key" | "sort_dir" => {}
            "limit" => request.limit = Some(parse_limit(value)?),
            "marker" => request.marker = Some(parse_marker(value)?),
            "member_status" => request.received = Some(parse_member_status(value)?),
            "visibility" => request.view = Some(parse_visibility(value)?),
            "os_hidden" => request.is_hidden = parse_flag(name, value)?,
            "tag" => request.filters.push(Filter::Tag(value.trim().to_owned())),
            _ => request.filters.push(parse_filter(name, value)?),
        }
    }
    Ok(request)
}

fn parse_marker(value: &str) -> Result<ImageId, Error> {
    ImageId::parse_uuid(value).map_err(|_| {
        let shown = lendglass_core::text::shortened(value, 80);
        Error::new(Code::InvalidMarker).with("marker", shown)
    })
}

fn parse_member_status(value: &str) -> Result<Received, Error> {
    if value == "all" {
        return Ok(Received::Any);
    }
    ShareState::parse(value).map(Received::In).ok_or_else(|| {
        invalid("member_status", value, "it must be accepted, pending, rejected or all")
    })
}

fn parse_visibility(value: &str) -> Result<View, Error> {
    if value == "all" {
        return Ok(View::All);
    }
    Visibility::parse(value).map(View::Of).ok_or_else(|| {
        invalid("visibility", value, "it must be public, private, shared, community or all")
    })
}

fn parse_filter(name: &str, value: &str) -> Result<Filter, Error> {
    let number = |column, comparison| {
        let number = value.trim().parse::<i64>();
        let number = number.map_err(|_| invalid(name, value, "it must be an integer"))?;
        Ok(Filter::Number(column, comparison, number))
    };
    let text = |column| Ok(Filter::Text(column, parse_words(name, value)?));
    let same = |column| Ok(Filter::Text(column, vec![value.to_owned()]));
    match name {
        "id" => text(TextColumn::Id),
        "name" => text(TextColumn::Name),
        "status" => text(TextColumn::Status),
        "disk_format" => text(TextColumn::DiskFormat),
        "container_format" => text(TextColumn::ContainerFormat),
        "owner" => same(TextColumn::Owner),
        "checksum" => same(TextColumn::Md5),
        "os_hash_algo" => same(TextColumn::DigestAlgo),
        "os_hash_value" => same(TextColumn::Digest),
        "size" => number(NumberColumn::Size, Comparison::Equal),
        "size_min" => number(NumberColumn::Size, Comparison::AtLeast),
        "size_max" => number(NumberColumn::Size, Comparison::AtMost),
        "virtual_size" => number(NumberColumn::VirtualSize, Comparison::Equal),
        "virtual_size_min" => number(NumberColumn::VirtualSize, Comparison::AtLeast),
        "virtual_size_max" => number(NumberColumn::VirtualSize, Comparison::AtMost),
        "min_disk" => number(NumberColumn::MinDisk, Comparison::Equal),
        "min_disk_min" => number(NumberColumn::MinDisk, Comparison::AtLeast),
        "min_disk_max" => number(NumberColumn::MinDisk, Comparison::AtMost),
        "min_ram" => number(NumberColumn::MinRam, Comparison::Equal),
        "min_ram_min" => number(NumberColumn::MinRam, Comparison::AtLeast),
        "min_ram_max" => number(NumberColumn::MinRam, Comparison::AtMost),
        "protected" => {
            let flag = i64::from(parse_flag(name, value)?);
            Ok(Filter::Number(NumberColumn::Protected, Comparison::Equal, flag))
        }
        "created_at" => parse_time_filter(name, value, NumberColumn::CreatedAt),
        "updated_at" => parse_time_filter(name, value, NumberColumn::UpdatedAt),
        "changes-since" => Err(invalid(name, value, "it is not available in this version")),
        "" => Err(malformed("a filter without a name")),
        _ => Ok(Filter::Property(name.to_owned(), value.to_owned())),
    }
}

/// `VALUE`, `eq:VALUE` or `in:A,B,"C,D"`.
pub fn parse_words(name: &str, value: &str) -> Result<Vec<String>, Error> {
    match value.split_once(':') {
        None => Ok(vec![value.to_owned()]),
        Some(("eq", word)) => Ok(vec![word.to_owned()]),
        Some(("in", words)) => parse_quoted(name, words),
        // A time has colons and no operator.
        Some(_) if parse_time(value).is_some() => Ok(vec![value.to_owned()]),
        Some(_) => Err(invalid(name, value, "before a colon stands in or eq")),
    }
}

/// Words parted by commas; a word in double quotes may hold commas, and `\"` for a quote.
fn parse_quoted(name: &str, text: &str) -> Result<Vec<String>, Error> {
    let refuse = |reason: &str| Err(invalid(name, text, reason));
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let Some((word, tail)) = until_quote(quoted) else {
                return refuse("a quotation mark is not closed");
            };
            words.push(word);
            rest = match tail.strip_prefix(',') {
                Some(tail) => tail,
                None if tail.is_empty() => tail,
                None => return refuse("there is no comma after a closing quotation mark"),
            };
            continue;
        }
        let (word, tail) = rest.split_once(',').unwrap_or((rest, ""));
        if word.replace("\\\"", "").contains('"') {
            return refuse("there is no comma before an opening quotation mark");
        }
        words.push(word.to_owned());
        rest = tail;
    }
    Ok(words)
}

/// The text before the closing quote, unescaped, and what comes after it.
fn until_quote(text: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((word, &text[at + 1..])),
            '\\' => word.push(chars.next()?.1),
            _ => word.push(c),
        }
    }
    None
}

/// `sort=KEY:DIRECTION,…`, or pairs of `sort_key` and `sort_dir`; not both. Of a key given twice the
/// first counts.
fn parse_order(pairs: &[(String, String)]) -> Result<Vec<(SortKey, Direction)>, Error> {
    let all = |name: &str| {
        let name = name.to_owned();
        pairs.iter().filter(move |(n, _)| *n == name).map(|(_, value)| value.trim())
    };
    let mut order: Vec<(SortKey, Direction)> = Vec::new();
    let mut put = |key, direction| {
        if !order.iter().any(|(known, _)| *known == key) {
            order.push((key, direction));
        }
    };
    let keys = all("sort_key").map(parse_sort_key).collect::<Result<Vec<_>, _>>()?;
    let directions = all("sort_dir").map(parse_direction).collect::<Result<Vec<_>, _>>()?;
    if let Some(sort) = all("sort").next() {
        if !keys.is_empty() || !directions.is_empty() {
            return Err(invalid("sort", sort, "sort_key and sort_dir cannot go with it"));
        }
        for part in sort.split(',') {
            let (key, direction) = part.split_once(':').unwrap_or((part, "desc"));
            put(parse_sort_key(key.trim())?, parse_direction(direction.trim())?);
        }
        return Ok(order);
    }
    if directions.len() > 1 && directions.len() != keys.len() {
        let reason = "there are not as many as there are sort_key";
        return Err(invalid("sort_dir", &directions.len().to_string(), reason));
    }
    let first = directions.first().copied().unwrap_or(Direction::Descending);
    if keys.is_empty() {
        put(SortKey::CreatedAt, first);
    }
    for (at, key) in keys.into_iter().enumerate() {
        put(key, directions.get(at).copied().unwrap_or(first));
    }
    Ok(order)
}

fn parse_sort_key(text: &str) -> Result<SortKey, Error> {
    Ok(match text {
        "name" => SortKey::Name,
        "status" => SortKey::Status,
        "container_format" => SortKey::ContainerFormat,
        "disk_format" => SortKey::DiskFormat,
        "size" => SortKey::Size,
        "id" => SortKey::Id,
        "created_at" => SortKey::CreatedAt,
        "updated_at" => SortKey::UpdatedAt,
        _ => {
            let keys = "it must be name, status, container_format, disk_format, size, id, \
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

/// A page with its links, which keep the query. A full page has a next one, as in Glance, even if
/// that turns out empty.
#[derive(Serialize)]
struct PageView<'a> {
    images: Vec<ImageView<'a>>,
    first: String,
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

fn render_page<'a>(pairs: &[(String, String)], page: &'a Page, is_signed: bool) -> PageView<'a> {
    let is_full = page.limit > 0 && page.images.len() == page.limit as usize;
    let last = page.images.last().filter(|_| is_full);
    PageView {
        images: page.images.iter().map(|image| render_for(is_signed, image)).collect(),
        first: link(pairs, None),
        schema: "/v2/schemas/images",
        next: last.map(|last| link(pairs, Some(last.id.as_str()))),
    }
}

pub fn link(pairs: &[(String, String)], marker: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(name, _)| name != "marker") {
        query.append_pair(name, value);
    }
    if let Some(marker) = marker {
        query.append_pair("marker", marker);
    }
    match query.finish() {
        query if query.is_empty() => "/v2/images".to_owned(),
        query => format!("/v2/images?{query}"),
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
