//! `/v3/users`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lendglass_core::AccountId;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::parts::{
    As, Json, Param, Query, account_id, collection, link, project_id, required, user_id,
};
use super::projects::list_view;
use crate::app::App;
use crate::service::identity::{self, NewUser, User, UserChange, UserFilter};
use crate::wire::context::Context;
use crate::wire::credential;
use crate::wire::openstack::error::Failure;

#[derive(Deserialize)]
pub(super) struct UserRequest {
    user: UserPart,
}

#[derive(Deserialize)]
struct UserPart {
    name: Option<String>,
    domain_id: Option<String>,
    password: Option<String>,
    email: Option<String>,
    description: Option<String>,
    /// Absent: stays; null: is taken away.
    #[serde(default, deserialize_with = "present")]
    default_project_id: Option<Option<String>>,
    enabled: Option<bool>,
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(from).map(Some)
}

#[derive(Deserialize)]
pub(super) struct PasswordRequest {
    user: PasswordPart,
}

#[derive(Deserialize)]
struct PasswordPart {
    password: String,
    original_password: String,
}

fn view(context: &Context, user: &User) -> Value {
    json!({
        "id": user.id.as_str(),
        "name": user.name,
        "domain_id": user.account.as_str(),
        "enabled": user.is_enabled,
        "email": user.email,
        "description": user.description,
        "default_project_id": user.default_project.as_ref().map(|project| project.as_str()),
        "password_expires_at": null,
        "options": {},
        "links": link(context, &format!("users/{}", user.id)),
    })
}

fn one(context: &Context, user: &User) -> Response {
    axum::Json(json!({"user": view(context, user)})).into_response()
}

pub(super) async fn list(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    query: Query,
) -> Result<Response, Failure> {
    let filter = UserFilter {
        name: query.text("name").map(str::to_owned),
        account: query.text("domain_id").map(AccountId::trusted),
        is_enabled: query.flag("enabled"),
    };
    let users = identity::users(&app, &actor, filter).await?;
    let items = users.iter().map(|user| view(&context, user)).collect();
    Ok(axum::Json(collection(&context, "users", "users", items)).into_response())
}

pub(super) async fn show(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param(id): Param<String>,
) -> Result<Response, Failure> {
    Ok(one(&context, &identity::user(&app, &actor, &user_id(&id)?).await?))
}

pub(super) async fn projects(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param(id): Param<String>,
) -> Result<Response, Failure> {
    let projects = identity::projects_of(&app, &actor, &user_id(&id)?).await?;
    Ok(list_view(&context, &format!("users/{id}/projects"), &projects))
}

pub(super) async fn create(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Json(request): Json<UserRequest>,
) -> Result<Response, Failure> {
    let part = request.user;
    let new = NewUser {
        name: required(part.name, "user.name")?,
        account: part.domain_id.as_deref().map(account_id).transpose()?,
        password: part.password,
        email: part.email.unwrap_or_default(),
        description: part.description.unwrap_or_default(),
        default_project: part
            .default_project_id
            .flatten()
            .as_deref()
            .map(project_id)
            .transpose()?,
        is_enabled: part.enabled.unwrap_or(true),
    };
    let user = identity::create_user(&app, &actor, new).await?;
    Ok((StatusCode::CREATED, one(&context, &user)).into_response())
}

pub(super) async fn update(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param(id): Param<String>,
    Json(request): Json<UserRequest>,
) -> Result<Response, Failure> {
    let part = request.user;
    let default_project = match part.default_project_id {
        Some(Some(project)) => Some(Some(project_id(&project)?)),
        Some(None) => Some(None),
        None => None,
    };
    let changes = UserChange {
        name: part.name,
        password: part.password,
        email: part.email,
        description: part.description,
        default_project,
        is_enabled: part.enabled,
    };
    Ok(one(&context, &identity::update_user(&app, &actor, &user_id(&id)?, changes).await?))
}

pub(super) async fn delete(
    State(app): State<App>,
    As(actor): As,
    Param(id): Param<String>,
) -> Result<StatusCode, Failure> {
    identity::delete_user(&app, &actor, &user_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Needs no token: the old password proves who it is.
pub(super) async fn password(
    State(app): State<App>,
    context: Context,
    Param(id): Param<String>,
    Json(request): Json<PasswordRequest>,
) -> Result<StatusCode, Failure> {
    let (old, new) = (&request.user.original_password, &request.user.password);
    let origin = credential::origin(&context);
    identity::change_password(&app, &user_id(&id)?, old, new, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
