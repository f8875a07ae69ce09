//! Images: lists, attributes, deletion, copies.

use std::collections::BTreeMap;

use lendglass_core::image::{Image, ImageKind, ImageStatus, Visibility};
use lendglass_core::limits::LIST_TOTAL;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use serde_json::{Value, json};

use super::input::Filter;
use super::{Call, Coded, Refusal};
use crate::service::image::{Backups, Edit};
use crate::service::list::{self, ListImages, TextColumn, View};
use crate::service::{alias, image, quota, replicate};
use crate::wire::common::{invalid, seconds_text};

/// What the vendor answers where a policy sets no ceiling.
const NO_CEILING: u32 = i32::MAX as u32;
/// The vendor's page, and its largest one.
const PAGE: u32 = 20;
const PAGE_MAX: u32 = 100;
/// Filters of one request, and values of one filter, as the vendor documents them.
const FILTERS: usize = 10;
const GIB: u64 = 1 << 30;

/// The images of some ids of the vendor's form; what names none is left out.
pub(super) async fn find(
    call: &Call,
    ids: &[String],
) -> Result<BTreeMap<String, ImageId>, Refusal> {
    if let Some(id) = ids.iter().find(|id| !is_id(id)) {
        return Err(Error::new(Code::MalformedId).with("id", shortened(id, 80)).into());
    }
    Ok(alias::images(&call.app, ids).await?)
}

/// `img-` and 8 lower-case letters or digits.
fn is_id(id: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    id.strip_prefix("img-").is_some_and(|rest| rest.len() == 8 && rest.bytes().all(is_letter))
}

/// The one image of an id.
pub(super) async fn find_one(call: &Call, id: &str) -> Result<ImageId, Refusal> {
    let found = find(call, std::slice::from_ref(&id.to_owned())).await?;
    found.into_values().next().ok_or_else(|| no_image(id))
}

fn no_image(id: &str) -> Refusal {
    Error::new(Code::ImageNotFound).with("id", shortened(id, 80)).into()
}

// --- lists ---------------------------------------------------------------------------------------

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
    let (total, images) = page(&mut call).await?;
    let images = render(&call, images).await?;
    Ok(json!({"TotalCount": total, "ImageSet": images}))
}

/// The page that a list asks for, and how many there are in all, counted up to [`LIST_TOTAL`].
pub(super) async fn page(call: &mut Call) -> Result<(u32, Vec<Image>), Refusal> {
    let wanted = wanted(call).await?;
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
                if !wanted.filters.iter().all(|filter| holds(filter, &image)) {
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

async fn wanted(call: &mut Call) -> Result<Wanted, Refusal> {
    let mut ids = call.input.texts("ImageIds")?;
    let mut filters = call.input.filters()?;
    let offset = call.input.number("Offset")?.unwrap_or(0);
    let limit = call.input.number("Limit")?.unwrap_or(PAGE);
    std::mem::take(&mut call.input).finish()?;
    if ids.is_some() && !filters.is_empty() {
        return Err(Refusal {
            error: invalid("Filters", "", "ImageIds and Filters exclude each other"),
            code: Some("InvalidParameter.InvalidParameterCoexistImageIdsFilters"),
        });
    }
    if filters.len() > FILTERS {
        return Err(Error::new(Code::TooManyFilters).with("max", FILTERS).into());
    }
    if limit > PAGE_MAX {
        let text = limit.to_string();
        return Err(Refusal {
            error: invalid("Limit", &text, "it is larger than the largest page"),
            code: Some("InvalidParameterValue.LimitExceeded"),
        });
    }
    let mut views = vec![None];
    let mut rest = Vec::new();
    for filter in filters.drain(..) {
        match filter.name.as_str() {
            "image-id" => ids = Some(filter.values),
            "image-type" => views = views_of(&filter)?,
            "image-name" | "platform" | "tag-key" | "tag-value" => rest.push(filter),
            name if name.starts_with("tag:") => rest.push(filter),
            name => {
                return Err(Refusal {
                    error: invalid("Filters", &shortened(name, 80), "there is no such filter"),
                    code: Some("InvalidFilter"),
                });
            }
        }
    }
    let ids = match ids {
        Some(ids) => Some(find(call, &ids).await?.into_values().collect()),
        None => None,
    };
    Ok(Wanted { views, ids, filters: rest, offset, limit })
}

fn views_of(filter: &Filter) -> Result<Vec<Option<View>>, Refusal> {
    let mut views = Vec::new();
    for value in &filter.values {
        let view = match value.as_str() {
            "PRIVATE_IMAGE" => View::Owned,
            "SHARED_IMAGE" => View::Received,
            "PUBLIC_IMAGE" => View::Of(Visibility::Public),
            other => {
                return Err(Refusal {
                    error: invalid("image-type", &shortened(other, 80), "there is no such type"),
                    code: Some("InvalidParameterValue"),
                });
            }
        };
        if !views.contains(&Some(view)) {
            views.push(Some(view));
        }
    }
    Ok(views)
}

/// Whether one of a filter's values fits.
fn holds(filter: &Filter, image: &Image) -> bool {
    let contains = |text: &str| {
        let text = text.to_lowercase();
        filter.values.iter().any(|value| text.contains(&value.to_lowercase()))
    };
    let is = |text: &str| filter.values.iter().any(|value| value == text);
    match filter.name.as_str() {
        "image-name" => contains(image.name.as_deref().unwrap_or_default()),
        "platform" => contains(&platform(image)),
        "tag-key" => image.tags.iter().any(|tag| is(tag_of(tag).0)),
        "tag-value" => image.tags.iter().any(|tag| is(tag_of(tag).1)),
        name => {
            let key = name.strip_prefix("tag:").unwrap_or_default();
            image.tags.iter().map(|tag| tag_of(tag)).any(|(name, value)| name == key && is(value))
        }
    }
}

// --- what an image looks like --------------------------------------------------------------------

/// A label is a key, with a value where it has an equals sign.
fn tag_of(tag: &str) -> (&str, &str) {
    tag.split_once('=').unwrap_or((tag, ""))
}

fn property<'a>(image: &'a Image, name: &str) -> &'a str {
    image.properties.get(name).map_or("", String::as_str)
}

fn platform(image: &Image) -> String {
    let named = [property(image, "os_distro"), property(image, "os_type")];
    let named = named.into_iter().find(|text| !text.is_empty());
    named.unwrap_or("Other").to_owned()
}

fn state_of(image: &Image) -> &'static str {
    match image.status {
        ImageStatus::Queued | ImageStatus::Saving | ImageStatus::Uploading => "CREATING",
        ImageStatus::Importing if image.source_image.is_some() => "SYNCING",
        ImageStatus::Importing => "IMPORTING",
        ImageStatus::Active => "NORMAL",
        // The vendor has no word for an image that is withheld: it is not usable.
        ImageStatus::Deactivated | ImageStatus::Error => "CREATEFAILED",
    }
}

fn architecture(image: &Image) -> &str {
    match property(image, "architecture") {
        "" => "x86_64",
        "aarch64" | "arm64" => "arm",
        "i686" => "i386",
        other => other,
    }
}

/// Size of the disk inside, GiB, rounded up.
pub(super) fn size_gib(image: &Image) -> u64 {
    let bytes = image.virtual_size_bytes.or(image.size_bytes).unwrap_or(0);
    bytes.div_ceil(GIB).max(u64::from(image.min_disk_gib))
}

/// Images as the vendor shows them.
pub(super) async fn render(call: &Call, images: Vec<Image>) -> Result<Vec<Value>, Refusal> {
    let ids: Vec<ImageId> = images.iter().map(|image| image.id.clone()).collect();
    let owners: Vec<_> = images.iter().map(|image| image.owner.clone()).collect();
    let aliases = alias::of_images(&call.app, &ids).await?;
    let numbers = alias::of_projects(&call.app, &owners).await?;
    let one = |image: &Image| {
        let kind = match image.visibility {
            _ if image.owner == call.caller.project => "PRIVATE_IMAGE",
            Visibility::Public => "PUBLIC_IMAGE",
            Visibility::Private | Visibility::Shared | Visibility::Community => "SHARED_IMAGE",
        };
        let tags = image.tags.iter().map(|tag| tag_of(tag));
        let os = [platform(image), property(image, "os_version").to_owned()].join(" ");
        json!({
            "ImageId": aliases.get(&image.id),
            "ImageType": kind,
            "ImageState": state_of(image),
            "ImageName": image.name.as_deref().unwrap_or_default(),
            "ImageDescription": property(image, "description"),
            "ImageSize": size_gib(image),
            "OsName": os.trim(),
            "Platform": platform(image),
            "Architecture": architecture(image),
            "ImageCreator": numbers.get(&image.owner),
            "ImageSource": if kind == "PUBLIC_IMAGE" { "OFFICIAL" } else { "EXTERNAL_IMPORT" },
            "CreatedTime": seconds_text(image.created_at),
            "SyncPercent": null,
            "IsSupportCloudinit": true,
            "SnapshotSet": snapshots(image),
            "Tags": tags.map(|(key, value)| json!({"Key": key, "Value": value})).collect::<Vec<_>>(),
            "LicenseType": "TencentCloud",
            "ImageDeprecated": false,
        })
    };
    Ok(images.iter().map(one).collect())
}

/// Snapshots are not told of one by one; a data disk marks a whole server.
fn snapshots(image: &Image) -> Vec<Value> {
    let row =
        |usage: &str| json!({"SnapshotId": "", "DiskUsage": usage, "DiskSize": size_gib(image)});
    match image.kind {
        ImageKind::SystemDisk | ImageKind::Iso => Vec::new(),
        ImageKind::DataDisk => vec![row("DATA_DISK")],
        ImageKind::FullServer => vec![row("SYSTEM_DISK"), row("DATA_DISK")],
    }
}

// --- one image -----------------------------------------------------------------------------------

/// `DescribeImageQuota`: all that are allowed, not what is left.
pub(super) async fn quota(mut call: Call) -> Result<Value, Refusal> {
    std::mem::take(&mut call.input).finish()?;
    let quotas = quota::show(&call.app, &call.caller).await?;
    Ok(json!({"ImageNumQuota": quotas.private_images.limit.unwrap_or(NO_CEILING)}))
}

/// `ModifyImageAttribute`.
pub(super) async fn modify(mut call: Call) -> Result<Value, Refusal> {
    let id = call.input.required("ImageId")?;
    let name = call.input.text("ImageName")?;
    let description = call.input.text("ImageDescription")?;
    let family = call.input.text("ImageFamily")?;
    let deprecated = call.input.flag("ImageDeprecated")?;
    std::mem::take(&mut call.input).finish()?;
    if family.is_some() || deprecated.is_some() {
        return Err(Error::new(Code::NotAvailableHere).with("operation", "image families").into());
    }
    let id = find_one(&call, &id).await?;
    let mut edits: Vec<Edit> = name.map(|name| Edit::Name(Some(name))).into_iter().collect();
    let description = description.map(|text| Edit::SetProperty("description".to_owned(), text));
    edits.extend(description);
    image::update(&call.app, &call.caller, &id, edits)
        .await
        .coded(&[(Code::NotImageOwner, "UnsupportedOperation.SharedImageModifyUnsupported")])?;
    Ok(json!({}))
}

/// `DeleteImages`: all are tried before the first one goes.
pub(super) async fn delete(mut call: Call) -> Result<Value, Refusal> {
    let ids = call.input.required_texts("ImageIds")?;
    let with_backup = call.input.flag("DeleteBindedSnap")?.unwrap_or(false);
    std::mem::take(&mut call.input).finish()?;
    let found = find(&call, &ids).await?;
    let mut images = Vec::new();
    for id in &ids {
        let image = found.get(id).ok_or_else(|| no_image(id))?;
        if !images.contains(image) {
            images.push(image.clone());
        }
    }
    let backups = if with_backup { Backups::Delete } else { Backups::Keep };
    let mut rehearsing = call.caller.clone();
    rehearsing.terms.is_dry_run = true;
    for image in &images {
        match image::delete_with(&call.app, &rehearsing, image, backups).await {
            Err(error) if error.code() == Code::DryRun => {}
            done => done.coded(DELETION)?,
        }
    }
    if call.caller.terms.is_dry_run {
        return Err(Error::new(Code::DryRun).into());
    }
    for image in &images {
        image::delete_with(&call.app, &call.caller, image, backups).await.coded(DELETION)?;
    }
    Ok(json!({}))
}

const DELETION: &[(Code, &str)] = &[
    (Code::NotImageOwner, "InvalidParameterValue.InvalidImageIdIsShared"),
    (Code::SharedImageReadonly, "InvalidParameterValue.InvalidImageIdIsShared"),
    (Code::ImageNotActive, "InvalidImageId.IncorrectState"),
];

/// `SyncImages`: a copy in the caller's library. Copies to another region come with those of the
/// installation.
pub(super) async fn sync(mut call: Call) -> Result<Value, Refusal> {
    let ids = call.input.required_texts("ImageIds")?;
    let regions = call.input.required_texts("DestinationRegions")?;
    let name = call.input.text("ImageName")?;
    let is_wanted = call.input.flag("ImageSetRequired")?.unwrap_or(false);
    let encrypt = call.input.flag("Encrypt")?.unwrap_or(false);
    let key = call.input.text("KmsKeyId")?;
    std::mem::take(&mut call.input).finish()?;
    let [id] = ids.as_slice() else {
        return Err(Error::new(Code::TooManyIds).with("count", ids.len()).with("max", 1).into());
    };
    if encrypt || key.is_some() {
        return Err(Refusal {
            error: Error::new(Code::NotAvailableHere).with("operation", "encrypted copies"),
            code: Some("UnsupportedOperation.SyncEncryptImageNotSupport"),
        });
    }
    let own = call.caller.region.as_str();
    if let Some(other) = regions.iter().find(|region| *region != own) {
        let is_known = call.app.regions.iter().any(|region| region.id.as_str() == other);
        return Err(match is_known {
            false => Error::new(Code::RegionNotFound).with("region", shortened(other, 80)).into(),
            true => Refusal {
                error: Error::new(Code::NotAvailableHere).with("operation", "copies to a region"),
                code: Some("UnsupportedOperation.Region"),
            },
        });
    }
    if regions.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", "DestinationRegions").into());
    }
    let source = find_one(&call, id).await?;
    let (copy, _) = replicate::replicate(&call.app, &call.caller, &source, name).await?;
    if !is_wanted {
        return Ok(json!({"ImageSet": []}));
    }
    let aliases = alias::of_images(&call.app, std::slice::from_ref(&copy.id)).await?;
    Ok(json!({"ImageSet": [{"ImageId": aliases.get(&copy.id), "Region": own}]}))
}
