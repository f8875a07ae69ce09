//! Undoing an own act within seconds (ST-09): the exact former rows return, unless somebody acted
//! since. Who may undo is who acted; nothing but time and other people stands in the way.

use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::permission::Action;
use lendglass_core::share::{Share, is_live};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, quota};
use lendglass_store::undo::ShareChange;
use lendglass_store::{Tx, share as store_share, undo as store_undo};

use super::invite::{NewlyShared, owners, room_among_shared};
use super::{Batch, Ground, Pair};

/// Takes the act of a token and decides its reverse.
///
/// Errors: [`Code::UndoExpired`] for a token that is unknown, used, somebody else's or too old;
/// [`Code::UndoConflict`] where a share is no longer what the act left; the ceilings, where somebody
/// has taken the place meanwhile.
pub(super) fn reverse(
    tx: &mut Tx<'_>,
    batch: &Batch,
    token: &str,
) -> Result<(Ground, Vec<Pair>), Error> {
    let expired = || Error::new(Code::UndoExpired);
    let (changes, until) = store_undo::take(tx, token, &batch.caller)?.ok_or_else(expired)?;
    if until < batch.now {
        return Err(expired());
    }
    let images: Vec<ImageId> =
        changes.iter().filter_map(subject).map(|s| s.image.clone()).collect();
    let owners = tx.ask(owners(batch, &images))?;
    owners.lock(tx, batch)?;
    let usages = |ids: &[ImageId]| store_share::usages(ids, batch.now);
    let (mut ground, mut usages) = Ground::lock(tx, batch, &images, usages)?;
    let mut newly_shared = NewlyShared::new();
    let mut decided = Vec::with_capacity(changes.len());
    for change in changes {
        let Some(share) = subject(&change) else { continue };
        let (image, policy) = ground.of(&share.image).map_err(|_| conflict(share))?;
        batch.caller.may(action(&batch.caller, share))?;
        if store_share::get(tx, &share.image, &share.recipient)? != change.after {
            return Err(conflict(share));
        }
        let former = change.before.clone().filter(|share| is_live(share, batch.now));
        let usage = usages.entry(share.image.clone()).or_default();
        // What has lapsed since holds no place any more that could be given back.
        let live = change.after.as_ref().filter(|share| is_live(share, batch.now));
        let from = live.map(|share| share.state);
        if let Some(former) = &former {
            quota::room_for_share(image, from, former.state, *usage, policy)?;
            let is_first = usage.total() == 0;
            room_among_shared(tx, image, policy, is_first, &mut newly_shared)?;
        }
        *usage = usage.moved(from, former.as_ref().map(|share| share.state));
        decided.push(pair(share, former, &change));
    }
    ground.newly_shared = newly_shared;
    Ok((ground, decided))
}

/// What the act asked for: its actor may have lost it since.
fn action(caller: &Caller, share: &Share) -> Action {
    if caller.project == share.owner { Action::ImagesShare } else { Action::SharesAnswer }
}

fn subject(change: &ShareChange) -> Option<&Share> {
    change.after.as_ref().or(change.before.as_ref())
}

pub(super) fn conflict(share: &Share) -> Error {
    Error::new(Code::UndoConflict).with("image", &share.image)
}

fn pair(share: &Share, former: Option<Share>, change: &ShareChange) -> Pair {
    let outcome = former.as_ref().map_or(Outcome::Removed, |share| Outcome::Now(share.state));
    let result = PairResult {
        image: share.image.clone(),
        recipient: share.recipient.id().to_owned(),
        resolved: Some(share.recipient.clone()),
        outcome,
    };
    let (before, vault) = (change.after.clone(), change.vault.clone());
    Pair::changed(result, ShareChange { before, after: former, replaces_ended: false, vault })
}
