//! PostgreSQL: a pool of connections; reads run on the async runtime, transactions on a bounded
//! number of blocking threads.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::future::try_join_all;
use lendglass_core::{Code, Error};
use openssl::ssl::{SslConnector, SslMethod};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::hosts::Hosts;
use super::value::{Engine, Row, Statement, Value};
use super::{Call, Failure, Tx, TxInner, WRITE_ATTEMPTS, gone};

/// Connections of one node: PostgreSQL's default of 100 then serves six nodes.
const CONNECTIONS: usize = 16;
/// Transactions at once; each holds a thread, and reads keep the other connections.
const WRITERS: usize = 8;
/// Rows that one insert writes: a round for each row costs ten times the row.
const ROWS_AT_ONCE: usize = 32;
/// How long a request waits for a connection before it answers 503.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);
/// How long one statement waits for its answer, and a transaction for its turn: a server that hangs
/// says nothing at all, and must not hold requests for ever. Longer than the server's own limit on a
/// statement, so that a slow one is told from a dead one.
const ANSWER_WAIT: Duration = Duration::from_secs(12);
/// Statements sent together: enough to hide the way there and back.
const CALLS_AT_ONCE: usize = 1_000;
/// No statement of ours takes longer, but those of a migration. A transaction never waits for anything
/// but the database: one that is idle belongs to a node that was stopped, and is ended before those who
/// wait for its locks lose their patience.
const SESSION_OPTIONS: &str = "-c statement_timeout=10000 -c lock_timeout=8000 \
    -c idle_in_transaction_session_timeout=5000 -c default_transaction_isolation=read\\ committed";

#[derive(Clone)]
pub(super) struct Postgres {
    pool: Pool,
    writers: Arc<Semaphore>,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Postgres, Error> {
        // The parser's own message may quote the URL, password and all.
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|_| gone("the database URL cannot be read"))?;
        config.application_name("lendglassd").options(SESSION_OPTIONS);
        let tls = SslConnector::builder(SslMethod::tls())
            .map_err(|error| gone(format!("cannot set up TLS to the database: {error}")))?
            .build();
        let connector = postgres_openssl::MakeTlsConnector::new(tls);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let hosts = Hosts::of(&config, connector);
        let create = hosts.longest_wait();
        let pool = Pool::builder(Manager::from_connect(config, hosts, recycling))
            .max_size(CONNECTIONS)
            // The one given back last has its statements prepared.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(CONNECTION_WAIT),
                create: Some(create),
                recycle: Some(CONNECTION_WAIT),
            })
            .build()
            .map_err(gone)?;
        let db = Postgres { pool, writers: Arc::new(Semaphore::new(WRITERS)) };
        drop(db.connection().await?);
        Ok(db)
    }

    async fn connection(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|error| gone(describe(&error)))
    }

    pub(super) async fn read(
        &self,
        statement: &Statement,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let client = self.connection().await?;
        let answer = answered(&client, query(&client, statement, &params)).await;
        answer.map_err(|failure| {
            if failure.error.code() == Code::Unavailable {
                drop(Object::take(client));
            }
            failure.error
        })
    }

    pub(super) async fn prepare(&self, statement: &Statement) -> Result<(), Error> {
        let client = self.connection().await?;
        let sql = statement.for_engine(Engine::Postgres);
        client.prepare(sql).await.map(|_| ()).map_err(|error| failed(sql, &error).error)
    }

    pub(super) async fn write<T, F>(&self, change: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let turn = tokio::time::timeout(ANSWER_WAIT, self.writers.clone().acquire_owned());
        let permit = turn.await.map_err(|_| gone("too many transactions wait"))?.map_err(gone)?;
        let client = self.connection().await?;
        let handle = Handle::current();
        let run = move || {
            let _permit = permit;
            let answer = run_transaction(&client, &handle, &change);
            // Whatever went wrong, the pool must not hand on a connection in a transaction, nor one
            // that leads nowhere. A connection that is closed is rolled back by the server.
            if let Err(error) = &answer
                && (error.code() == Code::Unavailable
                    || handle.block_on(script(&client, "rollback")).is_err())
            {
                drop(Object::take(client));
            }
            answer
        };
        tokio::task::spawn_blocking(run)
            .await
            .map_err(|error| Error::internal(format!("a transaction was lost: {error}")))?
    }
}

fn run_transaction<T, F>(client: &Object, handle: &Handle, change: &F) -> Result<T, Error>
where
    F: Fn(&mut Tx<'_>) -> Result<T, Error>,
{
    let mut attempt = 1;
    loop {
        let batch = |text| handle.block_on(script(client, text));
        batch("begin").map_err(|failure| failure.error)?;
        let session = Session { client, handle };
        let mut tx = Tx {
            inner: TxInner::Postgres(session),
            is_retryable: false,
            concerned: BTreeSet::new(),
        };
        // A panic must not skip the rollback: the connection goes back to the pool.
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| change(&mut tx)))
            .unwrap_or_else(|_| Err(Error::internal("a transaction panicked")));
        let (error, is_retryable) = match outcome {
            Ok(value) => match batch("commit") {
                Ok(()) => return Ok(value),
                Err(failure) => (failure.error, failure.is_retryable),
            },
            Err(error) => (error, tx.is_retryable),
        };
        if !is_retryable || attempt >= WRITE_ATTEMPTS {
            return Err(error);
        }
        batch("rollback").map_err(|failure| failure.error)?;
        attempt += 1;
    }
}

/// The connection of a transaction, driven from a blocking thread.
pub(super) struct Session<'a> {
    client: &'a Object,
    handle: &'a Handle,
}

impl Session<'_> {
    pub(super) fn query(
        &self,
        statement: &Statement,
        params: &[Value],
    ) -> Result<Vec<Row>, Failure> {
        self.handle.block_on(answered(self.client, query(self.client, statement, params)))
    }

    pub(super) fn execute(&self, statement: &Statement, params: &[Value]) -> Result<u64, Failure> {
        self.handle.block_on(answered(self.client, execute(self.client, statement, params)))
    }

    /// Rows of one `insert … values` go together, [`ROWS_AT_ONCE`] in a statement; tokio-postgres
    /// pipelines the others, which are polled together: a bounded part of them at a time, each of
    /// which has its own time to be answered.
    pub(super) fn execute_many(&self, calls: &[Call<'_>]) -> Result<(), Failure> {
        let calls = joined(calls);
        // Each text once and first: what is sent together cannot wait for a preparation, and a
        // thousand calls would ask for a thousand of them.
        let texts: BTreeSet<&str> = calls.iter().map(|(sql, _)| sql.as_ref()).collect();
        self.handle.block_on(async {
            for sql in texts {
                let prepare = async {
                    let prepared = self.client.prepare_cached(sql).await;
                    prepared.map_err(|error| failed(sql, &error))
                };
                answered(self.client, prepare).await?;
            }
            for part in calls.chunks(CALLS_AT_ONCE) {
                let all = part.iter().map(|(sql, params)| execute_text(self.client, sql, params));
                answered(self.client, try_join_all(all)).await?;
            }
            Ok(())
        })
    }

    /// Text that may take its time: a migration moves whatever there is.
    pub(super) fn script(&self, text: &str) -> Result<(), Failure> {
        self.handle.block_on(async {
            script(self.client, "set local statement_timeout = 0").await?;
            self.client.batch_execute(text).await.map_err(|error| failed(text, &error))
        })
    }

    pub(super) fn now_micros(&self) -> Result<i64, Error> {
        static NOW: Statement = Statement::new(
            "select cast(floor(extract(epoch from clock_timestamp()) * 1000000) as bigint)",
        );
        let rows = self.query(&NOW, &[]).map_err(|failure| failure.error)?;
        let row = rows.into_iter().next().ok_or_else(|| Error::internal("no time"))?;
        row.read().int()
    }
}

/// Waits for an answer, for [`ANSWER_WAIT`]. Where there is none by then, the server hangs, and so do
/// the other connections to it: those that nobody uses are closed, so that none is tried in vain.
async fn answered<T>(
    client: &Object,
    answer: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(ANSWER_WAIT, answer).await.unwrap_or_else(|_| {
        if let Some(pool) = Object::pool(client) {
            pool.retain(|_, _| false);
        }
        Err(Failure { error: gone("the database does not answer"), is_retryable: false })
    })
}

async fn script(client: &Object, text: &str) -> Result<(), Failure> {
    let run = async { client.batch_execute(text).await.map_err(|error| failed(text, &error)) };
    answered(client, run).await
}

async fn query(
    client: &Object,
    statement: &Statement,
    params: &[Value],
) -> Result<Vec<Row>, Failure> {
    let sql = statement.for_engine(Engine::Postgres);
    let run = async {
        let prepared = client.prepare_cached(sql).await?;
        client.query(&prepared, &as_params(params)).await
    };
    let rows = run.await.map_err(|error| failed(sql, &error))?;
    rows.iter()
        .map(|row| (0..row.len()).map(|at| column(row, at)).collect::<Result<_, _>>().map(Row))
        .collect::<Result<_, _>>()
        .map_err(|error| failed(sql, &error))
}

async fn execute(client: &Object, statement: &Statement, params: &[Value]) -> Result<u64, Failure> {
    execute_text(client, statement.for_engine(Engine::Postgres), params).await
}

async fn execute_text(client: &Object, sql: &str, params: &[Value]) -> Result<u64, Failure> {
    let run = async {
        let prepared = client.prepare_cached(sql).await?;
        client.execute(&prepared, &as_params(params)).await
    };
    run.await.map_err(|error| failed(sql, &error))
}

/// The calls as they are sent: as many rows of one insert in a row as fill a statement become one.
fn joined<'a>(calls: &[Call<'a>]) -> Vec<(Cow<'a, str>, Vec<Value>)> {
    let mut all = Vec::with_capacity(calls.len());
    let mut rest = calls;
    while let Some((statement, params)) = rest.first() {
        let sql = statement.for_engine(Engine::Postgres);
        let is_same = |call: &&Call<'_>| std::ptr::eq(call.0, *statement);
        let count = rest.iter().take_while(is_same).count();
        match (count >= ROWS_AT_ONCE).then(|| with_rows(sql, params.len())).flatten() {
            Some(many) => {
                let (some, later) = rest.split_at(ROWS_AT_ONCE);
                let params = some.iter().flat_map(|(_, params)| params.iter().cloned()).collect();
                all.push((Cow::Owned(many), params));
                rest = later;
            }
            None => {
                all.push((Cow::Borrowed(sql), params.clone()));
                rest = &rest[1..];
            }
        }
    }
    all
}

/// An `insert … values (…)` with [`ROWS_AT_ONCE`] rows of so many parameters each; `None` for any
/// other statement. Parameters stand in the row only.
fn with_rows(sql: &str, params: usize) -> Option<String> {
    let (head, rest) = sql.split_once(" values (")?;
    let mut depth = 1_usize;
    let end = rest.find(|c| {
        depth = match c {
            '(' => depth + 1,
            ')' => depth - 1,
            _ => depth,
        };
        depth == 0
    })?;
    let (row, tail) = rest.split_at(end);
    if !head.trim_start().starts_with("insert ") || head.contains('$') || tail.contains('$') {
        return None;
    }
    let rows: Vec<String> = (0..ROWS_AT_ONCE).map(|n| shifted(row, n * params)).collect();
    Some(format!("{head} values ({}{tail}", rows.join("), (")))
}

/// A text with `by` added to the number of each parameter.
fn shifted(text: &str, by: usize) -> String {
    let mut parts = text.split('$');
    let mut shifted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = part[..digits].parse().unwrap_or_default();
        shifted.push_str(&format!("${}{}", number + by, &part[digits..]));
    }
    shifted
}

fn as_params(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn column(row: &tokio_postgres::Row, at: usize) -> Result<Value, tokio_postgres::Error> {
    Ok(match *row.columns()[at].type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(at)?.into(),
        Type::INT4 => row.try_get::<_, Option<i32>>(at)?.map(i64::from).into(),
        _ => row.try_get::<_, Option<String>>(at)?.into(),
    })
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Value::Int(number) => number.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn failed(sql: &str, error: &tokio_postgres::Error) -> Failure {
    let text =
        format!("{} in {}", describe(error), sql.split_whitespace().collect::<Vec<_>>().join(" "));
    let Some(state) = error.code() else {
        // No answer from the server: the connection is gone.
        let is_io = error.is_closed()
            || std::error::Error::source(error).is_some_and(|s| s.is::<std::io::Error>());
        let error = if is_io { gone(text) } else { Error::internal(text) };
        return Failure { error, is_retryable: false };
    };
    let again = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
    ];
    let class = &state.code()[..2];
    let is_gone = matches!(class, "08" | "53" | "57" | "58")
        || *state == SqlState::LOCK_NOT_AVAILABLE
        || *state == SqlState::READ_ONLY_SQL_TRANSACTION;
    let error = if is_gone { gone(text) } else { Error::internal(text) };
    Failure { error, is_retryable: again.contains(state) }
}

/// An error with its sources; tokio-postgres says little without them.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_an_insert_go_together() {
        let sql = "insert into t (a, b) values ($1, (select x from y where z = $2)) on conflict (a) \
                   do nothing";
        let many = with_rows(sql, 2).unwrap();
        assert!(many.starts_with(
            "insert into t (a, b) values ($1, (select x from y where z = $2)), ($3, "
        ));
        assert!(many.ends_with("z = $64)) on conflict (a) do nothing"), "{many}");
        for other in [
            "update t set a = $1",
            "insert into t (a) select a from u where a = $1",
            "insert into t (a) values ($1) on conflict (a) do update set b = $2",
        ] {
            assert_eq!(with_rows(other, 1), None, "{other}");
        }
    }
}
