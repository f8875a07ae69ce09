//! Sealing: rows get their places in one chain, so that what is changed, removed, put in or moved
//! afterwards shows.
//!
//! Each seal is an HMAC over the seal before it and the row with its place. Writers never wait: they
//! insert rows without a place, and one process seals what is committed, a bounded batch at a time,
//! each in one transaction with the head. Whatever dies, either a batch is sealed or it is not.

use lendglass_core::Error;
use lendglass_store::audit_chain::{self as store_chain, Duty, Link};
use lendglass_store::{Db, Tx};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::drivers::identity::{Seal, hex};

/// How long a sealer that is gone keeps others from sealing, seconds.
const LEASE_SECONDS: u32 = 5;
/// Rows sealed in one transaction: some milliseconds of an embedded database's one writer.
const BATCH_ROWS: u32 = 256;
/// Names the form of stored seals, so that another one can follow.
const FORM: &str = "1:";
const KEY_PURPOSE: &str = "audit chain 1";
const HEAD_PURPOSE: &str = "audit head";
const MAC_BYTES: usize = 32;

/// The last place of the chain with its seal. Place 0 has no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The place.
    pub seq: i64,
    /// The seal as it is stored; empty at place 0.
    pub mac: String,
}

impl Head {
    /// Where the chain begins.
    pub fn origin() -> Head {
        Head { seq: 0, mac: String::new() }
    }

    /// Reads `NUMBER:SEAL`, as the log and [`super::verify`] print it.
    pub fn parse(text: &str) -> Option<Head> {
        let (seq, mac) = text.split_once(':')?;
        let seq = seq.parse().ok().filter(|seq| *seq >= 0)?;
        Some(Head { seq, mac: mac.to_owned() })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.mac)
    }
}

/// The keys of the chain. Cheap to clone.
#[derive(Clone)]
pub struct Key {
    mac_key: [u8; MAC_BYTES],
    seal: Seal,
}

impl Key {
    /// The keys that belong to a master key.
    pub fn of(seal: &Seal) -> Result<Key, Error> {
        Ok(Key { mac_key: seal.derived_key(KEY_PURPOSE)?, seal: seal.clone() })
    }

    /// The seal of a row, given the seal before it and [`Unsealed::bytes`].
    ///
    /// [`Unsealed::bytes`]: store_chain::Unsealed::bytes
    pub fn mac(&self, before: &str, row: &[u8]) -> Result<String, Error> {
        let broken =
            |error: ErrorStack| Error::internal(format!("cannot seal an audit row: {error}"));
        let run = || {
            let key = PKey::hmac(&self.mac_key)?;
            let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
            // A length before the first part: where it ends is not to be argued about.
            signer.update(&(before.len() as u64).to_be_bytes())?;
            signer.update(before.as_bytes())?;
            signer.update(row)?;
            signer.sign_to_vec()
        };
        Ok(format!("{FORM}{}", hex(&run().map_err(broken)?)))
    }

    /// A head as the database keeps it: nobody without the master key makes one.
    fn close(&self, head: &Head) -> Result<String, Error> {
        self.seal.seal(HEAD_PURPOSE, head.to_string().as_bytes())
    }

    /// The head that the database keeps. Where there is none the chain has not begun.
    pub(super) fn open(&self, closed: Option<&str>) -> Result<Head, Error> {
        let Some(closed) = closed else { return Ok(Head::origin()) };
        let text = self.seal.unseal(HEAD_PURPOSE, closed)?;
        let head = String::from_utf8(text).ok().and_then(|text| Head::parse(&text));
        head.ok_or_else(|| Error::internal("the head of the audit trail is unreadable"))
    }
}

/// Seals whatever is committed and has no place yet, as `owner`. Answers the new head where anything
/// was sealed, and writes it to the log, which whoever changes the database does not reach.
///
/// Nothing is done where another process holds the lease. Errors: the database's; internal where the
/// chain does not go on from its head, and then nothing is sealed until somebody has looked.
pub async fn round(db: &Db, key: &Key, owner: &str) -> Result<Option<Head>, Error> {
    let mut newest = None;
    while store_chain::has_unsealed(db).await? {
        let (key, owner) = (key.clone(), owner.to_owned());
        let Some(head) = db.write(move |tx| seal_batch(tx, &key, &owner)).await? else { break };
        newest = Some(head);
    }
    if let Some(head) = &newest {
        tracing::info!(target: "audit", head = %head, "the audit trail is sealed");
    }
    Ok(newest)
}

/// Seals one batch; `None` where another process holds the lease or nothing is left to seal.
fn seal_batch(tx: &mut Tx<'_>, key: &Key, owner: &str) -> Result<Option<Head>, Error> {
    let Some(lease) = store_chain::claim(tx, Duty::Sealer, owner, LEASE_SECONDS)? else {
        return Ok(None);
    };
    let mut head = key.open(lease.head.as_deref())?;
    if store_chain::last_place(tx)? > head.seq {
        return Err(Error::internal(format!(
            "the audit trail goes beyond its head {}; see `lendglassd audit verify`",
            head.seq
        )));
    }
    let rows = store_chain::unsealed(tx, BATCH_ROWS)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut links = Vec::with_capacity(rows.len());
    for row in rows {
        let seq = head.seq + 1;
        let mac = key.mac(&head.mac, &row.bytes(seq))?;
        head = Head { seq, mac: mac.clone() };
        links.push(Link { seq, mac, row });
    }
    store_chain::seal(tx, &links)?;
    if store_chain::advance(tx, &lease, head.seq, Some(&key.close(&head)?))? {
        return Ok(Some(head));
    }
    Err(Error::internal("the lease of the sealer was lost while its row was locked"))
}

/// Lets another process seal at once.
pub async fn release(db: &Db, owner: &str) -> Result<(), Error> {
    let owner = owner.to_owned();
    db.write(move |tx| store_chain::release(tx, Duty::Sealer, &owner)).await
}
