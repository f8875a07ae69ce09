//! Images as Huawei writes them: flat, with the computed attributes among the others, numbers inside
//! those as text.

use lendglass_core::image::{Image, ImageStatus};
use serde_json::{Map, Value, json};

use crate::service::attribute::{self, Attribute};
use crate::wire::common::seconds_text;

/// An image with all its attributes.
pub fn render_image(image: &Image) -> Value {
    let mut view: Map<String, Value> =
        image.properties.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let path = format!("/v2/images/{}", image.id);
    let is_active = image.status.has_bytes();
    let fields = json!({
        "id": image.id.as_str(),
        "name": image.name.as_deref().unwrap_or_default(),
        "owner": image.owner.as_str(),
        "status": status(image.status),
        "visibility": image.visibility.as_str(),
        "protected": image.is_protected,
        "container_format": image.container_format.map_or("bare", |format| format.as_str()),
        "disk_format": image.disk_format.map(|format| format.as_str()),
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "size": image.size_bytes.unwrap_or(0),
        "virtual_size": image.virtual_size_bytes,
        "tags": image.tags,
        "created_at": seconds_text(image.created_at),
        "updated_at": seconds_text(image.updated_at),
        "active_at": if is_active { seconds_text(image.created_at) } else { String::new() },
        "enterprise_project_id": "0",
        "self": path,
        "file": format!("{path}/file"),
        "schema": "/v2/schemas/image",
    });
    if let Value::Object(fields) = fields {
        view.extend(fields);
    }
    let digest = image.digests.as_ref().and_then(|digests| digests.md5_hex.as_deref());
    view.extend(digest.map(|digest| ("checksum".to_owned(), json!(digest))));
    for (name, value) in attribute::all(image) {
        let value = match value {
            Attribute::Text(text) => json!(text),
            Attribute::Flag(flag) => json!(flag),
        };
        view.insert(name.to_owned(), value);
    }
    Value::Object(view)
}

/// Huawei's word for where an image is in its life.
fn status(status: ImageStatus) -> &'static str {
    match status {
        ImageStatus::Uploading | ImageStatus::Importing => ImageStatus::Saving.as_str(),
        ImageStatus::Queued
        | ImageStatus::Saving
        | ImageStatus::Active
        | ImageStatus::Deactivated
        | ImageStatus::Error => status.as_str(),
    }
}
