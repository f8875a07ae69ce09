//! `/v2/schemas`: what images and members look like, as JSON schemas. Clients read them to learn which
//! names are fields and which formats there are.

use axum::Json;
use lendglass_core::image::{ContainerFormat, DiskFormat, ImageStatus, Visibility};
use lendglass_core::limits::{PROPERTY_NAME_CHARS, TAG_CHARS};
use lendglass_core::share::ShareState;
use serde_json::{Value, json};

use crate::wire::openstack::request::Asked;

const UUID: &str = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}\
                    -([0-9a-fA-F]){12}$";

/// `GET /v2/schemas/image`
pub async fn image(_: Asked) -> Json<Value> {
    Json(image_schema())
}

/// `GET /v2/schemas/images`
pub async fn images(_: Asked) -> Json<Value> {
    Json(collection("images", image_schema(), true))
}

/// `GET /v2/schemas/member`
pub async fn member(_: Asked) -> Json<Value> {
    Json(member_schema())
}

/// `GET /v2/schemas/members`
pub async fn members(_: Asked) -> Json<Value> {
    Json(collection("members", member_schema(), false))
}

fn image_schema() -> Value {
    let mut properties = written_by_clients();
    let (Value::Object(all), Value::Object(more)) = (&mut properties, written_by_the_server())
    else {
        return Value::Null;
    };
    all.extend(more);
    json!({
        "name": "image",
        "properties": properties,
        "additionalProperties": {"type": "string"},
        "links": [
            {"rel": "self", "href": "{self}"},
            {"rel": "enclosure", "href": "{file}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    })
}

fn written_by_clients() -> Value {
    let or_null = |mut words: Vec<Value>| {
        words.insert(0, Value::Null);
        words
    };
    let disks = or_null(DiskFormat::ALL.iter().map(|f| json!(f.as_str())).collect());
    let containers = or_null(ContainerFormat::ALL.iter().map(|f| json!(f.as_str())).collect());
    let visibilities: Vec<&str> = Visibility::ALL.iter().map(|v| v.as_str()).collect();
    let known = |text: &str| json!({"type": "string", "is_base": false, "description": text});
    let image_id =
        |text: &str| json!({"type": ["null", "string"], "is_base": false, "description": text});
    json!({
        "id": {"type": "string", "pattern": UUID, "description": "The image's id"},
        "name": {"type": ["null", "string"], "maxLength": 255, "description": "The image's name"},
        "visibility": {"type": "string", "enum": visibilities, "description": "Who may see it"},
        "protected": {"type": "boolean", "description": "Whether it cannot be deleted"},
        "os_hidden": {"type": "boolean", "description": "Whether default lists leave it out"},
        "owner": {"type": ["null", "string"], "maxLength": 255, "description": "Its project"},
        "disk_format": {"type": ["null", "string"], "enum": disks, "description": "Format of the disk"},
        "container_format": {
            "type": ["null", "string"],
            "enum": containers,
            "description": "What the disk is packed in",
        },
        "min_disk": {"type": "integer", "description": "Smallest disk it boots from, GiB"},
        "min_ram": {"type": "integer", "description": "Smallest memory it boots with, MiB"},
        "tags": {
            "type": "array",
            "items": {"type": "string", "maxLength": TAG_CHARS},
            "description": "Its labels",
        },
        "architecture": known("Processor architecture"),
        "os_distro": known("Distribution of its operating system"),
        "os_version": known("Version of its operating system"),
        "instance_uuid": known("The server it was made from"),
        "kernel_id": image_id("The image of its kernel"),
        "ramdisk_id": image_id("The image of its ramdisk"),
    })
}

fn written_by_the_server() -> Value {
    let statuses: Vec<&str> = ImageStatus::ALL
        .iter()
        .map(|status| status.as_str())
        .chain(["deleted", "pending_delete"])
        .collect();
    let read_only =
        |kind: Value, text: &str| json!({"type": kind, "readOnly": true, "description": text});
    let text = || json!("string");
    let or_null = |kind: &str| json!(["null", kind]);
    let mut fields = json!({
        "size": read_only(or_null("integer"), "Its bytes"),
        "virtual_size": read_only(or_null("integer"), "Bytes of the disk inside"),
        "checksum": read_only(or_null("string"), "MD5 of its bytes"),
        "os_hash_algo": read_only(or_null("string"), "Which hash os_hash_value is"),
        "os_hash_value": read_only(or_null("string"), "Hash of its bytes, in hex"),
        "created_at": read_only(text(), "When the record was made"),
        "updated_at": read_only(text(), "When the record last changed"),
        "self": read_only(text(), "Where the record is"),
        "file": read_only(text(), "Where its bytes are"),
        "schema": read_only(text(), "Where this schema is"),
        "direct_url": read_only(text(), "Never given here"),
        "locations": {"type": "array", "items": {"type": "object"}, "description": "Never given here"},
    });
    fields["status"] = json!({
        "type": "string",
        "readOnly": true,
        "enum": statuses,
        "description": "Where it is in its life",
    });
    fields["checksum"]["maxLength"] = json!(32);
    fields["os_hash_algo"]["maxLength"] = json!(64);
    fields["os_hash_value"]["maxLength"] = json!(128);
    fields
}

fn member_schema() -> Value {
    let states: Vec<&str> = ShareState::ALL.iter().map(|state| state.as_str()).collect();
    let text = |text: &str| json!({"type": "string", "description": text});
    json!({
        "name": "member",
        "properties": {
            "member_id": {
                "type": "string",
                "maxLength": PROPERTY_NAME_CHARS,
                "description": "The project or account the image is shared with",
            },
            "image_id": {"type": "string", "pattern": UUID, "description": "The image"},
            "status": {"type": "string", "enum": states, "description": "Where the share is"},
            "created_at": text("When it was offered"),
            "updated_at": text("When it last changed"),
            "schema": {"type": "string", "readOnly": true},
        },
    })
}

fn collection(name: &str, item: Value, is_paged: bool) -> Value {
    let mut properties = json!({
        name: {"type": "array", "items": item},
        "schema": {"type": "string"},
    });
    let mut links = vec![json!({"rel": "describedby", "href": "{schema}"})];
    if is_paged {
        for link in ["first", "next"] {
            properties[link] = json!({"type": "string"});
            links.push(json!({"rel": link, "href": format!("{{{link}}}")}));
        }
    }
    json!({"name": name, "properties": properties, "links": links})
}
