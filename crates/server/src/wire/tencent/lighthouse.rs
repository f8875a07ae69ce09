//! Lighthouse: an image is a blueprint there, `lhbp-…` with the same eight characters.

use lendglass_core::image::{ImageKind, ImageStatus};
use lendglass_core::{Code, Error};
use serde_json::{Value, json};

use super::image::{find_one, page, render};
use super::share::{accounts_of, find_blueprint, invite, withdraw};
use super::{Call, Coded, Refusal};
use crate::service::image::{self, Edit};
use crate::wire::common::invalid;

/// Says that an image is usable in Lighthouse as well (US-11a).
const MARK: &str = "lighthouse_blueprint";

/// `ModifyImageSharePermission` of Lighthouse: within one account and region.
pub(super) async fn modify(mut call: Call) -> Result<Value, Refusal> {
    let id = call.input.required("ImageId")?;
    let permission = call.input.required("Permission")?;
    std::mem::take(&mut call.input).finish()?;
    let image = find_one(&call, &id).await.map_err(|Refusal { error, .. }| Refusal {
        code: Some(if error.code() == Code::MalformedId {
            "InvalidParameterValue.InvalidImageIdMalformed"
        } else {
            "ResourceNotFound.ImageIdNotFound"
        }),
        error,
    })?;
    let blueprint = id.replacen("img-", "lhbp-", 1);
    let edit = match permission.as_str() {
        "SHARE" => Edit::AddProperty(MARK.to_owned(), blueprint.clone()),
        "CANCEL" => Edit::RemoveProperty(MARK.to_owned()),
        other => return Err(invalid("Permission", other, "SHARE or CANCEL").into()),
    };
    image::update(&call.app, &call.caller, &image, vec![edit]).await.coded(&[
        (Code::ImageNotFound, "ResourceNotFound.ImageIdNotFound"),
        (Code::NotImageOwner, "UnauthorizedOperation.NoPermission"),
        (Code::SharedImageReadonly, "UnauthorizedOperation.NoPermission"),
        (Code::PropertyExists, "UnsupportedOperation.ImageAlreadyShared"),
        (Code::PropertyMissing, "UnsupportedOperation.ImageUnableToShare"),
    ])?;
    Ok(json!({"BlueprintId": blueprint}))
}

/// `DescribeImagesToShare`: the images, each with whether it can be a blueprint, and why not.
pub(super) async fn to_share(mut call: Call) -> Result<Value, Refusal> {
    let (total, images) = page(&mut call).await?;
    let reasons: Vec<Option<&str>> = images
        .iter()
        .map(|image| {
            if image.owner != call.caller.project {
                Some("it belongs to another account")
            } else if image.kind != ImageKind::SystemDisk {
                Some("it is not an image of a system disk")
            } else if image.status != ImageStatus::Active {
                Some("it is not in the state NORMAL")
            } else if image.properties.contains_key(MARK) {
                Some("it is shared already")
            } else {
                None
            }
        })
        .collect();
    let mut rows = render(&call, images).await?;
    for (row, reason) in rows.iter_mut().zip(reasons) {
        let is_whole = row["SnapshotSet"].as_array().is_some_and(|all| all.len() > 1);
        row["ImageClass"] = json!(if is_whole { "InstanceImage" } else { "SystemImage" });
        row["IsShareable"] = json!(reason.is_none());
        row["UnshareableReason"] = json!(reason.unwrap_or_default());
        if let Some(fields) = row.as_object_mut() {
            let other = ["ImageType", "ImageCreator", "SnapshotSet", "Tags", "LicenseType"];
            fields.retain(|name, _| !other.contains(&name.as_str()));
        }
    }
    Ok(json!({"TotalCount": total, "ImageSet": rows}))
}

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
    let words = [
        (Code::SelfShare, "InvalidParameterValue.AccountIdSameWithUin"),
        (Code::TenantNotFound, "InvalidParameterValue.AccountIdsNotExist"),
        (Code::NotAnAccount, "InvalidParameterValue.AccountIdsNotOwnerAccount"),
        (Code::InvalidValue, "InvalidParameterValue.AccountIdsNotExist"),
        (Code::NotShared, "UnsupportedOperation.BlueprintHasNotShared"),
        (Code::AlreadyShared, "UnsupportedOperation.BlueprintAlreadyShared"),
        (Code::NotImageOwner, "UnauthorizedOperation.NoPermission"),
        (Code::ReshareForbidden, "UnauthorizedOperation.NoPermission"),
        (Code::ImageNotFound, "ResourceNotFound.BlueprintIdNotFound"),
        (Code::ImageNotActive, "InvalidParameterValue.InvalidBlueprintState"),
        (Code::ShareTenantQuota, "LimitExceeded.ShareBlueprintAcrossAccountQuotaLimitExceeded"),
        (Code::ShareImageQuota, "LimitExceeded.ShareBlueprintAcrossAccountQuotaLimitExceeded"),
    ];
    let word = words.iter().find(|(code, _)| *code == refusal.error.code()).map(|(_, word)| *word);
    Refusal { code: word.or(refusal.code), error: refusal.error }
}

/// `DescribeBlueprintsShareAcrossAccountInfos`.
pub(super) async fn describe(mut call: Call) -> Result<Value, Refusal> {
    let ids = call.input.required_texts("BlueprintIds")?;
    let filters = call.input.filters()?;
    let offset = call.input.number("Offset")?.unwrap_or(0) as usize;
    let limit = call.input.number("Limit")?.unwrap_or(20).min(100) as usize;
    std::mem::take(&mut call.input).finish()?;
    let is_wanted = |account: &String| {
        filters.iter().all(|filter| filter.name == "account-id" && filter.values.contains(account))
    };
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
