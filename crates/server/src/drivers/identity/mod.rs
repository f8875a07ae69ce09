//! Built-in identity: what signing in and checking tokens needs, beside the tables.
//!
//! [`Identity::verify`] runs for every request and touches no database: the signature, the clock and
//! the revocations held in memory decide; what custom policies permit is held beside them
//! ([`Identity::permissions`]). Changes made on this node count at once ([`Identity::learn`]); those of other nodes within [`REFRESH_EVERY`], by [`Identity::refresh`]. A
//! node that could not refresh for [`STALE_AFTER_MICROS`] trusts no token any more.

mod failures;
mod key;
mod password;
mod permitted;
mod revoked;
mod seal;
mod token;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lendglass_core::limits::SESSION_IDLE_SECONDS;
use lendglass_core::permission::Permissions;
use lendglass_core::{Code, Error, ProjectId, Timestamp, UserId};
use lendglass_store::Db;
use lendglass_store::clock::{Clock, IdSource};
use lendglass_store::permission::{self, Permission};
use lendglass_store::replay;
use lendglass_store::revocation::{self, Revocable, Revocation};
use lendglass_store::session;
use tokio::time::MissedTickBehavior;

pub use failures::{Failures, Trier};
pub use key::{Key, access_key_purpose};
pub use password::{PasswordCost, Passwords};
pub use permitted::Permitted;
pub use revoked::Revoked;
pub use seal::{MasterKeyFile, Seal, hex};
pub use token::{
    ApplicationUse, Method, ProjectScope, Scope, Session, TOKEN_LIFETIME_MAX_SECONDS, Tokens,
};

/// How often a node asks for the revocations of others.
pub const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// Without an answer for this long, revocations may be missing: tokens are refused with 503.
pub const STALE_AFTER_MICROS: i64 = Timestamp::SECOND_MICROS;
/// How long a revocation is kept: longer than any token lives, by what a slow sign-in may take.
const REVOCATION_SECONDS: i64 = TOKEN_LIFETIME_MAX_SECONDS as i64 + 3600;
/// Refreshes between two clean-ups: five minutes.
const PURGE_EVERY: u32 = 600;

/// What built-in identity is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the master key lies.
    pub master_key: MasterKeyFile,
    /// What a password hash costs.
    pub password_cost: PasswordCost,
    /// Failed sign-ins allowed per user and source in a minute.
    pub failures_per_minute: u32,
}

impl Options {
    /// The usual ones, with the master key in the data folder.
    pub fn in_folder(data: &Path) -> Options {
        Options {
            master_key: MasterKeyFile::OfDataFolder(data.join("master.key")),
            password_cost: PasswordCost::default(),
            failures_per_minute: 10,
        }
    }

    /// The same with a master key that the operator keeps.
    pub fn with_master_key_file(mut self, path: PathBuf) -> Options {
        self.master_key = MasterKeyFile::Given(path);
        self
    }
}

/// Built-in identity. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Parts>);

struct Parts {
    db: Db,
    clock: Clock,
    seal: Seal,
    passwords: Passwords,
    failures: Failures,
    tokens: Tokens,
    revoked: Revoked,
    /// The number of the last revocation read.
    seq: AtomicI64,
    permitted: Permitted,
    keys: key::Keys,
    /// The number of the last change of permissions read.
    permitted_seq: AtomicI64,
    /// When the last refresh that succeeded was begun, by the clock that never goes back.
    refreshed_at: AtomicI64,
}

impl Identity {
    /// Opens what the database holds with the master key, makes what a new one lacks, and reads the
    /// revocations. The database must be migrated. A wrong master key is an error.
    pub async fn open(
        db: &Db,
        clock: &Clock,
        ids: &IdSource,
        options: &Options,
    ) -> Result<Identity, Error> {
        let seal = Seal::open(db, &options.master_key).await?;
        let tokens = Tokens::open(db, &seal, clock, ids).await?;
        let identity = Identity(Arc::new(Parts {
            db: db.clone(),
            clock: clock.clone(),
            seal,
            passwords: Passwords::new(options.password_cost)?,
            failures: Failures::new(options.failures_per_minute),
            tokens,
            revoked: Revoked::default(),
            seq: AtomicI64::new(0),
            permitted: Permitted::default(),
            keys: key::Keys::default(),
            permitted_seq: AtomicI64::new(0),
            refreshed_at: AtomicI64::new(0),
        }));
        identity.refresh().await?;
        Ok(identity)
    }

    /// Seals secrets.
    pub fn seal(&self) -> &Seal {
        &self.0.seal
    }

    /// Hashes passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// The failed sign-ins of the last minute.
    pub fn failures(&self) -> &Failures {
        &self.0.failures
    }

    /// The token of a session.
    pub fn mint(&self, session: &Session) -> Result<String, Error> {
        self.0.tokens.mint(session)
    }

    /// Whose token this is, now.
    ///
    /// Errors: [`Code::Unauthenticated`] for what we did not sign, [`Code::TokenExpired`],
    /// [`Code::TokenRevoked`], and [`Code::Unavailable`] where revocations may be missing.
    pub fn verify(&self, token: &str) -> Result<Arc<Session>, Error> {
        let parts = &self.0;
        let session = parts.tokens.read(token).ok_or_else(|| Error::new(Code::Unauthenticated))?;
        if session.expires_at <= parts.clock.now() {
            return Err(Error::new(Code::TokenExpired));
        }
        if self.is_revoked(&session) {
            return Err(Error::new(Code::TokenRevoked));
        }
        self.knows_revocations()?;
        Ok(session)
    }

    /// Refuses with [`Code::Unavailable`] where revocations may be missing.
    pub fn knows_revocations(&self) -> Result<(), Error> {
        let parts = &self.0;
        let age = parts.clock.monotonic_micros() - parts.refreshed_at.load(Ordering::Acquire);
        if age <= STALE_AFTER_MICROS {
            return Ok(());
        }
        Err(Error::new(Code::Unavailable)
            .because(format!("the revocations are {age} microseconds old")))
    }

    /// The access key with this id, if it, its user and its project are enabled and the user has a role
    /// there; remembered, so that the database is read now and then only.
    ///
    /// Errors: [`Code::Unavailable`] where revocations may be missing.
    pub async fn key(&self, id: &str) -> Result<Option<Arc<Key>>, Error> {
        let parts = &self.0;
        self.knows_revocations()?;
        let ground = key::Ground {
            db: &parts.db,
            seal: &parts.seal,
            revoked: &parts.revoked,
            now: parts.clock.now(),
        };
        parts.keys.get(&ground, id, parts.clock.monotonic_micros()).await
    }

    /// Forgets what this node remembers of an access key.
    pub fn forget_key(&self, id: &str) {
        self.0.keys.forget(id);
    }

    fn is_revoked(&self, session: &Session) -> bool {
        let revoked = &self.0.revoked;
        revoked.has(Revocable::Token, &session.audit_id, 0)
            || revoked.has(Revocable::User, session.user.as_str(), session.user_epoch)
            || match &session.scope {
                Scope::Project(scope) => {
                    revoked.has(Revocable::Project, scope.project.as_str(), scope.epoch)
                }
                Scope::Unscoped | Scope::Account(_) | Scope::System => false,
            }
            || session
                .application
                .as_ref()
                .is_some_and(|used| revoked.has(Revocable::ApplicationCredential, &used.id, 0))
    }

    /// When a revocation made now may be forgotten.
    pub fn revocation_end(&self) -> Timestamp {
        self.0.clock.now().plus_seconds(REVOCATION_SECONDS)
    }

    /// Learns revocations that this node has just committed: they count from here on.
    pub fn learn(&self, revocations: &[Revocation]) {
        self.0.revoked.learn(revocations);
    }

    /// What the custom policies of a project give and take a user, as this node knows it.
    pub fn permissions(&self, user: &UserId, project: &ProjectId) -> Permissions {
        self.0.permitted.of(user, project)
    }

    /// Learns permissions that this node has just committed: they count from here on.
    pub fn learn_permissions(&self, changes: &[Permission]) {
        self.0.permitted.learn(changes);
    }

    /// How many revocations this node holds in memory.
    pub fn revocations(&self) -> usize {
        self.0.revoked.len()
    }

    /// Reads the revocations and permissions of other nodes.
    pub async fn refresh(&self) -> Result<(), Error> {
        let parts = &self.0;
        let begun = parts.clock.monotonic_micros();
        let (revocations, seq) =
            revocation::read_since(&parts.db, parts.seq.load(Ordering::Acquire)).await?;
        parts.revoked.learn(&revocations);
        parts.seq.fetch_max(seq, Ordering::AcqRel);
        let seq = parts.permitted_seq.load(Ordering::Acquire);
        let changes = permission::read_since(&parts.db, seq).await?;
        parts.permitted.learn(&changes);
        let last = changes.last().map_or(seq, |change| change.seq);
        parts.permitted_seq.fetch_max(last, Ordering::AcqRel);
        parts.refreshed_at.fetch_max(begun, Ordering::AcqRel);
        Ok(())
    }

    /// Forgets revocations that no living token needs, here and in the database, and signatures and
    /// sessions that hold no longer.
    pub async fn purge(&self) -> Result<(), Error> {
        let now = self.0.clock.now();
        self.0.revoked.purge(now);
        let purge = self.0.db.write(move |tx| {
            replay::purge(tx, now)?;
            session::purge(tx, now, now.plus_seconds(-SESSION_IDLE_SECONDS))?;
            revocation::purge(tx, now)
        });
        purge.await.map(|_| ())
    }

    /// Refreshes until the task is aborted. What fails is tried again at the next tick; meanwhile
    /// [`Identity::verify`] notices.
    pub fn spawn_refresh(&self) -> tokio::task::JoinHandle<()> {
        let identity = self.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(REFRESH_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut count = 0_u32;
            loop {
                ticks.tick().await;
                if let Err(error) = identity.refresh().await {
                    tracing::warn!(because = error.internal_text(), "revocations not refreshed");
                }
                count = (count + 1) % PURGE_EVERY;
                if count == 0
                    && let Err(error) = identity.purge().await
                {
                    tracing::warn!(because = error.internal_text(), "revocations not purged");
                }
            }
        })
    }
}

/// A secret of 32 random bytes in the URL-safe alphabet.
pub fn new_secret() -> String {
    use base64::Engine as _;
    use rand::RngCore as _;
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// The secret of an access key: 24 random bytes in 32 characters, the length CTyun's clients expect.
pub fn new_key_secret() -> String {
    use base64::Engine as _;
    use rand::RngCore as _;
    let mut bytes = [0_u8; 24];
    rand::rng().fill_bytes(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
