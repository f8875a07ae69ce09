//! Records as Glance writes them.

use lendglass_core::ImageId;
use lendglass_core::image::Image;
use lendglass_core::share::Share;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::service::attribute::{self, Attribute};
use crate::wire::common::seconds_text;

/// What an image takes as JSON, mostly.
pub const IMAGE_BYTES: usize = 1_200;

/// Where an image is, without scheme and host: clients put their endpoint before it.
pub fn image_path(id: &ImageId) -> String {
    format!("/v2/images/{id}")
}

/// An image as it goes out: its additional properties and its fields, all at the top.
///
/// Written without a tree of values in between: that was three quarters of what a page cost.
pub struct ImageView<'a> {
    image: &'a Image,
    /// What Huawei's service computes beside.
    computed: Vec<(&'static str, Attribute)>,
}

/// An image for a request: a signed one is of a client that knows the attributes which Huawei's service
/// computes, beside Glance's own.
pub fn render_for(is_signed: bool, image: &Image) -> ImageView<'_> {
    let computed = if is_signed { attribute::all(image) } else { Vec::new() };
    ImageView { image, computed }
}

impl Serialize for ImageView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let image = self.image;
        let is_computed = |name: &str| self.computed.iter().any(|(computed, _)| *computed == name);
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &image.properties {
            // No property has the name of a field (`core::image::check_property`).
            if !is_computed(name) {
                map.serialize_entry(name, value)?;
            }
        }
        let digests = image.digests.as_ref();
        let path = image_path(&image.id);
        map.serialize_entry("name", &image.name)?;
        map.serialize_entry("disk_format", &image.disk_format.map(|format| format.as_str()))?;
        let container = image.container_format.map(|format| format.as_str());
        map.serialize_entry("container_format", &container)?;
        map.serialize_entry("visibility", image.visibility.as_str())?;
        map.serialize_entry("size", &image.size_bytes)?;
        map.serialize_entry("virtual_size", &image.virtual_size_bytes)?;
        map.serialize_entry("status", image.status.as_str())?;
        map.serialize_entry("checksum", &digests.and_then(|digests| digests.md5_hex.as_deref()))?;
        map.serialize_entry("protected", &image.is_protected)?;
        map.serialize_entry("min_ram", &image.min_ram_mib)?;
        map.serialize_entry("min_disk", &image.min_disk_gib)?;
        map.serialize_entry("owner", image.owner.as_str())?;
        map.serialize_entry("os_hidden", &image.is_hidden)?;
        map.serialize_entry("os_hash_algo", &digests.map(|digests| digests.algo.as_str()))?;
        map.serialize_entry("os_hash_value", &digests.map(|digests| digests.value_hex.as_str()))?;
        map.serialize_entry("id", image.id.as_str())?;
        map.serialize_entry("created_at", &seconds_text(image.created_at))?;
        map.serialize_entry("updated_at", &seconds_text(image.updated_at))?;
        map.serialize_entry("tags", &image.tags)?;
        map.serialize_entry("self", &path)?;
        map.serialize_entry("file", &format!("{path}/file"))?;
        map.serialize_entry("schema", "/v2/schemas/image")?;
        for (name, value) in &self.computed {
            match value {
                Attribute::Text(text) => map.serialize_entry(name, text)?,
                Attribute::Flag(flag) => map.serialize_entry(name, flag)?,
            }
        }
        map.end()
    }
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
