//! What counts, against which ceiling. Counts come from the transaction that decides, with the
//! parent row locked; these functions only compare.

use crate::error::{Code, Error};
use crate::image::{Image, ImageKind, words};
use crate::limits::NEARLY_FULL_PERCENT;
use crate::policy::{Ceiling, Policy};
use crate::share::{ShareState, counts};

words! {
    /// What of a project is counted against a ceiling, in each region.
    Quota {
        /// Images it owns; received ones do not count (SH-23).
        PrivateImages = "private_images",
        /// Distinct images it shares out (SH-16).
        SharedImages = "shared_images",
        /// Vaults it has (FS-12).
        Vaults = "vaults",
        /// What they hold at most together, GiB.
        VaultCapacity = "vault_capacity_gib",
    }
}

/// How much of a ceiling is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// So much.
    pub used: u64,
    /// Of so much.
    pub limit: u64,
}

impl Level {
    /// Whether there is so little left that the project should know.
    pub fn is_nearly_full(self) -> bool {
        self.used.saturating_mul(100) >= self.limit.saturating_mul(NEARLY_FULL_PERCENT)
    }
}

/// What a change does to a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filling {
    /// What it was.
    pub before: Level,
    /// What it is.
    pub after: Level,
}

impl Filling {
    /// By `more` under the same ceiling.
    pub fn by(used: u64, more: u64, limit: u64) -> Filling {
        let after = used.saturating_add(more);
        Filling { before: Level { used, limit }, after: Level { used: after, limit } }
    }

    /// Whether it is this change that leaves little. The next one does not, until enough has gone.
    pub fn makes_nearly_full(self) -> bool {
        self.after.is_nearly_full() && !self.before.is_nearly_full()
    }
}

/// The live shares of one image, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShareUsage {
    /// Offered and unanswered.
    pub pending: u32,
    /// Taken.
    pub accepted: u32,
    /// Refused.
    pub rejected: u32,
}

impl ShareUsage {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.pending + self.accepted + self.rejected
    }

    /// Those that use a tenant slot under `policy`.
    pub fn counting(&self, policy: &Policy) -> u32 {
        let of = |state, n| if counts(state, policy) { n } else { 0 };
        of(ShareState::Pending, self.pending)
            + of(ShareState::Accepted, self.accepted)
            + of(ShareState::Rejected, self.rejected)
    }

    /// The usage after one share went from `before` to `after`.
    pub fn moved(mut self, before: Option<ShareState>, after: Option<ShareState>) -> ShareUsage {
        if let Some(state) = before {
            *self.place(state) = self.place(state).saturating_sub(1);
        }
        if let Some(state) = after {
            *self.place(state) += 1;
        }
        self
    }

    fn place(&mut self, state: ShareState) -> &mut u32 {
        match state {
            ShareState::Pending => &mut self.pending,
            ShareState::Accepted => &mut self.accepted,
            ShareState::Rejected => &mut self.rejected,
        }
    }
}

/// The tenants an image of this kind may be shared with (SH-15, FS-10).
pub fn max_tenants(kind: ImageKind, policy: &Policy) -> Ceiling {
    match kind {
        ImageKind::SystemDisk => policy.share.max_tenants_system,
        ImageKind::DataDisk => policy.share.max_tenants_data,
        ImageKind::Iso => policy.share.max_tenants_iso,
        ImageKind::FullServer => policy.share.max_tenants_full_server,
    }
}

/// How many more recipients may hold an image (SH-11, SH-27); `None`: any number.
pub fn slots_left(kind: ImageKind, usage: ShareUsage, policy: &Policy) -> Ceiling {
    max_tenants(kind, policy).map(|max| max.saturating_sub(usage.counting(policy)))
}

/// Whether one share of `image` may go from `before` to `after` (SH-15, SH-17, SH-18). Checked at
/// invite and at accept alike. A lowered ceiling keeps what exists and refuses what is new (PF-03).
pub fn room_for_share(
    image: &Image,
    before: Option<ShareState>,
    after: ShareState,
    usage: ShareUsage,
    policy: &Policy,
) -> Result<(), Error> {
    let max = max_tenants(image.kind, policy);
    let takes_slot = counts(after, policy) && !before.is_some_and(|state| counts(state, policy));
    let is_new = before.is_none();
    if let Some(max) = max
        && ((takes_slot && usage.counting(policy) >= max) || (is_new && max == 0))
    {
        return Err(Error::new(Code::ShareTenantQuota)
            .with("image", image.name.as_deref().unwrap_or(image.id.as_str()))
            .with("max", max));
    }
    let opens = after == ShareState::Pending && before != Some(ShareState::Pending);
    if let Some(max) = policy.share.max_open_invitations
        && opens
        && !policy.share.pending_counts
        && usage.pending >= max
    {
        return Err(Error::new(Code::ShareInvitationQuota)
            .with("image", image.name.as_deref().unwrap_or(image.id.as_str()))
            .with("max", max));
    }
    Ok(())
}

/// Whether a project that shares out `used` distinct images may share one more (SH-16).
pub fn room_for_shared_image(used: u64, policy: &Policy) -> Result<(), Error> {
    match policy.share.max_shared_images {
        Some(max) if used >= u64::from(max) => {
            Err(Error::new(Code::ShareImageQuota).with("max", max).with("used", used))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether a project that owns `used` images may have one more (T-102). Received images do not
/// count (SH-23).
pub fn room_for_image(used: u32, policy: &Policy) -> Result<(), Error> {
    match policy.private_image_quota {
        Some(max) if used >= max => {
            Err(Error::new(Code::PrivateImageQuota).with("max", max).with("used", used))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether a record may have `count` properties.
pub fn room_for_properties(count: usize, policy: &Policy) -> Result<(), Error> {
    room(count, policy.image_properties_max, Code::PropertyQuota)
}

/// Whether a record may have `count` tags (T-048).
pub fn room_for_tags(count: usize, policy: &Policy) -> Result<(), Error> {
    room(count, policy.tags_max, Code::TagQuota)
}

/// Whether one request may name `count` recipients (SH-14).
pub fn room_for_ids(count: usize, policy: &Policy) -> Result<(), Error> {
    room(count, policy.share.max_ids_per_request, Code::TooManyIds)
}

fn room(count: usize, max: Ceiling, code: Code) -> Result<(), Error> {
    match max {
        Some(max) if count > max as usize => {
            Err(Error::new(code).with("max", max).with("count", count))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::fixtures::image;
    use crate::profile::Profile;
    use ShareState::{Accepted, Pending, Rejected};

    fn usage(pending: u32, accepted: u32, rejected: u32) -> ShareUsage {
        ShareUsage { pending, accepted, rejected }
    }

    fn code(result: Result<(), Error>) -> Option<Code> {
        result.err().map(|error| error.code())
    }

    #[test]
    fn a_level_is_nearly_full_from_four_fifths_on_and_told_once() {
        let tells = |used, more, limit| Filling::by(used, more, limit).makes_nearly_full();
        let told: Vec<u64> = (0..10).filter(|used| tells(*used, 1, 10)).collect();
        assert_eq!(told, [7], "the eighth of ten, and no other");
        assert!(tells(0, 10, 10), "all at once");
        assert!(tells(3, 1, 5) && !tells(2, 1, 5) && tells(0, 1, 1));
        assert!(!tells(0, 0, 0), "nothing of nothing is no change");
        let shrunk = Filling {
            before: Level { used: 50, limit: 100 },
            after: Level { used: 50, limit: 60 },
        };
        assert!(shrunk.makes_nearly_full(), "the ceiling came down");
        assert!(!tells(0, 1, u64::MAX) && tells(0, u64::MAX, u64::MAX));
    }

    #[test]
    fn sh_15_at_n_allowed_and_at_n_plus_1_refused_for_every_profile_and_kind() {
        for profile in Profile::ALL {
            let policy = profile.policy();
            for kind in ImageKind::ALL {
                let mut image = image("sys1", "A");
                image.kind = *kind;
                let Some(max) = max_tenants(*kind, &policy) else { continue };
                if max > 0 {
                    let fits =
                        room_for_share(&image, None, Accepted, usage(0, max - 1, 0), &policy);
                    assert_eq!(code(fits), None, "{} {kind:?}", profile.as_str());
                }
                let over = room_for_share(&image, None, Accepted, usage(0, max, 0), &policy);
                assert_eq!(
                    code(over),
                    Some(Code::ShareTenantQuota),
                    "{} {kind:?}",
                    profile.as_str()
                );
            }
        }
    }

    #[test]
    fn sh_17_unanswered_offers_use_no_slot_and_the_answer_is_checked_again() {
        let mut policy = Profile::Huawei.policy();
        policy.share.max_tenants_system = Some(2);
        let image = image("sys1", "A");
        assert_eq!(code(room_for_share(&image, None, Pending, usage(2, 2, 0), &policy)), None);
        let third = room_for_share(&image, Some(Pending), Accepted, usage(1, 2, 0), &policy);
        assert_eq!(code(third), Some(Code::ShareTenantQuota));
        policy.share.pending_counts = true;
        let at_invite = room_for_share(&image, None, Pending, usage(1, 1, 0), &policy);
        assert_eq!(code(at_invite), Some(Code::ShareTenantQuota));
        let at_accept = room_for_share(&image, Some(Pending), Accepted, usage(1, 1, 0), &policy);
        assert_eq!(code(at_accept), None, "the pending share already holds the slot");
    }

    #[test]
    fn sh_18_the_sixth_open_invitation_of_five_is_refused() {
        let mut policy = Profile::Huawei.policy();
        policy.share.max_open_invitations = Some(5);
        let image = image("sys1", "A");
        assert_eq!(code(room_for_share(&image, None, Pending, usage(4, 0, 0), &policy)), None);
        let sixth = room_for_share(&image, Some(Rejected), Pending, usage(5, 0, 1), &policy);
        assert_eq!(code(sixth), Some(Code::ShareInvitationQuota));
    }

    #[test]
    fn pf_03_a_lowered_ceiling_keeps_what_exists() {
        let mut policy = Profile::Huawei.policy();
        policy.share.max_tenants_system = Some(3);
        let image = image("sys1", "A");
        let unchanged = room_for_share(&image, Some(Accepted), Accepted, usage(0, 200, 0), &policy);
        assert_eq!(code(unchanged), None);
    }

    #[test]
    fn sh_16_and_the_small_ceilings_at_n_and_n_plus_1() {
        let policy = Profile::Ctyun.policy();
        assert_eq!(code(room_for_shared_image(29, &policy)), None);
        assert_eq!(code(room_for_shared_image(30, &policy)), Some(Code::ShareImageQuota));
        assert_eq!(code(room_for_image(9, &policy)), None);
        assert_eq!(code(room_for_image(10, &policy)), Some(Code::PrivateImageQuota));
        assert_eq!(code(room_for_tags(10, &policy)), None);
        assert_eq!(code(room_for_tags(11, &policy)), Some(Code::TagQuota));
        assert_eq!(code(room_for_properties(128, &policy)), None);
        assert_eq!(code(room_for_properties(129, &policy)), Some(Code::PropertyQuota));
        assert_eq!(code(room_for_ids(128, &policy)), None);
        assert_eq!(code(room_for_ids(129, &policy)), Some(Code::TooManyIds));
        assert_eq!(code(room_for_shared_image(9_999, &Profile::Huawei.policy())), None);
    }

    #[test]
    fn usage_moves_with_its_shares() {
        let after = usage(1, 0, 0).moved(Some(Pending), Some(Accepted)).moved(None, Some(Rejected));
        assert_eq!(after, usage(0, 1, 1));
        assert_eq!(after.moved(Some(Accepted), None).total(), 1);
    }
}
