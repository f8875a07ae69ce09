//! Backups: made from disk images, listed, deleted, and made into full-server images (T-020). No byte
//! moves: a backup uses the blobs of the images it is made from.

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::access::Standing;
use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::image::{ContainerFormat, Image, ImageKind, ImageStatus};
use lendglass_core::job::{Job, JobState, JobWork};
use lendglass_core::notice::Notice;
use lendglass_core::permission::Action;
use lendglass_core::quota::Filling;
use lendglass_core::tenant::Caller;
use lendglass_core::vault::{self, Backup, Disk, total_gib, virtual_size_bytes};
use lendglass_core::{BackupId, Code, Error, ImageId, JobId, VaultId};
use lendglass_store::{
    Tx, audit as store_audit, backup as store_backup, image as store_image, job as store_job,
    vault as store_vault,
};

use crate::app::App;
use crate::service::image::{NewImage, create_in as create_image_in};
use crate::service::replicate::ready;
use crate::service::vault::{Filled, lock_own, not_found as vault_not_found};
use crate::service::{lock_seen, notice};

/// A backup to be made from disk images.
#[derive(Clone, Debug)]
pub struct NewBackup {
    /// Where it is kept.
    pub vault: VaultId,
    /// Its name; `None`: that of the system disk.
    pub name: Option<String>,
    /// A note about what it was made from; `None`: the ids of the images.
    pub source: Option<String>,
    /// The disks: own, active, a system-disk image first, then data-disk images.
    pub disks: Vec<ImageId>,
}

/// A full-server image to be made from a backup.
#[derive(Clone, Debug, Default)]
pub struct ServerImage {
    /// Its name; `None`: that of the backup.
    pub name: Option<String>,
    /// Kept as the property `description`.
    pub description: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
}

/// A backup with its disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The backup.
    pub backup: Backup,
    /// Its disks, by position.
    pub disks: Vec<Disk>,
}

fn not_found(id: &BackupId) -> Error {
    Error::new(Code::BackupNotFound).with("id", id)
}

/// Makes a backup of the caller's own disk images in one of his vaults.
///
/// Errors: [`Code::VaultNotFound`], [`Code::ImageNotFound`], [`Code::NotImageOwner`],
/// [`Code::ImageNotActive`], those of `core::vault::{check_sources, fits}`.
pub async fn create(app: &App, caller: &Caller, new: NewBackup) -> Result<Whole, Error> {
    caller.may(Action::BackupsManage)?;
    let (owned, mine) = (app.clone(), caller.clone());
    let id = BackupId::trusted(app.ids.hex());
    app.change(caller, move |tx| create_in(tx, &owned, &mine, &new, &id)).await
}

fn create_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    new: &NewBackup,
    id: &BackupId,
) -> Result<Whole, Error> {
    let now = app.clock.now();
    let images = lock_sources(tx, app, caller, &new.disks)?;
    let images: Vec<&Image> = new.disks.iter().filter_map(|id| images.get(id)).collect();
    vault::check_sources(&images)?;
    let Filled { vault, usage } = lock_own(tx, caller, &new.vault)?;
    let disks = source_disks(tx, &images)?;
    let of_disk = || images.first().and_then(|image| image.name.clone());
    let name = new.name.clone().or_else(of_disk).unwrap_or_else(|| id.to_string());
    let ids: Vec<&str> = new.disks.iter().map(ImageId::as_str).collect();
    let source = new.source.clone().unwrap_or_else(|| format!("images {}", ids.join(", ")));
    if new.name.is_some() || new.source.is_some() {
        vault::check_backup(&name, new.source.as_deref().unwrap_or_default())?;
    }
    let backup = Backup {
        id: id.clone(),
        vault: vault.id.clone(),
        project: caller.project.clone(),
        region: caller.region.clone(),
        name,
        source,
        size_gib: total_gib(&disks),
        from_image: None,
        held_by: None,
        image: None,
        created_at: now,
    };
    vault::fits(&vault, usage, &[(backup.name.clone(), backup.size_gib)])?;
    let filling = Filling::by(usage.used_gib, backup.size_gib, u64::from(vault.capacity_gib));
    if !store_backup::insert(tx, &backup, &disks)? {
        return Err(Error::new(Code::BlobDamaged));
    }
    let event = AuditEvent::by(caller, now, AuditVerb::BackupCreate, id.as_str())
        .with_detail(format!("vault={}", vault.id));
    store_audit::insert(tx, &app.ids.hex(), &event)?;
    notice::tell(tx, Notice::of_vault(&vault, filling, now).as_slice())?;
    Ok(Whole { backup, disks })
}

/// Locks the images in id order; each must be the caller's own.
fn lock_sources(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    ids: &[ImageId],
) -> Result<BTreeMap<ImageId, Image>, Error> {
    let sorted: BTreeSet<&ImageId> = ids.iter().collect();
    let mut images = BTreeMap::new();
    for id in sorted {
        let seen = lock_seen(tx, id, caller)?;
        match seen.standing(caller, app.clock.now())? {
            Standing::Owner => {}
            Standing::Recipient(_)
            | Standing::Public
            | Standing::Community
            | Standing::Market
            | Standing::Operator => return Err(Error::new(Code::NotImageOwner)),
        }
        images.insert(id.clone(), seen.image);
    }
    Ok(images)
}

/// The one disk of each image, in order, as the disks of one server.
fn source_disks(tx: &mut Tx<'_>, images: &[&Image]) -> Result<Vec<Disk>, Error> {
    let mut disks = Vec::with_capacity(images.len());
    for (position, image) in (0..).zip(images) {
        let disk = store_backup::disks_of_image_in(tx, image)?.into_iter().next();
        let disk = disk.ok_or_else(|| Error::internal(format!("{} has no disk", image.id)))?;
        disks.push(Disk { position, is_system: position == 0, ..disk });
    }
    Ok(disks)
}

/// A page of the project's backups in the region, newest first, after `marker`; of one vault, or of one
/// name, where these are given.
///
/// Errors: [`Code::VaultNotFound`] for a foreign vault, [`Code::InvalidMarker`].
pub async fn list(
    app: &App,
    caller: &Caller,
    (vault, name): (Option<&VaultId>, Option<&str>),
    marker: Option<&BackupId>,
    limit: Option<u32>,
) -> Result<Vec<Backup>, Error> {
    caller.may(Action::BackupsList)?;
    if let Some(vault) = vault {
        crate::service::vault::show(app, caller, vault).await?;
    }
    let after = match marker {
        None => None,
        Some(id) => {
            let no_marker = |_| Error::new(Code::InvalidMarker).with("marker", id);
            let last = show(app, caller, id).await.map_err(no_marker)?.backup;
            Some((last.created_at, last.id))
        }
    };
    let limit = limit.unwrap_or(app.settings.list_limit_default).min(app.settings.list_limit_max);
    let (project, region) = (&caller.project, &caller.region);
    store_backup::page(&app.db, project, region, (vault, name), after, limit).await
}

/// A backup of the caller's project in the region with its disks; else [`Code::BackupNotFound`].
pub async fn show(app: &App, caller: &Caller, id: &BackupId) -> Result<Whole, Error> {
    caller.may(Action::BackupsList)?;
    let backup = own(caller, id, store_backup::show(&app.db, id).await?)?;
    let disks = store_backup::disks(&app.db, id).await?;
    Ok(Whole { backup, disks })
}

fn own(caller: &Caller, id: &BackupId, found: Option<Backup>) -> Result<Backup, Error> {
    let is_own =
        |backup: &Backup| backup.project == caller.project && backup.region == caller.region;
    found.filter(is_own).ok_or_else(|| not_found(id))
}

/// Locks the vault of a backup of the caller's and reads the backup under that lock.
fn lock(tx: &mut Tx<'_>, caller: &Caller, id: &BackupId) -> Result<Backup, Error> {
    let found = store_backup::get(tx, id)?;
    let seen = own(caller, id, found)?;
    store_vault::lock(tx, &seen.vault)?.ok_or_else(|| vault_not_found(&seen.vault))?;
    store_backup::get(tx, id)?.ok_or_else(|| not_found(id))
}

/// Deletes a backup; its room in the vault is free again. The bytes are removed soon after, unless
/// somebody else uses them.
///
/// Errors: [`Code::BackupNotFound`]; [`Code::BackupInUse`] while an image is made from it or a share
/// holds it.
pub async fn delete(app: &App, caller: &Caller, id: &BackupId) -> Result<(), Error> {
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    app.change(caller, move |tx| {
        let backup = lock(tx, &mine, &id)?;
        mine.may(Action::BackupsManage)?;
        vault::may_delete_backup(&backup)?;
        store_backup::delete(tx, &[&id])?;
        let event = AuditEvent::by(&mine, owned.clock.now(), AuditVerb::BackupDelete, id.as_str())
            .with_detail(format!("vault={}", backup.vault));
        store_audit::insert(tx, &owned.ids.hex(), &event)
    })
    .await?;
    app.work.notify_one();
    Ok(())
}

/// Makes a full-server image from a backup, active at once: a record over the same blobs (T-020).
/// Answers it with the job, which is over by then.
///
/// Errors: [`Code::BackupNotFound`], [`Code::BackupHasImage`], [`Code::BackupFromShare`],
/// [`Code::PrivateImageQuota`], the rules about names and tags.
pub async fn make_image(
    app: &App,
    caller: &Caller,
    id: &BackupId,
    new: ServerImage,
) -> Result<(Image, JobId), Error> {
    caller.may(Action::WholeImagesCreate)?;
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    let image = ImageId::trusted(app.ids.uuid());
    let job = JobId::trusted(app.ids.hex());
    app.change(caller, move |tx| {
        let made = make_image_in(tx, &owned, &mine, &id, &new, &image)?;
        let work = JobWork::ServerImage { backup: id.clone(), target: image.clone() };
        let ready = ready(&mine, &job, work, made.updated_at);
        let done = Job { state: JobState::Succeeded, progress_percent: 100, attempts: 1, ..ready };
        store_job::insert(tx, &done)?;
        Ok((made, job.clone()))
    })
    .await
}

fn make_image_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &BackupId,
    new: &ServerImage,
    target: &ImageId,
) -> Result<Image, Error> {
    let found = store_backup::get(tx, id)?;
    let seen = own(caller, id, found)?;
    vault::may_image(&seen)?;
    let disks = store_backup::disks_in(tx, id)?;
    // The project is locked with the record, the vault after it.
    let record = server_record(&seen, &disks, new);
    let (queued, told) = create_image_in(tx, app, caller, &record, target, app.clock.now())?;
    let backup = lock(tx, caller, id)?;
    vault::may_image(&backup)?;
    if !store_backup::make_image(tx, id, target, &disks)? {
        return Err(Error::new(Code::BlobDamaged));
    }
    let mut active = queued.clone();
    active.status = ImageStatus::Active;
    active.is_from_backup = true;
    active.size_bytes = Some(disks.iter().map(|disk| disk.stored_bytes).sum());
    active.virtual_size_bytes = Some(virtual_size_bytes(&disks));
    store_image::update(tx, &queued, &active)?;
    let event = AuditEvent::by(caller, active.updated_at, AuditVerb::ImageCreate, target.as_str())
        .with_detail(format!("backup={id}"));
    store_audit::insert(tx, &app.ids.hex(), &event)?;
    notice::tell(tx, told.as_slice())?;
    Ok(active)
}

fn server_record(backup: &Backup, disks: &[Disk], new: &ServerImage) -> NewImage {
    let system = disks.first();
    let described =
        new.description.iter().map(|text| ("description".to_owned(), text.clone())).collect();
    NewImage {
        name: Some(new.name.clone().unwrap_or_else(|| backup.name.clone())),
        kind: Some(ImageKind::FullServer),
        disk_format: system.and_then(|disk| disk.format),
        container_format: Some(ContainerFormat::Bare),
        min_disk_gib: system.map_or(0, |disk| u32::try_from(disk.size_gib).unwrap_or(u32::MAX)),
        tags: new.tags.clone(),
        properties: described,
        ..NewImage::default()
    }
}
