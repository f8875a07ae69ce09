//! Deciding answers: which share is meant, who may answer it, whether a slot is free.

use lendglass_core::image::Image;
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::recipient;
use lendglass_core::share::{Change, Recipient, Share, is_live, transition};
use lendglass_core::{Code, Error, ImageId, access, quota};
use lendglass_store::{Tx, share as store_share};

use super::{Answer, Batch, ImagePairs, Pair, PairWrite, receipt};
use crate::service::{Seen, lock_seen};

pub(super) fn answer_image(
    tx: &mut Tx<'_>,
    batch: &Batch,
    id: &ImageId,
    request: &Answer,
) -> Result<ImagePairs, Error> {
    let Seen { image, shares } = lock_seen(tx, id, &batch.caller)?;
    let standing = access::see(&batch.caller, &image, &shares, batch.now)?;
    let policy = batch.policy(tx, &image)?;
    let share = answered_share(tx, batch, &image, &shares, request)?;
    access::may_answer(&batch.caller, standing, &share.recipient, &policy)?;
    let change = transition(Some(share.state), request.event, &policy)?;
    let result = |outcome| PairResult {
        image: id.clone(),
        recipient: share.recipient.id().to_owned(),
        resolved: Some(share.recipient.clone()),
        outcome,
    };
    let pair = match change {
        Change::Unchanged => Pair { result: result(Outcome::Already(share.state)), write: None },
        Change::Removed => return Err(Error::internal("an answer that ends a share")),
        Change::To(state) => {
            let usage = store_share::usage(tx, id, batch.now)?;
            quota::room_for_share(&image, Some(share.state), state, usage, &policy)?;
            let mut after = share.clone();
            after.state = state;
            after.accepted_digest = receipt(&image, state);
            after.updated_at = batch.now;
            let write = Some(PairWrite { share: after, is_removed: false });
            Pair { result: result(Outcome::Now(state)), write }
        }
    };
    Ok(ImagePairs { image: Some(image), policy: Some(policy), pairs: vec![pair] })
}

/// As [`answer_image`], where rejecting is meant to end the use of the image.
pub(super) fn leave_image(
    tx: &mut Tx<'_>,
    batch: &Batch,
    id: &ImageId,
    request: &Answer,
) -> Result<ImagePairs, Error> {
    let seen = lock_seen(tx, id, &batch.caller)?;
    seen.standing(&batch.caller, batch.now)?;
    access::may_leave(&batch.policy(tx, &seen.image)?)?;
    answer_image(tx, batch, id, request)
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
