//! The share: an image offered to a recipient, and the one state machine of it.

use crate::error::{Code, Error};
use crate::id::{AccountId, ImageId, ProjectId, RegionId, UserId};
use crate::image::words;
use crate::policy::{Acceptance, Policy, Reinvite};
use crate::time::Timestamp;

/// An image offered to a recipient. No share means not shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// What is offered.
    pub image: ImageId,
    /// To whom.
    pub recipient: Recipient,
    /// The project that owns the image.
    pub owner: ProjectId,
    /// The region of the image.
    pub region: RegionId,
    /// Where it is.
    pub state: ShareState,
    /// A message with the offer (SH-22), plain text.
    pub note: Option<String>,
    /// When an unanswered offer lapses.
    pub lapses_at: Option<Timestamp>,
    /// When the access ends, whatever the state (SH-41).
    pub ends_at: Option<Timestamp>,
    /// The digest that was accepted (RC-25).
    pub accepted_digest: Option<String>,
    /// When it was last offered anew.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who receives a share. Both kinds work under every profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// One project.
    Project(ProjectId),
    /// An account: every project of it in the image's region.
    Account(AccountId),
}

impl Recipient {
    /// The stored word for the kind of recipient.
    pub fn kind(&self) -> &'static str {
        match self {
            Recipient::Project(_) => "project",
            Recipient::Account(_) => "account",
        }
    }

    /// The id of the project or account.
    pub fn id(&self) -> &str {
        match self {
            Recipient::Project(id) => id.as_str(),
            Recipient::Account(id) => id.as_str(),
        }
    }

    /// The recipient of a stored kind and id; `None` for an unknown kind.
    pub fn from_parts(kind: &str, id: &str) -> Option<Recipient> {
        match kind {
            "project" => Some(Recipient::Project(ProjectId::trusted(id))),
            "account" => Some(Recipient::Account(AccountId::trusted(id))),
            _ => None,
        }
    }
}

words! {
    /// Where a share is. No row: not shared.
    ShareState {
        /// Offered, not answered.
        Pending = "pending",
        /// Taken.
        Accepted = "accepted",
        /// Refused, or dropped after having been taken.
        Rejected = "rejected",
    }
}

words! {
    /// What can happen to a share.
    ShareEvent {
        /// The owner offers.
        Invite = "invite",
        /// The recipient takes.
        Accept = "accept",
        /// The recipient refuses, or drops what he had taken.
        Reject = "reject",
        /// The owner takes back.
        Withdraw = "withdraw",
        /// The recipient wants to answer later after all.
        Reopen = "reopen",
        /// Time ran out: of the offer, or of the access.
        Lapse = "lapse",
    }
}

/// What an event does to a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing; the state already is what was asked for.
    Unchanged,
    /// The share is now in this state.
    To(ShareState),
    /// There is no share any more.
    Removed,
}

/// The whole share machine (requirements §2, ST-01…ST-08): what `event` does to a share in `from`
/// (`None`: there is no share) under `policy`, which is the one of the image's owner.
///
/// Errors: [`Code::NotShared`] where nothing is there to answer or end, [`Code::AlreadyShared`]
/// (`share.reinvite_rejected = conflict`), [`Code::RecipientMayNotRemove`],
/// [`Code::RecipientMayNotReopen`], [`Code::ShareAccepted`] (`owner.may_remove_accepted = false`).
pub fn transition(
    from: Option<ShareState>,
    event: ShareEvent,
    policy: &Policy,
) -> Result<Change, Error> {
    use ShareEvent::{Accept, Invite, Lapse, Reject, Reopen, Withdraw};
    use ShareState::{Accepted, Pending, Rejected};
    match (from, event) {
        (None, Invite) => Ok(Change::To(offered(policy))),
        (None, Accept | Reject | Withdraw | Reopen | Lapse) => Err(Error::new(Code::NotShared)),

        (Some(Pending), Invite | Reopen) => Ok(Change::Unchanged),
        (Some(Pending), Accept) => Ok(Change::To(Accepted)),
        (Some(Pending), Reject) => Ok(Change::To(Rejected)),
        (Some(Pending), Withdraw | Lapse) => Ok(Change::Removed),

        (Some(Accepted), Invite | Accept) => Ok(Change::Unchanged),
        (Some(Accepted), Reject) if policy.recipient.may_remove => Ok(Change::To(Rejected)),
        (Some(Accepted), Reject) => Err(Error::new(Code::RecipientMayNotRemove)),
        (Some(Accepted), Withdraw) if policy.owner.may_remove_accepted => Ok(Change::Removed),
        (Some(Accepted), Withdraw) => Err(Error::new(Code::ShareAccepted)),
        (Some(Accepted), Lapse) => Ok(Change::Removed),

        (Some(Rejected), Invite) => match policy.share.reinvite_rejected {
            Reinvite::Pending => Ok(Change::To(offered(policy))),
            Reinvite::Accepted => Ok(Change::To(Accepted)),
            Reinvite::Conflict => Err(Error::new(Code::AlreadyShared)),
        },
        (Some(Rejected), Accept) => Ok(Change::To(Accepted)),
        (Some(Rejected), Reject) => Ok(Change::Unchanged),
        (Some(Rejected), Withdraw | Lapse) => Ok(Change::Removed),

        (Some(Accepted | Rejected), Reopen) if policy.recipient.may_reopen => {
            Ok(Change::To(Pending))
        }
        (Some(Accepted | Rejected), Reopen) => Err(Error::new(Code::RecipientMayNotReopen)),
    }
}

words! {
    /// What a standing rule of the recipient does with an offer (RC-20).
    Verdict {
        /// It is accepted at once.
        Accept = "accept",
        /// It is rejected at once, and nobody is told; it can be accepted later all the same.
        Refuse = "refuse",
    }
}

/// What a recipient does with every offer of an owner before anybody looks (RC-20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingRule {
    /// Whose rule: a project, or an account for offers to the account.
    pub recipient: Recipient,
    /// The owning project, or the account of all owning projects.
    pub owner: Recipient,
    /// What is done.
    pub verdict: Verdict,
    /// Who set it.
    pub set_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// The state an offer comes to, `offered` being what [`transition`] said: the recipient's own rule
/// decides before the policy's automatic acceptance does.
pub fn by_rule(offered: ShareState, verdict: Option<Verdict>) -> ShareState {
    match verdict {
        None => offered,
        Some(Verdict::Accept) => ShareState::Accepted,
        Some(Verdict::Refuse) => ShareState::Rejected,
    }
}

fn offered(policy: &Policy) -> ShareState {
    match policy.share.acceptance {
        Acceptance::Explicit => ShareState::Pending,
        Acceptance::Automatic => ShareState::Accepted,
    }
}

/// Whether a share still gives anything at `now`: an ended access and a lapsed offer do not, even
/// before the sweeper has removed the row.
pub fn is_live(share: &Share, now: Timestamp) -> bool {
    let ended = share.ends_at.is_some_and(|at| at <= now);
    let lapsed = share.state == ShareState::Pending && share.lapses_at.is_some_and(|at| at <= now);
    !ended && !lapsed
}

/// Whether the recipient may see the *record* by id: any live share, whatever its state.
pub fn is_visible(share: &Share, now: Timestamp) -> bool {
    is_live(share, now)
}

/// Whether the image stands in the recipient's list (RC-08, RC-09, RC-11): only when accepted.
pub fn is_listed(state: ShareState) -> bool {
    match state {
        ShareState::Accepted => true,
        ShareState::Pending | ShareState::Rejected => false,
    }
}

/// Whether the recipient may use the image (RC-10): accepted, or in any state where the policy does
/// not ask for acceptance (`share.use_requires_acceptance = false`, as Glance).
pub fn may_use(share: &Share, policy: &Policy, now: Timestamp) -> bool {
    is_live(share, now)
        && (share.state == ShareState::Accepted || !policy.share.use_requires_acceptance)
}

/// Whether a share in `state` uses one of the image's tenant slots (SH-15, SH-17).
pub fn counts(state: ShareState, policy: &Policy) -> bool {
    match state {
        ShareState::Accepted => true,
        ShareState::Pending => policy.share.pending_counts,
        ShareState::Rejected => policy.share.rejected_counts,
    }
}

#[cfg(test)]
#[path = "share_tests.rs"]
mod tests;
