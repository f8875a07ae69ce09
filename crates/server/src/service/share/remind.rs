//! An owner reminds tenants who have not answered, once a day each (RC-26).

use std::collections::BTreeSet;

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::limits::REMINDER_SECONDS;
use lendglass_core::notice::{Notice, NoticeKind, Subject};
use lendglass_core::share::{Share, ShareState, is_live};
use lendglass_core::{Code, Error, ImageId, access};
use lendglass_store::{Tx, audit as store_audit, share as store_share};

use super::withdraw::shares_named;
use super::{Batch, Ground, Mode, Pair, Report, Withdraw, refused};
use crate::service::notice;

/// Decides and tells in one go; the pairs that wait and were not reminded today are told.
pub(super) fn remind(
    tx: &mut Tx<'_>,
    batch: &Batch,
    request: &Withdraw,
) -> Result<(Report, Vec<Notice>), Error> {
    let (ground, shares) = Ground::lock(tx, batch, &request.images, store_share::of_images)?;
    let mut pairs = Vec::new();
    let mut notices = Vec::new();
    for id in batch.each_once(&request.images) {
        let reminded = remind_one(tx, batch, (&ground, &shares), id, request, &mut notices);
        let named = request.recipients.iter().flatten().map(|named| named.text.as_str());
        pairs.extend(batch.or_refused(id, reminded, named)?);
    }
    let results: Vec<PairResult> = pairs.into_iter().map(|pair| pair.result).collect();
    let is_spoilt = batch.mode == Mode::All && results.iter().any(|r| r.outcome.is_refused());
    let is_done = !batch.is_dry && !is_spoilt;
    let report = Report { job: None, results, shares: Vec::new(), is_done, undo: None };
    if !is_done {
        return Ok((report, Vec::new()));
    }
    for notice in &notices {
        let Subject::Image { id, .. } = &notice.subject else { continue };
        let event = AuditEvent::by(&batch.caller, batch.now, AuditVerb::ShareRemind, id.as_str())
            .with_counterpart(notice.to.clone());
        store_audit::insert(tx, &batch.app.ids.hex(), &event)?;
        store_share::remind(tx, id, &notice.to, batch.now)?;
    }
    notice::tell(tx, &notices)?;
    Ok((report, notices))
}

fn remind_one(
    tx: &mut Tx<'_>,
    batch: &Batch,
    (ground, shares): (&Ground, &[Share]),
    id: &ImageId,
    request: &Withdraw,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Pair>, Error> {
    let (seen, standing, _) = ground.look(batch, id)?;
    access::owns(&batch.caller, standing)?;
    let all: Vec<&Share> = shares.iter().filter(|share| share.image == *id).collect();
    let waits = |share: &&Share| share.state == ShareState::Pending && is_live(share, batch.now);
    let mut pairs = Vec::new();
    match &request.recipients {
        None => {
            for share in all.into_iter().filter(waits) {
                pairs.push(decide(tx, batch, ground, share, notices)?);
            }
        }
        Some(named) => {
            // A share that two names mean is reminded of once.
            let mut met = BTreeSet::new();
            for name in named {
                let hits = shares_named(tx, &all, name, &seen.image)?;
                let mut hits = hits.into_iter().filter(waits).peekable();
                if hits.peek().is_none() {
                    let error = Error::new(Code::NothingToRemind).with("recipient", &name.text);
                    pairs.push(refused(id, &name.text, error));
                }
                for share in hits.filter(|share| met.insert(&share.recipient)) {
                    pairs.push(decide(tx, batch, ground, share, notices)?);
                }
            }
        }
    }
    Ok(pairs)
}

fn decide(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    share: &Share,
    notices: &mut Vec<Notice>,
) -> Result<Pair, Error> {
    let last = store_share::reminded_at(tx, share)?.unwrap_or(share.created_at);
    let waited = (batch.now.0 - last.0) / 1_000_000;
    if waited < REMINDER_SECONDS {
        let error = Error::new(Code::RateLimited).with("seconds", REMINDER_SECONDS - waited);
        let mut pair = refused(&share.image, share.recipient.id(), error);
        pair.result.resolved = Some(share.recipient.clone());
        return Ok(pair);
    }
    let (image, _) = ground.of(&share.image)?;
    let kind = NoticeKind::ShareReminded;
    notices.push(super::told_of(batch.now, image, share, share.recipient.clone(), kind));
    let result = PairResult {
        image: share.image.clone(),
        recipient: share.recipient.id().to_owned(),
        resolved: Some(share.recipient.clone()),
        outcome: Outcome::Now(share.state),
    };
    Ok(Pair { result, change: None, share: Some(share.clone()) })
}
