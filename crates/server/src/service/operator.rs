//! What the operator sees of the whole installation: who is there, what the stores hold, and whether
//! its parts answer.

use std::time::{Duration, Instant};

use lendglass_core::permission::Action;
use lendglass_core::tenant::Caller;
use lendglass_core::{AccountId, Code, Error, RegionId, Timestamp};
use lendglass_store::db::Engine;
use lendglass_store::operator::{self as store_operator, AccountRow, BlobRow, ProjectRow};
use lendglass_store::scrub::{self as store_scrub, Unread};
use lendglass_store::{
    audit_chain as store_chain, job as store_job, migrate, tenant as store_tenant,
};

use crate::app::App;

/// Every part must answer within this.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes below which a store is nearly full: one cloud image still fits.
pub const LOW_SPACE_BYTES: u64 = 4 << 30;
/// Events that wait longer than this for their seal wait for somebody who seals.
const UNSEALED_SECONDS: i64 = 60;

/// A wish for a page of tenants.
#[derive(Clone, Debug, Default)]
pub struct ListTenants {
    /// A part of an account's or a project's name, or an id.
    pub text: Option<String>,
    /// Only what comes after this account.
    pub marker: Option<AccountId>,
    /// At most so many accounts.
    pub limit: Option<u32>,
    /// Whether to count them.
    pub wants_total: bool,
}

/// An account with its projects.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The account.
    pub account: AccountRow,
    /// Its projects, by name.
    pub projects: Vec<ProjectRow>,
}

/// A page of tenants.
#[derive(Clone, Debug)]
pub struct TenantPage {
    /// By name.
    pub tenants: Vec<Tenant>,
    /// Whether there are more.
    pub is_more: bool,
    /// How many there are, where that was asked.
    pub total: Option<u32>,
}

/// A page of the accounts of the installation with their projects. Operator only.
pub async fn tenants(app: &App, caller: &Caller, wish: &ListTenants) -> Result<TenantPage, Error> {
    caller.may(Action::CloudInspect)?;
    let settings = &app.settings;
    let limit = wish.limit.unwrap_or(settings.list_limit_default).min(settings.list_limit_max);
    let after = match &wish.marker {
        None => None,
        Some(id) => {
            let known = store_tenant::read_account(&app.db, id).await?;
            Some(known.ok_or_else(|| Error::new(Code::InvalidMarker).with("marker", id))?)
        }
    };
    let after = after.as_ref().map_or(("", ""), |known| (&known.name, known.id.as_str()));
    let text = wish.text.as_deref().filter(|text| !text.is_empty());
    let mut rows = store_operator::accounts(&app.db, text, after, limit.saturating_add(1)).await?;
    let is_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let ids: Vec<AccountId> = rows.iter().map(|row| row.account.id.clone()).collect();
    let mut tenants: Vec<Tenant> =
        rows.into_iter().map(|account| Tenant { account, projects: Vec::new() }).collect();
    for project in store_operator::projects(&app.db, &ids).await? {
        let mut of = tenants.iter_mut();
        if let Some(tenant) = of.find(|one| one.account.account.id == project.project.account) {
            tenant.projects.push(project);
        }
    }
    let total = match wish.wants_total {
        true => Some(store_operator::count_accounts(&app.db, text).await?),
        false => None,
    };
    Ok(TenantPage { tenants, is_more, total })
}

/// What the store of a region holds.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// So many blobs that are whole.
    pub blobs: u64,
    /// So many bytes they have.
    pub bytes: u64,
    /// So many blobs on their way.
    pub filling: u64,
    /// So many blobs whose bytes are not what they were.
    pub damaged: u64,
    /// So many blobs that could not be read again, whether whole or damaged; [`health`] says why.
    pub unreadable: u64,
    /// So many blobs to be removed.
    pub dying: u64,
    /// So many bytes they have.
    pub dying_bytes: u64,
    /// So many images.
    pub images: u64,
    /// So many bytes they have; replicas share theirs and count each.
    pub image_bytes: u64,
    /// So many bytes still fit; `None` where the store does not answer.
    pub free_bytes: Option<u64>,
}

/// What the stores hold, by region. Operator only.
pub async fn storage(app: &App, caller: &Caller) -> Result<Vec<(RegionId, Held)>, Error> {
    caller.may(Action::CloudInspect)?;
    let (blobs, images) =
        (store_operator::blobs(&app.db).await?, store_operator::images(&app.db).await?);
    let unread = store_scrub::unread(&app.db).await?;
    let mut all = Vec::new();
    for region in &app.regions {
        let unreadable = unread.iter().find(|row| row.region == region.id);
        let unreadable = unreadable.map_or(0, |row| row.blobs);
        let mut held = Held { unreadable, ..Held::default() };
        for row in blobs.iter().filter(|row| row.region == region.id) {
            match row.state.as_str() {
                "ready" => (held.blobs, held.bytes) = (row.blobs, row.bytes),
                "damaged" => held.damaged = row.blobs,
                "dying" => (held.dying, held.dying_bytes) = (row.blobs, row.bytes),
                _ => held.filling = row.blobs,
            }
        }
        if let Some(row) = images.iter().find(|row| row.region == region.id) {
            (held.images, held.image_bytes) = (row.images, row.bytes);
        }
        held.free_bytes = free_bytes(app, &region.id).await.ok();
        all.push((region.id.clone(), held));
    }
    Ok(all)
}

async fn free_bytes(app: &App, region: &RegionId) -> Result<u64, String> {
    let blobs = app.blobs(region).map_err(|error| error.to_string())?;
    let asked = async {
        blobs.check().await?;
        blobs.free_bytes().await
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answered) => answered.map_err(|error| error.to_string()),
        Err(_) => Err("it does not answer within a second".to_owned()),
    }
}

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It works.
    Ok,
    /// It works, and somebody should look.
    Warning,
    /// It does not work.
    Failed,
}

impl Health {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Warning => "warning",
            Health::Failed => "failed",
        }
    }
}

/// A part of the installation, as this node sees it.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is: `database`, `store`, `identity`, `jobs`, `audit`, `syslog`, `webhooks`.
    pub kind: &'static str,
    /// Which one, where there are several: a region.
    pub name: String,
    /// What does the work: `sqlite`, `postgresql`, `folder`, `built-in`, ….
    pub driver: String,
    /// How it is.
    pub health: Health,
    /// For people.
    pub detail: String,
    /// How long it took to answer, microseconds.
    pub micros: u64,
}

/// The parts of the installation. Operator only.
pub async fn health(app: &App, caller: &Caller) -> Result<Vec<Part>, Error> {
    caller.may(Action::CloudInspect)?;
    let mut parts = vec![database(app).await];
    let blobs = store_operator::blobs(&app.db).await.unwrap_or_default();
    let unread = store_scrub::unread(&app.db).await.unwrap_or_default();
    for region in &app.regions {
        let is_of = |row: &&BlobRow| row.region == region.id && row.state == "damaged";
        let damaged = blobs.iter().filter(is_of).map(|row| row.blobs).sum();
        let unread = unread.iter().find(|row| row.region == region.id);
        parts.push(store(app, &region.id, damaged, unread).await);
    }
    parts.push(plain(
        "identity",
        "built-in",
        format!("{} revocations", app.identity.revocations()),
    ));
    parts.push(jobs(app).await);
    parts.push(audit(app).await);
    if let Some(target) = &app.settings.audit_syslog {
        parts.push(plain("syslog", &format!("{target:?}"), String::new()));
    }
    let reach =
        if app.settings.webhooks_allow_private { "any address" } else { "public addresses" };
    parts.push(plain("webhooks", "http", format!("to {reach}")));
    Ok(parts)
}

fn plain(kind: &'static str, driver: &str, detail: String) -> Part {
    let driver = driver.to_owned();
    Part { kind, name: String::new(), driver, health: Health::Ok, detail, micros: 0 }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

async fn database(app: &App) -> Part {
    let begun = Instant::now();
    let driver = match app.db.engine() {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgresql",
    };
    let (health, detail) = match tokio::time::timeout(PATIENCE, app.db.ping()).await {
        Ok(Ok(())) => (Health::Ok, format!("schema {}", migrate::head())),
        Ok(Err(error)) => (Health::Failed, error.to_string()),
        Err(_) => (Health::Failed, "it does not answer within a second".to_owned()),
    };
    Part { health, micros: micros(begun), ..plain("database", driver, detail) }
}

async fn store(app: &App, region: &RegionId, damaged: u64, unread: Option<&Unread>) -> Part {
    let begun = Instant::now();
    let (health, detail) = match free_bytes(app, region).await {
        Ok(_) if damaged > 0 => (Health::Warning, format!("{damaged} blobs are damaged")),
        Ok(_) if let Some(row) = unread => (Health::Warning, unread_text(row)),
        Ok(free) if free < LOW_SPACE_BYTES => (Health::Warning, format!("{} MiB free", free >> 20)),
        Ok(free) => (Health::Ok, format!("{} GiB free", free >> 30)),
        Err(why) => (Health::Failed, why),
    };
    let driver = app.stores.get(region).map_or("none", |blobs| blobs.kind());
    let name = region.to_string();
    Part { name, health, micros: micros(begun), ..plain("store", driver, detail) }
}

/// What could not be read again, for people.
pub(crate) fn unread_text(unread: &Unread) -> String {
    format!("{} blobs could not be read again: {}", unread.blobs, unread.trouble)
}

async fn jobs(app: &App) -> Part {
    let (health, detail) = match store_job::open(&app.db).await {
        Ok(open) => (Health::Ok, format!("{open} wait or run")),
        Err(error) => (Health::Failed, error.to_string()),
    };
    Part { health, ..plain("jobs", "database", detail) }
}

async fn audit(app: &App) -> Part {
    let old = app.clock.now().plus_seconds(-UNSEALED_SECONDS);
    let (health, detail) = match store_chain::unsealed_before(&app.db, Timestamp(old.0)).await {
        Ok(0) => (Health::Ok, "sealed".to_owned()),
        Ok(waiting) => (Health::Warning, format!("{waiting} events wait for their seal")),
        Err(error) => (Health::Failed, error.to_string()),
    };
    Part { health, ..plain("audit", "database", detail) }
}
