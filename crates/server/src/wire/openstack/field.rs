//! The fields of an image as clients write them: which there are, which are not theirs to write, and
//! what each may hold.

use lendglass_core::image::{ContainerFormat, DiskFormat, Visibility};
use lendglass_core::{Code, Error, ProjectId};
use serde_json::Value;

use crate::service::image::Edit;
use crate::wire::common::invalid;

/// Fields that only the server writes.
const READ_ONLY: &[&str] = &[
    "id",
    "status",
    "size",
    "virtual_size",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "created_at",
    "updated_at",
    "self",
    "file",
    "schema",
    "direct_url",
    "stores",
];
/// Names that clients of Glance may neither write nor use as additional properties.
const RESERVED: &[&str] = &["location", "locations", "deleted", "deleted_at"];
/// Additional properties that Glance's schema lets be null: then there is none.
const MAY_BE_NULL: &[&str] = &["kernel_id", "ramdisk_id"];

/// Refuses what clients may not write: [`Code::PropertyReadonly`], [`Code::PropertyReserved`].
pub fn is_writable(name: &str) -> Result<(), Error> {
    if READ_ONLY.contains(&name) {
        return Err(Error::new(Code::PropertyReadonly).with("property", name));
    }
    if RESERVED.contains(&name) {
        return Err(Error::new(Code::PropertyReserved).with("property", name));
    }
    Ok(())
}

/// What a value of a field means; `None` where the name is not a field but an additional property.
///
/// Errors: [`Code::InvalidValue`] for a value of the wrong type or not among those allowed.
pub fn parse_field(name: &str, value: &Value) -> Result<Option<Edit>, Error> {
    Ok(Some(match name {
        "name" => Edit::Name(opt_text(name, value)?),
        "visibility" => Edit::Visibility(word(name, value, Visibility::ALL, Visibility::as_str)?),
        "os_hidden" => Edit::Hidden(flag(name, value)?),
        "protected" => Edit::Protected(flag(name, value)?),
        "disk_format" => {
            Edit::DiskFormat(opt(value, || word(name, value, DiskFormat::ALL, DiskFormat::as_str))?)
        }
        "container_format" => Edit::ContainerFormat(opt(value, || {
            word(name, value, ContainerFormat::ALL, ContainerFormat::as_str)
        })?),
        "min_disk" => Edit::MinDisk(number(name, value)?),
        "min_ram" => Edit::MinRam(number(name, value)?),
        "tags" => Edit::Tags(texts(name, value)?),
        "owner" => Edit::Owner(ProjectId::parse(text(name, value)?)?),
        _ => return Ok(None),
    }))
}

/// The value of an additional property; `None` for a null where that means that there is none.
pub fn parse_property(name: &str, value: &Value) -> Result<Option<String>, Error> {
    if value.is_null() && MAY_BE_NULL.contains(&name) {
        return Ok(None);
    }
    text(name, value).map(|text| Some(text.to_owned()))
}

fn refused<T>(name: &str, value: &Value, reason: &str) -> Result<T, Error> {
    Err(invalid(name, &value.to_string(), reason))
}

fn text<'a>(name: &str, value: &'a Value) -> Result<&'a str, Error> {
    value.as_str().map_or_else(|| refused(name, value, "it must be a string"), Ok)
}

fn opt_text(name: &str, value: &Value) -> Result<Option<String>, Error> {
    opt(value, || text(name, value).map(str::to_owned))
}

fn opt<T>(value: &Value, read: impl FnOnce() -> Result<T, Error>) -> Result<Option<T>, Error> {
    if value.is_null() { Ok(None) } else { read().map(Some) }
}

fn flag(name: &str, value: &Value) -> Result<bool, Error> {
    value.as_bool().map_or_else(|| refused(name, value, "it must be true or false"), Ok)
}

fn number(name: &str, value: &Value) -> Result<u32, Error> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.map_or_else(|| refused(name, value, "it must be an integer, not negative"), Ok)
}

fn texts(name: &str, value: &Value) -> Result<Vec<String>, Error> {
    let Some(items) = value.as_array() else {
        return refused(name, value, "it must be an array of strings");
    };
    items.iter().map(|item| text(name, item).map(str::to_owned)).collect()
}

fn word<T: Copy>(
    name: &str,
    value: &Value,
    all: &[T],
    as_str: fn(T) -> &'static str,
) -> Result<T, Error> {
    let known = value.as_str().and_then(|text| all.iter().copied().find(|w| as_str(*w) == text));
    match known {
        Some(known) => Ok(known),
        None => {
            let words: Vec<&str> = all.iter().map(|word| as_str(*word)).collect();
            refused(name, value, &format!("it must be one of {}", words.join(", ")))
        }
    }
}
