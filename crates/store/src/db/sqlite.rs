//! SQLite: a few reader threads and one writer thread that commits queued transactions in groups.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lendglass_core::Error;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use super::queue::{Popped, Queue};
use super::value::{Engine, Row, Statement, Value};
use super::{Call, Failure, Tx, TxInner, gone};

/// Reader threads: enough to keep two cores busy while one waits for the disk.
const READERS: usize = 4;
/// Connections for look-ups, which run where they are asked: as many as the runtime has workers on
/// small machines; more at once take the reader threads.
const LOOKERS: usize = 4;
/// Transactions in one durable commit; a bound on how long the first of them waits.
const GROUP_TRANSACTIONS: usize = 64;
/// How long a group collects at most.
const GROUP_WAIT: Duration = Duration::from_millis(5);
/// Prepared statements kept by each connection.
const CACHED_STATEMENTS: usize = 256;
/// Pages after which a commit checkpoints by itself; idle time does it before that.
const CHECKPOINT_PAGES: u32 = 8192;

#[derive(Clone)]
pub(super) struct Sqlite {
    threads: Arc<Threads>,
}

struct Threads {
    reads: Arc<Queue<Read>>,
    writes: Arc<Queue<Box<dyn Write>>>,
    /// Those that are not in use.
    lookers: Mutex<Vec<Connection>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.reads.close();
        self.writes.close();
    }
}

struct Read {
    work: Box<dyn FnOnce(&Connection) + Send>,
}

/// A queued transaction.
trait Write: Send {
    /// Runs the closure inside a savepoint; says whether its changes stay.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers, once the group is durable (or is not).
    fn finish(self: Box<Self>, commit: Result<(), Error>);
}

struct Queued<T, F> {
    change: F,
    result: Option<Result<T, Error>>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Write for Queued<T, F>
where
    T: Send,
    F: Fn(&mut Tx<'_>) -> Result<T, Error> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let mut tx = Tx::new(TxInner::Sqlite(connection));
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| (self.change)(&mut tx)))
            .unwrap_or_else(|_| Err(Error::internal("a transaction panicked")));
        let stays = outcome.is_ok();
        self.result = Some(outcome);
        stays
    }

    fn finish(self: Box<Self>, commit: Result<(), Error>) {
        let answer = match (commit, self.result) {
            (Err(_), Some(Err(own))) => Err(own),
            (Err(error), _) => Err(error),
            (Ok(()), Some(own)) => own,
            (Ok(()), None) => Err(Error::internal("a transaction was committed and never run")),
        };
        // A caller who no longer waits has been cancelled; the commit stands all the same.
        let _ = self.reply.send(answer);
    }
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Sqlite, Error> {
        let writer = connect(path, true)?;
        let writes = Arc::new(Queue::<Box<dyn Write>>::new());
        let reads = Arc::new(Queue::<Read>::new());
        spawn("sqlite-writer", {
            let queue = writes.clone();
            move || write_loop(&writer, &queue)
        })?;
        for _ in 0..READERS {
            let reader = connect(path, false)?;
            let queue = reads.clone();
            spawn("sqlite-reader", move || read_loop(&reader, &queue))?;
        }
        let lookers = (0..LOOKERS).map(|_| connect(path, false)).collect::<Result<_, _>>()?;
        Ok(Sqlite { threads: Arc::new(Threads { reads, writes, lookers: Mutex::new(lookers) }) })
    }

    async fn on_reader<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.threads.reads.push(Read {
            work: Box::new(move |connection| {
                let _ = reply.send(work(connection));
            }),
        });
        answer.await.map_err(|_| gone("the reader threads have ended"))?
    }

    pub(super) async fn read(
        &self,
        statement: &Statement,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let sql = statement.for_engine(Engine::Sqlite).to_owned();
        self.on_reader(move |connection| query_text(connection, &sql, &params).map_err(|f| f.error))
            .await
    }

    /// As [`Sqlite::read`], on the thread that asks: two changes of threads cost more than a look-up.
    pub(super) async fn look_up(
        &self,
        statement: &Statement,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let Some(connection) = self.lookers().pop() else {
            return self.read(statement, params).await;
        };
        let rows = query(&connection, statement, &params);
        self.lookers().push(connection);
        rows.map_err(|failure| failure.error)
    }

    /// A lock that a panic has poisoned still guards whole connections.
    fn lookers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.threads.lookers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn prepare(&self, statement: &Statement) -> Result<(), Error> {
        let sql = statement.for_engine(Engine::Sqlite).to_owned();
        self.on_reader(move |connection| {
            connection.prepare(&sql).map(|_| ()).map_err(|error| failed(&sql, error).error)
        })
        .await
    }

    pub(super) async fn copy_file_to(&self, target: PathBuf) -> Result<(), Error> {
        let target = target.to_string_lossy().into_owned();
        self.on_reader(move |connection| {
            let sql = "vacuum into ?1";
            // A reader refuses every write, also that of another file.
            let is_reader = |on: bool| connection.pragma_update(None, "query_only", on);
            let copied = is_reader(false).and_then(|()| connection.execute(sql, [&target]));
            is_reader(true).and(copied).map(|_| ()).map_err(|error| failed(sql, error).error)
        })
        .await
    }

    pub(super) async fn write<T, F>(&self, change: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.threads.writes.push(Box::new(Queued { change, result: None, reply }));
        answer.await.map_err(|_| gone("the writer thread has ended"))?
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(|_| ())
        .map_err(|error| gone(format!("cannot start thread {name}: {error}")))
}

fn connect(path: &Path, is_writer: bool) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", "on")?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.pragma_update(None, "cache_size", -32_768)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        if !is_writer {
            connection.pragma_update(None, "query_only", "on")?;
        }
        // Else a plan that could depend on a bound value is made anew for each new value: parsing cost
        // four times the look-up itself.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        Ok::<_, rusqlite::Error>(connection)
    };
    open().map_err(|error| gone(format!("cannot open {}: {error}", path.display())))
}

fn read_loop(connection: &Connection, queue: &Queue<Read>) {
    loop {
        match queue.pop(Duration::from_secs(3600)) {
            Popped::Item(read) => {
                // A panic ends the one read, whose caller sees a closed channel; not the thread.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(|| (read.work)(connection)));
            }
            Popped::TimedOut => {}
            Popped::Closed => return,
        }
    }
}

fn write_loop(connection: &Connection, queue: &Queue<Box<dyn Write>>) {
    let mut has_log = true;
    loop {
        let idle = Duration::from_secs(if has_log { 1 } else { 3600 });
        match queue.pop(idle) {
            Popped::Item(first) => {
                run_group(connection, queue, first);
                has_log = true;
            }
            Popped::TimedOut => {
                let _ = script(connection, "pragma wal_checkpoint(passive)");
                has_log = false;
            }
            Popped::Closed => return,
        }
    }
}

fn run_group(connection: &Connection, queue: &Queue<Box<dyn Write>>, mut first: Box<dyn Write>) {
    if let Err(failure) = script(connection, "begin immediate") {
        return first.finish(Err(failure.error));
    }
    let begun = Instant::now();
    // The first needs no savepoint, which would keep a copy of each page that it changes: what it leaves
    // undone, the whole transaction undoes.
    if !first.run(connection) || connection.is_autocommit() {
        let ended = if connection.is_autocommit() { Err(rolled_back()) } else { undo(connection) };
        return first.finish(ended);
    }
    let mut outcome = Ok(());
    let mut group = vec![first];
    while outcome.is_ok() && group.len() < GROUP_TRANSACTIONS && begun.elapsed() < GROUP_WAIT {
        let Some(next) = queue.try_pop() else { break };
        let (write, went) = run_one(connection, next);
        group.push(write);
        outcome = went;
    }
    let commit = outcome.and_then(|()| script(connection, "commit")).map_err(|failure| {
        let _ = undo(connection);
        failure.error
    });
    for write in group {
        write.finish(commit.clone());
    }
}

fn undo(connection: &Connection) -> Result<(), Error> {
    script(connection, "rollback").map_err(|failure| failure.error)
}

fn rolled_back() -> Error {
    gone("the engine has rolled back a group of transactions")
}

/// Runs a further transaction of a group. An error means that its changes cannot be told from those of the
/// group, which must not be committed: on a full disk, and on some failures of one, the engine rolls
/// back all of the group by itself, and what came next would be a transaction of its own.
fn run_one(
    connection: &Connection,
    mut write: Box<dyn Write>,
) -> (Box<dyn Write>, Result<(), Failure>) {
    let ended = script(connection, "savepoint one").and_then(|()| {
        let stays = write.run(connection);
        if connection.is_autocommit() {
            return Err(Failure { error: rolled_back(), is_retryable: false });
        }
        script(connection, if stays { "release one" } else { "rollback to one; release one" })
    });
    (write, ended)
}

pub(super) fn query(
    connection: &Connection,
    statement: &Statement,
    params: &[Value],
) -> Result<Vec<Row>, Failure> {
    query_text(connection, statement.for_engine(Engine::Sqlite), params)
}

fn query_text(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>, Failure> {
    let run = || {
        let mut prepared = connection.prepare_cached(sql)?;
        let width = prepared.column_count();
        let mut rows = prepared.query(rusqlite::params_from_iter(params))?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next()? {
            let columns = (0..width).map(|at| row.get_ref(at).map(column));
            answer.push(Row(columns.collect::<Result<_, _>>()?));
        }
        Ok(answer)
    };
    run().map_err(|error| failed(sql, error))
}

pub(super) fn execute(
    connection: &Connection,
    statement: &Statement,
    params: &[Value],
) -> Result<u64, Failure> {
    let sql = statement.for_engine(Engine::Sqlite);
    connection
        .prepare_cached(sql)
        .and_then(|mut prepared| prepared.execute(rusqlite::params_from_iter(params)))
        .map(|changed| changed as u64)
        .map_err(|error| failed(sql, error))
}

/// Calls of one statement in a row take it from the cache once.
pub(super) fn execute_many(connection: &Connection, calls: &[Call<'_>]) -> Result<(), Failure> {
    for same in calls.chunk_by(|(one, _), (next, _)| std::ptr::eq(*one, *next)) {
        let Some((statement, _)) = same.first() else { continue };
        let sql = statement.for_engine(Engine::Sqlite);
        let run = || {
            let mut prepared = connection.prepare_cached(sql)?;
            same.iter().try_for_each(|(_, params)| {
                prepared.execute(rusqlite::params_from_iter(params)).map(|_| ())
            })
        };
        run().map_err(|error| failed(sql, error))?;
    }
    Ok(())
}

pub(super) fn script(connection: &Connection, text: &str) -> Result<(), Failure> {
    connection.execute_batch(text).map_err(|error| failed(text, error))
}

/// Microseconds since some fixed point, never going back; of use only within one process.
pub(super) fn monotonic_micros() -> i64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let since = START.get_or_init(Instant::now).elapsed();
    // One day ahead, so that a lease of 0 is over from the first moment on.
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX).saturating_add(86_400_000_000)
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

fn column(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        // No column holds either; a sum that overflowed would be a real number.
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Value::Text(String::from_utf8_lossy(text).into_owned())
        }
    }
}

fn failed(sql: &str, error: rusqlite::Error) -> Failure {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, SystemIoFailure,
    };
    let text = format!("{error} in {}", sql.split_whitespace().collect::<Vec<_>>().join(" "));
    let code = error.sqlite_error_code();
    let is_gone = matches!(
        code,
        Some(CannotOpen | DatabaseBusy | DatabaseLocked | DiskFull | SystemIoFailure)
    );
    let error = if is_gone { gone(text) } else { Error::internal(text) };
    // There is one writer: what failed once would fail again.
    Failure { error, is_retryable: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that is full ends the transaction of all who are in the group, by the engine's own
    /// decision: nobody who is told so may find his change there, and the other way round.
    #[tokio::test]
    async fn what_is_refused_on_a_full_disk_is_not_there_and_what_is_not_is() {
        static PUT: Statement = Statement::new("insert into t (n, b) values ($1, zeroblob($2))");
        static ALL: Statement = Statement::new("select n from t order by n");
        let folder = tempfile::tempdir().unwrap();
        let db = Sqlite::open(&folder.path().join("db")).unwrap();
        let script = |text: &'static str| db.write(move |tx| tx.script(text));
        script("create table t (n bigint, b blob)").await.unwrap();
        script("pragma max_page_count = 64").await.unwrap();
        let put = |n: i64| {
            let bytes = if n % 5 == 3 { 4 << 20 } else { 10 };
            db.write(move |tx| tx.execute(&PUT, &[Value::Int(n), Value::Int(bytes)]))
        };
        let mut stored = Vec::new();
        for round in 0..20 {
            let numbers = round * 10..round * 10 + 10;
            let answers = futures_util::future::join_all(numbers.clone().map(put)).await;
            let told = numbers.zip(answers);
            stored.extend(told.filter(|(_, answer)| answer.is_ok()).map(|(number, _)| number));
            let there = db.read(&ALL, Vec::new()).await.unwrap();
            let there: Vec<i64> = there.into_iter().map(|row| row.read().int().unwrap()).collect();
            assert_eq!(there, stored);
        }
        assert!(!stored.is_empty() && stored.len() < 200, "{}", stored.len());
    }
}
