//! What a batch is about: its images, locked in the order of their ids and read once, with the policy
//! of each owner.

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::access::Standing;
use lendglass_core::image::Image;
use lendglass_core::notice::Notice;
use lendglass_core::policy::Policy;
use lendglass_core::quota::Quota;
use lendglass_core::share::Share;
use lendglass_core::{Error, ImageId, ProjectId};
use lendglass_store::{
    Questions, Tx, image as store_image, policy as store_policy, share as store_share,
};

use super::Batch;
use super::invite::NewlyShared;
use crate::service::{Seen, not_found};

/// See the module.
pub(super) struct Ground {
    seen: BTreeMap<ImageId, Seen>,
    policies: BTreeMap<ProjectId, Policy>,
    /// What the batch has decided to share for the first time.
    pub(super) newly_shared: NewlyShared,
}

impl Ground {
    /// Locks the images, and asks what else is to be known under their locks, in one go.
    pub(super) fn lock<Q: Questions>(
        tx: &mut Tx<'_>,
        batch: &Batch,
        images: &[ImageId],
        more: impl FnOnce(&[ImageId]) -> Q,
    ) -> Result<(Ground, Q::Answers), Error> {
        let (caller, base) = (&batch.caller, &batch.app.policy);
        let ids: Vec<ImageId> =
            images.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let (images, to_caller, rules, more) = tx.ask((
            store_image::locked(&ids),
            store_share::to_caller(caller, &ids),
            store_policy::of_owners(&ids, &caller.region, &caller.project),
            more(&ids),
        ))?;
        let mut shares: BTreeMap<ImageId, Vec<Share>> = BTreeMap::new();
        for share in to_caller {
            shares.entry(share.image.clone()).or_default().push(share);
        }
        let mut ground = Ground {
            seen: BTreeMap::new(),
            policies: BTreeMap::new(),
            newly_shared: NewlyShared::new(),
        };
        for image in images {
            if image.region == caller.region && !ground.policies.contains_key(&image.owner) {
                let policy = rules.policy(base, &image.owner)?;
                ground.policies.insert(image.owner.clone(), policy);
            }
            let shares = shares.remove(&image.id).unwrap_or_default();
            ground.seen.insert(image.id.clone(), Seen { image, shares });
        }
        Ok((ground, more))
    }

    /// An image as the caller sees it; not found where he may not know of it (I7).
    pub(super) fn look(
        &self,
        batch: &Batch,
        id: &ImageId,
    ) -> Result<(&Seen, Standing<'_>, &Policy), Error> {
        let seen = self.seen.get(id).ok_or_else(|| not_found(id))?;
        let standing = seen.standing(&batch.caller, batch.now)?;
        Ok((seen, standing, self.policy(&seen.image)?))
    }

    /// The image and its owner's policy, for what was decided about it.
    pub(super) fn of(&self, id: &ImageId) -> Result<(&Image, &Policy), Error> {
        let seen = self.seen.get(id).ok_or_else(|| not_found(id))?;
        Ok((&seen.image, self.policy(&seen.image)?))
    }

    /// The notices to owners who, when all of it is written, share out nearly as many images as they may.
    pub(super) fn nearly_full(&self, batch: &Batch) -> impl Iterator<Item = Notice> {
        self.newly_shared.iter().filter_map(|(owner, filling)| {
            let region = &batch.caller.region;
            Notice::of_quota(owner, region, Quota::SharedImages, *filling, batch.now)
        })
    }

    fn policy(&self, image: &Image) -> Result<&Policy, Error> {
        self.policies
            .get(&image.owner)
            .ok_or_else(|| Error::internal("an image of another region was decided about"))
    }
}
