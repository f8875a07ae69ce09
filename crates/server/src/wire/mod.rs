//! The dialects, merged into one router.
//!
//! Order of what surrounds them, outermost first: [`context::prepare`] (request id, peer, region
//! prefix, base URL), then the routes. Each dialect checks credentials itself, through
//! [`credential`], because it answers a refusal in its own form.

pub mod context;
pub mod credential;
pub mod openstack;

use axum::Router;

use crate::app::App;

/// Every route of every dialect.
pub fn router(app: App) -> Router {
    let routes = Router::new().merge(openstack::routes()).with_state(app.clone());
    context::prepare(app, routes)
}
