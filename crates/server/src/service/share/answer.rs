//! Deciding answers: which share is meant, who may answer it, whether a slot is free. Everything is
//! read before the first decision, so that a thousand answers cost what one does.

use lendglass_core::access::Standing;
use lendglass_core::image::Image;
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::policy::Policy;
use lendglass_core::quota::ShareUsage;
use lendglass_core::recipient;
use lendglass_core::share::{Change, Recipient, Share, is_live, transition};
use lendglass_core::{Code, Error, ImageId, access, quota};
use lendglass_store::undo::ShareChange;
use lendglass_store::{Tx, share as store_share};

use super::{Answer, Batch, Ground, Pair, receipt, vaults};

/// Decides the answers to all images of the request, in the order asked. `is_leaving`: rejecting is
/// meant to end the use of the image.
pub(super) fn answer_all(
    tx: &mut Tx<'_>,
    batch: &Batch,
    request: &Answer,
    is_leaving: bool,
) -> Result<(Ground, Vec<Pair>), Error> {
    let usages = |ids: &[ImageId]| store_share::usages(ids, batch.now);
    let (ground, usages) = Ground::lock(tx, batch, &request.images, usages)?;
    let own = request.recipient.as_deref().unwrap_or(batch.caller.project.as_str());
    let mut decided = Vec::new();
    for id in batch.each_once(&request.images) {
        let usage = usages.get(id).copied().unwrap_or_default();
        let pair = answer_one(tx, batch, &ground, id, request, usage, is_leaving);
        decided.extend(batch.or_refused(id, pair.map(|pair| vec![pair]), [own])?);
    }
    vaults::fit(tx, batch, &ground, &mut decided)?;
    Ok((ground, decided))
}

fn answer_one(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    id: &ImageId,
    request: &Answer,
    usage: ShareUsage,
    is_leaving: bool,
) -> Result<Pair, Error> {
    let (seen, standing, policy) = ground.look(batch, id)?;
    if is_leaving {
        access::may_leave(policy)?;
    }
    let share = answered_share(tx, batch, &seen.image, &seen.shares, request)?;
    decide(batch, (&seen.image, standing, policy), share, request, usage)
}

fn decide(
    batch: &Batch,
    (image, standing, policy): (&Image, Standing<'_>, &Policy),
    share: Share,
    request: &Answer,
    usage: ShareUsage,
) -> Result<Pair, Error> {
    access::may_answer(&batch.caller, standing, &share.recipient, policy)?;
    let result = |outcome| PairResult {
        image: image.id.clone(),
        recipient: share.recipient.id().to_owned(),
        resolved: Some(share.recipient.clone()),
        outcome,
    };
    match transition(Some(share.state), request.event, policy)? {
        Change::Unchanged => {
            let result = result(Outcome::Already(share.state));
            Ok(Pair { result, change: None, share: Some(share) })
        }
        Change::Removed => Err(Error::internal("an answer that ends a share")),
        Change::To(state) => {
            quota::room_for_share(image, Some(share.state), state, usage, policy)?;
            let mut after = share.clone();
            after.state = state;
            after.accepted_digest = receipt(image, state);
            after.updated_at = batch.now;
            let result = result(Outcome::Now(state));
            let vault = batch.vault.clone();
            Ok(Pair::changed(
                result,
                ShareChange {
                    before: Some(share),
                    after: Some(after),
                    replaces_ended: false,
                    vault,
                },
            ))
        }
    }
}

/// The share an answer is about: the one of the named recipient, else the caller's project's, else
/// his account's.
fn answered_share(
    tx: &mut Tx<'_>,
    batch: &Batch,
    image: &Image,
    shares: &[Share],
    request: &Answer,
) -> Result<Share, Error> {
    let live = |share: &&Share| is_live(share, batch.now);
    let caller = &batch.caller;
    let project = Recipient::Project(caller.project.clone());
    let own = || {
        let mine = shares.iter().filter(live);
        mine.clone()
            .find(|share| share.recipient == project)
            .or_else(|| mine.clone().next())
            .cloned()
    };
    let named = request.recipient.as_deref().filter(|id| *id != caller.project.as_str());
    let share = match named {
        None => own(),
        Some(id) if recipient::check_shape(id).is_err() => None,
        Some(id) => store_share::by_recipient_id(tx, &image.id, id)?.iter().find(live).cloned(),
    };
    let name = named.unwrap_or(caller.project.as_str());
    share.ok_or_else(|| Error::new(Code::NotShared).with("recipient", name))
}
