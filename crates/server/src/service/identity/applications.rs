//! Application credentials: secrets of their own for programs that act for a user in one project.

use lendglass_core::limits::APPLICATION_CREDENTIALS_OF_USER;
use lendglass_core::tenant::Assigned;
use lendglass_core::{Code, Error, Timestamp, UserId};
use lendglass_store::credential::{self, ApplicationCredential};
use lendglass_store::revocation::{Revocable, Revocation};
use lendglass_store::user;

use super::{
    Actor, Method, Scope, change, check_description, check_name, invalid, taken, with_included,
};
use crate::app::App;
use crate::drivers::identity::new_secret;

/// An application credential to be made.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Its secret; made where not said.
    pub secret: Option<String>,
    /// What it may be, at most; all that the user is where empty.
    pub roles: Vec<Assigned>,
    /// May make and remove application credentials.
    pub is_unrestricted: bool,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// Makes an application credential for the project of the token, for oneself. Answers it with its
/// secret, which is told this once.
pub async fn create_application(
    app: &App,
    actor: &Actor,
    owner: &UserId,
    new: NewApplication,
) -> Result<(ApplicationCredential, String), Error> {
    may_write(actor, owner)?;
    let Scope::Project(scope) = &actor.session.scope else {
        return Err(Error::new(Code::NoProjectScope));
    };
    check_name("name", &new.name)?;
    check_description(&new.description)?;
    if new.expires_at.is_some_and(|end| end <= app.clock.now()) {
        return Err(invalid("expires_at", "", "it lies in the past"));
    }
    let secret = new.secret.unwrap_or_else(new_secret);
    if secret.is_empty() || secret.len() > lendglass_core::limits::PASSWORD_BYTES {
        return Err(invalid("secret", "***", "it is empty or too long"));
    }
    let credential = ApplicationCredential {
        id: app.ids.hex(),
        user: owner.clone(),
        project: scope.project.clone(),
        name: new.name,
        description: new.description,
        secret_hash: app.identity.passwords().hash(&secret).await?,
        roles: new.roles,
        is_unrestricted: new.is_unrestricted,
        expires_at: new.expires_at,
    };
    let (id, now) = (credential.id.clone(), app.clock.now());
    let detail = format!("application_credential.create name={}", credential.name);
    let made = change(app, actor, &id, detail, move |tx| {
        let assigned = user::assigned(tx, &credential.user, &credential.project)?;
        let assigned = with_included(&assigned);
        let roles =
            if credential.roles.is_empty() { assigned.clone() } else { credential.roles.clone() };
        if let Some(missing) = roles.iter().find(|role| !assigned.contains(role)) {
            return Err(invalid("roles", missing.as_str(), "you do not have that role yourself"));
        }
        let of_user = credential::applications(tx, &credential.user)?;
        if of_user.len() >= APPLICATION_CREDENTIALS_OF_USER {
            let max = APPLICATION_CREDENTIALS_OF_USER;
            return Err(invalid("name", &credential.name, format!("at most {max} for a user")));
        }
        if of_user.iter().any(|other| other.name == credential.name) {
            return Err(taken(&credential.name));
        }
        let credential = ApplicationCredential { roles, ..credential.clone() };
        credential::insert_application(tx, &credential, now)?;
        Ok((credential, Vec::new()))
    })
    .await?;
    Ok((made, secret))
}

/// One's own; neither a token made with a restricted credential nor an access key makes others.
fn may_write(actor: &Actor, owner: &UserId) -> Result<(), Error> {
    let is_restricted = actor.session.methods.contains(&Method::AccessKey)
        || actor.session.application.as_ref().is_some_and(|used| !used.is_unrestricted);
    if is_restricted || actor.session.user != *owner {
        return Err(Error::new(Code::NotAvailableHere)
            .with("operation", "application credentials to others or to restricted ones"));
    }
    Ok(())
}

/// The application credentials of a user: one's own, or any for the operator.
pub async fn applications(
    app: &App,
    actor: &Actor,
    owner: &UserId,
) -> Result<Vec<ApplicationCredential>, Error> {
    actor.needs_self_or_operator(owner)?;
    credential::read_applications(&app.db, owner).await
}

/// One application credential: one's own, or any for the operator.
pub async fn application(
    app: &App,
    actor: &Actor,
    owner: &UserId,
    id: &str,
) -> Result<ApplicationCredential, Error> {
    actor.needs_self_or_operator(owner)?;
    let found = credential::read_application(&app.db, id).await?;
    found.filter(|found| found.user == *owner).ok_or_else(|| no_credential(id))
}

/// Removes an application credential and ends the tokens made with it: one's own, or any for the
/// operator.
pub async fn delete_application(
    app: &App,
    actor: &Actor,
    owner: &UserId,
    id: &str,
) -> Result<(), Error> {
    if !actor.session.is_operator {
        may_write(actor, owner)?;
    }
    let revocation = Revocation {
        kind: Revocable::ApplicationCredential,
        id: id.to_owned(),
        below: 1,
        expires_at: app.identity.revocation_end(),
    };
    let owner = owner.clone();
    change(app, actor, id, "application_credential.delete".to_owned(), move |tx| {
        let found = credential::application(tx, &revocation.id)?;
        if found.is_none_or(|found| found.user != owner) {
            return Err(no_credential(&revocation.id));
        }
        credential::delete_application(tx, &revocation.id)?;
        Ok(((), vec![revocation.clone()]))
    })
    .await
}

fn no_credential(id: &str) -> Error {
    Error::new(Code::CredentialNotFound).with("id", lendglass_core::text::shortened(id, 80))
}
