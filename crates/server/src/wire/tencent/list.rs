//! Lists: of images, and of the images that are blueprints.

use lendglass_core::image::{Image, Visibility};
use lendglass_core::limits::LIST_TOTAL;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use serde_json::{Value, json};

use super::image::{find, platform, render, tag_of};
use super::input::Filter;
use super::{Call, Refusal, words};
use crate::service::blueprint;
use crate::service::list::{self, ListImages, TextColumn, View};
use crate::wire::common::invalid;

/// The vendor's page, and its largest one.
const PAGE: u32 = 20;
pub(super) const PAGE_MAX: u32 = 100;
/// Filters of one request, as the vendor documents them.
const FILTERS: usize = 10;

/// What differs between the lists.
pub(super) struct Shape {
    /// The parameter with ids, and the filter that stands for it.
    pub ids: (&'static str, &'static str),
    /// What ids begin with, in place of `img-`.
    pub prefix: &'static str,
    /// The filter by whose the images are, and its words.
    pub types: (&'static str, &'static [(&'static str, View)]),
    /// The other filters; all know those by labels.
    pub filters: &'static [&'static str],
    /// Values of one filter.
    pub values_max: usize,
    /// Which images are listed at all.
    pub lists: fn(&Image) -> bool,
}

const TYPES: &[(&str, View)] = &[
    ("PRIVATE_IMAGE", View::Owned),
    ("SHARED_IMAGE", View::Received),
    ("PUBLIC_IMAGE", View::Of(Visibility::Public)),
];

const IMAGES: Shape = Shape {
    ids: ("ImageIds", "image-id"),
    prefix: "img-",
    types: ("image-type", TYPES),
    filters: &["image-name", "platform", "dedicated-cluster-id", "cdc-cache-status"],
    values_max: 5,
    lists: |_| true,
};

/// The images that Lighthouse may be told of.
pub(super) const TO_SHARE: Shape = Shape { filters: &["image-name"], ..IMAGES };

/// Those it was told of.
pub(super) const BLUEPRINTS: Shape = Shape {
    ids: ("BlueprintIds", "blueprint-id"),
    prefix: "lhbp-",
    types: (
        "blueprint-type",
        &[
            ("PRIVATE", View::Owned),
            ("SHARED", View::Received),
            ("PURE_OS", View::Of(Visibility::Public)),
        ],
    ),
    filters: &["blueprint-name", "blueprint-state", "platform-type", "scene-id"],
    values_max: 100,
    lists: blueprint::is_one,
};

/// What a list asks for.
struct Wanted {
    views: Vec<Option<View>>,
    ids: Option<Vec<ImageId>>,
    /// What the database does not know: all must hold of an image.
    filters: Vec<Filter>,
    offset: u32,
    limit: u32,
}

/// `DescribeImages`.
pub(super) async fn describe(mut call: Call) -> Result<Value, Refusal> {
    // Which servers can boot an image is not known here: every type can.
    call.input.text("InstanceType")?;
    let (total, images) = page(&mut call, &IMAGES).await?;
    let images = render(&call, &images).await?;
    Ok(json!({"TotalCount": total, "ImageSet": images}))
}

/// The page that a list asks for, and how many there are in all, counted up to [`LIST_TOTAL`].
pub(super) async fn page(call: &mut Call, shape: &Shape) -> Result<(u32, Vec<Image>), Refusal> {
    let wanted = wanted(call, shape).await?;
    let (mut total, mut images) = (0_u32, Vec::new());
    if wanted.ids.as_ref().is_some_and(Vec::is_empty) {
        return Ok((0, images));
    }
    for view in &wanted.views {
        let mut marker = None;
        loop {
            let request = ListImages {
                view: *view,
                filters: wanted.ids.iter().map(|ids| of_ids(ids)).collect(),
                marker,
                limit: Some(u32::MAX),
                ..ListImages::default()
            };
            let page = list::list(&call.app, &call.caller, &request).await?;
            let is_last = page.images.len() < page.limit as usize;
            marker = page.images.last().map(|image| image.id.clone());
            for image in page.images {
                let is_wanted = wanted.filters.iter().all(|filter| holds(filter, &image));
                if !is_wanted || !(shape.lists)(&image) {
                    continue;
                }
                if total >= wanted.offset && images.len() < wanted.limit as usize {
                    images.push(image);
                }
                total += 1;
            }
            if is_last || total >= LIST_TOTAL {
                break;
            }
        }
    }
    Ok((total, images))
}

fn of_ids(ids: &[ImageId]) -> list::Filter {
    list::Filter::Text(TextColumn::Id, ids.iter().map(ToString::to_string).collect())
}

async fn wanted(call: &mut Call, shape: &Shape) -> Result<Wanted, Refusal> {
    let mut ids = call.input.texts(shape.ids.0)?;
    let filters = call.input.filters()?;
    let offset = call.input.number("Offset")?.unwrap_or(0);
    let limit = call.input.number("Limit")?.unwrap_or(PAGE);
    std::mem::take(&mut call.input).finish()?;
    if ids.is_some() && !filters.is_empty() {
        let error = invalid("Filters", "", "ids and Filters exclude each other");
        return Err(Refusal::from(error).or(words::IDS_AND_FILTERS));
    }
    check_counts(&filters, shape)?;
    if limit > PAGE_MAX {
        let error = invalid("Limit", &limit.to_string(), "it is larger than the largest page");
        return Err(Refusal::from(error).or(words::PAGES));
    }
    let mut views = vec![None];
    let mut rest = Vec::new();
    for filter in filters {
        match filter.name.as_str() {
            name if name == shape.ids.1 => ids = Some(filter.values),
            name if name == shape.types.0 => views = views_of(&filter, shape.types.1)?,
            "tag-key" | "tag-value" => rest.push(filter),
            name if name.starts_with("tag:") || shape.filters.contains(&name) => rest.push(filter),
            name => {
                let error = invalid("Filters", &shortened(name, 80), "there is no such filter");
                return Err(Refusal::from(error).or(words::FILTERS));
            }
        }
    }
    let ids = match ids {
        Some(ids) => Some(found(call, shape, ids).await?),
        None => None,
    };
    Ok(Wanted { views, ids, filters: rest, offset, limit })
}

fn check_counts(filters: &[Filter], shape: &Shape) -> Result<(), Error> {
    let too_many = |max: usize| Err(Error::new(Code::TooManyFilters).with("max", max));
    if filters.len() > FILTERS {
        return too_many(FILTERS);
    }
    match filters.iter().any(|filter| filter.values.len() > shape.values_max) {
        true => too_many(shape.values_max),
        false => Ok(()),
    }
}

/// The images of ids of a list's own form; what names none is left out.
async fn found(call: &Call, shape: &Shape, ids: Vec<String>) -> Result<Vec<ImageId>, Refusal> {
    let alias = |id: String| match id.strip_prefix(shape.prefix) {
        Some(rest) => format!("img-{rest}"),
        None => String::new(),
    };
    let ids: Vec<String> = ids.into_iter().map(alias).collect();
    Ok(find(call, &ids).await?.into_values().collect())
}

fn views_of(filter: &Filter, words: &[(&str, View)]) -> Result<Vec<Option<View>>, Refusal> {
    let mut views = Vec::new();
    for value in &filter.values {
        let Some((_, view)) = words.iter().find(|(word, _)| word == value) else {
            return Err(invalid(&filter.name, value, "there is no such type").into());
        };
        if !views.contains(&Some(*view)) {
            views.push(Some(*view));
        }
    }
    Ok(views)
}

/// Whether one of a filter's values fits. Clusters, caches and scenes are nothing an image has here.
fn holds(filter: &Filter, image: &Image) -> bool {
    let contains = |text: &str| {
        let text = text.to_lowercase();
        filter.values.iter().any(|value| text.contains(&value.to_lowercase()))
    };
    let is = |text: &str| filter.values.iter().any(|value| value == text);
    match filter.name.as_str() {
        "image-name" | "blueprint-name" => contains(image.name.as_deref().unwrap_or_default()),
        "platform" => contains(&platform(image)),
        "platform-type" => is(super::lighthouse::platform_type(image)),
        "blueprint-state" => is(super::lighthouse::state_of(image)),
        "tag-key" => image.tags.iter().any(|tag| is(tag_of(tag).0)),
        "tag-value" => image.tags.iter().any(|tag| is(tag_of(tag).1)),
        name => name.strip_prefix("tag:").is_some_and(|key| {
            let mut tags = image.tags.iter().map(|tag| tag_of(tag));
            tags.any(|(name, value)| name == key && is(value))
        }),
    }
}
