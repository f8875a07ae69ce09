//! Batches of shares in the model.

use std::collections::BTreeSet;

use lendglass_core::share::{ShareEvent, Verdict};

use super::{
    ACCEPTED_FROM, Backup, Kind, Model, Refusal, Standing, Status, Words, account_of, is_operator,
};
use crate::history::{Act, Number, To};
use crate::people::{PEOPLE, Person, Side};

/// What gives most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Accepted,
    Pending,
    Rejected,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Accepted => "accepted",
            State::Pending => "pending",
            State::Rejected => "rejected",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub state: State,
    pub owner: &'static str,
    pub note: bool,
    pub lapses: Option<i64>,
    pub ends: Option<i64>,
    made: i64,
    changed: i64,
}

#[derive(Clone, Debug)]
pub(super) struct Change {
    image: Number,
    side: Side,
    before: Option<Share>,
    after: Option<Share>,
}

/// What may be taken back, by whom, until when.
#[derive(Clone)]
pub(super) struct Undo {
    who: usize,
    changes: Vec<Change>,
    until: i64,
}

impl Undo {
    pub fn is_open(&self, now: i64) -> bool {
        now <= self.until
    }
}

/// One decided pair.
pub(super) struct Pair {
    word: String,
    is_refused: bool,
    change: Option<Change>,
}

impl Pair {
    fn refused(refusal: Refusal) -> Pair {
        Pair { word: refusal.to_owned(), is_refused: true, change: None }
    }

    fn already(state: State) -> Pair {
        let word = format!("already {}", state.word());
        Pair { word, is_refused: false, change: None }
    }

    fn of(change: Change) -> Pair {
        let state = change.after.as_ref().map(|share| share.state);
        let word = state.map_or("removed", State::word).to_owned();
        Pair { word, is_refused: false, change: Some(change) }
    }
}

fn each_once<T: Copy + Ord>(all: &[T]) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.iter().copied().filter(|one| seen.insert(*one)).collect()
}

/// The live shares of an image, by state.
#[derive(Clone, Copy, Default)]
struct Usage([usize; 3]);

impl Usage {
    fn moved(mut self, from: Option<State>, to: Option<State>) -> Usage {
        from.into_iter().for_each(|state| self.0[state as usize] -= 1);
        to.into_iter().for_each(|state| self.0[state as usize] += 1);
        self
    }
}

impl Model {
    fn usage(&self, image: Number) -> Usage {
        let live = self.rows(image).filter(|(_, share)| self.live(share));
        live.fold(Usage::default(), |usage, (_, share)| usage.moved(None, Some(share.state)))
    }

    /// Whether a share of the image may come to a state (SH-15, SH-17, SH-18).
    fn room(
        &self,
        image: Number,
        from: Option<State>,
        to: State,
        usage: Usage,
    ) -> Result<(), Refusal> {
        let of = &self.images[&image];
        let pending_counts = self.flag(of.owner, "share.pending_counts");
        let counts = |state| match state {
            State::Accepted => true,
            State::Pending => pending_counts,
            State::Rejected => false,
        };
        let [accepted, pending, _] = usage.0;
        let used = accepted + if pending_counts { pending } else { 0 };
        let key = match of.kind {
            Kind::System => "share.max_tenants.system",
            Kind::Data => "share.max_tenants.data",
            Kind::Full => "share.max_tenants.full_server",
        };
        let takes_slot = counts(to) && !from.is_some_and(counts);
        if takes_slot && self.ceiling(of.owner, key).is_some_and(|max| used >= max) {
            return Err("SHARE_TENANT_QUOTA");
        }
        let opens = to == State::Pending && from != Some(State::Pending) && !pending_counts;
        let open = self.ceiling(of.owner, "share.max_open_invitations");
        if opens && open.is_some_and(|max| pending >= max) {
            return Err("SHARE_INVITATION_QUOTA");
        }
        Ok(())
    }

    /// Whether one more image of the owner may be shared; `more` are shared by the batch already.
    fn room_among_shared(
        &self,
        image: Number,
        more: &mut Vec<&'static str>,
    ) -> Result<(), Refusal> {
        let owner = self.images[&image].owner;
        let Some(max) = self.ceiling(owner, "share.max_shared_images") else { return Ok(()) };
        if self.rows(image).next().is_some() {
            return Ok(());
        }
        let shared: BTreeSet<Number> =
            self.shares.iter().filter(|(_, s)| s.owner == owner).map(|((of, _), _)| *of).collect();
        if shared.len() + more.iter().filter(|of| **of == owner).count() >= max {
            return Err("SHARE_IMAGE_QUOTA");
        }
        more.push(owner);
        Ok(())
    }

    /// Who may manage the shares of an image.
    fn owns(&self, who: usize, image: Number) -> Result<(), Refusal> {
        match self.standing(&PEOPLE[who], image)? {
            Standing::Owner | Standing::Operator => Ok(()),
            Standing::Recipient(_) if is_operator(&PEOPLE[who]) => Ok(()),
            Standing::Recipient(State::Accepted) => Err("RESHARE_FORBIDDEN"),
            Standing::Recipient(_) => Err("NOT_IMAGE_OWNER"),
        }
    }

    pub(super) fn invite(
        &self,
        who: usize,
        images: &[Number],
        to: &[To],
        terms: (bool, Option<i64>, Option<i64>),
    ) -> Vec<Pair> {
        let mut pairs = Vec::new();
        let mut more = Vec::new();
        for image in each_once(images) {
            let refusal = self.owns(who, image).and_then(|()| match self.images[&image].status {
                Status::Active => Ok(()),
                Status::Queued | Status::Saving | Status::Importing | Status::Error => {
                    Err("IMAGE_NOT_ACTIVE")
                }
            });
            if let Err(refusal) = refusal {
                pairs.extend(to.iter().map(|_| Pair::refused(refusal)));
                continue;
            }
            let mut usage = self.usage(image);
            let mut met = BTreeSet::new();
            let mut of_image = Vec::new();
            for to in to {
                match self.named(image, *to) {
                    Err(refusal) => of_image.push(Pair::refused(refusal)),
                    Ok(side) if !met.insert(side) => {}
                    Ok(side) => {
                        let pair = self.offer(image, side, terms, &mut usage);
                        of_image.push(pair.unwrap_or_else(Pair::refused));
                    }
                }
            }
            let changes = of_image.iter().any(|pair| pair.change.is_some());
            if changes && let Err(refusal) = self.room_among_shared(image, &mut more) {
                for pair in of_image.iter_mut().filter(|pair| pair.change.is_some()) {
                    *pair = Pair::refused(refusal);
                }
            }
            pairs.extend(of_image);
        }
        pairs
    }

    fn named(&self, image: Number, to: To) -> Result<Side, Refusal> {
        let owner = self.images[&image].owner;
        match to {
            To::Nobody => Err("TENANT_NOT_FOUND"),
            To::Elsewhere => Err("TENANT_NOT_IN_REGION"),
            To::Known(Side::Project(id)) if id == owner => Err("SELF_SHARE"),
            To::Known(Side::Account(id)) if id == account_of(owner) => Err("SELF_SHARE"),
            To::Known(side) => Ok(side),
        }
    }

    fn offer(
        &self,
        image: Number,
        side: Side,
        (note, lapses, ends): (bool, Option<i64>, Option<i64>),
        usage: &mut Usage,
    ) -> Result<Pair, Refusal> {
        let of = &self.images[&image];
        let old = self.shares.get(&(image, side)).filter(|share| self.live(share));
        let from = old.map(|share| share.state);
        let by_policy = match self.setting(Some(of.owner), "share.acceptance") {
            "automatic" => State::Accepted,
            _ => State::Pending,
        };
        let offered = match from {
            None => by_policy,
            Some(State::Rejected) => {
                match self.setting(Some(of.owner), "share.reinvite_rejected") {
                    "accepted" => State::Accepted,
                    "conflict" => return Err("ALREADY_SHARED"),
                    _ => by_policy,
                }
            }
            Some(state) => return Ok(Pair::already(state)),
        };
        let state = self.placed(image, side, from, offered, *usage)?;
        if from == Some(state) {
            return Ok(Pair::already(state));
        }
        *usage = usage.moved(from, Some(state));
        let ttl = self.ceiling(of.owner, "share.pending_ttl").map(|seconds| seconds as i64);
        let after = Share {
            state,
            owner: of.owner,
            note,
            lapses: lapses.or(ttl).map(|seconds| self.now + seconds),
            ends: ends.map(|seconds| self.now + seconds),
            made: self.now,
            changed: self.now,
        };
        Ok(Pair::of(Change { image, side, before: old.cloned(), after: Some(after) }))
    }

    /// The recipient's own rule decides where it can; nothing is accepted that needs a vault.
    fn placed(
        &self,
        image: Number,
        side: Side,
        from: Option<State>,
        offered: State,
        usage: Usage,
    ) -> Result<State, Refusal> {
        let needs_vault = self.needs_vault(image);
        let owner = self.images[&image].owner;
        let about = |of| self.rules.get(&(side, of));
        let rule = about(Side::Project(owner)).or_else(|| about(Side::Account(account_of(owner))));
        let offered = if needs_vault { offered.max(State::Pending) } else { offered };
        let ruled = match rule {
            None => None,
            Some(Verdict::Accept) if needs_vault => None,
            Some(Verdict::Accept) => Some(State::Accepted),
            Some(Verdict::Refuse) => Some(State::Rejected),
        };
        match ruled {
            Some(state) if self.room(image, from, state, usage).is_ok() => Ok(state),
            _ => self.room(image, from, offered, usage).map(|()| offered),
        }
    }

    fn needs_vault(&self, image: Number) -> bool {
        let of = &self.images[&image];
        of.kind == Kind::Full && self.flag(of.owner, "full_server.accept_needs_vault")
    }

    /// The images whose offers wait for somebody.
    pub fn pending(&self, who: &Person) -> Vec<Number> {
        let waits = |share: &Share| share.state == State::Pending && self.live(share);
        let mine = |side: &Side| who.sides().contains(side);
        let waiting = self.shares.iter().filter(|((_, side), share)| mine(side) && waits(share));
        waiting.map(|((image, _), _)| *image).collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(super) fn answer(
        &self,
        who: &Person,
        images: &[Number],
        event: ShareEvent,
        vault: Option<Number>,
    ) -> Vec<Pair> {
        let images = each_once(images);
        let mut pairs: Vec<Pair> = images
            .iter()
            .map(|image| self.answer_one(who, *image, event).unwrap_or_else(Pair::refused))
            .collect();
        let changes: Vec<Change> = pairs.iter().filter_map(|pair| pair.change.clone()).collect();
        if let Err(refusal) = self.placement(who, &changes, vault) {
            for pair in &mut pairs {
                if pair.change.as_ref().is_some_and(|change| self.enters(change)) {
                    *pair = Pair::refused(refusal);
                }
            }
        }
        pairs
    }

    fn answer_one(&self, who: &Person, image: Number, event: ShareEvent) -> Result<Pair, Refusal> {
        let standing = self.standing(who, image)?;
        let mine = |side| self.shares.get(&(image, side)).map(|share| (side, share));
        let mut own = who.sides().into_iter().filter_map(mine);
        let (side, share) = own.find(|(_, share)| self.live(share)).ok_or("NOT_SHARED")?;
        if standing == Standing::Owner {
            return Err("RECIPIENT_ONLY_ANSWERS");
        }
        let owner = self.images[&image].owner;
        let to = match (event, share.state) {
            (ShareEvent::Accept, State::Accepted)
            | (ShareEvent::Reject, State::Rejected)
            | (ShareEvent::Reopen, State::Pending) => return Ok(Pair::already(share.state)),
            (ShareEvent::Accept, _) => State::Accepted,
            (ShareEvent::Reject, State::Accepted) if !self.flag(owner, "recipient.may_remove") => {
                return Err("RECIPIENT_MAY_NOT_REMOVE");
            }
            (ShareEvent::Reject, _) => State::Rejected,
            (_, _) if !self.flag(owner, "recipient.may_reopen") => {
                return Err("RECIPIENT_MAY_NOT_REOPEN");
            }
            (_, _) => State::Pending,
        };
        self.room(image, Some(share.state), to, self.usage(image))?;
        let after = Share { state: to, changed: self.now, ..share.clone() };
        Ok(Pair::of(Change { image, side, before: Some(share.clone()), after: Some(after) }))
    }

    /// Whether a change puts an image into a vault.
    fn enters(&self, change: &Change) -> bool {
        let is_accepted =
            |share: &Option<Share>| share.as_ref().is_some_and(|s| s.state == State::Accepted);
        is_accepted(&change.after) && !is_accepted(&change.before) && self.needs_vault(change.image)
    }

    fn is_held(&self, image: Number, side: Side) -> bool {
        let of_share = |b: &Backup| b.from_image == Some(image) && b.held_by == Some(side);
        self.backups.values().any(of_share)
    }

    fn kept(&self, vault: Number, image: Number) -> Option<Number> {
        let is_kept =
            |b: &Backup| b.vault == vault && b.from_image == Some(image) && b.held_by.is_none();
        self.backups.iter().find(|(_, backup)| is_kept(backup)).map(|(number, _)| *number)
    }

    /// What the changes put into the vault, all together or nothing (FS-08).
    fn placement(
        &self,
        who: &Person,
        changes: &[Change],
        vault: Option<Number>,
    ) -> Result<Vec<(Number, Side)>, Refusal> {
        let entering = changes.iter().filter(|change| self.enters(change));
        let wanted: Vec<(Number, Side)> = entering
            .map(|change| (change.image, change.side))
            .filter(|(image, side)| !self.is_held(*image, *side))
            .collect();
        if wanted.is_empty() {
            return Ok(wanted);
        }
        let number = vault.ok_or("VAULT_REQUIRED")?;
        let vault = self.vaults.get(&number).ok_or("VAULT_NOT_FOUND")?;
        let project = |side| match side {
            Side::Project(id) => id,
            Side::Account(_) => who.project,
        };
        if wanted.iter().any(|(_, side)| project(*side) != vault.project) {
            return Err("VAULT_NOT_FOUND");
        }
        let new = wanted.iter().filter(|(image, _)| self.kept(number, *image).is_none());
        let needed: usize = new.map(|(image, _)| self.images[image].blobs.len()).sum();
        if self.used_gib(number) + needed > vault.capacity_gib as usize {
            return Err("VAULT_TOO_SMALL");
        }
        Ok(wanted)
    }

    pub(super) fn withdraw(&self, who: usize, images: &[Number], from: Option<&[To]>) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for image in each_once(images) {
            if let Err(refusal) = self.owns(who, image) {
                let names = from.map_or(1, <[To]>::len);
                pairs.extend((0..names).map(|_| Pair::refused(refusal)));
                continue;
            }
            let all: Vec<Side> = self.rows(image).map(|(side, _)| side).collect();
            let Some(from) = from else {
                match all.as_slice() {
                    [] => pairs.push(Pair::refused("NOT_SHARED")),
                    all => pairs.extend(all.iter().map(|side| self.end(image, *side))),
                }
                continue;
            };
            // A share that two names mean ends once.
            let mut met = BTreeSet::new();
            for to in from {
                let meant = meant(*to, &all);
                if meant.is_empty() {
                    pairs.push(Pair::refused("NOT_SHARED"));
                }
                let new = meant.into_iter().filter(|side| met.insert(*side));
                pairs.extend(new.map(|side| self.end(image, side)));
            }
        }
        pairs
    }

    fn end(&self, image: Number, side: Side) -> Pair {
        let share = self.shares[&(image, side)].clone();
        let owner = self.images[&image].owner;
        let is_bound = !self.flag(owner, "owner.may_remove_accepted");
        if share.state == State::Accepted && is_bound {
            return Pair::refused("SHARE_ACCEPTED");
        }
        Pair::of(Change { image, side, before: Some(share), after: None })
    }

    pub(super) fn reverse(
        &mut self,
        act: &Act,
        of: Number,
        is_dry: bool,
    ) -> Result<Words, Refusal> {
        let undo = self.undo.get(&of).filter(|undo| undo.who == act.who && undo.is_open(self.now));
        let Undo { changes, .. } = undo.cloned().ok_or("UNDO_EXPIRED")?;
        let mut pairs = Vec::new();
        let mut usages = std::collections::BTreeMap::new();
        let mut more = Vec::new();
        for change in changes {
            let (image, side) = (change.image, change.side);
            let current = self.shares.get(&(image, side));
            if !self.images.contains_key(&image) || current != change.after.as_ref() {
                return Err("UNDO_CONFLICT");
            }
            let usage = usages.entry(image).or_insert_with(|| self.usage(image));
            let former = change.before.clone().filter(|share| self.live(share));
            let from = change.after.as_ref().map(|share| share.state);
            let from_live = change.after.as_ref().filter(|share| self.live(share)).map(|s| s.state);
            if let Some(former) = &former {
                self.room(image, from, former.state, *usage)?;
                if usage.0 == [0; 3] {
                    self.room_among_shared(image, &mut more)?;
                }
            }
            *usage = usage.moved(from_live, former.as_ref().map(|share| share.state));
            pairs.push(Pair::of(Change { image, side, before: change.after, after: former }));
        }
        self.undo.remove(&of);
        let changes: Vec<Change> = pairs.iter().filter_map(|pair| pair.change.clone()).collect();
        let words = pairs.iter().map(|pair| pair.word.clone()).collect();
        if !is_dry {
            self.write(act, &changes, None)?;
        }
        Ok(words)
    }

    pub(super) fn conclude(
        &mut self,
        act: &Act,
        pairs: Vec<Pair>,
        partial: bool,
        vault: Option<Number>,
        is_dry: bool,
    ) -> Words {
        let words = pairs.iter().map(|pair| pair.word.clone()).collect();
        // Of an image that somebody does not see no refusal is written either.
        let is_told = |pair: &Pair| pair.is_refused && pair.word != "IMAGE_NOT_FOUND";
        self.attempts += u64::from(!is_dry && pairs.iter().any(is_told));
        if is_dry || (!partial && pairs.iter().any(|pair| pair.is_refused)) {
            return words;
        }
        let changes: Vec<Change> = pairs.into_iter().filter_map(|pair| pair.change).collect();
        if let Err(refusal) = self.write(act, &changes, vault) {
            return vec![refusal.to_owned()];
        }
        if !changes.is_empty() {
            let undo = Undo { who: act.who, changes, until: self.now + 10 };
            self.undo.insert(act.number, undo);
        }
        words
    }

    /// Makes the changes, one event each, and what follows for vaults.
    fn write(
        &mut self,
        act: &Act,
        changes: &[Change],
        vault: Option<Number>,
    ) -> Result<(), Refusal> {
        let mut after = self.clone();
        for change in changes {
            let key = (change.image, change.side);
            let was = self.shares.get(&key);
            let is_new = change.before.is_none();
            let was_accepted = was.is_some_and(|share| share.state == State::Accepted);
            let is_accepted = change.after.as_ref().is_some_and(|s| s.state == State::Accepted);
            if was_accepted && (is_new || !is_accepted) {
                after.release(change.image, change.side);
            }
            match &change.after {
                Some(share) => after.shares.insert(key, share.clone()),
                None => after.shares.remove(&key),
            };
            // The undoing of the end of what has lapsed since changes nothing.
            after.events += u64::from(change.before.is_some() || change.after.is_some());
        }
        for (image, side) in after.placement(&PEOPLE[act.who], changes, vault)? {
            let Some(vault) = vault else { continue };
            if let Some(kept) = after.kept(vault, image) {
                after.backups.entry(kept).and_modify(|backup| backup.held_by = Some(side));
                continue;
            }
            let blobs = after.images[&image].blobs.clone();
            let (from_image, held_by) = (Some(image), Some(side));
            let backup = Backup { vault, blobs, from_image, held_by, image: None };
            after.backups.insert(ACCEPTED_FROM + after.accepted, backup);
            after.accepted += 1;
        }
        *self = after;
        Ok(())
    }
}

/// The shares that a name of a withdrawal means: that very one, else those of the account it stands
/// for.
fn meant(to: To, all: &[Side]) -> Vec<Side> {
    let To::Known(side) = to else { return Vec::new() };
    if all.contains(&side) {
        return vec![side];
    }
    match side {
        Side::Project(id) => {
            let account = Side::Account(account_of(id));
            all.iter().copied().filter(|other| *other == account).collect()
        }
        Side::Account(id) => {
            let is_of = |other: &Side| matches!(other, Side::Project(p) if account_of(p) == id);
            all.iter().copied().filter(is_of).collect()
        }
    }
}
