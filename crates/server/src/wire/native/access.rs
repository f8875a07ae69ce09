//! Who may do what in a project: its users, its custom policies, and the actions there are.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use lendglass_core::permission::{Action, Pattern, Statement};
use lendglass_core::tenant::Assigned;
use lendglass_core::{Code, Error, ProjectId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathText, PathTexts, Query};
use super::words::Effect;
use crate::app::App;
use crate::service::permission::{self, Bound, ProjectUser, Wish};
use crate::wire::actions::{self, Needs};
use crate::wire::common::seconds_text;

/// One statement: gives or takes actions.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessStatement {
    /// `deny` wins over roles and over every `allow`.
    pub effect: Effect,
    /// Words of actions, or their beginnings followed by `*`.
    pub actions: Vec<String>,
}

/// What a custom policy shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessPolicyBody {
    /// Its name; unique in the project.
    pub name: String,
    /// What it gives and takes.
    pub statements: Vec<AccessStatement>,
    /// The users it is for, by id; where left out, they stay as they are.
    pub users: Option<Vec<String>>,
}

/// A custom policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessPolicyView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it gives and takes.
    pub statements: Vec<AccessStatement>,
    /// The users it is for, by id.
    pub users: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was changed.
    pub updated_at: String,
}

/// The custom policies of a project.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessPolicies {
    /// By name.
    pub policies: Vec<AccessPolicyView>,
}

/// A user of a project.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessUser {
    /// Its id.
    pub id: String,
    /// Its name, where it is known here.
    pub name: Option<String>,
    /// What it is in the project: `reader`, `member`, `admin`, `service`.
    pub roles: Vec<&'static str>,
    /// The custom policies it is bound to, by id.
    pub policies: Vec<String>,
    /// What it may do, all told.
    pub actions: Vec<&'static str>,
}

/// The users of a project.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessUsers {
    /// By id.
    pub users: Vec<AccessUser>,
}

/// An action.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessAction {
    /// Its word.
    pub action: &'static str,
    /// What it lets one do, in the language of the request.
    pub text: &'static str,
    /// The least role that has it: `reader`, `member`, `admin`; or `operator`.
    pub role: &'static str,
    /// Whether the caller may.
    pub is_allowed: bool,
    /// The calls that ask for it.
    pub routes: Vec<AccessRoute>,
}

/// A call.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessRoute {
    /// Its method.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
}

/// The actions there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessActions {
    /// In the order of the documentation.
    pub actions: Vec<AccessAction>,
}

/// Every action with the least role that has it and the calls that ask for it.
#[utoipa::path(get, path = "/api/v1/access/actions", operation_id = "list_actions", tag = "access",
    responses((status = 200, body = AccessActions), (status = "default", body = Problem)))]
pub async fn actions(asking: Asking, query: Query) -> Result<Answer<AccessActions>, Failure> {
    query.finish()?;
    let routes = |action: Action| {
        let asks = |needs: &Needs| matches!(needs, Needs::Actions(all) if all.contains(&action));
        let rows = actions::ROUTES.iter().filter(move |(_, _, needs)| asks(needs));
        rows.map(|(method, path, _)| AccessRoute { method, path }).collect()
    };
    let view = |action: &Action| AccessAction {
        action: action.as_str(),
        text: action.text(asking.language),
        role: action.least().as_str(),
        is_allowed: asking.caller.may(*action).is_ok(),
        routes: routes(*action),
    };
    Ok(Answer(AccessActions { actions: Action::ALL.iter().map(view).collect() }))
}

/// The users of the project, with their roles, custom policies and what these come to.
#[utoipa::path(get, path = "/api/v1/access/users", operation_id = "list_access_users", tag = "access",
    params(("project" = Option<String>, Query, description = "Another project; for the operator")),
    responses((status = 200, body = AccessUsers), (status = "default", body = Problem)))]
pub async fn users(
    State(app): State<App>,
    asking: Asking,
    query: Query,
) -> Result<Answer<AccessUsers>, Failure> {
    let project = taken_project(query)?;
    let users = permission::users(&app, &asking.caller, project.as_ref()).await?;
    Ok(Answer(AccessUsers { users: users.into_iter().map(render_user).collect() }))
}

fn taken_project(mut query: Query) -> Result<Option<ProjectId>, Error> {
    let project = query.one("project")?;
    query.finish()?;
    project.as_deref().map(ProjectId::parse).transpose()
}

fn render_user(user: ProjectUser) -> AccessUser {
    AccessUser {
        id: user.id.to_string(),
        name: user.name,
        roles: user.assigned.into_iter().map(Assigned::as_str).collect(),
        policies: user.policies,
        actions: user.actions.into_iter().map(Action::as_str).collect(),
    }
}

fn render(bound: Bound) -> AccessPolicyView {
    let Bound { policy, users } = bound;
    let statement = |statement: Statement| AccessStatement {
        effect: Effect(statement.effect),
        actions: statement.actions.iter().map(|action| action.as_str().to_owned()).collect(),
    };
    AccessPolicyView {
        id: policy.id,
        name: policy.name,
        statements: policy.statements.into_iter().map(statement).collect(),
        users: users.iter().map(UserId::to_string).collect(),
        created_at: seconds_text(policy.created_at),
        updated_at: seconds_text(policy.updated_at),
    }
}

pub fn parse_wish(body: AccessPolicyBody) -> Result<Wish, Error> {
    let statement = |statement: AccessStatement| {
        let actions = statement.actions.iter().map(|text| Pattern::parse(text));
        let actions = actions.collect::<Result<_, Error>>()?;
        Ok(Statement { effect: statement.effect.0, actions })
    };
    let users = |users: Vec<String>| users.iter().map(|id| parse_user(id)).collect();
    Ok(Wish {
        name: body.name,
        statements: body.statements.into_iter().map(statement).collect::<Result<_, Error>>()?,
        users: body.users.map(users).transpose()?,
    })
}

/// What is no id is no user.
fn parse_user(text: &str) -> Result<UserId, Error> {
    let shown = || lendglass_core::text::shortened(text, 80);
    UserId::parse(text).map_err(|_| Error::new(Code::UserNotFound).with("id", shown()))
}

/// The custom policies of the project, by name.
#[utoipa::path(get, path = "/api/v1/access/policies", operation_id = "list_access_policies", tag = "access",
    params(("project" = Option<String>, Query, description = "Another project; for the operator")),
    responses((status = 200, body = AccessPolicies), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    query: Query,
) -> Result<Answer<AccessPolicies>, Failure> {
    let project = taken_project(query)?;
    let all = permission::list(&app, &asking.caller, project.as_ref()).await?;
    Ok(Answer(AccessPolicies { policies: all.into_iter().map(render).collect() }))
}

/// Makes a custom policy.
#[utoipa::path(post, path = "/api/v1/access/policies", operation_id = "create_access_policy", tag = "access",
    request_body = AccessPolicyBody,
    params(("project" = Option<String>, Query, description = "Another project; for the operator")),
    responses((status = 201, body = AccessPolicyView), (status = "default", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    asking: Asking,
    query: Query,
    Json(body): Json<AccessPolicyBody>,
) -> Result<(StatusCode, Answer<AccessPolicyView>), Failure> {
    let (project, wish) = (taken_project(query)?, parse_wish(body)?);
    let made = permission::create(&app, &asking.caller, project.as_ref(), wish).await?;
    Ok((StatusCode::CREATED, Answer(render(made))))
}

/// Shows a custom policy.
#[utoipa::path(get, path = "/api/v1/access/policies/{id}", operation_id = "show_access_policy", tag = "access",
    params(("id" = String, Path, description = "The policy"),
        ("project" = Option<String>, Query, description = "Another project; for the operator")),
    responses((status = 200, body = AccessPolicyView), (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    query: Query,
) -> Result<Answer<AccessPolicyView>, Failure> {
    let project = taken_project(query)?;
    let bound = permission::show(&app, &asking.caller, project.as_ref(), &id).await?;
    Ok(Answer(render(bound)))
}

/// Changes a custom policy; it counts at once.
#[utoipa::path(put, path = "/api/v1/access/policies/{id}", operation_id = "update_access_policy", tag = "access",
    request_body = AccessPolicyBody,
    params(("id" = String, Path, description = "The policy"),
        ("project" = Option<String>, Query, description = "Another project; for the operator")),
    responses((status = 200, body = AccessPolicyView), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    query: Query,
    Json(body): Json<AccessPolicyBody>,
) -> Result<Answer<AccessPolicyView>, Failure> {
    let (project, wish) = (taken_project(query)?, parse_wish(body)?);
    let bound = permission::update(&app, &asking.caller, project.as_ref(), &id, wish).await?;
    Ok(Answer(render(bound)))
}

/// Deletes a custom policy.
#[utoipa::path(delete, path = "/api/v1/access/policies/{id}", operation_id = "delete_access_policy", tag = "access",
    params(("id" = String, Path, description = "The policy"),
        ("project" = Option<String>, Query, description = "Another project; for the operator")),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    query: Query,
) -> Result<StatusCode, Failure> {
    let project = taken_project(query)?;
    permission::delete(&app, &asking.caller, project.as_ref(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Binds a user of the project to a custom policy.
#[utoipa::path(put, path = "/api/v1/access/policies/{id}/users/{user}", operation_id = "bind_access_user", tag = "access",
    params(("id" = String, Path, description = "The policy"), ("user" = String, Path, description = "The user"),
        ("project" = Option<String>, Query, description = "Another project; for the operator")),
    responses((status = 200, body = AccessPolicyView), (status = "default", body = Problem)))]
pub async fn bind(
    State(app): State<App>,
    asking: Asking,
    PathTexts(id, user): PathTexts,
    query: Query,
) -> Result<Answer<AccessPolicyView>, Failure> {
    bound(&app, &asking, (&id, &user), query, true).await
}

/// Ends the binding of a user to a custom policy.
#[utoipa::path(delete, path = "/api/v1/access/policies/{id}/users/{user}", operation_id = "unbind_access_user", tag = "access",
    params(("id" = String, Path, description = "The policy"), ("user" = String, Path, description = "The user"),
        ("project" = Option<String>, Query, description = "Another project; for the operator")),
    responses((status = 200, body = AccessPolicyView), (status = "default", body = Problem)))]
pub async fn unbind(
    State(app): State<App>,
    asking: Asking,
    PathTexts(id, user): PathTexts,
    query: Query,
) -> Result<Answer<AccessPolicyView>, Failure> {
    bound(&app, &asking, (&id, &user), query, false).await
}

async fn bound(
    app: &App,
    asking: &Asking,
    (id, user): (&str, &str),
    query: Query,
    is_bound: bool,
) -> Result<Answer<AccessPolicyView>, Failure> {
    let (project, user) = (taken_project(query)?, parse_user(user)?);
    let project = project.as_ref();
    let bound = permission::bind(app, &asking.caller, project, id, (&user, is_bound)).await?;
    Ok(Answer(render(bound)))
}
