//! Accounts, for the operator.

use lendglass_core::tenant::Account;
use lendglass_core::{AccountId, Code, Error};
use lendglass_store::{credential, tenant, user};

use super::{
    Actor, Scope, change, check_name, end_tokens_of_project, end_tokens_of_user, invalid,
    no_account, taken,
};
use crate::app::App;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// Its root e-mail.
    pub email: Option<String>,
    /// Whether it is enabled.
    pub is_enabled: bool,
}

/// What shall be different; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The name.
    pub name: Option<String>,
    /// The root e-mail.
    pub email: Option<String>,
    /// Whether it is enabled.
    pub is_enabled: Option<bool>,
}

/// Makes an account. Operator only. Errors: [`Code::NameTaken`].
pub async fn create_account(app: &App, actor: &Actor, new: NewAccount) -> Result<Account, Error> {
    actor.needs_operator()?;
    check_name("name", &new.name)?;
    let account = Account {
        id: AccountId::trusted(app.ids.hex()),
        uid: app.ids.account_uid(),
        email: new.email,
        name: new.name,
        is_enabled: new.is_enabled,
    };
    let now = app.clock.now();
    let (id, detail) = (account.id.to_string(), format!("account.create name={}", account.name));
    change(app, actor, &id, detail, move |tx| {
        if tenant::account_by_name(tx, &account.name)?.is_some() {
            return Err(taken(&account.name));
        }
        check_email_is_free(tx, &account)?;
        tenant::insert_account(tx, &account, now)?;
        Ok((account.clone(), Vec::new()))
    })
    .await
}

fn check_email_is_free(tx: &mut lendglass_store::Tx<'_>, account: &Account) -> Result<(), Error> {
    let Some(email) = &account.email else { return Ok(()) };
    if !email.contains('@') {
        return Err(invalid("email", email, "an e-mail address has an @"));
    }
    match tenant::account_by_any(tx, email)? {
        Some(other) if other.id != account.id => Err(taken(email)),
        Some(_) | None => Ok(()),
    }
}

/// Changes an account; disabling it ends every token of its users and for its projects. Operator
/// only.
pub async fn update_account(
    app: &App,
    actor: &Actor,
    id: &AccountId,
    changes: AccountChange,
) -> Result<Account, Error> {
    actor.needs_operator()?;
    if let Some(name) = &changes.name {
        check_name("name", name)?;
    }
    if changes.is_enabled == Some(false) && actor.session.user_account == *id {
        return Err(invalid("enabled", "false", "it is your own account"));
    }
    let (target, detail) = (id.to_string(), format!("account.update {changes:?}"));
    let (id, app_again) = (id.clone(), app.clone());
    change(app, actor, &target, detail, move |tx| {
        let mut account = tenant::account(tx, &id)?.ok_or_else(|| no_account(&id))?;
        let ends = account.is_enabled && changes.is_enabled == Some(false);
        if let Some(name) = &changes.name
            && *name != account.name
        {
            if tenant::account_by_name(tx, name)?.is_some() {
                return Err(taken(name));
            }
            account.name.clone_from(name);
        }
        if let Some(email) = &changes.email {
            account.email = Some(email.clone()).filter(|email| !email.is_empty());
            check_email_is_free(tx, &account)?;
        }
        account.is_enabled = changes.is_enabled.unwrap_or(account.is_enabled);
        tenant::update_account(tx, &account)?;
        let ended = if ends { end_all(&app_again, tx, &id)? } else { Vec::new() };
        Ok((account, ended))
    })
    .await
}

fn end_all(
    app: &App,
    tx: &mut lendglass_store::Tx<'_>,
    id: &AccountId,
) -> Result<Vec<lendglass_store::revocation::Revocation>, Error> {
    let mut ended = Vec::new();
    for project in tenant::projects_of_account(tx, id)? {
        ended.extend(end_tokens_of_project(app, &project)(tx)?);
    }
    for user in user::of_account(tx, id)? {
        ended.extend(end_tokens_of_user(app, &user)(tx)?);
    }
    Ok(ended)
}

/// Removes a disabled account with its users and projects. Operator only. Images of its projects
/// stay: the operator still sees them.
pub async fn delete_account(app: &App, actor: &Actor, id: &AccountId) -> Result<(), Error> {
    actor.needs_operator()?;
    let (id, target, app_again) = (id.clone(), id.to_string(), app.clone());
    change(app, actor, &target, "account.delete".to_owned(), move |tx| {
        let account = tenant::account(tx, &id)?.ok_or_else(|| no_account(&id))?;
        if account.is_enabled {
            return Err(invalid("enabled", "true", "disable the account before deleting it"));
        }
        let ended = end_all(&app_again, tx, &id)?;
        for project in tenant::projects_of_account(tx, &id)? {
            user::take_all_in(tx, &project)?;
            credential::delete_all_of_project(tx, &project)?;
            tenant::delete_project(tx, &project)?;
        }
        for user in user::of_account(tx, &id)? {
            credential::delete_all_of_user(tx, &user)?;
            user::delete(tx, &user)?;
        }
        tenant::delete_account(tx, &id)?;
        Ok(((), ended))
    })
    .await
}

/// An account: one's own, or any for the operator; nobody else learns whether there is one.
pub async fn account(app: &App, actor: &Actor, id: &AccountId) -> Result<Account, Error> {
    if !own(actor).contains(&id) {
        actor.needs_operator()?;
    }
    tenant::read_account(&app.db, id).await?.ok_or_else(|| no_account(id))
}

/// The accounts of the installation, for the operator.
pub async fn accounts(
    app: &App,
    actor: &Actor,
    name: Option<&str>,
    is_enabled: Option<bool>,
) -> Result<Vec<Account>, Error> {
    actor.needs_operator()?;
    tenant::read_accounts(&app.db, name, is_enabled).await
}

/// The accounts a token may be asked for: one's own; all for the operator.
pub async fn my_accounts(app: &App, actor: &Actor) -> Result<Vec<Account>, Error> {
    if actor.session.is_operator {
        return tenant::read_accounts(&app.db, None, Some(true)).await;
    }
    let own = tenant::read_account(&app.db, &actor.session.user_account).await?;
    own.map(|account| vec![account]).ok_or_else(|| Error::new(Code::TokenRevoked))
}

fn own(actor: &Actor) -> Vec<&AccountId> {
    let mut own = vec![&actor.session.user_account];
    match &actor.session.scope {
        Scope::Project(scope) => own.push(&scope.account),
        Scope::Unscoped | Scope::Account(_) | Scope::System => {}
    }
    own
}
