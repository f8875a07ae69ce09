//! The marketplace, and deleting many images at once.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lendglass_core::{Error, ImageId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::{Failure, Problem, facts, status};
use super::input::{Asking, Json, PathImage};
use super::share::Mode;
use super::view::{ImageView, render_one};
use crate::app::App;
use crate::service::delete::{self, Backups, DeleteMany};
use crate::service::market;

/// Publishes a private image to the marketplace.
#[utoipa::path(post, path = "/api/v1/images/{id}/publish", operation_id = "publish_image", tag = "images",
    params(("id" = String, Path, description = "The image")),
    responses((status = 200, body = ImageView), (status = "default", body = Problem)))]
pub async fn publish(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
) -> Result<Answer<ImageView>, Failure> {
    let seen = market::publish(&app, &asking.caller, &id).await?;
    Ok(Answer(render_one(&app, &asking, seen).await?))
}

/// Withdraws an image from the marketplace.
#[utoipa::path(post, path = "/api/v1/images/{id}/unpublish", operation_id = "unpublish_image", tag = "images",
    params(("id" = String, Path, description = "The image")),
    responses((status = 200, body = ImageView), (status = "default", body = Problem)))]
pub async fn unpublish(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
) -> Result<Answer<ImageView>, Failure> {
    let seen = market::unpublish(&app, &asking.caller, &id).await?;
    Ok(Answer(render_one(&app, &asking, seen).await?))
}

/// Images to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteBody {
    /// Image ids.
    pub images: Vec<String>,
    /// Delete the backups that full-server images were made from as well.
    #[serde(default)]
    pub delete_backups: bool,
    /// Whether one refusal keeps all of them; `partial` where nothing is said.
    pub mode: Option<Mode>,
    /// Decide and report, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of images that were to be deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeleteReport {
    /// Whether anything was deleted.
    pub done: bool,
    /// Image by image, as they were named.
    pub results: Vec<DeleteResult>,
    /// The first refusal, where nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The same in the client's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The id of the request.
    pub request_id: String,
}

/// What became of one image.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeleteResult {
    /// The image.
    pub image: String,
    /// `deleted`, `kept` (it could go, but another one could not, or it was a dry run), or `refused`.
    pub outcome: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The same in the client's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The facts of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub detail: Option<Map<String, Value>>,
}

/// Deletes images together and says of each what became of it.
#[utoipa::path(post, path = "/api/v1/images/delete", operation_id = "delete_images", tag = "images",
    request_body = DeleteBody,
    responses((status = 200, body = DeleteReport), (status = "default", body = DeleteReport)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<DeleteBody>,
) -> Result<Response, Failure> {
    let images: Result<Vec<ImageId>, Error> =
        body.images.iter().map(|text| ImageId::parse_uuid(text)).collect();
    let is_dry_run = body.dry_run || asking.caller.terms.is_dry_run;
    let wish = DeleteMany {
        images: images?,
        backups: if body.delete_backups { Backups::Delete } else { Backups::Keep },
        mode: body.mode.unwrap_or(Mode::Partial).into(),
        is_dry_run,
    };
    let deleted = delete::delete_many(&app, &asking.caller, wish).await?;
    let result = |(id, outcome): &(ImageId, Result<(), Error>)| {
        let error = outcome.as_ref().err();
        DeleteResult {
            image: id.to_string(),
            outcome: match (error, deleted.is_done) {
                (Some(_), _) => "refused",
                (None, true) => "deleted",
                (None, false) => "kept",
            },
            code: error.map(|error| error.code().as_str()),
            message: error.map(|error| error.text(asking.language)),
            detail: error.map(facts),
        }
    };
    let refusals = || deleted.results.iter().filter_map(|(_, outcome)| outcome.as_ref().err());
    let first = refusals().next().filter(|_| !deleted.is_done && !is_dry_run);
    let code = match first {
        None => StatusCode::OK,
        Some(first) if refusals().all(|error| status(error) == status(first)) => status(first),
        Some(_) => StatusCode::CONFLICT,
    };
    let report = DeleteReport {
        done: deleted.is_done,
        results: deleted.results.iter().map(result).collect(),
        code: first.map(|error| error.code().as_str()),
        message: first.map(|error| error.text(asking.language)),
        request_id: asking.request_id.clone(),
    };
    Ok((code, Answer(report)).into_response())
}
