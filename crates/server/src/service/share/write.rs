//! Writing what a batch decided: shares, counts and visibility, who lists what, audit rows, notices,
//! the job, and what its actor may undo; a handful of round trips for any number of pairs.

use std::collections::BTreeMap;

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::image::{Image, Visibility};
use lendglass_core::job::{Job, JobState, JobWork, PairResult};
use lendglass_core::limits::{UNDO_PAIRS, UNDO_SECONDS};
use lendglass_core::notice::{Notice, NoticeKind, Subject};
use lendglass_core::policy::Policy;
use lendglass_core::share::{Recipient, Share, ShareEvent, ShareState, is_listed};
use lendglass_core::{Error, ImageId, Timestamp};
use lendglass_store::undo::ShareChange;
use lendglass_store::{
    Tx, audit as store_audit, image as store_image, job as store_job, share as store_share,
    undo as store_undo,
};

use super::{Batch, Ground, Undo, vaults};

/// The share a change is about.
fn subject(change: &ShareChange) -> Option<&Share> {
    change.after.as_ref().or(change.before.as_ref())
}

fn state(share: &Option<Share>) -> Option<ShareState> {
    share.as_ref().map(|share| share.state)
}

/// Writes the changes with everything that follows from them, and notes in each the vault that its
/// share leaves. Answers what is to be told ([`tell`](crate::service::notice::tell)) as the last step
/// of the transaction.
pub(super) fn write(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    changes: &mut [ShareChange],
) -> Result<Vec<Notice>, Error> {
    let removed = changes.iter().filter(|change| change.after.is_none());
    store_share::delete_all(tx, removed.filter_map(|change| change.before.as_ref()))?;
    store_share::put_all(tx, changes.iter().filter_map(|change| change.after.as_ref()))?;
    let images = settle_all(tx, batch, ground, changes)?;
    let listed = changes.iter().filter_map(|change| {
        let share = subject(change)?;
        let is_listed = |share: &Option<Share>| state(share).is_some_and(is_listed);
        // Whom the share did not list before has no row to lose.
        let (before, after) = (is_listed(&change.before), is_listed(&change.after));
        let concerns = after || before || change.replaces_ended;
        concerns.then_some((images.get(&share.image)?, share, after))
    });
    store_image::set_listed(tx, listed)?;
    let mut notices = vaults::follow(tx, batch, ground, changes)?;
    let events = changes.iter().filter_map(|change| audit_event(batch, change));
    let events: Vec<(String, AuditEvent)> =
        events.map(|event| (batch.app.ids.hex(), event)).collect();
    store_audit::insert_all(tx, &events)?;
    for change in changes {
        if let Some(image) = subject(change).and_then(|share| images.get(&share.image)) {
            notices.extend(told(batch, image, change));
        }
    }
    Ok(notices)
}

/// The images of the changes, with counts and visibility brought up to date where shares came or
/// went.
fn settle_all(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    changes: &[ShareChange],
) -> Result<BTreeMap<ImageId, Image>, Error> {
    let mut images = BTreeMap::new();
    let mut recounted: BTreeMap<&ImageId, i32> = BTreeMap::new();
    for change in changes {
        let Some(share) = subject(change) else { continue };
        if !images.contains_key(&share.image) {
            images.insert(share.image.clone(), ground.of(&share.image)?.0.clone());
        }
        let more = match (change.before.is_some() || change.replaces_ended, &change.after) {
            (false, Some(_)) => 1,
            (true, None) => -1,
            (true, Some(_)) | (false, None) => continue,
        };
        *recounted.entry(&share.image).or_default() += more;
    }
    for (id, more) in recounted {
        let (before, policy) = ground.of(id)?;
        let shares = before.shares.saturating_add_signed(more);
        images.insert(id.clone(), settle(tx, before, shares, policy, batch.now)?);
    }
    Ok(images)
}

/// Brings the image's count of shares up to date, which is `shares` now, and its visibility where the
/// first share makes a private image shared and the end of the last makes it private again.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    before: &Image,
    shares: u32,
    policy: &Policy,
    now: Timestamp,
) -> Result<Image, Error> {
    let mut after = Image { shares, ..before.clone() };
    if policy.share.private_becomes_shared {
        let wanted = match (before.visibility, after.shares) {
            (Visibility::Private, 1..) => Visibility::Shared,
            (Visibility::Shared, 0) if before.shares > 0 => Visibility::Private,
            (kept, _) => kept,
        };
        if wanted != before.visibility {
            after.visibility = wanted;
            after.updated_at = now;
        }
    }
    if after != *before {
        store_image::settle(tx, before, &after)?;
    }
    Ok(after)
}

fn audit_event(batch: &Batch, change: &ShareChange) -> Option<AuditEvent> {
    let share = subject(change)?;
    let recipient = || share.recipient.clone();
    let owner = || Recipient::Project(share.owner.clone());
    let (verb, counterpart) = match batch.event {
        ShareEvent::Invite => (AuditVerb::ShareInvite, recipient()),
        ShareEvent::Withdraw => (AuditVerb::ShareWithdraw, recipient()),
        ShareEvent::Lapse => (AuditVerb::ShareLapse, recipient()),
        ShareEvent::Accept => (AuditVerb::ShareAccept, owner()),
        ShareEvent::Reject => (AuditVerb::ShareReject, owner()),
        ShareEvent::Reopen => (AuditVerb::ShareReopen, owner()),
    };
    let is_own = batch.caller.project == share.owner;
    let (verb, counterpart) = match batch.is_undo {
        false => (verb, counterpart),
        true => (AuditVerb::ShareUndo, if is_own { recipient() } else { owner() }),
    };
    let state = state(&change.after).map_or("none", ShareState::as_str);
    let mut event = AuditEvent::by(&batch.caller, batch.now, verb, share.image.as_str());
    // The operator acts in the place of one side, and both read it.
    if batch.caller.is_operator && counterpart == recipient() {
        event = event.in_place_of(&share.owner);
    } else if batch.caller.is_operator
        && let Recipient::Project(project) = &share.recipient
    {
        event = event.in_place_of(project);
    }
    Some(event.with_counterpart(counterpart).with_detail(format!("state={state}")))
}

/// Who is told of a change: the other side, in words that fit what the share was and is (RC-01,
/// DL-07, ST-05); of time running out, both. Whoever has turned an offer away is not told that it
/// ended.
fn told(batch: &Batch, image: &Image, change: &ShareChange) -> Vec<Notice> {
    use NoticeKind as Kind;
    use ShareState::{Accepted, Pending, Rejected};
    let Some(share) = subject(change) else { return Vec::new() };
    let (before, after) = (state(&change.before), state(&change.after));
    let (to_recipient, to_owner) = match batch.event {
        ShareEvent::Invite => match (before, after) {
            // The recipient's own rule has answered.
            (_, Some(Rejected)) | (_, None) => (None, None),
            (None, Some(Pending)) => (Some(Kind::ImageShared), None),
            (None, Some(Accepted)) => (Some(Kind::ImageShared), Some(Kind::ShareAccepted)),
            (Some(_), Some(Pending)) => (Some(Kind::ImageSharedAgain), None),
            (Some(_), Some(Accepted)) => (Some(Kind::ImageSharedAgain), Some(Kind::ShareAccepted)),
        },
        ShareEvent::Accept | ShareEvent::Reject | ShareEvent::Reopen => match (before, after) {
            (_, Some(Accepted)) => (None, Some(Kind::ShareAccepted)),
            (Some(Accepted), Some(Rejected)) => (None, Some(Kind::ShareLeft)),
            (_, Some(Rejected)) => (None, Some(Kind::ShareRejected)),
            (_, Some(Pending) | None) => (None, None),
        },
        ShareEvent::Lapse => match before {
            Some(Pending) => (Some(Kind::ShareLapsed), Some(Kind::ShareLapsed)),
            Some(Accepted) => (Some(Kind::ShareEnded), Some(Kind::ShareEnded)),
            Some(Rejected) | None => (None, None),
        },
        ShareEvent::Withdraw => told_of_withdrawal(batch, share, before, after),
    };
    let owner = || Recipient::Project(share.owner.clone());
    let to_recipient = to_recipient.map(|kind| (share.recipient.clone(), kind));
    let to_owner = to_owner.map(|kind| (owner(), kind));
    let told = to_recipient.into_iter().chain(to_owner);
    told.map(|(to, kind)| told_of(batch.now, image, share, to, kind)).collect()
}

/// Withdrawals, and acts that were undone: the other side hears what is now the case.
fn told_of_withdrawal(
    batch: &Batch,
    share: &Share,
    before: Option<ShareState>,
    after: Option<ShareState>,
) -> (Option<NoticeKind>, Option<NoticeKind>) {
    use ShareState::{Accepted, Pending, Rejected};
    let is_recipients_act = batch.is_undo && batch.caller.project != share.owner;
    match (before, after) {
        _ if is_recipients_act => (None, Some(NoticeKind::ShareChanged)),
        (Some(Pending | Accepted), None) => (Some(NoticeKind::ImageWithdrawn), None),
        (_, Some(Pending | Accepted)) => (Some(NoticeKind::ImageSharedAgain), None),
        (Some(Rejected) | None, None) | (_, Some(Rejected)) => (None, None),
    }
}

/// A notice about a share to one of its sides.
pub(crate) fn told_of(
    at: Timestamp,
    image: &Image,
    share: &Share,
    to: Recipient,
    kind: NoticeKind,
) -> Notice {
    let is_recipient = to == share.recipient;
    let other = if is_recipient {
        Recipient::Project(share.owner.clone())
    } else {
        share.recipient.clone()
    };
    Notice {
        to,
        region: image.region.clone(),
        kind,
        subject: Subject::Image { id: image.id.clone(), name: image.name.clone() },
        counterpart: Some(other),
        note: share.note.clone().filter(|_| is_recipient),
        at,
    }
}

/// The finished job that keeps the results.
pub(super) fn write_job(
    tx: &mut Tx<'_>,
    batch: &Batch,
    results: &[PairResult],
) -> Result<(), Error> {
    store_job::insert(
        tx,
        &Job {
            id: batch.job.clone(),
            project: batch.caller.project.clone(),
            user: batch.caller.user.clone(),
            region: batch.caller.region.clone(),
            work: JobWork::Share { event: batch.event },
            state: JobState::Succeeded,
            progress_percent: 100,
            attempts: 1,
            failure: None,
            results: results.to_vec(),
            created_at: batch.now,
            updated_at: batch.now,
        },
    )
}

/// Remembers what the actor may undo for a while (ST-09); nothing where it is too much to keep.
pub(super) fn write_undo(
    tx: &mut Tx<'_>,
    batch: &Batch,
    changes: &[ShareChange],
) -> Result<Option<Undo>, Error> {
    if changes.is_empty() || changes.len() > UNDO_PAIRS || batch.is_undo {
        return Ok(None);
    }
    let undo = Undo { token: batch.app.ids.hex(), until: batch.now.plus_seconds(UNDO_SECONDS) };
    store_undo::insert(tx, &undo.token, &batch.caller, changes, undo.until)?;
    Ok(Some(undo))
}
