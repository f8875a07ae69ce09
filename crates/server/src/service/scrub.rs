//! Bytes that are read again from time to time, and when somebody asks (XC-04). What does not hash to
//! what it did is damaged: its images are `killed` and serve no byte, their owners are told. Bytes that
//! were put right again, from a copy of the operator's, are found whole the next time they are asked
//! for; their images are given back by hand.

use std::time::{Duration, Instant};

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::image::{Image, ImageStatus};
use lendglass_core::notice::{Inbox, Notice, NoticeKind, Subject};
use lendglass_core::share::Recipient;
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, access};
use lendglass_store::blob::{BlobError, DigestAlgo, Locator, Rehash};
use lendglass_store::scrub::{self as store_scrub, DiskCheck, Due, Rests};
use lendglass_store::{Tx, audit as store_audit, image as store_image};

use crate::app::App;
use crate::service::audit::by_system;
use crate::service::download::blob_error;
use crate::service::{image, lock_seen, notice};

/// How long a reader may be silent before another process reads.
const LEASE_SECONDS: u32 = 60;
/// How often it says that it is there: well within the lease.
const RENEW_EVERY: Duration = Duration::from_secs(15);
/// How long a blob rests that could not be read, or not to the end. Somebody may be waiting, or hours do
/// not matter beside the interval.
const RESTS: Rests = Rests { wanted_seconds: 30, other_seconds: 3600 };
/// How often what was found is noted anew, where its images come and go at that moment.
const SETTLING_TRIES: usize = 5;
/// What the operator is told of the trouble with one blob, in characters.
const TROUBLE_CHARS: usize = 300;

/// What is known of an image's bytes.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The image.
    pub image: Image,
    /// Its disks.
    pub disks: Vec<DiskCheck>,
}

/// Asks for the bytes of an image to be read again, before all others. Ask [`show`] what came of it.
///
/// Errors: who may not change the image; [`Code::NoBytes`].
pub async fn verify(app: &App, caller: &Caller, id: &ImageId) -> Result<Verification, Error> {
    let (owned, mine, image) = (app.clone(), caller.clone(), id.clone());
    let want = move |tx: &mut Tx<'_>| {
        let now = owned.clock.now();
        let seen = lock_seen(tx, &image, &mine)?;
        access::may_change(&mine, seen.standing(&mine, now)?)?;
        if store_scrub::want(tx, &image, now)? == 0 {
            return Err(Error::new(Code::NoBytes));
        }
        let event = AuditEvent::by(&mine, now, AuditVerb::ImageVerify, image.as_str())
            .on_behalf(&seen.image.owner);
        store_audit::insert(tx, &owned.ids.hex(), &event)
    };
    app.change(caller, want).await?;
    app.scrub.notify_one();
    show(app, caller, id).await
}

/// What is known of the bytes of an image. Errors: who may not change the image.
pub async fn show(app: &App, caller: &Caller, id: &ImageId) -> Result<Verification, Error> {
    // The disks first: who finds one damaged finds the image out of service as well.
    let disks = store_scrub::of_image(&app.db, id).await?;
    let seen = image::seen(app, caller, id).await?;
    access::may_change(caller, seen.standing(caller, app.clock.now())?)?;
    Ok(Verification { image: seen.image, disks })
}

/// Refuses with [`Code::BlobDamaged`] where the bytes of an image are.
pub(crate) async fn may_serve(app: &App, image: &Image) -> Result<(), Error> {
    if image.status != ImageStatus::Error {
        return Ok(());
    }
    let disks = store_scrub::of_image(&app.db, &image.id).await?;
    match disks.iter().any(|disk| disk.is_damaged) {
        true => Err(Error::new(Code::BlobDamaged)),
        false => Ok(()),
    }
}

/// What one round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Nothing is due, or another process reads.
    Idle,
    /// A blob was read.
    Read,
    /// A blob could not be read: it is put aside, and the next one's turn is not far.
    PutAside,
}

/// What came of reading one blob.
enum Found {
    Whole,
    Damaged,
    /// Its store, or its row, is in trouble: nothing is known of the bytes.
    Unreadable(Error),
}

/// Reads the blob that is due, if any. An error is one of the database, or the loss of the lease.
pub async fn round(app: &App) -> Result<Round, Error> {
    let interval = i64::from(app.settings.scrub_interval_seconds);
    let now = app.clock.now();
    let before = (interval > 0).then(|| now.plus_seconds(-interval));
    let Some(due) = store_scrub::due(&app.db, before, RESTS, now).await? else {
        return Ok(Round::Idle);
    };
    let blob = due.copy.blob.clone();
    let begin = move |tx: &mut Tx<'_>| {
        let fence = store_scrub::take(tx, LEASE_SECONDS)?;
        if fence.is_some() {
            store_scrub::begin(tx, &blob, now)?;
        }
        Ok(fence)
    };
    let Some(fence) = app.db.write(begin).await? else { return Ok(Round::Idle) };
    let round = match read_again(app, &due, fence).await {
        Ok(Found::Unreadable(why)) => put_aside(app, &due, &why).await,
        Ok(found) => note(app, &due, fence, matches!(found, Found::Whole)).await,
        Err(error) => Err(error),
    };
    app.db.write(move |tx| store_scrub::renew(tx, fence, 0)).await?;
    round
}

/// A blob that cannot be read says nothing of its bytes; it stands behind the others until it can be.
async fn put_aside(app: &App, due: &Due, why: &Error) -> Result<Round, Error> {
    let (blob, region) = (due.copy.blob.clone(), &due.copy.region);
    let trouble: String = format!("{why:?}").chars().take(TROUBLE_CHARS).collect();
    if due.trouble.as_ref() != Some(&trouble) {
        tracing::warn!(%blob, %region, %trouble, "a blob could not be read again");
    }
    app.db.write(move |tx| store_scrub::trouble(tx, &blob, &trouble)).await?;
    Ok(Round::PutAside)
}

async fn note(app: &App, due: &Due, fence: i64, is_whole: bool) -> Result<Round, Error> {
    for _ in 0..SETTLING_TRIES {
        let (owned, told_of) = (app.clone(), due.clone());
        let settle = move |tx: &mut Tx<'_>| settle(tx, &owned, &told_of, fence, is_whole);
        if let Some(told) = app.db.write(settle).await? {
            app.bell.ring(&told);
            return Ok(Round::Read);
        }
    }
    Err(Error::new(Code::Unavailable).because("the images of a blob come and go all the time"))
}

/// Whether the bytes hash to what they did.
async fn read_again(app: &App, due: &Due, fence: i64) -> Result<Found, Error> {
    let mut bytes = match open(app, due).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Found::Damaged),
        Err(trouble) => return Ok(Found::Unreadable(trouble)),
    };
    let (begun, mut renewed_at, mut done) = (Instant::now(), Instant::now(), 0);
    loop {
        match bytes.step().await {
            Ok(0) => break,
            Ok(length) => done += length,
            // What the disk does not give back is lost as well.
            Err(BlobError::Io(error)) if error.raw_os_error() == Some(EIO) => {
                return Ok(Found::Damaged);
            }
            Err(error) => return Ok(Found::Unreadable(blob_error(error))),
        }
        if renewed_at.elapsed() > RENEW_EVERY {
            renew(app, fence).await?;
            renewed_at = Instant::now();
        }
        if !due.is_wanted {
            let pace = Duration::from_secs_f64(
                done as f64 / app.settings.scrub_bytes_per_second.max(1) as f64,
            );
            tokio::time::sleep(pace.saturating_sub(begun.elapsed())).await;
        }
    }
    Ok(match bytes.finish() {
        Ok(digest) if digest == due.digest_hex => Found::Whole,
        Ok(_) => Found::Damaged,
        Err(error) => Found::Unreadable(blob_error(error)),
    })
}

/// The bytes of a blob, to be read; `None` where they are missing or not as many as they were.
async fn open(app: &App, due: &Due) -> Result<Option<Rehash>, Error> {
    let algo = [DigestAlgo::Sha512, DigestAlgo::Sha256];
    let algo = algo.into_iter().find(|algo| algo.name() == due.digest_algo);
    let algo = algo.ok_or_else(|| Error::internal("a blob has a digest of no known kind"))?;
    let locator = Locator::parse(&due.copy.locator)
        .ok_or_else(|| Error::internal(format!("blob {} has a broken locator", due.copy.blob)))?;
    match Rehash::begin(app.blobs(&due.copy.region)?, &locator, algo).await {
        Err(BlobError::NotFound) => Ok(None),
        Err(error) => Err(blob_error(error)),
        Ok(bytes) => Ok((bytes.size_bytes() == due.size_bytes).then_some(bytes)),
    }
}

/// The system's number of an input or output error.
const EIO: i32 = libc::EIO;

async fn renew(app: &App, fence: i64) -> Result<(), Error> {
    match app.db.write(move |tx| store_scrub::renew(tx, fence, LEASE_SECONDS)).await? {
        true => Ok(()),
        false => Err(lost()),
    }
}

fn lost() -> Error {
    Error::new(Code::Unavailable).because("another process reads blobs again")
}

/// Notes what was found, with all that follows from it; answers the inboxes that were told, or nothing
/// where an image has come or gone meanwhile and it is to be done again.
fn settle(
    tx: &mut Tx<'_>,
    app: &App,
    due: &Due,
    fence: i64,
    is_whole: bool,
) -> Result<Option<Vec<Inbox>>, Error> {
    let (now, blob) = (app.clock.now(), &due.copy.blob);
    if !store_scrub::renew(tx, fence, LEASE_SECONDS)? {
        return Err(lost());
    }
    let users = store_scrub::images(tx, blob)?;
    let mut images = Vec::with_capacity(users.len());
    for id in &users {
        images.extend(store_image::lock(tx, id)?);
    }
    let Some(was_damaged) = store_scrub::lock(tx, blob)? else { return Ok(Some(Vec::new())) };
    if store_scrub::images(tx, blob)? != users {
        return Ok(None);
    }
    store_scrub::note(tx, blob, is_whole, now)?;
    if !is_whole && !was_damaged {
        let (region, images) = (&due.copy.region, images.len());
        tracing::error!(%blob, %region, images, "the bytes of a blob are not what they were");
    }
    let mut notices = Vec::new();
    for before in images {
        let mut after = before.clone();
        after.updated_at = now;
        if !is_whole && before.status.has_bytes() {
            after.status = ImageStatus::Error;
            notices.push(told(&after));
        } else if is_whole && was_damaged && is_whole_again(tx, &before)? {
            after.status = ImageStatus::Deactivated;
        } else {
            continue;
        }
        store_image::update(tx, &before, &after)?;
        let result = if is_whole { AuditResult::Done } else { AuditResult::Failed };
        let event = by_system(&after, AuditVerb::ImageVerify, now)
            .with_result(result)
            .with_detail(format!("blob={blob} status={}", after.status.as_str()));
        store_audit::insert(tx, &app.ids.hex(), &event)?;
    }
    notice::tell(tx, &notices)?;
    Ok(Some(notices.iter().map(Notice::inbox).collect()))
}

fn is_whole_again(tx: &mut Tx<'_>, image: &Image) -> Result<bool, Error> {
    let disks = store_scrub::of_image_in(tx, &image.id)?;
    Ok(image.status == ImageStatus::Error && disks.iter().all(|disk| !disk.is_damaged))
}

fn told(image: &Image) -> Notice {
    Notice {
        to: Recipient::Project(image.owner.clone()),
        region: image.region.clone(),
        kind: NoticeKind::ImageDamaged,
        subject: Subject::Image { id: image.id.clone(), name: image.name.clone() },
        counterpart: None,
        note: None,
        at: image.updated_at,
    }
}
