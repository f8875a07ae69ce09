//! Copying an image into another region of the installation (RG-02, T-047): its bytes move from one
//! store to the other.
//!
//! The record and the job are written first; the job's run then moves the bytes with no transaction
//! open. What is on disk is noted from time to time, so that a run that breaks off, with its process
//! or without, is taken up there by the next one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::TryStreamExt as _;
use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::image::{Digests, Image, ImageStatus};
use lendglass_core::job::JobWork;
use lendglass_core::permission::Action;
use lendglass_core::tenant::{Assigned, Caller, Credential, Project, Role};
use lendglass_core::{BlobId, Code, Error, ImageId, JobId, ProjectId, RegionId, access};
use lendglass_store::blob::{BlobReader, DigestAlgo, DigestPlan, Intake, Locator, Received};
use lendglass_store::copy::{self as store_copy, Part};
use lendglass_store::job::{self as store_job, Claim};
use lendglass_store::upload::{self as store_upload, Copy};
use lendglass_store::{
    Tx, audit as store_audit, image as store_image, policy as store_policy, tenant as store_tenant,
    user as store_user,
};

use crate::app::App;
use crate::service::download::blob_error;
use crate::service::replicate::{Extras, begin_record, fail, lock_both, ready};
use crate::service::{job, lock_seen, not_found, notice};

/// How many bytes are written between two notes of what is on disk. A run that breaks off has at
/// most so many to fetch again; at 100 MB/s a note every second costs nothing.
pub const CHECKPOINT_BYTES: u64 = 64 << 20;

/// A wish for a copy in another region.
#[derive(Clone, Debug)]
pub struct CopyWish {
    /// What is copied.
    pub source: ImageId,
    /// Where to.
    pub region: RegionId,
    /// Who shall own it there; `None`: the only project of the caller's account there in which he has
    /// a role.
    pub project: Option<ProjectId>,
    /// Its name; `None`: that of the source.
    pub name: Option<String>,
}

/// Asks for a private copy of an image in another region (RG-02). Answers the new record, which is
/// `importing` until the job has ended.
///
/// Errors: those of [`access::may_replicate`]; [`Code::RegionNotFound`]; [`Code::InvalidValue`] for
/// the region where the image is; [`Code::CopyProjectNeeded`]; [`Code::ProjectNotFound`] for a
/// project in which the caller has no role, [`Code::TenantNotInRegion`]; what that project's roles
/// and custom policies refuse him; [`Code::PrivateImageQuota`] of that project.
pub async fn copy(app: &App, caller: &Caller, wish: CopyWish) -> Result<(Image, JobId), Error> {
    copy_with(app, caller, wish, Extras::default()).await
}

/// As [`copy`], with what the copy has of its own.
pub async fn copy_with(
    app: &App,
    caller: &Caller,
    wish: CopyWish,
    extras: Extras,
) -> Result<(Image, JobId), Error> {
    app.blobs(&wish.region)?;
    let target = ImageId::trusted(app.ids.uuid());
    let job = JobId::trusted(app.ids.hex());
    let (owned, mine) = (app.clone(), caller.clone());
    let done = app
        .change(caller, move |tx| begin(tx, &owned, &mine, (&wish, &extras), &target, &job))
        .await?;
    app.work.notify_one();
    Ok(done)
}

fn begin(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    (wish, extras): (&CopyWish, &Extras),
    target: &ImageId,
    job: &JobId,
) -> Result<(Image, JobId), Error> {
    let now = app.clock.now();
    let seen = lock_seen(tx, &wish.source, caller)?;
    let image = &seen.image;
    let policy = store_policy::effective_in(tx, &app.policy, &image.region, &image.owner)?;
    access::may_replicate(caller, seen.standing(caller, now)?, image, &policy, now)?;
    if image.region == wish.region {
        return Err(Error::new(Code::InvalidValue)
            .with("field", "region")
            .with("value", &wish.region)
            .with("reason", "the image is there; replicate it instead"));
    }
    let there = caller_there(tx, app, caller, wish)?;
    there.may(Action::ImagesCopy)?;
    let own = (wish.name.as_ref(), extras);
    let (importing, told) = begin_record(tx, app, &there, image, target, own)?;
    let asked = AuditEvent::by(caller, now, AuditVerb::ImageCopy, wish.source.as_str())
        .on_behalf(&image.owner)
        .with_detail(format!("copy={target} region={}", wish.region));
    store_audit::insert(tx, &app.ids.hex(), &asked)?;
    let made = AuditEvent::by(&there, now, AuditVerb::ImageCopy, target.as_str())
        .with_detail(format!("source={} region={}", wish.source, image.region));
    store_audit::insert(tx, &app.ids.hex(), &made)?;
    let work = JobWork::ImageCopy {
        source: wish.source.clone(),
        source_name: image.name.clone(),
        target: target.clone(),
    };
    store_job::insert(tx, &ready(caller, job, work, now))?;
    notice::tell(tx, told.as_slice())?;
    Ok((importing, job.clone()))
}

/// The caller as he acts in the project that shall own the copy, which is not the one his token is
/// for.
fn caller_there(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    wish: &CopyWish,
) -> Result<Caller, Error> {
    let (project, role) = match &wish.project {
        Some(id) => named(tx, caller, wish, id)?,
        None => the_only_one(tx, caller, wish)?,
    };
    Ok(Caller {
        permissions: app.identity.permissions(&caller.user, &project.id),
        project: project.id,
        account: project.account,
        region: wish.region.clone(),
        role,
        ..caller.clone()
    })
}

fn named(
    tx: &mut Tx<'_>,
    caller: &Caller,
    wish: &CopyWish,
    id: &ProjectId,
) -> Result<(Project, Role), Error> {
    let unknown = || Error::new(Code::ProjectNotFound).with("id", id);
    let project = store_tenant::project(tx, id)?.filter(|project| project.is_enabled);
    let project = project.ok_or_else(unknown)?;
    let role = match role_in(tx, caller, id)? {
        None if caller.is_operator => Role::Admin,
        role => role.ok_or_else(unknown)?,
    };
    if project.region.as_ref().is_some_and(|home| *home != wish.region) {
        let refused = Error::new(Code::TenantNotInRegion);
        return Err(refused.with("id", id).with("region", &wish.region));
    }
    Ok((project, role))
}

fn the_only_one(
    tx: &mut Tx<'_>,
    caller: &Caller,
    wish: &CopyWish,
) -> Result<(Project, Role), Error> {
    let mut found = Vec::new();
    for id in store_tenant::projects_here(tx, &caller.account, &wish.region)? {
        if let Some(role) = role_in(tx, caller, &id)?
            && let Some(project) = store_tenant::project(tx, &id)?
        {
            found.push((project, role));
        }
    }
    if found.len() == 1
        && let Some(only) = found.pop()
    {
        return Ok(only);
    }
    Err(Error::new(Code::CopyProjectNeeded).with("count", found.len()).with("region", &wish.region))
}

/// The strongest role of the caller in a project. An application credential has roles in its own
/// project alone.
fn role_in(tx: &mut Tx<'_>, caller: &Caller, id: &ProjectId) -> Result<Option<Role>, Error> {
    match caller.credential {
        Credential::ApplicationCredential if caller.project != *id => return Ok(None),
        Credential::ApplicationCredential if caller.project == *id => return Ok(Some(caller.role)),
        Credential::ApplicationCredential | Credential::Token | Credential::AccessKey => {}
    }
    let assigned = store_user::assigned(tx, &caller.user, id)?;
    let roles = assigned.iter().filter_map(|one| match one {
        Assigned::Role(role) => Some(*role),
        Assigned::Service => None,
    });
    Ok(roles.max())
}

// --- the run -------------------------------------------------------------------------------------

/// What one run of a job has to do.
struct Move<'a> {
    app: &'a App,
    claim: &'a Claim,
    source: &'a ImageId,
    target: &'a ImageId,
    /// The copy that is read.
    from: Copy,
    /// What its bytes must hash to.
    digests: Option<Digests>,
    /// The region that gets them.
    region: RegionId,
    progress: &'a Progress,
}

/// What a run tells who watches over it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    percent: AtomicU32,
    /// The blob that is written.
    blob: Mutex<Option<Copy>>,
}

impl Progress {
    /// How far the run is, in percent.
    pub fn percent(&self) -> u32 {
        self.percent.load(Ordering::Relaxed)
    }
}

/// Runs a copy to its end, which is also the job's. Dropped at any moment, it leaves what the next
/// run takes up.
///
/// Errors: [`Code::ImageNotFound`] where the source is gone, [`Code::BlobDamaged`] where the
/// bytes do not hash to what the source says; [`Code::NoSpace`] and [`Code::Unavailable`] may pass.
pub(crate) async fn run(
    app: &App,
    claim: &Claim,
    (source, target): (&ImageId, &ImageId),
    progress: &Progress,
) -> Result<(), Error> {
    let (owned, mine) = (app.clone(), claim.clone());
    let ids = (source.clone(), target.clone());
    let prepared = app.db.write(move |tx| prepare(tx, &owned, &mine, &ids.0, &ids.1)).await?;
    let Some((from, digests, region, part)) = prepared else { return Ok(()) };
    let work = Move { app, claim, source, target, from, digests, region, progress };
    let locator = locator_of(&work.from)?;
    let reader = app.blobs(&work.from.region)?.open(&locator).await.map_err(blob_error)?;
    let (part, mut intake) = work.take_up(part, reader.size_bytes()).await?;
    let is_resumed = part.durable_bytes > 0;
    if let Err(error) = work.pour(&reader, &part, &mut intake).await {
        if error.code() == Code::NoSpace {
            intake.abort().await.map_err(blob_error)?;
            work.give_part_up().await?;
        }
        return Err(error);
    }
    let received = intake.finish().await.map_err(blob_error)?;
    if !work.fits(&received, reader.size_bytes()) {
        work.give_part_up().await?;
        let damaged = Error::new(if is_resumed { Code::Unavailable } else { Code::BlobDamaged });
        return Err(damaged.because("the bytes do not hash to what the source says"));
    }
    work.commit(part.copy.blob, received).await
}

type Prepared = Option<(Copy, Option<Digests>, RegionId, Option<Part>)>;

/// What is to be done; nothing where the target needs no bytes any more, and then the job ends.
fn prepare(
    tx: &mut Tx<'_>,
    app: &App,
    claim: &Claim,
    source: &ImageId,
    target: &ImageId,
) -> Result<Prepared, Error> {
    let Some((origin, before)) = lock_both(tx, source, target)? else {
        job::end(tx, app, claim, None)?;
        return Ok(None);
    };
    let part = store_copy::get(tx, &claim.job.id)?;
    Ok(Some((only_disk(tx, source)?, origin.digests, before.region, part)))
}

/// Images that are copied have one disk: full servers are not.
fn only_disk(tx: &mut Tx<'_>, image: &ImageId) -> Result<Copy, Error> {
    let mut disks = store_upload::disks_in(tx, image)?;
    match (disks.pop(), disks.is_empty()) {
        (Some(disk), true) => Ok(disk),
        _ => Err(Error::internal(format!("image {image} has no disk, or several"))),
    }
}

fn locator_of(copy: &Copy) -> Result<Locator, Error> {
    Locator::parse(&copy.locator)
        .ok_or_else(|| Error::internal(format!("blob {} has a broken locator", copy.blob)))
}

impl Move<'_> {
    /// Goes on where an earlier run has come to, or begins a blob.
    async fn take_up(&self, part: Option<Part>, size: u64) -> Result<(Part, Intake), Error> {
        if let Some(part) = part
            && let Some(intake) = self.intake(&part, size).await?
        {
            return Ok((part, intake));
        }
        let part = self.begin_part().await?;
        let intake = self.intake(&part, size).await?;
        let intake = intake.ok_or_else(|| Error::internal("a new blob is written by another"))?;
        Ok((part, intake))
    }

    async fn intake(&self, part: &Part, size: u64) -> Result<Option<Intake>, Error> {
        let (app, blobs) = (self.app, self.app.blobs(&self.region)?);
        let written = Some(part.copy.clone());
        *self.progress.blob.lock().unwrap_or_else(PoisonError::into_inner) = written;
        let algo = self.digests.as_ref().and_then(|digests| digest_algo(&digests.algo));
        let plan = DigestPlan {
            md5: app.settings.digests.md5,
            algo: algo.unwrap_or(app.settings.digests.algo),
        };
        let locator = locator_of(&part.copy)?;
        Intake::resume(blobs, &app.buffers, &locator, plan, size, part.durable_bytes)
            .await
            .map_err(blob_error)
    }

    /// Writes a new blob down, in place of what an earlier run has left.
    async fn begin_part(&self) -> Result<Part, Error> {
        let copy = Copy {
            blob: BlobId::trusted(self.app.ids.hex()),
            region: self.region.clone(),
            locator: Locator::random().as_str().to_owned(),
        };
        let (app, claim, target) = (self.app.clone(), self.claim.clone(), self.target.clone());
        let written = copy.clone();
        let write = move |tx: &mut Tx<'_>| {
            store_image::lock(tx, &target)?.ok_or_else(|| not_found(&target))?;
            store_copy::give_up(tx, &claim.job.id)?;
            store_copy::begin(tx, &claim.job.id, &target, &written, app.clock.now())?;
            still_ours(store_job::is_ours(tx, &claim)?)
        };
        self.app.db.write(write).await?;
        Ok(Part { copy, durable_bytes: 0 })
    }

    async fn pour(
        &self,
        reader: &BlobReader,
        part: &Part,
        intake: &mut Intake,
    ) -> Result<(), Error> {
        let size = reader.size_bytes();
        let mut noted = intake.received_bytes();
        let mut frames = reader.stream(&self.app.buffers, noted..size);
        while let Some(frame) = frames.try_next().await.map_err(blob_error)? {
            intake.write(&frame).await.map_err(blob_error)?;
            let arrived = intake.received_bytes();
            // The last percent is the record's.
            let percent = (arrived.saturating_mul(99) / size.max(1)) as u32;
            self.progress.percent.store(percent, Ordering::Relaxed);
            if arrived - noted >= CHECKPOINT_BYTES {
                let durable = intake.checkpoint().await.map_err(blob_error)?;
                self.note(part, durable).await?;
                noted = arrived;
            }
        }
        Ok(())
    }

    async fn note(&self, part: &Part, durable_bytes: u64) -> Result<(), Error> {
        let (claim, target) = (self.claim.clone(), self.target.clone());
        let blob = part.copy.blob.clone();
        let write = move |tx: &mut Tx<'_>| {
            still_ours(store_job::progressed(tx, &claim)?)?;
            match store_copy::note(tx, &claim.job.id, &blob, durable_bytes)? {
                true => Ok(()),
                false => Err(not_found(&target)),
            }
        };
        self.app.db.write(write).await
    }

    fn fits(&self, received: &Received, size: u64) -> bool {
        let fits = |want: &Digests| {
            let is_md5_same = match (&want.md5_hex, &received.md5_hex) {
                (Some(want), Some(got)) => want == got,
                _ => true,
            };
            let is_comparable = want.algo == received.algo.name();
            is_md5_same && (!is_comparable || want.value_hex == received.digest_hex)
        };
        received.size_bytes == size && self.digests.as_ref().is_none_or(fits)
    }

    async fn give_part_up(&self) -> Result<(), Error> {
        let claim = self.claim.clone();
        let write = move |tx: &mut Tx<'_>| {
            still_ours(store_job::is_ours(tx, &claim)?)?;
            store_copy::give_up(tx, &claim.job.id)
        };
        self.app.db.write(write).await?;
        self.app.work.notify_one();
        Ok(())
    }

    /// The record gets its blob and is active, and the job is over.
    async fn commit(&self, blob: BlobId, received: Received) -> Result<(), Error> {
        let (app, claim, from) = (self.app.clone(), self.claim.clone(), self.from.clone());
        let (source, target) = (self.source.clone(), self.target.clone());
        let write = move |tx: &mut Tx<'_>| {
            let Some((origin, before)) = lock_both(tx, &source, &target)? else { return Ok(()) };
            if only_disk(tx, &source)?.blob != from.blob {
                return Err(not_found(&source));
            }
            still_ours(store_copy::take(tx, &claim.job.id)?)?;
            let digests = Digests {
                md5_hex: received.md5_hex.clone(),
                algo: received.algo.name().to_owned(),
                value_hex: received.digest_hex.clone(),
            };
            store_upload::fill(tx, &blob, &target, 0, received.size_bytes, &digests)?;
            let mut active = before.clone();
            active.status = ImageStatus::Active;
            active.size_bytes = Some(received.size_bytes);
            active.virtual_size_bytes = origin.virtual_size_bytes;
            active.digests = Some(digests);
            active.updated_at = app.clock.now();
            store_image::update(tx, &before, &active)?;
            job::end(tx, &app, &claim, None)
        };
        self.app.db.write(write).await
    }
}

fn digest_algo(name: &str) -> Option<DigestAlgo> {
    [DigestAlgo::Sha512, DigestAlgo::Sha256].into_iter().find(|algo| algo.name() == name)
}

fn still_ours(is_ours: bool) -> Result<(), Error> {
    if is_ours { Ok(()) } else { Err(lost()) }
}

/// The refusal for who runs a job that is somebody else's by now.
pub(crate) fn lost() -> Error {
    Error::new(Code::Unavailable).because("the job was taken over, or cancelled")
}

/// Removes what a run that lost its job may have written since its blob was given up. Where the job
/// goes on elsewhere with the same blob, nothing is done.
pub(crate) async fn sweep(app: &App, progress: &Progress) -> Result<(), Error> {
    let written = progress.blob.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(copy) = written else { return Ok(()) };
    if store_upload::is_known(&app.db, &copy.blob).await? {
        return Ok(());
    }
    let (locator, blobs) = (locator_of(&copy)?, app.blobs(&copy.region)?);
    blobs.abandon(&locator).await.map_err(blob_error)?;
    // Also what was published before it was told that the job is lost.
    blobs.delete(&locator).await.map_err(blob_error)
}

/// Ends a target whose job failed for good, or was cancelled; what was moved is removed.
pub(crate) fn abandon(
    tx: &mut Tx<'_>,
    app: &App,
    job: &JobId,
    target: &ImageId,
    why: Code,
) -> Result<(), Error> {
    fail(tx, app, target, AuditVerb::ImageCopy, why)?;
    store_copy::give_up(tx, job)
}
