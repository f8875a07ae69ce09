//! Huawei's dialect: the image service (IMS) of that cloud and its twins.
//!
//! It owns `/v1`, `/v1.1`, `/v2.1`, `/v2/cloudimages`, `/v2/{project_id}/images` and
//! `/v3/{project_id}/{vaults,backups}`; the calls that Huawei took over from Glance are Glance's. Work
//! in batches answers 200 with a job. `docs/dialects/huawei.md` lists every operation.

mod backup_error;
pub mod error;
mod job;
mod list;
mod render;
mod request;
mod share;

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::Method;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};

use self::error::Failure;
use crate::app::App;

/// A path, and what answers there.
pub type Route = (&'static str, MethodRouter<App>);

/// Every route of the dialect.
pub fn table() -> Vec<Route> {
    vec![
        ("/v1/cloudimages/members", post(share::invite).put(share::answer).delete(share::withdraw)),
        ("/v1/{project_id}/cloudimages/{image}/members", get(share::members)),
        ("/v1/{project_id}/cloudimages/{image}/members/{member}", get(share::member)),
        ("/v1/{project_id}/jobs/{job}", get(job::show)),
        ("/v1/cloudimages/job/{job}", get(job::progress)),
        ("/v2/cloudimages", get(list::index)),
    ]
}

/// The routes as a router.
pub fn routes() -> Router<App> {
    let empty = Router::new();
    table()
        .into_iter()
        .fold(empty, |routes, (path, route)| routes.route(path, route))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(error::finish))
}

/// Whether a path lies where only this dialect has something.
pub fn owns(path: &str) -> bool {
    ["/v1/", "/v1.1/", "/v2.1/", "/v2/cloudimages"].iter().any(|prefix| path.starts_with(prefix))
}

/// Where there is nothing of it after all.
pub async fn nothing(request: Request) -> Response {
    let path = shortened(request.uri().path(), 200);
    let error = Error::new(Code::RouteNotFound).with("path", path);
    error::answer(request, async |_| Failure(error).into_response()).await
}

async fn wrong_method(OriginalUri(uri): OriginalUri, method: Method) -> Failure {
    Error::new(Code::MethodNotAllowed)
        .with("path", shortened(uri.path(), 200))
        .with("method", method)
        .into()
}
