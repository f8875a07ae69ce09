//! The chain over the audit trail: rows are inserted without a place; one process at a time, which
//! holds a lease, gives what is committed its places and seals. Another one forwards.
//!
//! Here are rows and leases only; keys are the caller's. A lease is taken in the transaction that
//! does the work under it and holds its row to the commit, so two sealers never work at once.

use lendglass_core::{Error, Timestamp};

use crate::audit::{KeptEvent, read};
use crate::db::{Db, Row, Statement, Tx, Value};
use crate::params;

macro_rules! sealed_columns {
    () => {
        "id, at, verb, region_id, user_id, project_id, account_id, counterpart_kind, \
         counterpart_id, target, detail, source, request_id, result, code"
    };
}

static CLAIM: Statement = Statement::new(
    "update audit_lease set owner = $2, lease_until = $4, fence = fence + 1 \
     where name = $1 and (owner = $2 or lease_until <= $3) returning fence, seq, head",
);
static END_LEASES: Statement = Statement::new("update audit_lease set lease_until = 0");
static ADVANCE: Statement =
    Statement::new("update audit_lease set seq = $3, head = $4 where name = $1 and fence = $2");
static RELEASE: Statement =
    Statement::new("update audit_lease set lease_until = 0 where name = $1 and owner = $2");
static LEASE: Statement =
    Statement::new("select fence, seq, head from audit_lease where name = $1");
static HAS_UNSEALED: Statement =
    Statement::new("select id from audit where seq is null order by at, id limit 1");
static UNSEALED: Statement = Statement::new(concat!(
    "select ",
    sealed_columns!(),
    " from audit where seq is null order by at, id limit $1"
));
static SEAL: Statement =
    Statement::new("update audit set seq = $2, mac = $3 where id = $1 and seq is null");
static LAST: Statement =
    Statement::new("select cast(coalesce(max(seq), 0) as bigint) from audit where seq is not null");
static WALK: Statement = Statement::new(concat!(
    "select seq, mac, ",
    sealed_columns!(),
    " from audit where seq is not null and (seq, id) > ($1, $2) order by seq, id limit $3"
));
static UNSEALED_BEFORE: Statement = Statement::new(
    "select cast(count(*) as bigint) from \
     (select id from audit where seq is null and at < $1 limit 10000) t",
);
static AFTER: Statement = Statement::new(
    "select a.id, a.at, a.verb, a.region_id, a.user_id, a.project_id, a.account_id, \
     a.counterpart_kind, a.counterpart_id, a.target, a.detail, a.source, a.request_id, \
     a.result, a.code, a.seq, r.ranges, r.bytes \
     from audit a left join audit_read r on r.audit_id = a.id \
     where a.seq is not null and a.seq > $1 order by a.seq limit $2",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &CLAIM,
    &END_LEASES,
    &ADVANCE,
    &RELEASE,
    &LEASE,
    &HAS_UNSEALED,
    &UNSEALED,
    &SEAL,
    &LAST,
    &WALK,
    &UNSEALED_BEFORE,
    &AFTER,
];

/// What a lease is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Giving rows their places and seals.
    Sealer,
    /// Forwarding sealed rows.
    Syslog,
}

impl Duty {
    fn name(self) -> &'static str {
        match self {
            Duty::Sealer => "sealer",
            Duty::Syslog => "syslog",
        }
    }
}

/// A lease that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What for.
    pub duty: Duty,
    /// Grows with each claim; who shows an old one has lost.
    pub fence: i64,
    /// The last place that is done.
    pub seq: i64,
    /// The sealed head, where there is one.
    pub head: Option<String>,
}

/// A row without its place, as it is bound into the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// Its id.
    pub id: String,
    columns: Vec<Value>,
}

/// A row with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The place.
    pub seq: i64,
    /// The seal as it is stored.
    pub mac: String,
    /// The row.
    pub row: Unsealed,
}

/// Names the form of [`Unsealed::bytes`], so that another one can follow.
const FORM: &[u8] = b"lendglass audit row 1\n";

impl Unsealed {
    /// The bytes that a seal covers: the form's name, the place, and every column with its kind and
    /// length, so that no two rows have the same bytes.
    pub fn bytes(&self, seq: i64) -> Vec<u8> {
        let mut bytes = FORM.to_vec();
        bytes.extend_from_slice(&seq.to_be_bytes());
        for value in &self.columns {
            match value {
                Value::Null => bytes.push(0),
                Value::Int(number) => {
                    bytes.push(1);
                    bytes.extend_from_slice(&number.to_be_bytes());
                }
                Value::Text(text) => {
                    bytes.push(2);
                    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
            }
        }
        bytes
    }

    fn of(columns: Vec<Value>) -> Result<Unsealed, Error> {
        match columns.first() {
            Some(Value::Text(id)) => Ok(Unsealed { id: id.clone(), columns }),
            Some(Value::Null | Value::Int(_)) | None => {
                Err(Error::internal("an audit row has no id"))
            }
        }
    }
}

/// Takes a lease for `lease_seconds`, or renews one's own; `None` where somebody else holds it. The
/// row stays locked to the end of the transaction.
pub fn claim(
    tx: &mut Tx<'_>,
    duty: Duty,
    owner: &str,
    lease_seconds: u32,
) -> Result<Option<Lease>, Error> {
    let now = tx.lease_now()?;
    let until = now.saturating_add(i64::from(lease_seconds) * Timestamp::SECOND_MICROS);
    let row = tx.query_opt(&CLAIM, &params![duty.name(), owner, now, until])?;
    row.map(|row| lease_of(duty, row)).transpose()
}

/// Ends all leases: for an embedded database at start, when no other process can hold one.
pub fn end_leases(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute_later(&END_LEASES, Vec::new())
}

/// Gives a lease back, so that another process need not wait for its end.
pub fn release(tx: &mut Tx<'_>, duty: Duty, owner: &str) -> Result<(), Error> {
    tx.execute_later(&RELEASE, params![duty.name(), owner])
}

/// Moves the last place that is done; `false` where somebody else has taken the lease over.
pub fn advance(
    tx: &mut Tx<'_>,
    lease: &Lease,
    seq: i64,
    head: Option<&str>,
) -> Result<bool, Error> {
    let params = params![lease.duty.name(), lease.fence, seq, head];
    Ok(tx.execute(&ADVANCE, &params)? > 0)
}

/// What a lease says, whoever holds it.
pub async fn lease(db: &Db, duty: Duty) -> Result<Lease, Error> {
    let rows = db.read(&LEASE, params![duty.name()]).await?;
    let row = rows.into_iter().next();
    row.map_or_else(|| Err(Error::internal("an audit lease is gone")), |row| lease_of(duty, row))
}

fn lease_of(duty: Duty, row: Row) -> Result<Lease, Error> {
    let mut columns = row.read();
    let (fence, seq) = (columns.int()?, columns.int()?);
    Ok(Lease { duty, fence, seq, head: columns.opt_text()? })
}

/// Whether any row waits for its place.
pub async fn has_unsealed(db: &Db) -> Result<bool, Error> {
    Ok(!db.read(&HAS_UNSEALED, params![]).await?.is_empty())
}

/// Rows that wait for their places, oldest first.
pub fn unsealed(tx: &mut Tx<'_>, most: u32) -> Result<Vec<Unsealed>, Error> {
    let rows = tx.query(&UNSEALED, &params![most])?;
    rows.into_iter().map(|row| Unsealed::of(row.0)).collect()
}

/// Gives rows their places and seals: the one update that an audit row ever sees.
pub fn seal(tx: &mut Tx<'_>, links: &[Link]) -> Result<(), Error> {
    let calls: Vec<_> =
        links.iter().map(|link| (&SEAL, params![&link.row.id, link.seq, &link.mac])).collect();
    tx.execute_many(&calls)
}

/// The last place that any row has; 0 where none has one.
pub fn last_place(tx: &mut Tx<'_>) -> Result<i64, Error> {
    match tx.query_opt(&LAST, &[])? {
        Some(row) => row.read().int(),
        None => Ok(0),
    }
}

/// Rows in the order of their places, after the row of that place and id.
pub async fn walk(db: &Db, after: (i64, &str), most: u32) -> Result<Vec<Link>, Error> {
    let rows = db.read(&WALK, params![after.0, after.1, most]).await?;
    rows.into_iter()
        .map(|Row(mut columns)| {
            let rest = columns.split_off(2.min(columns.len()));
            let mut place = Row(columns).read();
            let seq = place.int()?;
            // A row that has a place and no seal was put there by somebody else.
            let mac = place.opt_text()?.unwrap_or_default();
            Ok(Link { seq, mac, row: Unsealed::of(rest)? })
        })
        .collect()
}

/// How many rows from before `before` still wait for their places, counted up to 10,000.
pub async fn unsealed_before(db: &Db, before: Timestamp) -> Result<u32, Error> {
    match db.read(&UNSEALED_BEFORE, params![before]).await?.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// Sealed events after a place, in the order of their places.
pub async fn events_after(db: &Db, seq: i64, most: u32) -> Result<Vec<KeptEvent>, Error> {
    db.read(&AFTER, params![seq, most]).await?.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(columns: &[&str]) -> Unsealed {
        let columns = columns.iter().map(|text| Value::from(*text)).collect();
        Unsealed::of(columns).unwrap()
    }

    #[test]
    fn no_two_rows_have_the_same_bytes() {
        assert_ne!(row(&["id", "ab", "c"]).bytes(1), row(&["id", "a", "bc"]).bytes(1));
        assert_ne!(row(&["id", ""]).bytes(1), row(&["id"]).bytes(1));
        assert_ne!(row(&["id"]).bytes(1), row(&["id"]).bytes(2));
        let null = Unsealed { id: "id".to_owned(), columns: vec!["id".into(), Value::Null] };
        let number = Unsealed { id: "id".to_owned(), columns: vec!["id".into(), Value::Int(0)] };
        assert_ne!(null.bytes(1), row(&["id", ""]).bytes(1));
        assert_ne!(null.bytes(1), number.bytes(1));
    }
}
