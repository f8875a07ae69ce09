//! Access keys held in memory: looked up for every signed request.
//!
//! What is remembered carries the epochs it was read with. A revocation of the key, its user or one of
//! its projects outdates it; so does [`REMEMBER_MICROS`], for what no revocation tells (a new role).
//! A key that is not there is remembered like one that is, so that nobody can tell them apart by
//! the time an answer takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lendglass_core::tenant::{Assigned, Role};
use lendglass_core::{AccountId, Error, RegionId, Timestamp, UserId};
use lendglass_store::credential::AccessKey;
use lendglass_store::revocation::Revocable;
use lendglass_store::tenant::{KnownProject, ProjectFilter};
use lendglass_store::user::KnownUser;
use lendglass_store::{Db, credential, tenant, user};

use super::revoked::Revoked;
use super::seal::Seal;
use super::token::{Method, ProjectScope, Scope, Session};

/// How long a node trusts what it read, without being told otherwise.
const REMEMBER_MICROS: i64 = 30 * Timestamp::SECOND_MICROS;
/// Keys remembered, in two halves; an entry takes some 2 KiB.
const REMEMBERED: usize = 4096;
/// Longest id of a key that is looked at: what a world file may write.
const ID_CHARS: usize = lendglass_core::limits::ID_CHARS;

/// What the secret of an access key is sealed for: it opens for this key only.
pub fn access_key_purpose(id: &str) -> String {
    format!("access_key:{id}")
}

/// An access key that works, with its secret and where it lets its user in.
pub struct Key {
    /// Its id.
    pub id: String,
    /// The secret half.
    pub secret: Vec<u8>,
    /// The hours that CTyun's stamps of this key are ahead of UTC, once it was used so.
    pub stamp_hours: Option<i64>,
    home: Arc<Session>,
    /// The other projects of the same account in which the user has a role.
    elsewhere: Vec<Arc<Session>>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    /// The session in the key's own project.
    pub fn home(&self) -> &Arc<Session> {
        &self.home
    }

    /// The session in a region: that of the key's own project where it lies there or nowhere, else of
    /// the one project of the same account there in which the user has a role.
    pub fn session_in(&self, region: &RegionId) -> Option<&Arc<Session>> {
        let region_of = |session: &Session| match &session.scope {
            Scope::Project(scope) => scope.region.clone(),
            Scope::Unscoped | Scope::Account(_) | Scope::System => None,
        };
        if region_of(&self.home).is_none_or(|home| home == *region) {
            return Some(&self.home);
        }
        let mut there = self.elsewhere.iter().filter(|one| region_of(one).as_ref() == Some(region));
        there.next().filter(|_| there.next().is_none())
    }

    fn sessions(&self) -> impl Iterator<Item = &Arc<Session>> {
        std::iter::once(&self.home).chain(&self.elsewhere)
    }
}

/// The keys that this node remembers.
#[derive(Default)]
pub(super) struct Keys {
    remembered: Mutex<Remembered>,
}

/// Two halves: when the younger is full, the older is dropped.
#[derive(Default)]
struct Remembered {
    younger: HashMap<String, Entry>,
    older: HashMap<String, Entry>,
}

/// A key as it was read; `None` where it opens nothing.
#[derive(Clone)]
struct Entry {
    key: Option<Arc<Key>>,
    /// The first epoch of a revocation that outdates it, less one.
    epoch: i64,
    read_at: i64,
}

impl Keys {
    /// The key with this id, if it works. Reads the database only where nothing that counts is
    /// remembered. `now` is of the clock that never goes back.
    pub(super) async fn get(
        &self,
        ground: &Ground<'_>,
        id: &str,
        now: i64,
    ) -> Result<Option<Arc<Key>>, Error> {
        if id.is_empty() || id.len() > ID_CHARS {
            return Ok(None);
        }
        if let Some(entry) = self.remembered(id).filter(|entry| entry.counts(ground, id, now)) {
            return Ok(entry.key);
        }
        let known_before = ground.revoked.below(Revocable::AccessKey, id);
        let (key, epoch) = ground.read(id).await?;
        let entry = Entry { key: key.clone(), epoch: epoch.max(known_before), read_at: now };
        // What was revoked while it was read counts at once.
        let counts = entry.counts(ground, id, now);
        self.remember(id, entry);
        Ok(key.filter(|_| counts))
    }

    /// Forgets a key that this node has changed.
    pub(super) fn forget(&self, id: &str) {
        let mut all = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        all.younger.remove(id);
        all.older.remove(id);
    }

    fn remembered(&self, id: &str) -> Option<Entry> {
        let all = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        all.younger.get(id).or_else(|| all.older.get(id)).cloned()
    }

    fn remember(&self, id: &str, entry: Entry) {
        let mut all = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if all.younger.len() >= REMEMBERED / 2 {
            all.older = std::mem::take(&mut all.younger);
        }
        all.younger.insert(id.to_owned(), entry);
    }
}

impl Entry {
    fn counts(&self, ground: &Ground<'_>, id: &str, now: i64) -> bool {
        let revoked = ground.revoked;
        now - self.read_at <= REMEMBER_MICROS
            && revoked.below(Revocable::AccessKey, id) <= self.epoch
            && self
                .key
                .as_ref()
                .is_none_or(|key| !key.sessions().any(|session| is_ended(revoked, session)))
    }
}

/// Whether user or project of a session have been revoked since it was made.
fn is_ended(revoked: &Revoked, session: &Session) -> bool {
    revoked.has(Revocable::User, session.user.as_str(), session.user_epoch)
        || matches!(&session.scope, Scope::Project(scope)
            if revoked.has(Revocable::Project, scope.project.as_str(), scope.epoch))
}

/// What reading a key needs.
pub(super) struct Ground<'a> {
    pub(super) db: &'a Db,
    pub(super) seal: &'a Seal,
    pub(super) revoked: &'a Revoked,
    pub(super) now: Timestamp,
}

impl Ground<'_> {
    /// The key, if it works, and its epoch. The user is read before the projects and these before the
    /// roles: whatever changes meanwhile raises an epoch above the one that was read.
    async fn read(&self, id: &str) -> Result<(Option<Arc<Key>>, i64), Error> {
        let Some(key) = credential::read_access_key(self.db, id).await? else {
            return Ok((None, 0));
        };
        let epoch = key.epoch;
        let found = if key.is_enabled { self.opened(key).await? } else { None };
        Ok((found.map(Arc::new), epoch))
    }

    async fn opened(&self, key: AccessKey) -> Result<Option<Key>, Error> {
        let known = user::read(self.db, &key.user).await?;
        let known = known.filter(|known| known.user.is_enabled && known.is_account_enabled);
        let Some(known) = known else { return Ok(None) };
        let Some(project) = tenant::read_project(self.db, &key.project).await? else {
            return Ok(None);
        };
        let others = self.others(&project.project.account, &key.user).await?;
        let assigned = user::read_assignments(self.db, Some(&key.user), None, None).await?;
        let session = |project: &KnownProject| {
            let here = assigned.iter().filter(|one| one.project == project.project.id);
            let here: Vec<Assigned> = here.map(|one| one.assigned).collect();
            scope_of(project, &here).map(|scope| Arc::new(self.session(&key, &known, scope)))
        };
        let Some(home) = session(&project) else { return Ok(None) };
        let elsewhere = others.iter().filter(|other| other.project.id != key.project);
        let elsewhere = elsewhere.filter_map(session).collect();
        let secret = self.seal.unseal(&access_key_purpose(&key.id), &key.sealed_secret)?;
        Ok(Some(Key { id: key.id, secret, stamp_hours: key.stamp_hours, home, elsewhere }))
    }

    async fn others(&self, account: &AccountId, user: &UserId) -> Result<Vec<KnownProject>, Error> {
        let filter = ProjectFilter {
            account: Some(account.clone()),
            user: Some(user.clone()),
            is_enabled: Some(true),
            name: None,
        };
        tenant::read_projects(self.db, &filter).await
    }

    fn session(&self, key: &AccessKey, known: &KnownUser, scope: ProjectScope) -> Session {
        Session {
            user: known.user.id.clone(),
            user_name: known.user.name.clone(),
            user_account: known.user.account.clone(),
            user_epoch: known.epoch,
            scope: Scope::Project(scope),
            is_operator: known.user.is_system_admin,
            issued_at: self.now,
            expires_at: self.now.plus_seconds(REMEMBER_MICROS / Timestamp::SECOND_MICROS),
            audit_id: key.id.clone(),
            parent_audit_id: None,
            methods: vec![Method::AccessKey],
            application: None,
        }
    }
}

/// What somebody with these roles enters; nothing where there are none or it is closed.
fn scope_of(known: &KnownProject, assigned: &[Assigned]) -> Option<ProjectScope> {
    if !known.project.is_enabled || !known.is_account_enabled || assigned.is_empty() {
        return None;
    }
    let roles = assigned.iter().filter_map(|one| match one {
        Assigned::Role(role) => Some(*role),
        Assigned::Service => None,
    });
    Some(ProjectScope {
        project: known.project.id.clone(),
        account: known.project.account.clone(),
        region: known.project.region.clone(),
        role: roles.max().unwrap_or(Role::Reader),
        is_service: assigned.contains(&Assigned::Service),
        epoch: known.epoch,
    })
}
