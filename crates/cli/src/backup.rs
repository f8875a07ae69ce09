//! `lend backup …`, and the disks of images.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{Backup, CreateBackup, ImageOfBackup, On, Page};
use crate::failure::{Failure, exit};
use crate::find::{self, Among};
use crate::image::{more, print_image};
use crate::output::{Column, column, note, print_fields, print_rows};
use crate::session::escaped;
use crate::sharing::page_query;
use crate::text::say_with;
use crate::vault;

/// Does a verb of `lend backup`.
pub fn run(on: &On<'_>, verb: &Backup) -> Result<u8, Failure> {
    match verb {
        Backup::Create(wish) => create(on, wish),
        Backup::List { vault, page } => list(on, vault.as_deref(), page),
        Backup::Show { backup } => print_backup(on, &on.session.get(&path(on, backup)?)?),
        Backup::Delete { backups } => vault::delete_each(on, backups, |text| path(on, text)),
        Backup::Image(wish) => image(on, wish),
    }
}

/// The path of the backup that a name or an id means; a name that several have is refused.
fn path(on: &On<'_>, text: &str) -> Result<String, Failure> {
    let page = on.session.get(&format!("/backups?limit=50&name={}", escaped(text)))?;
    let found = page["backups"].as_array().cloned().unwrap_or_default();
    if found.len() > 1 {
        let mut shown = say_with(on.language, "ambiguous_backup", &[text]);
        for backup in &found {
            shown.push_str(&format!("\n  {}", backup["id"].as_str().unwrap_or_default()));
        }
        return Err(Failure::new("BACKUP_AMBIGUOUS", exit::ERROR, shown));
    }
    let id = found.first().and_then(|backup| backup["id"].as_str()).unwrap_or(text);
    Ok(format!("/backups/{}", escaped(id)))
}

const COLUMNS: &[Column] = &[
    column("id", "ID", "ID"),
    column("name", "Name", "名称"),
    column("size_gib", "GiB", "大小 (GiB)"),
    column("vault", "Vault", "存储库"),
    column("image", "Image made", "已制作镜像"),
    column("from_image", "From shared image", "来自共享镜像"),
    column("created_at", "Created", "创建时间"),
];

fn create(on: &On<'_>, wish: &CreateBackup) -> Result<u8, Failure> {
    let mut body = json!({
        "vault": vault::id(on, &wish.vault)?,
        "disks": find::ids(on, &wish.disk, Among::Listed)?,
    });
    for (name, value) in [("name", &wish.name), ("source", &wish.source)] {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    print_backup(on, &on.session.call(&Method::POST, "/backups", Some(&body))?)
}

fn list(on: &On<'_>, vault: Option<&str>, page: &Page) -> Result<u8, Failure> {
    let mut query = page_query(page);
    if let Some(vault) = vault {
        query.push_str(&format!("&vault={}", escaped(&vault::id(on, vault)?)));
    }
    let query = query.strip_prefix('&').unwrap_or_default();
    let answer = on.session.get(&format!("/backups?{query}"))?;
    let rows = answer["backups"].as_array().cloned().unwrap_or_default();
    print_rows(on, COLUMNS, &rows)?;
    more(on, &answer);
    Ok(0)
}

fn print_backup(on: &On<'_>, backup: &Value) -> Result<u8, Failure> {
    let names =
        ["id", "name", "vault", "size_gib", "source", "from_image", "held", "image", "created_at"];
    let mut fields: Vec<(&str, Value)> =
        names.iter().map(|name| (*name, backup[*name].clone())).collect();
    let line = |disk: &Value| {
        let name = disk["name"].as_str().unwrap_or_default();
        format!("{} {} GiB {name}", disk["position"], disk["size_gib"]).trim_end().to_owned()
    };
    let disks = backup["disks"].as_array().into_iter().flatten().map(line);
    fields.push(("disks", disks.collect::<Vec<_>>().join("\n").into()));
    print_fields(on, &fields)?;
    Ok(0)
}

fn image(on: &On<'_>, wish: &ImageOfBackup) -> Result<u8, Failure> {
    let mut body = json!({"tags": wish.tag});
    for (name, value) in [("name", &wish.name), ("description", &wish.description)] {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    let path = format!("{}/image", path(on, &wish.backup)?);
    print_image(on, &on.session.call(&Method::POST, &path, Some(&body))?)
}

const DISKS: &[Column] = &[
    column("position", "Disk", "磁盘"),
    column("system", "System", "系统盘"),
    column("name", "Name", "名称"),
    column("size_gib", "GiB", "容量 (GiB)"),
    column("disk_format", "Format", "格式"),
    column("size_bytes", "Bytes", "字节"),
    column("digest", "Digest", "摘要"),
];

/// Lists the disks of an image and says what they take of a vault together.
pub fn disks(on: &On<'_>, image: &str) -> Result<u8, Failure> {
    let id = find::id(&find::image(on, image, Among::Any)?);
    let answer = on.session.get(&format!("/images/{id}/disks"))?;
    let rows = answer["disks"].as_array().cloned().unwrap_or_default();
    let is_long = on.global.long || !on.global.column.is_empty();
    print_rows(on, if is_long { DISKS } else { &DISKS[..6] }, &rows)?;
    note(on, &say_with(on.language, "disks_total", &[&answer["total_gib"].to_string()]));
    Ok(0)
}

/// What is to be saved of one disk of an image: its path, its size and its digest.
pub fn disk(on: &On<'_>, image: &Value, position: u32) -> Result<(String, Value), Failure> {
    let id = find::id(image);
    let answer = on.session.get(&format!("/images/{id}/disks"))?;
    let disks = answer["disks"].as_array().into_iter().flatten();
    let mut disks = disks.filter(|disk| disk["position"] == position);
    let disk = disks.next().cloned().unwrap_or_default();
    let digest = disk["digest"].as_str().and_then(|text| text.split_once(':'));
    let digest = digest.map(|(algo, value)| json!({"algo": algo, "value": value}));
    let shown = json!({"id": id, "size_bytes": disk["size_bytes"], "digest": digest});
    Ok((format!("/images/{id}/disks/{position}/file"), shown))
}
