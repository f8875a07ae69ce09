//! From settings to a running server: opens what the server needs, in the order in which each part
//! needs the ones before it.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::profile::{Base, Profile};
use lendglass_core::tenant::Region;
use lendglass_core::{AccountId, Error, ProjectId, RegionId, UserId};
use lendglass_store::blob::{Blobs, BufferPool, DigestAlgo, DigestPlan};
use lendglass_store::clock::{Clock, IdSource};
use lendglass_store::db::{Engine, Location};
use lendglass_store::policy::PROFILE_SETTING;
use lendglass_store::{Db, audit as store_audit, migrate, setting, tenant};
use tokio::sync::Notify;

use crate::app::{App, Parts, Settings};
use crate::bell::Bell;
use crate::config::{self, Config, Database};
use crate::drivers::identity::{Identity, Options, Seal};
use crate::drivers::messenger::Messenger;
use crate::service::audit::{Key, Trail};
use crate::service::tenant::WrongIds;
use crate::service::world;
use crate::telemetry::Metrics;

/// The region of an installation that names none, as OpenStack's installers call it.
const DEFAULT_REGION: &str = "RegionOne";

/// Why a server does not start, in words for who started it.
#[derive(Debug)]
pub struct StartError(pub String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// `what` failed with `error`, whose internal text the starter may read.
pub fn failed(what: impl std::fmt::Display) -> impl FnOnce(Error) -> StartError {
    move |error| {
        let because = error.internal_text();
        let because = if because.is_empty() { error.to_string() } else { because.to_owned() };
        StartError(format!("{what}: {because}"))
    }
}

/// What everything stands on, with what keeps other processes off an embedded database.
pub struct Ground {
    /// Database, identity, clock and ids.
    pub parts: world::Ground,
    /// Held while the process lives.
    lock: Option<File>,
}

/// Opens and migrates the database and identity; makes the data folder.
pub async fn ground(config: &Config) -> Result<Ground, StartError> {
    make_folder(&config.data_dir)?;
    let location = location(config)?;
    let lock = match &location {
        Location::File(_) => Some(lock_folder(&config.data_dir)?),
        Location::Url(_) => None,
    };
    let db = Db::open(&location).await.map_err(failed("the database cannot be opened"))?;
    let clock = Clock::Real;
    let copies = Some(config.data_dir.as_path());
    let (before, after) = migrate::migrate(&db, clock.now(), copies)
        .await
        .map_err(failed("the database cannot be brought to this version's schema"))?;
    if before != after {
        tracing::info!(before, after, "the schema was migrated");
    }
    let ids = IdSource::Random;
    let options = identity_options(config);
    let identity = Identity::open(&db, &clock, &ids, &options)
        .await
        .map_err(failed("identity cannot be opened"))?;
    Ok(Ground { parts: world::Ground { db, identity, clock, ids }, lock })
}

/// The audit trail's database and keys, for who only reads: nothing is made, migrated or locked, so
/// a server may be running beside.
pub async fn trail(config: &Config) -> Result<(Db, Key), StartError> {
    let location = location(config)?;
    if let Location::File(path) = &location
        && !path.exists()
    {
        return Err(StartError(format!("there is no database {}", path.display())));
    }
    let db = Db::open(&location).await.map_err(failed("the database cannot be opened"))?;
    let version = migrate::version(&db).await.map_err(failed("the database cannot be read"))?;
    if version != migrate::head() {
        return Err(StartError(format!(
            "the database has schema {version}, this program knows {}; use the program of the server",
            migrate::head()
        )));
    }
    let master_key = identity_options(config).master_key;
    let seal = Seal::open(&db, &master_key).await.map_err(failed("the master key"))?;
    let key = Key::of(&seal).map_err(failed("the keys of the audit trail"))?;
    Ok((db, key))
}

fn identity_options(config: &Config) -> Options {
    let mut options = Options::in_folder(&config.data_dir);
    if config.master_key_file != config.data_dir.join("master.key") {
        options = options.with_master_key_file(config.master_key_file.clone());
    }
    options.failures_per_minute = config.sign_in_failures_per_minute;
    options
}

fn make_folder(path: &Path) -> Result<(), StartError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        StartError(format!(
            "the data folder {} cannot be made: {error}; name another one with --data",
            path.display()
        ))
    })
}

/// Two servers on one embedded database would take each other's leases.
fn lock_folder(path: &Path) -> Result<File, StartError> {
    let file = path.join("lock");
    let lock = File::create(&file)
        .map_err(|error| StartError(format!("{} cannot be written: {error}", file.display())))?;
    lock.try_lock().map_err(|_| {
        StartError(format!(
            "another lendglassd uses {}; stop it, or name another folder with --data",
            path.display()
        ))
    })?;
    Ok(lock)
}

/// Where the database is, with its password.
pub fn location(config: &Config) -> Result<Location, StartError> {
    let (url, file) = match &config.database {
        Database::Sqlite(path) => return Ok(Location::File(path.clone())),
        Database::Postgres { url, password_file: None } => return Ok(Location::Url(url.clone())),
        Database::Postgres { url, password_file: Some(file) } => (url, file),
    };
    let password = read_secret(file)?;
    let mut url = url::Url::parse(url)
        .map_err(|error| StartError(format!("database: the URL cannot be read: {error}")))?;
    url.set_password(Some(&password))
        .map_err(|()| StartError("database: this URL takes no password".to_owned()))?;
    Ok(Location::Url(url.to_string()))
}

fn read_secret(file: &Path) -> Result<String, StartError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| StartError(format!("{} cannot be read: {error}", file.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Builds the server on its ground. The regions are read now: one that is added later is served
/// after the next start.
pub async fn app(
    config: &Config,
    ground: Ground,
    metrics: Option<Metrics>,
) -> Result<App, StartError> {
    let Ground { parts: world::Ground { db, identity, clock, ids }, lock } = ground;
    let policy = policy(config, &db, &clock, &ids).await?;
    let regions = regions(&db, &clock).await?;
    let stores = regions.iter().map(|region| store(config, region)).collect::<Result<_, _>>()?;
    let buffers = BufferPool::for_this_machine()
        .map_err(|error| StartError(format!("the transfer buffers cannot be made: {error}")))?;
    let trail = Trail::new(identity.seal()).map_err(failed("the keys of the audit trail"))?;
    let app = App::new(Parts {
        settings: settings(config)?,
        db,
        clock,
        ids,
        regions,
        stores,
        buffers,
        work: Notify::new(),
        scrub: Notify::new(),
        bell: Bell::default(),
        trail,
        messenger: Messenger::default(),
        uploads: Default::default(),
        wrong_ids: WrongIds::default(),
        policy,
        identity,
        metrics,
        folder_lock: lock,
    });
    if app.db.engine() == Engine::Sqlite {
        crate::jobs::end_leases(&app).await.map_err(failed("old leases cannot be ended"))?;
    }
    Ok(app)
}

fn settings(config: &Config) -> Result<Settings, StartError> {
    let whole = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Settings {
        public_url: config
            .public_url
            .as_ref()
            .map(|url| url.as_str().trim_end_matches('/').to_owned()),
        is_tls: config.tls.is_some(),
        trusted_proxies: config.trusted_proxies.clone(),
        metrics_token: config.metrics_token_file.as_deref().map(read_secret).transpose()?,
        list_limit_default: count(config.list_limit_default),
        list_limit_max: count(config.list_limit_max),
        image_size_max_bytes: config.image_size_cap_bytes,
        digests: DigestPlan {
            md5: config.digest_md5,
            algo: match config.digest_algo {
                config::DigestAlgo::Sha512 => DigestAlgo::Sha512,
                config::DigestAlgo::Sha256 => DigestAlgo::Sha256,
            },
        },
        upload_lease_seconds: whole(config.upload_lease.as_secs()),
        job_lease_seconds: whole(config.job_lease.as_secs()),
        scrub_interval_seconds: whole(config.scrub_interval.as_secs()),
        scrub_bytes_per_second: config.scrub_bytes_per_second,
        upload_idle_seconds: whole(config.upload_idle_timeout.as_secs()),
        token_lifetime_seconds: whole(config.token_lifetime.as_secs()),
        sign_in_failures_per_minute: config.sign_in_failures_per_minute,
        audit_syslog: config.audit_syslog.clone(),
        webhooks_allow_private: config.webhooks_allow_private,
        is_demo: config.demo,
        console_folder: config.console_folder.clone(),
        base_path: config.console_base_path.clone(),
    })
}

async fn regions(db: &Db, clock: &Clock) -> Result<Vec<Region>, StartError> {
    let regions = tenant::read_regions(db).await.map_err(failed("the regions"))?;
    if !regions.is_empty() {
        return Ok(regions);
    }
    let region = Region {
        id: RegionId::trusted(DEFAULT_REGION),
        name: DEFAULT_REGION.to_owned(),
        zones: Vec::new(),
    };
    let (first, now) = (region.clone(), clock.now());
    db.write(move |tx| tenant::insert_region(tx, &first, now))
        .await
        .map_err(failed("the first region"))?;
    Ok(vec![region])
}

fn store(config: &Config, region: &Region) -> Result<(RegionId, Blobs), StartError> {
    let folder = config.blob_dir(region.id.as_str());
    let blobs = Blobs::folder(&folder).map_err(|error| {
        StartError(format!("the image store {} cannot be used: {error}", folder.display()))
    })?;
    Ok((region.id.clone(), blobs))
}

/// The rules of the installation. A profile given by flag, file or environment wins, is remembered
/// and audited; else the one the database remembers holds; the default only seeds an empty one. Decisions
/// read the remembered one, which the operator may change while we run.
async fn policy(
    config: &Config,
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
) -> Result<Base, StartError> {
    let known = setting::get(db, PROFILE_SETTING).await.map_err(failed("the profile"))?;
    let name = match known {
        Some(known) if !config.profile_is_given => known,
        known => {
            if known.as_deref() != Some(config.profile.as_str()) {
                remember(config, db, clock, ids, known).await?;
            }
            config.profile.clone()
        }
    };
    let profile =
        Profile::parse(&name).ok_or_else(|| StartError(format!("there is no profile {name:?}")))?;
    let mut policy = Base::of(profile);
    for set in &config.policy {
        policy
            .set(&set.key, &set.value)
            .map_err(|error| StartError(format!("policy.{} ({}): {error}", set.key, set.origin)))?;
    }
    Ok(policy)
}

async fn remember(
    config: &Config,
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    before: Option<String>,
) -> Result<(), StartError> {
    let (id, profile) = (ids.hex(), config.profile.clone());
    let event = AuditEvent {
        at: clock.now(),
        verb: AuditVerb::PolicyChange,
        region: RegionId::trusted(""),
        user: UserId::trusted("system"),
        project: ProjectId::trusted(""),
        account: AccountId::trusted(""),
        counterpart: None,
        target: PROFILE_SETTING.to_owned(),
        detail: format!("{} -> {profile}", before.as_deref().unwrap_or("none")),
        result: AuditResult::Done,
        source: config.origin(PROFILE_SETTING).to_string(),
        request_id: String::new(),
    };
    db.write(move |tx| {
        setting::put(tx, PROFILE_SETTING, &profile)?;
        store_audit::insert(tx, &id, &event)
    })
    .await
    .map_err(failed("the profile"))
}
