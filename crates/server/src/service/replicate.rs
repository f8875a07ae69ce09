//! Replicating an image: a new record over the same blobs. No byte moves.

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::image::{Image, ImageStatus};
use lendglass_core::job::{Job, JobState, JobWork};
use lendglass_core::notice::Notice;
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, JobId, Timestamp, access};
use lendglass_store::{
    Tx, audit as store_audit, image as store_image, job as store_job, policy as store_policy,
    upload as store_upload,
};

use crate::app::App;
use crate::service::audit::by_system;
use crate::service::image::{NewImage, create_in};
use crate::service::{blueprint, lock_seen, not_found, notice};

/// What a copy has of its own, beside its name: all else is its source's.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Its description, none where it is empty; `None`: that of the source.
    pub description: Option<String>,
    /// Its labels; a source keeps its own.
    pub tags: Vec<String>,
}

/// The custom property that holds a description, in every dialect.
const DESCRIPTION: &str = "description";

/// Asks for a private copy of an image in the caller's project (US-09). Answers the new record,
/// which is `importing` until the job has ended.
///
/// Errors: [`Code::ShareNotAccepted`], [`Code::RecipientMayNotReplicate`],
/// [`Code::FullImageNoReplicate`], [`Code::ImageNotActive`], [`Code::PrivateImageQuota`].
pub async fn replicate(
    app: &App,
    caller: &Caller,
    source: &ImageId,
    name: Option<String>,
) -> Result<(Image, JobId), Error> {
    replicate_with(app, caller, source, name, Extras::default()).await
}

/// As [`replicate`], with what the copy has of its own.
pub async fn replicate_with(
    app: &App,
    caller: &Caller,
    source: &ImageId,
    name: Option<String>,
    extras: Extras,
) -> Result<(Image, JobId), Error> {
    let (owned, mine, source) = (app.clone(), caller.clone(), source.clone());
    let target = ImageId::trusted(app.ids.uuid());
    let job = JobId::trusted(app.ids.hex());
    let done = app
        .change(caller, move |tx| {
            let own = (name.as_ref(), &extras);
            begin(tx, &owned, &mine, &source, &target, &job, own)
        })
        .await?;
    app.work.notify_one();
    Ok(done)
}

fn begin(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    source: &ImageId,
    target: &ImageId,
    job: &JobId,
    own: (Option<&String>, &Extras),
) -> Result<(Image, JobId), Error> {
    let now = app.clock.now();
    let seen = lock_seen(tx, source, caller)?;
    let image = &seen.image;
    let policy = store_policy::effective_in(tx, &app.policy, &image.region, &image.owner)?;
    access::may_replicate(caller, seen.standing(caller, now)?, image, &policy, now)?;
    let (importing, told) = begin_record(tx, app, caller, image, target, own)?;
    let event = AuditEvent::by(caller, now, AuditVerb::ImageReplicate, source.as_str())
        .on_behalf(&image.owner)
        .with_detail(format!("copy={target}"));
    store_audit::insert(tx, &app.ids.hex(), &event)?;
    let work = JobWork::ImageReplicate {
        source: source.clone(),
        source_name: image.name.clone(),
        target: target.clone(),
    };
    store_job::insert(tx, &ready(caller, job, work, now))?;
    notice::tell(tx, told.as_slice())?;
    Ok((importing, job.clone()))
}

/// The record of a copy of `image` in the caller's project and region, waiting for its bytes; and what the
/// project is to be told, as [`create_in`] says.
pub(crate) fn begin_record(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    image: &Image,
    target: &ImageId,
    (name, extras): (Option<&String>, &Extras),
) -> Result<(Image, Option<Notice>), Error> {
    let mut new = NewImage {
        name: name.cloned().or_else(|| image.name.clone()),
        kind: Some(image.kind),
        disk_format: image.disk_format,
        container_format: image.container_format,
        min_disk_gib: image.min_disk_gib,
        min_ram_mib: image.min_ram_mib,
        properties: blueprint::properties_of_copy(image),
        ..NewImage::default()
    };
    new.tags.clone_from(&extras.tags);
    if let Some(text) = &extras.description {
        new.properties.remove(DESCRIPTION);
        if !text.is_empty() {
            new.properties.insert(DESCRIPTION.to_owned(), text.clone());
        }
    }
    let (queued, told) = create_in(tx, app, caller, &new, target, app.clock.now())?;
    let mut importing = queued.clone();
    importing.status = ImageStatus::Importing;
    importing.source_image = Some(image.id.clone());
    store_image::update(tx, &queued, &importing)?;
    Ok((importing, told))
}

/// A job of the caller's that waits for a worker.
pub(crate) fn ready(caller: &Caller, job: &JobId, work: JobWork, now: Timestamp) -> Job {
    Job {
        id: job.clone(),
        project: caller.project.clone(),
        user: caller.user.clone(),
        region: caller.region.clone(),
        work,
        state: JobState::Ready,
        progress_percent: 0,
        attempts: 0,
        failure: None,
        results: Vec::new(),
        created_at: now,
        updated_at: now,
    }
}

/// The work of the job, in the transaction that ends it: the target uses the source's blobs and is
/// active. Run twice it does what it does once.
///
/// Errors: [`Code::ImageNotFound`] where the source is gone; the target is left in error then.
pub(crate) fn work(
    tx: &mut Tx<'_>,
    app: &App,
    source: &ImageId,
    target: &ImageId,
) -> Result<(), Error> {
    let now = app.clock.now();
    let Some((origin, before)) = lock_both(tx, source, target)? else { return Ok(()) };
    let disks = store_upload::disks_in(tx, source)?;
    let mut by_blob: Vec<(u32, _)> = (0..).zip(disks.into_iter().map(|disk| disk.blob)).collect();
    by_blob.sort_by(|a, b| a.1.cmp(&b.1));
    for (position, blob) in &by_blob {
        if !store_upload::add_use(tx, blob, target, *position)? {
            return Err(Error::new(Code::BlobDamaged));
        }
    }
    let mut active = before.clone();
    active.status = ImageStatus::Active;
    active.size_bytes = origin.size_bytes;
    active.virtual_size_bytes = origin.virtual_size_bytes;
    active.digests = origin.digests;
    active.updated_at = now;
    store_image::update(tx, &before, &active)
}

/// Source and target of a copy, locked in order; `None` where the target needs nothing any more.
/// [`Code::ImageNotFound`] where one of them is gone.
pub(crate) fn lock_both(
    tx: &mut Tx<'_>,
    source: &ImageId,
    target: &ImageId,
) -> Result<Option<(Image, Image)>, Error> {
    let (first, second) = if source < target { (source, target) } else { (target, source) };
    let locked = [store_image::lock(tx, first)?, store_image::lock(tx, second)?];
    let of = |id: &ImageId| locked.iter().flatten().find(|image| image.id == *id).cloned();
    let before = of(target).ok_or_else(|| not_found(target))?;
    if before.status != ImageStatus::Importing {
        return Ok(None);
    }
    let origin = of(source).filter(|image| image.status.has_bytes());
    let origin = origin.ok_or_else(|| not_found(source))?;
    Ok(Some((origin, before)))
}

/// Ends a target whose job failed for good, or was cancelled.
pub(crate) fn fail(
    tx: &mut Tx<'_>,
    app: &App,
    target: &ImageId,
    verb: AuditVerb,
    why: Code,
) -> Result<(), Error> {
    let Some(before) = store_image::lock(tx, target)? else { return Ok(()) };
    if before.status != ImageStatus::Importing {
        return Ok(());
    }
    let mut failed = before.clone();
    failed.status = ImageStatus::Error;
    failed.updated_at = app.clock.now();
    store_image::update(tx, &before, &failed)?;
    let event = by_system(&failed, verb, failed.updated_at)
        .with_result(AuditResult::Failed)
        .with_detail(format!("because={}", why.as_str()));
    store_audit::insert(tx, &app.ids.hex(), &event)
}
