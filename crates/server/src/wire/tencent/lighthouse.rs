//! Lighthouse: an image that its owner lets it use is a blueprint there, `lhbp-…` with the same eight
//! characters.

use lendglass_core::image::{Image, ImageKind, ImageStatus};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use serde_json::{Value, json};

use super::image::{find, find_one, platform, property, render};
use super::list::{BLUEPRINTS, PAGE_MAX, TO_SHARE, page};
use super::share::{accounts_of, invite, withdraw};
use super::{Call, Coded, Refusal, words};
use crate::service::blueprint;
use crate::service::image::{self, Edit};
use crate::wire::common::invalid;

/// `ModifyImageSharePermission` of Lighthouse: within one account and region.
pub(super) async fn modify(mut call: Call) -> Result<Value, Refusal> {
    let id = call.input.required("ImageId")?;
    let permission = call.input.required("Permission")?;
    std::mem::take(&mut call.input).finish()?;
    let image = find_one(&call, &id).await.map_err(|refusal| refusal.or(words::TO_BLUEPRINT))?;
    let done = match permission.as_str() {
        "SHARE" => blueprint::make(&call.app, &call.caller, &image).await,
        "CANCEL" => blueprint::unmake(&call.app, &call.caller, &image).await,
        other => return Err(invalid("Permission", other, "SHARE or CANCEL").into()),
    };
    done.coded(words::TO_BLUEPRINT)?;
    Ok(json!({"BlueprintId": id.replacen("img-", "lhbp-", 1)}))
}

/// `DescribeImagesToShare`: the images, each with whether it can be a blueprint, and why not.
pub(super) async fn to_share(mut call: Call) -> Result<Value, Refusal> {
    let (total, images) = page(&mut call, &TO_SHARE).await?;
    let mut rows = render(&call, &images).await?;
    for (row, image) in rows.iter_mut().zip(&images) {
        let refusal = blueprint::refusal(&call.caller, image);
        let reason = refusal.as_ref().map(|error| error.text(call.language)).unwrap_or_default();
        let is_whole = image.kind == ImageKind::FullServer;
        row["ImageClass"] = json!(if is_whole { "InstanceImage" } else { "SystemImage" });
        row["IsShareable"] = json!(refusal.is_none());
        row["UnshareableReason"] = json!(reason);
        keep(row, |name| {
            !["ImageType", "ImageCreator", "SnapshotSet", "Tags", "LicenseType", "SyncPercent"]
                .contains(&name)
        });
    }
    Ok(json!({"TotalCount": total, "ImageSet": rows}))
}

fn keep(row: &mut Value, is_kept: impl Fn(&str) -> bool) {
    if let Some(fields) = row.as_object_mut() {
        fields.retain(|name, _| is_kept(name));
    }
}

// --- blueprints ----------------------------------------------------------------------------------

/// `DescribeBlueprints`: own, received and public ones.
pub(super) async fn blueprints(mut call: Call) -> Result<Value, Refusal> {
    let listed = page(&mut call, &BLUEPRINTS).await;
    let (total, images) = listed.map_err(|refusal| refusal.or(words::BLUEPRINTS))?;
    let rows = render(&call, &images).await?;
    let rows = rows.iter().zip(&images).map(|(row, image)| {
        json!({
            "BlueprintId": row["ImageId"].as_str().unwrap_or_default().replacen("img-", "lhbp-", 1),
            "ImageId": row["ImageId"],
            "BlueprintName": row["ImageName"],
            "DisplayTitle": row["ImageName"],
            "DisplayVersion": property(image, "os_version"),
            "Description": row["ImageDescription"],
            "OsName": row["OsName"],
            "Platform": row["Platform"],
            "PlatformType": platform_type(image),
            "BlueprintType": match row["ImageType"].as_str() {
                Some("PRIVATE_IMAGE") => "PRIVATE",
                Some("PUBLIC_IMAGE") => "PURE_OS",
                Some(_) | None => "SHARED",
            },
            "BlueprintState": state_of(image),
            "BlueprintShared": image.owner == call.caller.project && image.shares > 0,
            "CreatedTime": row["CreatedTime"],
            "RequiredSystemDiskSize": row["ImageSize"],
            "RequiredMemorySize": image.min_ram_mib.div_ceil(1024),
            "SupportAutomationTools": false,
            "ImageUrl": "",
            "CommunityUrl": "",
            "GuideUrl": "",
            "SceneIdSet": [],
            "DockerVersion": null,
            "Tags": row["Tags"],
        })
    });
    Ok(json!({"TotalCount": total, "BlueprintSet": rows.collect::<Vec<_>>()}))
}

pub(super) fn platform_type(image: &Image) -> &'static str {
    let is_windows = platform(image).to_ascii_lowercase().contains("windows");
    if is_windows { "WINDOWS" } else { "LINUX_UNIX" }
}

pub(super) fn state_of(image: &Image) -> &'static str {
    match image.status {
        ImageStatus::Active => "NORMAL",
        ImageStatus::Deactivated => "OFFLINE",
        ImageStatus::Importing | ImageStatus::Saving | ImageStatus::Uploading => "SYNCING",
        ImageStatus::Queued | ImageStatus::Error => "CREATEFAILED",
    }
}

/// `ModifyBlueprintAttribute`: name and description are the image's.
pub(super) async fn modify_blueprint(mut call: Call) -> Result<Value, Refusal> {
    let id = call.input.required("BlueprintId")?;
    let name = call.input.text("BlueprintName")?;
    let description = call.input.text("Description")?;
    std::mem::take(&mut call.input).finish()?;
    let image = find_blueprint(&call, &id).await?;
    let mut edits: Vec<Edit> = name.map(|name| Edit::Name(Some(name))).into_iter().collect();
    let description = description.map(|text| Edit::SetProperty("description".to_owned(), text));
    edits.extend(description);
    let done = image::update(&call.app, &call.caller, &image, edits)
        .await
        .coded(words::MODIFYING_BLUEPRINT);
    done.map(|_| json!({}))
}

/// `DeleteBlueprints`: Lighthouse uses the images no longer, which stay what they are in CVM.
pub(super) async fn delete_blueprints(mut call: Call) -> Result<Value, Refusal> {
    let ids = call.input.required_texts("BlueprintIds")?;
    std::mem::take(&mut call.input).finish()?;
    let mut images = Vec::new();
    for id in &ids {
        images.push(find_blueprint(&call, id).await?);
    }
    for image in &images {
        blueprint::unmake(&call.app, &call.caller, image).await.coded(words::DELETING_BLUEPRINT)?;
    }
    Ok(json!({}))
}

/// The image of a blueprint that the caller sees.
async fn find_blueprint(call: &Call, id: &str) -> Result<ImageId, Refusal> {
    let refused = |code| {
        let error = Error::new(code).with("id", shortened(id, 80));
        Refusal::from(error).or(words::BLUEPRINTS)
    };
    let not_found = || refused(Code::ImageNotFound);
    let rest = id.strip_prefix("lhbp-").ok_or_else(|| refused(Code::MalformedId))?;
    let alias = format!("img-{rest}");
    let found = find(call, std::slice::from_ref(&alias)).await;
    let found = found.map_err(|refusal| refusal.or(words::BLUEPRINTS))?;
    let image = found.get(&alias).ok_or_else(not_found)?;
    match image::seen(&call.app, &call.caller, image).await {
        Ok(seen) if blueprint::is_one(&seen.image) => Ok(image.clone()),
        Err(error) if error.code() != Code::ImageNotFound => Err(error.into()),
        Ok(_) | Err(_) => Err(not_found()),
    }
}

// --- across accounts -----------------------------------------------------------------------------

/// `ShareBlueprintAcrossAccounts`.
pub(super) async fn share(mut call: Call) -> Result<Value, Refusal> {
    let (id, accounts) = named(&mut call)?;
    let image = find_blueprint(&call, &id).await?;
    invite(&call, image, &accounts).await.map_err(in_words_of_lighthouse)?;
    Ok(json!({}))
}

/// `CancelShareBlueprintAcrossAccounts`.
pub(super) async fn cancel(mut call: Call) -> Result<Value, Refusal> {
    let (id, accounts) = named(&mut call)?;
    let image = find_blueprint(&call, &id).await?;
    withdraw(&call, image, &accounts).await.map_err(in_words_of_lighthouse)?;
    Ok(json!({}))
}

fn named(call: &mut Call) -> Result<(String, Vec<String>), Error> {
    let id = call.input.required("BlueprintId")?;
    let accounts = call.input.required_texts("AccountIds")?;
    std::mem::take(&mut call.input).finish()?;
    Ok((id, accounts))
}

fn in_words_of_lighthouse(refusal: Refusal) -> Refusal {
    refusal.or(words::ACROSS)
}

/// `DescribeBlueprintsShareAcrossAccountInfos`.
pub(super) async fn describe(mut call: Call) -> Result<Value, Refusal> {
    let ids = call.input.required_texts("BlueprintIds")?;
    let filters = call.input.filters()?;
    let offset = call.input.number("Offset")?.unwrap_or(0) as usize;
    let limit = call.input.number("Limit")?.unwrap_or(20).min(PAGE_MAX) as usize;
    std::mem::take(&mut call.input).finish()?;
    if let Some(other) = filters.iter().find(|filter| filter.name != "account-id") {
        let error = invalid("Filters", &shortened(&other.name, 80), "there is no such filter");
        return Err(Refusal { error, code: Some("InvalidParameterValue") });
    }
    let is_wanted = |account: &String| filters.iter().all(|f| f.values.contains(account));
    let mut rows = Vec::new();
    for id in &ids {
        let image = find_blueprint(&call, id).await?;
        let accounts = accounts_of(&call, &image).await.map_err(in_words_of_lighthouse)?;
        rows.extend(accounts.into_iter().filter(|(account, _)| is_wanted(account)).map(
            |(account, since)| json!({"BlueprintId": id, "AccountId": account, "CreatedTime": since}),
        ));
    }
    let total = rows.len();
    let rows: Vec<Value> = rows.into_iter().skip(offset).take(limit).collect();
    Ok(json!({"TotalCount": total, "BlueprintShareAcrossAccountInfoSet": rows}))
}
