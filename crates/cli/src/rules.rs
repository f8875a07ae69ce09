//! `lend share rules|trust|refuse|forget`: what is done with an owner's offers before anybody looks; and
//! `lend share check`: whom an id means.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{On, RuleAbout};
use crate::failure::Failure;
use crate::output::{Column, column, print_rows};
use crate::session::escaped;

const COLUMNS: &[Column] = &[
    column("owner", "Owner ID", "所有者 ID"),
    column("owner_kind", "Kind", "类型"),
    column("verdict", "Offers are", "自动答复"),
    column("for_account", "For the account", "针对账号"),
    column("set_by", "Set by", "设置者"),
    column("created_at", "Since", "时间"),
];

/// Lists the rules of the project and of its account.
pub fn list(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/rules")?;
    print_rows(on, COLUMNS, answer["rules"].as_array().map_or(&[][..], Vec::as_slice))?;
    Ok(0)
}

/// Sets the rule about an owner: `accept` or `refuse`.
pub fn set(on: &On<'_>, about: &RuleAbout, verdict: &str) -> Result<u8, Failure> {
    let body = json!({"verdict": verdict, "for_account": about.for_account});
    let path = format!("/rules/{}", escaped(&about.owner));
    let rule: Value = on.session.call(&Method::PUT, &path, Some(&body))?;
    print_rows(on, COLUMNS, &[rule])?;
    Ok(0)
}

/// Forgets the rule about an owner.
pub fn forget(on: &On<'_>, about: &RuleAbout) -> Result<u8, Failure> {
    let for_account = about.for_account;
    let path = format!("/rules/{}?for_account={for_account}", escaped(&about.owner));
    on.session.call(&Method::DELETE, &path, None)?;
    Ok(0)
}

const TENANTS: &[Column] = &[
    column("asked", "ID", "ID"),
    column("kind", "Kind", "类型"),
    column("id", "Means", "对应租户"),
    column("name", "Name", "名称"),
];

/// Says whom each id means; the first that means nobody ends it.
pub fn check(on: &On<'_>, ids: &[String]) -> Result<u8, Failure> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let mut row = on.session.get(&format!("/tenants/resolve?id={}", escaped(id)))?;
        row["asked"] = id.as_str().into();
        rows.push(row);
    }
    print_rows(on, TENANTS, &rows)?;
    Ok(0)
}
