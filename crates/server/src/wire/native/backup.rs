//! Backups, the full-server images made from them, and the disks of images.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lendglass_core::text::shortened;
use lendglass_core::vault::{Backup, Disk, total_gib};
use lendglass_core::{BackupId, Code, Error, ImageId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathImage, PathText, Query};
use super::vault::{is_full, parse_vault};
use super::view::{ImageView, render_one};
use super::words::DiskFormat;
use crate::app::App;
use crate::service::backup::{NewBackup, ServerImage, Whole};
use crate::service::{backup, disk, image};
use crate::wire::common::{malformed, seconds_text};
use crate::wire::data;

/// A backup.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupView {
    /// Its id.
    pub id: String,
    /// The vault that keeps it.
    pub vault: String,
    /// Need not be unique.
    pub name: String,
    /// What it was made from, in words.
    pub source: String,
    /// The sum over its disks, GiB.
    pub size_gib: u64,
    /// The shared image it came with by acceptance.
    pub from_image: Option<String>,
    /// Whether an accepted share holds it; it goes with that share.
    pub held: bool,
    /// The full-server image that was made from it.
    pub image: Option<String>,
    /// Its disks; only where one backup is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disks: Option<Vec<DiskView>>,
    /// RFC 3339.
    pub created_at: String,
}

/// A backup, without its disks.
pub fn render_backup(backup: &Backup) -> BackupView {
    BackupView {
        id: backup.id.to_string(),
        vault: backup.vault.to_string(),
        name: backup.name.clone(),
        source: backup.source.clone(),
        size_gib: backup.size_gib,
        from_image: backup.from_image.as_ref().map(ToString::to_string),
        held: backup.held_by.is_some(),
        image: backup.image.as_ref().map(ToString::to_string),
        disks: None,
        created_at: seconds_text(backup.created_at),
    }
}

fn render_whole(whole: &Whole) -> BackupView {
    let disks = whole.disks.iter().map(render_disk).collect();
    BackupView { disks: Some(disks), ..render_backup(&whole.backup) }
}

/// A disk of a backup or of an image.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiskView {
    /// From 0.
    pub position: u32,
    /// Whether it boots.
    pub system: bool,
    /// The name of what it was made from; for its owner only.
    pub name: Option<String>,
    /// What it takes of a vault, GiB: its virtual size, rounded up.
    pub size_gib: u64,
    /// Bytes of the disk inside.
    pub virtual_size_bytes: u64,
    /// Bytes stored.
    pub size_bytes: u64,
    /// The format of the stored bytes.
    pub disk_format: Option<DiskFormat>,
    /// What the stored bytes hash to, as `ALGO:HEX`.
    pub digest: Option<String>,
}

fn render_disk(disk: &Disk) -> DiskView {
    DiskView {
        position: disk.position,
        system: disk.is_system,
        name: disk.name.clone(),
        size_gib: disk.size_gib,
        virtual_size_bytes: disk.virtual_size_bytes,
        size_bytes: disk.stored_bytes,
        disk_format: disk.format.map(DiskFormat),
        digest: disk.digest.clone(),
    }
}

fn parse_backup(text: &str) -> Result<BackupId, Error> {
    BackupId::parse(text)
        .map_err(|_| Error::new(Code::BackupNotFound).with("id", shortened(text, 80)))
}

fn created(path: &str, body: impl Serialize) -> Result<Response, Failure> {
    let location = HeaderValue::try_from(path)
        .map_err(|_| Error::internal("an id of ours is no header value"))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(body)).into_response())
}

/// A backup to be made from disk images.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBackupBody {
    /// The vault that will keep it.
    pub vault: String,
    /// Its name; else that of the system disk.
    pub name: Option<String>,
    /// A note about what it was made from; else the ids of the images.
    pub source: Option<String>,
    /// Ids of own, active images: the system disk first, then data disks.
    pub disks: Vec<String>,
}

/// Makes a backup from disk images. No byte moves.
#[utoipa::path(post, path = "/api/v1/backups", operation_id = "create_backup", tag = "vaults", request_body = NewBackupBody,
    responses((status = 201, body = BackupView), (status = "default", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<NewBackupBody>,
) -> Result<Response, Failure> {
    let disks: Result<Vec<ImageId>, Error> =
        body.disks.iter().map(|text| ImageId::parse_uuid(text)).collect();
    let new = NewBackup {
        vault: parse_vault(&body.vault)?,
        name: body.name,
        source: body.source,
        disks: disks?,
    };
    let made = backup::create(&app, &asking.caller, new).await?;
    created(&format!("/api/v1/backups/{}", made.backup.id), render_whole(&made))
}

/// A page of backups.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupPage {
    /// Newest first.
    pub backups: Vec<BackupView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
}

/// Lists the project's backups, newest first.
#[utoipa::path(get, path = "/api/v1/backups", operation_id = "list_backups", tag = "vaults",
    params(("vault" = Option<String>, Query, description = "Only what this vault keeps"),
        ("name" = Option<String>, Query, description = "Exactly this name"),
        ("limit" = Option<u32>, Query, description = "At most so many"),
        ("marker" = Option<String>, Query, description = "Only what comes after this backup")),
    responses((status = 200, body = BackupPage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<BackupPage>, Failure> {
    let vault = query.one("vault")?.map(|text| parse_vault(&text)).transpose()?;
    let name = query.one("name")?.filter(|name| !name.is_empty());
    let limit = query.number("limit")?;
    let marker = query.one("marker")?.map(|text| {
        let refused = |_| Error::new(Code::InvalidMarker).with("marker", shortened(&text, 80));
        BackupId::parse(&text).map_err(refused)
    });
    query.finish()?;
    let marker = marker.transpose()?;
    let narrowed = (vault.as_ref(), name.as_deref());
    let page = backup::list(&app, &asking.caller, narrowed, marker.as_ref(), limit).await?;
    let next = page.last().filter(|_| is_full(&app, limit, page.len()));
    Ok(Answer(BackupPage {
        next: next.map(|last| last.id.to_string()),
        backups: page.iter().map(render_backup).collect(),
    }))
}

/// Shows a backup with its disks.
#[utoipa::path(get, path = "/api/v1/backups/{id}", operation_id = "show_backup", tag = "vaults",
    params(("id" = String, Path, description = "The backup")),
    responses((status = 200, body = BackupView), (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    asking: Asking,
    PathText(text): PathText,
) -> Result<Answer<BackupView>, Failure> {
    let whole = backup::show(&app, &asking.caller, &parse_backup(&text)?).await?;
    Ok(Answer(render_whole(&whole)))
}

/// Deletes a backup that no image is made from and no share holds.
#[utoipa::path(delete, path = "/api/v1/backups/{id}", operation_id = "delete_backup", tag = "vaults",
    params(("id" = String, Path, description = "The backup")),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    PathText(text): PathText,
) -> Result<StatusCode, Failure> {
    backup::delete(&app, &asking.caller, &parse_backup(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A full-server image to be made from a backup.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerImageBody {
    /// Its name; else that of the backup.
    pub name: Option<String>,
    /// Kept as the property `description`.
    pub description: Option<String>,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Makes a full-server image from a backup, active at once; one at a time for each backup.
#[utoipa::path(post, path = "/api/v1/backups/{id}/image", operation_id = "create_server_image", tag = "vaults",
    request_body = ServerImageBody,
    params(("id" = String, Path, description = "The backup")),
    responses((status = 201, body = ImageView), (status = "default", body = Problem)))]
pub async fn make_image(
    State(app): State<App>,
    asking: Asking,
    PathText(text): PathText,
    Json(body): Json<ServerImageBody>,
) -> Result<Response, Failure> {
    let new = ServerImage { name: body.name, description: body.description, tags: body.tags };
    let id = parse_backup(&text)?;
    let (made, _) = backup::make_image(&app, &asking.caller, &id, new).await?;
    let seen = image::seen(&app, &asking.caller, &made.id).await?;
    let view = render_one(&app, &asking, seen).await?;
    created(&format!("/api/v1/images/{}", made.id), view)
}

/// The disks of an image.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiskList {
    /// The image.
    pub image: String,
    /// By position; none while there are no bytes.
    pub disks: Vec<DiskView>,
    /// What they take of a vault together, GiB.
    pub total_gib: u64,
}

/// Lists the disks of an image. Whoever sees the record sees the sizes, a recipient already while the
/// offer waits; names are for the owner.
#[utoipa::path(get, path = "/api/v1/images/{id}/disks", operation_id = "list_disks", tag = "images",
    params(("id" = String, Path, description = "The image")),
    responses((status = 200, body = DiskList), (status = "default", body = Problem)))]
pub async fn disks(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
) -> Result<Answer<DiskList>, Failure> {
    let disks = disk::of_image(&app, &asking.caller, &id).await?;
    Ok(Answer(DiskList {
        image: id.to_string(),
        total_gib: total_gib(&disks),
        disks: disks.iter().map(render_disk).collect(),
    }))
}

/// Downloads the bytes of one disk, or one range of them.
#[utoipa::path(get, path = "/api/v1/images/{id}/disks/{position}/file", operation_id = "download_disk", tag = "images",
    params(("id" = String, Path, description = "The image"),
        ("position" = u32, Path, description = "Which disk, from 0"),
        ("Range" = Option<String>, Header, description = "`bytes=FIRST-LAST`")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "default", body = Problem)))]
pub async fn download(
    State(app): State<App>,
    asking: Asking,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Path((image, position)) =
        path.map_err(|error| malformed("the path is not UTF-8").because(error))?;
    let id = ImageId::parse_uuid(&image)
        .map_err(|_| Error::new(Code::ImageNotFound).with("id", shortened(&image, 80)))?;
    // What is no number is a disk that no image has; whether there is such an image comes first.
    let position = position.parse().unwrap_or(u32::MAX);
    let disk = disk::open(&app, &asking.caller, &id, position).await?;
    Ok(data::answer(&app, &disk, &method, &headers).await?)
}
