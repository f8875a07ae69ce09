//! Access keys: what requests are signed with. A key belongs to a user and a project; the user makes and
//! removes his own.

use std::sync::Arc;

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::limits::ACCESS_KEYS_OF_USER;
use lendglass_core::permission::Action;
use lendglass_core::tenant::{Caller, Credential};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, Timestamp};
use lendglass_store::credential::{self, AccessKey};
use lendglass_store::replay::{self, Taken};
use lendglass_store::revocation::{self, Revocable, Revocation};
use lendglass_store::{Tx, audit, image as store_image};

use crate::app::App;
use crate::drivers::identity::{Key, access_key_purpose, new_key_secret};

/// The access key that a request names, if it works; see
/// [`crate::drivers::identity::Identity::key`].
pub async fn key(app: &App, id: &str) -> Result<Option<Arc<Key>>, Error> {
    app.identity.key(id).await
}

/// A request whose signature holds.
#[derive(Clone, Debug)]
pub struct SignedRequest {
    /// The access key.
    pub key: String,
    /// What makes the signature unique.
    pub nonce: String,
    /// Whether the client made the nonce for this; else the same second may bring the same one twice.
    pub is_nonce_made: bool,
    /// Whether what is signed tells a change from a look.
    pub is_all_signed: bool,
    /// What it asks for, in words; who asks, where that is not signed.
    pub what: String,
    /// Whether that changes something.
    pub is_change: bool,
    /// Until when the signature could be taken again.
    pub expires_at: Timestamp,
}

/// How long two equal calls of a scheme without nonces may lie apart: its stamps count seconds.
const REPEAT_MICROS: i64 = Timestamp::SECOND_MICROS;

/// Takes a signed request once: one that changes something is remembered in the database, for all nodes,
/// for as long as its signature holds. So is one that reads, where its signature would hold for a
/// change too.
///
/// Errors: [`Code::SignatureReplayed`].
pub async fn take_once(app: &App, request: SignedRequest) -> Result<(), Error> {
    let is_change = request.is_change;
    if !is_change && request.is_all_signed {
        return Ok(());
    }
    let repeat_micros = if request.is_nonce_made { 0 } else { REPEAT_MICROS };
    let now = app.clock.now();
    let taken = Taken {
        key: request.key,
        nonce: request.nonce,
        what: request.what,
        expires_at: request.expires_at,
    };
    let write = move |tx: &mut Tx<'_>| match is_change {
        true => replay::take(tx, &taken, now, repeat_micros),
        false => replay::note(tx, &taken, now),
    };
    app.db.write(write).await
}

/// Binds the stamps of a key to the hours they are ahead of UTC, at their first use.
///
/// Errors: [`Code::SignatureExpired`] where they are bound to others.
pub async fn bind_stamp(app: &App, key: &Key, hours: i64) -> Result<(), Error> {
    let bound = match key.stamp_hours {
        Some(bound) => Some(bound),
        None => {
            let id = key.id.clone();
            let bound =
                app.db.write(move |tx| credential::bind_stamp_hours(tx, &id, hours)).await?;
            app.identity.forget_key(&key.id);
            bound
        }
    };
    if bound == Some(hours) {
        return Ok(());
    }
    Err(Error::new(Code::SignatureExpired)
        .with("minutes", 15)
        .because(format!("stamps of {} are {bound:?} hours ahead, not {hours}", key.id)))
}

/// Makes an access key for the caller in his project. Answers it with its secret, which is told this
/// once.
///
/// Errors: those of [`Caller::may`]; [`Code::NotAvailableHere`] for a caller who has proven himself by
/// an application credential or another key; [`Code::AccessKeyQuota`].
pub async fn create_key(app: &App, caller: &Caller) -> Result<(AccessKey, String), Error> {
    may_change(caller)?;
    let (id, secret, now) = (app.ids.hex().to_uppercase(), new_key_secret(), app.clock.now());
    let key = AccessKey {
        sealed_secret: app.identity.seal().seal(&access_key_purpose(&id), secret.as_bytes())?,
        id,
        user: caller.user.clone(),
        project: caller.project.clone(),
        is_enabled: true,
        created_at: now,
        epoch: now.0,
        stamp_hours: None,
    };
    let (owned, mine) = (app.clone(), caller.clone());
    let made = app.change(caller, move |tx| {
        store_image::lock_project(tx, &mine.project)?;
        let mut there = credential::access_keys(tx, &mine.user)?;
        there.retain(|known| known.project == mine.project);
        if there.len() >= ACCESS_KEYS_OF_USER {
            return Err(Error::new(Code::AccessKeyQuota).with("max", ACCESS_KEYS_OF_USER));
        }
        credential::insert_access_key(tx, &key)?;
        note(tx, &owned, &mine, &key.id, "access_key.create")?;
        Ok(key.clone())
    });
    Ok((made.await?, secret))
}

/// The caller's access keys in his project, oldest first. Errors: those of [`Caller::may`].
pub async fn keys(app: &App, caller: &Caller) -> Result<Vec<AccessKey>, Error> {
    caller.may(Action::KeysManage)?;
    let mut keys = credential::read_access_keys(&app.db, &caller.user).await?;
    keys.retain(|key| key.project == caller.project);
    Ok(keys)
}

/// Switches an own access key on or off; it counts at once. Errors: as [`create_key`];
/// [`Code::CredentialNotFound`].
pub async fn enable_key(
    app: &App,
    caller: &Caller,
    id: &str,
    is_enabled: bool,
) -> Result<AccessKey, Error> {
    let detail = if is_enabled { "access_key.enable" } else { "access_key.disable" };
    change(app, caller, id, detail, move |tx, key| {
        key.is_enabled = is_enabled;
        credential::enable_access_key(tx, &key.id, is_enabled, key.epoch)
    })
    .await
}

/// Removes an own access key: what it signs is refused from now on. Errors: as [`enable_key`].
pub async fn delete_key(app: &App, caller: &Caller, id: &str) -> Result<(), Error> {
    let deleted = change(app, caller, id, "access_key.delete", |tx, key| {
        credential::delete_access_key(tx, &key.id).map(|_| ())
    });
    deleted.await.map(|_| ())
}

/// One change of an own key, which gets a new epoch: every node reads it anew.
async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    detail: &'static str,
    rows: impl Fn(&mut Tx<'_>, &mut AccessKey) -> Result<(), Error> + Send + 'static,
) -> Result<AccessKey, Error> {
    may_change(caller)?;
    let (owned, mine, id) = (app.clone(), caller.clone(), id.to_owned());
    let expires_at = app.identity.revocation_end();
    let changed = app.change(caller, move |tx| {
        store_image::lock_project(tx, &mine.project)?;
        let found = credential::access_key(tx, &id)?;
        let found = found.filter(|key| key.user == mine.user && key.project == mine.project);
        let mut key = found.ok_or_else(|| not_found(&id))?;
        key.epoch = owned.clock.now().0.max(key.epoch + 1);
        rows(tx, &mut key)?;
        note(tx, &owned, &mine, &id, detail)?;
        let (kind, below) = (Revocable::AccessKey, key.epoch);
        let ended = Revocation { kind, id: id.clone(), below, expires_at };
        revocation::insert(tx, std::slice::from_ref(&ended))?;
        Ok((key, ended))
    });
    let (key, ended) = changed.await?;
    app.identity.learn(&[ended]);
    Ok(key)
}

fn may_change(caller: &Caller) -> Result<(), Error> {
    caller.may(Action::KeysManage)?;
    match caller.credential {
        Credential::Token => Ok(()),
        Credential::ApplicationCredential | Credential::AccessKey => {
            Err(Error::new(Code::NotAvailableHere)
                .with("operation", "access keys to application credentials and to access keys"))
        }
    }
}

fn note(tx: &mut Tx<'_>, app: &App, caller: &Caller, id: &str, detail: &str) -> Result<(), Error> {
    let verb = AuditVerb::IdentityChange;
    let event = AuditEvent::by(caller, app.clock.now(), verb, id).with_detail(detail);
    audit::insert(tx, &app.ids.hex(), &event)
}

fn not_found(id: &str) -> Error {
    Error::new(Code::CredentialNotFound).with("id", shortened(id, 80))
}
