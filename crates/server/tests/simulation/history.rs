//! Histories: what people do, act by act, drawn from a seed. Acts speak of things by the number of the
//! act that made them, so that a history stays one when acts are dropped from it.

use lendglass_core::share::{ShareEvent, Verdict};

#[path = "../support/rng.rs"]
mod rng;

pub use self::rng::Rng;
use crate::people::{OPERATOR, PEOPLE, Side};

/// The number of the act that made a thing.
pub type Number = u32;

/// One thing that somebody does.
#[derive(Clone, Debug)]
pub struct Act {
    /// Its number, which is also that of what it makes.
    pub number: Number,
    /// Acts of one lane follow each other; lanes from 1 on run at the same time, after lane 0.
    pub lane: usize,
    /// An index of [`PEOPLE`].
    pub who: usize,
    pub what: What,
    pub how: How,
}

/// What stands in the way of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Nothing.
    Plainly,
    /// It is only to be decided.
    Dry,
    /// The table of the trail, which every change writes last but one, is away.
    WithoutTrail,
    /// Whoever asks goes away after the future was polled so often.
    Dropped(u32),
    /// The store of the blobs is away, as if it were not mounted.
    StoreAway,
}

/// Whom an offer names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Known(Side),
    /// A project of another region.
    Elsewhere,
    Nobody,
}

#[derive(Clone, Debug)]
pub enum What {
    /// A record, and its bytes.
    Create {
        is_data: bool,
    },
    Invite {
        images: Vec<Number>,
        to: Vec<To>,
        partial: bool,
        note: bool,
        lapses: Option<i64>,
        ends: Option<i64>,
    },
    Answer {
        images: Vec<Number>,
        event: ShareEvent,
        vault: Option<Number>,
        partial: bool,
    },
    AnswerAll {
        event: ShareEvent,
        vault: Option<Number>,
    },
    Withdraw {
        images: Vec<Number>,
        from: Option<Vec<To>>,
        partial: bool,
    },
    Leave {
        image: Number,
    },
    Undo {
        of: Number,
    },
    Rule {
        owner: Side,
        verdict: Option<Verdict>,
        for_account: bool,
    },
    Policy {
        project: Option<&'static str>,
        key: &'static str,
        value: Option<&'static str>,
    },
    Replicate {
        image: Number,
    },
    Delete {
        image: Number,
    },
    HandOver {
        image: Number,
        to: usize,
    },
    Vault {
        gib: u32,
    },
    Resize {
        vault: Number,
        gib: u32,
    },
    DropVault {
        vault: Number,
    },
    Backup {
        vault: Number,
        disks: Vec<Number>,
    },
    DropBackup {
        backup: Number,
    },
    ServerImage {
        backup: Number,
    },
    /// Reads the bytes of an image.
    Read {
        image: Number,
    },
    /// A record, and the first half of its bytes.
    Begin {
        is_data: bool,
    },
    /// The rest of the bytes that an act has begun, by the process that it began with.
    Finish {
        of: Number,
    },
    /// Every lease is over: whoever has one was silent for too long.
    LoseLeases,
    /// Another process claims every job that is due, and does not do it.
    Stall,
    /// That process says that it is still there.
    Beat,
    /// The process is gone without a word, and another one begins on what it left.
    Restart,
    /// Time passes, in seconds.
    Step(i64),
    /// The clock is set, by so many seconds; no time passes.
    Jump(i64),
    /// The jobs and the reaper run until nothing is left to do.
    Work,
}

/// What kind of history is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub acts: usize,
    /// Lanes that run at the same time; 0: none do.
    pub lanes: usize,
}

/// The ceilings that a crowd works under: set before it begins, lowered and raised again up to these.
pub const CEILINGS: &[(&str, &[&str])] = &[
    ("share.max_tenants.system", &["3", "2", "1"]),
    ("share.max_tenants.data", &["2", "1"]),
    ("share.max_tenants.full_server", &["2", "1"]),
    ("share.max_shared_images", &["5", "3", "2"]),
    ("share.max_open_invitations", &["4", "2", "1"]),
    ("private_image.quota", &["9", "6", "4"]),
];
/// Other rules, with the values they take; the first is the one of the profile.
pub const SWITCHES: &[(&str, &[&str])] = &[
    ("recipient.may_remove", &["true", "false"]),
    ("recipient.may_reopen", &["false", "true"]),
    ("recipient.may_replicate", &["true", "false"]),
    ("owner.may_remove_accepted", &["true", "false"]),
    ("delete.while_shared", &["allow", "block_if_accepted", "require_unshare"]),
    ("share.reinvite_rejected", &["pending", "accepted", "conflict"]),
    ("share.acceptance", &["explicit", "automatic"]),
    ("share.pending_ttl", &["none", "7000"]),
    ("vault.keep_after_unshare", &["false", "true"]),
    ("full_server.accept_needs_vault", &["true", "false"]),
];
/// Which shares count; a crowd keeps to one of them.
pub const COUNTING: (&str, &[&str]) = ("share.pending_counts", &["false", "true"]);
const SPANS: &[i64] = &[5, 50, 5_000, 100_000];
/// No sum of these is the ten seconds in which an act can be undone: its last moment is nobody's.
const STEPS: &[i64] = &[3, 3, 8, 60, 4_000, 90_000];
/// Who owns the first images.
const GROUND: [usize; 4] = [0, 0, 4, 2];
const JUMPS: &[i64] = &[3_600, -3_600, -90_000, 432_000, -432_000];

/// The history of a seed.
pub fn draw(seed: u64, shape: Shape) -> Vec<Act> {
    let mut drawing = Drawing {
        rng: Rng::of(seed),
        acts: Vec::new(),
        images: Vec::new(),
        vaults: Vec::new(),
        backups: Vec::new(),
        undoable: Vec::new(),
        plot: Vec::new(),
        shape,
        hands_over: seed % 2 == 1,
    };
    drawing.ground();
    for at in 0..shape.acts {
        let lane = if shape.lanes == 0 { 0 } else { at % shape.lanes + 1 };
        drawing.act(lane);
    }
    drawing.acts
}

struct Drawing {
    rng: Rng,
    acts: Vec<Act>,
    images: Vec<Number>,
    vaults: Vec<Number>,
    backups: Vec<Number>,
    undoable: Vec<(usize, Number)>,
    /// What troubles come next, the last one first.
    plot: Vec<What>,
    shape: Shape,
    /// Whether images go to other owners, who are not asked for room then.
    hands_over: bool,
}

impl Drawing {
    fn push(&mut self, lane: usize, who: usize, what: What, how: How) {
        let number = self.acts.len() as Number;
        self.acts.push(Act { number, lane, who, what, how });
    }

    fn next(&self) -> Number {
        self.acts.len() as Number
    }

    /// What everything else is about: images, vaults, a full-server image, and a crowd's ceilings.
    fn ground(&mut self) {
        if self.shape.lanes > 0 {
            for (key, values) in CEILINGS {
                let is_there = self.hands_over || !self.rng.one_in(3);
                let value = is_there.then_some(values[0]);
                self.plain(OPERATOR, What::Policy { project: None, key, value });
            }
            let value = Some(self.rng.of_these(COUNTING.1));
            self.plain(OPERATOR, What::Policy { project: None, key: COUNTING.0, value });
        }
        for owner in GROUND {
            let is_data = self.rng.one_in(3);
            self.makes_image(owner, What::Create { is_data });
        }
        for who in [0, 2, 2, 4, 5] {
            let gib = 1 + self.rng.below(4) as u32;
            self.makes_vault(who, gib.max(2));
        }
        for owner in [0, 4] {
            let vault = if owner == 0 { self.vaults[0] } else { self.vaults[3] };
            self.images.push(self.next());
            let disk = self.next();
            self.plain(owner, What::Create { is_data: false });
            self.backups.push(self.next());
            let backup = self.next();
            self.plain(owner, What::Backup { vault, disks: vec![disk] });
            self.makes_image(owner, What::ServerImage { backup });
        }
    }

    fn plain(&mut self, who: usize, what: What) {
        self.push(0, who, what, How::Plainly);
    }

    fn makes_image(&mut self, who: usize, what: What) {
        self.images.push(self.next());
        self.plain(who, what);
    }

    fn makes_vault(&mut self, who: usize, gib: u32) {
        self.vaults.push(self.next());
        self.plain(who, What::Vault { gib });
    }

    fn act(&mut self, lane: usize) {
        let is_trouble = self.rng.one_in(4);
        let (what, who) = if is_trouble { self.trouble() } else { (self.what(), None) };
        let who = who.unwrap_or_else(|| self.actor(&what));
        let how = self.how(lane, &what);
        let number = self.next();
        match &what {
            What::Create { .. }
            | What::Begin { .. }
            | What::Replicate { .. }
            | What::ServerImage { .. } => {
                self.images.push(number);
            }
            What::Vault { .. } => self.vaults.push(number),
            What::Backup { .. } => self.backups.push(number),
            What::Invite { .. } | What::Answer { .. } | What::Withdraw { .. } => {
                self.undoable.push((who, number));
            }
            _ => {}
        }
        self.push(lane, who, what, how);
    }

    fn how(&mut self, lane: usize, what: &What) -> How {
        let moves_bytes = matches!(
            what,
            What::Create { .. } | What::Read { .. } | What::Finish { .. } | What::Work
        );
        if lane == 0 && self.rng.one_in(if moves_bytes { 4 } else { 20 }) {
            return How::StoreAway;
        }
        match what {
            What::Step(_)
            | What::Jump(_)
            | What::LoseLeases
            | What::Stall
            | What::Beat
            | What::Restart => return How::Plainly,
            _ => {}
        }
        let is_dry_or_failed = !matches!(
            what,
            What::Read { .. } | What::Begin { .. } | What::Finish { .. } | What::Work
        );
        match self.rng.below(12) {
            0 if lane > 0 => How::Dropped(1 + self.rng.below(6) as u32),
            1 if is_dry_or_failed => How::Dry,
            2 if lane == 0 && is_dry_or_failed => How::WithoutTrail,
            _ => How::Plainly,
        }
    }

    /// What processes and disks go through, and what shows it; with who does it, where that matters.
    fn trouble(&mut self) -> (What, Option<usize>) {
        if let Some(next) = self.plot.pop() {
            return (next, None);
        }
        let loses = if self.rng.one_in(2) { What::LoseLeases } else { What::Restart };
        let ground = self.rng.below(GROUND.len());
        let (image, owner) = (self.images[ground], Some(GROUND[ground]));
        match self.rng.below(12) {
            // What comes of an upload, or of a job, whose process falls silent in the middle: others do
            // what is to be done about it, or do not, before it speaks again. The last act comes first.
            0..=3 => {
                let of = self.next();
                self.plot = vec![What::Finish { of }, What::Work, loses];
                if self.rng.one_in(2) {
                    self.plot.remove(self.rng.below(3));
                }
                (What::Begin { is_data: self.rng.one_in(3) }, None)
            }
            4..=6 => {
                self.plot = vec![What::Beat, What::Work, loses, What::Stall];
                if self.rng.one_in(4) {
                    self.plot.remove(self.rng.below(3));
                }
                (What::Replicate { image }, owner)
            }
            7 => (loses, None),
            8 => (What::Jump(self.rng.of_these(JUMPS)), None),
            // A clock that was wrong for a while, in which something was or was not cleaned up.
            9 => {
                let ahead = self.rng.of_these(JUMPS).abs();
                let of = self.next();
                self.plot =
                    vec![What::Undo { of }, What::Jump(-ahead), What::Work, What::Jump(ahead)];
                if self.rng.one_in(3) {
                    self.plot.remove(2);
                }
                (self.invite(), owner)
            }
            _ => (What::Read { image }, owner),
        }
    }

    /// Mostly somebody who may; now and then somebody who may not.
    fn actor(&mut self, what: &What) -> usize {
        let owners = [0, 0, 0, 0, 4, 4, 2, 1];
        let recipients = [2, 2, 2, 3, 4, 5, 6, 0];
        match what {
            What::Policy { .. } | What::HandOver { .. } | What::Step(_) | What::Work => OPERATOR,
            What::Jump(_) | What::LoseLeases | What::Stall | What::Beat | What::Restart => OPERATOR,
            What::Invite { .. } | What::Backup { .. } | What::ServerImage { .. } => {
                self.rng.of_these(&owners)
            }
            What::Withdraw { .. } | What::Delete { .. } if self.rng.one_in(8) => OPERATOR,
            What::Undo { of } => {
                let actor = self.undoable.iter().find(|(_, number)| number == of);
                actor.map_or(0, |(who, _)| *who)
            }
            What::Answer { .. }
            | What::AnswerAll { .. }
            | What::Leave { .. }
            | What::Rule { .. } => self.rng.of_these(&recipients),
            What::Withdraw { .. } | What::Delete { .. } => self.rng.of_these(&owners),
            _ if self.rng.one_in(2) => self.rng.of_these(&owners),
            _ => self.rng.of_these(&recipients),
        }
    }

    fn what(&mut self) -> What {
        match self.rng.below(100) {
            0..=4 => What::Create { is_data: self.rng.one_in(3) },
            5..=27 => self.invite(),
            28..=44 => self.answer(),
            45..=48 => {
                let event = self.rng.of_these(&[
                    ShareEvent::Accept,
                    ShareEvent::Accept,
                    ShareEvent::Reject,
                ]);
                What::AnswerAll { event, vault: self.vault() }
            }
            49..=57 => {
                let from = (!self.rng.one_in(3)).then(|| self.recipients());
                What::Withdraw { images: self.some_images(), from, partial: self.rng.one_in(2) }
            }
            58..=60 => What::Leave { image: self.image() },
            61..=67 => self.undo(),
            68..=70 => What::Rule {
                owner: self.side(),
                verdict: self.rng.of_these(&[Some(Verdict::Accept), Some(Verdict::Refuse), None]),
                for_account: self.rng.one_in(3),
            },
            71..=78 => self.policy(),
            79..=81 => What::Replicate { image: self.image() },
            82..=83 => What::Delete { image: self.image() },
            84 if self.hands_over => {
                What::HandOver { image: self.image(), to: self.rng.of_these(&[0, 1, 2, 4, 5]) }
            }
            84..=85 => What::Vault { gib: 1 + self.rng.below(4) as u32 },
            86 => What::Resize { vault: self.any_vault(), gib: 1 + self.rng.below(5) as u32 },
            87 => What::DropVault { vault: self.any_vault() },
            88..=89 => {
                let mut disks = vec![self.image()];
                if self.rng.one_in(2) {
                    disks.push(self.image());
                }
                What::Backup { vault: self.any_vault(), disks }
            }
            90 => What::DropBackup { backup: self.backup() },
            91..=92 => What::ServerImage { backup: self.backup() },
            93..=96 => What::Step(self.rng.of_these(STEPS)),
            _ => What::Work,
        }
    }

    fn invite(&mut self) -> What {
        What::Invite {
            images: self.some_images(),
            to: self.recipients(),
            partial: self.rng.one_in(2),
            note: self.rng.one_in(2),
            lapses: self.rng.one_in(4).then(|| self.rng.of_these(SPANS)),
            ends: self.rng.one_in(4).then(|| self.rng.of_these(SPANS)),
        }
    }

    fn answer(&mut self) -> What {
        use ShareEvent::{Accept, Reject, Reopen};
        What::Answer {
            images: self.some_images(),
            event: self.rng.of_these(&[Accept, Accept, Accept, Reject, Reject, Reopen]),
            vault: self.vault(),
            partial: !self.rng.one_in(3),
        }
    }

    /// One of the last acts, or an old one.
    fn undo(&mut self) -> What {
        let known = self.undoable.len();
        if known == 0 {
            return What::Undo { of: 0 };
        }
        let back = if self.rng.one_in(5) { known } else { known.min(3) };
        What::Undo { of: self.undoable[known - 1 - self.rng.below(back)].1 }
    }

    fn policy(&mut self) -> What {
        let is_crowd = self.shape.lanes > 0;
        let project = self.rng.one_in(3).then_some(PEOPLE[0].project);
        let count = CEILINGS.len() + SWITCHES.len() + usize::from(!is_crowd);
        let at = self.rng.below(count);
        let (key, values) = match at.checked_sub(CEILINGS.len()) {
            None => CEILINGS[at],
            Some(at) => SWITCHES.get(at).copied().unwrap_or(COUNTING),
        };
        let unset = !is_crowd && self.rng.one_in(4);
        What::Policy { project, key, value: (!unset).then(|| self.rng.of_these(values)) }
    }

    /// One of the images, the newer ones more often.
    fn image(&mut self) -> Number {
        let known = self.images.len();
        let back = if self.rng.one_in(2) { known } else { known.min(8) };
        self.images[known - 1 - self.rng.below(back)]
    }

    fn some_images(&mut self) -> Vec<Number> {
        let count = self.rng.of_these(&[1, 1, 1, 2, 3, 5]);
        (0..count).map(|_| self.image()).collect()
    }

    fn any_vault(&mut self) -> Number {
        let at = self.rng.below(self.vaults.len());
        self.vaults[at]
    }

    fn vault(&mut self) -> Option<Number> {
        (!self.rng.one_in(4)).then(|| self.any_vault())
    }

    fn backup(&mut self) -> Number {
        let at = self.rng.below(self.backups.len());
        self.backups[at]
    }

    fn side(&mut self) -> Side {
        if self.rng.one_in(3) {
            return Side::Account(self.rng.of_these(&["x", "y", "z"]));
        }
        Side::Project(PEOPLE[self.rng.below(OPERATOR)].project)
    }

    /// Sometimes the same one twice: people paste lists.
    fn recipients(&mut self) -> Vec<To> {
        let count = self.rng.of_these(&[1, 1, 2, 3, 4]);
        let mut to: Vec<To> = (0..count)
            .map(|_| match self.rng.below(30) {
                0 => To::Nobody,
                1 => To::Elsewhere,
                _ => To::Known(self.side()),
            })
            .collect();
        if self.rng.one_in(6) {
            to.push(to[0]);
        }
        to
    }
}
