//! What was acknowledged, and what may have been done besides: for each image all that may be found.

use std::collections::{BTreeMap, BTreeSet};

use crate::installation::Who;
use crate::rng::Rng;

/// What an image may be found as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    /// Not there.
    Gone,
    /// A record without bytes.
    Queued,
    /// A record whose bytes a job brings.
    Importing,
    /// With all its bytes.
    Whole,
}

/// What bob's share of an image may be found as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Offer {
    None,
    Pending,
    Accepted,
    Rejected,
}

/// Bytes by their number: the same number gives the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    pub seed: u64,
    pub length: usize,
}

impl Content {
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = format!("lendglass {:>12} ", self.seed).into_bytes();
        let mut state = self.seed.wrapping_mul(2_685_821_657_736_338_717) | 1;
        while bytes.len() < self.length {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        bytes.truncate(self.length);
        bytes
    }
}

/// An image as the ledger has it; its name is its key, since an answer that is lost loses the id.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: Option<String>,
    pub owner: Who,
    pub content: Content,
    pub stands: BTreeSet<Stand>,
    pub offers: BTreeSet<Offer>,
    /// The image it is made of, which must not go before it is whole.
    pub source: Option<String>,
    /// How many are being made of it.
    pub pins: usize,
    /// Somebody acts on it.
    pub is_busy: bool,
    /// An answer was lost: nobody acts on it before it is looked at.
    pub is_uncertain: bool,
}

impl Entry {
    pub fn new(owner: Who, content: Content, stands: &[Stand]) -> Entry {
        Entry {
            id: None,
            owner,
            content,
            stands: stands.iter().copied().collect(),
            offers: BTreeSet::from([Offer::None]),
            source: None,
            pins: 0,
            is_busy: false,
            is_uncertain: false,
        }
    }

    pub fn is(&self, stand: Stand) -> bool {
        self.stands.len() == 1 && self.stands.contains(&stand)
    }

    pub fn offer(&self) -> Option<Offer> {
        (self.offers.len() == 1).then(|| self.offers.first().copied()).flatten()
    }
}

#[derive(Default)]
pub struct Ledger {
    pub entries: BTreeMap<String, Entry>,
    made: u64,
    /// Acts that were answered, and those whose answer was lost.
    pub answered: usize,
    pub lost: usize,
}

impl Ledger {
    /// A name that no image had.
    pub fn next_name(&mut self) -> String {
        self.made += 1;
        format!("image {}", self.made)
    }

    pub fn next_content(&mut self, length: usize) -> Content {
        self.made += 1;
        Content { seed: self.made, length }
    }

    /// Takes an image that is `wanted` away from the others; `None` where there is none.
    pub fn take(&mut self, rng: &mut Rng, wanted: impl Fn(&Entry) -> bool) -> Option<String> {
        let is_free = |entry: &&mut Entry| !entry.is_busy && !entry.is_uncertain;
        let mut free: Vec<(&String, &mut Entry)> =
            self.entries.iter_mut().filter(|(_, entry)| is_free(entry) && wanted(entry)).collect();
        if free.is_empty() {
            return None;
        }
        let at = rng.below(free.len());
        let (name, entry) = &mut free[at];
        entry.is_busy = true;
        Some((*name).clone())
    }

    pub fn entry(&mut self, name: &str) -> &mut Entry {
        self.entries.get_mut(name).expect("what is acted on is in the ledger")
    }

    /// What is being made of `name` is settled: its source may go.
    pub fn unpin_source_of(&mut self, name: &str) {
        if let Some(source) = self.entry(name).source.take() {
            self.entry(&source).pins -= 1;
        }
    }

    /// How many images are there, or may be.
    pub fn alive(&self) -> usize {
        self.entries.values().filter(|entry| !entry.is(Stand::Gone)).count()
    }
}
