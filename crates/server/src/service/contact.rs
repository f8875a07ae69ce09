//! Who stands behind a share or an image, for dialects whose clients know accounts only: a share to a
//! project is its account's there, and each account has one row.

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::permission::Action;
use lendglass_core::share::{Recipient, Share, ShareState};
use lendglass_core::tenant::Caller;
use lendglass_core::{AccountId, Code, Error, ImageId, ProjectId};
use lendglass_store::{share as store_share, tenant as store_tenant};

use crate::app::App;
use crate::service::{Seen, image, share_view};

/// An account as others may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The account.
    pub account: AccountId,
    /// Its root e-mail, where one of its projects lets others know its name (SH-20).
    pub email: Option<String>,
}

/// Whom an own image is shared with.
#[derive(Clone, Debug)]
pub struct Given {
    /// The account; `None` for a project that is not known here.
    pub contact: Option<Contact>,
    /// Its live shares of the image, at least one: to the account and to projects of it.
    pub shares: Vec<Share>,
}

impl Given {
    /// Where the account stands: the state that gives it most.
    pub fn state(&self) -> ShareState {
        let has = |state: ShareState| self.shares.iter().any(|share| share.state == state);
        let strongest = [ShareState::Accepted, ShareState::Pending];
        strongest.into_iter().find(|state| has(*state)).unwrap_or(ShareState::Rejected)
    }
}

/// The accounts that hold some projects; projects that are not known here are left out.
pub async fn of_projects(
    app: &App,
    caller: &Caller,
    projects: &[ProjectId],
) -> Result<BTreeMap<ProjectId, Contact>, Error> {
    let known = store_tenant::read_projects_by_id(&app.db, projects).await?;
    let accounts: BTreeSet<AccountId> =
        known.iter().map(|project| project.account.clone()).collect();
    let contacts = of_accounts(app, caller, accounts).await?;
    let contact = |account: &AccountId| contacts.get(account).cloned();
    Ok(known.into_iter().filter_map(|p| contact(&p.account).map(|known| (p.id, known))).collect())
}

/// The caller's own account.
pub async fn own(app: &App, caller: &Caller) -> Result<Contact, Error> {
    let account = caller.account.clone();
    let mut contacts = of_accounts(app, caller, BTreeSet::from([account.clone()])).await?;
    Ok(contacts.remove(&account).unwrap_or(Contact { account, email: None }))
}

async fn of_accounts(
    app: &App,
    caller: &Caller,
    accounts: BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Contact>, Error> {
    let accounts: Vec<AccountId> = accounts.into_iter().collect();
    let told = store_tenant::read_emails(&app.db, &accounts, &caller.account).await?;
    let mut emails: BTreeMap<AccountId, String> = told.into_iter().collect();
    let contact = |account: AccountId| {
        let email = emails.remove(&account);
        (account.clone(), Contact { account, email })
    };
    Ok(accounts.into_iter().map(contact).collect())
}

/// Whom an own image is shared with, account by account, in a stable order.
///
/// Errors: as [`share_view::of_image`]; [`Code::NotImageOwner`] for a recipient.
pub async fn given(app: &App, caller: &Caller, id: &ImageId) -> Result<(Seen, Vec<Given>), Error> {
    let given = given_to_change(app, caller, id).await?;
    caller.may(Action::SharesList)?;
    Ok(given)
}

/// As [`given`], for a change that must know which shares an account means.
pub async fn given_to_change(
    app: &App,
    caller: &Caller,
    id: &ImageId,
) -> Result<(Seen, Vec<Given>), Error> {
    let seen = image::seen(app, caller, id).await?;
    if seen.image.owner != caller.project && !caller.is_operator {
        return Err(Error::new(Code::NotImageOwner).with("id", id));
    }
    let shares = share_view::shares_of(app, caller, id).await?;
    let (mut projects, mut accounts) = (Vec::new(), BTreeSet::new());
    for share in &shares {
        match &share.recipient {
            Recipient::Project(project) => projects.push(project.clone()),
            Recipient::Account(account) => drop(accounts.insert(account.clone())),
        }
    }
    let by_project = of_projects(app, caller, &projects).await?;
    let by_account = of_accounts(app, caller, accounts).await?;
    let mut rows: BTreeMap<String, Given> = BTreeMap::new();
    for share in shares {
        let contact = match &share.recipient {
            Recipient::Project(project) => by_project.get(project),
            Recipient::Account(account) => by_account.get(account),
        };
        let key = contact.map_or(share.recipient.id(), |known| known.account.as_str()).to_owned();
        let row = rows.entry(key);
        let row = row.or_insert_with(|| Given { contact: contact.cloned(), shares: Vec::new() });
        row.shares.push(share);
    }
    Ok((seen, rows.into_values().collect()))
}

/// Those of some own images that somebody has accepted.
pub async fn accepted(app: &App, ids: &[ImageId]) -> Result<BTreeSet<ImageId>, Error> {
    let usages = store_share::usage_of(&app.db, ids, app.clock.now()).await?;
    Ok(usages.into_iter().filter(|(_, usage)| usage.accepted > 0).map(|(id, _)| id).collect())
}
