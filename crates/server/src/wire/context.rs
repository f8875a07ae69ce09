//! What surrounds every request, made before routing: its id, its peer, the region of its path, and
//! the address the client knows the server by.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lendglass_core::{Error, RegionId};
use tower::{ServiceExt, service_fn};

use crate::app::App;
use crate::config::base_path_of;
use crate::telemetry;
use crate::wire::credential::{self, Signed};
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
    /// What became of the signature of the request, if it has one.
    pub signed: Option<Signed>,
    /// Scheme, host and prefix as the client wrote them, without a slash at the end.
    pub base_url: String,
    /// The path before everything as browsers know it, without a slash at the end; mostly empty.
    pub base_path: String,
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
    let begun = Instant::now();
    let request_id = format!("req-{}", app.ids.uuid());
    let mut uri = request.uri().clone();
    let prefix = take_region_prefix(&mut uri);
    let source = source_of(app, &request);
    let (proven, signed) = credential::prove(app, request, uri.path(), &source).await;
    request = proven;
    *request.uri_mut() = uri;
    let context = Context {
        request_id: request_id.clone(),
        signed,
        source,
        base_url: base_url(app, &request, prefix.as_ref()),
        base_path: base_path(app, &request),
        region_prefix: prefix,
    };
    request.extensions_mut().insert(context);
    let mut response = match routes.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if let Some(error) = response.extensions().get::<Error>() {
        log_refusal(&request_id, error);
        telemetry::error_rendered(error.code().as_str());
    }
    let route = response.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let status = response.status().as_u16();
    let dialect = response.extensions().get::<Dialect>().map_or_else(|| dialect_of(route), |d| d.0);
    telemetry::request_answered(dialect, route.to_owned(), status, begun.elapsed());
    tracing::info!(request_id, route, status, micros = micros(begun), "answered");
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-openstack-request-id", value);
    }
    response.into_response()
}

/// Which dialect has answered, where its route does not tell.
#[derive(Clone, Copy, Debug)]
pub struct Dialect(pub &'static str);

/// Remembers the route that took a request, for log and metrics: its template, not its ids.
pub async fn note_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Which dialect owns a route.
fn dialect_of(route: &str) -> &'static str {
    if route.starts_with("/api/v1") {
        "native"
    } else if is_huawei(route) {
        "huawei"
    } else if route.starts_with("/v4/") {
        "ctyun"
    } else if route.starts_with("/v2") || route.starts_with("/v3") || route.starts_with("/identity")
    {
        "openstack"
    } else {
        "none"
    }
}

/// Whether Huawei's dialect owns a route: what lies where Glance and Keystone have nothing.
fn is_huawei(route: &str) -> bool {
    let owned =
        ["/v1/", "/v1.1/", "/v2.1/", "/v2/cloudimages", "/v2/{project_id}", "/v3/{project_id}"];
    owned.iter().any(|prefix| route.starts_with(prefix))
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

/// The peer's address; where the peer is a trusted proxy, the last address that is not one.
fn source_of(app: &App, request: &Request) -> String {
    let Some(peer) = peer_of(request) else { return String::new() };
    if !is_trusted(app, peer) {
        return peer.to_string();
    }
    let forwarded = header_text(request, "x-forwarded-for").unwrap_or_default();
    let hops = forwarded.rsplit(',').filter_map(|hop| hop.trim().parse::<IpAddr>().ok());
    hops.into_iter().find(|hop| !is_trusted(app, *hop)).unwrap_or(peer).to_string()
}

fn peer_of(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

fn is_trusted(app: &App, address: IpAddr) -> bool {
    app.settings.trusted_proxies.iter().any(|net| net.contains(address))
}

fn header_text<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn base_url(app: &App, request: &Request, prefix: Option<&RegionId>) -> String {
    let root = app.settings.public_url.clone().unwrap_or_else(|| root_as_asked(app, request));
    match prefix {
        Some(region) => format!("{root}/region/{region}"),
        None => root,
    }
}

/// The setting, else what a trusted proxy says it took off.
fn base_path(app: &App, request: &Request) -> String {
    if let Some(path) = &app.settings.base_path {
        return path.clone();
    }
    let is_believed = peer_of(request).is_some_and(|peer| is_trusted(app, peer));
    let said = header_text(request, "x-forwarded-prefix").filter(|_| is_believed);
    said.and_then(base_path_of).unwrap_or_default()
}

/// Scheme and host of the request, or what a trusted proxy says they were.
fn root_as_asked(app: &App, request: &Request) -> String {
    let is_believed = peer_of(request).is_some_and(|peer| is_trusted(app, peer));
    let forwarded = |name| header_text(request, name).filter(|_| is_believed);
    let scheme = match forwarded("x-forwarded-proto") {
        Some("https") => "https",
        Some(_) => "http",
        None if app.settings.is_tls => "https",
        None => "http",
    };
    let host = forwarded("x-forwarded-host")
        .or_else(|| header_text(request, header::HOST.as_str()))
        .filter(|host| is_host(host))
        .unwrap_or("localhost");
    format!("{scheme}://{host}")
}

/// A host with an optional port, and nothing that would change the meaning of a URL.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::actions::ROUTES;

    #[test]
    fn every_route_is_counted_under_its_dialect() {
        for (path, dialect) in [
            ("/v2/images", "openstack"),
            ("/v3/auth/tokens", "openstack"),
            ("/v1/cloudimages/members", "huawei"),
            ("/v3/{project_id}/vaults", "huawei"),
            ("/v4/image/list", "ctyun"),
            ("/api/v1/shares", "native"),
            ("/healthz", "none"),
        ] {
            assert!(ROUTES.iter().any(|(_, known, _)| *known == path), "{path}");
            assert_eq!(dialect_of(path), dialect, "{path}");
        }
        let is_versioned = |path: &str| path.starts_with("/v") && !path.starts_with("/versions");
        for (_, path, _) in ROUTES.iter().filter(|(_, path, _)| is_versioned(path)) {
            assert_ne!(dialect_of(path), "none", "{path}");
        }
    }
}
