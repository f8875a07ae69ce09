//! What accepting full-server images puts into a vault, and what the end of their shares takes out
//! again (FS-01…FS-03, FS-08, FS-09, FS-13).
//!
//! All of it happens inside the transaction of the answer or of the end, so that a share is accepted
//! exactly when its backup stands. The images are locked; vaults are locked here, by id, then blobs.
//! A backup that a share holds changes only with the share's image locked.

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::access::accepting_needs_vault;
use lendglass_core::image::Image;
use lendglass_core::notice::Notice;
use lendglass_core::policy::Policy;
use lendglass_core::quota::Filling;
use lendglass_core::share::{Recipient, Share};
use lendglass_core::tenant::Caller;
use lendglass_core::vault::{self, Backup, Disk, Vault, total_gib};
use lendglass_core::{BackupId, Code, Error, ProjectId, VaultId};
use lendglass_store::{Tx, backup as store_backup, vault as store_vault};

use super::not_found;
use crate::app::App;

/// An offer that is about to be accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepting<'a> {
    /// The image, locked.
    pub image: &'a Image,
    /// The share, as it was or as it will be.
    pub share: &'a Share,
    /// The rules of the image's owner.
    pub policy: &'a Policy,
    /// The vault that is to take it.
    pub vault: Option<&'a VaultId>,
    /// It returns to the vault it was in: an act is undone, by whichever side.
    pub is_return: bool,
}

/// What is to be written; decided under the lock of the vault.
#[derive(Debug, Default)]
pub(crate) struct Placement {
    steps: Vec<Step>,
    /// To the projects whose vaults it makes nearly full.
    notices: Vec<Notice>,
}

#[derive(Debug)]
enum Step {
    /// A backup to be made.
    Make(Box<Backup>, Vec<Disk>),
    /// A backup that was kept when an earlier share ended, to be held again.
    Hold(BackupId, Recipient),
}

/// Decides whether the full-server images among `accepting` may go into their vaults, all together, and
/// what that takes. Images that need no vault are passed over; without any the vaults are ignored.
///
/// Errors: [`Code::VaultRequired`], [`Code::VaultNotFound`] (also for a vault of another project than
/// the recipient, or of another region), [`Code::VaultWrongType`], [`Code::VaultUnavailable`],
/// [`Code::VaultTooSmall`] naming all of them, [`Code::ImageNotActive`] for one without bytes.
pub(crate) fn plan(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    accepting: &[Accepting<'_>],
) -> Result<Placement, Error> {
    let mut wanted: BTreeMap<&VaultId, Vec<Accepting<'_>>> = BTreeMap::new();
    for one in accepting.iter().filter(|one| accepting_needs_vault(one.image, one.policy)) {
        if store_backup::of_share(tx, one.share)?.is_none() {
            let vault = one.vault.ok_or_else(|| Error::new(Code::VaultRequired))?;
            wanted.entry(vault).or_default().push(*one);
        }
    }
    let mut placement = Placement::default();
    for (vault, wanted) in wanted {
        plan_one(tx, app, caller, vault, &wanted, &mut placement)?;
    }
    Ok(placement)
}

fn plan_one(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &VaultId,
    wanted: &[Accepting<'_>],
    placement: &mut Placement,
) -> Result<(), Error> {
    let (vault, usage) = store_vault::lock(tx, id)?.ok_or_else(|| not_found(id))?;
    if !wanted.iter().all(|one| one.is_return || belongs(&vault, caller, one)) {
        return Err(not_found(id));
    }
    vault::takes_servers(&vault)?;
    let mut sizes = Vec::with_capacity(wanted.len());
    for one in wanted {
        let image = one.image;
        if let Some(kept) = store_backup::kept(tx, id, &image.id)? {
            placement.steps.push(Step::Hold(kept.id, one.share.recipient.clone()));
            continue;
        }
        let disks = store_backup::disks_of_image_in(tx, image)?;
        if disks.is_empty() || !image.status.has_bytes() {
            return Err(Error::new(Code::ImageNotActive).with("status", image.status.as_str()));
        }
        let backup = accepted(app, &vault, one, &disks);
        sizes.push((backup.name.clone(), backup.size_gib));
        placement.steps.push(Step::Make(Box::new(backup), disks));
    }
    vault::fits(&vault, usage, &sizes)?;
    let more = sizes.iter().map(|(_, gib)| gib).sum();
    let filling = Filling::by(usage.used_gib, more, u64::from(vault.capacity_gib));
    placement.notices.extend(Notice::of_vault(&vault, filling, app.clock.now()));
    Ok(())
}

/// Whether the vault is the recipient's: of the project itself, or, where an account receives, of the
/// project that answers for it.
fn belongs(vault: &Vault, caller: &Caller, one: &Accepting<'_>) -> bool {
    let project: &ProjectId = match &one.share.recipient {
        Recipient::Project(project) => project,
        Recipient::Account(_) => &caller.project,
    };
    vault.project == *project && vault.region == one.image.region
}

fn accepted(app: &App, vault: &Vault, one: &Accepting<'_>, disks: &[Disk]) -> Backup {
    let image = one.image;
    Backup {
        id: BackupId::trusted(app.ids.hex()),
        vault: vault.id.clone(),
        project: vault.project.clone(),
        region: vault.region.clone(),
        name: image.name.clone().unwrap_or_else(|| image.id.to_string()),
        source: format!("image {}", image.id),
        size_gib: total_gib(disks),
        from_image: Some(image.id.clone()),
        held_by: Some(one.share.recipient.clone()),
        image: None,
        created_at: app.clock.now(),
    }
}

/// Writes what [`plan`] decided in the same transaction. No byte moves: the vault's backups use the
/// blobs of the images.
fn write(tx: &mut Tx<'_>, placement: &Placement) -> Result<(), Error> {
    for step in &placement.steps {
        match step {
            Step::Hold(id, recipient) => store_backup::set_holder(tx, id, Some(recipient))?,
            Step::Make(backup, disks) => {
                // The disks belong to the recipient's vault now; their names stay the owner's (FS-07).
                let nameless = |disk: &Disk| Disk { name: None, ..disk.clone() };
                let disks: Vec<Disk> = disks.iter().map(nameless).collect();
                if !store_backup::insert(tx, backup, &disks)? {
                    return Err(Error::new(Code::BlobDamaged));
                }
            }
        }
    }
    Ok(())
}

/// Puts the images into their vaults: [`plan`] once more, under the same locks, and what it comes to.
/// Answers what is to be told as the last step of the transaction.
///
/// Errors: as [`plan`].
pub(crate) fn place(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    accepting: &[Accepting<'_>],
) -> Result<Vec<Notice>, Error> {
    let placement = plan(tx, app, caller, accepting)?;
    write(tx, &placement)?;
    Ok(placement.notices)
}

/// A share that is accepted no longer: rejected, reopened, withdrawn, lapsed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending<'a> {
    /// The share, as it was or as it is now.
    pub share: &'a Share,
    /// The rules of the image's owner.
    pub policy: &'a Policy,
}

/// Takes what ended shares held out of their vaults, or leaves it there where the policy keeps it
/// (`vault.keep_after_unshare`); answers the vault of each, in their order. Nothing happens for shares
/// that hold nothing; ask only for shares of full-server images, so that others cost nothing.
pub(crate) fn release(
    tx: &mut Tx<'_>,
    ended: &[Ending<'_>],
) -> Result<Vec<Option<VaultId>>, Error> {
    let mut found = Vec::new();
    let mut vaults = Vec::with_capacity(ended.len());
    for one in ended {
        let backup = store_backup::of_share(tx, one.share)?;
        vaults.push(backup.as_ref().map(|backup| backup.vault.clone()));
        found.extend(backup.map(|backup| (backup, one.policy.vault_keep_after_unshare)));
    }
    let_go(tx, &found)?;
    Ok(vaults)
}

/// As [`release`] for every share of an image that is about to be deleted; with `its_own` also the
/// backup the image was made from (DL-08). Call it before the image and its uses go.
pub(crate) fn release_image(
    tx: &mut Tx<'_>,
    image: &Image,
    policy: &Policy,
    its_own: bool,
) -> Result<(), Error> {
    let keep = policy.vault_keep_after_unshare;
    let held = store_backup::held_of_image(tx, &image.id)?;
    let mut found: Vec<(Backup, bool)> = held.into_iter().map(|backup| (backup, keep)).collect();
    if its_own
        && let Some(own) = store_backup::of_made_image(tx, &image.id)?
        && own.project == image.owner
    {
        store_backup::forget_image(tx, &image.id)?;
        found.push((own, false));
    }
    let_go(tx, &found)
}

/// Removes or keeps backups, each with whether it is kept: all vaults first, by id, then all blobs.
fn let_go(tx: &mut Tx<'_>, found: &[(Backup, bool)]) -> Result<(), Error> {
    let vaults: BTreeSet<&VaultId> = found.iter().map(|(backup, _)| &backup.vault).collect();
    for vault in vaults {
        store_vault::lock(tx, vault)?;
    }
    for (backup, _) in found.iter().filter(|(_, is_kept)| *is_kept) {
        store_backup::set_holder(tx, &backup.id, None)?;
    }
    let gone: Vec<&BackupId> =
        found.iter().filter(|(_, is_kept)| !is_kept).map(|(backup, _)| &backup.id).collect();
    store_backup::delete(tx, &gone)
}
