//! PostgreSQL: a pool of connections for reads, which run on the async runtime; transactions run on
//! threads of their own ([`super::writers`]).

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use lendglass_core::{Code, Error};
use openssl::ssl::{SslConnector, SslMethod};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::hosts::Hosts;
use super::value::{Engine, Row, Statement, Value};
use super::writers::{WRITERS, Writers};
use super::{Failure, Tx, gone};

/// Connections of one node: PostgreSQL's default of 100 then serves six nodes.
const CONNECTIONS: usize = 16;
/// How long a request waits for a connection before it answers 503.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);
/// How long one statement waits for its answer, and a transaction for its turn: a server that hangs
/// says nothing at all, and must not hold requests for ever. Longer than the server's own limit on a
/// statement, so that a slow one is told from a dead one.
pub(super) const ANSWER_WAIT: Duration = Duration::from_secs(12);
/// No statement of ours takes longer, but those of a migration. A transaction never waits for anything
/// but the database: one that is idle belongs to a node that was stopped, and is ended before those who
/// wait for its locks lose their patience.
const SESSION_OPTIONS: &str = "-c statement_timeout=10000 -c lock_timeout=8000 \
    -c idle_in_transaction_session_timeout=5000 -c default_transaction_isolation=read\\ committed";

#[derive(Clone)]
pub(super) struct Postgres {
    pool: Pool,
    writers: Arc<Writers>,
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
        let pool = Pool::builder(Manager::from_connect(config, hosts.clone(), recycling))
            .max_size(CONNECTIONS - WRITERS)
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
        let writers = Arc::new(Writers::new(hosts, pool.clone()));
        let db = Postgres { pool, writers };
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
        let answer = tokio::time::timeout(ANSWER_WAIT, query(&client, statement, &params)).await;
        let error = match answer {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(failure)) => failure.error,
            Err(_) => {
                self.writers.distrust();
                gone("the database does not answer")
            }
        };
        if error.code() == Code::Unavailable {
            drop(Object::take(client));
        }
        Err(error)
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
        self.writers.write(change).await
    }
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
    run.await.and_then(|rows| rows_of(&rows)).map_err(|error| failed(sql, &error))
}

pub(super) fn rows_of(rows: &[tokio_postgres::Row]) -> Result<Vec<Row>, tokio_postgres::Error> {
    rows.iter()
        .map(|row| (0..row.len()).map(|at| column(row, at)).collect::<Result<_, _>>().map(Row))
        .collect()
}

pub(super) fn as_params(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
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

pub(super) fn failed(sql: &str, error: &tokio_postgres::Error) -> Failure {
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
pub(super) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    text
}
