//! Predefined tags.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use lendglass_core::tag::{self as core_tag, PredefinedTag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathText, Query};
use super::words::TagScope;
use crate::app::App;
use crate::service::tag;
use crate::wire::common::seconds_text;

/// A tag to be predefined.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagBody {
    /// The values it may have; none: any.
    #[serde(default)]
    pub values: Vec<String>,
    /// It is asked for: other keys, and other values of this one, are refused.
    #[serde(default)]
    pub enforced: bool,
    /// For whom; the project where nothing is said.
    pub scope: Option<TagScope>,
}

/// A predefined tag.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagView {
    /// The key.
    pub key: String,
    /// The values it may have; none: any.
    pub values: Vec<String>,
    /// Whether it is asked for.
    pub enforced: bool,
    /// For whom.
    pub scope: TagScope,
    /// Who set it.
    pub set_by: String,
    /// When; RFC 3339.
    pub set_at: String,
}

/// The predefined tags of a project and of the installation.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagList {
    /// The installation's first, each by key.
    pub tags: Vec<TagView>,
}

fn render(tag: PredefinedTag) -> TagView {
    TagView {
        key: tag.key,
        values: tag.values,
        enforced: tag.is_enforced,
        scope: TagScope(tag.scope),
        set_by: tag.set_by.to_string(),
        set_at: seconds_text(tag.set_at),
    }
}

/// Lists the tags that are predefined for the project.
#[utoipa::path(get, path = "/api/v1/tags/predefined", operation_id = "list_tags", tag = "images",
    responses((status = 200, body = TagList), (status = "default", body = Problem)))]
pub async fn list(State(app): State<App>, asking: Asking) -> Result<Answer<TagList>, Failure> {
    let tags = tag::list(&app, &asking.caller).await?;
    Ok(Answer(TagList { tags: tags.into_iter().map(render).collect() }))
}

/// Predefines a tag, for the project or, by the operator, for everybody.
#[utoipa::path(put, path = "/api/v1/tags/predefined/{key}", operation_id = "set_tag", tag = "images",
    request_body = TagBody, params(("key" = String, Path, description = "The key")),
    responses((status = 200, body = TagView), (status = "default", body = Problem)))]
pub async fn set(
    State(app): State<App>,
    asking: Asking,
    PathText(key): PathText,
    Json(body): Json<TagBody>,
) -> Result<Answer<TagView>, Failure> {
    let scope = body.scope.map_or(core_tag::TagScope::Project, |scope| scope.0);
    let set = tag::set(&app, &asking.caller, scope, &key, body.values, body.enforced).await?;
    Ok(Answer(render(set)))
}

/// Forgets a predefined tag; images keep it.
#[utoipa::path(delete, path = "/api/v1/tags/predefined/{key}", operation_id = "delete_tag", tag = "images",
    params(("key" = String, Path, description = "The key"),
        ("scope" = Option<String>, Query, description = "`project` (default) or `installation`")),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    PathText(key): PathText,
    mut query: Query,
) -> Result<StatusCode, Failure> {
    let scope = query.word("scope", core_tag::TagScope::parse)?;
    query.finish()?;
    let scope = scope.unwrap_or(core_tag::TagScope::Project);
    tag::remove(&app, &asking.caller, scope, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
