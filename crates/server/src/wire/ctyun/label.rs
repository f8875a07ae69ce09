//! Labels of several images at once.

use lendglass_core::limits::BATCH_IMAGES;
use lendglass_core::{Code, Error, ImageId};
use serde_json::json;

use super::error::{Failure, Reply};
use super::fields::parse_image;
use super::request::Asked;
use crate::service::image::{self, Edit};
use crate::wire::common::invalid;

/// `POST /v4/image/update-labels`: all images are tried before the first one changes.
pub async fn update(asked: Asked) -> Result<Reply, Failure> {
    let Asked { app, caller, fields } = asked;
    let images = parse_images(&fields.required("imageIDList")?)?;
    let labels = fields.labels()?;
    if labels.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", "labels").into());
    }
    let edit: fn(String, String) -> Edit = match fields.required("operateType")?.as_str() {
        "BIND" => Edit::PutPair,
        "UNBIND" => |key, value| Edit::DropPair(key, Some(value).filter(|value| !value.is_empty())),
        other => return Err(invalid("operateType", other, "it must be BIND or UNBIND").into()),
    };
    let edits: Vec<Edit> = labels.into_iter().map(|(key, value)| edit(key, value)).collect();
    let mut rehearsing = caller.clone();
    rehearsing.terms.is_dry_run = true;
    for id in &images {
        match image::update(&app, &rehearsing, id, edits.clone()).await {
            Err(error) if error.code() == Code::DryRun => {}
            refused => drop(refused?),
        }
    }
    for id in &images {
        image::update(&app, &caller, id, edits.clone()).await?;
    }
    Ok(Reply(json!({})))
}

/// Ids parted by commas, repetitions dropped.
fn parse_images(text: &str) -> Result<Vec<ImageId>, Error> {
    let mut images = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let id = parse_image(part)?;
        if !images.contains(&id) {
            images.push(id);
        }
        if images.len() > BATCH_IMAGES {
            let error = Error::new(Code::TooManyIds).with("count", images.len());
            return Err(error.with("max", BATCH_IMAGES));
        }
    }
    Ok(images)
}
