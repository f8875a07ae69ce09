//! A change of an image as Glance takes it: a subset of JSON Patch, in today's form and in the one
//! of an early draft.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use lendglass_core::limits::PATCH_OPERATIONS;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};
use serde_json::{Map, Value};

use crate::service::image::Edit;
use crate::wire::common::{malformed, media_type};
use crate::wire::openstack::error::Failure;
use crate::wire::openstack::field::{is_writable, parse_field, parse_property};

/// The two forms of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{"op": "replace", "path": "/name", "value": …}`
    Today,
    /// `{"replace": "/name", "value": …}`
    Draft4,
}

const TODAY: &str = "application/openstack-images-v2.1-json-patch";
const DRAFT_4: &str = "application/openstack-images-v2.0-json-patch";

/// The form a request is written in; `None`: one that is not taken here.
pub fn form(headers: &HeaderMap) -> Option<Form> {
    match media_type(headers)?.as_str() {
        TODAY => Some(Form::Today),
        DRAFT_4 => Some(Form::Draft4),
        _ => None,
    }
}

/// 415 for a form that is not taken here, with those that are in `Accept-Patch`.
pub fn refuse_form(headers: &HeaderMap) -> Response {
    let got = media_type(headers).unwrap_or_default();
    let error =
        Error::new(Code::UnsupportedMedia).with("got", shortened(&got, 80)).with("want", TODAY);
    let mut response = Failure(error).into_response();
    let taken = HeaderValue::from_str(&format!("{DRAFT_4}, {TODAY}")).ok();
    response
        .headers_mut()
        .extend(taken.map(|taken| (HeaderName::from_static("accept-patch"), taken)));
    response
}

/// What a body asks for, in order.
pub fn parse_patch(form: Form, body: &Value) -> Result<Vec<Edit>, Error> {
    let operations = body.as_array().ok_or_else(|| malformed("a patch is a JSON array"))?;
    if operations.len() > PATCH_OPERATIONS {
        return Err(malformed(&format!("a patch has at most {PATCH_OPERATIONS} operations")));
    }
    let edits = operations.iter().map(|operation| parse_operation(form, operation));
    edits.filter_map(Result::transpose).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

const VERBS: [(&str, Verb); 3] =
    [("add", Verb::Add), ("replace", Verb::Replace), ("remove", Verb::Remove)];

/// `None` where an operation asks for nothing: a null for a property that may be null.
fn parse_operation(form: Form, operation: &Value) -> Result<Option<Edit>, Error> {
    let operation =
        operation.as_object().ok_or_else(|| malformed("an operation is a JSON object"))?;
    let (verb, pointer) = match form {
        Form::Today => today(operation)?,
        Form::Draft4 => draft_4(operation)?,
    };
    let path = parse_pointer(pointer)?;
    let name = path.first().map_or("", String::as_str);
    is_writable(name)?;
    if path.len() != 1 {
        return Err(malformed(&format!("“{}” points into a field", shortened(pointer, 80))));
    }
    if verb == Verb::Remove {
        return removal(name).map(Some);
    }
    let value = operation
        .get("value")
        .ok_or_else(|| malformed("an operation that sets something needs a “value”"))?;
    if let Some(edit) = parse_field(name, value)? {
        return Ok(Some(edit));
    }
    let Some(value) = parse_property(name, value)? else { return Ok(None) };
    let name = name.to_owned();
    Ok(Some(match (verb, form) {
        (Verb::Add, Form::Draft4) => Edit::AddProperty(name, value),
        (Verb::Add | Verb::Remove, _) => Edit::SetProperty(name, value),
        (Verb::Replace, _) => Edit::ReplaceProperty(name, value),
    }))
}

fn today(operation: &Map<String, Value>) -> Result<(Verb, &str), Error> {
    let word = operation.get("op").ok_or_else(|| malformed("an operation needs an “op”"))?;
    let verb = VERBS.iter().find(|(known, _)| word.as_str() == Some(known));
    let (_, verb) = verb.ok_or_else(|| malformed("“op” is add, replace or remove"))?;
    let path = operation.get("path").ok_or_else(|| malformed("an operation needs a “path”"))?;
    Ok((*verb, path.as_str().ok_or_else(|| malformed("“path” is a string"))?))
}

fn draft_4(operation: &Map<String, Value>) -> Result<(Verb, &str), Error> {
    let mut given = VERBS.iter().filter_map(|(word, verb)| Some((*verb, operation.get(*word)?)));
    let only = "an operation has exactly one of add, replace and remove";
    let (verb, path) = given.next().ok_or_else(|| malformed(only))?;
    if given.next().is_some() {
        return Err(malformed(only));
    }
    Ok((verb, path.as_str().ok_or_else(|| malformed("a path is a string"))?))
}

/// Fields cannot be removed, additional properties can.
fn removal(name: &str) -> Result<Edit, Error> {
    let is_field = lendglass_core::image::FIELD_NAMES.contains(&name);
    if is_field {
        return Err(Error::new(Code::PropertyReadonly).with("property", name));
    }
    Ok(Edit::RemoveProperty(name.to_owned()))
}

/// The parts of a JSON pointer, unescaped. Glance takes a strict form of them: it begins with a
/// slash, no part is empty, `~` stands only before 0 or 1.
fn parse_pointer(pointer: &str) -> Result<Vec<String>, Error> {
    let refuse = |reason: &str| malformed(&format!("“{}” {reason}", shortened(pointer, 80)));
    let rest = pointer.strip_prefix('/').ok_or_else(|| refuse("does not begin with a slash"))?;
    rest.split('/')
        .map(|part| {
            if part.trim().is_empty() {
                return Err(refuse("has an empty part"));
            }
            let is_escaped = part.split('~').skip(1).all(|tail| tail.starts_with(['0', '1']));
            if !is_escaped {
                return Err(refuse("has a ~ that escapes nothing"));
            }
            Ok(part.replace("~1", "/").replace("~0", "~").trim().to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(form: Form, body: Value) -> Code {
        parse_patch(form, &body).unwrap_err().code()
    }

    #[test]
    fn pointers_are_unescaped_and_checked() {
        let of = |pointer: &str| parse_pointer(pointer).ok();
        assert_eq!(of("/name"), Some(vec!["name".to_owned()]));
        assert_eq!(of("/a~1b~0c"), Some(vec!["a/b~c".to_owned()]));
        assert_eq!(of("/~01"), Some(vec!["~1".to_owned()]));
        assert_eq!(of("/tags/-"), Some(vec!["tags".to_owned(), "-".to_owned()]));
        for bad in ["", "name", "/", "//", "/a/", "/a//b", "/ /", "/a~2", "/a~", "/~"] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn both_forms_say_the_same() {
        let today = json!([{"op": "replace", "path": "/name", "value": "n"}]);
        let draft = json!([{"replace": "/name", "value": "n"}]);
        let name = vec![Edit::Name(Some("n".to_owned()))];
        assert_eq!(parse_patch(Form::Today, &today).unwrap(), name);
        assert_eq!(parse_patch(Form::Draft4, &draft).unwrap(), name);
        assert_eq!(code(Form::Today, draft), Code::Malformed);
        assert_eq!(code(Form::Draft4, today), Code::Malformed);
        let two = json!([{"add": "/a", "remove": "/b", "value": "1"}]);
        assert_eq!(code(Form::Draft4, two), Code::Malformed);
    }

    #[test]
    fn draft_4_distinguishes_adding_and_setting() {
        let add = |form, body| parse_patch(form, &body).unwrap();
        let (a, v) = ("a".to_owned(), "1".to_owned());
        assert_eq!(
            add(Form::Today, json!([{"op": "add", "path": "/a", "value": "1"}])),
            [Edit::SetProperty(a.clone(), v.clone())]
        );
        assert_eq!(
            add(Form::Draft4, json!([{"add": "/a", "value": "1"}])),
            [Edit::AddProperty(a, v)]
        );
    }

    #[test]
    fn what_is_not_an_operation_is_refused() {
        for bad in [
            json!({"op": "add"}),
            json!(["add"]),
            json!([{"path": "/a", "value": "1"}]),
            json!([{"op": "move", "path": "/a", "value": "1"}]),
            json!([{"op": "add", "value": "1"}]),
            json!([{"op": "add", "path": "/a"}]),
            json!([{"op": "add", "path": 7, "value": "1"}]),
            json!([{"op": "add", "path": "/tags/-", "value": "t"}]),
            json!([{"op": "replace", "path": "/tags/0", "value": "t"}]),
        ] {
            assert_eq!(code(Form::Today, bad.clone()), Code::Malformed, "{bad}");
        }
        let many = vec![json!({"op": "remove", "path": "/a"}); PATCH_OPERATIONS + 1];
        assert_eq!(code(Form::Today, json!(many)), Code::Malformed);
    }
}
