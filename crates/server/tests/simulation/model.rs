//! What should come of each act: plain maps, written from the requirements and not from the server.
//! Time is in seconds since the beginning.

mod share;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::share::{ShareEvent, Verdict};

use crate::history::{Act, CEILINGS, COUNTING, How, Number, SWITCHES, What};
use crate::people::{OPERATOR, PEOPLE, Person, Side, account_of};

pub use self::share::{Share, State};

/// What an act answers: a word for each pair, a code, or `done`.
pub type Words = Vec<String>;
/// A code.
type Refusal = &'static str;

const NOT_FOUND: Refusal = "IMAGE_NOT_FOUND";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    System,
    Data,
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Queued,
    Saving,
    Active,
    Importing,
    Error,
}

#[derive(Clone, Debug)]
pub struct Image {
    pub owner: &'static str,
    pub kind: Kind,
    pub status: Status,
    /// The images whose upload brought its disks.
    pub blobs: Vec<Number>,
}

#[derive(Clone, Debug)]
pub struct Vault {
    pub project: &'static str,
    pub capacity_gib: u32,
}

#[derive(Clone, Debug)]
pub struct Backup {
    pub vault: Number,
    pub blobs: Vec<Number>,
    pub from_image: Option<Number>,
    pub held_by: Option<Side>,
    /// The full-server image that is made from it.
    pub image: Option<Number>,
}

/// How somebody stands to an image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Owner,
    Recipient(State),
    Operator,
}

/// The world as it should be.
#[derive(Clone, Default)]
pub struct Model {
    pub now: i64,
    pub images: BTreeMap<Number, Image>,
    pub shares: BTreeMap<(Number, Side), Share>,
    pub vaults: BTreeMap<Number, Vault>,
    pub backups: BTreeMap<Number, Backup>,
    /// Rows of the trail that tell of deeds.
    pub events: u64,
    /// How often refusals of pairs were to be written there too.
    attempts: u64,
    rules: BTreeMap<(Side, Side), Verdict>,
    settings: BTreeMap<(Option<&'static str>, &'static str), &'static str>,
    copies: Vec<(Number, Number)>,
    /// Copies that another process has claimed, and whether its lease is over.
    stalled: Vec<((Number, Number), bool)>,
    /// How many of its claims are somebody else's by now.
    outgrown: usize,
    /// Uploads under way, and whether their lease is over.
    uploads: BTreeMap<Number, bool>,
    /// Uploads that somebody is still at, as far as he knows.
    begun: BTreeSet<Number>,
    /// Blobs that lie in the store, or may.
    stored: BTreeSet<Number>,
    undo: BTreeMap<Number, share::Undo>,
    accepted: Number,
}

/// Numbers of backups that came by acceptance: no act names them.
const ACCEPTED_FROM: Number = 1_000_000;

impl Model {
    /// What an act answers; the model is what is the case afterwards.
    pub fn play(&mut self, act: &Act) -> Words {
        let mut after = self.clone();
        let is_dry = act.how == How::Dry;
        let words = after.done(act, is_dry);
        match act.how {
            How::Dry => match words.as_slice() {
                // These tell what would come of them.
                [word] if word == "done" && !matches!(act.what, What::Policy { .. }) => {
                    vec!["DRY_RUN".to_owned()]
                }
                _ => words,
            },
            How::WithoutTrail if after.trail() != self.trail() => vec!["INTERNAL".to_owned()],
            How::WithoutTrail | How::Plainly | How::Dropped(_) | How::StoreAway => {
                *self = after;
                words
            }
        }
    }

    fn trail(&self) -> (u64, u64) {
        (self.events, self.attempts)
    }

    fn done(&mut self, act: &Act, is_dry: bool) -> Words {
        let (who, number) = (&PEOPLE[act.who], act.number);
        let is_away = act.how == How::StoreAway;
        match &act.what {
            What::Create { is_data } => word(self.create(who, number, *is_data, is_away)),
            What::Read { image } => self.read(who, *image, is_away).unwrap_or_else(one),
            What::Begin { is_data } => word(self.begin(who, number, *is_data, is_away)),
            What::Finish { of } => word(self.finish(*of, is_away)),
            What::LoseLeases | What::Restart => {
                self.lose_leases();
                one("done")
            }
            What::Stall => self.stall(),
            What::Beat => self.beat(),
            What::Invite { images, to, partial, note, lapses, ends } => {
                let pairs = self.invite(act.who, images, to, (*note, *lapses, *ends));
                self.conclude(act, pairs, *partial, None, is_dry)
            }
            What::Answer { images, event, vault, partial } => {
                let pairs = self.answer(who, images, *event, *vault);
                self.conclude(act, pairs, *partial, *vault, is_dry)
            }
            What::AnswerAll { event, vault } => {
                let images = self.pending(who);
                if images.is_empty() {
                    return Vec::new();
                }
                let pairs = self.answer(who, &images, *event, *vault);
                self.conclude(act, pairs, true, *vault, is_dry)
            }
            What::Withdraw { images, from, partial } => {
                let pairs = self.withdraw(act.who, images, from.as_deref());
                self.conclude(act, pairs, *partial, None, is_dry)
            }
            What::Leave { image } => {
                let pairs = self.answer(who, &[*image], ShareEvent::Reject, None);
                self.conclude(act, pairs, false, None, is_dry)
            }
            What::Undo { of } => self.reverse(act, *of, is_dry).unwrap_or_else(one),
            What::Rule { owner, verdict, for_account } => {
                word(self.rule(who, *owner, *verdict, *for_account))
            }
            What::Policy { project, key, value } => self.set(*project, key, *value),
            What::Replicate { image } => word(self.replicate(who, *image, number)),
            What::Delete { image } => word(self.delete(act.who, *image)),
            What::HandOver { image, to } => word(self.hand_over(act.who, *image, *to)),
            What::Vault { gib } => {
                let vault = Vault { project: who.project, capacity_gib: *gib };
                self.vaults.insert(number, vault);
                self.events += 1;
                one("done")
            }
            What::Resize { vault, gib } => word(self.resize(who, *vault, *gib)),
            What::DropVault { vault } => word(self.drop_vault(who, *vault)),
            What::Backup { vault, disks } => word(self.back_up(who, *vault, disks, number)),
            What::DropBackup { backup } => word(self.drop_backup(who, *backup)),
            What::ServerImage { backup } => word(self.server_image(who, *backup, number)),
            What::Step(seconds) | What::Jump(seconds) => {
                self.now += seconds;
                one("done")
            }
            What::Work => {
                self.work();
                word(self.clean(is_away))
            }
        }
    }

    /// What the rules say for a project: its own word, else the installation's, else the profile's.
    fn setting(&self, project: Option<&'static str>, key: &'static str) -> &'static str {
        let of = |scope| self.settings.get(&(scope, key)).copied();
        let own = project.and_then(|project| of(Some(project)));
        own.or_else(|| of(None)).unwrap_or_else(|| by_profile(key))
    }

    fn flag(&self, project: &'static str, key: &'static str) -> bool {
        self.setting(Some(project), key) == "true"
    }

    fn ceiling(&self, project: &'static str, key: &'static str) -> Option<usize> {
        self.setting(Some(project), key).parse().ok()
    }

    fn set(
        &mut self,
        project: Option<&'static str>,
        key: &'static str,
        value: Option<&'static str>,
    ) -> Words {
        let before = self.setting(project, key);
        match value {
            Some(value) => self.settings.insert((project, key), value),
            None => self.settings.remove(&(project, key)),
        };
        self.events += u64::from(self.setting(project, key) != before);
        one("done")
    }

    fn rule(
        &mut self,
        who: &Person,
        owner: Side,
        verdict: Option<Verdict>,
        for_account: bool,
    ) -> Result<(), Refusal> {
        let side =
            if for_account { Side::Account(who.account) } else { Side::Project(who.project) };
        match verdict {
            Some(_) if who.sides().contains(&owner) => return Err("SELF_SHARE"),
            Some(verdict) => {
                self.rules.insert((side, owner), verdict);
            }
            None => {
                self.rules.remove(&(side, owner)).ok_or("RULE_NOT_FOUND")?;
            }
        }
        self.events += 1;
        Ok(())
    }

    fn live(&self, share: &Share) -> bool {
        let is_over = |at: Option<i64>| at.is_some_and(|at| at <= self.now);
        let has_lapsed = share.state == State::Pending && is_over(share.lapses);
        !is_over(share.ends) && !has_lapsed
    }

    /// The rows of an image, live or not.
    fn rows(&self, image: Number) -> impl Iterator<Item = (Side, &Share)> {
        let rows = self.shares.iter().filter(move |((of, _), _)| *of == image);
        rows.map(|((_, side), share)| (*side, share))
    }

    fn standing(&self, who: &Person, image: Number) -> Result<Standing, Refusal> {
        let of = self.images.get(&image).ok_or(NOT_FOUND)?;
        if of.owner == who.project {
            return Ok(Standing::Owner);
        }
        let mine = who.sides().into_iter().filter_map(|side| self.shares.get(&(image, side)));
        let best = mine.filter(|share| self.live(share)).map(|share| share.state).min();
        match best {
            Some(state) => Ok(Standing::Recipient(state)),
            None if is_operator(who) => Ok(Standing::Operator),
            None => Err(NOT_FOUND),
        }
    }

    fn room_for_image(&self, project: &'static str) -> Result<(), Refusal> {
        let owned = self.images.values().filter(|image| image.owner == project).count();
        match self.ceiling(project, "private_image.quota") {
            Some(max) if owned >= max => Err("PRIVATE_IMAGE_QUOTA"),
            _ => Ok(()),
        }
    }

    fn create(
        &mut self,
        who: &Person,
        number: Number,
        is_data: bool,
        is_away: bool,
    ) -> Result<(), Refusal> {
        self.begin(who, number, is_data, is_away)?;
        self.finish(number, false)
    }

    fn replicate(&mut self, who: &Person, of: Number, number: Number) -> Result<(), Refusal> {
        let standing = self.standing(who, of)?;
        let source = self.images[&of].clone();
        match standing {
            Standing::Recipient(State::Accepted) => {}
            Standing::Recipient(_) => return Err("SHARE_NOT_ACCEPTED"),
            Standing::Owner | Standing::Operator => {}
        }
        let is_recipient = matches!(standing, Standing::Recipient(_));
        if is_recipient && !self.flag(source.owner, "recipient.may_replicate") {
            return Err("RECIPIENT_MAY_NOT_REPLICATE");
        }
        if source.kind == Kind::Full {
            return Err("FULL_IMAGE_NO_REPLICATE");
        }
        if source.status != Status::Active {
            return Err("IMAGE_NOT_ACTIVE");
        }
        self.room_for_image(who.project)?;
        let status = Status::Importing;
        self.images
            .insert(number, Image { owner: who.project, status, blobs: Vec::new(), ..source });
        self.copies.push((of, number));
        self.events += 1;
        Ok(())
    }

    fn delete(&mut self, who: usize, image: Number) -> Result<(), Refusal> {
        match self.standing(&PEOPLE[who], image)? {
            Standing::Recipient(_) => return Err("SHARED_IMAGE_READONLY"),
            Standing::Owner | Standing::Operator => {}
        }
        let owner = self.images[&image].owner;
        let live: Vec<State> =
            self.rows(image).filter(|(_, s)| self.live(s)).map(|(_, s)| s.state).collect();
        let in_the_way = match self.setting(Some(owner), "delete.while_shared") {
            "block_if_accepted" => live.iter().filter(|state| **state == State::Accepted).count(),
            "require_unshare" => live.len(),
            _ => 0,
        };
        if in_the_way > 0 {
            return Err("IMAGE_IS_SHARED");
        }
        self.events += 1 + live.len() as u64;
        let sides: Vec<Side> = self.rows(image).map(|(side, _)| side).collect();
        for side in sides {
            self.release(image, side);
            self.shares.remove(&(image, side));
        }
        self.backups.values_mut().filter(|b| b.image == Some(image)).for_each(|b| b.image = None);
        self.cancel_making(image);
        self.images.remove(&image);
        self.uploads.remove(&image);
        Ok(())
    }

    fn hand_over(&mut self, who: usize, image: Number, to: usize) -> Result<(), Refusal> {
        self.standing(&PEOPLE[who], image)?;
        if !matches!(self.images[&image].status, Status::Active | Status::Queued) {
            return Err("IMAGE_BUSY");
        }
        let owner = PEOPLE[to].project;
        if self.images[&image].owner == owner {
            return Ok(());
        }
        self.events += 1;
        if let Some(of) = self.images.get_mut(&image) {
            of.owner = owner;
        }
        let own = (image, Side::Project(owner));
        if self.shares.contains_key(&own) {
            self.release(own.0, own.1);
            self.shares.remove(&own);
        }
        for ((_, _), share) in self.shares.iter_mut().filter(|((of, _), _)| *of == image) {
            share.owner = owner;
        }
        Ok(())
    }

    /// The end of an access: its backup leaves the vault, or stays there where the owner's rules say so.
    fn release(&mut self, image: Number, side: Side) {
        let keep = self.flag(self.images[&image].owner, "vault.keep_after_unshare");
        let is_held = |b: &Backup| b.from_image == Some(image) && b.held_by == Some(side);
        if keep {
            self.backups.values_mut().filter(|b| is_held(b)).for_each(|b| b.held_by = None);
        } else {
            self.backups.retain(|_, backup| !is_held(backup));
        }
    }

    /// What is used of a vault, GiB: each disk of the stories takes one.
    pub fn used_gib(&self, vault: Number) -> usize {
        self.backups.values().filter(|b| b.vault == vault).map(|b| b.blobs.len()).sum()
    }

    fn own_vault(&self, who: &Person, vault: Number) -> Result<&Vault, Refusal> {
        let own = self.vaults.get(&vault).filter(|vault| vault.project == who.project);
        own.ok_or("VAULT_NOT_FOUND")
    }

    fn resize(&mut self, who: &Person, vault: Number, gib: u32) -> Result<(), Refusal> {
        let before = self.own_vault(who, vault)?.capacity_gib;
        if self.used_gib(vault) > gib as usize {
            return Err("VAULT_BELOW_USED");
        }
        self.events += u64::from(before != gib);
        if let Some(vault) = self.vaults.get_mut(&vault) {
            vault.capacity_gib = gib;
        }
        Ok(())
    }

    fn drop_vault(&mut self, who: &Person, vault: Number) -> Result<(), Refusal> {
        self.own_vault(who, vault)?;
        if self.backups.values().any(|backup| backup.vault == vault) {
            return Err("VAULT_NOT_EMPTY");
        }
        self.vaults.remove(&vault);
        self.events += 1;
        Ok(())
    }

    fn back_up(
        &mut self,
        who: &Person,
        vault: Number,
        disks: &[Number],
        number: Number,
    ) -> Result<(), Refusal> {
        let mut refusals = BTreeSet::new();
        for disk in disks {
            match self.standing(who, *disk) {
                Ok(Standing::Owner) => {}
                Ok(_) => _ = refusals.insert("NOT_IMAGE_OWNER"),
                Err(refusal) => _ = refusals.insert(refusal),
            }
        }
        // Which of two comes first depends on ids.
        match refusals.len() {
            0 => {}
            1 => return Err(refusals.into_iter().next().unwrap_or_default()),
            _ => return Err(EITHER),
        }
        for (at, disk) in disks.iter().enumerate() {
            let image = &self.images[disk];
            let wanted = if at == 0 { Kind::System } else { Kind::Data };
            if image.kind != wanted {
                return Err("INVALID_VALUE");
            }
            if image.status != Status::Active {
                return Err("IMAGE_NOT_ACTIVE");
            }
        }
        let capacity = self.own_vault(who, vault)?.capacity_gib as usize;
        if self.used_gib(vault) + disks.len() > capacity {
            return Err("VAULT_TOO_SMALL");
        }
        let blobs = disks.iter().flat_map(|disk| self.images[disk].blobs.clone()).collect();
        let backup = Backup { vault, blobs, from_image: None, held_by: None, image: None };
        self.backups.insert(number, backup);
        self.events += 1;
        Ok(())
    }

    fn own_backup(&self, who: &Person, backup: Number) -> Result<&Backup, Refusal> {
        let found = self.backups.get(&backup).ok_or("BACKUP_NOT_FOUND")?;
        self.own_vault(who, found.vault).map_err(|_| "BACKUP_NOT_FOUND")?;
        Ok(found)
    }

    fn drop_backup(&mut self, who: &Person, backup: Number) -> Result<(), Refusal> {
        if self.own_backup(who, backup)?.image.is_some() {
            return Err("BACKUP_IN_USE");
        }
        self.backups.remove(&backup);
        self.events += 1;
        Ok(())
    }

    fn server_image(&mut self, who: &Person, of: Number, number: Number) -> Result<(), Refusal> {
        let backup = self.own_backup(who, of)?;
        if backup.image.is_some() {
            return Err("BACKUP_HAS_IMAGE");
        }
        let blobs = backup.blobs.clone();
        self.room_for_image(who.project)?;
        let (kind, status) = (Kind::Full, Status::Active);
        self.images.insert(number, Image { owner: who.project, kind, status, blobs });
        if let Some(backup) = self.backups.get_mut(&of) {
            backup.image = Some(number);
        }
        self.events += 1;
        Ok(())
    }

    /// The jobs end, and what time ended goes.
    fn work(&mut self) {
        self.undo_uploads();
        self.take_stalled();
        for (source, target) in std::mem::take(&mut self.copies) {
            let blobs = self.images.get(&source).map(|image| image.blobs.clone());
            let Some(copy) = self.images.get_mut(&target) else { continue };
            match blobs {
                Some(blobs) => (copy.status, copy.blobs) = (Status::Active, blobs),
                None => {
                    copy.status = Status::Error;
                    self.events += 1;
                }
            }
        }
        let over: Vec<(Number, Side)> =
            self.shares.iter().filter(|(_, s)| !self.live(s)).map(|(key, _)| *key).collect();
        for (image, side) in over {
            self.release(image, side);
            self.shares.remove(&(image, side));
            self.events += 1;
        }
        let now = self.now;
        self.undo.retain(|_, undo| undo.is_open(now));
    }

    /// The blobs that somebody uses.
    pub fn used_blobs(&self) -> BTreeSet<Number> {
        let of_images = self.images.values().flat_map(|image| &image.blobs);
        let of_backups = self.backups.values().flat_map(|backup| &backup.blobs);
        of_images.chain(of_backups).copied().collect()
    }

    /// Who uses which blob, counted.
    pub fn uses(&self) -> usize {
        let of_images: usize = self.images.values().map(|image| image.blobs.len()).sum();
        let of_backups: usize = self.backups.values().map(|backup| backup.blobs.len()).sum();
        of_images + of_backups
    }
}

/// Stands for any refusal of an image.
pub const EITHER: Refusal = "IMAGE_NOT_FOUND or NOT_IMAGE_OWNER";

fn is_operator(who: &Person) -> bool {
    who.project == PEOPLE[OPERATOR].project
}

fn by_profile(key: &str) -> &'static str {
    if CEILINGS.iter().any(|(ceiling, _)| *ceiling == key) {
        return match key {
            "share.max_tenants.full_server" => "10",
            "share.max_tenants.system" | "share.max_tenants.data" => "256",
            "share.max_open_invitations" => "1024",
            _ => "none",
        };
    }
    let known = SWITCHES.iter().chain([&COUNTING]).find(|(known, _)| *known == key);
    known.map_or("false", |(_, values)| values[0])
}

fn one(word: &str) -> Words {
    vec![word.to_owned()]
}

fn word(result: Result<(), Refusal>) -> Words {
    one(result.err().unwrap_or("done"))
}
