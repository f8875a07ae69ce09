//! The built-in profiles: one column of the documentation's table each (PF-01).
//!
//! A profile is what is allowed, never how it looks on the wire; every profile works under every
//! dialect.

use crate::error::Error;
use crate::image::{Visibility, words};
use crate::policy::{
    Acceptance, Allowance, CrossSite, DeletePolicy, DeleteWhileShared, EncryptedSharing,
    FullServerSources, OwnerPolicy, Policy, RecipientKind, RecipientPolicy, Reinvite, SharePolicy,
};

words! {
    /// A named policy.
    Profile {
        /// The default: Huawei's sharing rules without its small quotas.
        Lendglass = "lendglass",
        /// Huawei Cloud, 256 tenants.
        Huawei = "huawei",
        /// Huawei Cloud's international site, 128 tenants.
        Huawei128 = "huawei-128",
        /// CTyun 3.0.
        Ctyun = "ctyun",
        /// CTyun's API v4.
        CtyunV4 = "ctyun-v4",
        /// Tencent Cloud.
        Tencent = "tencent",
        /// OpenStack Glance.
        Glance = "glance",
    }
}

impl Profile {
    /// The rules of this profile.
    pub fn policy(self) -> Policy {
        match self {
            Profile::Lendglass => lendglass(),
            Profile::Huawei => huawei(),
            Profile::Huawei128 => huawei_128(),
            Profile::Ctyun => ctyun(),
            Profile::CtyunV4 => ctyun_v4(),
            Profile::Tencent => tencent(),
            Profile::Glance => glance(),
        }
    }
}

/// What the overrides stand on: a profile, and above it the keys that the configuration sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    profile: Profile,
    settings: Vec<(String, String)>,
    policy: Policy,
}

impl Base {
    /// A profile as it is.
    pub fn of(profile: Profile) -> Base {
        Base { profile, settings: Vec::new(), policy: profile.policy() }
    }

    /// Sets a key above the profile, whichever it will be. Errors: those of [`Policy::set`].
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), Error> {
        self.policy.set(name, text)?;
        self.settings.push((name.to_owned(), text.to_owned()));
        Ok(())
    }

    /// The profile that holds where the installation has chosen no other.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The rules where the installation has chosen no other profile and overrides nothing.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the configuration sets this key.
    pub fn sets(&self, name: &str) -> bool {
        self.settings.iter().any(|(known, _)| known == name)
    }

    /// The rules on this profile, before any override.
    pub fn on(&self, profile: Profile) -> Result<Policy, Error> {
        if profile == self.profile {
            return Ok(self.policy.clone());
        }
        let mut policy = profile.policy();
        self.settings.iter().try_for_each(|(name, text)| policy.set(name, text))?;
        Ok(policy)
    }
}

fn lendglass() -> Policy {
    Policy {
        share: SharePolicy {
            max_tenants_system: Some(256),
            max_tenants_data: Some(256),
            max_tenants_iso: Some(256),
            max_tenants_full_server: Some(10),
            max_shared_images: None,
            max_ids_per_request: Some(256),
            max_open_invitations: Some(1024),
            recipient_kind: RecipientKind::Project,
            acceptance: Acceptance::Explicit,
            use_requires_acceptance: true,
            pending_counts: false,
            rejected_counts: false,
            pending_ttl_seconds: None,
            needs_active: true,
            check_recipient: true,
            reinvite_rejected: Reinvite::Pending,
            operator_may_answer: false,
            private_becomes_shared: true,
            require_ack: false,
            market_images: Allowance::Deny,
            encrypted: EncryptedSharing::CustomKeyWithGrant,
            full_server_sources: FullServerSources::Any,
        },
        owner: OwnerPolicy { may_remove_accepted: true },
        delete: DeletePolicy { while_shared: DeleteWhileShared::Allow },
        recipient: RecipientPolicy {
            may_remove: true,
            may_reopen: false,
            may_replicate: true,
            may_download: true,
            may_export: false,
            may_edit: false,
            may_reshare: false,
            remove_word: "remove".to_owned(),
        },
        full_server_accept_needs_vault: true,
        vault_keep_after_unshare: false,
        image_default_visibility: Visibility::Private,
        image_name_max: 255,
        image_name_free: true,
        image_properties_max: Some(128),
        public_may_download: true,
        regions_cross_site_share: CrossSite::AllowIfCommonRegion,
        bar_actions: "accept_all,reject_all,view_details".to_owned(),
        private_image_quota: None,
        tags_max: Some(128),
        trash_retention_seconds: None,
    }
}

fn huawei() -> Policy {
    let mut policy = lendglass();
    policy.share.full_server_sources = FullServerSources::Backup;
    policy.image_name_max = 128;
    policy.image_name_free = false;
    policy.public_may_download = false;
    policy.bar_actions = "accept_all,view_details".to_owned();
    policy.recipient.remove_word = "reject".to_owned();
    policy.private_image_quota = Some(50);
    policy.tags_max = Some(10);
    policy
}

fn huawei_128() -> Policy {
    let mut policy = huawei();
    set_all_disk_tenants(&mut policy, 128);
    policy.share.max_tenants_iso = Some(128);
    policy.share.max_ids_per_request = Some(128);
    policy.share.max_open_invitations = Some(512);
    policy
}

fn ctyun() -> Policy {
    let mut policy = huawei_128();
    policy.share.max_tenants_iso = Some(0);
    policy.share.max_tenants_full_server = Some(128);
    policy.share.max_shared_images = Some(30);
    policy.share.max_open_invitations = Some(128);
    policy.share.pending_counts = true;
    policy.share.rejected_counts = true;
    policy.share.encrypted = EncryptedSharing::Deny;
    policy.share.full_server_sources = FullServerSources::Any;
    policy.full_server_accept_needs_vault = false;
    policy.regions_cross_site_share = CrossSite::Deny;
    policy.bar_actions = "reject_all,view_details".to_owned();
    policy.recipient.remove_word = "remove".to_owned();
    policy.private_image_quota = Some(10);
    policy
}

fn ctyun_v4() -> Policy {
    let mut policy = ctyun();
    policy.share.max_tenants_full_server = Some(0);
    policy.share.max_ids_per_request = Some(1);
    policy.share.recipient_kind = RecipientKind::Account;
    policy.share.full_server_sources = FullServerSources::None;
    policy.delete.while_shared = DeleteWhileShared::BlockIfAccepted;
    policy.owner.may_remove_accepted = false;
    policy.bar_actions = "view_details".to_owned();
    policy.recipient.remove_word = "reject".to_owned();
    policy.private_image_quota = Some(50);
    policy
}

fn tencent() -> Policy {
    let mut policy = ctyun();
    set_all_disk_tenants(&mut policy, 500);
    policy.share.max_tenants_full_server = Some(0);
    policy.share.max_shared_images = None;
    policy.share.max_ids_per_request = Some(500);
    policy.share.max_open_invitations = None;
    policy.share.recipient_kind = RecipientKind::Account;
    policy.share.acceptance = Acceptance::Automatic;
    policy.share.reinvite_rejected = Reinvite::Accepted;
    policy.share.full_server_sources = FullServerSources::None;
    policy.image_name_max = 60;
    policy.delete.while_shared = DeleteWhileShared::RequireUnshare;
    policy.recipient.may_remove = false;
    policy.recipient.may_replicate = false;
    policy.recipient.may_download = false;
    policy.recipient.remove_word = "none".to_owned();
    policy.bar_actions = "none".to_owned();
    policy.private_image_quota = Some(500);
    policy
}

fn glance() -> Policy {
    let mut policy = lendglass();
    set_all_disk_tenants(&mut policy, 128);
    policy.share.max_tenants_iso = Some(128);
    policy.share.max_tenants_full_server = Some(0);
    policy.share.max_ids_per_request = Some(128);
    policy.share.max_open_invitations = Some(128);
    policy.share.use_requires_acceptance = false;
    policy.share.pending_counts = true;
    policy.share.rejected_counts = true;
    policy.share.needs_active = false;
    policy.share.check_recipient = false;
    policy.share.reinvite_rejected = Reinvite::Conflict;
    policy.share.operator_may_answer = true;
    policy.share.private_becomes_shared = false;
    policy.share.market_images = Allowance::Allow;
    policy.share.encrypted = EncryptedSharing::Allow;
    policy.share.full_server_sources = FullServerSources::None;
    policy.full_server_accept_needs_vault = false;
    policy.image_default_visibility = Visibility::Shared;
    policy.recipient.may_reopen = true;
    policy.recipient.remove_word = "reject".to_owned();
    policy.regions_cross_site_share = CrossSite::Deny;
    policy.bar_actions = "accept_all,view_details".to_owned();
    policy
}

fn set_all_disk_tenants(policy: &mut Policy, tenants: u32) {
    policy.share.max_tenants_system = Some(tenants);
    policy.share.max_tenants_data = Some(tenants);
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
