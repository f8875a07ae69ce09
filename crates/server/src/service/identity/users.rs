//! Users, for the operator; and what a user may do with itself.

use lendglass_core::limits::PASSWORD_BYTES;
use lendglass_core::{AccountId, Code, Error, ProjectId, UserId};
use lendglass_store::tenant::{KnownProject, ProjectFilter};
use lendglass_store::user::{self, KnownUser, User, UserFilter};
use lendglass_store::{Tx, credential, permission, session, tenant};

use super::sign_in::check_secret;
use super::{
    Actor, Origin, change, check_description, check_name, end_tokens_of_user, invalid, no_account,
    no_user, taken,
};
use crate::app::App;

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its name.
    pub name: String,
    /// Its account; the actor's own where not said.
    pub account: Option<AccountId>,
    /// Its password; without one it signs in by no password.
    pub password: Option<String>,
    /// Where people reach it.
    pub email: String,
    /// Free text.
    pub description: String,
    /// The project it works in when it names none.
    pub default_project: Option<ProjectId>,
    /// Whether it is enabled.
    pub is_enabled: bool,
}

/// What shall be different; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The name.
    pub name: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Where people reach it.
    pub email: Option<String>,
    /// The free text.
    pub description: Option<String>,
    /// The default project; `Some(None)` takes it away.
    pub default_project: Option<Option<ProjectId>>,
    /// Whether it is enabled.
    pub is_enabled: Option<bool>,
}

/// Makes a user. Operator only. Errors: [`Code::NameTaken`], [`Code::AccountNotFound`].
pub async fn create_user(app: &App, actor: &Actor, new: NewUser) -> Result<User, Error> {
    actor.needs_operator()?;
    check_name("name", &new.name)?;
    check_description(&new.description)?;
    let hash = match &new.password {
        Some(password) => Some(hash_of(app, password).await?),
        None => None,
    };
    let made = User {
        id: UserId::trusted(app.ids.hex()),
        account: new.account.unwrap_or_else(|| actor.session.user_account.clone()),
        name: new.name,
        email: new.email,
        description: new.description,
        default_project: new.default_project,
        is_enabled: new.is_enabled,
        is_system_admin: false,
    };
    let now = app.clock.now();
    let (id, detail) = (made.id.to_string(), format!("user.create name={}", made.name));
    change(app, actor, &id, detail, move |tx| {
        if tenant::account(tx, &made.account)?.is_none() {
            return Err(no_account(&made.account));
        }
        if user::by_name(tx, &made.account, &made.name)?.is_some() {
            return Err(taken(&made.name));
        }
        user::insert(tx, &made, hash.as_deref(), now)?;
        Ok((made.clone(), Vec::new()))
    })
    .await
}

async fn hash_of(app: &App, password: &str) -> Result<String, Error> {
    if password.is_empty() || password.len() > PASSWORD_BYTES {
        return Err(invalid("password", "***", format!("1 to {PASSWORD_BYTES} bytes")));
    }
    app.identity.passwords().hash(password).await
}

/// Changes a user; a new password and disabling end all its tokens. Operator only.
pub async fn update_user(
    app: &App,
    actor: &Actor,
    id: &UserId,
    changes: UserChange,
) -> Result<User, Error> {
    actor.needs_operator()?;
    changes.name.as_deref().map_or(Ok(()), |name| check_name("name", name))?;
    changes.description.as_deref().map_or(Ok(()), check_description)?;
    let hash = match &changes.password {
        Some(password) => Some(hash_of(app, password).await?),
        None => None,
    };
    let detail = format!(
        "user.update name={:?} enabled={:?} password={}",
        changes.name,
        changes.is_enabled,
        if hash.is_some() { "new" } else { "kept" }
    );
    let (id, target) = (id.clone(), id.to_string());
    let end = end_tokens_of_user(app, &id);
    change(app, actor, &target, detail, move |tx| {
        let mut known = user::user(tx, &id)?.ok_or_else(|| no_user(&id))?.user;
        let is_stopped = known.is_enabled && changes.is_enabled == Some(false);
        if is_stopped {
            check_not_last_operator(tx, &known)?;
        }
        rename(tx, &mut known, changes.name.as_deref())?;
        known.email = changes.email.clone().unwrap_or(known.email);
        known.description = changes.description.clone().unwrap_or(known.description);
        known.default_project = changes.default_project.clone().unwrap_or(known.default_project);
        known.is_enabled = changes.is_enabled.unwrap_or(known.is_enabled);
        user::update(tx, &known)?;
        if let Some(hash) = &hash {
            user::set_password(tx, &id, hash)?;
        }
        let ended = if is_stopped || hash.is_some() { end(tx)? } else { Vec::new() };
        Ok((known, ended))
    })
    .await
}

fn rename(tx: &mut Tx<'_>, known: &mut User, name: Option<&str>) -> Result<(), Error> {
    let Some(name) = name.filter(|name| *name != known.name) else { return Ok(()) };
    if user::by_name(tx, &known.account, name)?.is_some() {
        return Err(taken(name));
    }
    name.clone_into(&mut known.name);
    Ok(())
}

/// An installation without an operator could not be given one again from outside.
fn check_not_last_operator(tx: &mut Tx<'_>, known: &User) -> Result<(), Error> {
    if known.is_system_admin && known.is_enabled && user::operators(tx)? <= 1 {
        return Err(invalid("enabled", "false", "this is the last operator"));
    }
    Ok(())
}

/// Changes one's own password, proven by the old one, and ends all one's tokens. Failures count
/// against the limit of sign-ins. Errors: [`Code::WrongPassword`], also where there is no such user.
pub async fn change_password(
    app: &App,
    id: &UserId,
    old: &str,
    new: &str,
    origin: &Origin,
) -> Result<(), Error> {
    let known = user::read(&app.db, id).await?;
    let usable = known.filter(|known| known.user.is_enabled && known.is_account_enabled);
    let old_hash = usable.as_ref().and_then(|known| known.password_hash.clone());
    check_secret(app, id.as_str(), origin, old, old_hash.as_deref()).await?;
    let known = usable.ok_or_else(|| Error::new(Code::WrongPassword))?;
    let hash = hash_of(app, new).await?;
    let actor = Actor { session: self_session(app, known), origin: origin.clone() };
    let (target, id) = (id.to_string(), id.clone());
    let end = end_tokens_of_user(app, &id);
    change(app, &actor, &target, "user.password".to_owned(), move |tx| {
        let known = user::user(tx, &id)?.ok_or_else(|| Error::new(Code::WrongPassword))?;
        // Two changes at once: the second has proven a password that is no longer the one.
        if known.password_hash != old_hash {
            return Err(Error::new(Code::WrongPassword));
        }
        user::set_password(tx, &id, &hash)?;
        Ok(((), end(tx)?))
    })
    .await
}

/// A password proves who changes it; there need be no token.
fn self_session(app: &App, known: KnownUser) -> std::sync::Arc<super::Session> {
    let now = app.clock.now();
    std::sync::Arc::new(super::Session {
        user: known.user.id,
        user_name: known.user.name,
        user_account: known.user.account,
        user_epoch: known.epoch,
        scope: super::Scope::Unscoped,
        is_operator: false,
        issued_at: now,
        expires_at: now,
        audit_id: app.ids.hex(),
        parent_audit_id: None,
        methods: vec![super::Method::Password],
        application: None,
    })
}

/// Removes a user with its roles and credentials, and ends its tokens. Operator only.
pub async fn delete_user(app: &App, actor: &Actor, id: &UserId) -> Result<(), Error> {
    actor.needs_operator()?;
    let (id, target) = (id.clone(), id.to_string());
    let end = end_tokens_of_user(app, &id);
    change(app, actor, &target, "user.delete".to_owned(), move |tx| {
        let known = user::user(tx, &id)?.ok_or_else(|| no_user(&id))?;
        check_not_last_operator(tx, &known.user)?;
        let ended = end(tx)?;
        credential::delete_all_of_user(tx, &id)?;
        session::forget_user(tx, &id)?;
        user::delete(tx, &id)?;
        permission::forget_user(tx, &id)?;
        Ok(((), ended))
    })
    .await
}

/// A user: oneself, or any for the operator; nobody else learns whether there is one.
pub async fn user(app: &App, actor: &Actor, id: &UserId) -> Result<User, Error> {
    actor.needs_self_or_operator(id)?;
    let known = user::read(&app.db, id).await?;
    known.map(|known| known.user).ok_or_else(|| no_user(id))
}

/// The users of the installation. Operator only.
pub async fn users(app: &App, actor: &Actor, filter: UserFilter) -> Result<Vec<User>, Error> {
    actor.needs_operator()?;
    let users = user::read_list(&app.db, &filter).await?;
    Ok(users.into_iter().map(|known| known.user).collect())
}

/// The projects of a user: oneself, or any for the operator.
pub async fn projects_of(
    app: &App,
    actor: &Actor,
    id: &UserId,
) -> Result<Vec<KnownProject>, Error> {
    actor.needs_self_or_operator(id)?;
    let filter = ProjectFilter { user: Some(id.clone()), ..ProjectFilter::default() };
    tenant::read_projects(&app.db, &filter).await
}
