//! Notices: what a project or an account is told about its images and shares (RC-01, RC-02, DL-07).

use crate::id::{ImageId, RegionId};
use crate::image::words;
use crate::share::Recipient;
use crate::time::Timestamp;

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
    }
}

/// Where notices arrive: whose, and in which region (RC-02).
pub type Inbox = (Recipient, RegionId);

/// What one inbox is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who is told.
    pub to: Recipient,
    /// Where: the region of the image.
    pub region: RegionId,
    /// What happened.
    pub kind: NoticeKind,
    /// To which image.
    pub image: ImageId,
    /// How the image was called then: it may be gone when the notice is read.
    pub image_name: Option<String>,
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
}
