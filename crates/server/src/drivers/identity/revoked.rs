//! The revocations of all nodes, held in memory: looked up for every request.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use lendglass_core::Timestamp;
use lendglass_store::revocation::{Revocable, Revocation};

/// What is revoked, as this node knows it.
#[derive(Default)]
pub struct Revoked {
    known: RwLock<HashMap<(Revocable, String), Entry>>,
}

struct Entry {
    below: i64,
    expires_at: Timestamp,
}

impl Revoked {
    /// Whether a token that names this thing with this epoch is revoked.
    pub fn has(&self, kind: Revocable, id: &str, epoch: i64) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        !known.is_empty()
            && known.get(&(kind, id.to_owned())).is_some_and(|entry| epoch < entry.below)
    }

    /// The first epoch of this thing that is good, as far as this node knows; 0 where none was revoked.
    pub fn below(&self, kind: Revocable, id: &str) -> i64 {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return 0;
        }
        known.get(&(kind, id.to_owned())).map_or(0, |entry| entry.below)
    }

    /// Learns revocations, in any order, as often as one likes.
    pub fn learn(&self, revocations: &[Revocation]) {
        if revocations.is_empty() {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for one in revocations {
            let entry = known
                .entry((one.kind, one.id.clone()))
                .or_insert(Entry { below: one.below, expires_at: one.expires_at });
            entry.below = entry.below.max(one.below);
            entry.expires_at = entry.expires_at.max(one.expires_at);
        }
    }

    /// Forgets what no living token can need.
    pub fn purge(&self, now: Timestamp) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, entry| entry.expires_at >= now);
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(below: i64, expires: i64) -> Revocation {
        let expires_at = Timestamp(expires);
        Revocation { kind: Revocable::User, id: "bob".into(), below, expires_at }
    }

    #[test]
    fn an_older_revocation_learnt_late_changes_nothing() {
        let revoked = Revoked::default();
        revoked.learn(&[user(7, 100)]);
        revoked.learn(&[user(5, 90)]);
        assert!(revoked.has(Revocable::User, "bob", 6));
        assert!(!revoked.has(Revocable::User, "bob", 7));
        assert!(!revoked.has(Revocable::Project, "bob", 0));
        revoked.purge(Timestamp(100));
        assert_eq!(revoked.len(), 1, "needed to its last moment");
        revoked.purge(Timestamp(101));
        assert!(revoked.is_empty());
    }
}
