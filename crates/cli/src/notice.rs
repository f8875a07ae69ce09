//! `lend notice` and `lend webhook`: what the project was told, and who else is told.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{Notice, On, Page, SetWebhook, Webhook};
use crate::failure::{Failure, exit};
use crate::image::more;
use crate::output::{Column, column, note, print_fields, print_rows};
use crate::session::escaped;
use crate::sharing::page_query;
use crate::text::{say, say_with};

/// Does a verb of `lend notice`.
pub fn run(on: &On<'_>, verb: &Notice) -> Result<u8, Failure> {
    match verb {
        Notice::List { unread, kind, page } => list(on, *unread, kind, page),
        Notice::Read { ids, all } => read(on, ids, *all),
        Notice::Count => count(on),
    }
}

const COLUMNS: &[Column] = &[
    column("id", "ID", "ID"),
    column("at", "Time", "时间"),
    column("kind", "What", "事件"),
    column("about", "About", "对象"),
    column("counterpart", "By or with", "对方"),
    column("note", "Note", "留言"),
    column("is_read", "Read", "已读"),
];
const LONG: &[Column] = &[
    column("image_id", "Image ID", "镜像 ID"),
    column("vault_id", "Vault ID", "存储库 ID"),
    column("quota", "Quota", "配额"),
    column("used", "Used", "已用"),
    column("limit", "Limit", "上限"),
    column("counterpart_id", "ID of the other side", "对方 ID"),
    column("to", "Told", "接收方"),
    column("region", "Region", "区域"),
];

fn list(on: &On<'_>, unread: bool, kinds: &[String], page: &Page) -> Result<u8, Failure> {
    let kinds: String = kinds.iter().map(|kind| format!("&kind={}", escaped(kind))).collect();
    let path = format!("/notices?unread={unread}{kinds}{}", page_query(page));
    let answer = on.session.get(&path)?;
    let rows: Vec<Value> = answer["notices"].as_array().into_iter().flatten().map(row).collect();
    let mut columns = COLUMNS.to_vec();
    if on.global.long || !on.global.column.is_empty() {
        columns.extend(LONG);
    }
    print_rows(on, &columns, &rows)?;
    more(on, &answer);
    Ok(0)
}

fn row(notice: &Value) -> Value {
    let other = &notice["counterpart"];
    let (image, vault, quota) = (&notice["image"], &notice["vault"], &notice["quota"]);
    // One of them is there; the others are null, and so are their fields.
    let either =
        |one: &Value, other: &Value| if one.is_null() { other.clone() } else { one.clone() };
    let used = either(&vault["used_gib"], &quota["used"]);
    let limit = either(&vault["capacity_gib"], &quota["limit"]);
    let about = match (vault["name"].as_str(), quota["name"].as_str()) {
        (Some(name), _) => Some(format!("{name} {used}/{limit} GiB")),
        (None, Some(name)) => Some(format!("{name} {used}/{limit}")),
        (None, None) => image["name"].as_str().or(image["id"].as_str()).map(str::to_owned),
    };
    json!({
        "id": notice["id"],
        "at": notice["at"],
        "kind": notice["kind"],
        "about": about,
        "counterpart": other["name"].as_str().or(other["id"].as_str()),
        "note": notice["note"],
        "is_read": notice["is_read"],
        "image_id": image["id"],
        "vault_id": vault["id"],
        "quota": quota["name"],
        "used": used,
        "limit": limit,
        "counterpart_id": other["id"],
        "to": notice["to"]["kind"],
        "region": notice["region"],
    })
}

fn read(on: &On<'_>, ids: &[String], all: bool) -> Result<u8, Failure> {
    let body = match all {
        true => json!({"up_to": on.session.get("/notices?limit=1")?["end"]}),
        false => json!({"ids": ids}),
    };
    let left = on.session.call(&Method::POST, "/notices/read", Some(&body))?;
    let text = left["unread"]["text"].as_str().unwrap_or_default();
    note(on, &say_with(on.language, "unread", &[text]));
    Ok(0)
}

fn count(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/notices/elsewhere")?;
    let row = |there: &Value| {
        json!({
            "project": there["project_name"],
            "region": there["region"],
            "pending": there["pending"]["text"],
            "unread": there["unread"]["text"],
            "current": if there["is_current"] == true { "*" } else { "" },
            "project_id": there["project"],
        })
    };
    let rows: Vec<Value> = answer["contexts"].as_array().into_iter().flatten().map(row).collect();
    let mut columns = vec![
        column("project", "Project", "项目"),
        column("region", "Region", "区域"),
        column("pending", "Pending", "待答复"),
        column("unread", "Unread", "未读"),
        column("current", "Current", "当前"),
    ];
    if on.global.long || !on.global.column.is_empty() {
        columns.push(column("project_id", "Project ID", "项目 ID"));
    }
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

/// Does a verb of `lend webhook`.
pub fn webhook(on: &On<'_>, verb: &Webhook) -> Result<u8, Failure> {
    match verb {
        Webhook::Create { url, kind } => {
            let body = json!({"url": url, "kinds": kind});
            let made = on.session.call(&Method::POST, "/webhooks", Some(&body))?;
            print_webhook(on, &made)?;
            note(on, say(on.language, "secret_once"));
            Ok(0)
        }
        Webhook::List => list_webhooks(on),
        Webhook::Show { id } => print_webhook(on, &on.session.get(&path(id))?),
        Webhook::Set(wish) => set(on, wish),
        Webhook::Delete { id } => {
            on.session.call(&Method::DELETE, &path(id), None)?;
            Ok(0)
        }
        Webhook::Test { id } => test(on, id),
    }
}

fn path(id: &str) -> String {
    format!("/webhooks/{}", escaped(id))
}

fn list_webhooks(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/webhooks")?;
    let rows = answer["webhooks"].as_array().cloned().unwrap_or_default();
    let columns = [
        column("id", "ID", "ID"),
        column("url", "URL", "URL"),
        column("kinds", "Kinds", "事件"),
        column("enabled", "On", "启用"),
        column("failure", "Failure", "失败原因"),
        column("delivered_at", "Delivered", "最近送达"),
    ];
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

fn print_webhook(on: &On<'_>, hook: &Value) -> Result<u8, Failure> {
    let names = [
        "id",
        "url",
        "kinds",
        "enabled",
        "secret",
        "region",
        "sent",
        "attempts",
        "failure",
        "failed_at",
        "next_try_at",
        "delivered_at",
        "created_at",
        "updated_at",
    ];
    let there = names.iter().filter(|name| hook.get(**name).is_some());
    let fields: Vec<(&str, Value)> = there.map(|name| (*name, hook[*name].clone())).collect();
    print_fields(on, &fields)?;
    Ok(0)
}

fn set(on: &On<'_>, wish: &SetWebhook) -> Result<u8, Failure> {
    let mut body = json!({});
    if let Some(url) = &wish.url {
        body["url"] = url.as_str().into();
    }
    if wish.all_kinds || !wish.kind.is_empty() {
        body["kinds"] = wish.kind.clone().into();
    }
    if wish.enable || wish.disable {
        body["enabled"] = wish.enable.into();
    }
    if body == json!({}) {
        return Err(Failure::new("USAGE", exit::USAGE, say(on.language, "nothing_to_set")));
    }
    print_webhook(on, &on.session.call(&Method::PATCH, &path(&wish.id), Some(&body))?)
}

fn test(on: &On<'_>, id: &str) -> Result<u8, Failure> {
    let tested = on.session.call(&Method::POST, &format!("{}/test", path(id)), Some(&json!({})))?;
    if tested["delivered"] == true {
        note(on, say(on.language, "delivered"));
        return Ok(0);
    }
    let why = tested["failure"].as_str().unwrap_or_default();
    let text = say_with(on.language, "not_delivered", &[why]);
    Err(Failure::new("WEBHOOK_TEST_FAILED", exit::ERROR, text))
}
