//! Requests that have one effect however often they are sent (AP-05).

use lendglass_core::tenant::{Caller, Once};
use lendglass_core::{Code, Error, Timestamp};

use crate::db::{Db, Statement, Tx};
use crate::params;

static FIND: Statement = Statement::new(
    "select fingerprint, request_id, status, answer from idempotency \
     where project_id = $1 and user_id = $2 and name = $3",
);
static MARK: Statement = Statement::new(
    "insert into idempotency (project_id, user_id, name, fingerprint, request_id, created_at) \
     values ($1, $2, $3, $4, $5, $6)",
);
static KEEP: Statement = Statement::new(
    "insert into idempotency \
     (project_id, user_id, name, fingerprint, request_id, created_at, status, answer) \
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (project_id, user_id, name) \
     do update set status = excluded.status, answer = excluded.answer \
     where idempotency.request_id = excluded.request_id",
);
static OLDER: Statement = Statement::new(
    "select cast(count(*) as bigint) from \
     (select 1 as one from idempotency where created_at < $1 limit 1) t",
);
static PURGE: Statement = Statement::new("delete from idempotency where created_at < $1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&FIND, &MARK, &KEEP, &OLDER, &PURGE];

/// A request that was sent before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the request was.
    pub fingerprint: String,
    /// Status and body; `None` while they are not known.
    pub answer: Option<(u16, String)>,
}

/// What is known of a key.
pub async fn find(db: &Db, caller: &Caller, key: &str) -> Result<Option<Kept>, Error> {
    let rows = db.read(&FIND, params![&caller.project, &caller.user, key]).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let mut columns = row.read();
    let fingerprint = columns.text()?;
    columns.text()?;
    let status = columns.opt_u64()?.and_then(|status| u16::try_from(status).ok());
    Ok(Some(Kept { fingerprint, answer: status.zip(columns.opt_text()?) }))
}

/// Takes the key for the caller's request, in the transaction of its effect.
///
/// Refuses with [`Code::IdempotencyInProgress`] a key that another request has taken.
pub fn mark(tx: &mut Tx<'_>, caller: &Caller, once: &Once, now: Timestamp) -> Result<(), Error> {
    let found = tx.query_opt(&FIND, &params![&caller.project, &caller.user, &once.key])?;
    if let Some(row) = found {
        let mut columns = row.read();
        columns.text()?;
        if columns.text()? == caller.request_id {
            return Ok(());
        }
        return Err(Error::new(Code::IdempotencyInProgress).with("key", &once.key));
    }
    let (project, user) = (&caller.project, &caller.user);
    let values =
        params![project, user, &once.key, &once.fingerprint, caller.request_id.as_str(), now];
    tx.execute_later(&MARK, values)
}

/// Keeps the answer of the caller's request, for when it is sent again.
pub fn keep(
    tx: &mut Tx<'_>,
    caller: &Caller,
    once: &Once,
    (status, body): (u16, &str),
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute_later(
        &KEEP,
        params![
            &caller.project,
            &caller.user,
            &once.key,
            &once.fingerprint,
            caller.request_id.as_str(),
            now,
            u32::from(status),
            body,
        ],
    )
}

/// Forgets what is older than `before`.
pub async fn purge(db: &Db, before: Timestamp) -> Result<(), Error> {
    let rows = db.read(&OLDER, params![before]).await?;
    let count = rows.into_iter().next().map(|row| row.read().u32()).transpose()?;
    if count.unwrap_or(0) == 0 {
        return Ok(());
    }
    db.write(move |tx| tx.execute_later(&PURGE, params![before])).await
}
