//! Forwarding sealed events to syslog: in their order, at least once, behind the sealing and never
//! in its way.

use lendglass_core::{Code, Error};
use lendglass_store::Db;
use lendglass_store::audit_chain::{self as store_chain, Duty};

use crate::drivers::syslog::Target;

/// How long a forwarder that is gone keeps others from forwarding, seconds: longer than a batch may
/// take, or two would send the same.
const LEASE_SECONDS: u32 = 30;
/// Events sent before the place is moved; so many may come twice.
const BATCH_ROWS: u32 = 200;

/// Sends whatever is sealed and was not sent, as `owner`; says how many events. Nothing is done where
/// another process holds the lease.
///
/// Errors: the database's; [`Code::Unavailable`] where the target does not take them, and then the
/// same events are sent next time.
pub async fn round(db: &Db, target: &Target, owner: &str) -> Result<usize, Error> {
    let mut sent = 0;
    loop {
        let place = store_chain::lease(db, Duty::Syslog).await?.seq;
        if store_chain::events_after(db, place, 1).await?.is_empty() {
            return Ok(sent);
        }
        let owner = owner.to_owned();
        let claim = move |tx: &mut lendglass_store::Tx<'_>| {
            store_chain::claim(tx, Duty::Syslog, &owner, LEASE_SECONDS)
        };
        let Some(lease) = db.write(claim).await? else { return Ok(sent) };
        let events = store_chain::events_after(db, lease.seq, BATCH_ROWS).await?;
        let Some(last) = events.last().and_then(|last| last.seq) else { return Ok(sent) };
        let refused =
            |error| Error::new(Code::Unavailable).because(format!("syslog {target}: {error}"));
        target.send(&events).await.map_err(refused)?;
        let count = events.len();
        if !db.write(move |tx| store_chain::advance(tx, &lease, last, None)).await? {
            return Ok(sent);
        }
        sent += count;
    }
}
