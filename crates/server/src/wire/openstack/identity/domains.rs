//! `/v3/domains` and `/v3/auth/domains`: accounts, in Keystone's word.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lendglass_core::tenant::Account;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{As, Json, Param, Query, account_id, collection, link, required};
use crate::app::App;
use crate::service::identity::{self, AccountChange, NewAccount};
use crate::wire::context::Context;
use crate::wire::openstack::error::Failure;

#[derive(Deserialize)]
pub(super) struct DomainRequest {
    domain: DomainPart,
}

#[derive(Deserialize)]
struct DomainPart {
    name: Option<String>,
    enabled: Option<bool>,
    /// Our own field: the root e-mail.
    email: Option<String>,
}

fn view(context: &Context, account: &Account) -> Value {
    json!({
        "id": account.id.as_str(),
        "name": account.name,
        "description": "",
        "enabled": account.is_enabled,
        "options": {},
        "tags": [],
        "uid": account.uid,
        "email": account.email,
        "links": link(context, &format!("domains/{}", account.id)),
    })
}

fn one(context: &Context, account: &Account) -> Response {
    axum::Json(json!({"domain": view(context, account)})).into_response()
}

fn many(context: &Context, path: &str, accounts: &[Account]) -> Response {
    let items = accounts.iter().map(|account| view(context, account)).collect();
    axum::Json(collection(context, "domains", path, items)).into_response()
}

pub(super) async fn mine(
    State(app): State<App>,
    As(actor): As,
    context: Context,
) -> Result<Response, Failure> {
    Ok(many(&context, "auth/domains", &identity::my_accounts(&app, &actor).await?))
}

pub(super) async fn list(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    query: Query,
) -> Result<Response, Failure> {
    let (name, is_enabled) = (query.text("name"), query.flag("enabled"));
    let accounts = identity::accounts(&app, &actor, name, is_enabled).await?;
    Ok(many(&context, "domains", &accounts))
}

pub(super) async fn show(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param(id): Param<String>,
) -> Result<Response, Failure> {
    Ok(one(&context, &identity::account(&app, &actor, &account_id(&id)?).await?))
}

pub(super) async fn create(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Json(request): Json<DomainRequest>,
) -> Result<Response, Failure> {
    let part = request.domain;
    let new = NewAccount {
        name: required(part.name, "domain.name")?,
        email: part.email,
        is_enabled: part.enabled.unwrap_or(true),
    };
    let account = identity::create_account(&app, &actor, new).await?;
    Ok((StatusCode::CREATED, one(&context, &account)).into_response())
}

pub(super) async fn update(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param(id): Param<String>,
    Json(request): Json<DomainRequest>,
) -> Result<Response, Failure> {
    let part = request.domain;
    let changes = AccountChange { name: part.name, email: part.email, is_enabled: part.enabled };
    let account = identity::update_account(&app, &actor, &account_id(&id)?, changes).await?;
    Ok(one(&context, &account))
}

pub(super) async fn delete(
    State(app): State<App>,
    As(actor): As,
    Param(id): Param<String>,
) -> Result<StatusCode, Failure> {
    identity::delete_account(&app, &actor, &account_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
