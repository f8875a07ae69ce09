//! Deciding offers: which recipient is meant, whether the policy and the ceilings allow it, and what
//! the recipient's own rules make of it. Names, shares and rules are read before the first decision,
//! in two goes.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use lendglass_core::image::Image;
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::limits::NOTE_CHARS;
use lendglass_core::policy::Policy;
use lendglass_core::quota::{Filling, ShareUsage};
use lendglass_core::recipient::{self, Candidates, Named};
use lendglass_core::share::{
    Change, Recipient, Share, ShareEvent, ShareState, Verdict, by_rule, is_live, transition,
};
use lendglass_core::tenant::Caller;
use lendglass_core::{AccountId, Code, Error, ImageId, ProjectId, RegionId, access, quota};
use lendglass_store::undo::ShareChange;
use lendglass_store::{
    Questions, Tx, candidates as store_candidates, image as store_image, policy as store_policy,
    rule as store_rule, share as store_share, tenant as store_tenant,
};

use super::{Batch, Ground, Invite, Pair, receipt, refused};

/// Decides all pairs of the request, in the order asked.
pub(super) fn invite_all(
    tx: &mut Tx<'_>,
    batch: &Batch,
    request: &Invite,
) -> Result<(Ground, Vec<Pair>), Error> {
    let names: BTreeSet<&str> = request
        .recipients
        .iter()
        .map(|named| named.text.as_str())
        .filter(|text| recipient::check_shape(text).is_ok())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let (owners, candidates) = tx.ask((
        owners(batch, &request.images),
        store_candidates::of_all(&names, &batch.caller.region),
    ))?;
    check_request(batch, request, &owners.policy(batch, &batch.caller.project)?)?;
    owners.lock(tx, batch)?;
    let (mut ground, mut known) = Known::read(tx, batch, candidates, request)?;
    let mut newly_shared = NewlyShared::new();
    let mut decided = Vec::new();
    for id in batch.each_once(&request.images) {
        let pairs = invite_one(tx, batch, &ground, id, request, &mut known, &mut newly_shared);
        let named = request.recipients.iter().map(|named| named.text.as_str());
        decided.extend(batch.or_refused(id, pairs, named)?);
    }
    ground.newly_shared = newly_shared;
    Ok((ground, decided))
}

fn check_request(batch: &Batch, request: &Invite, policy: &Policy) -> Result<(), Error> {
    quota::room_for_ids(request.recipients.len(), policy)?;
    if policy.share.require_ack && !request.acknowledge {
        return Err(Error::new(Code::AcknowledgeRequired));
    }
    let invalid = |field: &str, value: String, reason: String| {
        Err(Error::new(Code::InvalidValue)
            .with("field", field)
            .with("value", value)
            .with("reason", reason))
    };
    if let Some(note) = &request.note
        && note.chars().count() > NOTE_CHARS
    {
        let shown = lendglass_core::text::shortened(note, 40);
        return invalid("note", shown, format!("at most {NOTE_CHARS} characters"));
    }
    for (field, at) in [("lapses_at", request.lapses_at), ("ends_at", request.ends_at)] {
        if let Some(at) = at.filter(|at| *at <= batch.now) {
            return invalid(field, at.seconds().to_string(), "it is in the past".to_owned());
        }
    }
    Ok(())
}

/// Who owns the images of a batch in its region, with the rules of each and of the caller.
pub(super) struct Owners {
    projects: Vec<ProjectId>,
    rules: store_policy::Rules,
}

/// Asks for [`Owners`].
pub(super) fn owners(
    batch: &Batch,
    images: &[ImageId],
) -> impl Questions<Answers = Owners> + use<> {
    let (region, project) = (&batch.caller.region, &batch.caller.project);
    let questions =
        (store_image::owners(images, region), store_policy::of_owners(images, region, project));
    questions.then(|(projects, rules)| Ok(Owners { projects, rules }))
}

impl Owners {
    fn policy(&self, batch: &Batch, project: &ProjectId) -> Result<Policy, Error> {
        self.rules.policy(&batch.app.policy, project)
    }

    /// Locks the projects whose count of shared images is limited (SH-16), before any image.
    pub(super) fn lock(&self, tx: &mut Tx<'_>, batch: &Batch) -> Result<(), Error> {
        for owner in &self.projects {
            if self.policy(batch, owner)?.share.max_shared_images.is_some() {
                store_image::lock_project(tx, owner)?;
            }
        }
        Ok(())
    }
}

/// What the decisions are made from, read in a few statements.
struct Known {
    candidates: BTreeMap<String, Candidates>,
    shares: BTreeMap<(ImageId, Recipient), Share>,
    usages: BTreeMap<ImageId, ShareUsage>,
    accounts: BTreeMap<ProjectId, AccountId>,
    sites: BTreeMap<AccountId, String>,
    rules: BTreeMap<ProjectId, BTreeMap<Recipient, Verdict>>,
}

impl Known {
    /// Locks the images, and reads what concerns them; of owners the one who most likely asks.
    fn read(
        tx: &mut Tx<'_>,
        batch: &Batch,
        candidates: BTreeMap<String, Candidates>,
        request: &Invite,
    ) -> Result<(Ground, Known), Error> {
        let Caller { project, account, region, .. } = &batch.caller;
        let ids = possible_ids(&candidates);
        let questions = |images: &[ImageId]| {
            (
                store_share::among(images, &ids),
                store_share::usages(images, batch.now),
                store_rule::of_owner(&ids, project, account),
                store_tenant::site(account, region),
            )
        };
        let (ground, (shares, usages, rules, (site, _))) =
            Ground::lock(tx, batch, &request.images, questions)?;
        let known = Known {
            shares: shares
                .into_iter()
                .map(|s| ((s.image.clone(), s.recipient.clone()), s))
                .collect(),
            usages,
            candidates,
            accounts: BTreeMap::new(),
            sites: BTreeMap::from([(account.clone(), site)]),
            rules: BTreeMap::from([(project.clone(), rules)]),
        };
        Ok((ground, known))
    }

    /// The account that holds the owner of an image.
    fn account(
        &mut self,
        tx: &mut Tx<'_>,
        batch: &Batch,
        owner: &ProjectId,
    ) -> Result<AccountId, Error> {
        let caller = &batch.caller;
        if *owner == caller.project {
            return Ok(caller.account.clone());
        }
        if let Some(account) = self.accounts.get(owner) {
            return Ok(account.clone());
        }
        let project = store_tenant::project(tx, owner)?;
        let account = project.map_or_else(|| caller.account.clone(), |project| project.account);
        self.accounts.insert(owner.clone(), account.clone());
        Ok(account)
    }

    /// The site of an owning account (RG-03).
    fn site(
        &mut self,
        tx: &mut Tx<'_>,
        account: &AccountId,
        region: &RegionId,
    ) -> Result<String, Error> {
        if let Some(site) = self.sites.get(account) {
            return Ok(site.clone());
        }
        let (site, _) = tx.ask(store_tenant::site(account, region))?;
        self.sites.insert(account.clone(), site.clone());
        Ok(site)
    }

    /// Reads what the recipients' own rules do with offers of an owner (RC-20), once.
    fn read_rules(
        &mut self,
        tx: &mut Tx<'_>,
        owner: &ProjectId,
        account: &AccountId,
    ) -> Result<(), Error> {
        if self.rules.contains_key(owner) {
            return Ok(());
        }
        let ids = possible_ids(&self.candidates);
        let rules = tx.ask(store_rule::of_owner(&ids, owner, account))?;
        self.rules.insert(owner.clone(), rules);
        Ok(())
    }
}

/// Every id that a name of the request may come to stand for.
fn possible_ids(candidates: &BTreeMap<String, Candidates>) -> Vec<String> {
    let mut ids = BTreeSet::new();
    for (text, found) in candidates {
        ids.insert(text.clone());
        ids.extend(found.project.iter().flat_map(|p| [p.id.to_string(), p.account.to_string()]));
        ids.extend(found.account.iter().map(|account| account.id.to_string()));
        ids.extend(found.account_projects.iter().map(ToString::to_string));
    }
    ids.into_iter().collect()
}

fn invite_one(
    tx: &mut Tx<'_>,
    batch: &Batch,
    ground: &Ground,
    id: &ImageId,
    request: &Invite,
    known: &mut Known,
    newly_shared: &mut NewlyShared,
) -> Result<Vec<Pair>, Error> {
    let (seen, standing, policy) = ground.look(batch, id)?;
    let image = &seen.image;
    access::may_share(&batch.caller, standing, image, policy)?;
    let account = known.account(tx, batch, &image.owner)?;
    known.read_rules(tx, &image.owner, &account)?;
    let mut usage = known.usages.get(id).copied().unwrap_or_default();
    let mut pairs = Vec::with_capacity(request.recipients.len());
    // Two names of one recipient are one share, and take one place.
    let mut met: BTreeSet<Recipient> = BTreeSet::new();
    let site = known.site(tx, &account, &image.region)?;
    let offer = Offer { batch, image, policy, account: &account, site: &site, request, known };
    for named in &request.recipients {
        let decided = match offer.recipient(named) {
            Ok(recipient) if !met.insert(recipient.clone()) => continue,
            Ok(recipient) => offer.decide(named, recipient, &mut usage),
            Err(error) => Err(error),
        };
        match decided {
            Ok(pair) => pairs.push(pair),
            Err(error) => pairs.push(refused(id, &named.text, batch.refusal(error)?)),
        }
    }
    let becomes_shared = pairs.iter().any(|pair| pair.change.is_some());
    if let Err(error) = room_among_shared(tx, image, policy, becomes_shared, newly_shared) {
        let error = batch.refusal(error)?;
        for pair in pairs.iter_mut().filter(|pair| pair.change.is_some()) {
            pair.change = None;
            pair.result.outcome = Outcome::Refused(error.clone());
        }
    }
    Ok(pairs)
}

/// How many images each owner shares out, before a batch and with what it has decided so far; only of
/// owners who have a ceiling and of whom the batch shares an image that was not shared before.
pub(super) type NewlyShared = BTreeMap<ProjectId, Filling>;

/// The ceiling on distinct shared images (SH-16): an image that is not shared yet takes a place, and
/// so did the ones before it in the batch. The owner is locked.
pub(super) fn room_among_shared(
    tx: &mut Tx<'_>,
    image: &Image,
    policy: &Policy,
    becomes_shared: bool,
    newly_shared: &mut NewlyShared,
) -> Result<(), Error> {
    let is_new = becomes_shared && image.shares == 0;
    let Some(max) = policy.share.max_shared_images.filter(|_| is_new) else { return Ok(()) };
    let filling = match newly_shared.entry(image.owner.clone()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => {
            let used = store_share::shared_images(tx, &image.owner, &image.region)?;
            unknown.insert(Filling::by(u64::from(used), 0, u64::from(max)))
        }
    };
    quota::room_for_shared_image(filling.after.used, policy)?;
    filling.after.used += 1;
    Ok(())
}

/// What one offer is decided by.
struct Offer<'a> {
    batch: &'a Batch,
    image: &'a Image,
    policy: &'a Policy,
    account: &'a AccountId,
    site: &'a str,
    request: &'a Invite,
    known: &'a Known,
}

impl Offer<'_> {
    fn recipient(&self, named: &Named) -> Result<Recipient, Error> {
        recipient::check_shape(&named.text)?;
        let found = self.known.candidates.get(&named.text);
        let found = found.ok_or_else(|| Error::internal("a recipient was not looked up"))?;
        let owner = recipient::Owner {
            project: &self.image.owner,
            account: self.account,
            region: &self.image.region,
            site: self.site,
        };
        recipient::resolve(named, found, &owner, self.policy)
    }

    fn decide(
        &self,
        named: &Named,
        recipient: Recipient,
        usage: &mut ShareUsage,
    ) -> Result<Pair, Error> {
        let (image, policy, now) = (self.image, self.policy, self.batch.now);
        access::may_share_with(image, &recipient, false, policy)?;
        let key = (image.id.clone(), recipient.clone());
        let row = self.known.shares.get(&key);
        let old = row.filter(|old| is_live(old, now));
        let from = old.map(|share| share.state);
        let change = transition(from, ShareEvent::Invite, policy)
            .map_err(|error| error.with("recipient", recipient.id()))?;
        let result = |outcome| PairResult {
            image: image.id.clone(),
            recipient: named.text.clone(),
            resolved: Some(recipient.clone()),
            outcome,
        };
        let offered = match (change, from) {
            (Change::To(state), _) => state,
            (Change::Unchanged, Some(state)) => {
                let result = result(Outcome::Already(state));
                return Ok(Pair { result, change: None, share: old.cloned() });
            }
            (Change::Unchanged, None) | (Change::Removed, _) => {
                return Err(Error::internal("an offer that ends a share"));
            }
        };
        let state = self.placed(&recipient, from, offered, *usage)?;
        if from == Some(state) {
            let result = result(Outcome::Already(state));
            return Ok(Pair { result, change: None, share: old.cloned() });
        }
        *usage = usage.moved(from, Some(state));
        let change = ShareChange {
            before: old.cloned(),
            after: Some(self.share(recipient.clone(), state)),
            replaces_ended: old.is_none() && row.is_some(),
            vault: None,
        };
        Ok(Pair::changed(result(Outcome::Now(state)), change))
    }

    /// The state the offer comes to: the recipient's rule decides where there is room for what it
    /// says, and where no vault has to be chosen; else the offer waits for him.
    fn placed(
        &self,
        recipient: &Recipient,
        from: Option<ShareState>,
        offered: ShareState,
        usage: ShareUsage,
    ) -> Result<ShareState, Error> {
        let verdict =
            self.known.rules.get(&self.image.owner).and_then(|rules| rules.get(recipient));
        let ruled = by_rule(offered, verdict.copied());
        let room = |state| quota::room_for_share(self.image, from, state, usage, self.policy);
        let needs_vault = access::accepting_needs_vault(self.image, self.policy);
        let offered = match offered {
            ShareState::Accepted if needs_vault => ShareState::Pending,
            ShareState::Accepted | ShareState::Pending | ShareState::Rejected => offered,
        };
        if ruled != offered
            && room(ruled).is_ok()
            && !(ruled == ShareState::Accepted && needs_vault)
        {
            return Ok(ruled);
        }
        room(offered)?;
        Ok(offered)
    }

    fn share(&self, recipient: Recipient, state: ShareState) -> Share {
        let (image, now) = (self.image, self.batch.now);
        let ttl = self.policy.share.pending_ttl_seconds;
        Share {
            image: image.id.clone(),
            recipient,
            owner: image.owner.clone(),
            region: image.region.clone(),
            state,
            note: self.request.note.clone(),
            lapses_at: self
                .request
                .lapses_at
                .or_else(|| ttl.map(|seconds| now.plus_seconds(i64::from(seconds)))),
            ends_at: self.request.ends_at,
            accepted_digest: receipt(image, state),
            created_at: now,
            updated_at: now,
        }
    }
}
