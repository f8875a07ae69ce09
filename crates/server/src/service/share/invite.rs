//! Deciding offers: which recipient is meant, whether the policy and the ceilings allow it.

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::image::Image;
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::limits::NOTE_CHARS;
use lendglass_core::policy::Policy;
use lendglass_core::quota::ShareUsage;
use lendglass_core::recipient::{self, Named};
use lendglass_core::share::{
    Change, Recipient, Share, ShareEvent, ShareState, is_live, transition,
};
use lendglass_core::{AccountId, Code, Error, ImageId, ProjectId, access, quota};
use lendglass_store::{
    Tx, image as store_image, policy as store_policy, share as store_share, tenant as store_tenant,
};

use super::{Batch, ImagePairs, Invite, Pair, PairWrite, receipt, refused};
use crate::service::lock_seen;

pub(super) fn check_invite(tx: &mut Tx<'_>, batch: &Batch, request: &Invite) -> Result<(), Error> {
    let caller = &batch.caller;
    let policy =
        store_policy::effective_in(tx, &batch.app.policy, &caller.region, &caller.project)?;
    quota::room_for_ids(request.recipients.len(), &policy)?;
    if policy.share.require_ack && !request.acknowledge {
        return Err(Error::new(Code::AcknowledgeRequired));
    }
    let invalid = |field: &str, value: String, reason: String| {
        Err(Error::new(Code::InvalidValue)
            .with("field", field)
            .with("value", value)
            .with("reason", reason))
    };
    if let Some(note) = &request.note
        && note.chars().count() > NOTE_CHARS
    {
        let shown = lendglass_core::text::shortened(note, 40);
        return invalid("note", shown, format!("at most {NOTE_CHARS} characters"));
    }
    for (field, at) in [("lapses_at", request.lapses_at), ("ends_at", request.ends_at)] {
        if let Some(at) = at.filter(|at| *at <= batch.now) {
            return invalid(field, at.seconds().to_string(), "it is in the past".to_owned());
        }
    }
    Ok(())
}

/// Locks the owning projects whose count of shared images is limited (SH-16), before any image.
pub(super) fn lock_owners(tx: &mut Tx<'_>, batch: &Batch, images: &[ImageId]) -> Result<(), Error> {
    let mut owners: BTreeSet<ProjectId> = BTreeSet::new();
    for id in images {
        let Some((image, _)) = store_image::show_in(tx, id, &batch.caller)? else { continue };
        if batch.policy(tx, &image)?.share.max_shared_images.is_some() {
            owners.insert(image.owner);
        }
    }
    owners.iter().try_for_each(|owner| store_image::lock_project(tx, owner))
}

pub(super) fn invite_image(
    tx: &mut Tx<'_>,
    batch: &Batch,
    id: &ImageId,
    request: &Invite,
    newly_shared: &mut NewlyShared,
) -> Result<ImagePairs, Error> {
    let seen = lock_seen(tx, id, &batch.caller)?;
    let standing = seen.standing(&batch.caller, batch.now)?;
    let policy = batch.policy(tx, &seen.image)?;
    access::may_share(&batch.caller, standing, &seen.image, &policy)?;
    let account = owner_account(tx, batch, &seen.image)?;
    let mut usage = store_share::usage(tx, id, batch.now)?;
    let mut pairs = Vec::with_capacity(request.recipients.len());
    let mut done: BTreeSet<Recipient> = BTreeSet::new();
    for named in &request.recipients {
        let ctx = Offer { batch, image: &seen.image, policy: &policy, account: &account, request };
        match ctx.decide(tx, named, &mut usage) {
            Ok(pair) => {
                // Two names of one recipient are one share.
                if pair.result.resolved.clone().is_none_or(|recipient| done.insert(recipient)) {
                    pairs.push(pair);
                }
            }
            Err(error) => pairs.push(refused(id, &named.text, rethrow(error)?)),
        }
    }
    check_shared_images(tx, &seen.image, &policy, &mut pairs, newly_shared)?;
    Ok(ImagePairs { image: Some(seen.image), policy: Some(policy), pairs })
}

/// Trouble with the database ends the request; a refusal belongs to its pair.
fn rethrow(error: Error) -> Result<Error, Error> {
    use lendglass_core::Kind;
    match error.kind() {
        Kind::Internal | Kind::Unavailable => Err(error),
        Kind::Invalid
        | Kind::UnsupportedMedia
        | Kind::BadRange
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Conflict
        | Kind::QuotaExceeded
        | Kind::TooLarge
        | Kind::RateLimited
        | Kind::NoSpace => Ok(error),
    }
}

fn owner_account(tx: &mut Tx<'_>, batch: &Batch, image: &Image) -> Result<AccountId, Error> {
    if image.owner == batch.caller.project {
        return Ok(batch.caller.account.clone());
    }
    let project = store_tenant::project(tx, &image.owner)?;
    Ok(project.map_or_else(|| batch.caller.account.clone(), |project| project.account))
}

/// How many images of each owner a batch shares that were not shared before: decided, not yet written.
pub(super) type NewlyShared = BTreeMap<ProjectId, u32>;

/// The ceiling on distinct shared images (SH-16): an image that is not shared yet takes a place, and
/// so did the ones before it in the batch.
fn check_shared_images(
    tx: &mut Tx<'_>,
    image: &Image,
    policy: &Policy,
    pairs: &mut [Pair],
    newly_shared: &mut NewlyShared,
) -> Result<(), Error> {
    let becomes_shared = image.shares == 0 && pairs.iter().any(|pair| pair.write.is_some());
    if !becomes_shared || policy.share.max_shared_images.is_none() {
        return Ok(());
    }
    let in_batch = newly_shared.entry(image.owner.clone()).or_default();
    let used = store_share::shared_images(tx, &image.owner, &image.region)? + *in_batch;
    match quota::room_for_shared_image(used, policy) {
        Ok(()) => *in_batch += 1,
        Err(error) => {
            for pair in pairs.iter_mut().filter(|pair| pair.write.is_some()) {
                pair.write = None;
                pair.result.outcome = Outcome::Refused(error.clone());
            }
        }
    }
    Ok(())
}

/// What one offer is decided by.
struct Offer<'a> {
    batch: &'a Batch,
    image: &'a Image,
    policy: &'a Policy,
    account: &'a AccountId,
    request: &'a Invite,
}

impl Offer<'_> {
    fn decide(
        &self,
        tx: &mut Tx<'_>,
        named: &Named,
        usage: &mut ShareUsage,
    ) -> Result<Pair, Error> {
        let (image, policy, now) = (self.image, self.policy, self.batch.now);
        recipient::check_shape(&named.text)?;
        let found = store_tenant::candidates(tx, &named.text, &image.region)?;
        let owner = recipient::Owner {
            project: &image.owner,
            account: self.account,
            region: &image.region,
        };
        let recipient = recipient::resolve(named, &found, &owner, policy)?;
        access::may_share_with(image, &recipient, false, policy)?;
        let old = store_share::get(tx, &image.id, &recipient)?.filter(|old| is_live(old, now));
        let from = old.as_ref().map(|share| share.state);
        let change = transition(from, ShareEvent::Invite, policy)
            .map_err(|error| error.with("recipient", recipient.id()))?;
        let result = |outcome| PairResult {
            image: image.id.clone(),
            recipient: named.text.clone(),
            resolved: Some(recipient.clone()),
            outcome,
        };
        let state = match (change, from) {
            (Change::To(state), _) => state,
            (Change::Unchanged, Some(state)) => {
                return Ok(Pair { result: result(Outcome::Already(state)), write: None });
            }
            (Change::Unchanged, None) | (Change::Removed, _) => {
                return Err(Error::internal("an offer that ends a share"));
            }
        };
        quota::room_for_share(image, from, state, *usage, policy)?;
        *usage = usage.moved(from, Some(state));
        let share = self.share(recipient.clone(), state);
        let write = Some(PairWrite { share, is_removed: false });
        Ok(Pair { result: result(Outcome::Now(state)), write })
    }

    fn share(&self, recipient: Recipient, state: ShareState) -> Share {
        let (image, now) = (self.image, self.batch.now);
        let ttl = self.policy.share.pending_ttl_seconds;
        Share {
            image: image.id.clone(),
            recipient,
            owner: image.owner.clone(),
            region: image.region.clone(),
            state,
            note: self.request.note.clone(),
            lapses_at: self
                .request
                .lapses_at
                .or_else(|| ttl.map(|seconds| now.plus_seconds(i64::from(seconds)))),
            ends_at: self.request.ends_at,
            accepted_digest: receipt(image, state),
            created_at: now,
            updated_at: now,
        }
    }
}
