//! Who is meant by the id an owner typed (ID-08, SH-08, SH-19): the only way to a [`Recipient`].

use std::collections::BTreeSet;

use crate::error::{Code, Error};
use crate::id::{AccountId, ProjectId, RegionId};
use crate::limits::RECIPIENT_ID_CHARS;
use crate::policy::{CrossSite, Policy, RecipientKind};
use crate::share::Recipient;
use crate::tenant::{Account, Project};

/// A recipient as the owner named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The text: a project id, an account id, its decimal uid, or its root e-mail.
    pub text: String,
    /// The kind, where the caller said it; else the policy decides.
    pub kind: Option<RecipientKind>,
}

/// What the store knows about a [`Named`] recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The project with this id.
    pub project: Option<Project>,
    /// The account with this id, uid or e-mail.
    pub account: Option<Account>,
    /// The enabled projects of that account in the region asked about.
    pub account_projects: Vec<ProjectId>,
    /// Whether this is the id of a user.
    pub is_user: bool,
    /// The site of the account that was found; empty for an installation without others.
    pub site: String,
    /// Whether that site offers the region asked about.
    pub is_region_offered: bool,
}

/// Who shares, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The project that owns the image.
    pub project: &'a ProjectId,
    /// The account of that project.
    pub account: &'a AccountId,
    /// The region of the image.
    pub region: &'a RegionId,
    /// The site of the owner's account.
    pub site: &'a str,
}

/// Decides who is meant.
///
/// Where shares go by project, an account means its only project in the image's region; where they
/// go by account, a project means its account. A kind that the caller gave is taken literally.
/// Where `share.check_recipient` is off, an unknown id is kept as written.
///
/// Errors: [`Code::MalformedId`], [`Code::TenantNotFound`], [`Code::TenantNotInRegion`],
/// [`Code::RecipientAmbiguous`], [`Code::NotAnAccount`], [`Code::SelfShare`].
pub fn resolve(
    named: &Named,
    found: &Candidates,
    owner: &Owner<'_>,
    policy: &Policy,
) -> Result<Recipient, Error> {
    check_shape(&named.text)?;
    if !policy.share.check_recipient && named.kind != Some(RecipientKind::Account) {
        return match &found.project {
            Some(project) => Ok(Recipient::Project(project.id.clone())),
            None => ProjectId::as_written(&named.text).map(Recipient::Project),
        };
    }
    let recipient = match named.kind {
        Some(RecipientKind::Project) => project_here(named, found, owner)?,
        Some(RecipientKind::Account) => account_here(named, found, owner)?,
        None => by_policy(named, found, owner, policy)?,
    };
    check_site(named, found, owner, policy)?;
    let is_self = match &recipient {
        Recipient::Project(project) => project == owner.project,
        Recipient::Account(account) => account == owner.account,
    };
    if is_self {
        return Err(Error::new(Code::SelfShare).with("id", &named.text));
    }
    Ok(recipient)
}

/// Tenants of another site are known here only where the policy lets sites share and both offer the
/// region (RG-03); elsewhere they do not exist.
fn check_site(
    named: &Named,
    found: &Candidates,
    owner: &Owner<'_>,
    policy: &Policy,
) -> Result<(), Error> {
    if found.site == owner.site {
        return Ok(());
    }
    match policy.regions_cross_site_share {
        CrossSite::AllowIfCommonRegion if found.is_region_offered => Ok(()),
        CrossSite::AllowIfCommonRegion | CrossSite::Deny => {
            Err(Error::new(Code::TenantNotFound).with("id", &named.text))
        }
    }
}

fn by_policy(
    named: &Named,
    found: &Candidates,
    owner: &Owner<'_>,
    policy: &Policy,
) -> Result<Recipient, Error> {
    match policy.share.recipient_kind {
        RecipientKind::Project if found.project.is_some() => project_here(named, found, owner),
        RecipientKind::Project if found.account.is_some() => {
            match found.account_projects.as_slice() {
                [only] => Ok(Recipient::Project(only.clone())),
                [] => Err(about(Code::TenantNotInRegion, named, owner)),
                _ => Err(about(Code::RecipientAmbiguous, named, owner)),
            }
        }
        RecipientKind::Account if found.account.is_some() => account_here(named, found, owner),
        RecipientKind::Account if found.project.is_some() => {
            project_here(named, found, owner)?;
            found
                .project
                .as_ref()
                .map(|project| Recipient::Account(project.account.clone()))
                .ok_or_else(|| about(Code::TenantNotFound, named, owner))
        }
        RecipientKind::Project | RecipientKind::Account => Err(unknown(named, found, owner)),
    }
}

fn project_here(named: &Named, found: &Candidates, owner: &Owner<'_>) -> Result<Recipient, Error> {
    match &found.project {
        Some(project) if project.is_enabled => match &project.region {
            Some(home) if home != owner.region => Err(about(Code::TenantNotInRegion, named, owner)),
            Some(_) | None => Ok(Recipient::Project(project.id.clone())),
        },
        Some(_) | None => Err(unknown(named, found, owner)),
    }
}

fn account_here(named: &Named, found: &Candidates, owner: &Owner<'_>) -> Result<Recipient, Error> {
    match &found.account {
        Some(account) if account.is_enabled => Ok(Recipient::Account(account.id.clone())),
        Some(_) | None => Err(unknown(named, found, owner)),
    }
}

fn unknown(named: &Named, found: &Candidates, owner: &Owner<'_>) -> Error {
    let code = if found.is_user { Code::NotAnAccount } else { Code::TenantNotFound };
    about(code, named, owner)
}

fn about(code: Code, named: &Named, owner: &Owner<'_>) -> Error {
    Error::new(code).with("id", &named.text).with("region", owner.region)
}

/// Splits what people paste into a box of ids: commas, Chinese commas, semicolons, spaces and line
/// ends part them; repetitions are dropped, the order is kept (SH-13).
pub fn split_ids(text: &str) -> Vec<String> {
    let is_between = |c: char| matches!(c, ',' | '，' | ';' | '；' | '、') || c.is_whitespace();
    let mut known = BTreeSet::new();
    let ids = text.split(is_between).filter(|id| !id.is_empty() && known.insert(*id));
    ids.map(str::to_owned).collect()
}

/// Whether a text can name a recipient at all: 1 to 255 characters without control characters. Ask
/// before looking anything up: a database may refuse other text. Refuses with [`Code::MalformedId`].
pub fn check_shape(text: &str) -> Result<(), Error> {
    let chars = text.chars().count();
    if chars == 0 || chars > RECIPIENT_ID_CHARS || text.chars().any(char::is_control) {
        return Err(Error::new(Code::MalformedId).with("id", crate::text::shortened(text, 80)));
    }
    Ok(())
}

#[cfg(test)]
#[path = "recipient_tests.rs"]
mod tests;
