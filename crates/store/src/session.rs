//! Sessions of the console and links that begin one, both by the digest of their secret, and what users
//! prefer.

use lendglass_core::{Error, Timestamp, UserId};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;
use crate::tenant::first;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The digest of its secret.
    pub digest: String,
    /// Whose.
    pub user: UserId,
    /// The user's epoch when it began.
    pub epoch: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was used last, about.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

static INSERT: Statement = Statement::new(
    "insert into session (digest, user_id, epoch, created_at, seen_at, expires_at) \
     values ($1, $2, $3, $4, $5, $6)",
);
static FIND: Statement = Statement::new(
    "select digest, user_id, epoch, created_at, seen_at, expires_at from session where digest = $1",
);
static TOUCH: Statement =
    Statement::new("update session set seen_at = $2 where digest = $1 and seen_at < $2");
static DELETE: Statement = Statement::new("delete from session where digest = $1");
static DELETE_OLDEST: Statement = Statement::new(
    "delete from session where user_id = $1 and digest not in (\
     select digest from session where user_id = $1 order by created_at desc, digest limit $2)",
);
static DELETE_OF_USER: Statement = Statement::new("delete from session where user_id = $1");
static PURGE: Statement =
    Statement::new("delete from session where expires_at <= $1 or seen_at <= $2");

static LINK_INSERT: Statement =
    Statement::new("insert into sign_in_link (digest, user_id, expires_at) values ($1, $2, $3)");
static LINK_TAKE: Statement =
    Statement::new("delete from sign_in_link where digest = $1 returning user_id, expires_at");
static LINK_DELETE_OF_USER: Statement =
    Statement::new("delete from sign_in_link where user_id = $1");
static LINK_PURGE: Statement = Statement::new("delete from sign_in_link where expires_at <= $1");

static PREFERENCE: Statement = Statement::new("select value from preference where user_id = $1");
static PREFERENCE_PUT: Statement = Statement::new(
    "insert into preference (user_id, value, changed_at) values ($1, $2, $3) \
     on conflict (user_id) do update set value = excluded.value, changed_at = excluded.changed_at",
);
static PREFERENCE_DELETE: Statement = Statement::new("delete from preference where user_id = $1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &INSERT,
    &FIND,
    &TOUCH,
    &DELETE,
    &DELETE_OLDEST,
    &DELETE_OF_USER,
    &PURGE,
    &LINK_INSERT,
    &LINK_TAKE,
    &LINK_DELETE_OF_USER,
    &LINK_PURGE,
    &PREFERENCE,
    &PREFERENCE_PUT,
    &PREFERENCE_DELETE,
];

/// Adds a session, and removes the user's oldest ones beyond `most`.
pub fn insert(tx: &mut Tx<'_>, session: &Session, most: u32) -> Result<(), Error> {
    let Session { digest, user, epoch, created_at, seen_at, expires_at } = session;
    tx.execute_later(&INSERT, params![digest, user, *epoch, *created_at, *seen_at, *expires_at])?;
    tx.execute_later(&DELETE_OLDEST, params![user, most])
}

/// The session with this digest, whether it still holds or not.
pub async fn read(db: &Db, digest: &str) -> Result<Option<Session>, Error> {
    first(db.read(&FIND, params![digest]).await?, session_of)
}

/// Remembers that a session was used.
pub fn touch(tx: &mut Tx<'_>, digest: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute_later(&TOUCH, params![digest, now])
}

/// Removes a session.
pub fn delete(tx: &mut Tx<'_>, digest: &str) -> Result<(), Error> {
    tx.execute_later(&DELETE, params![digest])
}

/// Adds a link that signs a user in once; links it had before open nothing any more.
pub fn insert_link(
    tx: &mut Tx<'_>,
    digest: &str,
    user: &UserId,
    expires_at: Timestamp,
) -> Result<(), Error> {
    tx.execute_later(&LINK_DELETE_OF_USER, params![user])?;
    tx.execute_later(&LINK_INSERT, params![digest, user, expires_at])
}

/// Uses a link up: whom it signs in, and until when it did.
pub fn take_link(tx: &mut Tx<'_>, digest: &str) -> Result<Option<(UserId, Timestamp)>, Error> {
    let Some(row) = tx.query_opt(&LINK_TAKE, &params![digest])? else { return Ok(None) };
    let mut columns = row.read();
    Ok(Some((UserId::trusted(columns.text()?), columns.time()?)))
}

/// Removes sessions that have ended or were not used since `idle`, and links that are too old.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp, idle: Timestamp) -> Result<(), Error> {
    tx.execute_later(&PURGE, params![now, idle])?;
    tx.execute_later(&LINK_PURGE, params![now])
}

/// Removes what belongs to a user that is removed.
pub fn forget_user(tx: &mut Tx<'_>, user: &UserId) -> Result<(), Error> {
    tx.execute_later(&DELETE_OF_USER, params![user])?;
    tx.execute_later(&LINK_DELETE_OF_USER, params![user])?;
    tx.execute_later(&PREFERENCE_DELETE, params![user])
}

/// What a user prefers, as it was written.
pub async fn read_preference(db: &Db, user: &UserId) -> Result<Option<String>, Error> {
    first(db.read(&PREFERENCE, params![user]).await?, |row| row.read().text())
}

/// Writes what a user prefers.
pub fn put_preference(
    tx: &mut Tx<'_>,
    user: &UserId,
    value: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute_later(&PREFERENCE_PUT, params![user, value, now])
}

fn session_of(row: Row) -> Result<Session, Error> {
    let mut columns = row.read();
    Ok(Session {
        digest: columns.text()?,
        user: UserId::trusted(columns.text()?),
        epoch: columns.int()?,
        created_at: columns.time()?,
        seen_at: columns.time()?,
        expires_at: columns.time()?,
    })
}
