//! `lend credentials key …`: access keys.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{AccessKey, On};
use crate::failure::Failure;
use crate::output::{column, note, print_fields, print_rows};
use crate::session::escaped;
use crate::text::say;

/// Does what was asked.
pub fn run(on: &On<'_>, verb: &AccessKey) -> Result<u8, Failure> {
    match verb {
        AccessKey::List => list(on),
        AccessKey::Create => create(on),
        AccessKey::Delete { key } => delete(on, key),
        AccessKey::Enable { key } => enable(on, key, true),
        AccessKey::Disable { key } => enable(on, key, false),
    }
}

fn list(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/access-keys")?;
    let rows = answer["access_keys"].as_array().cloned().unwrap_or_default();
    let columns = [
        column("id", "ID", "ID"),
        column("enabled", "Enabled", "启用"),
        column("project", "Project", "项目"),
        column("created_at", "Created", "创建时间"),
    ];
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

fn create(on: &On<'_>) -> Result<u8, Failure> {
    let key = on.session.call(&Method::POST, "/access-keys", Some(&json!({})))?;
    note(on, say(on.language, "secret_once"));
    let mut fields = fields(&key);
    fields.push(("secret", key["secret"].clone()));
    print_fields(on, &fields)?;
    Ok(0)
}

fn delete(on: &On<'_>, key: &str) -> Result<u8, Failure> {
    on.session.call(&Method::DELETE, &path(key), None)?;
    note(on, say(on.language, "deleted"));
    Ok(0)
}

fn enable(on: &On<'_>, key: &str, enabled: bool) -> Result<u8, Failure> {
    let body = json!({"enabled": enabled});
    let key = on.session.call(&Method::PATCH, &path(key), Some(&body))?;
    print_fields(on, &fields(&key))?;
    Ok(0)
}

fn path(key: &str) -> String {
    format!("/access-keys/{}", escaped(key))
}

fn fields(key: &Value) -> Vec<(&'static str, Value)> {
    let names = ["id", "project", "enabled", "created_at"];
    names.into_iter().map(|name| (name, key[name].clone())).collect()
}
