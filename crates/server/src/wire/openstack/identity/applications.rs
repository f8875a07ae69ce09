//! `/v3/users/{id}/application_credentials`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lendglass_core::tenant::Assigned;
use lendglass_core::{Code, Error};
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{
    As, Json, Param, Query, collection, link, nothing, parse_time, required, time_text, user_id,
};
use crate::app::App;
use crate::service::identity::{self, ApplicationCredential, NewApplication};
use crate::wire::context::Context;
use crate::wire::openstack::error::Failure;

#[derive(Deserialize)]
pub(super) struct ApplicationRequest {
    application_credential: ApplicationPart,
}

#[derive(Deserialize)]
struct ApplicationPart {
    name: Option<String>,
    description: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    roles: Option<Vec<RolePart>>,
    unrestricted: Option<bool>,
    expires_at: Option<String>,
    access_rules: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct RolePart {
    id: Option<String>,
    name: Option<String>,
}

fn view(context: &Context, credential: &ApplicationCredential) -> Value {
    let roles: Vec<_> = credential
        .roles
        .iter()
        .map(|role| json!({"id": role.as_str(), "name": role.as_str(), "domain_id": null}))
        .collect();
    let path = format!("users/{}/application_credentials/{}", credential.user, credential.id);
    json!({
        "id": credential.id,
        "name": credential.name,
        "description": credential.description,
        "project_id": credential.project.as_str(),
        "user_id": credential.user.as_str(),
        "roles": roles,
        "unrestricted": credential.is_unrestricted,
        "expires_at": credential.expires_at.map(time_text),
        "system": null,
        "links": link(context, &path),
    })
}

pub(super) async fn list(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    query: Query,
    Param(user): Param<String>,
) -> Result<Response, Failure> {
    let mut found = identity::applications(&app, &actor, &user_id(&user)?).await?;
    found.retain(|one| query.text("name").is_none_or(|name| name == one.name));
    let items = found.iter().map(|one| view(&context, one)).collect();
    let path = format!("users/{user}/application_credentials");
    Ok(axum::Json(collection(&context, "application_credentials", &path, items)).into_response())
}

pub(super) async fn show(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param((user, id)): Param<(String, String)>,
) -> Result<Response, Failure> {
    let found = identity::application(&app, &actor, &user_id(&user)?, known_shape(&id)?).await?;
    Ok(axum::Json(json!({"application_credential": view(&context, &found)})).into_response())
}

pub(super) async fn create(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param(user): Param<String>,
    Json(request): Json<ApplicationRequest>,
) -> Result<Response, Failure> {
    let part = request.application_credential;
    if part.access_rules.is_some_and(|rules| !rules.is_empty()) {
        let operation = "access rules of application credentials";
        return Err(Error::new(Code::NotAvailableHere).with("operation", operation).into());
    }
    let end = part.expires_at.as_deref().map(|end| parse_time("expires_at", end)).transpose()?;
    let roles = part.roles.unwrap_or_default().iter().map(parse_role).collect::<Result<_, _>>()?;
    let new = NewApplication {
        name: required(part.name, "application_credential.name")?,
        description: part.description.unwrap_or_default(),
        secret: part.secret,
        roles,
        is_unrestricted: part.unrestricted.unwrap_or(false),
        expires_at: end,
    };
    let (made, secret) = identity::create_application(&app, &actor, &user_id(&user)?, new).await?;
    let mut body = view(&context, &made);
    body["secret"] = json!(secret);
    let body = json!({"application_credential": body});
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

fn parse_role(part: &RolePart) -> Result<Assigned, Error> {
    let text = part.id.as_deref().or(part.name.as_deref()).unwrap_or_default();
    Assigned::parse(text).ok_or_else(|| nothing(Code::RoleNotFound, text))
}

pub(super) async fn delete(
    State(app): State<App>,
    As(actor): As,
    Param((user, id)): Param<(String, String)>,
) -> Result<StatusCode, Failure> {
    identity::delete_application(&app, &actor, &user_id(&user)?, known_shape(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Our ids are plain text; anything else names nothing.
fn known_shape(id: &str) -> Result<&str, Error> {
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(id);
    }
    Err(nothing(Code::CredentialNotFound, id))
}
