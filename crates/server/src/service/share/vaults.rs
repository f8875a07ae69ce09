//! What answers and ends mean for vaults: full-server images are accepted into one, all of a batch
//! together, and leave it with their shares (FS-01…FS-04, FS-08, FS-09, FS-13). Decided and written in
//! the transaction of the batch, so that a share is accepted exactly when its backup stands.

use lendglass_core::image::{Image, ImageKind};
use lendglass_core::job::Outcome;
use lendglass_core::policy::Policy;
use lendglass_core::share::{Share, ShareState};
use lendglass_core::{Error, access};
use lendglass_store::Tx;
use lendglass_store::undo::ShareChange;

use super::{Batch, Ground, Pair};
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
    let accepting = accepting(ground, changes)?;
    let planned = acceptance::plan(tx, &batch.app, &batch.caller, batch.vault.as_ref(), &accepting);
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

/// Brings the vaults up to date with changes that are written: what ended leaves, what was accepted
/// enters. Vaults are locked here, after all images.
pub(super) fn follow(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    changes: &[ShareChange],
) -> Result<(), Error> {
    let mut ended = Vec::new();
    for change in changes {
        if let Some((share, policy)) = no_longer_accepted(ground, change)? {
            ended.push(Ending { share, policy });
        }
    }
    acceptance::release(tx, &ended)?;
    let accepting = accepting(ground, changes.iter())?;
    acceptance::place(tx, &batch.app, &batch.caller, batch.vault.as_ref(), &accepting)
}

fn accepting<'a>(
    ground: &'a Ground,
    changes: impl Iterator<Item = &'a ShareChange>,
) -> Result<Vec<Accepting<'a>>, Error> {
    let mut accepting = Vec::new();
    for change in changes {
        if let Some((image, share, policy)) = newly_accepted(ground, change)? {
            accepting.push(Accepting { image, share, policy });
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
