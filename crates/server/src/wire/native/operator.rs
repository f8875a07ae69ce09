//! The whole installation, for the operator.

use axum::Json as Answer;
use axum::extract::State;
use lendglass_core::limits::LIST_TOTAL;
use lendglass_core::text::shortened;
use lendglass_core::{AccountId, Code, Error};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Query};
use super::list::Count;
use crate::app::App;
use crate::service::operator::{self, Health, ListTenants};
use crate::wire::common::seconds_text;

/// An account with its projects.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantView {
    /// The account.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The decimal number by which some clouds name it.
    pub uid: String,
    /// Its root e-mail.
    pub email: Option<String>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// So many users.
    pub users: u32,
    /// Its projects, by name.
    pub projects: Vec<TenantProjectView>,
}

/// A project with its size.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantProjectView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its home region; none where it exists in every region.
    pub region: Option<String>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether others who know the exact id are told the name.
    pub discoverable: bool,
    /// So many users have a role there.
    pub users: u32,
    /// So many images it owns.
    pub images: u32,
    /// So many bytes they have.
    pub image_bytes: u64,
    /// So many shares it has given.
    pub shares_given: u32,
    /// So many shares it has received; those of its account are not counted.
    pub shares_received: u32,
}

/// A page of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantsPage {
    /// By name.
    pub tenants: Vec<TenantView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
    /// How many there are, where that was asked; exact up to 10,000.
    pub total: Option<Count>,
}

/// Lists the accounts of the installation with their projects, by name. Operator only.
#[utoipa::path(get, path = "/api/v1/tenants", operation_id = "list_tenants", tag = "operator",
    params(("q" = Option<String>, Query, description = "A part of an account's or a project's name, or an id"),
        ("limit" = Option<u32>, Query, description = "At most so many accounts"),
        ("marker" = Option<String>, Query, description = "Only what comes after this account"),
        ("total" = Option<bool>, Query, description = "Count them, up to 10,000")),
    responses((status = 200, body = TenantsPage), (status = "default", body = Problem)))]
pub async fn tenants(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<TenantsPage>, Failure> {
    let marker = query.one("marker")?.map(|text| {
        let refused = Error::new(Code::InvalidMarker).with("marker", shortened(&text, 80));
        AccountId::parse(&text).map_err(|_| refused)
    });
    let wish = ListTenants {
        text: query.one("q")?,
        marker: marker.transpose()?,
        limit: query.number("limit")?,
        wants_total: query.flag("total")?,
    };
    query.finish()?;
    let page = operator::tenants(&app, &asking.caller, &wish).await?;
    let tenants: Vec<TenantView> = page.tenants.into_iter().map(render_tenant).collect();
    Ok(Answer(TenantsPage {
        next: tenants.last().filter(|_| page.is_more).map(|last| last.id.clone()),
        tenants,
        total: page.total.map(|total| Count::up_to(total, LIST_TOTAL)),
    }))
}

fn render_tenant(tenant: operator::Tenant) -> TenantView {
    let account = tenant.account.account;
    let projects = tenant.projects.into_iter().map(|row| TenantProjectView {
        id: row.project.id.to_string(),
        name: row.project.name,
        region: row.project.region.map(|region| region.to_string()),
        enabled: row.project.is_enabled,
        discoverable: row.project.is_discoverable,
        users: row.users,
        images: row.images,
        image_bytes: row.image_bytes,
        shares_given: row.given,
        shares_received: row.received,
    });
    TenantView {
        id: account.id.to_string(),
        name: account.name,
        uid: account.uid,
        email: account.email,
        enabled: account.is_enabled,
        users: tenant.account.users,
        projects: projects.collect(),
    }
}

/// What the store of a region holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct StorageView {
    /// The region.
    pub region: String,
    /// So many blobs that are whole.
    pub blobs: u64,
    /// So many bytes they have.
    pub bytes: u64,
    /// So many blobs on their way.
    pub filling: u64,
    /// So many blobs whose bytes are not what they were.
    pub damaged: u64,
    /// So many blobs that could not be read again; the health of the store says why.
    pub unreadable: u64,
    /// So many blobs to be removed.
    pub dying: u64,
    /// So many bytes they have.
    pub dying_bytes: u64,
    /// So many images.
    pub images: u64,
    /// So many bytes they have; replicas share theirs and count each.
    pub image_bytes: u64,
    /// So many bytes still fit; none where the store does not answer.
    pub free_bytes: Option<u64>,
}

/// What the stores hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoragePage {
    /// By region.
    pub regions: Vec<StorageView>,
}

/// Shows what the stores hold, by region. Operator only.
#[utoipa::path(get, path = "/api/v1/storage", operation_id = "show_storage", tag = "operator",
    responses((status = 200, body = StoragePage), (status = "default", body = Problem)))]
pub async fn storage(
    State(app): State<App>,
    asking: Asking,
    query: Query,
) -> Result<Answer<StoragePage>, Failure> {
    query.finish()?;
    let regions = operator::storage(&app, &asking.caller).await?;
    let regions = regions.into_iter().map(|(region, held)| StorageView {
        region: region.to_string(),
        blobs: held.blobs,
        bytes: held.bytes,
        filling: held.filling,
        damaged: held.damaged,
        unreadable: held.unreadable,
        dying: held.dying,
        dying_bytes: held.dying_bytes,
        images: held.images,
        image_bytes: held.image_bytes,
        free_bytes: held.free_bytes,
    });
    Ok(Answer(StoragePage { regions: regions.collect() }))
}

/// A part of the installation, as the asked node sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    /// What it is: `database`, `store`, `identity`, `jobs`, `audit`, `syslog`, `webhooks`.
    pub kind: &'static str,
    /// Which one, where there are several: a region.
    pub name: Option<String>,
    /// What does the work.
    #[schema(example = "sqlite")]
    pub driver: String,
    /// `ok`, `warning` or `failed`.
    pub state: &'static str,
    /// For people.
    pub detail: String,
    /// What `detail` says, in a word: `schema`, `free_bytes`, `damaged_blobs`, `unread_blobs`, `revocations`,
    /// `open_jobs`, `sealed`, `unsealed_events`, `any_address`, `public_addresses`, `silent`, `error`.
    #[schema(example = "free_bytes")]
    pub code: Option<&'static str>,
    /// The number in it.
    pub number: Option<u64>,
    /// How long it took to answer, microseconds.
    pub micros: u64,
}

/// How the installation is.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthView {
    /// The worst of its parts: `ok`, `warning` or `failed`.
    pub state: &'static str,
    /// The version of the program.
    pub version: &'static str,
    /// The clock of the asked node; RFC 3339.
    pub now: String,
    /// Its parts.
    pub parts: Vec<PartView>,
}

/// Asks every part of the installation whether it works. Operator only.
#[utoipa::path(get, path = "/api/v1/health", operation_id = "show_health", tag = "operator",
    responses((status = 200, body = HealthView), (status = "default", body = Problem)))]
pub async fn health(
    State(app): State<App>,
    asking: Asking,
    query: Query,
) -> Result<Answer<HealthView>, Failure> {
    query.finish()?;
    let parts = operator::health(&app, &asking.caller).await?;
    let worst = parts.iter().map(|part| part.health).max().unwrap_or(Health::Ok);
    let parts = parts.into_iter().map(|part| PartView {
        kind: part.kind,
        name: Some(part.name).filter(|name| !name.is_empty()),
        driver: part.driver,
        state: part.health.as_str(),
        detail: part.finding.to_string(),
        code: part.finding.code(),
        number: part.finding.number(),
        micros: part.micros,
    });
    Ok(Answer(HealthView {
        state: worst.as_str(),
        version: env!("CARGO_PKG_VERSION"),
        now: seconds_text(app.clock.now()),
        parts: parts.collect(),
    }))
}
