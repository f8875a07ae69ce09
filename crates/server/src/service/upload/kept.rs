//! Uploads that are kept until they are whole: through lost connections, tokens that end, and
//! restarts. What a client is told to have arrived is on disk or in its row.
//!
//! Pieces of a buffer's size are made durable in the part of the blob; what has arrived beyond them
//! goes into the row. Digests cannot be stored, so that after a restart what is on disk is read
//! once again; between two parts they stay at hand.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::image::{Image, ImageStatus};
use lendglass_core::limits::{FILE_NAME_BYTES, UPLOAD_KEPT_SECONDS, UPLOAD_RESUME_SECONDS};
use lendglass_core::permission::Action;
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{BlobId, Code, Error, ImageId, access};
use lendglass_disk::{Inspector, Refusal};
use lendglass_store::blob::{DigestAlgo, DigestPlan, Intake, Locator};
use lendglass_store::kept_upload as store_kept;
pub use lendglass_store::kept_upload::KeptUpload;
use lendglass_store::upload::{Copy, Upload};
use lendglass_store::{Tx, image as store_image};
use tokio::sync::oneshot;

use super::at_hand::{AtHand, Turn, busy};
use super::{commit, declared, may_begin, refusal, remove_late, undo_in};
use crate::app::App;
use crate::service::copy::CHECKPOINT_BYTES;
use crate::service::download::blob_error;
use crate::service::{delete, image, lock_seen};

/// An upload to be begun.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// The record that waits for the bytes.
    pub image: ImageId,
    /// How many there are.
    pub length_bytes: u64,
    /// What the client calls the file.
    pub file_name: String,
    /// What the whole must hash to, in lower case hex.
    pub sha256_hex: Option<String>,
    /// Whether the record was made for these bytes, and goes with them when they are given up.
    pub is_image_new: bool,
}

/// Begins an upload that is kept: the record goes from `queued` to `saving`.
///
/// Errors: as [`super::begin`]; [`Code::UploadExists`] where the image has such an upload.
pub async fn create(app: &App, caller: &Caller, new: NewUpload) -> Result<KeptUpload, Error> {
    check(app, &new)?;
    let free_bytes = app.blobs(&caller.region)?.free_bytes().await.map_err(blob_error)?;
    let now = app.clock.now();
    let kept = KeptUpload {
        upload: Upload {
            id: app.ids.hex(),
            image: new.image,
            copy: Copy {
                blob: BlobId::trusted(app.ids.hex()),
                region: caller.region.clone(),
                locator: Locator::random().as_str().to_owned(),
            },
            fence: 1,
        },
        length_bytes: new.length_bytes,
        durable_bytes: 0,
        tail: String::new(),
        offset_bytes: 0,
        file_name: new.file_name,
        sha256_hex: new.sha256_hex,
        is_image_new: new.is_image_new,
        user: caller.user.clone(),
        user_name: caller.user_name.clone(),
        created_at: now,
        expires_at: now.plus_seconds(UPLOAD_KEPT_SECONDS),
    };
    let (mine, written) = (caller.clone(), kept.clone());
    let fits = kept.length_bytes <= free_bytes;
    app.change(caller, move |tx| create_in(tx, &mine, &written, fits)).await?;
    Ok(kept)
}

fn check(app: &App, new: &NewUpload) -> Result<(), Error> {
    let invalid = |field: &str, value: &str, reason: &str| {
        let error = Error::new(Code::InvalidValue).with("field", field);
        Err(error.with("value", shortened(value, 80)).with("reason", reason))
    };
    if new.length_bytes == 0 {
        return invalid("Upload-Length", "0", "an image has at least one byte");
    }
    let limit = app.settings.image_size_max_bytes;
    if new.length_bytes > limit {
        return Err(Error::new(Code::ImageTooLarge).with("max", limit));
    }
    if new.file_name.len() > FILE_NAME_BYTES || new.file_name.chars().any(char::is_control) {
        return invalid(
            "filename",
            &new.file_name,
            "at most 255 bytes, without control characters",
        );
    }
    let is_hex = |text: &String| {
        text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if let Some(text) = new.sha256_hex.as_ref().filter(|text| !is_hex(text)) {
        return invalid("sha256", text, "64 hexadecimal digits, in lower case");
    }
    Ok(())
}

fn create_in(tx: &mut Tx<'_>, caller: &Caller, kept: &KeptUpload, fits: bool) -> Result<(), Error> {
    let seen = lock_seen(tx, &kept.upload.image, caller)?;
    access::may_upload(caller, seen.standing(caller, kept.created_at)?)?;
    if let Some(id) = store_kept::of_image(tx, &kept.upload.image)? {
        return Err(Error::new(Code::UploadExists).with("id", id));
    }
    may_begin(&seen.image)?;
    if !fits {
        return Err(Error::new(Code::NoSpace));
    }
    let mut saving = seen.image.clone();
    saving.status = ImageStatus::Saving;
    saving.updated_at = kept.created_at;
    store_image::update(tx, &seen.image, &saving)?;
    store_kept::begin(tx, kept)
}

/// The unfinished uploads of the caller's project in this region, newest first, before `marker`; and
/// whether there are more.
pub async fn list(
    app: &App,
    caller: &Caller,
    marker: Option<&str>,
    limit: Option<u32>,
) -> Result<(Vec<KeptUpload>, bool), Error> {
    caller.may(Action::ImagesList)?;
    let settings = &app.settings;
    let limit = limit.unwrap_or(settings.list_limit_default).min(settings.list_limit_max);
    let place = (&caller.project, &caller.region);
    let mut uploads = store_kept::list(&app.db, place, marker, limit.saturating_add(1)).await?;
    let is_more = uploads.len() > limit as usize;
    uploads.truncate(limit as usize);
    Ok((uploads, is_more))
}

/// An unfinished upload, for who may go on with it. A part that a silent client has left open is
/// ended.
pub async fn show(app: &App, caller: &Caller, id: &str) -> Result<KeptUpload, Error> {
    let (kept, _) = mine(app, caller, id).await?;
    app.uploads.end_silent(app, id);
    Ok(kept)
}

/// The upload and the image it is for, as of the last commit. No lock is taken: a part would wait for
/// two durable transactions before its first byte, and [`store_kept::note`] finds out what has ended
/// meanwhile.
///
/// Errors: [`Code::UploadNotFound`] where there is none, or the caller may not know of its image;
/// those of [`access::may_upload`].
async fn mine(app: &App, caller: &Caller, id: &str) -> Result<(KeptUpload, Image), Error> {
    let kept = store_kept::read(&app.db, id).await?.ok_or_else(|| unknown(id))?;
    let seen = image::seen(app, caller, &kept.upload.image).await.map_err(|e| hidden(e, id))?;
    access::may_upload(caller, seen.standing(caller, app.clock.now())?)?;
    Ok((kept, seen.image))
}

/// Who may not know of an image may not know of its upload.
fn hidden(error: Error, id: &str) -> Error {
    if error.code() == Code::ImageNotFound { unknown(id) } else { error }
}

fn mine_in(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: &str,
    now: lendglass_core::Timestamp,
) -> Result<(KeptUpload, Image), Error> {
    let kept = store_kept::get(tx, id)?.ok_or_else(|| unknown(id))?;
    let seen = lock_seen(tx, &kept.upload.image, caller).map_err(|error| hidden(error, id))?;
    access::may_upload(caller, seen.standing(caller, now).map_err(|error| hidden(error, id))?)?;
    // It may have ended while the image was waited for.
    let kept = store_kept::get(tx, id)?.ok_or_else(|| unknown(id))?;
    Ok((kept, seen.image))
}

fn unknown(id: &str) -> Error {
    Error::new(Code::UploadNotFound).with("id", shortened(id, 80))
}

/// Gives an upload up: nothing of it is kept. The record is `queued` again, or goes as well where it was
/// made for these bytes.
pub async fn cancel(app: &App, caller: &Caller, id: &str) -> Result<(), Error> {
    let (owned, mine, name) = (app.clone(), caller.clone(), id.to_owned());
    let now = app.clock.now();
    let told = app.change(caller, move |tx| {
        let (kept, _) = mine_in(tx, &mine, &name, now)?;
        end_in(tx, &owned, &mine, &kept.upload, "it was cancelled")?;
        match kept.is_image_new {
            true => delete::unfilled(tx, &owned, &mine, &kept.upload.image),
            false => Ok(Vec::new()),
        }
    });
    app.bell.ring(&told.await?);
    app.uploads.forget(id);
    app.work.notify_one();
    Ok(())
}

/// As the caller: the record goes back to `queued`, the blob is left dying.
fn end_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    upload: &Upload,
    because: &str,
) -> Result<(), Error> {
    let event = |now| {
        AuditEvent::by(caller, now, AuditVerb::ImageUploadFail, upload.image.as_str())
            .with_result(AuditResult::Failed)
            .with_detail(because)
    };
    undo_in(tx, app, upload, Some(&event))
}

/// Gives up one upload that has waited too long; false where there is none.
pub(crate) async fn expire(app: &App) -> Result<bool, Error> {
    let (owned, now) = (app.clone(), app.clock.now());
    let expired = app.db.write(move |tx| {
        let Some(upload) = store_kept::seize_expired(tx, now)? else { return Ok(None) };
        undo_in(tx, &owned, &upload, None)?;
        Ok(Some(upload.id))
    });
    let expired = expired.await?;
    if let Some(id) = &expired {
        app.uploads.forget(id);
    }
    Ok(expired.is_some())
}

// --- a part --------------------------------------------------------------------------------------

/// What is in memory of an upload between and during its parts.
pub struct Live {
    upload: Upload,
    intake: Intake,
    inspector: Inspector,
}

/// A part on its way. Give it frames with [`Writing::receive`] and end it with [`Writing::end`];
/// after an error of either, drop it.
pub struct Writing {
    app: App,
    caller: Caller,
    turn: Turn,
    live: Box<Live>,
    length_bytes: u64,
    sha256_hex: Option<String>,
    /// Nothing is noted before the part has proven whole.
    is_checked: bool,
    noted_bytes: u64,
}

/// Where a part has ended.
#[derive(Debug)]
pub struct Ended {
    /// So much has arrived, durably.
    pub offset_bytes: u64,
    /// When it is given up, if nothing more arrives; `None` where it is whole.
    pub expires_at: Option<lendglass_core::Timestamp>,
}

/// Begins a part at `offset_bytes`, which must be where the upload is. `is_checked`: the client has
/// announced a digest of the part, so that nothing of it counts before [`Writing::end`].
///
/// Errors: [`Code::UploadNotFound`], those of [`access::may_upload`]; [`Code::UploadBusy`] while
/// another part is sent, or what is on disk is read again; [`Code::UploadOffset`].
pub async fn begin_part(
    app: &App,
    caller: &Caller,
    id: &str,
    offset_bytes: u64,
    is_checked: bool,
) -> Result<Writing, Error> {
    mine(app, caller, id).await?;
    let (turn, live) = AtHand::take(app, id)?;
    // Read while nobody else writes it.
    let (kept, image) = mine(app, caller, id).await?;
    if kept.offset_bytes != offset_bytes {
        if let Some(live) = live {
            turn.give_back(live);
        }
        let error = Error::new(Code::UploadOffset).with("want", kept.offset_bytes);
        return Err(error.with("got", offset_bytes));
    }
    let (turn, live) = match live {
        Some(live) => (turn, live),
        None => take_up(app, &kept, &image, turn).await?,
    };
    turn.sender().heard(app, id)?;
    Ok(Writing {
        app: app.clone(),
        caller: caller.clone(),
        turn,
        live,
        length_bytes: kept.length_bytes,
        sha256_hex: kept.sha256_hex,
        is_checked,
        noted_bytes: offset_bytes,
    })
}

/// Reads again what is on disk. Where that takes long it goes on by itself, and who comes back finds
/// it at hand.
async fn take_up(
    app: &App,
    kept: &KeptUpload,
    image: &Image,
    turn: Turn,
) -> Result<(Turn, Box<Live>), Error> {
    let (sender, receiver) = oneshot::channel();
    let (app, kept, image) = (app.clone(), kept.clone(), image.clone());
    tokio::spawn(async move {
        let read = read_again(&app, kept, &image).await.map(|live| (turn, Box::new(live)));
        if let Err(Ok((turn, live))) = sender.send(read) {
            turn.give_back(live);
        }
    });
    let read = tokio::time::timeout(Duration::from_secs(UPLOAD_RESUME_SECONDS), receiver).await;
    match read {
        Ok(Ok(read)) => read,
        Ok(Err(_)) => Err(Error::internal("nobody reads an upload again")),
        Err(_) => Err(busy()),
    }
}

async fn read_again(app: &App, mut kept: KeptUpload, image: &Image) -> Result<Live, Error> {
    let plan = DigestPlan {
        md5: app.settings.digests.md5,
        // What the client knows is what is compared.
        algo: match kept.sha256_hex {
            Some(_) => DigestAlgo::Sha256,
            None => app.settings.digests.algo,
        },
    };
    let locator = locator_of(&kept.upload)?;
    let blobs = app.blobs(&kept.upload.copy.region)?;
    let mut inspector = Inspector::new(declared(image));
    let mut refused: Option<Refusal> = None;
    let mut see = |piece: &[u8]| {
        if refused.is_none() {
            refused = inspector.feed(piece).err();
        }
    };
    let (length, durable) = (kept.length_bytes, kept.durable_bytes);
    let pool = &app.buffers;
    let intake = Intake::resume_shown(blobs, pool, &locator, plan, length, durable, &mut see);
    let intake = intake.await.map_err(blob_error)?;
    // Another node has it at hand.
    let mut intake = intake.ok_or_else(busy)?;
    if let Some(refused) = refused {
        return Err(refusal(refused));
    }
    let tail = STANDARD.decode(&kept.tail).map_err(|error| Error::internal(error.to_string()))?;
    inspector.feed(&tail).map_err(refusal)?;
    intake.write(&tail).await.map_err(blob_error)?;
    let taken = app.db.write(move |tx| {
        let is_same = store_kept::get(tx, &kept.upload.id)?
            .is_some_and(|now| now.offset_bytes == kept.offset_bytes);
        let mut upload = kept.upload.clone();
        match is_same && store_kept::take_over(tx, &mut upload)? {
            true => Ok(upload),
            false => Err(busy()),
        }
    });
    kept.upload = taken.await?;
    Ok(Live { upload: kept.upload, intake, inspector })
}

fn locator_of(upload: &Upload) -> Result<Locator, Error> {
    Locator::parse(&upload.copy.locator)
        .ok_or_else(|| Error::internal("an upload has a broken locator"))
}

impl Writing {
    /// How long the client may be silent.
    pub fn idle_limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.app.settings.upload_idle_seconds.max(1)))
    }

    /// Returns when the part shall end before its time: it was cancelled, its client asks elsewhere
    /// where to go on, or the process stops.
    pub fn hurried(&self) -> impl Future<Output = ()> + use<> {
        let (sender, bell) = (self.turn.sender().clone(), self.app.bell.clone());
        async move {
            tokio::select! {
                () = sender.hurried() => {}
                () = bell.stopped() => {}
            }
        }
    }

    /// Takes the next bytes over.
    ///
    /// Errors: [`Code::ImageFormatMismatch`] and [`Code::ImageRefused`], after which the upload is
    /// undone and nothing is kept; [`Code::InvalidValue`] for more bytes than were announced;
    /// [`Code::NoSpace`]; [`Code::UploadNotFound`] when it was cancelled.
    pub async fn receive(&mut self, frame: &[u8]) -> Result<(), Error> {
        self.turn.sender().heard(&self.app, &self.live.upload.id)?;
        let arrived = self.live.intake.received_bytes();
        if frame.len() as u64 > self.length_bytes - arrived {
            return Err(Error::new(Code::InvalidValue)
                .with("field", "body")
                .with("value", arrived + frame.len() as u64)
                .with("reason", "more bytes than Upload-Length"));
        }
        if let Err(refused) = self.live.inspector.feed(frame) {
            return Err(self.undo(refusal(refused)).await);
        }
        self.live.intake.write(frame).await.map_err(blob_error)?;
        let is_due = self.live.intake.received_bytes() - self.noted_bytes >= CHECKPOINT_BYTES;
        if is_due && !self.is_checked {
            self.note().await?;
        }
        Ok(())
    }

    /// Makes what has arrived durable and writes it down.
    async fn note(&mut self) -> Result<Ended, Error> {
        let live = &mut self.live;
        let durable = live.intake.checkpoint().await.map_err(blob_error)?;
        let tail = STANDARD.encode(live.intake.tail());
        let offset = live.intake.received_bytes();
        let expires_at = self.app.clock.now().plus_seconds(UPLOAD_KEPT_SECONDS);
        let upload = live.upload.clone();
        let noted = self
            .app
            .db
            .write(move |tx| store_kept::note(tx, &upload, (durable, &tail, offset), expires_at));
        if !noted.await? {
            return Err(unknown(&self.live.upload.id));
        }
        self.noted_bytes = offset;
        Ok(Ended { offset_bytes: offset, expires_at: Some(expires_at) })
    }

    /// Ends the part: what has arrived is durable. Where that is the whole, the record is `active`.
    ///
    /// Errors: as [`Writing::receive`]; [`Code::HashMismatch`], after which nothing is kept.
    pub async fn end(mut self) -> Result<Ended, Error> {
        if self.live.intake.received_bytes() == self.length_bytes {
            return self.finish().await;
        }
        let ended = self.note().await?;
        self.turn.give_back(self.live);
        Ok(ended)
    }

    async fn finish(self) -> Result<Ended, Error> {
        let Writing { app, caller, live, length_bytes, sha256_hex, turn, .. } = self;
        let Live { upload, intake, inspector } = *live;
        let undo = async |error: Error| undo(&app, &caller, &upload, error).await;
        let inspection = match inspector.finish() {
            Ok(inspection) => inspection,
            Err(refused) => return Err(undo(refusal(refused)).await),
        };
        let received = intake.finish().await.map_err(blob_error)?;
        if let Some(want) = sha256_hex.filter(|want| *want != received.digest_hex) {
            let error = Error::new(Code::HashMismatch).with("algo", "sha256").with("want", want);
            return Err(undo(error.with("got", &received.digest_hex)).await);
        }
        let (owned, mine, done) = (app.clone(), caller.clone(), upload.clone());
        let virtual_size = inspection.virtual_size_bytes;
        let committed =
            app.db.write(move |tx| commit(tx, &owned, &mine, &done, &received, virtual_size)).await;
        drop(turn);
        match committed {
            Ok(_) => Ok(Ended { offset_bytes: length_bytes, expires_at: None }),
            Err(error) => {
                if matches!(error.code(), Code::UploadLost | Code::ImageNotFound) {
                    remove_late(&app, &upload).await?;
                }
                Err(error)
            }
        }
    }

    async fn undo(&self, error: Error) -> Error {
        undo(&self.app, &self.caller, &self.live.upload, error).await
    }
}

/// Ends an upload that was refused; answers the refusal.
async fn undo(app: &App, caller: &Caller, upload: &Upload, error: Error) -> Error {
    let (owned, mine, upload) = (app.clone(), caller.clone(), upload.clone());
    let because = error.code().as_str();
    let ended = app.db.write(move |tx| end_in(tx, &owned, &mine, &upload, because)).await;
    app.work.notify_one();
    ended.err().unwrap_or(error)
}
