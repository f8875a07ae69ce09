//! Looking for tampering: walks the chain from its beginning, or from a place, to its head.

use std::fmt;

use lendglass_core::{Error, Timestamp};
use lendglass_store::Db;
use lendglass_store::audit_chain::{self as store_chain, Duty, Link};

use super::chain::{Head, Key};

/// Rows held at once.
const PAGE_ROWS: u32 = 1_000;
/// What is wrong is told so often at most; the rest is counted.
pub const FINDINGS_MOST: usize = 100;
/// A row that has waited so long for its seal is worth a word: sealing takes a second.
const WAIT_SECONDS: i64 = 60;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// No row has these places.
    Missing {
        /// The first of them.
        first: i64,
        /// The last of them.
        last: i64,
    },
    /// The row at this place does not carry the seal of its content and place.
    Altered {
        /// The place.
        seq: i64,
        /// The row.
        id: String,
    },
    /// A second row claims a place.
    Doubled {
        /// The place.
        seq: i64,
        /// The row.
        id: String,
    },
    /// Rows have places after the head.
    BeyondHead {
        /// The head's place.
        head: i64,
        /// The last place found.
        last: i64,
    },
    /// The chain ends before a head that is known from elsewhere.
    CutOff {
        /// The last place found.
        last: i64,
        /// The place of that head.
        head: i64,
        /// Where that head is known from.
        known_from: &'static str,
    },
    /// The chain has another seal at the place of a known head.
    OtherHead {
        /// The place.
        seq: i64,
        /// Where that head is known from.
        known_from: &'static str,
    },
    /// The head in the database was not sealed by this installation's master key.
    HeadForged,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Missing { first, last } if first == last => {
                write!(f, "removed: no event has place {first}")
            }
            Finding::Missing { first, last } => {
                write!(f, "removed: no events have the places {first} to {last}")
            }
            Finding::Altered { seq, id } => {
                write!(f, "altered: event {id} at place {seq} was changed, moved or put there")
            }
            Finding::Doubled { seq, id } => {
                write!(f, "inserted: event {id} claims place {seq}, which is taken")
            }
            Finding::BeyondHead { head, last } => write!(
                f,
                "beyond the head: the head is at place {head}, events go on to {last}; the head \
                 was set back, or events were put in"
            ),
            Finding::CutOff { last, head, known_from } => write!(
                f,
                "cut off: the trail ends at place {last}, the head from {known_from} is at {head}"
            ),
            Finding::OtherHead { seq, known_from } => {
                write!(f, "rewritten: place {seq} has another seal than the head from {known_from}")
            }
            Finding::HeadForged => {
                write!(f, "the head in the database was not sealed with this master key")
            }
        }
    }
}

/// What a walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The first place looked at.
    pub from: i64,
    /// The last row of the chain.
    pub head: Head,
    /// How many rows were looked at.
    pub rows: u64,
    /// How many rows have waited long for their seal.
    pub waiting: u32,
    /// What is wrong, [`FINDINGS_MOST`] at most.
    pub findings: Vec<Finding>,
    /// How many things are wrong.
    pub wrong: u64,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.wrong == 0
    }

    fn add(&mut self, finding: Finding) {
        self.wrong += 1;
        if self.findings.len() < FINDINGS_MOST {
            self.findings.push(finding);
        }
    }
}

/// Walks the chain from place `from` (1 is its beginning; before another one it trusts the seal that
/// is there) and compares its end with the head in the database and with `known`, a head from
/// elsewhere, such as the log. Memory is bounded.
///
/// Errors are the database's; what is wrong with the trail is in the verdict.
pub async fn verify(
    db: &Db,
    key: &Key,
    from: i64,
    known: Option<&Head>,
    now: Timestamp,
) -> Result<Verdict, Error> {
    // Read before the rows: what is sealed meanwhile lies behind it and is walked as well.
    let stored = store_chain::lease(db, Duty::Sealer).await?.head;
    let from = from.max(1);
    let log = known.map(|head| (head.clone(), "the log"));
    let database = key.open(stored.as_deref()).ok().map(|head| (head, "the database"));
    let mut walk = Walk::new(key, from, log.into_iter().chain(database).collect());
    walk.start(db).await?;
    let mut place = (from - 1, "~".to_owned());
    loop {
        let page = store_chain::walk(db, (place.0, &place.1), PAGE_ROWS).await?;
        let Some(last) = page.last() else { break };
        place = (last.seq, last.row.id.clone());
        for link in page {
            walk.step(&link)?;
        }
    }
    let again = store_chain::lease(db, Duty::Sealer).await?.head;
    let heads = [stored, again].map(|head| key.open(head.as_deref()).ok());
    let mut verdict = walk.end(heads);
    verdict.waiting = store_chain::unsealed_before(db, now.plus_seconds(-WAIT_SECONDS)).await?;
    Ok(verdict)
}

/// A walk under way.
struct Walk<'a> {
    key: &'a Key,
    /// Heads that are known, with where from.
    known: Vec<(Head, &'static str)>,
    /// The row before the next one; its seal is unknown after a gap.
    last: Head,
    is_after_gap: bool,
    verdict: Verdict,
}

impl<'a> Walk<'a> {
    fn new(key: &'a Key, from: i64, known: Vec<(Head, &'static str)>) -> Walk<'a> {
        let verdict = Verdict {
            from,
            head: Head::origin(),
            rows: 0,
            waiting: 0,
            findings: Vec::new(),
            wrong: 0,
        };
        Walk { key, known, last: Head::origin(), is_after_gap: false, verdict }
    }

    /// Takes the seal before the first place on trust, where the walk begins in the middle.
    async fn start(&mut self, db: &Db) -> Result<(), Error> {
        if self.verdict.from == 1 {
            return Ok(());
        }
        let seq = self.verdict.from - 1;
        let before = store_chain::walk(db, (seq - 1, "~"), 1).await?;
        match before.into_iter().next().filter(|link| link.seq == seq) {
            Some(link) => {
                self.last = Head { seq, mac: link.mac };
                self.compare_known();
            }
            None => {
                self.last = Head { seq, mac: String::new() };
                self.is_after_gap = true;
                self.verdict.add(Finding::Missing { first: seq, last: seq });
            }
        }
        Ok(())
    }

    fn step(&mut self, link: &Link) -> Result<(), Error> {
        self.verdict.rows += 1;
        let (seq, id) = (link.seq, link.row.id.clone());
        if seq <= self.last.seq {
            self.verdict.add(Finding::Doubled { seq, id });
            return Ok(());
        }
        if seq > self.last.seq + 1 {
            self.verdict.add(Finding::Missing { first: self.last.seq + 1, last: seq - 1 });
            self.is_after_gap = true;
        }
        // What follows a gap was bound to a seal that is gone: nothing can be said of it alone, but
        // its own seal binds what comes next.
        if !self.is_after_gap && self.key.mac(&self.last.mac, &link.row.bytes(seq))? != link.mac {
            self.verdict.add(Finding::Altered { seq, id });
        }
        self.is_after_gap = false;
        self.last = Head { seq, mac: link.mac.clone() };
        self.compare_known();
        Ok(())
    }

    fn compare_known(&mut self) {
        for (known, known_from) in self.known.clone() {
            if known.seq == self.last.seq && known.mac != self.last.mac {
                self.verdict.add(Finding::OtherHead { seq: known.seq, known_from });
            }
        }
    }

    /// `heads` are those of the database from before and after the walk, `None` where they do not
    /// open: a sealer may have gone on meanwhile.
    fn end(mut self, heads: [Option<Head>; 2]) -> Verdict {
        let last = self.last.seq;
        for (known, known_from) in self.known.clone() {
            if known.seq > last {
                self.verdict.add(Finding::CutOff { last, head: known.seq, known_from });
            }
        }
        match heads {
            [Some(_), Some(after)] if after.seq < last => {
                self.verdict.add(Finding::BeyondHead { head: after.seq, last });
            }
            [Some(_), Some(_)] => {}
            [None, _] | [_, None] => self.verdict.add(Finding::HeadForged),
        }
        self.verdict.head = self.last;
        self.verdict
    }
}
