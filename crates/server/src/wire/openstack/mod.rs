//! The OpenStack dialect: Keystone v3 as far as clients sign in, Glance v2.

mod data;
pub mod error;
mod field;
pub mod fuzzed;
pub mod identity;
mod image;
mod info;
mod list;
mod member;
mod patch;
mod render;
mod request;
mod schema;
pub mod version;

use axum::Router;
use axum::routing::{get, post, put};

use crate::app::App;

/// Every route of the dialect.
pub fn routes() -> Router<App> {
    Router::new().merge(identity::routes()).merge(image_routes())
}

/// Glance's.
fn image_routes() -> Router<App> {
    Router::new()
        .merge(discovery_routes())
        .route("/v2/images", get(list::index).post(image::create))
        .route("/v2/images/", get(list::index).post(image::create))
        .route("/v2/images/{image}", get(image::show).patch(image::update).delete(image::delete))
        .route("/v2/images/{image}/file", get(data::get).put(data::put))
        .route("/v2/images/{image}/tags/{tag}", put(image::add_tag).delete(image::remove_tag))
        .route("/v2/images/{image}/actions/deactivate", post(image::deactivate))
        .route("/v2/images/{image}/actions/reactivate", post(image::reactivate))
        .route("/v2/images/{image}/members", get(member::index).post(member::create))
        .route(
            "/v2/images/{image}/members/{member}",
            get(member::show).put(member::update).delete(member::delete),
        )
        .route("/v2/images/{image}/import", post(info::import))
        .route("/v2/images/{image}/stage", put(info::stage))
        .route("/v2/images/{image}/tasks", get(info::image_tasks))
        .route("/v2/images/{image}/locations", get(info::locations).post(info::locations))
        .route("/v2/tasks", get(info::tasks).post(info::tasks))
        .route("/v2/metadefs/namespaces", get(info::namespaces).post(info::metadefs))
        .route("/v2/metadefs/resource_types", get(info::resource_types))
        .method_not_allowed_fallback(version::wrong_method)
}

/// What clients ask before they do anything.
fn discovery_routes() -> Router<App> {
    Router::new()
        .route("/", get(version::root))
        .route("/versions", get(version::versions))
        .route("/versions/", get(version::versions))
        .route("/v2", get(version::choices))
        .route("/v2/", get(version::choices))
        .route("/healthcheck", get(version::health))
        .route("/v2/schemas/image", get(schema::image))
        .route("/v2/schemas/images", get(schema::images))
        .route("/v2/schemas/member", get(schema::member))
        .route("/v2/schemas/members", get(schema::members))
        .route("/v2/info/import", get(info::import_methods))
        .route("/v2/info/usage", get(info::usage))
}
