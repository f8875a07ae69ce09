//! Who is who: signing in, tokens, and the administration of accounts, projects, projects_of_key, users and roles.
//!
//! With built-in identity the role `admin` gives nothing outside its project; only a user marked
//! `system_admin` is the operator. Nothing here tells a stranger whether a user or project exists.

mod accounts;
mod applications;
mod keys;
mod projects;
mod sign_in;
mod users;

use std::sync::Arc;

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::limits::{DESCRIPTION_CHARS, NAME_CHARS};
use lendglass_core::permission::Permissions;
use lendglass_core::tenant::{Assigned, Region};
use lendglass_core::{AccountId, Code, Error, ProjectId, RegionId, UserId};
use lendglass_store::revocation::{self, Revocable, Revocation};
use lendglass_store::{Tx, audit, tenant, user};

use crate::app::App;

pub use crate::drivers::identity::{ApplicationUse, Key, Method, ProjectScope, Scope, Session};
pub use accounts::{
    AccountChange, NewAccount, account, accounts, create_account, delete_account, my_accounts,
    update_account,
};
pub use applications::{
    NewApplication, application, applications, create_application, delete_application,
};
pub use keys::{
    SignedRequest, bind_stamp, create_key, delete_key, enable_key, key, keys, take_once,
};
pub use lendglass_store::credential::{AccessKey, ApplicationCredential};
pub use lendglass_store::tenant::{KnownProject, ProjectFilter};
pub use lendglass_store::user::{Assignment, User, UserFilter};
pub use projects::{
    NewProject, ProjectChange, assignments, create_project, delete_project, grant, is_granted,
    my_projects, project, projects, projects_of_key, take, update_project,
};
pub use sign_in::{
    AccountNamed, ApplicationNamed, ProjectNamed, Proof, SignIn, Signed, UserNamed, WantedScope,
    scope_in, sign_in, user_by_password,
};
pub use users::{
    NewUser, UserChange, change_password, create_user, delete_user, projects_of, update_user, user,
    users,
};

/// Where a request comes from, for limits and audit rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The peer's address.
    pub source: String,
    /// The id of the request.
    pub request_id: String,
}

/// Who administers, proven by a token.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The token's session.
    pub session: Arc<Session>,
    /// Where the request came from.
    pub origin: Origin,
}

impl Actor {
    /// Refuses with [`Code::OperatorOnly`] unless this is the operator.
    pub fn needs_operator(&self) -> Result<(), Error> {
        if self.session.is_operator { Ok(()) } else { Err(Error::new(Code::OperatorOnly)) }
    }

    fn needs_self_or_operator(&self, user: &UserId) -> Result<(), Error> {
        if self.session.user == *user { Ok(()) } else { self.needs_operator() }
    }

    fn event(&self, app: &App, verb: AuditVerb, target: &str, detail: String) -> AuditEvent {
        let (project, account) = match &self.session.scope {
            Scope::Project(scope) => (scope.project.clone(), scope.account.clone()),
            Scope::Account(account) => (ProjectId::trusted(""), account.clone()),
            Scope::Unscoped | Scope::System => {
                (ProjectId::trusted(""), self.session.user_account.clone())
            }
        };
        let region = app.regions.first().map(|region| region.id.clone());
        AuditEvent {
            at: app.clock.now(),
            verb,
            region: region.unwrap_or_else(|| RegionId::trusted("")),
            user: self.session.user.clone(),
            project,
            account,
            counterpart: None,
            target: target.to_owned(),
            detail,
            result: AuditResult::Done,
            source: self.origin.source.clone(),
            request_id: self.origin.request_id.clone(),
        }
    }
}

/// Whose token this is, now; see [`crate::drivers::identity::Identity::verify`].
pub fn verify(app: &App, token: &str) -> Result<Arc<Session>, Error> {
    app.identity.verify(token)
}

/// What the custom policies of a project give and take a user, as this node knows it.
pub fn permissions(app: &App, user: &UserId, project: &ProjectId) -> Permissions {
    app.identity.permissions(user, project)
}

/// Whose token this is, for somebody who asks about it: its own user, the operator, or a service.
/// Errors: those of [`verify`], and [`Code::OperatorOnly`].
pub fn inspect(app: &App, actor: &Actor, token: &str) -> Result<Arc<Session>, Error> {
    let session = verify(app, token)?;
    let is_service = matches!(&actor.session.scope, Scope::Project(scope) if scope.is_service);
    if !is_service {
        actor.needs_self_or_operator(&session.user)?;
    }
    Ok(session)
}

/// Ends a token: one's own, or any for the operator.
pub async fn revoke(app: &App, actor: &Actor, token: &str) -> Result<(), Error> {
    let session = verify(app, token)?;
    actor.needs_self_or_operator(&session.user)?;
    let revocation = Revocation {
        kind: Revocable::Token,
        id: session.audit_id.clone(),
        below: 1,
        expires_at: session.expires_at,
    };
    let target = session.audit_id.clone();
    change(app, actor, &target, "token.revoke".to_owned(), move |_| {
        Ok(((), vec![revocation.clone()]))
    })
    .await
}

/// The names that belong to a session; the token itself carries ids only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The name of the user's account.
    pub user_account_name: String,
    /// The project of the token, where it has one.
    pub project: Option<KnownProject>,
    /// The name of the account of the token, where it has one.
    pub account_name: Option<String>,
}

/// Looks the names of a session up.
pub async fn describe(app: &App, session: &Session) -> Result<Described, Error> {
    let own = tenant::read_account(&app.db, &session.user_account).await?;
    let user_account_name =
        own.map(|account| account.name).ok_or_else(|| Error::new(Code::TokenRevoked))?;
    let mut described = Described { user_account_name, project: None, account_name: None };
    match &session.scope {
        Scope::Project(scope) => {
            let known = tenant::read_project(&app.db, &scope.project).await?;
            described.project = Some(known.ok_or_else(|| Error::new(Code::TokenRevoked))?);
        }
        Scope::Account(id) => {
            let known = tenant::read_account(&app.db, id).await?;
            let known = known.ok_or_else(|| Error::new(Code::TokenRevoked))?;
            described.account_name = Some(known.name);
        }
        Scope::Unscoped | Scope::System => {}
    }
    Ok(described)
}

/// The regions whose image endpoints a session's catalog lists: the project's home alone, or all.
pub fn catalog_regions<'a>(app: &'a App, session: &Session) -> Vec<&'a Region> {
    let home = match &session.scope {
        Scope::Project(scope) => scope.region.as_ref(),
        Scope::Unscoped | Scope::Account(_) | Scope::System => None,
    };
    app.regions.iter().filter(|region| home.is_none_or(|home| region.id == *home)).collect()
}

/// One change of identity: the closure's rows, the audit row and the revocations in one
/// transaction; when it is durable, this node counts the revocations at once.
async fn change<T: Send + 'static>(
    app: &App,
    actor: &Actor,
    target: &str,
    detail: String,
    rows: impl Fn(&mut Tx<'_>) -> Result<(T, Vec<Revocation>), Error> + Send + 'static,
) -> Result<T, Error> {
    let event = actor.event(app, AuditVerb::IdentityChange, target, detail);
    let id = app.ids.hex();
    let (value, revocations) = app
        .db
        .write(move |tx| {
            let (value, revocations) = rows(tx)?;
            audit::insert(tx, &id, &event)?;
            revocation::insert(tx, &revocations)?;
            Ok((value, revocations))
        })
        .await?;
    app.identity.learn(&revocations);
    Ok(value)
}

/// Ends every token of a user; the epoch it writes is the first that is good again.
fn end_tokens_of_user(app: &App, id: &UserId) -> impl Fn(&mut Tx<'_>) -> EndedTokens + use<> {
    let (id, now, expires_at) = (id.clone(), app.clock.now(), app.identity.revocation_end());
    move |tx| {
        let below = user::raise_epoch(tx, &id, now)?;
        let (kind, id) = (Revocable::User, id.to_string());
        Ok(below.map(|below| Revocation { kind, id, below, expires_at }).into_iter().collect())
    }
}

/// Ends every token for a project.
fn end_tokens_of_project(app: &App, id: &ProjectId) -> impl Fn(&mut Tx<'_>) -> EndedTokens + use<> {
    let (id, now, expires_at) = (id.clone(), app.clock.now(), app.identity.revocation_end());
    move |tx| {
        let below = tenant::raise_project_epoch(tx, &id, now)?;
        let (kind, id) = (Revocable::Project, id.to_string());
        Ok(below.map(|below| Revocation { kind, id, below, expires_at }).into_iter().collect())
    }
}

type EndedTokens = Result<Vec<Revocation>, Error>;

/// What somebody may be who is all this: a role includes the ones before it.
fn with_included(assigned: &[Assigned]) -> Vec<Assigned> {
    let strongest = assigned.iter().filter_map(|one| match one {
        Assigned::Role(role) => Some(*role),
        Assigned::Service => None,
    });
    let strongest = strongest.max();
    let is_had = |one: &Assigned| match one {
        Assigned::Role(role) => strongest >= Some(*role),
        Assigned::Service => assigned.contains(&Assigned::Service),
    };
    Assigned::ALL.into_iter().filter(is_had).collect()
}

fn check_name(field: &'static str, name: &str) -> Result<(), Error> {
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS || name.trim() != name || name.chars().any(char::is_control)
    {
        return Err(invalid(
            field,
            name,
            format!("1 to {NAME_CHARS} characters, without spaces around them"),
        ));
    }
    Ok(())
}

fn check_description(text: &str) -> Result<(), Error> {
    if text.chars().count() <= DESCRIPTION_CHARS {
        return Ok(());
    }
    Err(invalid("description", text, format!("at most {DESCRIPTION_CHARS} characters")))
}

fn invalid(field: &'static str, value: &str, reason: impl std::fmt::Display) -> Error {
    Error::new(Code::InvalidValue)
        .with("field", field)
        .with("value", lendglass_core::text::shortened(value, 80))
        .with("reason", reason)
}

fn no_user(id: &UserId) -> Error {
    Error::new(Code::UserNotFound).with("id", id)
}

fn no_project(id: &ProjectId) -> Error {
    Error::new(Code::ProjectNotFound).with("id", id)
}

fn no_account(id: &AccountId) -> Error {
    Error::new(Code::AccountNotFound).with("id", id)
}

fn taken(name: &str) -> Error {
    Error::new(Code::NameTaken).with("name", name)
}
