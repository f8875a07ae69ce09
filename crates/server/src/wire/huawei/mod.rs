//! Huawei's dialect: the image service (IMS) of that cloud and its twins.
//!
//! It owns `/v1`, `/v1.1`, `/v2.1`, `/v2/cloudimages`, `/v2/{project_id}/images` and
//! `/v3/{project_id}/{vaults,backups}`; the calls that Huawei took over from Glance are Glance's. Work
//! in batches answers 200 with a job. `docs/dialects/huawei.md` lists every operation.

mod absent;
pub mod backup_error;
pub mod error;
pub mod fuzzed;
mod image;
mod info;
mod job;
mod list;
mod render;
mod request;
mod share;
mod tag;
mod tag_query;
mod vault;

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::Method;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};

use self::error::Failure;
use crate::app::App;

/// A path, and what answers there.
pub type Route = (&'static str, MethodRouter<App>);

/// Every route of the dialect.
pub fn table() -> Vec<Route> {
    [share_routes(), image_routes(), tag_routes(), vault_routes()].concat()
}

fn share_routes() -> Vec<Route> {
    let members = post(share::invite).put(share::answer).delete(share::withdraw);
    vec![
        ("/v1/cloudimages/members", members),
        ("/v1/{project_id}/cloudimages/{image}/members", get(share::members)),
        ("/v1/{project_id}/cloudimages/{image}/members/{member}", get(share::member)),
        ("/v1/{project_id}/jobs/{job}", get(job::show)),
        ("/v1/cloudimages/job/{job}", get(job::progress)),
    ]
}

/// What lies below `/v2.1` is the same as what lies below the older version.
fn image_routes() -> Vec<Route> {
    vec![
        ("/v2/cloudimages", get(list::index)),
        ("/v2/cloudimages/{image}", patch(image::update)),
        ("/v2/cloudimages/action", post(absent::make)),
        ("/v2.1/cloudimages/action", post(absent::make)),
        ("/v1/cloudimages/dataimages/action", post(absent::make)),
        ("/v2.1/cloudimages/dataimages/action", post(absent::make)),
        ("/v1/cloudimages/wholeimages/action", post(image::make_whole)),
        ("/v2/cloudimages/quickimport/action", post(absent::make)),
        ("/v2.1/cloudimages/quickimport/action", post(absent::make)),
        ("/v1/cloudimages/{image}/upload", put(absent::upload)),
        ("/v1/cloudimages/{image}/file", post(absent::export)),
        ("/v2.1/cloudimages/{image}/file", post(absent::export)),
        ("/v1/cloudimages/{image}/copy", post(image::copy_here)),
        ("/v2.1/cloudimages/{image}/copy", post(image::copy_here)),
        ("/v1/cloudimages/{image}/cross_region_copy", post(image::copy_there)),
        ("/v1/cloudimages/os_version", get(info::systems)),
        ("/v1/cloudimages/quota", get(info::quotas)),
        ("/v1/{project_id}/cloudimages/quota", get(info::quotas)),
        ("/v1.1/images/{image}", delete(image::delete)),
    ]
}

fn tag_routes() -> Vec<Route> {
    vec![
        ("/v1/cloudimages/tags", get(tag::of_list).put(tag::put)),
        ("/v1/{project_id}/cloudimages/{image}/tags/delete", delete(tag::batch_delete)),
        ("/v2/{project_id}/images/resource_instances/action", post(tag::search)),
        ("/v2/{project_id}/images/tags", get(tag::of_project)),
        ("/v2/{project_id}/images/{image}/tags", get(tag::of_image).post(tag::add)),
        ("/v2/{project_id}/images/{image}/tags/action", post(tag::batch)),
        ("/v2/{project_id}/images/{image}/tags/{key}", delete(tag::remove)),
    ]
}

fn vault_routes() -> Vec<Route> {
    let vault = get(vault::show).put(vault::update).delete(vault::delete);
    vec![
        ("/v3/{project_id}/vaults", get(vault::list).post(vault::create)),
        ("/v3/{project_id}/vaults/{vault}", vault),
        ("/v3/{project_id}/backups", get(vault::backups)),
        ("/v3/{project_id}/backups/{backup}", get(vault::show_backup).delete(vault::delete_backup)),
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
