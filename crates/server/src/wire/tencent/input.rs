//! What an action is given: a JSON object, or the same flattened into a query or a form.

use lendglass_core::limits::JSON_DEPTH;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};
use serde_json::{Map, Value};

use crate::wire::common::{invalid, parse_json};
use crate::wire::fuzzed::is_brief;

/// Parameters that belong to every call, in the flattened forms.
const COMMON: [&str; 12] = [
    "Action",
    "Version",
    "Region",
    "Timestamp",
    "Nonce",
    "SecretId",
    "SignatureMethod",
    "Signature",
    "Language",
    "RequestClient",
    "Token",
    "RequestSource",
];
/// Largest index of a flattened list: more ids than one request may name.
const INDEX_MAX: usize = 1_000;

/// The parameters of a call. Take what is known, then [`Input::finish`] refuses the rest.
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    values: Map<String, Value>,
    common: Map<String, Value>,
}

/// A filter of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub name: String,
    pub values: Vec<String>,
}

impl Input {
    /// Reads a JSON body; an empty one has no parameters.
    pub fn of_json(body: &[u8]) -> Result<Input, Error> {
        if body.is_empty() {
            return Ok(Input::default());
        }
        match parse_json(body)? {
            Value::Object(values) => Ok(Input { values, common: Map::new() }),
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)) => {
                Err(invalid("body", &other.to_string(), "a JSON object is expected"))
            }
        }
    }

    /// Reads a query or a form: `Name.0` is an element of a list, `Name.0.Key` a field of one.
    pub fn of_flat(text: &[u8]) -> Result<Input, Error> {
        let mut input = Input::default();
        let mut root = Value::Object(Map::new());
        for (name, value) in url::form_urlencoded::parse(text) {
            if COMMON.contains(&name.as_ref()) {
                input.common.insert(name.into_owned(), Value::from(value.into_owned()));
                continue;
            }
            let path: Vec<&str> = name.split('.').collect();
            put_at(&mut root, &path, value.into_owned())
                .ok_or_else(|| invalid(&name, "", "it fits no parameter"))?;
        }
        if let Value::Object(values) = root {
            input.values = values;
        }
        Ok(input)
    }

    /// A parameter that belongs to every call, in the flattened forms.
    pub fn common(&self, name: &str) -> Option<&str> {
        self.common.get(name).and_then(Value::as_str)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name).filter(|value| !value.is_null())
    }

    /// A text, or a number as it is written.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.take(name).map(|value| text_of(name, value)).transpose()
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A list of texts; `None` where it is not given.
    pub fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(values)) => values
                .into_iter()
                .map(|value| text_of(name, value))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(other) => Err(invalid(name, &other.to_string(), "a list is expected")),
        }
    }

    /// A list of texts that must be there.
    pub fn required_texts(&mut self, name: &str) -> Result<Vec<String>, Error> {
        self.texts(name)?.ok_or_else(|| missing(name))
    }

    /// A whole number.
    pub fn number(&mut self, name: &str) -> Result<Option<u32>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| invalid(name, &text, "it is not a whole number"))
    }

    /// A flag: JSON's, or a word in whatever case.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Error> {
        let value = self.take(name);
        let Some(value) = value else { return Ok(None) };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(invalid(name, &text, "true or false")),
        }
    }

    /// The filters of a list.
    pub fn filters(&mut self) -> Result<Vec<Filter>, Error> {
        let wrong = |value: &Value| invalid("Filters", &value.to_string(), "{Name, Values}");
        match self.take("Filters") {
            None => Ok(Vec::new()),
            Some(Value::Array(filters)) => filters
                .into_iter()
                .map(|filter| {
                    let Value::Object(values) = filter else { return Err(wrong(&filter)) };
                    let mut one = Input { values, common: Map::new() };
                    let name = one.required("Name")?;
                    let values = one.required_texts("Values")?;
                    one.finish()?;
                    Ok(Filter { name, values })
                })
                .collect(),
            Some(other) => Err(wrong(&other)),
        }
    }

    /// Refuses what nobody took with [`Code::UnknownField`].
    pub fn finish(self) -> Result<(), Error> {
        match self.values.into_iter().find(|(_, value)| !value.is_null()) {
            None => Ok(()),
            Some((name, _)) => {
                Err(Error::new(Code::UnknownField).with("field", shortened(&name, 80)))
            }
        }
    }
}

fn missing(name: &str) -> Error {
    Error::new(Code::MissingField).with("field", name)
}

fn text_of(name: &str, value: Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Err(invalid(name, &other.to_string(), "a text is expected"))
        }
    }
}

/// Puts a value where its path says; `None` where another one is in the way, or the path is deeper than
/// any body may be: each step costs a frame of the stack.
fn put_at(root: &mut Value, path: &[&str], value: String) -> Option<()> {
    if path.len() > JSON_DEPTH { None } else { put(root, path, value) }
}

fn put(place: &mut Value, path: &[&str], value: String) -> Option<()> {
    let Some((first, rest)) = path.split_first() else {
        if !place.is_null() {
            return None;
        }
        *place = Value::from(value);
        return Some(());
    };
    if let Ok(index) = first.parse::<usize>() {
        if place.is_null() {
            *place = Value::Array(Vec::new());
        }
        let list = place.as_array_mut().filter(|_| index < INDEX_MAX)?;
        // Clients send elements in order; a gap would be an element that is nothing.
        if index > list.len() {
            return None;
        }
        if index == list.len() {
            list.push(Value::Null);
        }
        return put(list.get_mut(index)?, rest, value);
    }
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    let fields = place.as_object_mut()?;
    put(fields.entry((*first).to_owned()).or_insert(Value::Null), rest, value)
}

/// Reads a body as JSON and as a form, for the fuzzer and the test beside it. What JSON says with texts,
/// lists and objects, the flattened form must say as well; what is refused is refused in a sentence.
pub fn round_trip(body: &[u8]) -> bool {
    let (form, json) = (Input::of_flat(body), Input::of_json(body));
    if ![&form, &json].into_iter().all(|input| is_brief(input) && is_read_briefly(input)) {
        return false;
    }
    let Ok(json) = json else { return true };
    let mut pairs = Vec::new();
    let is_plain = json.values.iter().all(|(name, value)| {
        let is_common = COMMON.contains(&name.as_str());
        !is_common && is_name(name) && flatten(name, value, &mut pairs).is_some()
    });
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    !is_plain || Input::of_flat(form.as_bytes()).is_ok_and(|flat| flat.values == json.values)
}

/// Whether whatever does not fit parameters of each type is refused in a sentence.
fn is_read_briefly(input: &Result<Input, Error>) -> bool {
    let Ok(mut input) = input.clone() else { return true };
    is_brief(&input.filters())
        && is_brief(&input.texts("ImageIds"))
        && is_brief(&input.number("Limit"))
        && is_brief(&input.flag("DryRun"))
        && is_brief(&input.required("ImageId"))
        && is_brief(&input.finish())
}

/// Whether a name does not read as a path or an index.
fn is_name(name: &str) -> bool {
    !name.contains('.') && name.parse::<usize>().is_err()
}

/// The flattened form of a value; `None` where it has none of the same meaning: an empty list, a
/// name that reads as a part of a path, a value that is no text.
fn flatten(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) -> Option<()> {
    let is_whole = |size: usize| size > 0 && size <= INDEX_MAX;
    match value {
        Value::String(text) => {
            pairs.push((name.to_owned(), text.clone()));
            Some(())
        }
        Value::Array(list) if is_whole(list.len()) => list
            .iter()
            .enumerate()
            .try_for_each(|(at, value)| flatten(&format!("{name}.{at}"), value, pairs)),
        Value::Object(fields) if is_whole(fields.len()) => {
            fields.iter().try_for_each(|(key, value)| {
                is_name(key).then_some(())?;
                flatten(&format!("{name}.{key}"), value, pairs)
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn flattened_parameters_are_the_same_as_json() {
        let text = b"Action=X&ImageIds.0=a&ImageIds.1=b&Filters.0.Name=n&Filters.0.Values.0=v\
            &Limit=5&DryRun=True";
        let mut flat = Input::of_flat(text).unwrap();
        assert_eq!(flat.common("Action"), Some("X"));
        assert_eq!(flat.required_texts("ImageIds").unwrap(), ["a", "b"]);
        let filter = Filter { name: "n".into(), values: vec!["v".into()] };
        assert_eq!(flat.filters().unwrap(), [filter]);
        assert_eq!(flat.number("Limit").unwrap(), Some(5));
        assert_eq!(flat.flag("DryRun").unwrap(), Some(true));
        flat.finish().unwrap();
        let mut json = Input::of_json(br#"{"Limit": 5, "DryRun": true, "Name": null}"#).unwrap();
        assert_eq!(
            (json.number("Limit").unwrap(), json.flag("DryRun").unwrap()),
            (Some(5), Some(true))
        );
        json.finish().unwrap();
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = "[a-zA-Z0-9 .=&%+镜]{0,8}".prop_map(Value::from);
        text.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-zA-Z0-9.]{0,3}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_and_forms_say_the_same(value in values()) {
            for name in ["Filters", "A.b", "7"] {
                let body = json!({name: value}).to_string();
                prop_assert!(round_trip(body.as_bytes()));
            }
        }

        #[test]
        fn no_bytes_fail_otherwise_than_with_a_refusal(body: Vec<u8>, form in "([A-C](\\.[0-3a-b]){0,3}=[x-z]?&?){0,8}") {
            prop_assert!(round_trip(&body));
            prop_assert!(round_trip(form.as_bytes()));
        }
    }

    #[test]
    fn what_fits_nowhere_is_refused() {
        for bad in ["A.0=x&A.x=y", "A=x&A.0=y", "A.1=x", "A.99999999=x", "A.0=x&A.0=y"] {
            assert!(Input::of_flat(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = format!("{}=x", ["A"; 100_000].join("."));
        assert!(Input::of_flat(deep.as_bytes()).is_err(), "deeper than a stack");
        for bad in ["[]", "7", "{", "{\"a\":"] {
            assert!(Input::of_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
