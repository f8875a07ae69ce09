//! `lend tag …`: predefined tags.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{On, Tag};
use crate::failure::Failure;
use crate::output::{Column, column, note, print_rows};
use crate::session::escaped;
use crate::text::say;

const COLUMNS: &[Column] = &[
    column("key", "Key", "键"),
    column("values", "Values", "可取值"),
    column("enforced", "Enforced", "强制"),
    column("scope", "Scope", "范围"),
    column("set_by", "Set by", "设置者"),
];

/// Does what was asked.
pub fn run(on: &On<'_>, verb: &Tag) -> Result<u8, Failure> {
    match verb {
        Tag::List => {
            let answer = on.session.get("/tags/predefined")?;
            let rows: Vec<Value> = answer["tags"].as_array().cloned().unwrap_or_default();
            print_rows(on, COLUMNS, &rows)?;
        }
        Tag::Set { key, value, enforced, everywhere } => {
            let body = json!({"values": value, "enforced": enforced, "scope": scope(*everywhere)});
            let path = format!("/tags/predefined/{}", escaped(key));
            let set = on.session.call(&Method::PUT, &path, Some(&body))?;
            print_rows(on, COLUMNS, &[set])?;
        }
        Tag::Delete { key, everywhere } => {
            let path = format!("/tags/predefined/{}?scope={}", escaped(key), scope(*everywhere));
            on.session.call(&Method::DELETE, &path, None)?;
            note(on, &format!("{key}: {}", say(on.language, "deleted")));
        }
    }
    Ok(0)
}

fn scope(is_everywhere: bool) -> &'static str {
    if is_everywhere { "installation" } else { "project" }
}
