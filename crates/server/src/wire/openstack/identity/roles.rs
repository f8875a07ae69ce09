//! `/v3/roles`, roles of users in projects, and `/v3/role_assignments`. The roles are fixed: reader,
//! member and admin, each with those before it, and service. Their ids are their names.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lendglass_core::tenant::Assigned;
use lendglass_core::{Code, Error};
use serde_json::{Value, json};

use super::parts::{As, Param, Query, collection, link, nothing, project_id, user_id};
use crate::app::App;
use crate::service::identity::{self, Actor, Assignment};
use crate::wire::context::Context;
use crate::wire::openstack::error::Failure;

fn view(context: &Context, role: Assigned) -> Value {
    json!({
        "id": role.as_str(),
        "name": role.as_str(),
        "domain_id": null,
        "description": "",
        "options": {},
        "links": link(context, &format!("roles/{}", role.as_str())),
    })
}

fn parse_role(text: &str) -> Result<Assigned, Error> {
    Assigned::parse(text).ok_or_else(|| nothing(Code::RoleNotFound, text))
}

pub(super) async fn list(_: As, context: Context, query: Query) -> Response {
    let fits = |role: &Assigned| query.text("name").is_none_or(|name| name == role.as_str());
    let items = Assigned::ALL.into_iter().filter(fits).map(|role| view(&context, role)).collect();
    axum::Json(collection(&context, "roles", "roles", items)).into_response()
}

pub(super) async fn show(
    _: As,
    context: Context,
    Param(id): Param<String>,
) -> Result<Response, Failure> {
    Ok(axum::Json(json!({"role": view(&context, parse_role(&id)?)})).into_response())
}

/// The project, the user and the role of a path.
type Named = Param<(String, String, String)>;

fn parse_assignment(named: &(String, String, String)) -> Result<Assignment, Error> {
    let (project, user, role) = named;
    Ok(Assignment {
        project: project_id(project)?,
        user: user_id(user)?,
        assigned: parse_role(role)?,
    })
}

pub(super) async fn grant(
    State(app): State<App>,
    As(actor): As,
    Param(named): Named,
) -> Result<StatusCode, Failure> {
    identity::grant(&app, &actor, parse_assignment(&named)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn take(
    State(app): State<App>,
    As(actor): As,
    Param(named): Named,
) -> Result<StatusCode, Failure> {
    identity::take(&app, &actor, parse_assignment(&named)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// HEAD comes here too.
pub(super) async fn is_granted(
    State(app): State<App>,
    As(actor): As,
    Param(named): Named,
) -> Result<StatusCode, Failure> {
    identity::is_granted(&app, &actor, &parse_assignment(&named)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn of_user(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    Param((project, user)): Param<(String, String)>,
) -> Result<Response, Failure> {
    let path = format!("projects/{project}/users/{user}/roles");
    let (project, user) = (project_id(&project)?, user_id(&user)?);
    let given = identity::assignments(&app, &actor, Some(&user), Some(&project), None).await?;
    let items = given.iter().map(|one| view(&context, one.assigned)).collect();
    Ok(axum::Json(collection(&context, "roles", &path, items)).into_response())
}

pub(super) async fn assignments(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    query: Query,
) -> Result<Response, Failure> {
    let user = query.text("user.id").map(user_id).transpose()?;
    let project = query.text("scope.project.id").map(project_id).transpose()?;
    let role = query.text("role.id").map(parse_role).transpose()?;
    let given = identity::assignments(&app, &actor, user.as_ref(), project.as_ref(), role).await?;
    let names = if query.flag("include_names") == Some(true) {
        Some(names_of(&app, &actor, &given).await?)
    } else {
        None
    };
    let items = given.iter().map(|one| assignment_view(&context, one, names.as_ref())).collect();
    Ok(axum::Json(collection(&context, "role_assignments", "role_assignments", items))
        .into_response())
}

/// Users and projects as assignments show them, by id.
#[derive(Default)]
struct Names {
    users: BTreeMap<String, Value>,
    projects: BTreeMap<String, Value>,
}

async fn names_of(app: &App, actor: &Actor, given: &[Assignment]) -> Result<Names, Error> {
    let mut names = Names::default();
    for one in given {
        if !names.users.contains_key(one.user.as_str()) {
            let user = identity::user(app, actor, &one.user).await?;
            let account = identity::account(app, actor, &user.account).await?;
            let domain = json!({"id": account.id.as_str(), "name": account.name});
            let view = json!({"id": user.id.as_str(), "name": user.name, "domain": domain});
            names.users.insert(user.id.to_string(), view);
        }
        if !names.projects.contains_key(one.project.as_str()) {
            let known = identity::project(app, actor, &one.project).await?;
            let domain = json!({"id": known.project.account.as_str(), "name": known.account_name});
            let id = known.project.id.to_string();
            let view = json!({"id": id, "name": known.project.name, "domain": domain});
            names.projects.insert(id, view);
        }
    }
    Ok(names)
}

fn assignment_view(context: &Context, one: &Assignment, names: Option<&Names>) -> Value {
    let role = one.assigned.as_str();
    let path = format!("projects/{}/users/{}/roles/{role}", one.project, one.user);
    let address = link(context, &path)["self"].clone();
    let (user, project) = (one.user.as_str(), one.project.as_str());
    match names {
        Some(names) => json!({
            "role": {"id": role, "name": role},
            "user": names.users.get(user),
            "scope": {"project": names.projects.get(project)},
            "links": {"assignment": address},
        }),
        None => json!({
            "role": {"id": role},
            "user": {"id": user},
            "scope": {"project": {"id": project}},
            "links": {"assignment": address},
        }),
    }
}
