//! Vaults and backups, as far as accepting a full-server image needs them: Huawei's cloud backup and
//! recovery (CBR). Sharing a backup by itself is not offered: the image is shared.

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use lendglass_core::text::shortened;
use lendglass_core::vault::{Backup, ObjectType, Protection, VaultStatus};
use lendglass_core::{BackupId, Code, Error, VaultId};
use serde_json::{Value, json};

use super::error::Failure;
use super::request::{Asked, Fields, parse_number};
use crate::app::App;
use crate::service::vault::{Filled, Narrowed, NewVault, VaultEdit};
use crate::service::{backup, vault};
use crate::wire::common::{invalid, json_body, seconds_text};
use crate::wire::query::{Pairs, parse_limit, parse_query};

/// The largest page of the cloud, and the one where none is asked for.
const PAGE: u32 = 1000;

/// `POST /v3/{project_id}/vaults`
pub async fn create(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let new = parse_new(&json_body(body).await?)?;
    let made = vault::create(&app, &asked.caller, new).await?;
    Ok(Json(json!({"vault": render_vault(&made)})))
}

/// What a POST asks for.
pub fn parse_new(body: &Value) -> Result<NewVault, Error> {
    let fields = inner(body)?;
    let billing = fields.get("billing").cloned();
    let billing = Fields::of(
        billing.ok_or_else(|| Error::new(Code::MissingField).with("field", "billing"))?,
    )?;
    let size = billing.get("size");
    let size = size.ok_or_else(|| Error::new(Code::MissingField).with("field", "size"))?;
    Ok(NewVault {
        name: fields.required("name")?,
        description: fields.text("description")?.unwrap_or_default(),
        capacity_gib: parse_number("size", size)?,
        object_type: parse_object(&billing.required("object_type")?)?,
        protection: parse_protection(&billing.required("protect_type")?)?,
    })
}

/// `GET /v3/{project_id}/vaults`
pub async fn list(
    State(app): State<App>,
    asked: Asked,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Failure> {
    let pairs = parse_query(query.as_deref().unwrap_or_default())?;
    let of = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let narrowed = Narrowed {
        name: of("name").cloned(),
        object_type: of("object_type").map(|word| parse_object(word)).transpose()?,
        protection: of("protect_type").map(|word| parse_protection(word)).transpose()?,
    };
    let (offset, limit) = window(&pairs)?;
    let marker = marker(&pairs).map(parse_vault).transpose()?;
    let all = vault::list(&app, &asked.caller, &narrowed, marker.as_ref(), Some(PAGE)).await?;
    let page: Vec<Value> = all.iter().skip(offset).take(limit).map(render_vault).collect();
    Ok(Json(json!({"vaults": page, "count": all.len()})))
}

/// `GET /v3/{project_id}/vaults/{vault}`
pub async fn show(State(app): State<App>, asked: Asked) -> Result<Json<Value>, Failure> {
    let filled = vault::show(&app, &asked.caller, &named(&asked)?).await?;
    Ok(Json(json!({"vault": render_vault(&filled)})))
}

/// `PUT /v3/{project_id}/vaults/{vault}`
pub async fn update(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let edit = parse_edit(&json_body(body).await?)?;
    let filled = vault::update(&app, &asked.caller, &named(&asked)?, edit).await?;
    Ok(Json(json!({"vault": render_vault(&filled)})))
}

/// What a PUT asks for.
pub fn parse_edit(body: &Value) -> Result<VaultEdit, Error> {
    let fields = inner(body)?;
    let size = fields.get("billing").and_then(|billing| billing.get("size"));
    Ok(VaultEdit {
        name: fields.text("name")?,
        description: fields.text("description")?,
        capacity_gib: size.map(|size| parse_number("size", size)).transpose()?,
    })
}

/// `DELETE /v3/{project_id}/vaults/{vault}`
pub async fn delete(State(app): State<App>, asked: Asked) -> Result<StatusCode, Failure> {
    vault::delete(&app, &asked.caller, &named(&asked)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v3/{project_id}/backups`
pub async fn backups(
    State(app): State<App>,
    asked: Asked,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Failure> {
    let pairs = parse_query(query.as_deref().unwrap_or_default())?;
    let of = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let vault = of("vault_id").map(|id| parse_vault(id)).transpose()?;
    let wanted = (vault.as_ref(), of("name").map(String::as_str));
    let (offset, limit) = window(&pairs)?;
    let marker = marker(&pairs).map(parse_backup).transpose()?;
    let all = backup::list(&app, &asked.caller, wanted, marker.as_ref(), Some(PAGE)).await?;
    let page: Vec<Value> = all.iter().skip(offset).take(limit).map(render_backup).collect();
    Ok(Json(json!({"backups": page, "count": all.len(), "offset": offset, "limit": limit})))
}

/// `GET /v3/{project_id}/backups/{backup}`
pub async fn show_backup(State(app): State<App>, asked: Asked) -> Result<Json<Value>, Failure> {
    let whole = backup::show(&app, &asked.caller, &named_backup(&asked)?).await?;
    Ok(Json(json!({"backup": render_backup(&whole.backup)})))
}

/// `DELETE /v3/{project_id}/backups/{backup}`
pub async fn delete_backup(State(app): State<App>, asked: Asked) -> Result<StatusCode, Failure> {
    backup::delete(&app, &asked.caller, &named_backup(&asked)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The fields inside `{"vault": …}`.
fn inner(body: &Value) -> Result<Fields, Error> {
    let vault = body.get("vault").cloned();
    Fields::of(vault.ok_or_else(|| Error::new(Code::MissingField).with("field", "vault"))?)
}

/// After which entry a list begins: OTC's library asks so for each further page.
fn marker(pairs: &Pairs) -> Option<&str> {
    let marker = pairs.iter().find(|(name, value)| name == "marker" && !value.is_empty());
    marker.map(|(_, value)| value.as_str())
}

/// Which part of a list is wanted.
pub fn window(pairs: &Pairs) -> Result<(usize, usize), Error> {
    let (mut offset, mut limit) = (0, PAGE);
    for (name, value) in pairs {
        match name.as_str() {
            "offset" => offset = parse_limit(value)?,
            "limit" => limit = parse_limit(value)?,
            _ => {}
        }
    }
    Ok((offset as usize, limit as usize))
}

fn named(asked: &Asked) -> Result<VaultId, Error> {
    parse_vault(asked.name("vault"))
}

/// A vault as a path or a body names it. What is no id is no vault.
pub fn parse_vault(text: &str) -> Result<VaultId, Error> {
    VaultId::parse(text)
        .map_err(|_| Error::new(Code::VaultNotFound).with("id", shortened(text, 80)))
}

fn named_backup(asked: &Asked) -> Result<BackupId, Error> {
    parse_backup(asked.name("backup"))
}

fn parse_backup(text: &str) -> Result<BackupId, Error> {
    BackupId::parse(text)
        .map_err(|_| Error::new(Code::BackupNotFound).with("id", shortened(text, 80)))
}

fn parse_object(word: &str) -> Result<ObjectType, Error> {
    ObjectType::parse(word).ok_or_else(|| invalid("object_type", word, "it must be server or disk"))
}

fn parse_protection(word: &str) -> Result<Protection, Error> {
    Protection::parse(word)
        .ok_or_else(|| invalid("protect_type", word, "it must be backup or replication"))
}

fn render_vault(filled: &Filled) -> Value {
    let Filled { vault, usage } = filled;
    let status = match vault.status {
        VaultStatus::Locked => "lock",
        VaultStatus::Available | VaultStatus::Frozen | VaultStatus::Error => vault.status.as_str(),
    };
    let object = vault.object_type.as_str();
    json!({
        "id": vault.id.as_str(),
        "name": vault.name,
        "description": vault.description,
        "project_id": vault.project.as_str(),
        "provider_id": "",
        "created_at": seconds_text(vault.created_at),
        "updated_at": seconds_text(vault.updated_at),
        "auto_bind": false,
        "auto_expand": false,
        "locked": vault.status == VaultStatus::Locked,
        "resources": [],
        "tags": [],
        "enterprise_project_id": "0",
        "billing": {
            "size": vault.capacity_gib,
            "allocated": usage.used_gib,
            // This one is in MiB.
            "used": usage.used_gib * 1024,
            "object_type": object,
            "protect_type": vault.protection.as_str(),
            "spec_code": format!("vault.{}.{object}.normal", vault.protection.as_str()),
            "consistent_level": "crash_consistent",
            "charging_mode": "post_paid",
            "cloud_type": "public",
            "status": status,
        },
    })
}

fn render_backup(backup: &Backup) -> Value {
    json!({
        "id": backup.id.as_str(),
        "name": backup.name,
        "description": backup.source,
        "status": "available",
        "project_id": backup.project.as_str(),
        "vault_id": backup.vault.as_str(),
        "image_type": if backup.from_image.is_some() { "share" } else { "backup" },
        "resource_id": backup.from_image.as_ref().map_or("", |id| id.as_str()),
        "resource_name": backup.name,
        "resource_type": "OS::Nova::Server",
        "resource_size": backup.size_gib,
        "extend_info": {"os_images_data": image_of(backup)},
        "protected_at": seconds_text(backup.created_at),
        "created_at": seconds_text(backup.created_at),
        "updated_at": seconds_text(backup.created_at),
        "children": [],
    })
}

/// The full-server image that was made from a backup.
fn image_of(backup: &Backup) -> Vec<Value> {
    backup.image.iter().map(|id| json!({"image_id": id.as_str()})).collect()
}
