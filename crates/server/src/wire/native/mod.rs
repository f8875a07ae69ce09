//! The native dialect, `/api/v1`: what the console and `lend` speak. It shows everything the use cases
//! offer, and is documented by `docs/openapi.json`.

mod access;
mod audit;
mod backup;
mod code;
mod copy;
pub mod error;
mod event;
mod feedback;
mod file;
pub mod fuzzed;
mod image;
mod input;
mod job;
mod key;
mod list;
mod market;
mod me;
pub mod notice;
mod once;
pub mod openapi;
mod operator;
mod policy;
mod preference;
mod rule;
mod session;
mod share;
mod tag;
mod upload;
mod vault;
mod verify;
mod view;
mod webhook;
mod words;

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, delete, get, options, patch, post, put};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};

use self::error::Failure;
use crate::app::App;

/// Where the dialect lives.
pub const PREFIX: &str = "/api/v1";

/// A route: method in lower case, path below [`PREFIX`], what answers.
pub type Route = (&'static str, &'static str, MethodRouter<App>);

/// Every route of the dialect. A test compares the list with the OpenAPI document.
pub fn table() -> Vec<Route> {
    vec![
        ("get", "/openapi.json", get(openapi::document)),
        ("get", "/codes/{code}", get(code::explain)),
        ("get", "/session", get(session::show)),
        ("post", "/session", post(session::begin)),
        ("delete", "/session", delete(session::end)),
        ("post", "/session/persona", post(session::become_persona)),
        ("get", "/me", get(me::me)),
        ("get", "/me/preferences", get(preference::show)),
        ("put", "/me/preferences", put(preference::set)),
        ("get", "/policy", get(me::policy)),
        ("get", "/policies", get(policy::list)),
        ("patch", "/policies", patch(policy::update)),
        ("put", "/policies/profile", put(policy::set_profile)),
        ("put", "/policies/{key}", put(policy::set)),
        ("delete", "/policies/{key}", delete(policy::unset)),
        ("get", "/access/actions", get(access::actions)),
        ("get", "/access/users", get(access::users)),
        ("get", "/access/policies", get(access::list)),
        ("post", "/access/policies", post(access::create)),
        ("get", "/access/policies/{id}", get(access::show)),
        ("put", "/access/policies/{id}", put(access::update)),
        ("delete", "/access/policies/{id}", delete(access::delete)),
        ("put", "/access/policies/{id}/users/{user}", put(access::bind)),
        ("delete", "/access/policies/{id}/users/{user}", delete(access::unbind)),
        ("get", "/access-keys", get(key::list)),
        ("post", "/access-keys", post(key::create)),
        ("patch", "/access-keys/{id}", patch(key::update)),
        ("delete", "/access-keys/{id}", delete(key::delete)),
        ("get", "/regions", get(me::regions)),
        ("get", "/quota", get(me::quota)),
        ("get", "/tenants/resolve", get(me::resolve)),
        ("get", "/tenants", get(operator::tenants)),
        ("get", "/storage", get(operator::storage)),
        ("get", "/health", get(operator::health)),
        ("get", "/capabilities", get(me::capabilities)),
        ("get", "/feedback", get(feedback::list)),
        ("post", "/feedback", post(feedback::give)),
        ("get", "/images", get(list::list)),
        ("get", "/images/systems", get(list::systems)),
        ("post", "/images", post(image::create)),
        ("post", "/images/delete", post(market::delete)),
        ("get", "/images/{id}", get(image::show)),
        ("patch", "/images/{id}", patch(image::update)),
        ("delete", "/images/{id}", delete(image::delete)),
        ("put", "/images/{id}/file", put(file::upload)),
        ("get", "/images/{id}/file", get(file::download)),
        ("options", "/uploads", upload::tus(options(upload::offer))),
        ("get", "/uploads", upload::tus(get(upload::list))),
        ("post", "/uploads", upload::tus(post(upload::begin))),
        ("get", "/uploads/{id}", upload::tus(get(upload::show))),
        ("patch", "/uploads/{id}", upload::tus(patch(upload::append))),
        ("delete", "/uploads/{id}", upload::tus(delete(upload::cancel))),
        ("post", "/images/{id}/deactivate", post(image::deactivate)),
        ("post", "/images/{id}/reactivate", post(image::reactivate)),
        ("post", "/images/{id}/verify", post(verify::verify)),
        ("get", "/images/{id}/verify", get(verify::show)),
        ("post", "/images/{id}/replicate", post(image::replicate)),
        ("post", "/images/{id}/copy", post(copy::copy)),
        ("post", "/images/{id}/publish", post(market::publish)),
        ("post", "/images/{id}/unpublish", post(market::unpublish)),
        ("get", "/images/{id}/disks", get(backup::disks)),
        ("get", "/images/{id}/disks/{position}/file", get(backup::download)),
        ("get", "/images/{id}/shares", get(share::of_image)),
        ("get", "/shares", get(share::list)),
        ("post", "/shares", post(share::invite)),
        ("delete", "/shares", delete(share::withdraw)),
        ("post", "/shares/answers", post(share::answer)),
        ("post", "/shares/reminders", post(share::remind)),
        ("post", "/undo", post(share::undo)),
        ("get", "/rules", get(rule::list)),
        ("put", "/rules/{owner}", put(rule::set)),
        ("delete", "/rules/{owner}", delete(rule::delete)),
        ("get", "/shares/counts", get(share::counts)),
        ("get", "/audit", get(audit::list)),
        ("get", "/notices", get(notice::list)),
        ("get", "/notices/counts", get(notice::counts)),
        ("get", "/notices/elsewhere", get(notice::elsewhere)),
        ("post", "/notices/read", post(notice::mark_read)),
        ("get", "/events", get(event::stream)),
        ("get", "/webhooks", get(webhook::list)),
        ("post", "/webhooks", post(webhook::create)),
        ("get", "/webhooks/{id}", get(webhook::show)),
        ("patch", "/webhooks/{id}", patch(webhook::update)),
        ("delete", "/webhooks/{id}", delete(webhook::delete)),
        ("post", "/webhooks/{id}/test", post(webhook::test)),
        ("get", "/jobs", get(job::list)),
        ("get", "/jobs/{id}", get(job::show)),
        ("post", "/jobs/{id}/cancel", post(job::cancel)),
        ("get", "/tags/predefined", get(tag::list)),
        ("put", "/tags/predefined/{key}", put(tag::set)),
        ("delete", "/tags/predefined/{key}", delete(tag::delete)),
        ("get", "/vaults", get(vault::list)),
        ("post", "/vaults", post(vault::create)),
        ("get", "/vaults/{id}", get(vault::show)),
        ("patch", "/vaults/{id}", patch(vault::update)),
        ("delete", "/vaults/{id}", delete(vault::delete)),
        ("get", "/backups", get(backup::list)),
        ("post", "/backups", post(backup::create)),
        ("get", "/backups/{id}", get(backup::show)),
        ("delete", "/backups/{id}", delete(backup::delete)),
        ("post", "/backups/{id}/image", post(backup::make_image)),
    ]
}

/// The routes as a router.
pub fn routes(app: &App) -> Router<App> {
    let empty = Router::new();
    let routes =
        table().into_iter().fold(empty, |routes, (_, path, route)| routes.route(path, route));
    let routes = routes
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(app.clone(), once::once))
        .layer(from_fn(error::render));
    Router::new().nest(PREFIX, routes)
}

async fn nothing_here(OriginalUri(uri): OriginalUri) -> Failure {
    Error::new(Code::RouteNotFound).with("path", shortened(uri.path(), 200)).into()
}

async fn wrong_method(OriginalUri(uri): OriginalUri, method: Method) -> Failure {
    Error::new(Code::MethodNotAllowed)
        .with("path", shortened(uri.path(), 200))
        .with("method", method)
        .into()
}
