//! The search by tags: what is wanted, and whether an image has it.

use std::collections::BTreeSet;

use lendglass_core::image::Image;
use lendglass_core::{Code, Error};
use serde_json::Value;

use super::request::Fields;
use super::tag::{Tag, tags_of};
use crate::wire::common::invalid;

/// The page of a search where none is asked for.
const PAGE: u32 = 10;

/// A key with values of which one must be there; none: any.
struct Condition {
    key: String,
    values: BTreeSet<String>,
}

impl Condition {
    fn holds(&self, tags: &[Tag]) -> bool {
        let fits = |tag: &Tag| self.values.is_empty() || self.values.contains(&tag.value);
        tags.iter().any(|tag| tag.key == self.key && fits(tag))
    }
}

/// What a search wants.
pub struct Wanted {
    all: Vec<Condition>,
    any: Vec<Condition>,
    not_all: Vec<Condition>,
    not_any: Vec<Condition>,
    without_tags: bool,
    name: Option<String>,
    id: Option<String>,
    /// Only how many there are.
    pub is_count: bool,
    /// At most so many.
    pub limit: usize,
    /// Without the first so many.
    pub offset: usize,
}

impl Wanted {
    /// Whether an image is meant.
    pub fn fits(&self, image: &Image) -> bool {
        let tags = tags_of(image);
        let name = image.name.as_deref().unwrap_or_default();
        let by_name = self.name.as_deref().is_none_or(|part| match part {
            "" => name.is_empty(),
            part => name.contains(part),
        });
        let by_id = self.id.as_deref().is_none_or(|id| image.id.as_str() == id);
        by_name && by_id && self.fits_tags(&tags)
    }

    /// `without_any_tag` goes before all other conditions about tags.
    fn fits_tags(&self, tags: &[Tag]) -> bool {
        if self.without_tags {
            return tags.is_empty();
        }
        let holds = |condition: &Condition| condition.holds(tags);
        self.all.iter().all(holds)
            && (self.any.is_empty() || self.any.iter().any(holds))
            && (self.not_all.is_empty() || !self.not_all.iter().all(holds))
            && !self.not_any.iter().any(holds)
    }
}

/// Reads the body of a search.
pub fn parse_wanted(fields: &Fields) -> Result<Wanted, Error> {
    let is_count = match fields.required("action")?.as_str() {
        "filter" => false,
        "count" => true,
        other => return Err(invalid("action", other, "it must be filter or count")),
    };
    let (mut name, mut id) = (None, None);
    for item in fields.get("matches").and_then(Value::as_array).into_iter().flatten() {
        let text = |field: &str| item.get(field).and_then(Value::as_str).unwrap_or_default();
        match text("key") {
            "resource_name" => name = Some(text("value").to_owned()),
            "resource_id" => id = Some(text("value").to_owned()),
            other => return Err(invalid("matches", other, "resource_name or resource_id")),
        }
    }
    Ok(Wanted {
        all: conditions(fields, "tags")?,
        any: conditions(fields, "tags_any")?,
        not_all: conditions(fields, "not_tags")?,
        not_any: conditions(fields, "not_tags_any")?,
        without_tags: fields.get("without_any_tag").is_some_and(|flag| flag == &Value::Bool(true)),
        name,
        id,
        is_count,
        limit: fields.number("limit")?.unwrap_or(PAGE) as usize,
        offset: fields.number("offset")?.unwrap_or(0) as usize,
    })
}

fn conditions(fields: &Fields, name: &str) -> Result<Vec<Condition>, Error> {
    let items = fields.get(name).and_then(Value::as_array);
    items.into_iter().flatten().map(condition).collect()
}

fn condition(item: &Value) -> Result<Condition, Error> {
    let key = item.get("key").and_then(Value::as_str).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| Error::new(Code::MissingField).with("field", "key"))?;
    let values = item.get("values").and_then(Value::as_array).into_iter().flatten();
    let values = values.filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Condition { key: key.to_owned(), values })
}
