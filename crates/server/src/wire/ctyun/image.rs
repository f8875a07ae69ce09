//! Records shown, changed, deleted, copied.

use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, RegionId};
use serde_json::json;

use super::error::{Failure, Reply};
use super::fields::Fields;
use super::render::render_images;
use super::request::Asked;
use crate::service::copy::{self, CopyWish};
use crate::service::image::{self, Edit};
use crate::service::replicate::{self, Extras};
use crate::wire::common::invalid;

/// MiB of a GiB: CTyun counts memory in GiB.
const MIB_OF_GIB: u32 = 1024;

/// `GET /v4/image/detail`: a list of one, or of none where `errorFree` lets an unknown id pass, as it
/// does unless it is false.
pub async fn detail(asked: Asked) -> Result<Reply, Failure> {
    let is_lenient = asked.fields.flag("errorFree")?.unwrap_or(true);
    let text = asked.fields.required("imageID")?;
    let seen = match super::fields::parse_image(&text) {
        Ok(id) => image::show(&asked.app, &asked.caller, &id).await,
        Err(error) => Err(error),
    };
    let seen = match seen {
        Ok(seen) => vec![seen],
        Err(error) if error.code() == Code::ImageNotFound && is_lenient => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(Reply(json!({"images": render_images(&asked, seen).await?})))
}

/// `POST /v4/image/update`
pub async fn update(asked: Asked) -> Result<Reply, Failure> {
    let Asked { app, caller, fields } = asked;
    image::update(&app, &caller, &fields.image()?, parse_edits(&fields)?).await?;
    Ok(Reply(json!({})))
}

pub fn parse_edits(fields: &Fields) -> Result<Vec<Edit>, Error> {
    let set = |name: &str, value: String| Edit::SetProperty(name.to_owned(), value);
    let mut edits: Vec<Edit> = Vec::new();
    edits.extend(fields.text("imageName")?.map(|name| Edit::Name(Some(name))));
    // An empty one clears it; null was not given.
    edits.extend(fields.text_as_is("description")?.map(|text| set("description", text)));
    match fields.text("bootMode")?.as_deref() {
        None => {}
        Some(mode @ ("bios" | "uefi")) => edits.push(set("hw_firmware_type", mode.to_owned())),
        Some(other) => return Err(invalid("bootMode", other, "it must be bios or uefi")),
    }
    edits.extend(mebibytes(fields, "minimumRAM")?.map(Edit::MinRam));
    edits.extend(mebibytes(fields, "maximumRAM")?.map(|mib| set("max_ram", mib.to_string())));
    edits.extend(fields.flag("supportXSSD")?.map(|flag| set("support_xssd", flag.to_string())));
    Ok(edits)
}

fn mebibytes(fields: &Fields, name: &str) -> Result<Option<u32>, Error> {
    let Some(gib) = fields.number(name)? else { return Ok(None) };
    let too_much = || invalid(name, &gib.to_string(), "it is more memory than anything has");
    gib.checked_mul(MIB_OF_GIB).map(Some).ok_or_else(too_much)
}

/// `POST /v4/image/delete`
pub async fn delete(asked: Asked) -> Result<Reply, Failure> {
    image::delete(&asked.app, &asked.caller, &asked.fields.image()?).await?;
    Ok(Reply(json!({})))
}

/// `POST /v4/image/deactivate`
pub async fn deactivate(asked: Asked) -> Result<Reply, Failure> {
    image::deactivate(&asked.app, &asked.caller, &asked.fields.image()?).await?;
    Ok(Reply(json!({})))
}

/// `POST /v4/image/reactivate`
pub async fn reactivate(asked: Asked) -> Result<Reply, Failure> {
    image::reactivate(&asked.app, &asked.caller, &asked.fields.image()?).await?;
    Ok(Reply(json!({})))
}

/// `POST /v4/image/create-from-shared` and `/copy`: a private copy in the same region.
pub async fn copy_here(asked: Asked) -> Result<Reply, Failure> {
    let Asked { app, caller, fields } = asked;
    let (source, name) = (fields.image()?, fields.required("imageName")?);
    if fields.text("cmkID")?.is_some() {
        image::seen(&app, &caller, &source).await?;
        let refused = Error::new(Code::NotAvailableHere);
        return Err(refused.with("operation", "encrypted copies").into());
    }
    let extras = extras(&fields)?;
    let copied = replicate::replicate_with(&app, &caller, &source, Some(name), extras);
    let (copy, _) = copied.await?;
    Ok(Reply(json!({"images": [{"imageID": copy.id.as_str()}]})))
}

/// `POST /v4/image/cross-region-copy`: a private copy in another region, in the caller's project there.
pub async fn copy_there(asked: Asked) -> Result<Reply, Failure> {
    let Asked { app, caller, fields } = asked;
    let text = fields.required("destinationRegionID")?;
    let unknown = || Error::new(Code::RegionNotFound).with("region", shortened(&text, 80));
    let wish = CopyWish {
        source: fields.image()?,
        region: RegionId::parse(&text).map_err(|_| unknown())?,
        project: None,
        name: Some(fields.required("imageName")?),
    };
    copy::copy_with(&app, &caller, wish, extras(&fields)?).await?;
    Ok(Reply(json!({})))
}

fn extras(fields: &Fields) -> Result<Extras, Error> {
    let tag = |(key, value): (String, String)| match value.as_str() {
        "" => key,
        value => format!("{key}={value}"),
    };
    Ok(Extras {
        description: fields.text("description")?,
        tags: fields.labels()?.into_iter().map(tag).collect(),
    })
}

/// `GET /v4/image/list-supported-dest-crr-regions`: all others of the installation.
pub async fn regions(asked: Asked) -> Result<Reply, Failure> {
    let others = asked.app.regions.iter().filter(|region| region.id != asked.caller.region);
    let ids: Vec<&str> = others.map(|region| region.id.as_str()).collect();
    Ok(Reply(json!({"regions": ids})))
}
