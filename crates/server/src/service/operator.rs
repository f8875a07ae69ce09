//! What the operator sees of the whole installation: who is there, what the stores hold, and whether
//! its parts answer.

use std::fmt;
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

async fn free_bytes(app: &App, region: &RegionId) -> Result<u64, Finding> {
    let error = |error: &dyn fmt::Display| Finding::Error(error.to_string());
    let blobs = app.blobs(region).map_err(|failed| error(&failed))?;
    let asked = async {
        blobs.check().await?;
        blobs.free_bytes().await
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answered) => answered.map_err(|failed| error(&failed)),
        Err(_) => Err(Finding::Silent),
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
    /// What was found out about it.
    pub finding: Finding,
    /// How long it took to answer, microseconds.
    pub micros: u64,
}

/// What was found out about a part.
#[derive(Clone, Debug)]
pub enum Finding {
    /// Nothing but that it is there.
    Nothing,
    /// It has the schema of this number.
    Schema(i64),
    /// It does not answer within [`PATIENCE`].
    Silent,
    /// It answered with an error.
    Error(String),
    /// So many bytes are free.
    FreeBytes(u64),
    /// So many blobs are damaged.
    DamagedBlobs(u64),
    /// Blobs could not be read again, and why.
    UnreadBlobs(Unread),
    /// So many sign-ins were revoked.
    Revocations(u64),
    /// So many jobs wait or run.
    OpenJobs(u64),
    /// Every event is sealed.
    Sealed,
    /// So many events wait for their seal.
    UnsealedEvents(u64),
    /// It calls any address.
    AnyAddress,
    /// It calls public addresses only.
    PublicAddresses,
}

impl Finding {
    /// A word for programs, and for people of whatever language.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Finding::Nothing => return None,
            Finding::Schema(_) => "schema",
            Finding::Silent => "silent",
            Finding::Error(_) => "error",
            Finding::FreeBytes(_) => "free_bytes",
            Finding::DamagedBlobs(_) => "damaged_blobs",
            Finding::UnreadBlobs(_) => "unread_blobs",
            Finding::Revocations(_) => "revocations",
            Finding::OpenJobs(_) => "open_jobs",
            Finding::Sealed => "sealed",
            Finding::UnsealedEvents(_) => "unsealed_events",
            Finding::AnyAddress => "any_address",
            Finding::PublicAddresses => "public_addresses",
        })
    }

    /// The number in it.
    pub fn number(&self) -> Option<u64> {
        match self {
            Finding::Schema(version) => u64::try_from(*version).ok(),
            Finding::UnreadBlobs(unread) => Some(unread.blobs),
            Finding::FreeBytes(number)
            | Finding::DamagedBlobs(number)
            | Finding::Revocations(number)
            | Finding::OpenJobs(number)
            | Finding::UnsealedEvents(number) => Some(*number),
            Finding::Nothing
            | Finding::Silent
            | Finding::Error(_)
            | Finding::Sealed
            | Finding::AnyAddress
            | Finding::PublicAddresses => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Nothing => Ok(()),
            Finding::Schema(version) => write!(f, "schema {version}"),
            Finding::Silent => f.write_str("it does not answer within a second"),
            Finding::Error(why) => f.write_str(why),
            Finding::FreeBytes(free) if *free < LOW_SPACE_BYTES => {
                write!(f, "{} MiB free", free >> 20)
            }
            Finding::FreeBytes(free) => write!(f, "{} GiB free", free >> 30),
            Finding::DamagedBlobs(damaged) => write!(f, "{damaged} blobs are damaged"),
            Finding::UnreadBlobs(unread) => f.write_str(&unread_text(unread)),
            Finding::Revocations(revoked) => write!(f, "{revoked} revocations"),
            Finding::OpenJobs(open) => write!(f, "{open} wait or run"),
            Finding::Sealed => f.write_str("sealed"),
            Finding::UnsealedEvents(waiting) => write!(f, "{waiting} events wait for their seal"),
            Finding::AnyAddress => f.write_str("to any address"),
            Finding::PublicAddresses => f.write_str("to public addresses"),
        }
    }
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
    let revoked = Finding::Revocations(app.identity.revocations() as u64);
    parts.push(plain("identity", "built-in", revoked));
    parts.push(jobs(app).await);
    parts.push(audit(app).await);
    if let Some(target) = &app.settings.audit_syslog {
        parts.push(plain("syslog", &format!("{target:?}"), Finding::Nothing));
    }
    let reach = match app.settings.webhooks_allow_private {
        true => Finding::AnyAddress,
        false => Finding::PublicAddresses,
    };
    parts.push(plain("webhooks", "http", reach));
    Ok(parts)
}

fn plain(kind: &'static str, driver: &str, finding: Finding) -> Part {
    let driver = driver.to_owned();
    Part { kind, name: String::new(), driver, health: Health::Ok, finding, micros: 0 }
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
    let (health, finding) = match tokio::time::timeout(PATIENCE, app.db.ping()).await {
        Ok(Ok(())) => (Health::Ok, Finding::Schema(migrate::head())),
        Ok(Err(error)) => (Health::Failed, Finding::Error(error.to_string())),
        Err(_) => (Health::Failed, Finding::Silent),
    };
    Part { health, micros: micros(begun), ..plain("database", driver, finding) }
}

async fn store(app: &App, region: &RegionId, damaged: u64, unread: Option<&Unread>) -> Part {
    let begun = Instant::now();
    let (health, finding) = match free_bytes(app, region).await {
        Ok(_) if damaged > 0 => (Health::Warning, Finding::DamagedBlobs(damaged)),
        Ok(_) if let Some(row) = unread => (Health::Warning, Finding::UnreadBlobs(row.clone())),
        Ok(free) if free < LOW_SPACE_BYTES => (Health::Warning, Finding::FreeBytes(free)),
        Ok(free) => (Health::Ok, Finding::FreeBytes(free)),
        Err(finding) => (Health::Failed, finding),
    };
    let driver = app.stores.get(region).map_or("none", |blobs| blobs.kind());
    let name = region.to_string();
    Part { name, health, micros: micros(begun), ..plain("store", driver, finding) }
}

/// What could not be read again, for people.
pub(crate) fn unread_text(unread: &Unread) -> String {
    format!("{} blobs could not be read again: {}", unread.blobs, unread.trouble)
}

async fn jobs(app: &App) -> Part {
    let (health, finding) = match store_job::open(&app.db).await {
        Ok(open) => (Health::Ok, Finding::OpenJobs(open.into())),
        Err(error) => (Health::Failed, Finding::Error(error.to_string())),
    };
    Part { health, ..plain("jobs", "database", finding) }
}

async fn audit(app: &App) -> Part {
    let old = app.clock.now().plus_seconds(-UNSEALED_SECONDS);
    let (health, finding) = match store_chain::unsealed_before(&app.db, Timestamp(old.0)).await {
        Ok(0) => (Health::Ok, Finding::Sealed),
        Ok(waiting) => (Health::Warning, Finding::UnsealedEvents(waiting.into())),
        Err(error) => (Health::Failed, Finding::Error(error.to_string())),
    };
    Part { health, ..plain("audit", "database", finding) }
}
