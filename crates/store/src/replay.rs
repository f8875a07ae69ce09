//! Signed requests that change something count once, for as long as their signatures hold.

use lendglass_core::{Code, Error, Timestamp};

use crate::db::{Statement, Tx};
use crate::params;

/// A signed request, as far as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The access key.
    pub key: String,
    /// What makes it unique.
    pub nonce: String,
    /// What it asks for, or who asks, where what is asked for is not signed.
    pub what: String,
    /// Until when its signature could be taken again.
    pub expires_at: Timestamp,
}

static FIND: Statement = Statement::new(
    "select what, seen_at, expires_at from request_seen where access_key = $1 and nonce = $2",
);
static PUT: Statement = Statement::new(
    "insert into request_seen (access_key, nonce, what, seen_at, expires_at) \
     values ($1, $2, $3, $4, $5) on conflict (access_key, nonce) do nothing",
);
static RENEW: Statement = Statement::new(
    "update request_seen set what = $3, seen_at = $4, expires_at = $5 \
     where access_key = $1 and nonce = $2",
);
static NOTE: Statement = Statement::new(
    "insert into request_seen (access_key, nonce, what, seen_at, expires_at) \
     values ($1, $2, $3, $4, $5) on conflict (access_key, nonce) do update set what = $3, \
     seen_at = $4, expires_at = $5 where request_seen.expires_at < $4",
);
static PURGE: Statement = Statement::new("delete from request_seen where expires_at < $1");

/// Remembers a request. One that was taken before is refused with [`Code::SignatureReplayed`], unless it
/// is the same in `what` within `repeat_micros` of the first time: schemes whose stamps count seconds
/// sign two calls of one second alike.
pub fn take(
    tx: &mut Tx<'_>,
    taken: &Taken,
    now: Timestamp,
    repeat_micros: i64,
) -> Result<(), Error> {
    let values = params![&taken.key, &taken.nonce, &taken.what, now, taken.expires_at];
    // Of two at once the second waits here for the first.
    if tx.execute(&PUT, &values)? == 1 {
        return Ok(());
    }
    if let Some(row) = tx.query_opt(&FIND, &params![&taken.key, &taken.nonce])? {
        let mut columns = row.read();
        let (what, seen_at, expires_at) = (columns.text()?, columns.time()?, columns.time()?);
        if what == taken.what && now.0 - seen_at.0 < repeat_micros {
            return Ok(());
        }
        if expires_at >= now {
            return Err(Error::new(Code::SignatureReplayed));
        }
    }
    tx.execute_later(&RENEW, values)
}

/// Remembers a request that only reads, so that [`take`] refuses its signature.
pub fn note(tx: &mut Tx<'_>, taken: &Taken, now: Timestamp) -> Result<(), Error> {
    let Taken { key, nonce, what, expires_at } = taken;
    tx.execute_later(&NOTE, params![key, nonce, what, now, *expires_at])
}

/// Forgets requests whose signatures hold no longer.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    tx.execute(&PURGE, &params![now])
}

/// Every statement of this file, for the test that prepares them all.
pub static STATEMENTS: &[&Statement] = &[&FIND, &PUT, &RENEW, &NOTE, &PURGE];
