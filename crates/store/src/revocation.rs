//! What has ended before its time: tokens, and everything issued before an epoch.
//!
//! Every change gets a number that becomes visible in its order: the counter's row stays locked from
//! the change to the commit. It is locked last in a transaction.

use lendglass_core::{Error, Timestamp};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;

/// What a token names that can be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revocable {
    /// The token itself, by its audit id.
    Token,
    /// All tokens of a user.
    User,
    /// All tokens scoped to a project.
    Project,
    /// All tokens issued for an application credential.
    ApplicationCredential,
    /// An access key, as nodes remember it.
    AccessKey,
}

impl Revocable {
    /// All kinds.
    pub const ALL: [Revocable; 5] = [
        Revocable::Token,
        Revocable::User,
        Revocable::Project,
        Revocable::ApplicationCredential,
        Revocable::AccessKey,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Revocable::Token => "token",
            Revocable::User => "user",
            Revocable::Project => "project",
            Revocable::ApplicationCredential => "application_credential",
            Revocable::AccessKey => "access_key",
        }
    }

    /// The kind of a stored word.
    pub fn parse(word: &str) -> Option<Revocable> {
        Revocable::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Tokens that name this thing with an epoch smaller than `below` are revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What kind of thing.
    pub kind: Revocable,
    /// Which one.
    pub id: String,
    /// The first epoch that is good. Tokens and application credentials have the epoch 0 always.
    pub below: i64,
    /// When no token issued before can be alive any more.
    pub expires_at: Timestamp,
}

static NEXT: Statement =
    Statement::new("update revocation_counter set value = value + 1 where id = 1 returning value");
static LOCK: Statement = Statement::new("update revocation_counter set value = value where id = 1");
static PUT: Statement = Statement::new(
    "insert into revocation (kind, id, below, seq, expires_at) values ($1, $2, $3, $4, $5) \
     on conflict (kind, id) do update set below = excluded.below, seq = excluded.seq, \
     expires_at = excluded.expires_at",
);
static SINCE: Statement = Statement::new(
    "select kind, id, below, expires_at, seq from revocation where seq > $1 order by seq",
);
static PURGE: Statement = Statement::new("delete from revocation where expires_at < $1");

/// The number of a change. The counter stays locked until the transaction ends: call it last.
pub(crate) fn next(tx: &mut Tx<'_>) -> Result<i64, Error> {
    match tx.query_opt(&NEXT, &[])? {
        Some(row) => row.read().int(),
        None => Err(Error::internal("the counter of revocations is gone")),
    }
}

/// Writes revocations. The counter stays locked until the transaction ends: call it last.
pub fn insert(tx: &mut Tx<'_>, revocations: &[Revocation]) -> Result<(), Error> {
    if revocations.is_empty() {
        return Ok(());
    }
    let seq = next(tx)?;
    let calls: Vec<_> = revocations
        .iter()
        .map(|one| (&PUT, params![one.kind.as_str(), &one.id, one.below, seq, one.expires_at]))
        .collect();
    tx.execute_many(&calls)
}

/// Lets one transaction at a time go on, on all nodes.
pub fn lock(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute_later(&LOCK, Vec::new())
}

/// The revocations with a number above `seq`, and the largest number seen.
pub async fn read_since(db: &Db, seq: i64) -> Result<(Vec<Revocation>, i64), Error> {
    let mut last = seq;
    let mut all = Vec::new();
    for row in db.read(&SINCE, params![seq]).await? {
        let (revocation, seq) = revocation_of(row)?;
        last = last.max(seq);
        all.push(revocation);
    }
    Ok((all, last))
}

/// Removes the rows that no living token can need.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    tx.execute(&PURGE, &params![now])
}

fn revocation_of(row: Row) -> Result<(Revocation, i64), Error> {
    let mut columns = row.read();
    let revocation = Revocation {
        kind: columns.word(Revocable::parse)?,
        id: columns.text()?,
        below: columns.int()?,
        expires_at: columns.time()?,
    };
    Ok((revocation, columns.int()?))
}

/// Every statement of this file, for the test that prepares them all.
pub static STATEMENTS: &[&Statement] = &[&NEXT, &LOCK, &PUT, &SINCE, &PURGE];
