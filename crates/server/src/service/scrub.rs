//! Bytes that are read again from time to time, and when somebody asks (XC-04). What does not hash to
//! what it did is damaged: its images are `killed` and serve no byte, their owners are told. Bytes that
//! were put right again, from a copy of the operator's, are found whole the next time they are asked
//! for; their images are given back by hand.

use std::time::{Duration, Instant};

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::image::{Image, ImageStatus};
use lendglass_core::notice::{Inbox, Notice, NoticeKind};
use lendglass_core::share::Recipient;
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, access};
use lendglass_store::blob::{BlobError, DigestAlgo, Locator, Rehash};
use lendglass_store::scrub::{self as store_scrub, DiskCheck, Due};
use lendglass_store::{Tx, audit as store_audit, image as store_image};

use crate::app::App;
use crate::service::audit::by_system;
use crate::service::download::blob_error;
use crate::service::{image, lock_seen, notice};

/// How long a reader may be silent before another process reads.
const LEASE_SECONDS: u32 = 60;
/// How often it says that it is there: well within the lease.
const RENEW_EVERY: Duration = Duration::from_secs(15);

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

/// Reads the blob that is due, if any; `false` where none is, or another process reads.
pub async fn round(app: &App) -> Result<bool, Error> {
    let interval = i64::from(app.settings.scrub_interval_seconds);
    let before = (interval > 0).then(|| app.clock.now().plus_seconds(-interval));
    let Some(due) = store_scrub::due(&app.db, before).await? else { return Ok(false) };
    let Some(fence) = app.db.write(|tx| store_scrub::take(tx, LEASE_SECONDS)).await? else {
        return Ok(false);
    };
    let read = read_again(app, &due, fence).await;
    let (owned, told_of) = (app.clone(), due.clone());
    let told = match read {
        Ok(is_whole) => {
            let settle = move |tx: &mut Tx<'_>| settle(tx, &owned, &told_of, fence, is_whole);
            app.db.write(settle).await
        }
        Err(error) => Err(error),
    };
    app.db.write(move |tx| store_scrub::renew(tx, fence, 0)).await?;
    app.bell.ring(&told?);
    Ok(true)
}

/// Whether the bytes hash to what they did.
async fn read_again(app: &App, due: &Due, fence: i64) -> Result<bool, Error> {
    let algo = [DigestAlgo::Sha512, DigestAlgo::Sha256];
    let algo = algo.into_iter().find(|algo| algo.name() == due.digest_algo);
    let algo = algo.ok_or_else(|| Error::internal("a blob has a digest of no known kind"))?;
    let locator = Locator::parse(&due.copy.locator)
        .ok_or_else(|| Error::internal(format!("blob {} has a broken locator", due.copy.blob)))?;
    let mut bytes = match Rehash::begin(app.blobs(&due.copy.region)?, &locator, algo).await {
        Err(BlobError::NotFound) => return Ok(false),
        begun => begun.map_err(blob_error)?,
    };
    if bytes.size_bytes() != due.size_bytes {
        return Ok(false);
    }
    let (begun, mut renewed_at, mut done) = (Instant::now(), Instant::now(), 0);
    loop {
        match bytes.step().await {
            Ok(0) => break,
            Ok(length) => done += length,
            // What the disk does not give back is lost as well.
            Err(BlobError::Io(error)) if error.raw_os_error() == Some(EIO) => return Ok(false),
            Err(error) => return Err(blob_error(error)),
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
    Ok(bytes.finish().map_err(blob_error)? == due.digest_hex)
}

/// The system's number of an input or output error.
const EIO: i32 = libc::EIO;

async fn renew(app: &App, fence: i64) -> Result<(), Error> {
    match app.db.write(move |tx| store_scrub::renew(tx, fence, LEASE_SECONDS)).await? {
        true => Ok(()),
        false => Err(Error::new(Code::Unavailable).because("another process reads blobs again")),
    }
}

/// Notes what was found, with all that follows from it; answers the inboxes that were told.
fn settle(
    tx: &mut Tx<'_>,
    app: &App,
    due: &Due,
    fence: i64,
    is_whole: bool,
) -> Result<Vec<Inbox>, Error> {
    let (now, blob) = (app.clock.now(), &due.copy.blob);
    let again = |why: &str| Error::new(Code::Unavailable).because(why);
    if !store_scrub::renew(tx, fence, LEASE_SECONDS)? {
        return Err(again("another process reads blobs again"));
    }
    let users = store_scrub::images(tx, blob)?;
    let mut images = Vec::with_capacity(users.len());
    for id in &users {
        images.extend(store_image::lock(tx, id)?);
    }
    let Some(was_damaged) = store_scrub::lock(tx, blob)? else { return Ok(Vec::new()) };
    if store_scrub::images(tx, blob)? != users {
        return Err(again("an image has come or gone meanwhile"));
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
    Ok(notices.iter().map(Notice::inbox).collect())
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
        image: image.id.clone(),
        image_name: image.name.clone(),
        counterpart: None,
        note: None,
        at: image.updated_at,
    }
}
