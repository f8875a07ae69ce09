//! What machines ask a server about itself: alive, ready, figures.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::service::health;

/// `/healthz`, `/readyz`, `/metrics`.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
}

/// The process runs.
async fn alive() -> &'static str {
    "ok\n"
}

/// Database and storage answer; else 503 with the part that does not.
async fn ready(State(app): State<App>) -> Response {
    match health::ready(&app).await {
        Ok(()) => "ready\n".into_response(),
        Err(part) => (StatusCode::SERVICE_UNAVAILABLE, format!("{part}\n")).into_response(),
    }
}

/// Prometheus text; to the loopback, or to who shows the token.
async fn figures(
    State(app): State<App>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Response {
    let is_allowed = match &app.settings.metrics_token {
        Some(token) => shows(&headers, token),
        None => peer.is_some_and(|peer| peer.0.0.ip().to_canonical().is_loopback()),
    };
    match &app.metrics {
        Some(metrics) if is_allowed => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
            (kind, metrics.render()).into_response()
        }
        Some(_) | None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn shows(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    given.as_bytes().ct_eq(token.as_bytes()).into()
}
