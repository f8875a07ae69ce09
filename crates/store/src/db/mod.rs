//! One facade over SQLite and PostgreSQL; one SQL text for both.
//!
//! * [`Db::read`] is one read-only statement.
//! * [`Db::write`] is one transaction. Its closure is synchronous and has no effect outside the
//!   [`Tx`], so that it can be run again after a deadlock or a lost race for a key. SQLite runs it on
//!   the one writer thread and commits queued transactions in groups: answers come after the common
//!   durable commit. PostgreSQL runs it at READ COMMITTED on a few threads with a connection each.
//!
//! Lock order inside a transaction: projects, images, vaults, blobs, each by id.
//!
//! Errors are [`Code::Unavailable`](lendglass_core::Code::Unavailable) where the database does not
//! answer or is overloaded, and internal where a statement is wrong.

mod hosts;
mod postgres;
mod question;
mod queue;
mod session;
mod sqlite;
mod value;
mod writers;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use lendglass_core::notice::Inbox;
use lendglass_core::{Code, Error};

pub use question::{Question, Questions};
pub use value::{Columns, Engine, Row, Statement, Value, translate};

/// A statement with its parameters, for [`Tx::execute_many`].
pub type Call<'a> = (&'a Statement, Vec<Value>);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Inner,
    witness: Arc<RwLock<Option<Witness>>>,
}

/// Hears of whom each committed transaction concerned.
type Witness = Box<dyn Fn(&BTreeSet<Inbox>) + Send + Sync>;

#[derive(Clone)]
enum Inner {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL connection string (`postgres://…` or `key=value …`).
    Url(String),
}

impl Location {
    /// Reads `sqlite:PATH`, `postgres://…` or `postgresql://…`.
    pub fn parse(text: &str) -> Result<Location, Error> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Location::File(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Location::Url(text.to_owned()));
        }
        Err(Error::new(Code::InvalidValue)
            .with("field", "database")
            .with("value", "***")
            .with("reason", "it must begin with sqlite: or postgres://"))
    }
}

impl Db {
    /// Opens the database and checks that it answers; makes a SQLite file that is not there.
    pub async fn open(location: &Location) -> Result<Db, Error> {
        let inner = match location {
            Location::File(path) => Inner::Sqlite(sqlite::Sqlite::open(path)?),
            Location::Url(url) => Inner::Postgres(postgres::Postgres::open(url).await?),
        };
        Ok(Db { inner, witness: Arc::default() })
    }

    /// Which engine runs.
    pub fn engine(&self) -> Engine {
        match &self.inner {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// The rows of one read-only statement, as of the last commit.
    pub async fn read(&self, statement: &Statement, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        match &self.inner {
            Inner::Sqlite(db) => db.read(statement, params).await,
            Inner::Postgres(db) => db.read(statement, params).await,
        }
    }

    /// As [`Db::read`], for a statement that touches a few rows by their keys, whatever the database
    /// holds: the embedded engine runs it where it is asked.
    pub async fn look_up(
        &self,
        statement: &Statement,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        match &self.inner {
            Inner::Sqlite(db) => db.look_up(statement, params).await,
            Inner::Postgres(db) => db.read(statement, params).await,
        }
    }

    /// Runs `change` in one transaction, which is durable when this returns `Ok` and has left nothing
    /// when it returns `Err`. `change` may run more than once.
    pub async fn write<T, F>(&self, change: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let change = move |tx: &mut Tx<'_>| {
            let value = change(tx)?;
            Ok((value, std::mem::take(&mut tx.concerned)))
        };
        let (value, concerned) = match &self.inner {
            Inner::Sqlite(db) => db.write(change).await,
            Inner::Postgres(db) => db.write(change).await,
        }?;
        if !concerned.is_empty()
            && let Some(tell) = &*self.witness.read().unwrap_or_else(PoisonError::into_inner)
        {
            tell(&concerned);
        }
        Ok(value)
    }

    /// After each commit from now on, `tell` hears whom it concerned ([`Tx::concerns`]), in place of
    /// who heard it before. It must not wait.
    pub fn witnessed_by(&self, tell: impl Fn(&BTreeSet<Inbox>) + Send + Sync + 'static) {
        *self.witness.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(tell));
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        static PING: Statement = Statement::new("select 1");
        self.read(&PING, Vec::new()).await.map(|_| ())
    }

    /// Prepares a statement without running it: for the test that walks all of them.
    pub async fn prepare(&self, statement: &Statement) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(db) => db.prepare(statement).await,
            Inner::Postgres(db) => db.prepare(statement).await,
        }
    }

    /// Copies a SQLite database to `target`, consistent while others write. PostgreSQL has its own
    /// tools: does nothing there.
    pub async fn copy_file_to(&self, target: PathBuf) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(db) => db.copy_file_to(target).await,
            Inner::Postgres(_) => Ok(()),
        }
    }

    pub(crate) async fn script(&self, text: String) -> Result<(), Error> {
        self.write(move |tx| tx.script(&text)).await
    }
}

/// A transaction under way.
pub struct Tx<'a> {
    inner: TxInner<'a>,
    is_retryable: bool,
    concerned: BTreeSet<Inbox>,
}

enum TxInner<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut session::Session),
}

impl<'a> Tx<'a> {
    fn new(inner: TxInner<'a>) -> Tx<'a> {
        Tx { inner, is_retryable: false, concerned: BTreeSet::new() }
    }

    /// Which engine runs.
    pub fn engine(&self) -> Engine {
        match &self.inner {
            TxInner::Sqlite(_) => Engine::Sqlite,
            TxInner::Postgres(_) => Engine::Postgres,
        }
    }

    /// Notes that this transaction changes what is listed for somebody.
    pub fn concerns(&mut self, inbox: Inbox) {
        self.concerned.insert(inbox);
    }

    /// The rows a statement answers.
    pub fn query(&mut self, statement: &Statement, params: &[Value]) -> Result<Vec<Row>, Error> {
        let result = match &mut self.inner {
            TxInner::Sqlite(connection) => sqlite::query(connection, statement, params),
            TxInner::Postgres(session) => session.query(statement, params),
        };
        self.noted(result)
    }

    /// The one row a statement answers, if any.
    pub fn query_opt(
        &mut self,
        statement: &Statement,
        params: &[Value],
    ) -> Result<Option<Row>, Error> {
        Ok(self.query(statement, params)?.into_iter().next())
    }

    /// The number of rows a statement changed.
    pub fn execute(&mut self, statement: &Statement, params: &[Value]) -> Result<u64, Error> {
        let result = match &mut self.inner {
            TxInner::Sqlite(connection) => sqlite::execute(connection, statement, params),
            TxInner::Postgres(session) => session.execute(statement, params),
        };
        self.noted(result)
    }

    /// Changes rows, and nobody asks how many: PostgreSQL gets this together with the next question, or
    /// with the commit, which then fails where this is refused.
    pub fn execute_later(
        &mut self,
        statement: &Statement,
        params: Vec<Value>,
    ) -> Result<(), Error> {
        self.execute_many(&[(statement, params)])
    }

    /// As [`Tx::execute_later`], for many in order.
    pub fn execute_many(&mut self, calls: &[Call<'_>]) -> Result<(), Error> {
        let result = match &mut self.inner {
            TxInner::Sqlite(connection) => sqlite::execute_many(connection, calls),
            TxInner::Postgres(session) => session.execute_later(calls),
        };
        self.noted(result)
    }

    /// The answers to questions of which none depends on another: PostgreSQL is asked all of them in one
    /// go. They are answered one after the other, so that the rows that one of them locks are the ones
    /// that the next reads.
    pub fn ask<Q: Questions>(&mut self, questions: Q) -> Result<Q::Answers, Error> {
        let (calls, read) = questions.parts();
        let result = match &mut self.inner {
            TxInner::Sqlite(connection) => calls
                .iter()
                .map(|(statement, params)| sqlite::query(connection, statement, params))
                .collect(),
            TxInner::Postgres(session) => session.query_many(&calls),
        };
        read(self.noted(result)?)
    }

    /// The database's clock for leases, in microseconds: PostgreSQL's own clock, which all nodes
    /// share; SQLite's only process takes the monotonic one.
    pub fn lease_now(&mut self) -> Result<i64, Error> {
        match &mut self.inner {
            TxInner::Sqlite(_) => Ok(sqlite::monotonic_micros()),
            TxInner::Postgres(session) => session.now_micros(),
        }
    }

    pub(crate) fn script(&mut self, text: &str) -> Result<(), Error> {
        let result = match &mut self.inner {
            TxInner::Sqlite(connection) => sqlite::script(connection, text),
            TxInner::Postgres(session) => session.script(text),
        };
        self.noted(result)
    }

    fn noted<T>(&mut self, result: Result<T, Failure>) -> Result<T, Error> {
        result.map_err(|failure| {
            self.is_retryable |= failure.is_retryable;
            failure.error
        })
    }
}

/// An engine's error, told apart by what it means.
#[derive(Debug)]
struct Failure {
    error: Error,
    /// A deadlock, a serialization failure, or a key that somebody else took meanwhile: running the
    /// whole closure again may end otherwise.
    is_retryable: bool,
}

/// Times a transaction is run before its conflict is given up.
const WRITE_ATTEMPTS: u32 = 6;

fn gone(because: impl std::fmt::Display) -> Error {
    Error::new(Code::Unavailable).because(because)
}
