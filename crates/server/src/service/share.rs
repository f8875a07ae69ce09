//! Sharing: `invite`, `answer`, `withdraw` are the only ways to change a share, whoever asks.

mod answer;
mod invite;
mod withdraw;

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::access::Standing;
use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::image::{Image, Visibility};
use lendglass_core::job::{Job, JobState, JobWork, Outcome, PairResult};
use lendglass_core::policy::Policy;
use lendglass_core::recipient::Named;
use lendglass_core::share::{Recipient, Share, ShareEvent, ShareState, is_listed};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, JobId, Kind, Timestamp};
use lendglass_store::{
    Tx, audit as store_audit, image as store_image, job as store_job, policy as store_policy,
    share as store_share,
};

use crate::app::App;
use crate::service::image;

/// What happens when some pairs of a batch are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is done (the default everywhere).
    All,
    /// The good ones are done.
    Partial,
}

/// An offer: each image to each recipient (SH-01, SH-09).
#[derive(Clone, Debug)]
pub struct Invite {
    /// The images; repetitions are dropped.
    pub images: Vec<ImageId>,
    /// The recipients as named.
    pub recipients: Vec<Named>,
    /// All or the good ones.
    pub mode: Mode,
    /// A message to the recipients (SH-22).
    pub note: Option<String>,
    /// When the unanswered offer lapses; `None`: as the policy says.
    pub lapses_at: Option<Timestamp>,
    /// When the access ends (SH-41).
    pub ends_at: Option<Timestamp>,
    /// The content was checked (SH-37).
    pub acknowledge: bool,
    /// Decide and report, change nothing (AP-07).
    pub dry_run: bool,
}

impl Invite {
    /// One image to one recipient.
    pub fn one(image: ImageId, recipient: Named) -> Invite {
        Invite {
            images: vec![image],
            recipients: vec![recipient],
            mode: Mode::All,
            note: None,
            lapses_at: None,
            ends_at: None,
            acknowledge: true,
            dry_run: false,
        }
    }
}

/// An answer to offers (RC-05…RC-07).
#[derive(Clone, Debug)]
pub struct Answer {
    /// The images; repetitions are dropped.
    pub images: Vec<ImageId>,
    /// `Accept`, `Reject` or `Reopen`.
    pub event: ShareEvent,
    /// For whom, where it is not the caller's own project or account.
    pub recipient: Option<String>,
    /// All or the good ones.
    pub mode: Mode,
    /// Decide and report, change nothing (AP-07).
    pub dry_run: bool,
}

/// Shares to be taken back (SH-30…SH-33).
#[derive(Clone, Debug)]
pub struct Withdraw {
    /// The images; repetitions are dropped.
    pub images: Vec<ImageId>,
    /// From whom; `None`: from everybody.
    pub recipients: Option<Vec<Named>>,
    /// All or the good ones.
    pub mode: Mode,
    /// Decide and report, change nothing (AP-07).
    pub dry_run: bool,
}

/// What came of a batch, pair by pair, in the order asked.
#[derive(Clone, Debug)]
pub struct Report {
    /// The finished job that holds the results; `None` where nothing was written.
    pub job: Option<JobId>,
    /// Pair by pair.
    pub results: Vec<PairResult>,
    /// Whether the good pairs stand: false for a dry run and for a failed all-or-nothing batch.
    pub is_done: bool,
}

impl Report {
    /// The refusal of the only pair of a batch of one, for dialects that know only those.
    pub fn only(self) -> Result<PairResult, Error> {
        let first = self.results.into_iter().next();
        let result = first.ok_or_else(|| Error::internal("a batch of one without a result"))?;
        match result.outcome {
            Outcome::Refused(error) => Err(error),
            Outcome::Now(_) | Outcome::Already(_) | Outcome::Removed => Ok(result),
        }
    }
}

/// Offers images to recipients, in one transaction. Refusals are results of their pairs.
///
/// Errors of the whole request: `TOO_MANY_IDS`, `ACKNOWLEDGE_REQUIRED`, a malformed note
/// or time.
pub async fn invite(app: &App, caller: &Caller, request: Invite) -> Result<Report, Error> {
    let batch = Batch::new(app, caller, ShareEvent::Invite, request.mode, request.dry_run);
    run(app, batch, move |tx, batch| {
        invite::check_invite(tx, batch, &request)?;
        invite::lock_owners(tx, batch, &request.images)?;
        let mut newly_shared = invite::NewlyShared::new();
        for_each_image(&request.images, |id| {
            let pairs = invite::invite_image(tx, batch, id, &request, &mut newly_shared);
            batch.pairs_or_refusal(pairs, id, request.recipients.iter().map(|r| r.text.as_str()))
        })
    })
    .await
}

/// Answers offers, in one transaction. A slot that does not count while pending is checked now
/// (SH-17); accepting records the digest that was accepted (RC-25).
pub async fn answer(app: &App, caller: &Caller, request: Answer) -> Result<Report, Error> {
    let batch = Batch::new(app, caller, request.event, request.mode, request.dry_run);
    run(app, batch, move |tx, batch| {
        for_each_image(&request.images, |id| {
            let pairs = answer::answer_image(tx, batch, id, &request);
            let own = request.recipient.as_deref().unwrap_or(batch.caller.project.as_str());
            batch.pairs_or_refusal(pairs, id, [own])
        })
    })
    .await
}

/// Takes shares back, in one transaction; the recipient loses the image at once (SH-34).
pub async fn withdraw(app: &App, caller: &Caller, request: Withdraw) -> Result<Report, Error> {
    let batch = Batch::new(app, caller, ShareEvent::Withdraw, request.mode, request.dry_run);
    run(app, batch, move |tx, batch| {
        for_each_image(&request.images, |id| {
            let pairs = withdraw::withdraw_image(tx, batch, id, &request);
            let named = request.recipients.iter().flatten().map(|r| r.text.as_str());
            batch.pairs_or_refusal(pairs, id, named)
        })
    })
    .await
}

/// Ends one share, whoever asks: its recipient leaves ([`leave`]), everyone else withdraws. For
/// dialects with one verb for both.
///
/// Errors: as [`leave`] and [`withdraw`]; [`Code::NotShared`] when a recipient names another one, whose
/// share he does not know of.
pub async fn end(
    app: &App,
    caller: &Caller,
    image: &ImageId,
    recipient: &str,
) -> Result<Report, Error> {
    let seen = image::show(app, caller, image).await?;
    let standing = seen.standing(caller, app.clock.now())?;
    if matches!(standing, Standing::Recipient(_)) && !caller.is_operator {
        let own = [caller.project.as_str(), caller.account.as_str()];
        if !own.contains(&recipient) {
            return Err(Error::new(Code::NotShared).with("recipient", recipient));
        }
        return leave(app, caller, image, recipient).await;
    }
    let named = Named { text: recipient.to_owned(), kind: None };
    let request = Withdraw {
        images: vec![image.clone()],
        recipients: Some(vec![named]),
        mode: Mode::All,
        dry_run: false,
    };
    withdraw(app, caller, request).await
}

/// The recipient gives up what he was offered: a rejection, which must end his use of the image
/// (`core::access::may_leave`).
pub async fn leave(
    app: &App,
    caller: &Caller,
    image: &ImageId,
    recipient: &str,
) -> Result<Report, Error> {
    let batch = Batch::new(app, caller, ShareEvent::Reject, Mode::All, false);
    let request = Answer {
        images: vec![image.clone()],
        event: ShareEvent::Reject,
        recipient: Some(recipient.to_owned()),
        mode: Mode::All,
        dry_run: false,
    };
    run(app, batch, move |tx, batch| {
        for_each_image(&request.images, |id| {
            let pairs = answer::leave_image(tx, batch, id, &request);
            batch.pairs_or_refusal(pairs, id, request.recipient.as_deref())
        })
    })
    .await
}

/// A batch under way: what is the same for all its pairs.
#[derive(Clone)]
struct Batch {
    app: App,
    caller: Caller,
    event: ShareEvent,
    mode: Mode,
    is_dry: bool,
    job: JobId,
    now: Timestamp,
}

/// One decided pair: what to report and what to write.
struct Pair {
    result: PairResult,
    write: Option<PairWrite>,
}

struct PairWrite {
    share: Share,
    is_removed: bool,
}

/// The pairs of one image, with the image as it was.
struct ImagePairs {
    image: Option<Image>,
    policy: Option<Policy>,
    pairs: Vec<Pair>,
}

impl Batch {
    fn new(app: &App, caller: &Caller, event: ShareEvent, mode: Mode, is_dry: bool) -> Batch {
        Batch {
            app: app.clone(),
            caller: caller.clone(),
            event,
            mode,
            is_dry,
            job: JobId::trusted(app.ids.hex()),
            now: app.clock.now(),
        }
    }

    /// A refusal of a whole image is the refusal of each of its pairs; trouble with the database is
    /// trouble with the whole request.
    fn pairs_or_refusal<'a>(
        &self,
        pairs: Result<ImagePairs, Error>,
        id: &ImageId,
        named: impl IntoIterator<Item = &'a str>,
    ) -> Result<ImagePairs, Error> {
        let error = match pairs {
            Ok(pairs) => return Ok(pairs),
            Err(error) if matches!(error.kind(), Kind::Internal | Kind::Unavailable) => {
                return Err(error);
            }
            Err(error) => error,
        };
        let mut names: Vec<&str> = named.into_iter().collect();
        if names.is_empty() {
            names.push("");
        }
        let pairs = names.into_iter().map(|name| refused(id, name, error.clone())).collect();
        Ok(ImagePairs { image: None, policy: None, pairs })
    }

    fn policy(&self, tx: &mut Tx<'_>, image: &Image) -> Result<Policy, Error> {
        store_policy::effective_in(tx, &self.app.policy, &image.region, &image.owner)
    }
}

fn refused(image: &ImageId, recipient: &str, error: Error) -> Pair {
    let result = PairResult {
        image: image.clone(),
        recipient: recipient.to_owned(),
        resolved: None,
        outcome: Outcome::Refused(error),
    };
    Pair { result, write: None }
}

async fn run<F>(app: &App, batch: Batch, decide: F) -> Result<Report, Error>
where
    F: Fn(&mut Tx<'_>, &Batch) -> Result<Vec<ImagePairs>, Error> + Send + 'static,
{
    app.db
        .write(move |tx| {
            let decided = decide(tx, &batch)?;
            let any_refused =
                decided.iter().flat_map(|d| &d.pairs).any(|p| p.result.outcome.is_refused());
            let is_spoilt = any_refused && batch.mode == Mode::All;
            let is_done = !batch.is_dry && !is_spoilt;
            if is_done {
                decided.iter().try_for_each(|image| write_image(tx, &batch, image))?;
            }
            let results: Vec<PairResult> =
                decided.into_iter().flat_map(|d| d.pairs).map(|pair| pair.result).collect();
            if is_done {
                write_job(tx, &batch, &results)?;
            }
            Ok(Report { job: is_done.then(|| batch.job.clone()), results, is_done })
        })
        .await
}

/// Goes through the images in id order, so that two batches cannot wait for each other, and answers
/// in the order asked.
fn for_each_image(
    images: &[ImageId],
    mut each: impl FnMut(&ImageId) -> Result<ImagePairs, Error>,
) -> Result<Vec<ImagePairs>, Error> {
    let sorted: BTreeSet<&ImageId> = images.iter().collect();
    let mut decided = BTreeMap::new();
    for id in sorted {
        decided.insert(id, each(id)?);
    }
    Ok(images.iter().filter_map(|id| decided.remove(id)).collect())
}

/// The digest an acceptance is bound to (RC-25).
fn receipt(image: &Image, state: ShareState) -> Option<String> {
    let digests = image.digests.as_ref()?;
    (state == ShareState::Accepted).then(|| format!("{}:{}", digests.algo, digests.value_hex))
}

/// Writes the decided pairs of one image: shares, the image's count and visibility, who lists it,
/// audit rows for both sides.
fn write_image(tx: &mut Tx<'_>, batch: &Batch, decided: &ImagePairs) -> Result<(), Error> {
    let (Some(before), Some(policy)) = (&decided.image, &decided.policy) else { return Ok(()) };
    let writes: Vec<&PairWrite> = decided.pairs.iter().filter_map(|p| p.write.as_ref()).collect();
    for write in &writes {
        if write.is_removed {
            store_share::delete(tx, &write.share)?;
        } else {
            store_share::put(tx, &write.share)?;
        }
        audit(tx, batch, &write.share)?;
    }
    let after = settle(tx, before, policy, batch.now)?;
    for write in &writes {
        let listed = !write.is_removed && is_listed(write.share.state);
        store_image::set_listed(tx, &after, &write.share, listed)?;
    }
    Ok(())
}

/// Brings the image's count of shares up to date, and its visibility where the first share makes a
/// private image shared and the end of the last makes it private again.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    before: &Image,
    policy: &Policy,
    now: Timestamp,
) -> Result<Image, Error> {
    let mut after = before.clone();
    let rows = store_share::of_image_in(tx, &before.id)?.len();
    after.shares = u32::try_from(rows).unwrap_or(u32::MAX);
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
        store_image::update(tx, before, &after)?;
    }
    Ok(after)
}

fn audit(tx: &mut Tx<'_>, batch: &Batch, share: &Share) -> Result<(), Error> {
    let verb = match batch.event {
        ShareEvent::Invite => AuditVerb::ShareInvite,
        ShareEvent::Accept => AuditVerb::ShareAccept,
        ShareEvent::Reject => AuditVerb::ShareReject,
        ShareEvent::Reopen => AuditVerb::ShareReopen,
        ShareEvent::Withdraw => AuditVerb::ShareWithdraw,
        ShareEvent::Lapse => AuditVerb::ShareLapse,
    };
    let counterpart = match batch.event {
        ShareEvent::Invite | ShareEvent::Withdraw | ShareEvent::Lapse => share.recipient.clone(),
        ShareEvent::Accept | ShareEvent::Reject | ShareEvent::Reopen => {
            Recipient::Project(share.owner.clone())
        }
    };
    let event = AuditEvent::by(&batch.caller, batch.now, verb, share.image.as_str())
        .with_counterpart(counterpart)
        .with_detail(format!("state={}", share.state.as_str()));
    store_audit::insert(tx, &batch.app.ids.hex(), &event)
}

fn write_job(tx: &mut Tx<'_>, batch: &Batch, results: &[PairResult]) -> Result<(), Error> {
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
