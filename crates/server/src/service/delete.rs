//! Deleting images, one or many (DL-01, DL-02, DL-06 to DL-09).

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::image::{Image, ImageKind, ImageStatus};
use lendglass_core::limits::DELETE_AT_ONCE;
use lendglass_core::notice::{Inbox, Notice, NoticeKind};
use lendglass_core::policy::Policy;
use lendglass_core::share::{ShareState, is_live};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, Kind, access};
use lendglass_store::{
    Tx, audit as store_audit, copy as store_copy, image as store_image, job as store_job,
    policy as store_policy, share as store_share, upload as store_upload,
};

use crate::app::App;
use crate::service::share::{Mode, told_of};
use crate::service::vault::acceptance;
use crate::service::{Seen, lock_seen, notice};

/// Deletes an image; its shares end with it where the policy allows (DL-01, DL-02, DL-06, DL-09). The
/// bytes are removed soon after, unless somebody else uses them.
pub async fn delete(app: &App, caller: &Caller, id: &ImageId) -> Result<(), Error> {
    delete_with(app, caller, id, Backups::Keep).await
}

/// What becomes of the backup that a full-server image was made from, when the image goes (DL-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backups {
    /// It stays in its vault, and may be made into an image again.
    Keep,
    /// It goes with the image.
    Delete,
}

/// As [`delete`], and says what becomes of the backup of a full-server image.
pub async fn delete_with(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    backups: Backups,
) -> Result<(), Error> {
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    let told = app.change(caller, move |tx| delete_in(tx, &owned, &mine, &id, backups)).await?;
    app.work.notify_one();
    app.bell.ring(&told);
    Ok(())
}

/// Answers the inboxes that were told (DL-07).
fn delete_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &ImageId,
    backups: Backups,
) -> Result<Vec<Inbox>, Error> {
    let (image, policy) = may_go(tx, app, caller, id)?;
    go(tx, app, caller, &image, &policy, backups)
}

/// Deletes a record that was made for bytes which were given up, protected or not; it stays where the
/// caller may not delete it. Answers the inboxes that were told.
pub(crate) fn unfilled(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &ImageId,
) -> Result<Vec<Inbox>, Error> {
    let mut seen = lock_seen(tx, id, caller)?;
    seen.image.is_protected = false;
    match may_delete(tx, app, caller, &seen)? {
        Ok(policy) => go(tx, app, caller, &seen.image, &policy, Backups::Keep),
        Err(_) => Ok(Vec::new()),
    }
}

/// Locks an image and decides whether the caller may delete it.
fn may_go(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &ImageId,
) -> Result<(Image, Policy), Error> {
    let seen = lock_seen(tx, id, caller)?;
    let policy = may_delete(tx, app, caller, &seen)??;
    Ok((seen.image, policy))
}

/// Whether the caller may delete a locked image; the policy of its owner where he may.
fn may_delete(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    seen: &Seen,
) -> Result<Result<Policy, Error>, Error> {
    let (now, image) = (app.clock.now(), &seen.image);
    let policy = store_policy::effective_in(tx, &app.policy, &caller.region, &image.owner)?;
    let usage = store_share::usage(tx, &image.id, now)?;
    let may = seen.standing(caller, now).and_then(|standing| {
        access::may_delete(caller, standing, image, &policy, usage.total(), usage.accepted)
    });
    Ok(may.map(|()| policy))
}

/// Deletes a locked image.
fn go(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    image: &Image,
    policy: &Policy,
    backups: Backups,
) -> Result<Vec<Inbox>, Error> {
    let (now, id) = (app.clock.now(), &image.id);
    let mut notices = Vec::new();
    for share in store_share::of_image_in(tx, id)?.iter().filter(|share| is_live(share, now)) {
        let event = AuditEvent::by(caller, now, AuditVerb::ShareWithdraw, id.as_str())
            .with_counterpart(share.recipient.clone())
            .with_detail("image deleted");
        store_audit::insert(tx, &app.ids.hex(), &event)?;
        if share.state != ShareState::Rejected {
            let to = share.recipient.clone();
            notices.push(told_of(now, image, share, to, NoticeKind::ImageDeleted));
        }
    }
    store_upload::cancel_of_image(tx, id)?;
    store_copy::give_up_of_image(tx, id)?;
    if image.status == ImageStatus::Importing {
        store_job::cancel_making(tx, id, Code::JobCancelled, now)?;
    }
    if image.kind == ImageKind::FullServer {
        acceptance::release_image(tx, image, policy, backups == Backups::Delete)?;
    }
    store_upload::release_image(tx, id)?;
    store_image::delete(tx, image, now)?;
    let event =
        AuditEvent::by(caller, now, AuditVerb::ImageDelete, id.as_str()).on_behalf(&image.owner);
    store_audit::insert(tx, &app.ids.hex(), &event)?;
    notice::tell(tx, &notices)?;
    Ok(notices.iter().map(Notice::inbox).collect())
}

/// Images to be deleted together.
#[derive(Clone, Debug)]
pub struct DeleteMany {
    /// Which; repetitions are dropped.
    pub images: Vec<ImageId>,
    /// What becomes of the backups of full-server images.
    pub backups: Backups,
    /// Whether one refusal keeps all of them.
    pub mode: Mode,
    /// Decide and report, change nothing.
    pub is_dry_run: bool,
}

/// What became of each.
#[derive(Clone, Debug)]
pub struct Deleted {
    /// Whether anything was deleted.
    pub is_done: bool,
    /// Image by image, as they were named: gone, or would go, or refused.
    pub results: Vec<(ImageId, Result<(), Error>)>,
}

/// Deletes images in one transaction, and says of each what became of it (DL-08).
///
/// Errors: [`Code::MissingField`] for none, [`Code::TooManyIds`] for more than [`DELETE_AT_ONCE`].
pub async fn delete_many(
    app: &App,
    caller: &Caller,
    mut wish: DeleteMany,
) -> Result<Deleted, Error> {
    let mut named: Vec<ImageId> = Vec::with_capacity(wish.images.len());
    for id in wish.images.drain(..) {
        if !named.contains(&id) {
            named.push(id);
        }
    }
    if named.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", "images"));
    }
    if named.len() > DELETE_AT_ONCE {
        let error = Error::new(Code::TooManyIds);
        return Err(error.with("count", named.len()).with("max", DELETE_AT_ONCE));
    }
    wish.images = named;
    let (owned, mine, is_dry_run) = (app.clone(), caller.clone(), wish.is_dry_run);
    let work = move |tx: &mut Tx<'_>| delete_many_in(tx, &owned, &mine, &wish);
    // A dry run only decides, and has a report of its own.
    let (deleted, told) =
        if is_dry_run { app.db.write(work).await? } else { app.change(caller, work).await? };
    app.work.notify_one();
    app.bell.ring(&told);
    Ok(deleted)
}

fn delete_many_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    wish: &DeleteMany,
) -> Result<(Deleted, Vec<Inbox>), Error> {
    // Everybody locks images in the order of their ids.
    let mut in_order = wish.images.clone();
    in_order.sort();
    let mut decided = Vec::with_capacity(in_order.len());
    for id in in_order {
        match may_go(tx, app, caller, &id) {
            Err(error) if matches!(error.kind(), Kind::Internal | Kind::Unavailable) => {
                return Err(error);
            }
            outcome => decided.push((id, outcome)),
        }
    }
    let is_good = |one: &(ImageId, Result<(Image, Policy), Error>)| one.1.is_ok();
    let is_done = !wish.is_dry_run
        && match wish.mode {
            Mode::All => decided.iter().all(is_good),
            Mode::Partial => decided.iter().any(is_good),
        };
    let mut told = Vec::new();
    for (_, outcome) in decided.iter().filter(|_| is_done) {
        if let Ok((image, policy)) = outcome {
            told.extend(go(tx, app, caller, image, policy, wish.backups)?);
        }
    }
    let place = |id: &ImageId| wish.images.iter().position(|named| named == id);
    let mut results: Vec<_> = decided.into_iter().map(|(id, end)| (id, end.map(|_| ()))).collect();
    results.sort_by_key(|(id, _)| place(id));
    Ok((Deleted { is_done, results }, told))
}
