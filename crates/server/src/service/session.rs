//! Sessions of the console: a secret in a cookie that proves who a user is, and nothing of where he acts.
//!
//! Roles are read anew for every request, so that what is given or taken counts at once. What ends a
//! user's tokens (a new password, a role taken away, being disabled) ends his sessions too. The
//! database keeps digests of secrets, never secrets.

use lendglass_core::limits::{
    NOTICES_COUNTED, SESSION_IDLE_SECONDS, SESSION_PROJECTS_COUNTED, SESSION_SECONDS,
    SESSION_SEEN_SECONDS, SESSIONS_OF_USER, SIGN_IN_LINK_SECONDS,
};
use lendglass_core::tenant::Account;
use lendglass_core::{Code, Error, ProjectId, Timestamp, UserId};
use lendglass_store::session::{self as store_session, Session as Stored};
use lendglass_store::tenant as store_tenant;
use lendglass_store::user::{self as store_user, KnownUser};
use lendglass_store::{Db, Tx};
use openssl::sha::sha256;

use crate::app::App;
use crate::drivers::identity::{Trier, hex, new_secret};
use crate::service::identity::{self, AccountNamed, Method, Origin, Scope, Session, UserNamed};
use crate::service::tenant::OwnProject;
use crate::service::{demo, notice, tenant};

/// What proves who begins a session.
pub enum Proof {
    /// A name and a password. Without an account, whoever alone has that name.
    Password {
        /// The account, by name or id.
        account: Option<String>,
        /// The user's name in it.
        user: String,
        /// The password.
        password: String,
    },
    /// The secret of a link that signs in once.
    Link(String),
}

/// Who is signed in by a session that holds.
pub struct SignedIn {
    /// The user, as he is now.
    pub user: KnownUser,
    session: Stored,
}

impl SignedIn {
    /// When the session ends, if it is not used before.
    pub fn ends_at(&self) -> Timestamp {
        self.session.seen_at.plus_seconds(SESSION_IDLE_SECONDS).min(self.session.expires_at)
    }
}

/// A session that has just begun.
pub struct Begun {
    /// What opens it.
    pub secret: String,
    /// Whose it is.
    pub signed_in: SignedIn,
}

fn digest_of(secret: &str) -> String {
    hex(&sha256(secret.as_bytes()))
}

/// Begins a session.
///
/// Errors: [`Code::WrongPassword`] for whatever is wrong about name and password;
/// [`Code::LinkEnded`] for a link that was used, is too old or never was; [`Code::RateLimited`] after
/// too many failures of this user, or with links, from this source.
pub async fn begin(app: &App, proof: Proof, origin: &Origin) -> Result<Begun, Error> {
    match proof {
        Proof::Password { account, user, password } => {
            let named = named(app, account, user).await?;
            let known = identity::user_by_password(app, &named, &password, origin).await?;
            begin_for(app, known).await
        }
        Proof::Link(secret) => {
            let trier = Trier::new("a sign-in link", &origin.source);
            let failures = app.identity.failures();
            failures.check(trier, app.clock.now())?;
            let begun = begin_by_link(app, &secret).await;
            if begun.as_ref().is_err_and(|error| error.code() == Code::LinkEnded) {
                failures.count(trier, app.clock.now());
            }
            begun
        }
    }
}

/// Whom the fields of a sign-in form mean. Somebody who does not exist is tried like anybody else.
async fn named(app: &App, account: Option<String>, user: String) -> Result<UserNamed, Error> {
    let Some(account) = account else {
        return Ok(match store_user::read_named(&app.db, &user).await?.as_slice() {
            [only] => UserNamed::Id(only.user.id.to_string()),
            [] | [_, _, ..] => UserNamed::Name(user, AccountNamed::Name(String::new())),
        });
    };
    let known = store_tenant::read_account_by_name(&app.db, &account).await?;
    let account = match known {
        Some(known) => AccountNamed::Id(known.id.to_string()),
        None => AccountNamed::Id(account),
    };
    Ok(UserNamed::Name(user, account))
}

/// A session of a user for whom a secret was made, in a transaction.
fn insert(
    tx: &mut Tx<'_>,
    digest: &str,
    user: &KnownUser,
    now: Timestamp,
) -> Result<Stored, Error> {
    let session = Stored {
        digest: digest.to_owned(),
        user: user.user.id.clone(),
        epoch: user.epoch,
        created_at: now,
        seen_at: now,
        expires_at: now.plus_seconds(SESSION_SECONDS),
    };
    store_session::insert(tx, &session, SESSIONS_OF_USER)?;
    Ok(session)
}

async fn begin_for(app: &App, user: KnownUser) -> Result<Begun, Error> {
    let (secret, now) = (new_secret(), app.clock.now());
    let (digest, known) = (digest_of(&secret), user.clone());
    let session = app.db.write(move |tx| insert(tx, &digest, &known, now)).await?;
    Ok(Begun { secret, signed_in: SignedIn { user, session } })
}

async fn begin_by_link(app: &App, link: &str) -> Result<Begun, Error> {
    let (secret, now) = (new_secret(), app.clock.now());
    let (digest, link) = (digest_of(&secret), digest_of(link));
    let begun = app.db.write(move |tx| {
        let taken = store_session::take_link(tx, &link)?.filter(|(_, end)| *end > now);
        let user = match taken {
            Some((id, _)) => store_user::user(tx, &id)?.filter(is_usable),
            None => None,
        };
        let user = user.ok_or_else(|| Error::new(Code::LinkEnded))?;
        let session = insert(tx, &digest, &user, now)?;
        Ok(SignedIn { user, session })
    });
    Ok(Begun { secret, signed_in: begun.await? })
}

fn is_usable(user: &KnownUser) -> bool {
    user.user.is_enabled && user.is_account_enabled
}

/// Makes a link that signs a user in once; the ones he had before open nothing any more. Answers its
/// secret.
pub async fn link(db: &Db, user: &UserId, now: Timestamp) -> Result<String, Error> {
    let secret = new_secret();
    let (digest, user) = (digest_of(&secret), user.clone());
    let ends_at = now.plus_seconds(SIGN_IN_LINK_SECONDS);
    db.write(move |tx| store_session::insert_link(tx, &digest, &user, ends_at)).await?;
    Ok(secret)
}

/// Whose session this is, now.
///
/// Errors: [`Code::SessionEnded`] for what is no session, or none any more.
pub async fn resume(app: &App, secret: &str) -> Result<SignedIn, Error> {
    let ended = || Error::new(Code::SessionEnded);
    let now = app.clock.now();
    let session = store_session::read(&app.db, &digest_of(secret)).await?.ok_or_else(ended)?;
    let user = store_user::read(&app.db, &session.user).await?.filter(is_usable);
    let user = user.filter(|user| user.epoch == session.epoch).ok_or_else(ended)?;
    let signed_in = SignedIn { user, session };
    if signed_in.ends_at() <= now { Err(ended()) } else { Ok(signed_in) }
}

/// Remembers that a session was used, to the minute.
pub async fn note_use(app: &App, signed_in: &SignedIn) -> Result<(), Error> {
    let now = app.clock.now();
    let session = &signed_in.session;
    if session.seen_at.plus_seconds(SESSION_SEEN_SECONDS) > now {
        return Ok(());
    }
    let digest = session.digest.clone();
    app.db.write(move |tx| store_session::touch(tx, &digest, now)).await
}

/// Ends a session.
pub async fn end(app: &App, signed_in: &SignedIn) -> Result<(), Error> {
    let digest = signed_in.session.digest.clone();
    app.db.write(move |tx| store_session::delete(tx, &digest)).await
}

/// Ends the session that a secret opens, if it does.
pub async fn forget(app: &App, secret: &str) -> Result<(), Error> {
    let digest = digest_of(secret);
    app.db.write(move |tx| store_session::delete(tx, &digest)).await
}

/// Goes on as another person of the demo world; the session that asks ends. Errors:
/// [`Code::NotAvailableHere`] outside the demo, [`Code::UserNotFound`] for who is no persona.
pub async fn become_persona(app: &App, signed_in: &SignedIn, name: &str) -> Result<Begun, Error> {
    let user = demo::persona(app, &signed_in.user.user, name).await?;
    let begun = begin_for(app, user).await?;
    end(app, signed_in).await?;
    Ok(begun)
}

/// The session as one of a project, as a token would be: of the one named, or of the user's first.
///
/// Errors: [`Code::ProjectNotFound`] for a project in which the user has no role;
/// [`Code::NoProjectScope`] for a user who has none in any.
pub async fn acting(
    app: &App,
    signed_in: &SignedIn,
    project: Option<&ProjectId>,
) -> Result<Session, Error> {
    let user = &signed_in.user;
    let project = match project {
        Some(project) => project.clone(),
        None => first_project(app, user).await?,
    };
    let scope = identity::scope_in(app, user, &project).await.map_err(|error| {
        let is_refused = error.code() == Code::ScopeRefused;
        if is_refused { Error::new(Code::ProjectNotFound).with("id", &project) } else { error }
    })?;
    Ok(Session {
        is_operator: user.user.is_system_admin,
        user: user.user.id.clone(),
        user_name: user.user.name.clone(),
        user_account: user.user.account.clone(),
        user_epoch: user.epoch,
        scope: Scope::Project(scope),
        issued_at: signed_in.session.created_at,
        expires_at: signed_in.ends_at(),
        audit_id: signed_in.session.digest.clone(),
        parent_audit_id: None,
        methods: vec![Method::Password],
        application: None,
    })
}

async fn first_project(app: &App, user: &KnownUser) -> Result<ProjectId, Error> {
    let own = tenant::own_projects(app, &user.user.id).await?;
    let preferred =
        own.iter().find(|own| Some(&own.project.id) == user.user.default_project.as_ref());
    let first = preferred.or(own.first());
    first.map(|own| own.project.id.clone()).ok_or_else(|| Error::new(Code::NoProjectScope))
}

/// A project in which somebody can act.
pub struct Place {
    /// The project, and the role there.
    pub own: OwnProject,
    /// Offers that wait there, counted to one beyond [`NOTICES_COUNTED`], and for the first
    /// [`SESSION_PROJECTS_COUNTED`] projects.
    pub pending: u32,
}

/// What a session's page shows of its user.
pub struct Shown {
    /// His account.
    pub account: Option<Account>,
    /// Where he can act.
    pub places: Vec<Place>,
    /// In the demo world: the people he can become.
    pub personas: Option<Vec<&'static str>>,
}

/// What a session's page shows of its user.
pub async fn show(app: &App, signed_in: &SignedIn) -> Result<Shown, Error> {
    let user = &signed_in.user.user;
    let account = store_tenant::read_account(&app.db, &user.account).await?;
    let mut places = Vec::new();
    for own in tenant::own_projects(app, &user.id).await? {
        let pending = match places.len() < SESSION_PROJECTS_COUNTED {
            true => pending(app, &own).await?,
            false => 0,
        };
        places.push(Place { own, pending });
    }
    Ok(Shown { account, places, personas: demo::personas(app, user).await? })
}

/// The offers that wait in a project, in every region where it is.
async fn pending(app: &App, own: &OwnProject) -> Result<u32, Error> {
    let mut count = 0_u32;
    for region in tenant::regions_of(app, &own.project) {
        count += notice::pending_in(app, &own.project, &region).await?;
        if count > NOTICES_COUNTED {
            break;
        }
    }
    Ok(count)
}

/// What a user prefers: a JSON object that only the console reads.
pub async fn preferences(app: &App, user: &UserId) -> Result<Option<String>, Error> {
    store_session::read_preference(&app.db, user).await
}

/// Writes what a user prefers.
pub async fn set_preferences(app: &App, user: &UserId, text: String) -> Result<(), Error> {
    let (user, now) = (user.clone(), app.clock.now());
    app.db.write(move |tx| store_session::put_preference(tx, &user, &text, now)).await
}
