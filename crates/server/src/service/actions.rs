//! What the caller may do with an image, asked before he tries (AP-07).
//!
//! Each verb asks the functions of the core that its use case asks, so that the answer is what the
//! call would meet; only what other tenants change meanwhile can make it differ.

use std::collections::BTreeMap;

use lendglass_core::access::{self, Standing};
use lendglass_core::image::{Image, ImageKind, ImageStatus};
use lendglass_core::policy::{Acceptance, Policy};
use lendglass_core::quota::{self, ShareUsage};
use lendglass_core::share::{
    Change, Recipient, Share, ShareEvent, ShareState, is_live, transition,
};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, ProjectId, Timestamp};
use lendglass_store::{image as store_image, share as store_share};

use crate::app::App;
use crate::service::{Seen, image, policy, upload};

/// Something that can be done with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Change the record.
    Update,
    /// Offer it to one more recipient.
    Share,
    /// Take every share back.
    Unshare,
    /// Take the offer.
    Accept,
    /// Refuse the offer, or drop what was taken.
    Reject,
    /// Make a private copy.
    Replicate,
    /// Read the bytes.
    Download,
    /// Give it its bytes.
    Upload,
    /// Delete it.
    Delete,
    /// Withhold its bytes.
    Deactivate,
    /// Give its bytes back.
    Reactivate,
    /// Publish it to the marketplace.
    Publish,
    /// Withdraw it from there.
    Unpublish,
}

impl Verb {
    /// Every verb, in the order it is shown.
    pub const ALL: [Verb; 13] = [
        Verb::Update,
        Verb::Share,
        Verb::Unshare,
        Verb::Accept,
        Verb::Reject,
        Verb::Replicate,
        Verb::Download,
        Verb::Upload,
        Verb::Delete,
        Verb::Deactivate,
        Verb::Reactivate,
        Verb::Publish,
        Verb::Unpublish,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Update => "update",
            Verb::Share => "share",
            Verb::Unshare => "unshare",
            Verb::Accept => "accept",
            Verb::Reject => "reject",
            Verb::Replicate => "replicate",
            Verb::Download => "download",
            Verb::Upload => "upload",
            Verb::Delete => "delete",
            Verb::Deactivate => "deactivate",
            Verb::Reactivate => "reactivate",
            Verb::Publish => "publish",
            Verb::Unpublish => "unpublish",
        }
    }
}

/// Each verb, with the refusal it would meet.
pub type Actions = Vec<(Verb, Result<(), Error>)>;

/// What the caller may do with an image.
pub struct Answered {
    /// Each verb.
    pub actions: Actions,
    /// How many more recipients may hold it; `None`: any number, or not his to share.
    pub slots_left: Option<u32>,
}

/// What the caller may do with each of `images`, which he sees; in their order.
pub async fn of(app: &App, caller: &Caller, images: &[Seen]) -> Result<Vec<Answered>, Error> {
    let ground = Ground::read(app, caller, images).await?;
    images.iter().map(|seen| ground.actions(seen)).collect()
}

/// What all decisions about a page of images need, read at once.
struct Ground<'a> {
    caller: &'a Caller,
    now: Timestamp,
    own_policy: Policy,
    policies: BTreeMap<ProjectId, Policy>,
    usages: BTreeMap<ImageId, ShareUsage>,
    owned_images: u32,
    shared_images: BTreeMap<ProjectId, u32>,
}

impl<'a> Ground<'a> {
    async fn read(app: &App, caller: &'a Caller, images: &[Seen]) -> Result<Ground<'a>, Error> {
        let own_policy = policy::show(app, caller).await?;
        let mut policies = BTreeMap::new();
        let mut shared_images = BTreeMap::new();
        for owner in images.iter().map(|seen| &seen.image.owner) {
            if policies.contains_key(owner) {
                continue;
            }
            let rules = policy::of_project(app, &caller.region, owner).await?;
            if rules.share.max_shared_images.is_some() {
                let region = &caller.region;
                let used = store_share::read_shared_images(&app.db, owner, region).await?;
                shared_images.insert(owner.clone(), used);
            }
            policies.insert(owner.clone(), rules);
        }
        let owned_images = match own_policy.private_image_quota {
            Some(_) => {
                store_image::read_count_owned(&app.db, &caller.project, &caller.region).await?
            }
            None => 0,
        };
        let now = app.clock.now();
        let shared = images.iter().map(|seen| &seen.image).filter(|image| image.shares > 0);
        let ids: Vec<ImageId> = shared.map(|image| image.id.clone()).collect();
        let usages = store_share::usage_of(&app.db, &ids, now).await?;
        Ok(Ground { caller, now, own_policy, policies, usages, owned_images, shared_images })
    }

    fn actions(&self, seen: &Seen) -> Result<Answered, Error> {
        let policy = self
            .policies
            .get(&seen.image.owner)
            .ok_or_else(|| Error::internal("the rules of an owner were not read"))?;
        let one = One {
            ground: self,
            seen,
            image: &seen.image,
            standing: seen.standing(self.caller, self.now)?,
            policy,
            usage: self.usages.get(&seen.image.id).copied().unwrap_or_default(),
        };
        let slots_left = match one.standing {
            Standing::Owner | Standing::Operator => {
                quota::slots_left(one.image.kind, one.usage, policy)
            }
            Standing::Recipient(_) | Standing::Public | Standing::Community | Standing::Market => {
                None
            }
        };
        let actions = Verb::ALL.into_iter().map(|verb| (verb, one.may(verb))).collect();
        Ok(Answered { actions, slots_left })
    }
}

/// One image as the caller stands to it.
struct One<'a> {
    ground: &'a Ground<'a>,
    seen: &'a Seen,
    image: &'a Image,
    standing: Standing<'a>,
    policy: &'a Policy,
    usage: ShareUsage,
}

impl One<'_> {
    fn may(&self, verb: Verb) -> Result<(), Error> {
        let Ground { caller, now, .. } = self.ground;
        let (image, standing, policy) = (self.image, self.standing, self.policy);
        match verb {
            Verb::Update => {
                access::may_change(caller, standing)?;
                image::may_edit_in(image.status)
            }
            Verb::Share => self.may_share(),
            Verb::Unshare => self.may_unshare(),
            Verb::Accept => self.may_answer(ShareEvent::Accept),
            Verb::Reject => self.may_answer(ShareEvent::Reject),
            Verb::Replicate => {
                access::may_replicate(caller, standing, image, policy, *now)?;
                quota::room_for_image(self.ground.owned_images, &self.ground.own_policy)
            }
            Verb::Download => {
                access::may_read_bytes(caller, standing, image, policy, *now)?;
                match image.kind {
                    ImageKind::SystemDisk | ImageKind::DataDisk | ImageKind::Iso
                        if image.status.has_bytes() =>
                    {
                        Ok(())
                    }
                    ImageKind::SystemDisk
                    | ImageKind::DataDisk
                    | ImageKind::Iso
                    | ImageKind::FullServer => Err(Error::new(Code::NoBytes)),
                }
            }
            Verb::Upload => {
                access::may_change(caller, standing)?;
                upload::may_begin(image)
            }
            Verb::Delete => {
                let (shares, accepted) = (self.usage.total(), self.usage.accepted);
                access::may_delete(caller, standing, image, policy, shares, accepted)
            }
            Verb::Deactivate => self.may_switch(ImageStatus::Active),
            Verb::Reactivate => self.may_switch(ImageStatus::Deactivated),
            Verb::Publish => access::may_publish(caller, standing, image, self.usage.total()),
            Verb::Unpublish => access::may_unpublish(caller, standing, image),
        }
    }

    /// Whether there is room for one more recipient, whoever it will be.
    fn may_share(&self) -> Result<(), Error> {
        access::may_share(self.ground.caller, self.standing, self.image, self.policy)?;
        let state = match self.policy.share.acceptance {
            Acceptance::Explicit => ShareState::Pending,
            Acceptance::Automatic => ShareState::Accepted,
        };
        quota::room_for_share(self.image, None, state, self.usage, self.policy)?;
        match self.ground.shared_images.get(&self.image.owner) {
            Some(used) if self.image.shares == 0 => {
                quota::room_for_shared_image(u64::from(*used), self.policy)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn may_unshare(&self) -> Result<(), Error> {
        access::owns(self.ground.caller, self.standing)?;
        if !self.policy.share.private_becomes_shared {
            access::may_have_members(self.image, self.policy)?;
        }
        if self.usage.total() == 0 {
            return Err(Error::new(Code::NotShared).with("recipient", "*"));
        }
        if self.usage.accepted > 0 {
            let accepted = Some(ShareState::Accepted);
            transition(accepted, ShareEvent::Withdraw, self.policy)
                .map_err(|error| error.with("recipient", "*"))?;
        }
        Ok(())
    }

    fn may_answer(&self, event: ShareEvent) -> Result<(), Error> {
        let Ground { caller, now, .. } = self.ground;
        let Some(share) = own_share(caller, &self.seen.shares, *now) else {
            return Err(Error::new(Code::NotShared).with("recipient", &caller.project));
        };
        access::may_answer(caller, self.standing, &share.recipient, self.policy)?;
        match transition(Some(share.state), event, self.policy)? {
            Change::To(state) => {
                let from = Some(share.state);
                quota::room_for_share(self.image, from, state, self.usage, self.policy)
            }
            Change::Unchanged => {
                Err(Error::new(Code::AnswerUnchanged).with("state", share.state.as_str()))
            }
            Change::Removed => Err(Error::internal("an answer that ends a share")),
        }
    }

    fn may_switch(&self, from: ImageStatus) -> Result<(), Error> {
        access::may_change(self.ground.caller, self.standing)?;
        if self.image.status == from {
            return Ok(());
        }
        Err(Error::new(Code::ImageNotActive).with("status", self.image.status.as_str()))
    }
}

/// The share the caller answers when he names none: his project's, else his account's.
pub fn own_share<'a>(caller: &Caller, shares: &'a [Share], now: Timestamp) -> Option<&'a Share> {
    let mine = |share: &&Share| is_live(share, now) && access::is_mine(caller, &share.recipient);
    shares.iter().filter(mine).min_by_key(|share| matches!(share.recipient, Recipient::Account(_)))
}
