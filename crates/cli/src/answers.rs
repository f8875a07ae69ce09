//! `lend share …`: the recipient's side.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{AnswerShares, Batch, On, Page, Share};
use crate::failure::Failure;
use crate::find::{self, Among};
use crate::image::more;
use crate::output::{Column, column, note, print_rows};
use crate::rules;
use crate::sharing::{batch_body, page_query, run_batch};
use crate::text::say;

/// Does a verb of `lend share`.
pub fn run(on: &On<'_>, verb: &Share) -> Result<u8, Failure> {
    match verb {
        Share::List { pending, accepted, rejected, page } => {
            let states = [("pending", pending), ("accepted", accepted), ("rejected", rejected)];
            let state = states.iter().find(|(_, is_wanted)| **is_wanted).map(|(state, _)| *state);
            list(on, state, page)
        }
        Share::Accept { wish, vault } => answer(on, wish, "accept", vault.as_deref()),
        Share::Reject(wish) => answer(on, wish, "reject", None),
        Share::Watch(wish) => crate::watch::watch(on, wish),
        Share::Check { ids } => rules::check(on, ids),
        Share::Rules => rules::list(on),
        Share::Trust(about) => rules::set(on, about, "accept"),
        Share::Refuse(about) => rules::set(on, about, "refuse"),
        Share::Forget(about) => rules::forget(on, about),
        Share::Remove { images, batch } => remove(on, images, batch),
    }
}

const COLUMNS: &[Column] = &[
    column("image_id", "Image ID", "镜像 ID"),
    column("name", "Name", "名称"),
    column("kind", "Kind", "类型"),
    column("size_bytes", "Bytes", "字节"),
    column("shared_by", "Shared by", "共享者"),
    column("state", "Status", "状态"),
    column("since", "Since", "时间"),
    column("note", "Note", "留言"),
];
const LONG: &[Column] = &[
    column("owner_id", "Owner ID", "所有者 ID"),
    column("recipient_kind", "As", "接收方式"),
    column("lapses_at", "Lapses", "邀请失效"),
    column("ends_at", "Ends", "访问截止"),
];

fn list(on: &On<'_>, state: Option<&str>, page: &Page) -> Result<u8, Failure> {
    let state = state.map(|state| format!("&state={state}")).unwrap_or_default();
    let answer = on.session.get(&format!("/shares?as=recipient{state}{}", page_query(page)))?;
    let rows: Vec<Value> = answer["shares"].as_array().into_iter().flatten().map(row).collect();
    let mut columns = COLUMNS.to_vec();
    if on.global.long || !on.global.column.is_empty() {
        columns.extend(LONG);
    }
    print_rows(on, &columns, &rows)?;
    more(on, &answer);
    Ok(0)
}

fn row(share: &Value) -> Value {
    let owner = &share["owner"];
    json!({
        "image_id": share["image"]["id"],
        "name": share["image"]["name"],
        "kind": share["image"]["kind"],
        "size_bytes": share["image"]["size_bytes"],
        "shared_by": owner["name"].as_str().or(owner["id"].as_str()),
        "state": share["state"],
        "since": share["created_at"],
        "note": share["note"],
        "owner_id": owner["id"],
        "recipient_kind": share["recipient"]["kind"],
        "lapses_at": share["lapses_at"],
        "ends_at": share["ends_at"],
    })
}

fn answer(
    on: &On<'_>,
    wish: &AnswerShares,
    word: &str,
    vault: Option<&str>,
) -> Result<u8, Failure> {
    let mut body = batch_body(&wish.batch);
    body["answer"] = word.into();
    if let Some(vault) = vault {
        body["vault"] = crate::vault::id(on, vault)?.into();
    }
    if wish.all {
        body["all"] = true.into();
        if on.session.get("/shares/counts")?["pending"]["count"] == 0 {
            note(on, say(on.language, "nothing_pending"));
            return Ok(0);
        }
    } else {
        body["images"] = find::ids(on, &wish.images, Among::Offered)?.into();
    }
    run_batch(on, &Method::POST, "/shares/answers", &body, &wish.batch)
}

fn remove(on: &On<'_>, images: &[String], batch: &Batch) -> Result<u8, Failure> {
    let mut body = batch_body(batch);
    body["answer"] = "reject".into();
    body["images"] = find::ids(on, images, Among::Offered)?.into();
    run_batch(on, &Method::POST, "/shares/answers", &body, batch)
}
