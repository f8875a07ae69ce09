//! Vaults: made, listed, shown with what they hold, renamed, resized, deleted when empty.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lendglass_core::text::shortened;
use lendglass_core::vault::{ObjectType as CoreObject, Protection as CoreProtection};
use lendglass_core::{Code, Error, VaultId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::backup::{BackupView, render_backup};
use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathText, Query};
use super::words::{ObjectType, Protection, VaultStatus};
use crate::app::App;
use crate::service::vault::{Filled, Narrowed, NewVault, VaultEdit};
use crate::service::{backup, vault};
use crate::wire::common::seconds_text;

/// A vault.
#[derive(Debug, Serialize, ToSchema)]
pub struct VaultView {
    /// Its id.
    pub id: String,
    /// Its name; no other vault of the project in the region has it.
    pub name: String,
    /// Plain text.
    pub description: String,
    /// How much it holds, GiB.
    pub capacity_gib: u32,
    /// The sum of its backups, GiB.
    pub used_gib: u64,
    /// What is left, GiB.
    pub free_gib: u64,
    /// How many backups it keeps.
    pub backups: u32,
    /// What it holds.
    pub object_type: ObjectType,
    /// What for. Full-server images are accepted into vaults for servers of type backup only.
    pub protection: Protection,
    /// Whether it takes anything.
    pub status: VaultStatus,
    /// The region it is in.
    pub region: String,
    /// The newest of what it keeps; only where one vault is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<Vec<BackupView>>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

fn render_vault(filled: &Filled) -> VaultView {
    let Filled { vault, usage } = filled;
    VaultView {
        id: vault.id.to_string(),
        name: vault.name.clone(),
        description: vault.description.clone(),
        capacity_gib: vault.capacity_gib,
        used_gib: usage.used_gib,
        free_gib: usage.free_gib(vault),
        backups: usage.backups,
        object_type: ObjectType(vault.object_type),
        protection: Protection(vault.protection),
        status: VaultStatus(vault.status),
        region: vault.region.to_string(),
        contents: None,
        created_at: seconds_text(vault.created_at),
        updated_at: seconds_text(vault.updated_at),
    }
}

/// The vault a path or a body names. What is no id is no vault.
pub fn parse_vault(text: &str) -> Result<VaultId, Error> {
    VaultId::parse(text)
        .map_err(|_| Error::new(Code::VaultNotFound).with("id", shortened(text, 80)))
}

/// A vault to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVaultBody {
    /// Its name.
    pub name: String,
    /// Plain text.
    #[serde(default)]
    pub description: String,
    /// How much it holds, GiB.
    pub capacity_gib: u32,
    /// What it will hold; else servers.
    pub object_type: Option<ObjectType>,
    /// What for; else backups.
    pub protection: Option<Protection>,
}

/// Makes a vault.
#[utoipa::path(post, path = "/api/v1/vaults", operation_id = "create_vault", tag = "vaults", request_body = NewVaultBody,
    responses((status = 201, body = VaultView), (status = "default", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<NewVaultBody>,
) -> Result<Response, Failure> {
    let new = NewVault {
        name: body.name,
        description: body.description,
        capacity_gib: body.capacity_gib,
        object_type: body.object_type.map_or(CoreObject::Server, |word| word.0),
        protection: body.protection.map_or(CoreProtection::Backup, |word| word.0),
    };
    let made = vault::create(&app, &asking.caller, new).await?;
    let location = HeaderValue::try_from(format!("/api/v1/vaults/{}", made.vault.id))
        .map_err(|_| Error::internal("a vault id is no header value"))?;
    let body = Answer(render_vault(&made));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], body).into_response())
}

/// A page of vaults.
#[derive(Debug, Serialize, ToSchema)]
pub struct VaultPage {
    /// Newest first.
    pub vaults: Vec<VaultView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
}

/// Lists the project's vaults, newest first.
#[utoipa::path(get, path = "/api/v1/vaults", operation_id = "list_vaults", tag = "vaults",
    params(("name" = Option<String>, Query, description = "Exactly this name"),
        ("object_type" = Option<String>, Query, description = "`server` or `disk`"),
        ("protection" = Option<String>, Query, description = "`backup` or `replication`"),
        ("limit" = Option<u32>, Query, description = "At most so many"),
        ("marker" = Option<String>, Query, description = "Only what comes after this vault")),
    responses((status = 200, body = VaultPage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<VaultPage>, Failure> {
    let narrowed = Narrowed {
        name: query.one("name")?.filter(|name| !name.is_empty()),
        object_type: query.word("object_type", CoreObject::parse)?,
        protection: query.word("protection", CoreProtection::parse)?,
    };
    let limit = query.number("limit")?;
    let marker = query.one("marker")?.map(|text| {
        let refused = |_| Error::new(Code::InvalidMarker).with("marker", shortened(&text, 80));
        VaultId::parse(&text).map_err(refused)
    });
    query.finish()?;
    let marker = marker.transpose()?;
    let page = vault::list(&app, &asking.caller, &narrowed, marker.as_ref(), limit).await?;
    let next = page.last().filter(|_| is_full(&app, limit, page.len()));
    Ok(Answer(VaultPage {
        next: next.map(|last| last.vault.id.to_string()),
        vaults: page.iter().map(render_vault).collect(),
    }))
}

/// Whether a page has as many things as it may have, so that there may be another one.
pub fn is_full(app: &App, limit: Option<u32>, got: usize) -> bool {
    let settings = &app.settings;
    let most = limit.unwrap_or(settings.list_limit_default).min(settings.list_limit_max) as usize;
    most > 0 && got >= most
}

/// Shows a vault with the newest of what it keeps.
#[utoipa::path(get, path = "/api/v1/vaults/{id}", operation_id = "show_vault", tag = "vaults",
    params(("id" = String, Path, description = "The vault")),
    responses((status = 200, body = VaultView), (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    asking: Asking,
    PathText(text): PathText,
) -> Result<Answer<VaultView>, Failure> {
    let id = parse_vault(&text)?;
    let filled = vault::show(&app, &asking.caller, &id).await?;
    let kept = backup::list(&app, &asking.caller, (Some(&id), None), None, None).await?;
    let mut view = render_vault(&filled);
    view.contents = Some(kept.iter().map(render_backup).collect());
    Ok(Answer(view))
}

/// Changes of a vault; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VaultPatch {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new capacity, GiB; never less than what is used.
    pub capacity_gib: Option<u32>,
}

/// Renames or resizes a vault.
#[utoipa::path(patch, path = "/api/v1/vaults/{id}", operation_id = "update_vault", tag = "vaults", request_body = VaultPatch,
    params(("id" = String, Path, description = "The vault")),
    responses((status = 200, body = VaultView), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    asking: Asking,
    PathText(text): PathText,
    Json(body): Json<VaultPatch>,
) -> Result<Answer<VaultView>, Failure> {
    let edit = VaultEdit {
        name: body.name,
        description: body.description,
        capacity_gib: body.capacity_gib,
    };
    let filled = vault::update(&app, &asking.caller, &parse_vault(&text)?, edit).await?;
    Ok(Answer(render_vault(&filled)))
}

/// Deletes an empty vault.
#[utoipa::path(delete, path = "/api/v1/vaults/{id}", operation_id = "delete_vault", tag = "vaults",
    params(("id" = String, Path, description = "The vault")),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    PathText(text): PathText,
) -> Result<StatusCode, Failure> {
    vault::delete(&app, &asking.caller, &parse_vault(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
