//! What answers and ends mean for vaults: full-server images are accepted into one, all of a batch
//! together, and leave it with their shares (FS-01…FS-04, FS-08, FS-09, FS-13). Decided and written in
//! the transaction of the batch, so that a share is accepted exactly when its backup stands.

use lendglass_core::image::{Image, ImageKind};
use lendglass_core::job::Outcome;
use lendglass_core::notice::Notice;
use lendglass_core::policy::Policy;
use lendglass_core::share::{Share, ShareState};
use lendglass_core::{Error, access};
use lendglass_store::Tx;
use lendglass_store::undo::ShareChange;

use super::{Batch, Ground, Pair, undo};
use crate::service::vault::acceptance::{self, Accepting, Ending};

/// Refuses the acceptances that need a vault where the one of the batch does not take all of them; the
/// other pairs are left as they are.
pub(super) fn fit(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    decided: &mut [Pair],
) -> Result<(), Error> {
    let changes = decided.iter().filter_map(|pair| pair.change.as_ref());
    let accepting = accepting(batch, ground, changes)?;
    let planned = acceptance::plan(tx, &batch.app, &batch.caller, &accepting);
    let Err(error) = planned else { return Ok(()) };
    let error = batch.refusal(error)?;
    for pair in decided {
        let Some(change) = &pair.change else { continue };
        if newly_accepted(ground, change)?.is_some() {
            pair.change = None;
            pair.result.outcome = Outcome::Refused(error.clone());
        }
    }
    Ok(())
}

/// Brings the vaults up to date with changes that are written: what ended leaves, and its change keeps
/// the name of the vault; what was accepted enters. Vaults are locked here, after all images. Answers what
/// is to be told of vaults that have become nearly full.
///
/// Errors: those of [`acceptance::plan`]; of an undo only [`Code::UndoConflict`], for whoever undoes may
/// be the other side, whom the vault does not concern.
pub(super) fn follow(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    changes: &mut [ShareChange],
) -> Result<Vec<Notice>, Error> {
    let mut left = Vec::new();
    let mut ended = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        if let Some((share, policy)) = no_longer_accepted(ground, change)? {
            left.push(at);
            ended.push(Ending { share, policy });
        }
    }
    let vaults = acceptance::release(tx, &ended)?;
    for (at, vault) in left.into_iter().zip(vaults) {
        if let (Some(change), Some(_)) = (changes.get_mut(at), &vault) {
            change.vault = vault;
        }
    }
    let accepting = accepting(batch, ground, changes.iter())?;
    let placed = acceptance::place(tx, &batch.app, &batch.caller, &accepting);
    match (placed, accepting.first()) {
        (Err(error), Some(first)) if batch.is_undo => {
            Err(batch.refusal(error).map(|_| undo::conflict(first.share))?)
        }
        (placed, _) => placed,
    }
}

fn accepting<'a>(
    batch: &Batch,
    ground: &'a Ground,
    changes: impl Iterator<Item = &'a ShareChange>,
) -> Result<Vec<Accepting<'a>>, Error> {
    let mut accepting = Vec::new();
    for change in changes {
        if let Some((image, share, policy)) = newly_accepted(ground, change)? {
            let (vault, is_return) = (change.vault.as_ref(), batch.is_undo);
            accepting.push(Accepting { image, share, policy, vault, is_return });
        }
    }
    Ok(accepting)
}

fn newly_accepted<'a>(
    ground: &'a Ground,
    change: &'a ShareChange,
) -> Result<Option<(&'a Image, &'a Share, &'a Policy)>, Error> {
    let Some(share) = change.after.as_ref().filter(|share| is_accepted(share)) else {
        return Ok(None);
    };
    if change.before.as_ref().is_some_and(is_accepted) {
        return Ok(None);
    }
    let (image, policy) = ground.of(&share.image)?;
    let needs = access::accepting_needs_vault(image, policy);
    Ok(needs.then_some((image, share, policy)))
}

fn no_longer_accepted<'a>(
    ground: &'a Ground,
    change: &'a ShareChange,
) -> Result<Option<(&'a Share, &'a Policy)>, Error> {
    let ended = match (&change.before, &change.after) {
        // A share that ended by time, and that the sweeper has not met, may still hold a backup.
        (None, Some(after)) => Some(after),
        (Some(before), after) if is_accepted(before) => {
            (!after.as_ref().is_some_and(is_accepted)).then_some(before)
        }
        (Some(_), _) | (None, None) => None,
    };
    let Some(share) = ended else { return Ok(None) };
    let (image, policy) = ground.of(&share.image)?;
    Ok((image.kind == ImageKind::FullServer).then_some((share, policy)))
}

fn is_accepted(share: &Share) -> bool {
    share.state == ShareState::Accepted
}
