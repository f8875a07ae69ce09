//! `/v3/projects` and `/v3/auth/projects`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lendglass_core::tenant::Project;
use lendglass_core::{AccountId, Code, Error, RegionId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{As, Json, Param, Query, account_id, collection, link, project_id, required};
use crate::app::App;
use crate::service::identity::{self, KnownProject, NewProject, ProjectChange, ProjectFilter};
use crate::wire::context::Context;
use crate::wire::openstack::error::Failure;

#[derive(Deserialize)]
pub(super) struct ProjectRequest {
    project: ProjectPart,
}

#[derive(Deserialize)]
struct ProjectPart {
    name: Option<String>,
    domain_id: Option<String>,
    description: Option<String>,
    enabled: Option<bool>,
    #[serde(default)]
    is_domain: bool,
    /// The home region; our own field.
    region: Option<String>,
    /// Our own field.
    discoverable: Option<bool>,
}

pub(super) fn view(context: &Context, project: &Project) -> Value {
    json!({
        "id": project.id.as_str(),
        "name": project.name,
        "domain_id": project.account.as_str(),
        "parent_id": project.account.as_str(),
        "description": project.description,
        "enabled": project.is_enabled,
        "is_domain": false,
        "tags": [],
        "options": {},
        "region": project.region.as_ref().map(|region| region.as_str()),
        "discoverable": project.is_discoverable,
        "links": link(context, &format!("projects/{}", project.id)),
    })
}

pub(super) fn list_view(context: &Context, path: &str, projects: &[KnownProject]) -> Response {
    let items = projects.iter().map(|known| view(context, &known.project)).collect();
    axum::Json(collection(context, "projects", path, items)).into_response()
}

pub(super) async fn mine(
    State(app): State<App>,
    As(actor): As,
    context: Context,
) -> Result<Response, Failure> {
    let projects = identity::my_projects(&app, &actor).await?;
    Ok(list_view(&context, "auth/projects", &projects))
}

pub(super) async fn list(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    query: Query,
) -> Result<Response, Failure> {
    let filter = ProjectFilter {
        name: query.text("name").map(str::to_owned),
        account: query.text("domain_id").map(AccountId::trusted),
        is_enabled: query.flag("enabled"),
        user: None,
    };
    // No project is a domain: a list of those is empty.
    let projects = match query.flag("is_domain") {
        Some(true) => Vec::new(),
        Some(false) | None => match &context.signed {
            Some(Ok(key)) => identity::projects_of_key(&app, &actor, key, filter).await?,
            Some(Err(_)) | None => identity::projects(&app, &actor, filter).await?,
        },
    };
    Ok(list_view(&context, "projects", &projects))
}

pub(super) async fn show(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param(id): Param<String>,
) -> Result<Response, Failure> {
    let known = identity::project(&app, &actor, &project_id(&id)?).await?;
    Ok(axum::Json(json!({"project": view(&context, &known.project)})).into_response())
}

pub(super) async fn create(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Json(request): Json<ProjectRequest>,
) -> Result<Response, Failure> {
    let part = request.project;
    if part.is_domain {
        return Err(Error::new(Code::NotAvailableHere)
            .with("operation", "projects that act as domains; make a domain")
            .into());
    }
    let new = NewProject {
        name: required(part.name, "project.name")?,
        account: part.domain_id.as_deref().map(account_id).transpose()?,
        description: part.description.unwrap_or_default(),
        region: part.region.as_deref().map(RegionId::parse).transpose()?,
        is_discoverable: part.discoverable.unwrap_or(false),
        is_enabled: part.enabled.unwrap_or(true),
    };
    let project = identity::create_project(&app, &actor, new).await?;
    let body = json!({"project": view(&context, &project)});
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

pub(super) async fn update(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param(id): Param<String>,
    Json(request): Json<ProjectRequest>,
) -> Result<Response, Failure> {
    let part = request.project;
    if part.domain_id.is_some() || part.region.is_some() {
        return Err(Error::new(Code::NotAvailableHere)
            .with("operation", "moving a project to another domain or region")
            .into());
    }
    let changes = ProjectChange {
        name: part.name,
        description: part.description,
        is_discoverable: part.discoverable,
        is_enabled: part.enabled,
    };
    let project = identity::update_project(&app, &actor, &project_id(&id)?, changes).await?;
    Ok(axum::Json(json!({"project": view(&context, &project)})).into_response())
}

pub(super) async fn delete(
    State(app): State<App>,
    As(actor): As,
    Param(id): Param<String>,
) -> Result<StatusCode, Failure> {
    identity::delete_project(&app, &actor, &project_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
