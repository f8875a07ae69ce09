//! `lend vault …`: where backups of full-server images are kept.

use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::args::{CreateVault, ListVaults, On, SetVault, Vault};
use crate::failure::{Failure, exit};
use crate::image::more;
use crate::output::{Column, column, note, print_fields, print_rows};
use crate::session::escaped;
use crate::sharing::page_query;
use crate::text::{say, say_with};

/// Does a verb of `lend vault`.
pub fn run(on: &On<'_>, verb: &Vault) -> Result<u8, Failure> {
    match verb {
        Vault::Create(wish) => create(on, wish),
        Vault::List(wish) => list(on, wish),
        Vault::Show { vault } => {
            let path = format!("/vaults/{}", escaped(&id(on, vault)?));
            print_vault(on, &on.session.get(&path)?)
        }
        Vault::Set(wish) => set(on, wish),
        Vault::Delete { vaults } => delete(on, vaults),
    }
}

/// The id of the vault that a name or an id means: a name goes first.
pub fn id(on: &On<'_>, text: &str) -> Result<String, Failure> {
    let page = on.session.get(&format!("/vaults?limit=1&name={}", escaped(text)))?;
    Ok(page["vaults"][0]["id"].as_str().unwrap_or(text).to_owned())
}

const COLUMNS: &[Column] = &[
    column("id", "ID", "ID"),
    column("name", "Name", "名称"),
    column("capacity_gib", "GiB", "容量 (GiB)"),
    column("used_gib", "Used", "已用"),
    column("free_gib", "Free", "剩余"),
    column("backups", "Backups", "备份数"),
    column("object_type", "For", "对象类型"),
    column("protection", "Type", "保护类型"),
    column("status", "Status", "状态"),
];

fn create(on: &On<'_>, wish: &CreateVault) -> Result<u8, Failure> {
    let body = json!({
        "name": wish.name,
        "capacity_gib": wish.size,
        "object_type": wish.object_type,
        "protection": wish.protection,
        "description": wish.description.as_deref().unwrap_or_default(),
    });
    print_vault(on, &on.session.call(&Method::POST, "/vaults", Some(&body))?)
}

fn list(on: &On<'_>, wish: &ListVaults) -> Result<u8, Failure> {
    let mut query = page_query(&wish.page);
    for (name, value) in [("object_type", &wish.object_type), ("protection", &wish.protection)] {
        if let Some(value) = value {
            query.push_str(&format!("&{name}={}", escaped(value)));
        }
    }
    let query = query.strip_prefix('&').unwrap_or_default();
    let answer = on.session.get(&format!("/vaults?{query}"))?;
    let rows = answer["vaults"].as_array().cloned().unwrap_or_default();
    print_rows(on, COLUMNS, &rows)?;
    more(on, &answer);
    Ok(0)
}

fn set(on: &On<'_>, wish: &SetVault) -> Result<u8, Failure> {
    let mut body = Map::new();
    for (name, value) in [("name", &wish.name), ("description", &wish.description)] {
        if let Some(value) = value {
            body.insert(name.to_owned(), value.as_str().into());
        }
    }
    if let Some(size) = wish.size {
        body.insert("capacity_gib".to_owned(), size.into());
    }
    if body.is_empty() {
        return Err(Failure::new("USAGE", exit::USAGE, say(on.language, "nothing_to_set")));
    }
    let path = format!("/vaults/{}", escaped(&id(on, &wish.vault)?));
    print_vault(on, &on.session.call(&Method::PATCH, &path, Some(&body.into()))?)
}

fn delete(on: &On<'_>, vaults: &[String]) -> Result<u8, Failure> {
    delete_each(on, vaults, |text| Ok(format!("/vaults/{}", escaped(&id(on, text)?))))
}

/// Deletes each thing; goes on after a refusal and ends with `PARTIAL` if some went.
pub fn delete_each(
    on: &On<'_>,
    texts: &[String],
    path: impl Fn(&str) -> Result<String, Failure>,
) -> Result<u8, Failure> {
    let mut first = None;
    let mut deleted = 0;
    for text in texts {
        let outcome = path(text).and_then(|path| on.session.call(&Method::DELETE, &path, None));
        match outcome {
            Ok(_) => {
                deleted += 1;
                note(on, &format!("{text}: {}", say(on.language, "deleted")));
            }
            Err(failure) if texts.len() == 1 => return Err(failure),
            Err(failure) => {
                note(on, &format!("{text}: {}", failure.shown(on.language)));
                first.get_or_insert(failure);
            }
        }
    }
    match first {
        None => Ok(0),
        Some(_) if deleted > 0 => Ok(exit::PARTIAL),
        Some(failure) => Err(failure),
    }
}

fn print_vault(on: &On<'_>, vault: &Value) -> Result<u8, Failure> {
    let names = [
        "id",
        "name",
        "description",
        "capacity_gib",
        "used_gib",
        "free_gib",
        "backups",
        "object_type",
        "protection",
        "status",
        "region",
        "created_at",
        "updated_at",
    ];
    let mut fields: Vec<(&str, Value)> =
        names.iter().map(|name| (*name, vault[*name].clone())).collect();
    if let Some(contents) = vault["contents"].as_array() {
        let line = |backup: &Value| {
            let text = |name: &str| backup[name].as_str().unwrap_or_default().to_owned();
            let gib = backup["size_gib"].to_string();
            say_with(on.language, "kept_backup", &[&text("id"), &text("name"), &gib])
        };
        fields.push(("contents", contents.iter().map(line).collect::<Vec<_>>().join("\n").into()));
    }
    print_fields(on, &fields)?;
    Ok(0)
}
