//! What surrounds every request, made before routing: its id, its peer, the region of its path, and
//! the address the client knows the server by.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use lendglass_core::{Error, RegionId};
use tower::{ServiceExt, service_fn};

use crate::app::App;
use crate::wire::openstack;

/// What is known of a request before anyone reads it.
#[derive(Clone, Debug)]
pub struct Context {
    /// `req-` and a UUID; answered in `x-openstack-request-id` and named in log and audit rows.
    pub request_id: String,
    /// The peer's address, or the forwarded one where the peer is a trusted proxy.
    pub source: String,
    /// The region named by the prefix `/region/ID`, if any.
    pub region_prefix: Option<RegionId>,
    /// Scheme, host and prefix as the client wrote them, without a slash at the end.
    pub base_url: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Context {
    type Rejection = openstack::error::Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Context, Self::Rejection> {
        let context = parts.extensions.get::<Context>().cloned();
        Ok(context.ok_or_else(|| Error::internal("a request without its context"))?)
    }
}

/// Wraps all routes: the prefix `/region/ID` is taken off before routing, and every response carries
/// the id of its request.
pub fn prepare(app: App, routes: Router) -> Router {
    let service = service_fn(move |request: Request| {
        let app = app.clone();
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(handle(&app, routes, request).await) }
    });
    Router::new().fallback_service(service)
}

async fn handle(app: &App, routes: Router, mut request: Request) -> Response {
    let request_id = format!("req-{}", app.ids.uuid());
    let prefix = take_region_prefix(request.uri_mut());
    let context = Context {
        request_id: request_id.clone(),
        source: source_of(&request),
        base_url: base_url(app, &request, prefix.as_ref()),
        region_prefix: prefix,
    };
    request.extensions_mut().insert(context);
    let mut response = match routes.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if let Some(error) = response.extensions().get::<Error>() {
        log_refusal(&request_id, error);
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-openstack-request-id", value);
    }
    response.into_response()
}

/// Logged once, here, with what only the log may read.
fn log_refusal(request_id: &str, error: &Error) {
    use lendglass_core::Kind;
    let (code, because) = (error.code().as_str(), error.internal_text());
    match error.kind() {
        Kind::Internal => tracing::error!(request_id, code, because, "request failed"),
        Kind::Unavailable | Kind::NoSpace => {
            tracing::warn!(request_id, code, because, "request failed");
        }
        Kind::Invalid
        | Kind::UnsupportedMedia
        | Kind::BadRange
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Conflict
        | Kind::QuotaExceeded
        | Kind::TooLarge
        | Kind::RateLimited => tracing::debug!(request_id, code, because, "request refused"),
    }
}

/// Takes `/region/ID` off the path, if it is there and ID is an id.
fn take_region_prefix(uri: &mut Uri) -> Option<RegionId> {
    let rest = uri.path().strip_prefix("/region/")?;
    let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
    let region = RegionId::parse(id).ok()?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("/{path}{query}")).ok()?);
    *uri = Uri::from_parts(parts).ok()?;
    Some(region)
}

fn source_of(request: &Request) -> String {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(String::new, |peer| peer.0.ip().to_string())
}

fn base_url(app: &App, request: &Request, prefix: Option<&RegionId>) -> String {
    let root = app.settings.public_url.clone().unwrap_or_else(|| {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        format!("http://{}", host.unwrap_or("localhost"))
    });
    match prefix {
        Some(region) => format!("{root}/region/{region}"),
        None => root,
    }
}
