//! `lend image …`: records.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::args::{CreateImage, DeleteImages, Image, ListImages, On, Record, SetImage, UnsetImage};
use crate::failure::{Failure, exit};
use crate::find::{self, Among};
use crate::output::{Column, column, note, print_fields, print_rows};
use crate::session::escaped;
use crate::text::{say, say_with};
use crate::{backup, copy, info, sharing, transfer, verify};

/// Does a verb of `lend image`.
pub fn run(on: &On<'_>, verb: &Image) -> Result<u8, Failure> {
    match verb {
        Image::Create(wish) => create(on, wish),
        Image::Upload(wish) => transfer::upload(on, wish),
        Image::List(wish) => list(on, wish),
        Image::Systems { view } => systems(on, view),
        Image::Show { image } => print_image(on, &find::image(on, image, Among::Any)?),
        Image::Set(wish) => set(on, wish),
        Image::Unset(wish) => unset(on, wish),
        Image::Delete(wish) => delete(on, wish),
        Image::Disks { image } => backup::disks(on, image),
        Image::Save(wish) => transfer::save(on, wish),
        Image::Verify { image } => verify::verify(on, image),
        Image::Share(wish) => sharing::share(on, wish),
        Image::Unshare(wish) => sharing::unshare(on, wish),
        Image::Remind(wish) => sharing::remind(on, wish),
        Image::Tenants { image, page } => sharing::tenants(on, image.as_deref(), page),
        Image::Replicate(wish) => info::replicate(on, wish),
        Image::Copy(wish) => copy::copy(on, wish),
        Image::MoveCopy { image, to } => copy::move_copy(on, image, to),
        Image::Publish { image } => market(on, image, "publish"),
        Image::Unpublish { image } => market(on, image, "unpublish"),
        Image::Activate { images } => switch(on, images, "reactivate"),
        Image::Deactivate { images } => switch(on, images, "deactivate"),
    }
}

/// The record's part of a request body.
pub fn record_body(on: &On<'_>, record: &Record) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    let texts = [
        ("kind", &record.kind),
        ("disk_format", &record.disk_format),
        ("container_format", &record.container_format),
        ("visibility", &record.visibility),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            body.insert(name.to_owned(), value.as_str().into());
        }
    }
    for (name, value) in [("min_disk_gib", record.min_disk), ("min_ram_mib", record.min_ram)] {
        if let Some(value) = value {
            body.insert(name.to_owned(), value.into());
        }
    }
    for (name, is_set) in [("protected", record.protected), ("hidden", record.hidden)] {
        if is_set {
            body.insert(name.to_owned(), true.into());
        }
    }
    if !record.property.is_empty() {
        let pairs: Result<Map<String, Value>, Failure> = record
            .property
            .iter()
            .map(|pair| key_value(on, pair).map(|(key, value)| (key.to_owned(), value.into())))
            .collect();
        body.insert("properties".to_owned(), pairs?.into());
    }
    Ok(body)
}

fn key_value<'a>(on: &On<'_>, pair: &'a str) -> Result<(&'a str, &'a str), Failure> {
    let refused =
        || Failure::new("BAD_PROPERTY", exit::USAGE, say_with(on.language, "ignored", &[pair]));
    pair.split_once('=').ok_or_else(refused)
}

fn create(on: &On<'_>, wish: &CreateImage) -> Result<u8, Failure> {
    let mut body = record_body(on, &wish.record)?;
    body.insert("name".to_owned(), wish.name.as_str().into());
    if let Some(id) = &wish.id {
        body.insert("id".to_owned(), id.as_str().into());
    }
    if !wish.record.tag.is_empty() {
        body.insert("tags".to_owned(), wish.record.tag.clone().into());
    }
    print_image(on, &on.session.call(&Method::POST, "/images", Some(&body.into()))?)
}

const COLUMNS: &[Column] = &[
    column("id", "ID", "ID"),
    column("name", "Name", "名称"),
    column("kind", "Kind", "类型"),
    column("status", "Status", "状态"),
    column("size_bytes", "Bytes", "字节"),
    column("shares", "Shared with", "共享租户"),
];
const LONG: &[Column] = &[
    column("visibility", "Visibility", "可见性"),
    column("disk_format", "Format", "格式"),
    column("owner", "Owner", "所有者"),
    column("relation", "Relation", "关系"),
    column("tags", "Tags", "标签"),
    column("created_at", "Created", "创建时间"),
];

fn list(on: &On<'_>, wish: &ListImages) -> Result<u8, Failure> {
    let page = on.session.get(&format!("/images?{}", list_query(on, wish)?))?;
    let rows: Vec<Value> = page["images"].as_array().into_iter().flatten().map(row).collect();
    let mut columns = COLUMNS.to_vec();
    if on.global.long || !on.global.column.is_empty() {
        columns.extend(LONG);
    }
    print_rows(on, &columns, &rows)?;
    if let Some(total) = page["total"]["text"].as_str() {
        note(on, &say_with(on.language, "total", &[total]));
    }
    more(on, &page);
    Ok(0)
}

/// Says how the list goes on.
pub fn more(on: &On<'_>, page: &Value) {
    if let Some(next) = page["next"].as_str() {
        note(on, &say_with(on.language, "more", &[next]));
    }
}

fn list_query(on: &On<'_>, wish: &ListImages) -> Result<String, Failure> {
    let mut parts = Vec::new();
    let texts = [
        ("view", &wish.view),
        ("name", &wish.name),
        ("name_contains", &wish.name_contains),
        ("kind", &wish.kind),
        ("status", &wish.status),
        ("owner", &wish.owner),
        ("sort", &wish.sort),
        ("shared", &wish.shared),
        ("published", &wish.published),
        ("marker", &wish.page.marker),
    ];
    for (name, value) in texts {
        parts.extend(value.as_ref().map(|value| format!("{name}={}", escaped(value))));
    }
    parts.extend(wish.tag.iter().map(|tag| format!("tag={}", escaped(tag))));
    for pair in &wish.property {
        let (key, value) = key_value(on, pair)?;
        parts.push(format!("property.{}={}", escaped(key), escaped(value)));
    }
    parts.extend(wish.page.limit.map(|limit| format!("limit={limit}")));
    parts.extend(wish.hidden.then(|| "hidden=true".to_owned()));
    parts.extend(wish.total.then(|| "total=true".to_owned()));
    Ok(parts.join("&"))
}

/// How many images of a list there are of each operating system.
fn systems(on: &On<'_>, view: &str) -> Result<u8, Failure> {
    let answer = on.session.get(&format!("/images/systems?view={}", escaped(view)))?;
    let columns = [column("system", "OS", "操作系统"), column("images", "Images", "镜像")];
    print_rows(on, &columns, answer["systems"].as_array().map_or(&[][..], Vec::as_slice))?;
    Ok(0)
}

fn row(image: &Value) -> Value {
    let mut row = image.clone();
    let owner = &image["owner"];
    row["owner"] =
        if owner["name"].is_null() { owner["id"].clone() } else { owner["name"].clone() };
    row
}

/// Prints an image.
pub fn print_image(on: &On<'_>, image: &Value) -> Result<u8, Failure> {
    let plain = [
        "id",
        "name",
        "kind",
        "status",
        "visibility",
        "hidden",
        "protected",
        "published",
        "disk_format",
        "container_format",
        "min_disk_gib",
        "min_ram_mib",
        "size_bytes",
        "virtual_size_bytes",
        "md5",
    ];
    let mut fields: Vec<(&str, Value)> =
        plain.iter().map(|name| (*name, image[*name].clone())).collect();
    let digest = &image["digest"];
    let digest = match (digest["algo"].as_str(), digest["value"].as_str()) {
        (Some(algo), Some(value)) => format!("{algo}:{value}").into(),
        _ => Value::Null,
    };
    fields.push(("digest", digest));
    for name in ["tags", "properties", "region", "relation", "source_image"] {
        fields.push((name, image[name].clone()));
    }
    fields.push(("owner", row(image)["owner"].clone()));
    fields.push(("shared_with", image["shares"].clone()));
    if !image["share"].is_null() {
        fields.push(("share_state", image["share"]["state"].clone()));
        fields.push(("note", image["share"]["note"].clone()));
    }
    fields.push(("created_at", image["created_at"].clone()));
    fields.push(("updated_at", image["updated_at"].clone()));
    if on.global.long {
        fields.push(("actions", actions(&image["actions"])));
    }
    print_fields(on, &fields)?;
    Ok(0)
}

/// What may be done, by verb: `yes`, or the code that says why not.
fn actions(actions: &Value) -> Value {
    let verbs = actions.as_object().into_iter().flatten();
    let says = |action: &Value| match action["reason"]["code"].as_str() {
        Some(code) => code.to_owned(),
        None => "yes".to_owned(),
    };
    verbs
        .map(|(verb, action)| (verb.clone(), Value::from(says(action))))
        .collect::<Map<_, _>>()
        .into()
}

fn set(on: &On<'_>, wish: &SetImage) -> Result<u8, Failure> {
    let mut body = record_body(on, &wish.record)?;
    if let Some(name) = &wish.name {
        body.insert("name".to_owned(), name.as_str().into());
    }
    if !wish.record.tag.is_empty() {
        let tags = wish.record.tag.iter().map(|tag| (tag.clone(), true.into()));
        body.insert("tags".to_owned(), tags.collect::<Map<_, _>>().into());
    }
    for (name, is_set) in [("protected", wish.unprotected), ("hidden", wish.unhidden)] {
        if is_set {
            body.insert(name.to_owned(), false.into());
        }
    }
    body.extend(wish.rank.map(|rank| ("rank".to_owned(), rank.into())));
    patch(on, &wish.image, body)
}

fn unset(on: &On<'_>, wish: &UnsetImage) -> Result<u8, Failure> {
    let mut body = Map::new();
    for (name, removed) in [("tags", &wish.tag), ("properties", &wish.property)] {
        if !removed.is_empty() {
            let nulls = removed.iter().map(|key| (key.clone(), Value::Null));
            body.insert(name.to_owned(), nulls.collect::<Map<_, _>>().into());
        }
    }
    patch(on, &wish.image, body)
}

fn patch(on: &On<'_>, image: &str, body: Map<String, Value>) -> Result<u8, Failure> {
    if body.is_empty() {
        return Err(Failure::new("USAGE", exit::USAGE, say(on.language, "nothing_to_set")));
    }
    let id = find::id(&find::image(on, image, Among::Any)?);
    let changed = on.session.call(&Method::PATCH, &format!("/images/{id}"), Some(&body.into()))?;
    print_image(on, &changed)
}

/// Deletes them together; those that stay are told with their reasons, and end with `PARTIAL`.
fn delete(on: &On<'_>, wish: &DeleteImages) -> Result<u8, Failure> {
    let images: Result<Vec<Value>, Failure> =
        wish.images.iter().map(|image| find::image(on, image, Among::Any)).collect();
    let images = images?;
    if !wish.dry_run {
        images.iter().try_for_each(|image| confirm(on, wish, image))?;
    }
    let ids: Vec<String> = images.iter().map(find::id).collect();
    let body = json!({
        "images": ids,
        "delete_backups": wish.backups,
        "mode": "partial",
        "dry_run": wish.dry_run,
    });
    let answer = on.session.answer(&Method::POST, "/images/delete", Some(&body))?;
    let results = answer.body["results"].as_array().cloned().unwrap_or_default();
    if results.len() <= 1 && !answer.is_success() {
        return Err(answer.refusal());
    }
    let mut refused = 0;
    for one in &results {
        let text = |name: &str| one[name].as_str().unwrap_or_default();
        let end = match text("outcome") {
            "deleted" => say(on.language, "deleted").to_owned(),
            "kept" => say(on.language, "would_go").to_owned(),
            _ => {
                refused += 1;
                format!("{} {}", text("code"), text("message"))
            }
        };
        note(on, &format!("{}: {end}", text("image")));
    }
    if wish.dry_run {
        note(on, say(on.language, "dry_run"));
    }
    match refused {
        0 => Ok(0),
        _ if answer.is_success() => Ok(exit::PARTIAL),
        _ => Err(answer.refusal()),
    }
}

fn market(on: &On<'_>, image: &str, verb: &str) -> Result<u8, Failure> {
    let id = find::id(&find::image(on, image, Among::Any)?);
    let path = format!("/images/{id}/{verb}");
    print_image(on, &on.session.call(&Method::POST, &path, None)?)
}

/// Whoever deletes what others use types its name (DL-03); a program says `--yes`.
fn confirm(on: &On<'_>, wish: &DeleteImages, image: &Value) -> Result<(), Failure> {
    let tenants = image["shares"].as_u64().unwrap_or(0);
    if wish.yes || tenants == 0 {
        return Ok(());
    }
    let name = image["name"].as_str().or(image["id"].as_str()).unwrap_or_default();
    let told = say_with(on.language, "shared_with", &[name, &tenants.to_string()]);
    if !std::io::stdin().is_terminal() {
        let text = format!("{told} {}", say(on.language, "needs_yes"));
        return Err(Failure::new("NOT_CONFIRMED", exit::USAGE, text));
    }
    let mut out = std::io::stderr();
    write!(out, "{told}\n{}", say_with(on.language, "type_name", &[name]))?;
    out.flush()?;
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    if typed.trim_end_matches(['\r', '\n']) == name {
        return Ok(());
    }
    Err(Failure::new("NOT_CONFIRMED", exit::ERROR, say(on.language, "not_confirmed")))
}

fn switch(on: &On<'_>, images: &[String], verb: &str) -> Result<u8, Failure> {
    for id in find::ids(on, images, Among::Any)? {
        let path = format!("/images/{id}/{verb}");
        let image = on.session.call(&Method::POST, &path, Some(&json!({})))?;
        note(on, &format!("{id}: {}", image["status"].as_str().unwrap_or_default()));
    }
    Ok(0)
}
