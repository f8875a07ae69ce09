//! CTyun's dialect: the image calls of that cloud's open API, all below `/v4/image`.
//!
//! An account is shared with, one a call; what was offered waits until its recipient answers. What the
//! service decides is HTTP 200 with `statusCode` 800 or 900; only the gateway before it answers other
//! statuses. `docs/dialects/ctyun.md` lists every operation.

mod absent;
pub mod error;
mod fields;
pub mod fuzzed;
mod image;
mod label;
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
        ("/v4/image/list", get(list::index)),
        ("/v4/image/detail", get(image::detail)),
        ("/v4/image/update", post(image::update)),
        ("/v4/image/update-labels", post(label::update)),
        ("/v4/image/delete", post(image::delete)),
        ("/v4/image/deactivate", post(image::deactivate)),
        ("/v4/image/reactivate", post(image::reactivate)),
        ("/v4/image/shared-image/create", post(share::create)),
        ("/v4/image/shared-image/delete", post(share::cancel)),
        ("/v4/image/shared-image/accept", post(share::accept)),
        ("/v4/image/shared-image/reject", post(share::reject)),
        ("/v4/image/show-shared-list", get(share::list)),
        ("/v4/image/create-from-shared", post(image::copy_here)),
        ("/v4/image/copy", post(image::copy_here)),
        ("/v4/image/cross-region-copy", post(image::copy_there)),
        ("/v4/image/list-supported-dest-crr-regions", get(image::regions)),
        ("/v4/image/create", post(absent::of_server)),
        ("/v4/image/create-from-data-disk", post(absent::of_server)),
        ("/v4/image/create-from-ecs", post(absent::of_server)),
        ("/v4/image/create-from-ecs-snapshot", post(absent::of_server)),
        ("/v4/image/import", post(absent::of_file)),
        ("/v4/image/validate-file-source", get(absent::of_file)),
        ("/v4/image/export", post(absent::to_file)),
        ("/v4/image/list-import-tasks", get(absent::task)),
        ("/v4/image/delete-import-task", post(absent::task)),
        ("/v4/image/list-tasks", post(absent::task)),
        ("/v4/image/action-task", post(absent::task)),
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
    path.starts_with("/v4/")
}

/// Where there is nothing of it after all.
pub async fn nothing(request: Request) -> Response {
    let path = shortened(request.uri().path(), 200);
    let error = Error::new(Code::RouteNotFound).with("path", path);
    error::answer(request, async |_| Failure::from(error).into_response()).await
}

async fn wrong_method(OriginalUri(uri): OriginalUri, method: Method) -> Failure {
    Error::new(Code::MethodNotAllowed)
        .with("path", shortened(uri.path(), 200))
        .with("method", method)
        .into()
}
