//! Deciding withdrawals: which shares a name means, whether they may be taken back.

use std::collections::BTreeSet;

use lendglass_core::image::Image;
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::policy::Policy;
use lendglass_core::recipient::{self, Named};
use lendglass_core::share::{Change, Recipient, Share, ShareEvent, transition};
use lendglass_core::{Code, Error, ImageId, access};
use lendglass_store::undo::ShareChange;
use lendglass_store::{Tx, candidates as store_candidates, share as store_share};

use super::{Batch, Ground, Pair, Withdraw, refused};

/// Decides all withdrawals of the request, in the order asked.
pub(super) fn withdraw_all(
    tx: &mut Tx<'_>,
    batch: &Batch,
    request: &Withdraw,
) -> Result<(Ground, Vec<Pair>), Error> {
    let (ground, shares) = Ground::lock(tx, batch, &request.images, store_share::of_images)?;
    let mut decided = Vec::new();
    for id in batch.each_once(&request.images) {
        let pairs = withdraw_one(tx, batch, &ground, id, request, &shares);
        let named = request.recipients.iter().flatten().map(|named| named.text.as_str());
        decided.extend(batch.or_refused(id, pairs, named)?);
    }
    Ok((ground, decided))
}

fn withdraw_one(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    id: &ImageId,
    request: &Withdraw,
    shares: &[Share],
) -> Result<Vec<Pair>, Error> {
    let (seen, standing, policy) = ground.look(batch, id)?;
    access::owns(&batch.caller, standing)?;
    if !policy.share.private_becomes_shared {
        access::may_have_members(&seen.image, policy)?;
    }
    let all: Vec<&Share> = shares.iter().filter(|share| share.image == *id).collect();
    let mut pairs = Vec::new();
    match &request.recipients {
        None if all.is_empty() => {
            let error = Error::new(Code::NotShared).with("recipient", "*");
            pairs.push(refused(id, "*", error));
        }
        None => pairs.extend(all.iter().map(|share| end(share, share.recipient.id(), policy))),
        Some(named) => {
            // A share that two names mean ends once.
            let mut met = BTreeSet::new();
            for name in named {
                let hits = shares_named(tx, &all, name, &seen.image)?;
                if hits.is_empty() {
                    let error = Error::new(Code::NotShared).with("recipient", &name.text);
                    pairs.push(refused(id, &name.text, error));
                }
                let new = hits.into_iter().filter(|share| met.insert(&share.recipient));
                pairs.extend(new.map(|share| end(share, &name.text, policy)));
            }
        }
    }
    Ok(pairs)
}

/// The shares a name means: those with that very id, else those of the account it stands for.
pub(super) fn shares_named<'a>(
    tx: &mut Tx<'_>,
    all: &[&'a Share],
    name: &Named,
    image: &Image,
) -> Result<Vec<&'a Share>, Error> {
    let kind = name.kind.map(|kind| kind.as_str());
    let fits = |share: &&Share, id: &str| {
        share.recipient.id() == id && kind.is_none_or(|kind| kind == share.recipient.kind())
    };
    let all = || all.iter().copied();
    let direct: Vec<&Share> = all().filter(|share| fits(share, &name.text)).collect();
    if !direct.is_empty() {
        return Ok(direct);
    }
    if recipient::check_shape(&name.text).is_err() {
        return Ok(Vec::new());
    }
    let found = store_candidates::of(tx, &name.text, &image.region)?;
    let account = found
        .account
        .map(|account| account.id)
        .or_else(|| found.project.map(|project| project.account));
    Ok(match account {
        Some(account) => all()
            .filter(|share| {
                share.recipient == Recipient::Account(account.clone())
                    || found
                        .account_projects
                        .iter()
                        .any(|project| share.recipient == Recipient::Project(project.clone()))
            })
            .collect(),
        None => Vec::new(),
    })
}

fn end(share: &Share, name: &str, policy: &Policy) -> Pair {
    match transition(Some(share.state), ShareEvent::Withdraw, policy) {
        Err(error) => {
            let mut pair =
                refused(&share.image, name, error.with("recipient", share.recipient.id()));
            pair.result.resolved = Some(share.recipient.clone());
            pair
        }
        Ok(Change::Removed | Change::Unchanged | Change::To(_)) => {
            let result = PairResult {
                image: share.image.clone(),
                recipient: name.to_owned(),
                resolved: Some(share.recipient.clone()),
                outcome: Outcome::Removed,
            };
            let before = Some(share.clone());
            let (after, vault) = (None, None);
            Pair::changed(result, ShareChange { before, after, replaces_ended: false, vault })
        }
    }
}
