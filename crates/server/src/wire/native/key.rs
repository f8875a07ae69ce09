//! Access keys: what other dialects' clients sign their requests with.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathText, Query};
use crate::app::App;
use crate::service::identity::{self, AccessKey};
use crate::wire::common::seconds_text;

/// An access key.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessKeyView {
    /// Its id: the public half.
    pub id: String,
    /// The project it acts in.
    pub project: String,
    /// Whether it opens anything.
    pub enabled: bool,
    /// When it was made; RFC 3339.
    pub created_at: String,
}

fn render_key(key: &AccessKey) -> AccessKeyView {
    AccessKeyView {
        id: key.id.clone(),
        project: key.project.to_string(),
        enabled: key.is_enabled,
        created_at: seconds_text(key.created_at),
    }
}

/// An access key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewAccessKeyView {
    /// The key.
    #[serde(flatten)]
    pub key: AccessKeyView,
    /// The secret half. It is shown this once.
    pub secret: String,
}

/// One's own access keys in a project.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessKeyPage {
    /// Oldest first.
    pub access_keys: Vec<AccessKeyView>,
}

/// Nothing: a key is for who asks, in the project of the token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessKeyBody {}

/// A change of an access key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessKeyPatch {
    /// Whether it opens anything; it counts at once.
    pub enabled: bool,
}

/// Lists your access keys in the project.
#[utoipa::path(get, path = "/api/v1/access-keys", operation_id = "list_access_keys", tag = "access",
    responses((status = 200, body = AccessKeyPage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    query: Query,
) -> Result<Answer<AccessKeyPage>, Failure> {
    query.finish()?;
    let keys = identity::keys(&app, &asking.caller).await?;
    Ok(Answer(AccessKeyPage { access_keys: keys.iter().map(render_key).collect() }))
}

/// Makes an access key for you in the project. It signs requests of every dialect, with the rights you
/// have when it does.
#[utoipa::path(post, path = "/api/v1/access-keys", operation_id = "create_access_key", tag = "access", request_body = AccessKeyBody,
    responses((status = 201, body = NewAccessKeyView), (status = "default", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    asking: Asking,
    Json(AccessKeyBody {}): Json<AccessKeyBody>,
) -> Result<Response, Failure> {
    let (key, secret) = identity::create_key(&app, &asking.caller).await?;
    let view = NewAccessKeyView { key: render_key(&key), secret };
    let mut response = (StatusCode::CREATED, Answer(view)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Switches one of your access keys on or off.
#[utoipa::path(patch, path = "/api/v1/access-keys/{id}", operation_id = "update_access_key", tag = "access", request_body = AccessKeyPatch,
    params(("id" = String, Path, description = "The access key")),
    responses((status = 200, body = AccessKeyView), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    Json(body): Json<AccessKeyPatch>,
) -> Result<Answer<AccessKeyView>, Failure> {
    let key = identity::enable_key(&app, &asking.caller, &id, body.enabled).await?;
    Ok(Answer(render_key(&key)))
}

/// Deletes one of your access keys: what it signs is refused from now on.
#[utoipa::path(delete, path = "/api/v1/access-keys/{id}", operation_id = "delete_access_key", tag = "access",
    params(("id" = String, Path, description = "The access key")),
    responses((status = 204, description = "Deleted"), (status = "default", body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    query: Query,
) -> Result<StatusCode, Failure> {
    query.finish()?;
    identity::delete_key(&app, &asking.caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
