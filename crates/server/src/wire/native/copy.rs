//! Copies in another region.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use lendglass_core::{ProjectId, RegionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathImage};
use super::words::ImageStatus;
use crate::app::App;
use crate::service::copy::{self, CopyWish};
use crate::service::replicate::Extras;

/// A wish for a copy in another region.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyBody {
    /// Where to.
    pub region: String,
    /// The project there that shall own it; needed where the caller can act in several of his
    /// account.
    pub project: Option<String>,
    /// The name of the copy; else that of the image.
    pub name: Option<String>,
    /// Its description, none where it is empty; else that of the image.
    pub description: Option<String>,
}

/// A copy in the making, in another region.
#[derive(Debug, Serialize, ToSchema)]
pub struct Copying {
    /// The new record. It is seen in its own project and region.
    pub image: String,
    /// `importing` until the job has ended.
    pub status: ImageStatus,
    /// The project that owns it.
    pub project: String,
    /// Where it lives.
    pub region: String,
    /// The job, in the region and project of this request.
    pub job: String,
}

/// Copies an image into another region: a job moves the bytes.
#[utoipa::path(post, path = "/api/v1/images/{id}/copy", operation_id = "copy_image", tag = "images",
    request_body = CopyBody,
    params(("id" = String, Path, description = "The image to copy")),
    responses((status = 202, body = Copying), (status = "default", body = Problem)))]
pub async fn copy(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
    Json(body): Json<CopyBody>,
) -> Result<(StatusCode, Answer<Copying>), Failure> {
    let wish = CopyWish {
        source: id,
        region: RegionId::parse(&body.region)?,
        project: body.project.as_deref().map(ProjectId::parse).transpose()?,
        name: body.name,
    };
    let extras = Extras { description: body.description, ..Extras::default() };
    let (image, job) = copy::copy_with(&app, &asking.caller, wish, extras).await?;
    let copying = Copying {
        image: image.id.to_string(),
        status: ImageStatus(image.status),
        project: image.owner.to_string(),
        region: image.region.to_string(),
        job: job.to_string(),
    };
    Ok((StatusCode::ACCEPTED, Answer(copying)))
}
