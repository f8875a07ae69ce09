//! The audit trail: one row for each event, written in the transaction of the change (I6).

use lendglass_core::Error;
use lendglass_core::audit::AuditEvent;

use crate::db::{Statement, Tx, Value};
use crate::params;

static INSERT: Statement = Statement::new(
    "insert into audit (id, at, verb, region_id, user_id, project_id, account_id, \
     counterpart_kind, counterpart_id, target, detail, source, request_id) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&INSERT];

/// Writes an event under a fresh id.
pub fn insert(tx: &mut Tx<'_>, id: &str, event: &AuditEvent) -> Result<(), Error> {
    tx.execute(&INSERT, &row(id, event)).map(|_| ())
}

/// As [`insert`], many in one go.
pub fn insert_all(tx: &mut Tx<'_>, events: &[(String, AuditEvent)]) -> Result<(), Error> {
    let calls: Vec<_> = events.iter().map(|(id, event)| (&INSERT, row(id, event))).collect();
    tx.execute_many(&calls)
}

fn row(id: &str, event: &AuditEvent) -> Vec<Value> {
    let counterpart = event.counterpart.as_ref();
    params![
        id,
        event.at,
        event.verb.as_str(),
        &event.region,
        &event.user,
        &event.project,
        &event.account,
        counterpart.map(|recipient| recipient.kind()),
        counterpart.map(|recipient| recipient.id()),
        &event.target,
        &event.detail,
        &event.source,
        &event.request_id,
    ]
}
