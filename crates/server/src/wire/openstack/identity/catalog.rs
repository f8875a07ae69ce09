//! The catalog: where the services of this installation answer, per region.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use lendglass_core::tenant::Region;
use lendglass_core::{Code, Error};
use openssl::sha::sha256;
use serde_json::{Value, json};

use super::parts::{As, Param, Query, collection, link, root_url};
use crate::app::App;
use crate::service::identity::{self, Session};
use crate::wire::context::Context;
use crate::wire::openstack::error::Failure;

const INTERFACES: [&str; 3] = ["public", "internal", "admin"];

/// A service of this installation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Image,
    Identity,
    /// The native dialect.
    Lendglass,
}

impl Service {
    const ALL: [Service; 3] = [Service::Image, Service::Identity, Service::Lendglass];

    fn kind(self) -> &'static str {
        match self {
            Service::Image => "image",
            Service::Identity => "identity",
            Service::Lendglass => "lendglass",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Service::Image => "glance",
            Service::Identity => "keystone",
            Service::Lendglass => "lendglass",
        }
    }

    fn id(self) -> String {
        stable_id(&[self.kind()])
    }

    /// Where it answers for a region; the first region lies at the root.
    fn url(self, app: &App, context: &Context, region: &Region) -> String {
        let root = root_url(context);
        let is_first = app.regions.first().is_some_and(|first| first.id == region.id);
        match self {
            Service::Image if is_first => root.to_owned(),
            Service::Image => format!("{root}/region/{}", region.id),
            Service::Identity => format!("{root}/v3"),
            Service::Lendglass => format!("{root}/api/v1"),
        }
    }
}

/// An id that is the same on every node and after every start: nothing of the catalog is stored.
fn stable_id(parts: &[&str]) -> String {
    let digest = sha256(parts.join("\n").as_bytes());
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn endpoint_id(service: Service, region: &Region, interface: &str) -> String {
    stable_id(&[service.kind(), region.id.as_str(), interface])
}

/// The catalog of a token. Identity answers for every region; images only where the project lives.
pub(super) fn render(app: &App, context: &Context, session: &Session) -> Value {
    let home = identity::catalog_regions(app, session);
    let all: Vec<_> = app.regions.iter().collect();
    let entry = |service: Service| {
        let regions = if service == Service::Identity { &all } else { &home };
        let endpoints = regions.iter().flat_map(|region| {
            INTERFACES.iter().map(|interface| {
                json!({
                    "id": endpoint_id(service, region, interface),
                    "interface": interface,
                    "region": region.id.as_str(),
                    "region_id": region.id.as_str(),
                    "url": service.url(app, context, region),
                })
            })
        });
        json!({
            "id": service.id(),
            "type": service.kind(),
            "name": service.name(),
            "endpoints": endpoints.collect::<Vec<_>>(),
        })
    };
    Service::ALL.into_iter().map(entry).collect()
}

pub(super) async fn mine(
    State(app): State<App>,
    As(actor): As,
    context: Context,
) -> Result<Response, Failure> {
    let catalog = render(&app, &context, &actor.session);
    let links = link(&context, "auth/catalog");
    Ok(axum::Json(json!({"catalog": catalog, "links": links})).into_response())
}

// --- regions -------------------------------------------------------------------------------------

fn region_view(context: &Context, region: &Region) -> Value {
    json!({
        "id": region.id.as_str(),
        "description": region.name,
        "parent_region_id": null,
        "links": link(context, &format!("regions/{}", region.id)),
    })
}

pub(super) async fn regions(State(app): State<App>, _: As, context: Context) -> Response {
    let items = app.regions.iter().map(|region| region_view(&context, region)).collect();
    axum::Json(collection(&context, "regions", "regions", items)).into_response()
}

pub(super) async fn region(
    State(app): State<App>,
    _: As,
    context: Context,
    Param(id): Param<String>,
) -> Result<Response, Failure> {
    let region = app.regions.iter().find(|region| region.id.as_str() == id);
    let id = lendglass_core::text::shortened(&id, 80);
    let region = region.ok_or_else(|| Error::new(Code::RegionNotFound).with("region", id))?;
    Ok(axum::Json(json!({"region": region_view(&context, region)})).into_response())
}

// --- services ------------------------------------------------------------------------------------

fn service_view(context: &Context, service: Service) -> Value {
    json!({
        "id": service.id(),
        "type": service.kind(),
        "name": service.name(),
        "description": "",
        "enabled": true,
        "links": link(context, &format!("services/{}", service.id())),
    })
}

pub(super) async fn services(_: As, context: Context, query: Query) -> Response {
    let fits = |service: &Service| {
        query.text("type").is_none_or(|kind| kind == service.kind())
            && query.text("name").is_none_or(|name| name == service.name())
    };
    let items = Service::ALL.into_iter().filter(fits).map(|one| service_view(&context, one));
    axum::Json(collection(&context, "services", "services", items.collect())).into_response()
}

pub(super) async fn service(
    _: As,
    context: Context,
    Param(id): Param<String>,
) -> Result<Response, Failure> {
    let found = Service::ALL.into_iter().find(|service| service.id() == id);
    let service = found.ok_or_else(|| no_route("services", &id))?;
    Ok(axum::Json(json!({"service": service_view(&context, service)})).into_response())
}

// --- endpoints -----------------------------------------------------------------------------------

fn all_endpoints(app: &App, context: &Context) -> Vec<Value> {
    let mut endpoints = Vec::new();
    for service in Service::ALL {
        for region in &app.regions {
            for interface in INTERFACES {
                let id = endpoint_id(service, region, interface);
                endpoints.push(json!({
                    "links": link(context, &format!("endpoints/{id}")),
                    "id": id,
                    "interface": interface,
                    "region": region.id.as_str(),
                    "region_id": region.id.as_str(),
                    "service_id": service.id(),
                    "url": service.url(app, context, region),
                    "enabled": true,
                }));
            }
        }
    }
    endpoints
}

pub(super) async fn endpoints(
    State(app): State<App>,
    _: As,
    context: Context,
    query: Query,
) -> Response {
    let mut items = all_endpoints(&app, &context);
    for field in ["service_id", "interface", "region_id"] {
        if let Some(wanted) = query.text(field) {
            items.retain(|endpoint| endpoint[field] == wanted);
        }
    }
    axum::Json(collection(&context, "endpoints", "endpoints", items)).into_response()
}

pub(super) async fn endpoint(
    State(app): State<App>,
    _: As,
    context: Context,
    Param(id): Param<String>,
) -> Result<Response, Failure> {
    let found = all_endpoints(&app, &context).into_iter().find(|one| one["id"] == id.as_str());
    let endpoint = found.ok_or_else(|| no_route("endpoints", &id))?;
    Ok(axum::Json(json!({"endpoint": endpoint})).into_response())
}

fn no_route(list: &str, id: &str) -> Error {
    let path = format!("/v3/{list}/{}", lendglass_core::text::shortened(id, 80));
    Error::new(Code::RouteNotFound).with("path", path)
}
