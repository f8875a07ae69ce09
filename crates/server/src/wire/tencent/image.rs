//! Images: how they look, attributes, deletion, copies.

use std::collections::BTreeMap;

use lendglass_core::image::{Image, ImageKind, ImageStatus, Visibility};
use lendglass_core::limits::BATCH_IMAGES;
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId, RegionId};
use serde_json::{Value, json};

use super::{Call, Coded, Refusal, words};
use crate::service::copy::CopyWish;
use crate::service::image::{Backups, Edit};
use crate::service::{alias, copy, image, quota, replicate};
use crate::wire::common::seconds_text;

/// What the vendor answers where a policy sets no ceiling.
const NO_CEILING: u32 = i32::MAX as u32;
const GIB: u64 = 1 << 30;

/// The images of some ids of the vendor's form; what names none is left out.
pub(super) async fn find(
    call: &Call,
    ids: &[String],
) -> Result<BTreeMap<String, ImageId>, Refusal> {
    if ids.len() > BATCH_IMAGES {
        let error = Error::new(Code::TooManyIds).with("count", ids.len());
        return Err(error.with("max", BATCH_IMAGES).into());
    }
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

// --- what an image looks like --------------------------------------------------------------------

/// A label is a key, with a value where it has an equals sign.
pub(super) fn tag_of(tag: &str) -> (&str, &str) {
    tag.split_once('=').unwrap_or((tag, ""))
}

pub(super) fn property<'a>(image: &'a Image, name: &str) -> &'a str {
    image.properties.get(name).map_or("", String::as_str)
}

pub(super) fn platform(image: &Image) -> String {
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
pub(super) async fn render(call: &Call, images: &[Image]) -> Result<Vec<Value>, Refusal> {
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
    let done = image::update(&call.app, &call.caller, &id, edits).await.coded(words::MODIFYING);
    done.map_err(too_large)?;
    Ok(json!({}))
}

/// What is too long has a code of its own.
fn too_large(refusal: Refusal) -> Refusal {
    let is_too_large = refusal.error.code() == Code::InvalidValue;
    let is_too_large = is_too_large && refusal.error.fact("max").is_some();
    if is_too_large { refusal.or(words::TOO_LARGE) } else { refusal }
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
            done => done.coded(words::DELETION)?,
        }
    }
    if call.caller.terms.is_dry_run {
        return Err(Error::new(Code::DryRun).into());
    }
    for image in &images {
        image::delete_with(&call.app, &call.caller, image, backups).await.coded(words::DELETION)?;
    }
    Ok(json!({}))
}

/// `SyncImages`: a copy in each of some regions, in the caller's own as well. All are tried before
/// the first one is made.
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
        let error = Error::new(Code::NotAvailableHere).with("operation", "encrypted copies");
        return Err(Refusal::from(error).or(words::ENCRYPTING));
    }
    let regions = regions_of(&regions)?;
    let source = find_one(&call, id).await?;
    let mut rehearsing = call.caller.clone();
    rehearsing.terms.is_dry_run = true;
    for region in &regions {
        match copied(&call, &rehearsing, &source, region, name.as_ref()).await {
            Err(error) if error.code() == Code::DryRun => {}
            done => drop(done.coded(words::COPYING).map_err(too_large)?),
        }
    }
    if call.caller.terms.is_dry_run {
        return Err(Error::new(Code::DryRun).into());
    }
    let mut copies = Vec::new();
    for region in &regions {
        let copy = copied(&call, &call.caller, &source, region, name.as_ref()).await;
        copies.push(copy.coded(words::COPYING)?);
    }
    if !is_wanted {
        return Ok(json!({"ImageSet": []}));
    }
    let made: Vec<ImageId> = copies.iter().map(|copy| copy.id.clone()).collect();
    let aliases = alias::of_images(&call.app, &made).await?;
    let row =
        |copy: &Image| json!({"ImageId": aliases.get(&copy.id), "Region": copy.region.as_str()});
    Ok(json!({"ImageSet": copies.iter().map(row).collect::<Vec<_>>()}))
}

/// Each region once, in order.
fn regions_of(names: &[String]) -> Result<Vec<RegionId>, Refusal> {
    let mut regions = Vec::new();
    for name in names {
        let region = RegionId::parse(name)
            .map_err(|_| Error::new(Code::RegionNotFound).with("region", shortened(name, 80)))?;
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    if regions.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", "DestinationRegions").into());
    }
    Ok(regions)
}

async fn copied(
    call: &Call,
    caller: &Caller,
    source: &ImageId,
    region: &RegionId,
    name: Option<&String>,
) -> Result<Image, Error> {
    let (name, app) = (name.cloned(), &call.app);
    let (copy, _) = if *region == caller.region {
        replicate::replicate(app, caller, source, name).await?
    } else {
        let wish = CopyWish { source: source.clone(), region: region.clone(), project: None, name };
        copy::copy(app, caller, wish).await?
    };
    Ok(copy)
}
