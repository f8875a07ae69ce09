//! The OpenStack dialect: Keystone v3 as far as clients sign in, Glance v2.

pub mod error;
pub mod identity;

use axum::Router;

use crate::app::App;

/// Every route of the dialect.
pub fn routes() -> Router<App> {
    Router::new().merge(identity::routes())
}
