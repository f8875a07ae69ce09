//! Signing in: a proof and a wanted scope become a token.

use std::sync::Arc;

use lendglass_core::limits::PASSWORD_BYTES;
use lendglass_core::tenant::{Assigned, Role};
use lendglass_core::{AccountId, Code, Error, ProjectId, Timestamp, UserId};
use lendglass_store::credential::{self, ApplicationCredential};
use lendglass_store::tenant;
use lendglass_store::tenant::KnownProject;
use lendglass_store::user::{self, KnownUser};

use super::{ApplicationUse, Method, Origin, ProjectScope, Scope, Session, with_included};
use crate::app::App;
use crate::drivers::identity::{TOKEN_LIFETIME_MAX_SECONDS, Trier};

/// An account as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountNamed {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

/// A user as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserNamed {
    /// By id.
    Id(String),
    /// By name, which is unique in its account only.
    Name(String, AccountNamed),
}

/// A project as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectNamed {
    /// By id.
    Id(String),
    /// By name, which is unique in its account only.
    Name(String, AccountNamed),
}

/// An application credential as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationNamed {
    /// By id.
    Id(String),
    /// By name, which is unique for its user only.
    Name(String, UserNamed),
}

/// What proves who signs in.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// A password.
    Password(UserNamed, String),
    /// A token, which may be traded for one with another scope that ends no later.
    Token(String),
    /// An application credential and its secret.
    Application(ApplicationNamed, String),
}

/// What the token shall give access to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedScope {
    /// The user's default project, where it has one and a role there; else nothing.
    Default,
    /// Nothing.
    Unscoped,
    /// A project.
    Project(ProjectNamed),
    /// An account.
    Account(AccountNamed),
    /// The installation.
    System,
}

/// A wish to sign in.
pub struct SignIn {
    /// What proves who it is.
    pub proof: Proof,
    /// What for.
    pub scope: WantedScope,
}

/// A new token.
pub struct Signed {
    /// The token.
    pub token: String,
    /// What it says.
    pub session: Arc<Session>,
}

/// What a proof has proven.
struct Proven {
    user: KnownUser,
    methods: Vec<Method>,
    /// The token must not outlive this.
    ends_at: Option<Timestamp>,
    parent_audit_id: Option<String>,
    application: Option<Bound>,
}

/// What binds a token to an application credential: its project, and its roles at most.
struct Bound {
    used: ApplicationUse,
    project: ProjectId,
    roles: Vec<Assigned>,
}

/// Signs somebody in.
///
/// Errors: [`Code::WrongPassword`] for whatever is wrong about the proof, with the same work for
/// users that do not exist; [`Code::ScopeRefused`] for whatever is wrong about the scope;
/// [`Code::RateLimited`] after too many failures of this user from this source; for tokens those of
/// [`super::verify`].
pub async fn sign_in(app: &App, wish: SignIn, origin: &Origin) -> Result<Signed, Error> {
    let proven = match &wish.proof {
        Proof::Password(named, password) => by_password(app, named, password, origin).await?,
        Proof::Token(token) => by_token(app, token).await?,
        Proof::Application(named, secret) => by_application(app, named, secret, origin).await?,
    };
    let scope = match &proven.application {
        Some(bound) => bound_scope(app, &proven.user, bound, &wish.scope).await?,
        None => wanted_scope(app, &proven.user, &wish.scope).await?,
    };
    let session = session_of(app, proven, scope);
    Ok(Signed { token: app.identity.mint(&session)?, session: Arc::new(session) })
}

fn session_of(app: &App, proven: Proven, scope: Scope) -> Session {
    let lifetime = app.settings.token_lifetime_seconds.min(TOKEN_LIFETIME_MAX_SECONDS);
    // Whole seconds: a token says the same wherever it is shown.
    let issued_at = Timestamp::from_seconds(app.clock.now().seconds());
    let expires_at = issued_at.plus_seconds(i64::from(lifetime));
    let user = proven.user.user;
    let may_operate = proven
        .application
        .as_ref()
        .is_none_or(|bound| bound.roles.contains(&Assigned::Role(Role::Admin)));
    Session {
        is_operator: user.is_system_admin && may_operate,
        user: user.id,
        user_name: user.name,
        user_account: user.account,
        user_epoch: proven.user.epoch,
        scope,
        issued_at,
        expires_at: proven.ends_at.map_or(expires_at, |end| end.min(expires_at)),
        audit_id: app.ids.hex(),
        parent_audit_id: proven.parent_audit_id,
        methods: proven.methods,
        application: proven.application.map(|bound| bound.used),
    }
}

// --- proofs --------------------------------------------------------------------------------------

/// The user whose password this is. Errors: those of [`sign_in`].
pub async fn user_by_password(
    app: &App,
    named: &UserNamed,
    password: &str,
    origin: &Origin,
) -> Result<KnownUser, Error> {
    let known = find_user(app, named).await?;
    let tries = known.as_ref().map_or_else(|| format!("{named:?}"), |k| k.user.id.to_string());
    let usable = known.filter(|known| known.user.is_enabled && known.is_account_enabled);
    let hash = usable.as_ref().and_then(|known| known.password_hash.as_deref());
    check_secret(app, &tries, origin, password, hash).await?;
    usable.ok_or_else(wrong)
}

async fn by_password(
    app: &App,
    named: &UserNamed,
    password: &str,
    origin: &Origin,
) -> Result<Proven, Error> {
    Ok(Proven {
        user: user_by_password(app, named, password, origin).await?,
        methods: vec![Method::Password],
        ends_at: None,
        parent_audit_id: None,
        application: None,
    })
}

/// Holds a secret against a hash under the limit of failures; no hash, no fit, after as much work.
pub(super) async fn check_secret(
    app: &App,
    tries: &str,
    origin: &Origin,
    secret: &str,
    hash: Option<&str>,
) -> Result<(), Error> {
    let trier = Trier::new(tries, &origin.source);
    let (identity, clock) = (&app.identity, &app.clock);
    identity.failures().check(trier, clock.now())?;
    let turn = identity.passwords().turn().await?;
    // Again, now that it is our turn: guesses that waited together do not all get through.
    identity.failures().check(trier, clock.now())?;
    let hash = hash.filter(|_| secret.len() <= PASSWORD_BYTES);
    let secret = if secret.len() <= PASSWORD_BYTES { secret } else { "" };
    if turn.fits(secret, hash).await? {
        return Ok(());
    }
    identity.failures().count(trier, clock.now());
    Err(wrong())
}

async fn by_token(app: &App, token: &str) -> Result<Proven, Error> {
    let session = super::verify(app, token)?;
    let user = user::read(&app.db, &session.user).await?;
    let user = user
        .filter(|known| known.user.is_enabled && known.is_account_enabled)
        .ok_or_else(|| Error::new(Code::TokenRevoked))?;
    let application = match &session.application {
        Some(used) => Some(bound_by(app, &used.id).await?),
        None => None,
    };
    let mut methods = vec![Method::Token];
    methods.extend(session.methods.iter().filter(|method| **method != Method::Token));
    Ok(Proven {
        // The epoch of the old token: what ended it meanwhile ends the new one too.
        user: KnownUser { epoch: session.user_epoch, ..user },
        methods,
        ends_at: Some(session.expires_at),
        parent_audit_id: Some(session.audit_id.clone()),
        application,
    })
}

async fn bound_by(app: &App, id: &str) -> Result<Bound, Error> {
    let credential = credential::read_application(&app.db, id).await?;
    credential.map(bound_of).ok_or_else(|| Error::new(Code::TokenRevoked))
}

fn bound_of(credential: ApplicationCredential) -> Bound {
    let is_unrestricted = credential.is_unrestricted;
    Bound {
        used: ApplicationUse { id: credential.id, is_unrestricted },
        project: credential.project,
        roles: credential.roles,
    }
}

async fn by_application(
    app: &App,
    named: &ApplicationNamed,
    secret: &str,
    origin: &Origin,
) -> Result<Proven, Error> {
    let found = match named {
        ApplicationNamed::Id(id) => credential::read_application(&app.db, id).await?,
        ApplicationNamed::Name(name, user) => match find_user(app, user).await? {
            Some(known) => {
                credential::read_application_by_name(&app.db, &known.user.id, name).await?
            }
            None => None,
        },
    };
    let tries = found.as_ref().map_or_else(|| format!("{named:?}"), |known| known.id.clone());
    let now = app.clock.now();
    let live = found.filter(|found| found.expires_at.is_none_or(|end| end > now));
    let user = match &live {
        Some(found) => user::read(&app.db, &found.user).await?,
        None => None,
    };
    let user = user.filter(|known| known.user.is_enabled && known.is_account_enabled);
    let hash = live.as_ref().filter(|_| user.is_some()).map(|found| found.secret_hash.as_str());
    check_secret(app, &tries, origin, secret, hash).await?;
    let (found, user) = live.zip(user).ok_or_else(wrong)?;
    Ok(Proven {
        user,
        methods: vec![Method::ApplicationCredential],
        ends_at: found.expires_at,
        parent_audit_id: None,
        application: Some(bound_of(found)),
    })
}

fn wrong() -> Error {
    Error::new(Code::WrongPassword)
}

async fn find_user(app: &App, named: &UserNamed) -> Result<Option<KnownUser>, Error> {
    match named {
        UserNamed::Id(id) => user::read(&app.db, &UserId::trusted(id)).await,
        UserNamed::Name(name, account) => match find_account(app, account).await? {
            Some(account) => user::read_by_name(&app.db, &account, name).await,
            None => Ok(None),
        },
    }
}

async fn find_account(app: &App, named: &AccountNamed) -> Result<Option<AccountId>, Error> {
    match named {
        AccountNamed::Id(id) => Ok(Some(AccountId::trusted(id))),
        AccountNamed::Name(name) => {
            Ok(tenant::read_account_by_name(&app.db, name).await?.map(|account| account.id))
        }
    }
}

// --- scopes --------------------------------------------------------------------------------------

async fn wanted_scope(app: &App, user: &KnownUser, wanted: &WantedScope) -> Result<Scope, Error> {
    match wanted {
        WantedScope::Unscoped => Ok(Scope::Unscoped),
        WantedScope::Default => default_scope(app, user).await,
        WantedScope::Project(named) => {
            let known = find_project(app, named).await?.ok_or_else(refused)?;
            project_scope(app, user, known, &Assigned::ALL).await.map(Scope::Project)
        }
        WantedScope::Account(named) => {
            let id = find_account(app, named).await?.ok_or_else(refused)?;
            let account = tenant::read_account(&app.db, &id).await?;
            let is_open = account.is_some_and(|account| account.is_enabled)
                && (user.user.account == id || user.user.is_system_admin);
            if is_open { Ok(Scope::Account(id)) } else { Err(refused()) }
        }
        WantedScope::System if user.user.is_system_admin => Ok(Scope::System),
        WantedScope::System => Err(refused()),
    }
}

async fn default_scope(app: &App, user: &KnownUser) -> Result<Scope, Error> {
    let Some(id) = &user.user.default_project else { return Ok(Scope::Unscoped) };
    let Some(known) = tenant::read_project(&app.db, id).await? else { return Ok(Scope::Unscoped) };
    match project_scope(app, user, known, &Assigned::ALL).await {
        Err(error) if error.code() == Code::ScopeRefused => Ok(Scope::Unscoped),
        scope => scope.map(Scope::Project),
    }
}

/// An application credential works in its project, whether that is asked for or not.
async fn bound_scope(
    app: &App,
    user: &KnownUser,
    bound: &Bound,
    wanted: &WantedScope,
) -> Result<Scope, Error> {
    let known = tenant::read_project(&app.db, &bound.project).await?.ok_or_else(refused)?;
    match wanted {
        WantedScope::Default => {}
        WantedScope::Project(named) => {
            let asked = find_project(app, named).await?.ok_or_else(refused)?;
            if asked.project.id != bound.project {
                return Err(refused());
            }
        }
        WantedScope::Unscoped | WantedScope::Account(_) | WantedScope::System => {
            return Err(refused());
        }
    }
    project_scope(app, user, known, &bound.roles).await.map(Scope::Project)
}

/// What a user is in a project, now. Errors: [`Code::ScopeRefused`].
pub async fn scope_in(
    app: &App,
    user: &KnownUser,
    project: &ProjectId,
) -> Result<ProjectScope, Error> {
    let known = tenant::read_project(&app.db, project).await?.ok_or_else(refused)?;
    project_scope(app, user, known, &Assigned::ALL).await
}

async fn find_project(app: &App, named: &ProjectNamed) -> Result<Option<KnownProject>, Error> {
    match named {
        ProjectNamed::Id(id) => tenant::read_project(&app.db, &ProjectId::trusted(id)).await,
        ProjectNamed::Name(name, account) => match find_account(app, account).await? {
            Some(account) => tenant::read_project_by_name(&app.db, &account, name).await,
            None => Ok(None),
        },
    }
}

/// The project was read before the roles, and the user before both: whatever changes meanwhile
/// raises an epoch above the one in the token.
async fn project_scope(
    app: &App,
    user: &KnownUser,
    known: KnownProject,
    allowed: &[Assigned],
) -> Result<ProjectScope, Error> {
    if !known.project.is_enabled || !known.is_account_enabled {
        return Err(refused());
    }
    let assigned = user::read_assigned(&app.db, &user.user.id, &known.project.id).await?;
    let mut assigned = with_included(&assigned);
    assigned.retain(|one| allowed.contains(one));
    if assigned.is_empty() {
        return Err(refused());
    }
    let role = assigned.iter().filter_map(|one| match one {
        Assigned::Role(role) => Some(*role),
        Assigned::Service => None,
    });
    Ok(ProjectScope {
        role: role.max().unwrap_or(Role::Reader),
        is_service: assigned.contains(&Assigned::Service),
        project: known.project.id,
        account: known.project.account,
        region: known.project.region,
        epoch: known.epoch,
    })
}

fn refused() -> Error {
    Error::new(Code::ScopeRefused)
}
