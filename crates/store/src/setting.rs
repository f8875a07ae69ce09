//! Single facts about the installation, by name.

use lendglass_core::Error;

use crate::db::{Db, Statement, Tx};
use crate::params;

static GET: Statement = Statement::new("select value from setting where name = $1");
static PUT: Statement = Statement::new(
    "insert into setting (name, value) values ($1, $2) \
     on conflict (name) do update set value = excluded.value",
);
static REMOVE: Statement = Statement::new("delete from setting where name = $1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&GET, &PUT, &REMOVE];

/// What is remembered under a name.
pub async fn get(db: &Db, name: &str) -> Result<Option<String>, Error> {
    let rows = db.read(&GET, params![name]).await?;
    rows.into_iter().next().map(|row| row.read().text()).transpose()
}

/// Remembers a value under a name.
pub fn put(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), Error> {
    tx.execute_later(&PUT, params![name, value])
}

/// Forgets a name.
pub fn remove(tx: &mut Tx<'_>, name: &str) -> Result<(), Error> {
    tx.execute_later(&REMOVE, params![name])
}
