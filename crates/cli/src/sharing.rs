//! `lend image share|unshare|tenants`: the owner's side. What a batch came to is printed here for both
//! sides.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{Batch, On, Page, ShareImages, UnshareImages};
use crate::failure::{Failure, exit};
use crate::find::{self, Among};
use crate::image::more;
use crate::output::{Column, column, note, print_rows};
use crate::session::escaped;
use crate::text::{say, say_with};

/// Offers images to tenants.
pub fn share(on: &On<'_>, wish: &ShareImages) -> Result<u8, Failure> {
    let mut body = batch_body(&wish.batch);
    body["images"] = find::ids(on, &wish.images, Among::Any)?.into();
    body["recipients"] = wish.to.clone().into();
    body["acknowledge"] = wish.acknowledge.into();
    let times = [("lapses_at", &wish.lapses_at), ("ends_at", &wish.ends_at), ("note", &wish.note)];
    for (name, value) in times {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    run_batch(on, &Method::POST, "/shares", &body, &wish.batch)
}

/// Takes images back.
pub fn unshare(on: &On<'_>, wish: &UnshareImages) -> Result<u8, Failure> {
    run_batch(on, &Method::DELETE, "/shares", &named(on, wish)?, &wish.batch)
}

fn named(on: &On<'_>, wish: &UnshareImages) -> Result<Value, Failure> {
    let mut body = batch_body(&wish.batch);
    body["images"] = find::ids(on, &wish.images, Among::Listed)?.into();
    if wish.all {
        body["all"] = true.into();
    } else {
        body["recipients"] = wish.from.clone().into();
    }
    Ok(body)
}

/// Reminds tenants who have not answered.
pub fn remind(on: &On<'_>, wish: &UnshareImages) -> Result<u8, Failure> {
    run_batch(on, &Method::POST, "/shares/reminders", &named(on, wish)?, &wish.batch)
}

/// Undoes an act of the last seconds.
pub fn undo(on: &On<'_>, token: &str) -> Result<u8, Failure> {
    let batch = Batch { partial: false, dry_run: false };
    run_batch(on, &Method::POST, "/undo", &json!({"token": token}), &batch)
}

/// What every batch says.
pub fn batch_body(batch: &Batch) -> Value {
    let mode = if batch.partial { "partial" } else { "all" };
    json!({"mode": mode, "dry_run": batch.dry_run})
}

const RESULTS: &[Column] = &[
    column("image", "Image", "镜像"),
    column("tenant", "Tenant", "租户"),
    column("result", "Result", "结果"),
    column("detail", "Detail", "说明"),
];

/// Sends a batch and prints its results; the exit code says whether all, some or none was done.
pub fn run_batch(
    on: &On<'_>,
    method: &Method,
    path: &str,
    body: &Value,
    batch: &Batch,
) -> Result<u8, Failure> {
    let answer = on.session.answer(method, path, Some(body))?;
    let Some(results) = answer.body["results"].as_array() else {
        return Err(answer.refusal());
    };
    let is_refused = |pair: &&Value| pair["outcome"] == "refused";
    let refused = results.iter().filter(is_refused).count();
    if let ([only], false) = (results.as_slice(), answer.is_success())
        && is_refused(&only)
    {
        // One pair, one refusal: nothing a table would say better.
        let mut failure = answer.refusal();
        failure.exit = if answer.status == 404 { exit::NOT_FOUND } else { exit::CONFLICT };
        return Err(failure);
    }
    print_rows(on, RESULTS, &results.iter().map(result_row).collect::<Vec<_>>())?;
    let counts = [refused.to_string(), results.len().to_string()];
    let counts = counts.each_ref().map(String::as_str);
    if batch.dry_run {
        note(on, say(on.language, "dry_run"));
        return Ok(if refused > 0 { exit::CONFLICT } else { 0 });
    }
    if let Some(token) = answer.body["undo"]["token"].as_str() {
        note(on, &say_with(on.language, "undo", &[token]));
    }
    if refused == 0 {
        return Ok(0);
    }
    if answer.body["done"] == true && refused < results.len() {
        note(on, &say_with(on.language, "some_failed", &counts));
        return Ok(exit::PARTIAL);
    }
    note(on, &say_with(on.language, "nothing_shared", &counts));
    Ok(exit::CONFLICT)
}

fn result_row(pair: &Value) -> Value {
    let resolved = &pair["resolved"];
    let tenant = resolved["name"].as_str().or(pair["recipient"].as_str()).unwrap_or_default();
    let state = pair["state"].as_str().or(pair["outcome"].as_str());
    json!({
        "image": pair["image"],
        "tenant": tenant,
        "result": pair["code"].as_str().or(state),
        "detail": pair["message"].as_str().unwrap_or_default(),
    })
}

const TENANTS: &[Column] = &[
    column("tenant", "Tenant", "租户"),
    column("tenant_id", "Tenant ID", "租户 ID"),
    column("state", "Status", "状态"),
    column("created_at", "Shared", "共享时间"),
    column("updated_at", "Changed", "变更时间"),
];

/// Lists whom an image, or everything, is shared with.
pub fn tenants(on: &On<'_>, image: Option<&str>, page: &Page) -> Result<u8, Failure> {
    let Some(image) = image else { return all_tenants(on, page) };
    let image = find::image(on, image, Among::Any)?;
    let id = find::id(&image);
    let shares = on.session.get(&format!("/images/{id}/shares"))?;
    let rows: Vec<Value> = shares["shares"].as_array().into_iter().flatten().map(row).collect();
    print_rows(on, TENANTS, &rows)?;
    if image["relation"] == "owner" {
        let policy = on.session.get("/policy")?;
        let kind = image["kind"].as_str().unwrap_or_default();
        let max = policy[format!("share.max_tenants.{kind}")].as_u64();
        let max = max.map_or_else(|| "∞".to_owned(), |max| max.to_string());
        note(on, &say_with(on.language, "slots", &[&used(&rows, &policy).to_string(), &max]));
    }
    Ok(0)
}

/// How many shares use a slot, by the policy's counting rule.
fn used(rows: &[Value], policy: &Value) -> usize {
    let counts = |row: &&Value| match row["state"].as_str() {
        Some("pending") => policy["share.pending_counts"] == true,
        Some("rejected") => policy["share.rejected_counts"] == true,
        Some(_) | None => true,
    };
    rows.iter().filter(counts).count()
}

fn all_tenants(on: &On<'_>, page: &Page) -> Result<u8, Failure> {
    let given = on.session.get(&format!("/shares?as=owner{}", page_query(page)))?;
    let rows: Vec<Value> = given["shares"].as_array().into_iter().flatten().map(row).collect();
    let mut columns =
        vec![column("image", "Image", "镜像"), column("image_id", "Image ID", "镜像 ID")];
    columns.extend(TENANTS);
    print_rows(on, &columns, &rows)?;
    more(on, &given);
    Ok(0)
}

/// The part of a query that a page asks for.
pub fn page_query(page: &Page) -> String {
    let limit = page.limit.map(|limit| format!("&limit={limit}"));
    let marker = page.marker.as_ref().map(|marker| format!("&marker={}", escaped(marker)));
    limit.into_iter().chain(marker).collect()
}

fn row(share: &Value) -> Value {
    json!({
        "image": share["image"]["name"],
        "image_id": share["image"]["id"],
        "tenant": share["recipient"]["name"],
        "tenant_id": share["recipient"]["id"],
        "state": share["state"],
        "created_at": share["created_at"],
        "updated_at": share["updated_at"],
    })
}
