//! Sharing: `invite`, `answer`, `withdraw` are the only ways to change a share, whoever asks.

mod answer;
mod ground;
mod invite;
mod lapse;
mod remind;
mod trace;
mod undo;
mod vaults;
mod withdraw;
mod write;

use std::collections::BTreeSet;

use lendglass_core::access::Standing;
use lendglass_core::image::Image;
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::notice::{Inbox, Notice, NoticeKind};
use lendglass_core::recipient::Named;
use lendglass_core::share::{Recipient, Share, ShareEvent, ShareState};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, JobId, Kind, Timestamp, VaultId};
use lendglass_store::undo::ShareChange;
use lendglass_store::{Tx, share as store_share};

use self::ground::Ground;
pub(crate) use self::lapse::{lapse, warn};
pub(crate) use self::write::{settle, told_of};
use crate::app::App;
use crate::service::{image, notice, tenant};

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
    /// Where the backups of accepted full-server images go (FS-01); others need none.
    pub vault: Option<VaultId>,
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
    /// The share of each pair as it is when all of them stand; none where there is none.
    pub shares: Vec<Option<Share>>,
    /// Whether the good pairs stand: false for a dry run and for a failed all-or-nothing batch.
    pub is_done: bool,
    /// How the actor may take it back, for a few seconds (ST-09).
    pub undo: Option<Undo>,
}

/// The way back from an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// What [`undo`] takes; for the same user in the same project.
    pub token: String,
    /// Until when.
    pub until: Timestamp,
}

impl Report {
    /// As [`Report::only`], with the share as it is now.
    pub fn only_share(mut self) -> Result<(PairResult, Share), Error> {
        let share = self.shares.pop().flatten();
        let result = self.only()?;
        let gone = || Error::new(Code::NotShared).with("recipient", &result.recipient);
        Ok((result.clone(), share.ok_or_else(gone)?))
    }

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
/// or time; [`Code::RateLimited`] for a dry run as [`tenant::resolve`].
pub async fn invite(app: &App, caller: &Caller, request: Invite) -> Result<Report, Error> {
    let mut batch = Batch::new(app, caller, ShareEvent::Invite, request.mode, request.dry_run);
    batch.about = request.images.first().cloned();
    let is_dry = batch.is_dry;
    if is_dry {
        tenant::may_look_up(app, caller)?;
    }
    let report = run(app, batch, move |tx, batch| invite::invite_all(tx, batch, &request)).await?;
    if is_dry {
        // To be told who exists is to look him up (SH-20).
        tenant::note_wrong_ids(app, caller, &report.results);
    }
    Ok(report)
}

/// Answers offers, in one transaction. A slot that does not count while pending is checked now
/// (SH-17); accepting records the digest that was accepted (RC-25).
pub async fn answer(app: &App, caller: &Caller, request: Answer) -> Result<Report, Error> {
    let mut batch = Batch::new(app, caller, request.event, request.mode, request.dry_run);
    batch.vault = request.vault.clone();
    run(app, batch, move |tx, batch| answer::answer_all(tx, batch, &request, false)).await
}

/// Takes shares back, in one transaction; the recipient loses the image at once (SH-34).
pub async fn withdraw(app: &App, caller: &Caller, request: Withdraw) -> Result<Report, Error> {
    let batch = Batch::new(app, caller, ShareEvent::Withdraw, request.mode, request.dry_run);
    run(app, batch, move |tx, batch| withdraw::withdraw_all(tx, batch, &request)).await
}

/// Undoes what the caller did a few seconds ago, all or nothing: the former rows return as they were
/// (ST-09).
///
/// Errors: [`Code::UndoExpired`], [`Code::UndoConflict`], the ceilings.
pub async fn undo(app: &App, caller: &Caller, token: &str) -> Result<Report, Error> {
    let mut batch = Batch::new(app, caller, ShareEvent::Withdraw, Mode::All, false);
    batch.is_undo = true;
    let token = token.to_owned();
    run(app, batch, move |tx, batch| undo::reverse(tx, batch, &token)).await
}

/// Asks tenants who have not answered for an answer, once a day each (RC-26); `recipients` as for a
/// withdrawal.
///
/// Refusals of pairs: [`Code::NothingToRemind`], [`Code::RateLimited`] within a day of the offer or of
/// the last reminder, and what [`withdraw`] refuses.
pub async fn remind(app: &App, caller: &Caller, request: Withdraw) -> Result<Report, Error> {
    let batch = Batch::new(app, caller, ShareEvent::Invite, request.mode, request.dry_run);
    let caller = batch.caller.clone();
    let (report, notices) =
        app.change(&caller, move |tx| remind::remind(tx, &batch, &request)).await?;
    app.bell.ring(&notices.iter().map(Notice::inbox).collect::<Vec<_>>());
    Ok(report)
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
    let seen = image::seen(app, caller, image).await?;
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
        vault: None,
        mode: Mode::All,
        dry_run: false,
    };
    run(app, batch, move |tx, batch| answer::answer_all(tx, batch, &request, true)).await
}

/// A batch under way: what is the same for all its pairs.
#[derive(Clone)]
struct Batch {
    app: App,
    caller: Caller,
    event: ShareEvent,
    mode: Mode,
    is_dry: bool,
    /// The changes take back what `caller` did before.
    is_undo: bool,
    /// The vault that takes what is accepted.
    vault: Option<VaultId>,
    /// The first image asked for.
    about: Option<ImageId>,
    job: JobId,
    now: Timestamp,
}

/// One decided pair: what to report and what to write.
struct Pair {
    result: PairResult,
    change: Option<ShareChange>,
    /// The share as it will be.
    share: Option<Share>,
}

impl Pair {
    fn changed(result: PairResult, change: ShareChange) -> Pair {
        Pair { result, share: change.after.clone(), change: Some(change) }
    }
}

impl Batch {
    fn new(app: &App, caller: &Caller, event: ShareEvent, mode: Mode, is_dry: bool) -> Batch {
        let mut caller = caller.clone();
        // A dry run of a batch has something to tell: its results, pair by pair.
        let is_dry = std::mem::take(&mut caller.terms.is_dry_run) || is_dry;
        Batch {
            app: app.clone(),
            caller,
            event,
            mode,
            is_dry,
            is_undo: false,
            vault: None,
            about: None,
            job: JobId::trusted(app.ids.hex()),
            now: app.clock.now(),
        }
    }

    /// The images as asked, repetitions dropped.
    fn each_once<'a>(&self, images: &'a [ImageId]) -> impl Iterator<Item = &'a ImageId> {
        let mut seen = BTreeSet::new();
        images.iter().filter(move |id| seen.insert(*id))
    }

    /// A refusal belongs to its pair; trouble with the database is trouble with the whole request.
    fn refusal(&self, error: Error) -> Result<Error, Error> {
        match error.kind() {
            Kind::Internal | Kind::Unavailable => Err(error),
            Kind::Invalid
            | Kind::UnsupportedMedia
            | Kind::BadRange
            | Kind::Unauthenticated
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Conflict
            | Kind::QuotaExceeded
            | Kind::TooLarge
            | Kind::RateLimited
            | Kind::NoSpace => Ok(error),
        }
    }

    /// The pairs of an image; its refusal as a whole is the refusal of each.
    fn or_refused<'a>(
        &self,
        id: &ImageId,
        pairs: Result<Vec<Pair>, Error>,
        named: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Pair>, Error> {
        let error = match pairs {
            Ok(pairs) => return Ok(pairs),
            Err(error) => self.refusal(error)?,
        };
        let mut names: Vec<&str> = named.into_iter().collect();
        if names.is_empty() {
            names.push("");
        }
        Ok(names.into_iter().map(|name| refused(id, name, error.clone())).collect())
    }
}

fn refused(image: &ImageId, recipient: &str, error: Error) -> Pair {
    let result = PairResult {
        image: image.clone(),
        recipient: recipient.to_owned(),
        resolved: None,
        outcome: Outcome::Refused(error),
    };
    Pair { result, change: None, share: None }
}

/// Decides in one transaction and writes what is to stand, then tells whom it concerns.
async fn run<F>(app: &App, batch: Batch, decide: F) -> Result<Report, Error>
where
    F: Fn(&mut Tx<'_>, &Batch) -> Result<(Ground, Vec<Pair>), Error> + Send + 'static,
{
    let (caller, refused) = (batch.caller.clone(), batch.clone());
    let done = app.change(&caller, move |tx| {
        let (ground, pairs) = decide(tx, &batch)?;
        conclude(tx, &batch, &ground, pairs)
    });
    match done.await {
        Ok((report, told)) => {
            app.bell.ring(&told);
            Ok(report)
        }
        Err(error) => {
            let traced = error.clone();
            app.db.write(move |tx| trace::whole(tx, &refused, &traced)).await?;
            Err(error)
        }
    }
}

fn conclude(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    pairs: Vec<Pair>,
) -> Result<(Report, Vec<Inbox>), Error> {
    let is_spoilt = batch.mode == Mode::All && pairs.iter().any(|p| p.result.outcome.is_refused());
    let is_done = !batch.is_dry && !is_spoilt;
    let mut report =
        Report { job: None, results: Vec::new(), shares: Vec::new(), is_done, undo: None };
    let mut changes: Vec<ShareChange> = Vec::new();
    for pair in pairs {
        report.results.push(pair.result);
        report.shares.push(pair.share);
        changes.extend(pair.change);
    }
    let mut notices = full_images(tx, batch, ground, &report.results)?;
    trace::pairs(tx, batch, &report.results)?;
    if is_done {
        write::write_job(tx, batch, &report.results)?;
        report.job = Some(batch.job.clone());
        notices.extend(write::write(tx, batch, ground, &mut changes)?);
        notices.extend(ground.nearly_full(batch));
        report.undo = write::write_undo(tx, batch, &changes)?;
    }
    // Last, because the inboxes stay locked until the commit.
    notice::tell(tx, &notices)?;
    Ok((report, notices.iter().map(Notice::inbox).collect()))
}

/// The notices to owners whose images take no further recipient, so that somebody who wants to accept
/// cannot (SH-15): one for each offer.
fn full_images(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    results: &[PairResult],
) -> Result<Vec<Notice>, Error> {
    let mut notices = Vec::new();
    if batch.event != ShareEvent::Accept || batch.is_dry {
        return Ok(notices);
    }
    for result in results {
        let Outcome::Refused(error) = &result.outcome else { continue };
        if error.code() != Code::ShareTenantQuota {
            continue;
        }
        let (image, _) = ground.of(&result.image)?;
        for share in store_share::by_recipient_id(tx, &image.id, &result.recipient)? {
            if store_share::tell_full(tx, &share)? {
                let owner = Recipient::Project(share.owner.clone());
                let kind = NoticeKind::ShareCeilingReached;
                notices.push(told_of(batch.now, image, &share, owner, kind));
            }
        }
    }
    Ok(notices)
}

/// The digest an acceptance is bound to (RC-25).
fn receipt(image: &Image, state: ShareState) -> Option<String> {
    let digests = image.digests.as_ref()?;
    (state == ShareState::Accepted).then(|| format!("{}:{}", digests.algo, digests.value_hex))
}
