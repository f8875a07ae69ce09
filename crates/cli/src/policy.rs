//! `lend policy …`: the rules in force, and for the operator where they come from and how they change.

use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::args::{On, Policy, PolicyScope};
use crate::failure::Failure;
use crate::output::{column, note, print_fields, print_rows};
use crate::session::escaped;
use crate::text::{say, say_with};

/// Does what was asked.
pub fn run(on: &On<'_>, verb: &Policy) -> Result<u8, Failure> {
    match verb {
        Policy::Show => show(on),
        Policy::List { scope, changed } => list(on, scope, *changed),
        Policy::Set { values, scope, dry_run } => {
            let values = values.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
            let set: Map<String, Value> = values.collect();
            change(on, scope, json!({"set": set, "dry_run": dry_run}))
        }
        Policy::Unset { keys, scope, dry_run } => {
            change(on, scope, json!({"unset": keys, "dry_run": dry_run}))
        }
        Policy::Profile { name: None, .. } => {
            let rules = on.session.get("/policies")?;
            print_fields(on, &[("profile", rules["profile"].clone())])?;
            Ok(0)
        }
        Policy::Profile { name: Some(name), dry_run } => {
            let body = json!({"profile": name, "dry_run": dry_run});
            let report = on.session.call(&Method::PUT, "/policies/profile", Some(&body))?;
            print_report(on, &report)
        }
    }
}

fn show(on: &On<'_>) -> Result<u8, Failure> {
    let policy = on.session.get("/policy")?;
    let keys = policy.as_object().into_iter().flatten();
    let rows: Vec<Value> =
        keys.map(|(key, value)| json!({"key": key, "value": shown(value)})).collect();
    let columns = [column("key", "Key", "键"), column("value", "Value", "值")];
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

/// No limit is a word.
fn shown(value: &Value) -> Value {
    if value.is_null() { "none".into() } else { value.clone() }
}

/// The scope as fields of a body or a query.
fn scope_fields(scope: &PolicyScope) -> Vec<(&'static str, &str)> {
    match (&scope.in_region, &scope.of_project) {
        (Some(region), _) => vec![("scope", "region"), ("id", region)],
        (None, Some(project)) => vec![("scope", "project"), ("id", project)],
        (None, None) => vec![("scope", "installation")],
    }
}

fn list(on: &On<'_>, scope: &PolicyScope, is_changed: bool) -> Result<u8, Failure> {
    let query = scope_fields(scope).into_iter();
    let query: Vec<String> =
        query.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let rules = on.session.get(&format!("/policies?{}", query.join("&")))?;
    let is_set = |rule: &&Value| !is_changed || rule["set_by"].is_string();
    let row = |rule: &Value| {
        let words = rule["words"].as_array().map(|words| {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            words.join("|")
        });
        json!({
            "key": rule["key"],
            "value": shown(&rule["value"]),
            "origin": rule["origin"],
            "default": shown(&rule["default"]),
            "inherited": shown(&rule["inherited"]),
            "takes": words.map_or_else(|| rule["type"].clone(), Value::from),
            "is_locked": rule["is_locked"],
            "set_by": rule["set_by"],
            "set_at": rule["set_at"],
        })
    };
    let rows = rules["rules"].as_array().into_iter().flatten();
    let rows: Vec<Value> = rows.filter(is_set).map(row).collect();
    let mut columns = vec![
        column("key", "Key", "键"),
        column("value", "Value", "值"),
        column("origin", "Origin", "来源"),
        column("default", "Default", "默认值"),
    ];
    if on.global.long || !on.global.column.is_empty() {
        columns.extend([
            column("inherited", "Inherited", "继承值"),
            column("takes", "Takes", "可取值"),
            column("is_locked", "Locked", "锁定"),
        ]);
    }
    columns.extend([column("set_by", "Set by", "设置者"), column("set_at", "Set at", "设置时间")]);
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

fn change(on: &On<'_>, scope: &PolicyScope, mut body: Value) -> Result<u8, Failure> {
    for (name, value) in scope_fields(scope) {
        body[name] = value.into();
    }
    let report = on.session.call(&Method::PATCH, "/policies", Some(&body))?;
    print_report(on, &report)
}

/// What became another value; what stays above a lowered ceiling goes to the error stream.
fn print_report(on: &On<'_>, report: &Value) -> Result<u8, Failure> {
    let row = |one: &Value| {
        json!({
            "key": one["key"],
            "before": shown(&one["before"]),
            "after": shown(&one["after"]),
        })
    };
    let rows: Vec<Value> = report["changed"].as_array().into_iter().flatten().map(row).collect();
    let columns = [
        column("key", "Key", "键"),
        column("before", "Before", "修改前"),
        column("after", "After", "修改后"),
    ];
    print_rows(on, &columns, &rows)?;
    let effects = report["effects"].as_array().into_iter().flatten();
    for effect in effects.filter(|effect| effect["count"] != 0) {
        let more = if effect["is_more"] == true { "+" } else { "" };
        let count = format!("{}{more}", effect["count"]);
        let of = say(on.language, effect["of"].as_str().unwrap_or_default());
        let (key, ceiling) = (effect["key"].as_str().unwrap_or_default(), &effect["ceiling"]);
        note(on, &say_with(on.language, "exceeds", &[&count, of, key, &ceiling.to_string()]));
    }
    if report["done"] != true {
        note(on, say(on.language, "dry_run"));
    }
    Ok(0)
}
