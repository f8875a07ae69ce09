//! What strangers write, read as the calls read it: for the fuzzer, and for the tests beside. Each says
//! whether what must hold of everything that is taken does.

use lendglass_core::image::FIELD_NAMES;
use lendglass_core::limits::PATCH_OPERATIONS;
use serde_json::{Map, Value};

use super::identity::{AuthRequest, parse_sign_in};
use super::image::parse_new;
use super::list::{link, parse_list, parse_words};
use super::member::{parse_member, parse_status};
use super::patch::{Form, parse_patch};
use crate::service::image::Edit;
use crate::wire::common::{micros_text, parse_json, parse_time};
use crate::wire::fuzzed::is_brief;
use crate::wire::query::parse_query;

/// A patch, in both forms: it stays within its limit, and what today's form says the older one says
/// as well, but for the word by which it adds.
pub fn patch(bytes: &[u8]) -> bool {
    let Ok(body) = parse_json(bytes) else { return true };
    let is_good = |form| {
        let edits = parse_patch(form, &body);
        is_brief(&edits) && edits.map_or(true, |edits| edits.len() <= PATCH_OPERATIONS)
    };
    let is_same = in_draft_4(&body).is_none_or(|older| {
        let set = |edit| {
            let Edit::AddProperty(name, value) = edit else { return edit };
            Edit::SetProperty(name, value)
        };
        let older = parse_patch(Form::Draft4, &older).ok();
        let older: Option<Vec<Edit>> = older.map(|edits| edits.into_iter().map(set).collect());
        older == parse_patch(Form::Today, &body).ok()
    });
    is_good(Form::Today) && is_good(Form::Draft4) && is_same
}

/// A patch of today's form in the older one; `None` where it is none.
fn in_draft_4(body: &Value) -> Option<Value> {
    let operation = |operation: &Value| {
        let verb = operation.get("op")?.as_str()?;
        let verb = ["add", "replace", "remove"].into_iter().find(|known| *known == verb)?;
        let mut older = Map::from_iter([(verb.to_owned(), operation.get("path")?.clone())]);
        let value = operation.get("value").cloned();
        older.extend(value.map(|value| ("value".to_owned(), value)));
        Some(Value::Object(older))
    };
    body.as_array()?.iter().map(operation).collect::<Option<Vec<Value>>>().map(Value::from)
}

/// A query of the list of images: links keep it, words survive being quoted, and a time is the same
/// after it was shown.
pub fn query(text: &str) -> bool {
    let Ok(pairs) = parse_query(text) else { return true };
    let link = link(&pairs, None);
    let again = parse_query(link.split_once('?').map_or("", |(_, query)| query));
    let kept: Vec<_> = pairs.iter().filter(|(name, _)| name != "marker").cloned().collect();
    let stays = |value: &String| {
        let words = parse_words("name", value).ok();
        let quoted = words.as_deref().map(in_quotes);
        let time = parse_time(value);
        quoted.is_none_or(|quoted| parse_words("name", &quoted).ok() == words)
            && time.is_none_or(|at| parse_time(&micros_text(at)) == Some(at))
    };
    is_brief(&parse_list(&pairs))
        && again == Ok(kept)
        && pairs.iter().all(|(_, value)| stays(value))
}

fn in_quotes(words: &[String]) -> String {
    let quoted = |word: &String| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""));
    format!("in:{}", words.iter().map(quoted).collect::<Vec<_>>().join(","))
}

/// A body of a new image, of a member or of a sign-in: no property of an image has the name of a field.
pub fn body(bytes: &[u8]) -> bool {
    let Ok(body) = parse_json(bytes) else { return true };
    let sign_in = serde_json::from_value::<AuthRequest>(body.clone()).map(parse_sign_in);
    let (member, new) = (parse_member(&body), parse_new(&body));
    sign_in.map_or(true, |wish| is_brief(&wish))
        && is_brief(&parse_status(&body))
        && is_brief(&member)
        && is_brief(&new)
        && member.map_or(true, |member| !member.is_empty())
        && new.map_or(true, |new| {
            new.properties.keys().all(|name| !FIELD_NAMES.contains(&name.as_str()))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_keeps_what_must_hold(
            bytes: Vec<u8>,
            verb in "add|replace|remove|move",
            name in "name|tags|min_disk|[a-z~/0-1]{0,5}",
            text in "\\PC{0,8}",
            words in "in:[a,\\\\\"]{0,9}",
        ) {
            prop_assert!(patch(&bytes) && body(&bytes));
            let path = format!("/{name}");
            let change = json!([{"op": verb, "path": path, "value": text}]).to_string();
            prop_assert!(patch(change.as_bytes()));
            let fields = json!({name: text, "member": text}).to_string();
            prop_assert!(body(fields.as_bytes()));
            let pairs = [("name", words.as_str()), ("marker", &text), (&text, &text)];
            let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            prop_assert!(query(&pairs));
        }
    }

    #[test]
    fn times_at_the_ends_of_the_calendar_are_shown_as_they_are_or_refused() {
        for time in ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0000-01-01"] {
            let pair = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("created_at", time)
                .finish();
            assert!(query(&pair), "{time}");
        }
    }
}
