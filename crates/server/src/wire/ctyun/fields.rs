//! What a call is given: the fields of a JSON body, or of a query.

use std::collections::BTreeSet;

use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use serde_json::{Map, Value};

use crate::wire::common::{invalid, malformed, parse_json};
use crate::wire::query::parse_query;

/// The fields of a call. Unset ones are `null` (the Python SDK writes every field) or, by older clients,
/// empty. Those that nobody asks for are ignored, as in the cloud.
#[derive(Clone, Debug, Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// The fields of a query.
    pub fn of_query(query: &str) -> Result<Fields, Error> {
        let pairs = parse_query(query)?;
        Ok(Fields(pairs.into_iter().map(|(name, value)| (name, Value::from(value))).collect()))
    }

    /// The fields of a body, which is a JSON object or nothing; a query has those that the body has not:
    /// the SDK writes some calls' fields here, the vendor's documents there.
    pub fn of_body(body: &[u8], query: &str) -> Result<Fields, Error> {
        let mut fields = Fields::of_query(query)?;
        if body.is_empty() {
            return Ok(fields);
        }
        let Value::Object(given) = parse_json(body)? else {
            return Err(malformed("the body is a JSON object"));
        };
        fields.0.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
        Ok(fields)
    }

    /// A field; `None` where it is missing or null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text, also an empty one; numbers as they are written.
    pub fn text_as_is(&self, name: &str) -> Result<Option<String>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(other) => Err(invalid(name, &other.to_string(), "it must be a string")),
        }
    }

    /// A text; `None` where it is missing, null or empty.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.text_as_is(name)?.filter(|text| !text.is_empty()))
    }

    /// A text that must be there.
    pub fn required(&self, name: &'static str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| Error::new(Code::MissingField).with("field", name))
    }

    /// A whole number, or a text of one; `None` where it is missing or empty.
    pub fn number(&self, name: &str) -> Result<Option<u32>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let reason = "it must be a whole number, not negative";
        text.trim().parse().map(Some).map_err(|_| invalid(name, &text, reason))
    }

    /// A flag, or a word of one; `None` where it is missing or empty.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        let text = match self.get(name) {
            Some(Value::Bool(flag)) => return Ok(Some(*flag)),
            _ => self.text(name)?,
        };
        let Some(text) = text else { return Ok(None) };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(invalid(name, &text, "it must be true or false")),
        }
    }

    /// The image that a call is about.
    pub fn image(&self) -> Result<ImageId, Error> {
        parse_image(&self.required("imageID")?)
    }

    /// The labels of a call: keys with their values, each key once.
    pub fn labels(&self) -> Result<Vec<(String, String)>, Error> {
        let Some(given) = self.get("labels") else { return Ok(Vec::new()) };
        let wrong = |value: &Value| {
            let reason = "it must be an array of {labelKey, labelValue}, each key once";
            invalid("labels", &value.to_string(), reason)
        };
        let items = given.as_array().ok_or_else(|| wrong(given))?;
        let mut known = BTreeSet::new();
        let mut labels: Vec<(String, String)> = Vec::with_capacity(items.len());
        for item in items {
            let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
            let key = text("labelKey").filter(|key| !key.is_empty() && !key.contains('='));
            let label = (key.ok_or_else(|| wrong(item))?, text("labelValue").unwrap_or_default());
            if !known.insert(label.0.clone()) {
                return Err(wrong(item));
            }
            labels.push(label);
        }
        Ok(labels)
    }
}

/// An image by its id. A text that is no id names no image.
pub fn parse_image(text: &str) -> Result<ImageId, Error> {
    ImageId::parse_uuid(text)
        .map_err(|_| Error::new(Code::ImageNotFound).with("id", shortened(text, 80)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_or_empty_was_not_given() {
        let body = br#"{"imageName": null, "description": "", "minimumRAM": "8", "flag": "True"}"#;
        let fields = Fields::of_body(body, "imageName=there&pageNo=").unwrap();
        assert_eq!(fields.text("imageName").unwrap().as_deref(), Some("there"));
        assert_eq!(fields.text("description").unwrap(), None);
        assert_eq!(fields.text_as_is("description").unwrap().as_deref(), Some(""));
        assert_eq!(fields.number("minimumRAM").unwrap(), Some(8));
        assert_eq!(fields.number("pageNo").unwrap(), None);
        assert_eq!(fields.flag("flag").unwrap(), Some(true));
        assert_eq!(
            fields.required("regionID").unwrap_err().code(),
            lendglass_core::Code::MissingField
        );
    }

    #[test]
    fn labels_have_a_key_each_once() {
        let labels = |text: &str| {
            Fields::of_body(format!(r#"{{"labels": {text}}}"#).as_bytes(), "").unwrap().labels()
        };
        let env = r#"{"labelKey": "env", "labelValue": "prod"}"#;
        assert_eq!(labels(&format!("[{env}]")).unwrap(), [("env".to_owned(), "prod".to_owned())]);
        for bad in [format!("[{env}, {env}]"), env.to_owned(), r#"[{"labelValue": "x"}]"#.into()] {
            assert!(labels(&bad).is_err(), "{bad}");
        }
    }
}
