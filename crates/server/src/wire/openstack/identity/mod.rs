//! Keystone's API v3, as far as unmodified clients sign in and operators administer. An account is
//! what Keystone calls a domain.

mod applications;
mod catalog;
mod domains;
mod parts;
mod projects;
mod roles;
mod tokens;
mod users;

pub(super) use self::tokens::{AuthRequest, parse_sign_in};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::version::wrong_method;
use crate::app::App;
use crate::wire::context::Context;
use parts::root_url;

/// Where the API is mounted: at the root, and where a Keystone behind a web server usually is.
const PREFIXES: [&str; 2] = ["/v3", "/identity/v3"];

/// Every route of the identity API. No catch-all: another dialect owns `/v3/{project}/…`, and what
/// nobody owns is answered by the router's own fallback.
pub fn routes() -> Router<App> {
    let mut router =
        Router::new().route("/identity", get(versions)).route("/identity/", get(versions));
    for prefix in PREFIXES {
        router = mount(router, prefix);
    }
    router.method_not_allowed_fallback(wrong_method)
}

fn mount(router: Router<App>, prefix: &str) -> Router<App> {
    let at = |path: &str| format!("{prefix}{path}");
    let user_projects = get(users::projects);
    let grants = get(roles::is_granted).put(roles::grant).delete(roles::take);
    let auth_tokens = get(tokens::show).post(tokens::create).delete(tokens::revoke);
    let one_project = get(projects::show).patch(projects::update).delete(projects::delete);
    let one_user = get(users::show).patch(users::update).delete(users::delete);
    let one_domain = get(domains::show).patch(domains::update).delete(domains::delete);
    let one_application = get(applications::show).delete(applications::delete);
    router
        .route(prefix, get(version))
        .route(&at("/"), get(version))
        .route(&at("/auth/tokens"), auth_tokens)
        .route(&at("/auth/projects"), get(projects::mine))
        .route(&at("/auth/domains"), get(domains::mine))
        .route(&at("/auth/catalog"), get(catalog::mine))
        .route(&at("/projects"), get(projects::list).post(projects::create))
        .route(&at("/projects/{id}"), one_project)
        .route(&at("/projects/{project}/users/{user}/roles"), get(roles::of_user))
        .route(&at("/projects/{project}/users/{user}/roles/{role}"), grants)
        .route(&at("/users"), get(users::list).post(users::create))
        .route(&at("/users/{id}"), one_user)
        .route(&at("/users/{id}/projects"), user_projects)
        .route(&at("/users/{id}/password"), post(users::password))
        .route(
            &at("/users/{id}/application_credentials"),
            get(applications::list).post(applications::create),
        )
        .route(&at("/users/{id}/application_credentials/{credential}"), one_application)
        .route(&at("/domains"), get(domains::list).post(domains::create))
        .route(&at("/domains/{id}"), one_domain)
        .route(&at("/regions"), get(catalog::regions))
        .route(&at("/regions/{id}"), get(catalog::region))
        .route(&at("/services"), get(catalog::services))
        .route(&at("/services/{id}"), get(catalog::service))
        .route(&at("/endpoints"), get(catalog::endpoints))
        .route(&at("/endpoints/{id}"), get(catalog::endpoint))
        .route(&at("/roles"), get(roles::list))
        .route(&at("/roles/{id}"), get(roles::show))
        .route(&at("/role_assignments"), get(roles::assignments))
}

async fn version(context: Context) -> Response {
    axum::Json(json!({"version": version_value(&context)})).into_response()
}

async fn versions(context: Context) -> Response {
    let body = json!({"versions": {"values": [version_value(&context)]}});
    (StatusCode::MULTIPLE_CHOICES, axum::Json(body)).into_response()
}

fn version_value(context: &Context) -> Value {
    json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{}/v3/", root_url(context))}],
        "media-types": [{
            "base": "application/json",
            "type": "application/vnd.openstack.identity-v3+json",
        }],
    })
}
