//! Which versions there are, and what is said where there is nothing.

use axum::Json;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};
use serde_json::{Value, json};

use crate::wire::common::header_text;
use crate::wire::context::Context;
use crate::wire::openstack::error::Failure;

/// The versions that a Glance with one store and without a cache lists, newest first. The numbers are
/// informational. 2.17 is left out: it offers the calls for locations, which clients then make.
const VERSIONS: [&str; 10] =
    ["2.15", "2.9", "2.7", "2.6", "2.5", "2.4", "2.3", "2.2", "2.1", "2.0"];

/// `GET /`: the versions with 300 for programs; browsers are sent to the console.
pub async fn root(context: Context, headers: HeaderMap) -> Response {
    if is_browser(&headers) {
        return Redirect::to(&format!("{}/console/", context.base_path)).into_response();
    }
    choices(context).await
}

/// `GET /v2`: the versions, with 300.
pub async fn choices(context: Context) -> Response {
    (StatusCode::MULTIPLE_CHOICES, Json(render_versions(&context))).into_response()
}

/// `GET /versions`: the versions, with 200.
pub async fn versions(context: Context) -> Response {
    Json(render_versions(&context)).into_response()
}

/// `GET /healthcheck`: the process answers.
pub async fn health() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=UTF-8")], "OK").into_response()
}

/// Where there is nothing.
pub async fn nothing(uri: Uri) -> Failure {
    Error::new(Code::RouteNotFound).with("path", shortened(uri.path(), 80)).into()
}

/// Where something is, but not for this method.
pub async fn wrong_method(uri: Uri, method: Method) -> Failure {
    Error::new(Code::MethodNotAllowed)
        .with("path", shortened(uri.path(), 80))
        .with("method", shortened(method.as_str(), 80))
        .into()
}

/// Whether a page is preferred to JSON: browsers name `text/html` first.
fn is_browser(headers: &HeaderMap) -> bool {
    let accept = header_text(headers, header::ACCEPT.as_str()).unwrap_or_default();
    let place = |name: &str| accept.to_ascii_lowercase().find(name);
    match (place("text/html"), place("application/json")) {
        (Some(page), Some(json)) => page < json,
        (page, None) => page.is_some(),
        (None, Some(_)) => false,
    }
}

fn render_versions(context: &Context) -> Value {
    let href = format!("{}/v2/", context.base_url);
    let versions: Vec<Value> = VERSIONS
        .iter()
        .map(|version| {
            json!({
                "id": format!("v{version}"),
                "status": if *version == VERSIONS[0] { "CURRENT" } else { "SUPPORTED" },
                "links": [{"rel": "self", "href": href}],
            })
        })
        .collect();
    json!({"versions": versions})
}
