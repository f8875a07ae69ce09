//! The caller, the rules for him, the regions, and whom an id means.

use std::collections::BTreeMap;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use lendglass_core::permission::Action;
use lendglass_core::{Code, Error, Kind, image};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Query};
use super::policy::render_typed;
use super::words::{ContainerFormat, DiskFormat};
use crate::app::App;
use crate::service::{capability, permission, policy, quota, tenant};

/// What the installation has, and how much of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Capabilities {
    /// The version of the program.
    pub version: &'static str,
    /// What does the work.
    pub drivers: DriversView,
    /// Formats of disks that are taken in; what a file holds is looked at, whatever it is called.
    pub disk_formats: Vec<DiskFormat>,
    /// What a disk may be wrapped in.
    pub container_formats: Vec<ContainerFormat>,
    /// Which digests new images get.
    pub digests: Vec<&'static str>,
    /// Ceilings for everybody, by name; those of a project are in its policy.
    pub limits: BTreeMap<&'static str, u64>,
}

/// What does the work.
#[derive(Debug, Serialize, ToSchema)]
pub struct DriversView {
    /// The database.
    #[schema(example = "sqlite")]
    pub database: &'static str,
    /// What keeps the bytes, by region.
    pub stores: BTreeMap<String, &'static str>,
    /// Who proves who asks.
    pub identity: &'static str,
    /// What makes servers; none where nothing does.
    pub compute: Option<&'static str>,
    /// What makes volumes; none where nothing does.
    pub volumes: Option<&'static str>,
}

/// Shows what this installation has: drivers, formats, limits.
#[utoipa::path(get, path = "/api/v1/capabilities", operation_id = "show_capabilities", tag = "caller",
    responses((status = 200, body = Capabilities), (status = "default", body = Problem)))]
pub async fn capabilities(
    State(app): State<App>,
    _: Asking,
    query: Query,
) -> Result<Answer<Capabilities>, Failure> {
    query.finish()?;
    let drivers = capability::drivers(&app);
    let stores = drivers.stores.into_iter().map(|(region, driver)| (region.to_string(), driver));
    Ok(Answer(Capabilities {
        version: env!("CARGO_PKG_VERSION"),
        drivers: DriversView {
            database: drivers.database,
            stores: stores.collect(),
            identity: drivers.identity,
            compute: drivers.compute,
            volumes: drivers.volumes,
        },
        disk_formats: image::DiskFormat::ALL.iter().copied().map(DiskFormat).collect(),
        container_formats: image::ContainerFormat::ALL
            .iter()
            .copied()
            .map(ContainerFormat)
            .collect(),
        digests: capability::digests(&app),
        limits: capability::limits(&app).into_iter().collect(),
    }))
}

/// Who asks, and where he can act.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The user.
    pub user: UserView,
    /// The project he acts in: the id to hand to an owner who shares by project.
    pub project: ProjectView,
    /// The account of that project.
    pub account: AccountView,
    /// The region of this request.
    pub region: String,
    /// The strongest role in that project: `reader`, `member` or `admin`.
    pub role: &'static str,
    /// Whether he operates the installation.
    pub is_operator: bool,
    /// What he may do in that project, by role and custom policies.
    pub actions: Vec<&'static str>,
    /// Every project in which he has a role.
    pub projects: Vec<OwnProjectView>,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The project in use.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectView {
    /// Its id.
    pub id: String,
    /// Its name, where it is known here.
    pub name: Option<String>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    /// Its id.
    pub id: String,
    /// Its name, where it is known here.
    pub name: Option<String>,
    /// The decimal number by which some clouds name it.
    pub uid: Option<String>,
    /// Its root e-mail.
    pub email: Option<String>,
}

/// A project of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnProjectView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its home region; none where it exists in every region.
    pub region: Option<String>,
    /// The caller's strongest role there.
    pub role: &'static str,
}

/// Who asks, and where he can act.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "show_me", tag = "caller",
    responses((status = 200, body = Me), (status = "default", body = Problem)))]
pub async fn me(State(app): State<App>, asking: Asking) -> Result<Answer<Me>, Failure> {
    let caller = &asking.caller;
    let known = tenant::me(&app, caller).await?;
    let account = known.account;
    let projects = known.projects.into_iter().map(|own| OwnProjectView {
        id: own.project.id.to_string(),
        name: own.project.name,
        region: own.project.region.map(|region| region.to_string()),
        role: own.role.as_str(),
    });
    Ok(Answer(Me {
        user: UserView { id: caller.user.to_string(), name: caller.user_name.clone() },
        project: ProjectView {
            id: caller.project.to_string(),
            name: known.project.map(|project| project.name),
        },
        account: AccountView {
            id: caller.account.to_string(),
            name: account.as_ref().map(|account| account.name.clone()),
            uid: account.as_ref().map(|account| account.uid.clone()),
            email: account.and_then(|account| account.email),
        },
        region: caller.region.to_string(),
        role: caller.role.as_str(),
        is_operator: caller.is_operator,
        actions: permission::allowed(caller).into_iter().map(Action::as_str).collect(),
        projects: projects.collect(),
    }))
}

/// The rules in force for the caller's project and region: every key with its value, and as `profile`
/// the profile they are based on. `null` is no limit.
#[utoipa::path(get, path = "/api/v1/policy", operation_id = "show_policy", tag = "caller",
    responses((status = 200, body = std::collections::BTreeMap<String, Value>), (status = "default", body = Problem)))]
pub async fn policy(
    State(app): State<App>,
    asking: Asking,
) -> Result<Answer<Map<String, Value>>, Failure> {
    let (profile, rules) = policy::named(&app, &asking.caller).await?;
    let render = |(name, typed): (&str, _)| (name.to_owned(), render_typed(typed));
    let named = ("profile".to_owned(), Value::from(profile.as_str()));
    Ok(Answer(std::iter::once(named).chain(rules.values().map(render)).collect()))
}

/// A region.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegionView {
    /// Its id, as in the URL prefix `/region/ID`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its zones.
    pub zones: Vec<String>,
    /// Whether it is the region of this request.
    pub is_current: bool,
}

/// The regions of this installation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Regions {
    /// The first is the one at the root.
    pub regions: Vec<RegionView>,
}

/// The regions of this installation.
#[utoipa::path(get, path = "/api/v1/regions", operation_id = "list_regions", tag = "caller",
    responses((status = 200, body = Regions), (status = "default", body = Problem)))]
pub async fn regions(State(app): State<App>, asking: Asking) -> Answer<Regions> {
    let regions = app.regions.iter().map(|region| RegionView {
        id: region.id.to_string(),
        name: region.name.clone(),
        zones: region.zones.clone(),
        is_current: region.id == asking.caller.region,
    });
    Answer(Regions { regions: regions.collect() })
}

/// A ceiling and what is used of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// So many.
    pub used: u32,
    /// At most so many; `null` is no limit.
    pub limit: Option<u32>,
}

impl From<quota::Usage> for UsageView {
    fn from(usage: quota::Usage) -> UsageView {
        UsageView { used: usage.used, limit: usage.limit }
    }
}

/// The ceilings of the caller's project.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotaView {
    /// Images it owns; received ones do not count.
    pub private_images: UsageView,
    /// Distinct images it shares with others.
    pub shared_images: UsageView,
    /// Vaults it has.
    pub vaults: UsageView,
    /// What they hold at most together, GiB.
    pub vault_capacity_gib: UsageView,
}

/// The ceilings of the caller's project, and what is used of them.
#[utoipa::path(get, path = "/api/v1/quota", operation_id = "show_quota", tag = "caller",
    responses((status = 200, body = QuotaView), (status = "default", body = Problem)))]
pub async fn quota(State(app): State<App>, asking: Asking) -> Result<Answer<QuotaView>, Failure> {
    let quotas = quota::show(&app, &asking.caller).await?;
    Ok(Answer(QuotaView {
        private_images: quotas.private_images.into(),
        shared_images: quotas.shared_images.into(),
        vaults: quotas.vaults.into(),
        vault_capacity_gib: quotas.vault_capacity_gib.into(),
    }))
}

/// Whom an id means.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResolvedView {
    /// `project` or `account`: who would receive a share.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its name, where it lets others know it.
    pub name: Option<String>,
    /// Whether anybody has that id; false only where recipients are not checked.
    pub is_known: bool,
}

/// Says whom a share to an exact id would reach. Wrong ids are limited to 60 in a minute.
#[utoipa::path(get, path = "/api/v1/tenants/resolve", operation_id = "resolve_tenant", tag = "shares",
    params(("id" = String, Query, description = "A project id, an account id, its uid or e-mail")),
    responses((status = 200, body = ResolvedView), (status = 404, body = Problem),
        (status = 429, body = Problem), (status = "default", body = Problem)))]
pub async fn resolve(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<ResolvedView>, Failure> {
    let id = query.one("id")?;
    query.finish()?;
    let id = id.ok_or_else(|| Error::new(Code::MissingField).with("field", "id"))?;
    let resolved = tenant::resolve(&app, &asking.caller, &id).await.map_err(|error| {
        // Of a share these are bad requests; a look-up just did not find.
        let is_missing = matches!(error.code(), Code::TenantNotFound | Code::TenantNotInRegion);
        if is_missing && error.kind() == Kind::Invalid {
            return Failure::with_status(error, StatusCode::NOT_FOUND);
        }
        Failure::from(error)
    })?;
    Ok(Answer(ResolvedView {
        kind: resolved.recipient.kind(),
        id: resolved.recipient.id().to_owned(),
        name: resolved.name,
        is_known: resolved.is_known,
    }))
}
