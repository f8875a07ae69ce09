//! Receiving the bytes of an image: row first, bytes after, publish last.
//!
//! `begin` writes a lease before a byte is stored; whatever dies later, the reaper restores the
//! record to `queued` and removes what was stored. Dropping a [`Receiving`] only makes that quick.

pub mod at_hand;
pub mod kept;

use std::time::{Duration, Instant};

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::image::{Digests, Image, ImageStatus};
use lendglass_core::tenant::Caller;
use lendglass_core::{BlobId, Code, Error, ImageId, access};
use lendglass_disk::{DeclaredFormat, Inspector, Refusal};
use lendglass_store::blob::{BlobError, Intake, Locator, Received};
use lendglass_store::upload::{Copy, Upload};
use lendglass_store::{Tx, audit as store_audit, image as store_image, upload as store_upload};

use crate::app::App;
use crate::service::audit::by_system;
use crate::service::download::blob_error;
use crate::service::{lock_seen, not_found};

/// An upload under way. Give it frames with [`Receiving::receive`] and end it with
/// [`Receiving::finish`]; dropped before that, it is undone.
pub struct Receiving {
    inner: Option<Inner>,
}

struct Inner {
    app: App,
    caller: Caller,
    upload: Upload,
    intake: Intake,
    inspector: Inspector,
    expected_bytes: Option<u64>,
    renewed_at: Instant,
}

/// Begins an upload: the record goes from `queued` to `saving`, under a lease.
///
/// `expected_bytes` is the length the client announced, if it did. Errors: who may not change the
/// image; [`Code::ImageHasBytes`], [`Code::ImageBusy`]; [`Code::FormatMissing`];
/// [`Code::ImageTooLarge`]; [`Code::NoSpace`] when the announced length does not fit.
pub async fn begin(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    expected_bytes: Option<u64>,
) -> Result<Receiving, Error> {
    let blobs = app.blobs(&caller.region)?.clone();
    let limit = app.settings.image_size_max_bytes;
    if expected_bytes.is_some_and(|bytes| bytes > limit) {
        return Err(Error::new(Code::ImageTooLarge).with("max", limit));
    }
    let locator = Locator::random();
    let upload = Upload {
        id: app.ids.hex(),
        image: id.clone(),
        copy: Copy {
            blob: BlobId::trusted(app.ids.hex()),
            region: caller.region.clone(),
            locator: locator.as_str().to_owned(),
        },
        fence: 1,
    };
    let free_bytes = blobs.free_bytes().await.map_err(blob_error)?;
    let fits = expected_bytes.is_none_or(|bytes| bytes <= free_bytes);
    let image = {
        let (owned, mine, upload) = (app.clone(), caller.clone(), upload.clone());
        app.change(caller, move |tx| begin_in(tx, &owned, &mine, &upload, fits)).await?
    };
    let intake = Intake::start(&blobs, &app.buffers, locator, app.settings.digests, limit).await;
    let intake = match intake {
        Ok(intake) => intake,
        Err(error) => {
            undo(app, caller, &upload, "the store refused").await?;
            return Err(blob_error(error));
        }
    };
    Ok(Receiving {
        inner: Some(Inner {
            app: app.clone(),
            caller: caller.clone(),
            inspector: Inspector::new(declared(&image)),
            upload,
            intake,
            expected_bytes,
            renewed_at: Instant::now(),
        }),
    })
}

fn begin_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    upload: &Upload,
    fits: bool,
) -> Result<Image, Error> {
    let now = app.clock.now();
    let seen = lock_seen(tx, &upload.image, caller)?;
    access::may_upload(caller, seen.standing(caller, now)?)?;
    may_begin(&seen.image)?;
    if !fits {
        return Err(Error::new(Code::NoSpace));
    }
    let mut saving = seen.image.clone();
    saving.status = ImageStatus::Saving;
    saving.updated_at = now;
    store_image::update(tx, &seen.image, &saving)?;
    store_upload::begin(tx, upload, app.settings.upload_lease_seconds, now)?;
    Ok(saving)
}

/// Whether a record is one that takes bytes: queued, with both formats declared.
pub(crate) fn may_begin(image: &Image) -> Result<(), Error> {
    match image.status {
        ImageStatus::Queued => {}
        ImageStatus::Active | ImageStatus::Deactivated => {
            return Err(Error::new(Code::ImageHasBytes));
        }
        ImageStatus::Saving
        | ImageStatus::Uploading
        | ImageStatus::Importing
        | ImageStatus::Error => {
            return Err(Error::new(Code::ImageBusy).with("status", image.status.as_str()));
        }
    }
    if image.disk_format.is_none() || image.container_format.is_none() {
        return Err(Error::new(Code::FormatMissing));
    }
    Ok(())
}

/// The format to hold the bytes against. A container other than `bare` wraps the disk, so that its
/// bytes are not what `disk_format` says.
fn declared(image: &Image) -> Option<DeclaredFormat> {
    use lendglass_core::image::ContainerFormat;
    match image.container_format {
        Some(ContainerFormat::Bare) => {
            image.disk_format.and_then(|format| format.as_str().parse().ok())
        }
        Some(
            ContainerFormat::Ami
            | ContainerFormat::Ari
            | ContainerFormat::Aki
            | ContainerFormat::Ovf
            | ContainerFormat::Ova
            | ContainerFormat::Docker
            | ContainerFormat::Compressed,
        )
        | None => None,
    }
}

impl Receiving {
    /// How long the peer may be silent: at most half the lease, so that a slow one does not lose it.
    pub fn idle_limit(app: &App) -> Duration {
        let settings = &app.settings;
        let seconds = settings.upload_idle_seconds.min(settings.upload_lease_seconds / 2);
        Duration::from_secs(u64::from(seconds.max(1)))
    }

    /// Takes the next bytes over. After an error the upload is undone and nothing is kept.
    ///
    /// Errors: [`Code::ImageFormatMismatch`], [`Code::ImageRefused`] as soon as they are certain;
    /// [`Code::ImageTooLarge`]; [`Code::NoSpace`]; [`Code::ImageNotFound`] when the image was deleted
    /// meanwhile; [`Code::UploadLost`].
    pub async fn receive(&mut self, frame: &[u8]) -> Result<(), Error> {
        let Some(inner) = &mut self.inner else {
            return Err(Error::internal("an upload that ended receives bytes"));
        };
        let result = inner.receive(frame).await;
        if let Err(error) = &result {
            let because = error.code().as_str();
            self.give_up(because).await?;
        }
        result
    }

    /// Ends the upload: the bytes are durable, then the record is `active`.
    ///
    /// Errors: as [`Receiving::receive`]; [`Code::UploadIncomplete`] when other than the announced
    /// length has arrived. On an error the upload is undone and nothing is kept.
    pub async fn finish(mut self) -> Result<Image, Error> {
        let Some(inner) = self.inner.take() else {
            return Err(Error::internal("an upload that ended is ended again"));
        };
        let (app, caller, upload) = (inner.app.clone(), inner.caller.clone(), inner.upload.clone());
        let result = inner.finish().await;
        if let Err(error) = &result {
            if matches!(error.code(), Code::UploadLost | Code::ImageNotFound)
                && let Err(trouble) = remove_late(&app, &upload).await
            {
                let blob = &upload.copy.locator;
                tracing::warn!(?trouble, blob, "what was published too late may stay behind");
            }
            undo(&app, &caller, &upload, error.code().as_str()).await?;
        }
        result
    }

    /// Undoes the upload: removes what was stored, puts the record back to `queued`.
    pub async fn give_up(&mut self, because: &str) -> Result<(), Error> {
        let Some(inner) = self.inner.take() else { return Ok(()) };
        inner.give_up(because).await
    }
}

impl Drop for Receiving {
    /// A request that was dropped is the common end of an upload, not the rare one.
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = inner.give_up("the client went away").await {
                    tracing::warn!(?error, "an upload is left to the reaper");
                }
            });
        }
    }
}

impl Inner {
    async fn receive(&mut self, frame: &[u8]) -> Result<(), Error> {
        self.inspector.feed(frame).map_err(refusal)?;
        if let Err(error) = self.intake.write(frame).await {
            return Err(store_error(&self.app, &self.upload, error).await);
        }
        let arrived = self.intake.received_bytes();
        if self.expected_bytes.is_some_and(|expected| arrived > expected) {
            return Err(incomplete(arrived, self.expected_bytes));
        }
        self.renew_lease().await
    }

    async fn renew_lease(&mut self) -> Result<(), Error> {
        let lease = self.app.settings.upload_lease_seconds;
        if self.renewed_at.elapsed() < Duration::from_secs(u64::from(lease) / 4) {
            return Ok(());
        }
        keep_lease(&self.app, &self.upload).await?;
        self.renewed_at = Instant::now();
        Ok(())
    }

    async fn finish(self) -> Result<Image, Error> {
        let arrived = self.intake.received_bytes();
        if self.expected_bytes.is_some_and(|expected| arrived != expected) {
            self.intake.abort().await.map_err(blob_error)?;
            return Err(incomplete(arrived, self.expected_bytes));
        }
        let inspection = match self.inspector.finish() {
            Ok(inspection) => inspection,
            Err(error) => {
                self.intake.abort().await.map_err(blob_error)?;
                return Err(refusal(error));
            }
        };
        let (app, caller, upload) = (self.app.clone(), self.caller, self.upload);
        let received = match self.intake.finish().await {
            Ok(received) => received,
            Err(error) => return Err(store_error(&app, &upload, error).await),
        };
        let virtual_size = inspection.virtual_size_bytes;
        self.app
            .db
            .write(move |tx| commit(tx, &app, &caller, &upload, &received, virtual_size))
            .await
    }

    async fn give_up(self, because: &str) -> Result<(), Error> {
        self.intake.abort().await.map_err(blob_error)?;
        undo(&self.app, &self.caller, &self.upload, because).await
    }
}

/// What its owner is told of an upload that the store refuses: whoever took it over has removed the file
/// from under it.
async fn store_error(app: &App, upload: &Upload, error: BlobError) -> Error {
    match keep_lease(app, upload).await {
        Ok(()) => blob_error(error),
        Err(lost) => lost,
    }
}

async fn keep_lease(app: &App, upload: &Upload) -> Result<(), Error> {
    let (upload, lease) = (upload.clone(), app.settings.upload_lease_seconds);
    let keep = move |tx: &mut Tx<'_>| match store_upload::renew(tx, &upload, lease)? {
        true => Ok(()),
        false => Err(lost(tx, &upload)?),
    };
    app.db.write(keep).await
}

fn commit(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    upload: &Upload,
    received: &Received,
    virtual_size_bytes: Option<u64>,
) -> Result<Image, Error> {
    let now = app.clock.now();
    let before = store_image::lock(tx, &upload.image)?;
    let before = before.ok_or_else(|| not_found(&upload.image))?;
    if !store_upload::take(tx, upload)? {
        return Err(Error::new(Code::UploadLost));
    }
    let digests = Digests {
        md5_hex: received.md5_hex.clone(),
        algo: received.algo.name().to_owned(),
        value_hex: received.digest_hex.clone(),
    };
    let mut active = before.clone();
    active.status = ImageStatus::Active;
    active.size_bytes = Some(received.size_bytes);
    active.virtual_size_bytes = virtual_size_bytes;
    active.digests = Some(digests.clone());
    active.updated_at = now;
    store_upload::fill(tx, &upload.copy.blob, &upload.image, 0, received.size_bytes, &digests)?;
    store_image::update(tx, &before, &active)?;
    let event = AuditEvent::by(caller, now, AuditVerb::ImageUpload, upload.image.as_str())
        .on_behalf(&active.owner)
        .with_detail(format!("bytes={}", received.size_bytes));
    store_audit::insert(tx, &app.ids.hex(), &event)?;
    Ok(active)
}

/// Removes what was published after its upload had been taken over: whoever did that may have removed
/// the bytes and forgotten the rows before there was anything to remove. Nobody else has the locator.
async fn remove_late(app: &App, upload: &Upload) -> Result<(), Error> {
    let locator = Locator::parse(&upload.copy.locator)
        .ok_or_else(|| Error::internal("an upload has a broken locator"))?;
    app.blobs(&upload.copy.region)?.delete(&locator).await.map_err(blob_error)
}

/// Why an upload has no lease any more: its image is gone, or somebody else has taken it over.
fn lost(tx: &mut Tx<'_>, upload: &Upload) -> Result<Error, Error> {
    Ok(match store_image::lock(tx, &upload.image)? {
        Some(_) => Error::new(Code::UploadLost),
        None => not_found(&upload.image),
    })
}

/// Undoes an upload as its owner; nothing happens where somebody else has taken it over.
async fn undo(app: &App, caller: &Caller, upload: &Upload, because: &str) -> Result<(), Error> {
    let (owned, caller, upload) = (app.clone(), caller.clone(), upload.clone());
    let because = because.to_owned();
    app.db
        .write(move |tx| {
            let event = |now| {
                AuditEvent::by(&caller, now, AuditVerb::ImageUploadFail, upload.image.as_str())
                    .with_result(AuditResult::Failed)
                    .with_detail(&because)
            };
            undo_in(tx, &owned, &upload, Some(&event))
        })
        .await?;
    app.work.notify_one();
    Ok(())
}

/// The record goes back to `queued`, the blob is left dying. `event` says who undid it; without one
/// it was the reaper.
pub(crate) fn undo_in(
    tx: &mut Tx<'_>,
    app: &App,
    upload: &Upload,
    event: Option<&dyn Fn(lendglass_core::Timestamp) -> AuditEvent>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let image = store_image::lock(tx, &upload.image)?;
    if !store_upload::take(tx, upload)? {
        return Ok(());
    }
    store_upload::give_up(tx, &upload.copy.blob)?;
    let event = match event {
        Some(event) => Some(event(now)),
        None => image.as_ref().map(|image| {
            by_system(image, AuditVerb::ImageUploadFail, now)
                .with_result(AuditResult::Failed)
                .with_detail("its lease was over")
        }),
    };
    if let Some(before) = image.filter(|image| image.status == ImageStatus::Saving) {
        let mut queued = before.clone();
        queued.status = ImageStatus::Queued;
        queued.updated_at = now;
        store_image::update(tx, &before, &queued)?;
    }
    if let Some(event) = event {
        store_audit::insert(tx, &app.ids.hex(), &event)?;
    }
    Ok(())
}

fn incomplete(got: u64, want: Option<u64>) -> Error {
    Error::new(Code::UploadIncomplete).with("got", got).with("want", want.unwrap_or_default())
}

/// What a refusal of the format inspector means to who uploads.
fn refusal(refusal: Refusal) -> Error {
    match &refusal {
        Refusal::Mismatch { declared, found } => Error::new(Code::ImageFormatMismatch)
            .with("declared", declared.as_str())
            .with("found", found),
        Refusal::BackingFile { .. }
        | Refusal::ExternalDataFile { .. }
        | Refusal::VmdkExtent { .. }
        | Refusal::UnsafeVmdkType { .. }
        | Refusal::AbsurdSize { .. }
        | Refusal::Truncated { .. }
        | Refusal::Corrupt { .. }
        | Refusal::UnknownFeature { .. }
        | Refusal::Polyglot { .. } => Error::new(Code::ImageRefused).with("reason", &refusal),
    }
}
