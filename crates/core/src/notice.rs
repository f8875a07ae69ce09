//! Notices: what a project or an account is told about its images and shares (RC-01, RC-02, DL-07),
//! its vaults and its quotas.

use crate::id::{ImageId, ProjectId, RegionId, VaultId};
use crate::image::words;
use crate::quota::{Filling, Level, Quota};
use crate::share::Recipient;
use crate::time::Timestamp;
use crate::vault::Vault;

words! {
    /// What happened.
    NoticeKind {
        /// To the recipient: an image was offered, or is accepted at once.
        ImageShared = "image.shared",
        /// To the recipient: an image was offered again after a rejection.
        ImageSharedAgain = "image.shared_again",
        /// To the owner: an offer was taken.
        ShareAccepted = "share.accepted",
        /// To the owner: an offer was refused.
        ShareRejected = "share.rejected",
        /// To the owner: a recipient who had accepted has left.
        ShareLeft = "share.left",
        /// To the owner: a recipient undid his answer; the share is what it was before.
        ShareChanged = "share.changed",
        /// To the recipient: the owner took a share back.
        ImageWithdrawn = "image.withdrawn",
        /// To the recipient: the image is gone.
        ImageDeleted = "image.deleted",
        /// To the owner: the stored bytes are damaged; they are not served any more.
        ImageDamaged = "image.damaged",
        /// To both sides: an offer or an access ends soon.
        ShareLapsing = "share.lapsing",
        /// To both sides: an offer was not answered in time.
        ShareLapsed = "share.lapsed",
        /// To both sides: an access has come to its end.
        ShareEnded = "share.ended",
        /// To the owner: an image takes no further recipient.
        ShareCeilingReached = "share.ceiling_reached",
        /// To the recipient: the owner asks for an answer.
        ShareReminded = "share.reminded",
        /// To the recipient: the room that an image took in a vault is free again.
        VaultReleased = "vault.released",
        /// To the project: one of its vaults has become nearly full.
        VaultNearlyFull = "vault.nearly_full",
        /// To the project: one of its quotas has become nearly used up.
        QuotaNearlyFull = "quota.nearly_full",
    }
}

/// Where notices arrive: whose, and in which region (RC-02).
pub type Inbox = (Recipient, RegionId);

/// What a notice is about, as it was then: it may be gone, or fuller, when the notice is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An image.
    Image {
        /// Its id.
        id: ImageId,
        /// Its name.
        name: Option<String>,
    },
    /// A vault.
    Vault {
        /// Its id.
        id: VaultId,
        /// Its name.
        name: String,
        /// How full it was, GiB.
        level: Level,
    },
    /// A quota of the project in the region.
    Quota {
        /// Which.
        quota: Quota,
        /// How much of it was used.
        level: Level,
    },
}

/// What one inbox is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who is told.
    pub to: Recipient,
    /// Where: the region of the image, the vault or the quota.
    pub region: RegionId,
    /// What happened.
    pub kind: NoticeKind,
    /// To what.
    pub subject: Subject,
    /// The other side.
    pub counterpart: Option<Recipient>,
    /// A message of people, plain text.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Notice {
    /// The inbox it arrives in.
    pub fn inbox(&self) -> Inbox {
        (self.to.clone(), self.region.clone())
    }

    /// What a project is told when one of its quotas is used more: something only where that makes it
    /// nearly full.
    pub fn of_quota(
        project: &ProjectId,
        region: &RegionId,
        quota: Quota,
        filling: Filling,
        at: Timestamp,
    ) -> Option<Notice> {
        filling.makes_nearly_full().then(|| Notice {
            to: Recipient::Project(project.clone()),
            region: region.clone(),
            kind: NoticeKind::QuotaNearlyFull,
            subject: Subject::Quota { quota, level: filling.after },
            counterpart: None,
            note: None,
            at,
        })
    }

    /// As [`Notice::of_quota`], for what a vault keeps, GiB.
    pub fn of_vault(vault: &Vault, filling: Filling, at: Timestamp) -> Option<Notice> {
        filling.makes_nearly_full().then(|| Notice {
            to: Recipient::Project(vault.project.clone()),
            region: vault.region.clone(),
            kind: NoticeKind::VaultNearlyFull,
            subject: Subject::Vault {
                id: vault.id.clone(),
                name: vault.name.clone(),
                level: filling.after,
            },
            counterpart: None,
            note: None,
            at,
        })
    }
}

impl NoticeKind {
    /// Whether the other side of such a notice is who offers the image: an offer says who makes it
    /// (RC-19), whether or not others may know his name.
    pub fn is_from_owner(self) -> bool {
        match self {
            NoticeKind::ImageShared
            | NoticeKind::ImageSharedAgain
            | NoticeKind::ImageWithdrawn
            | NoticeKind::ImageDeleted
            | NoticeKind::ShareReminded
            | NoticeKind::VaultReleased => true,
            NoticeKind::ImageDamaged
            | NoticeKind::ShareAccepted
            | NoticeKind::ShareRejected
            | NoticeKind::ShareLeft
            | NoticeKind::ShareChanged
            | NoticeKind::ShareLapsing
            | NoticeKind::ShareLapsed
            | NoticeKind::ShareEnded
            | NoticeKind::ShareCeilingReached
            | NoticeKind::VaultNearlyFull
            | NoticeKind::QuotaNearlyFull => false,
        }
    }
}

/// Which of the two inboxes that a caller reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The project's.
    Project,
    /// Its account's.
    Account,
}

impl Side {
    /// Both, the project's first.
    pub const BOTH: [Side; 2] = [Side::Project, Side::Account];

    fn letter(self) -> char {
        match self {
            Side::Project => 'p',
            Side::Account => 'a',
        }
    }
}

/// The name of a notice among those of a project and its account in a region: `p42`, `a7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId {
    /// In which inbox.
    pub side: Side,
    /// Its number there, from 1.
    pub number: i64,
}

impl NoticeId {
    /// Reads `p42` or `a7`.
    pub fn parse(text: &str) -> Option<NoticeId> {
        Side::BOTH.into_iter().find_map(|side| {
            let number = parse_number(text.strip_prefix(side.letter())?)?;
            Some(NoticeId { side, number })
        })
    }
}

impl std::fmt::Display for NoticeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.side.letter(), self.number)
    }
}

/// A place in both inboxes, between two notices of each: `p42.a7`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// The number in the project's inbox.
    pub project: i64,
    /// The number in the account's.
    pub account: i64,
}

impl Position {
    /// Reads `p42.a7`.
    pub fn parse(text: &str) -> Option<Position> {
        let (project, account) = text.split_once('.')?;
        let project = parse_number(project.strip_prefix(Side::Project.letter())?)?;
        let account = parse_number(account.strip_prefix(Side::Account.letter())?)?;
        Some(Position { project, account })
    }

    /// The number in one inbox.
    pub fn of(&self, side: Side) -> i64 {
        match side {
            Side::Project => self.project,
            Side::Account => self.account,
        }
    }

    /// The same with another number in one inbox.
    #[must_use]
    pub fn with(self, side: Side, number: i64) -> Position {
        match side {
            Side::Project => Position { project: number, ..self },
            Side::Account => Position { account: number, ..self },
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p{}.a{}", self.project, self.account)
    }
}

/// Digits only: no sign, no space.
fn parse_number(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_positions_are_read_as_they_are_written() {
        let id = NoticeId { side: Side::Account, number: 7 };
        assert_eq!(NoticeId::parse(&id.to_string()), Some(id));
        let position = Position { project: 42, account: 7 };
        assert_eq!(position.to_string(), "p42.a7");
        assert_eq!(Position::parse("p42.a7"), Some(position));
        for bad in ["", "p", "p-1", "p+1", "x1", "p1.a", "p99999999999999999999"] {
            assert_eq!(NoticeId::parse(bad), None, "{bad}");
        }
        for bad in ["", "p1", "a1.p1", "p1.a1.", "p.a", "p1.a-1"] {
            assert_eq!(Position::parse(bad), None, "{bad}");
        }
    }
}
