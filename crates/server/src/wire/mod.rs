//! The dialects, merged into one router.
//!
//! Order of what surrounds them, outermost first: [`context::prepare`] (request id, peer, region
//! prefix, base URL), then the routes. Each dialect checks credentials itself, through
//! [`credential`], because it answers a refusal in its own form.

pub mod actions;
pub mod common;
pub mod console;
pub mod context;
pub mod credential;
pub mod ctyun;
pub mod data;
mod fuzzed;
pub mod huawei;
pub mod native;
pub mod openstack;
pub mod ops;
mod query;
pub mod tencent;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

/// Every route of every dialect.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .merge(openstack::routes())
        .merge(native::routes(&app))
        .merge(huawei::routes())
        .merge(ctyun::routes())
        .merge(ops::routes())
        .merge(console::routes())
        .fallback(nothing)
        .layer(from_fn_with_state(app.clone(), tencent::take))
        .layer(from_fn(context::note_route))
        .with_state(app.clone());
    context::prepare(app, routes)
}

/// Where there is nothing but perhaps a file of the console: the dialect that owns what lies around says
/// so in its own form.
async fn nothing(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(file) = console::file(&app, &parts).await {
        return file;
    }
    let request = Request::from_parts(parts, body);
    if huawei::owns(request.uri().path()) {
        return huawei::nothing(request).await;
    }
    if ctyun::owns(request.uri().path()) {
        return ctyun::nothing(request).await;
    }
    openstack::version::nothing(request.uri().clone()).await.into_response()
}
