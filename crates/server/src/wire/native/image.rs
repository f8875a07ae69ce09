//! Images: made, shown, changed, deleted, replicated, withheld.

use std::collections::BTreeMap;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lendglass_core::{Error, ImageId, ProjectId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathImage, Query};
use super::view::{ImageView, render_one};
use super::words::{ContainerFormat, DiskFormat, ImageKind, Visibility};
use crate::app::App;
use crate::service::image;
use crate::service::image::{Backups, Edit, NewImage};
use crate::service::replicate::{self, Extras};

/// A record to be made; it has no bytes yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImageBody {
    /// A UUID of one's own choice; else one is made.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What it will hold; else as the format says.
    pub kind: Option<ImageKind>,
    /// Who may see it; else as the policy says.
    pub visibility: Option<Visibility>,
    /// Leave it out of default lists.
    #[serde(default)]
    pub hidden: bool,
    /// Keep it from being deleted.
    #[serde(default)]
    pub protected: bool,
    /// The format of the bytes to come.
    pub disk_format: Option<DiskFormat>,
    /// What the disk is wrapped in; `bare` where there is a disk format and nothing is said.
    pub container_format: Option<ContainerFormat>,
    /// The smallest disk it boots from, GiB.
    #[serde(default)]
    pub min_disk_gib: u32,
    /// The smallest memory it boots with, MiB.
    #[serde(default)]
    pub min_ram_mib: u32,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Custom properties.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// Another owner than the caller's project; for the operator.
    pub owner: Option<String>,
}

/// Makes a record, without bytes.
#[utoipa::path(post, path = "/api/v1/images", operation_id = "create_image", tag = "images", request_body = NewImageBody,
    responses((status = 201, body = ImageView), (status = "default", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<NewImageBody>,
) -> Result<Response, Failure> {
    let new = parse_new(body)?;
    let made = image::create(&app, &asking.caller, new).await?;
    let seen = image::seen(&app, &asking.caller, &made.id).await?;
    let view = render_one(&app, &asking, seen).await?;
    let location = HeaderValue::try_from(format!("/api/v1/images/{}", view.id))
        .map_err(|_| Error::internal("an image id is no header value"))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(view)).into_response())
}

pub fn parse_new(body: NewImageBody) -> Result<NewImage, Error> {
    let container = body.container_format.map(|format| format.0);
    let bare = body.disk_format.map(|_| lendglass_core::image::ContainerFormat::Bare);
    Ok(NewImage {
        id: body.id.as_deref().map(ImageId::parse_uuid).transpose()?,
        name: body.name,
        kind: body.kind.map(|kind| kind.0),
        visibility: body.visibility.map(|visibility| visibility.0),
        is_hidden: body.hidden,
        is_protected: body.protected,
        disk_format: body.disk_format.map(|format| format.0),
        container_format: container.or(bare),
        min_disk_gib: body.min_disk_gib,
        min_ram_mib: body.min_ram_mib,
        tags: body.tags,
        properties: body.properties,
        owner: body.owner.as_deref().map(ProjectId::parse).transpose()?,
    })
}

/// Shows an image.
#[utoipa::path(get, path = "/api/v1/images/{id}", operation_id = "show_image", tag = "images",
    params(("id" = String, Path, description = "The image")),
    responses((status = 200, body = ImageView), (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
) -> Result<Answer<ImageView>, Failure> {
    let seen = image::show(&app, &asking.caller, &id).await?;
    Ok(Answer(render_one(&app, &asking, seen).await?))
}

/// Changes of a record. What is left out stays; `null` clears what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImagePatch {
    /// Its name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// Leave it out of default lists.
    pub hidden: Option<bool>,
    /// Keep it from being deleted.
    pub protected: Option<bool>,
    /// What it holds; only before the upload.
    pub kind: Option<ImageKind>,
    /// The format of the bytes; only before the upload.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DiskFormat>)]
    pub disk_format: Option<Option<DiskFormat>>,
    /// What the disk is wrapped in; only before the upload.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ContainerFormat>)]
    pub container_format: Option<Option<ContainerFormat>>,
    /// The smallest disk it boots from, GiB.
    pub min_disk_gib: Option<u32>,
    /// The smallest memory it boots with, MiB.
    pub min_ram_mib: Option<u32>,
    /// Labels: a list sets them all; an object adds those that are `true` and removes those that are
    /// `null`.
    pub tags: Option<TagsPatch>,
    /// Custom properties: text sets one, `null` removes it.
    #[serde(default)]
    pub properties: BTreeMap<String, Option<String>>,
    /// Another owner; for the operator.
    pub owner: Option<String>,
    /// Its place among public images, small numbers first and 0 for none; for the operator.
    pub rank: Option<u32>,
}

/// Labels: all of them, or changes one by one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TagsPatch {
    /// These and no others.
    All(Vec<String>),
    /// `true` adds, `null` removes.
    Each(BTreeMap<String, Option<bool>>),
}

/// Tells `null` from what is left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Changes a record, all or nothing.
#[utoipa::path(patch, path = "/api/v1/images/{id}", operation_id = "update_image", tag = "images", request_body = ImagePatch,
    params(("id" = String, Path, description = "The image")),
    responses((status = 200, body = ImageView), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
    Json(body): Json<ImagePatch>,
) -> Result<Answer<ImageView>, Failure> {
    let edits = parse_patch(body)?;
    let seen = image::update(&app, &asking.caller, &id, edits).await?;
    Ok(Answer(render_one(&app, &asking, seen).await?))
}

pub fn parse_patch(body: ImagePatch) -> Result<Vec<Edit>, Error> {
    let mut edits = Vec::new();
    edits.extend(body.name.map(Edit::Name));
    edits.extend(body.visibility.map(|visibility| Edit::Visibility(visibility.0)));
    edits.extend(body.hidden.map(Edit::Hidden));
    edits.extend(body.protected.map(Edit::Protected));
    edits.extend(body.kind.map(|kind| Edit::Kind(kind.0)));
    edits.extend(body.disk_format.map(|format| Edit::DiskFormat(format.map(|f| f.0))));
    edits.extend(body.container_format.map(|format| Edit::ContainerFormat(format.map(|f| f.0))));
    edits.extend(body.min_disk_gib.map(Edit::MinDisk));
    edits.extend(body.min_ram_mib.map(Edit::MinRam));
    edits.extend(body.rank.map(Edit::Rank));
    match body.tags {
        None => {}
        Some(TagsPatch::All(tags)) => edits.push(Edit::Tags(tags)),
        Some(TagsPatch::Each(tags)) => edits.extend(tags.into_iter().map(|(tag, is_wanted)| {
            if is_wanted == Some(true) { Edit::AddTag(tag) } else { Edit::RemoveTag(tag) }
        })),
    }
    edits.extend(body.properties.into_iter().map(|(name, value)| match value {
        Some(value) => Edit::SetProperty(name, value),
        None => Edit::RemoveProperty(name),
    }));
    if let Some(owner) = body.owner {
        edits.push(Edit::Owner(ProjectId::parse(&owner)?));
    }
    Ok(edits)
}

/// Deletes an image; its shares end with it where the policy allows.
#[utoipa::path(delete, path = "/api/v1/images/{id}", operation_id = "delete_image", tag = "images",
    params(("id" = String, Path, description = "The image"),
        ("delete_backups" = Option<bool>, Query, description = "Delete the backup that a \
            full-server image was made from as well")),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
    mut query: Query,
) -> Result<StatusCode, Failure> {
    let backups = if query.flag("delete_backups")? { Backups::Delete } else { Backups::Keep };
    query.finish()?;
    image::delete_with(&app, &asking.caller, &id, backups).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Withholds an image's bytes.
#[utoipa::path(post, path = "/api/v1/images/{id}/deactivate", operation_id = "deactivate_image", tag = "images",
    params(("id" = String, Path, description = "The image")),
    responses((status = 200, body = ImageView), (status = "default", body = Problem)))]
pub async fn deactivate(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
) -> Result<Answer<ImageView>, Failure> {
    image::deactivate(&app, &asking.caller, &id).await?;
    let seen = image::seen(&app, &asking.caller, &id).await?;
    Ok(Answer(render_one(&app, &asking, seen).await?))
}

/// Gives an image's bytes back.
#[utoipa::path(post, path = "/api/v1/images/{id}/reactivate", operation_id = "reactivate_image", tag = "images",
    params(("id" = String, Path, description = "The image")),
    responses((status = 200, body = ImageView), (status = "default", body = Problem)))]
pub async fn reactivate(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
) -> Result<Answer<ImageView>, Failure> {
    image::reactivate(&app, &asking.caller, &id).await?;
    let seen = image::seen(&app, &asking.caller, &id).await?;
    Ok(Answer(render_one(&app, &asking, seen).await?))
}

/// A wish for a private copy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicateBody {
    /// The name of the copy; else that of the image.
    pub name: Option<String>,
    /// Its description, none where it is empty; else that of the image.
    pub description: Option<String>,
}

/// A copy in the making.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replication {
    /// The new record, `importing` until the job has ended.
    pub image: ImageView,
    /// The job.
    pub job: String,
}

/// Copies an image into the caller's project. No byte moves.
#[utoipa::path(post, path = "/api/v1/images/{id}/replicate", operation_id = "replicate_image", tag = "images",
    request_body = ReplicateBody,
    params(("id" = String, Path, description = "The image to copy")),
    responses((status = 202, body = Replication), (status = "default", body = Problem)))]
pub async fn replicate(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
    Json(body): Json<ReplicateBody>,
) -> Result<(StatusCode, Answer<Replication>), Failure> {
    let extras = Extras { description: body.description, ..Extras::default() };
    let copied = replicate::replicate_with(&app, &asking.caller, &id, body.name, extras);
    let (made, job) = copied.await?;
    let seen = image::seen(&app, &asking.caller, &made.id).await?;
    let image = render_one(&app, &asking, seen).await?;
    Ok((StatusCode::ACCEPTED, Answer(Replication { image, job: job.to_string() })))
}
