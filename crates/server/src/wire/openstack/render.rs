//! Records as Glance writes them.

use lendglass_core::ImageId;
use lendglass_core::image::Image;
use lendglass_core::share::Share;
use serde_json::{Map, Value, json};

use crate::service::attribute::{self, Attribute};
use crate::wire::common::seconds_text;

/// Where an image is, without scheme and host: clients put their endpoint before it.
pub fn image_path(id: &ImageId) -> String {
    format!("/v2/images/{id}")
}

/// An image: its additional properties and its fields, all at the top.
fn render_image(image: &Image) -> Value {
    let mut view: Map<String, Value> =
        image.properties.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let digests = image.digests.as_ref();
    let path = image_path(&image.id);
    let fields = json!({
        "name": image.name,
        "disk_format": image.disk_format.map(|format| format.as_str()),
        "container_format": image.container_format.map(|format| format.as_str()),
        "visibility": image.visibility.as_str(),
        "size": image.size_bytes,
        "virtual_size": image.virtual_size_bytes,
        "status": image.status.as_str(),
        "checksum": digests.and_then(|digests| digests.md5_hex.as_deref()),
        "protected": image.is_protected,
        "min_ram": image.min_ram_mib,
        "min_disk": image.min_disk_gib,
        "owner": image.owner.as_str(),
        "os_hidden": image.is_hidden,
        "os_hash_algo": digests.map(|digests| digests.algo.as_str()),
        "os_hash_value": digests.map(|digests| digests.value_hex.as_str()),
        "id": image.id.as_str(),
        "created_at": seconds_text(image.created_at),
        "updated_at": seconds_text(image.updated_at),
        "tags": image.tags,
        "self": path,
        "file": format!("{path}/file"),
        "schema": "/v2/schemas/image",
    });
    if let Value::Object(fields) = fields {
        view.extend(fields);
    }
    Value::Object(view)
}

/// An image for a request: a signed one is of a client that knows the attributes which Huawei's service
/// computes, beside Glance's own.
pub fn render_for(is_signed: bool, image: &Image) -> Value {
    let mut view = render_image(image);
    if is_signed && let Some(fields) = view.as_object_mut() {
        for (name, value) in attribute::all(image) {
            let value = match value {
                Attribute::Text(text) => json!(text),
                Attribute::Flag(flag) => json!(flag),
            };
            fields.insert(name.to_owned(), value);
        }
    }
    view
}

/// A share, which Glance calls a member. `member_id` is the id as it is stored.
pub fn render_member(share: &Share) -> Value {
    json!({
        "member_id": share.recipient.id(),
        "image_id": share.image.as_str(),
        "status": share.state.as_str(),
        "created_at": seconds_text(share.created_at),
        "updated_at": seconds_text(share.updated_at),
        "schema": "/v2/schemas/member",
    })
}
