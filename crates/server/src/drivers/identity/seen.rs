//! Signatures that this node took for reading requests.
//!
//! Some schemes sign neither the path nor the action: what was signed to read could be sent again to
//! change. Reads are too many for the database, so each node remembers its own, the latest ones.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use openssl::sha::sha256;

/// Signatures remembered, in two halves of 16 bytes each.
const REMEMBERED: usize = 200_000;

/// The signatures that this node took lately.
#[derive(Default)]
pub(super) struct Seen {
    halves: Mutex<Halves>,
}

/// When the younger is full, the older is dropped.
#[derive(Default)]
struct Halves {
    younger: HashSet<[u8; 16]>,
    older: HashSet<[u8; 16]>,
}

impl Seen {
    /// Remembers one.
    pub(super) fn note(&self, key: &str, nonce: &str) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if halves.younger.len() >= REMEMBERED / 2 {
            halves.older = std::mem::take(&mut halves.younger);
        }
        halves.younger.insert(short(key, nonce));
    }

    /// Whether one is remembered.
    pub(super) fn has(&self, key: &str, nonce: &str) -> bool {
        let short = short(key, nonce);
        let halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.younger.contains(&short) || halves.older.contains(&short)
    }
}

fn short(key: &str, nonce: &str) -> [u8; 16] {
    let digest = sha256(format!("{key}\n{nonce}").as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_remembered_for_its_key() {
        let seen = Seen::default();
        seen.note("AK1", "n");
        assert!(seen.has("AK1", "n"));
        assert!(!seen.has("AK2", "n") && !seen.has("AK1", "m"));
    }
}
