//! A transaction on PostgreSQL, and the connection it runs on.
//!
//! Ways there and back are what a transaction costs. So `begin` goes with the first statement, and changes
//! that nobody counts are held until something is asked, or until the commit: all of them and the
//! question are sent together. The server takes them in order, and refuses all that follow a failure.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Future, ready};
use std::rc::Rc;

use futures_util::future::{try_join_all, try_join3};
use lendglass_core::Error;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::postgres::{ANSWER_WAIT, as_params, failed, rows_of};
use super::value::{Engine, Row, Statement, Value};
use super::{Call, Failure, gone};

/// Rows that one insert writes: a statement for each row costs ten times the row.
const ROWS_AT_ONCE: usize = 32;
/// Changes held at most; enough to hide the way there and back.
const HELD_AT_ONCE: usize = 1_000;

/// A connection, with the statements that were prepared on it.
pub(super) struct Line {
    client: Client,
    driver: JoinHandle<()>,
    prepared: RefCell<HashMap<String, Rc<Prepared>>>,
}

struct Prepared {
    sql: String,
    statement: tokio_postgres::Statement,
}

impl Line {
    pub(super) fn new(client: Client, driver: JoinHandle<()>) -> Line {
        Line { client, driver, prepared: RefCell::default() }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn known(&self, sql: &str) -> Option<Rc<Prepared>> {
        self.prepared.borrow().get(sql).cloned()
    }

    async fn prepare(&self, sql: &str) -> Result<Rc<Prepared>, Failure> {
        let statement = self.client.prepare(sql).await.map_err(|error| failed(sql, &error))?;
        let prepared = Rc::new(Prepared { sql: sql.to_owned(), statement });
        self.prepared.borrow_mut().insert(sql.to_owned(), prepared.clone());
        Ok(prepared)
    }

    async fn script(&self, text: &str) -> Result<(), Failure> {
        self.client.batch_execute(text).await.map_err(|error| failed(text, &error))
    }

    async fn query(&self, (prepared, params): (&Prepared, &[Value])) -> Result<Vec<Row>, Failure> {
        let rows = self.client.query(&prepared.statement, &as_params(params)).await;
        rows.and_then(|rows| rows_of(&rows)).map_err(|error| failed(&prepared.sql, &error))
    }

    async fn execute(&self, (prepared, params): (&Prepared, &[Value])) -> Result<u64, Failure> {
        let changed = self.client.execute(&prepared.statement, &as_params(params)).await;
        changed.map_err(|error| failed(&prepared.sql, &error))
    }
}

impl Drop for Line {
    /// Closes the connection, also one whose server says nothing.
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// How far a transaction has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent yet.
    Unbegun,
    Begun,
    /// A statement has failed: the server will not commit, and would not say so.
    Failed,
}

/// A transaction under way, on the thread that drives its connection.
pub(super) struct Session {
    runtime: Rc<Runtime>,
    line: Rc<Line>,
    stage: Stage,
    held: Vec<(Rc<Prepared>, Vec<Value>)>,
    is_unanswered: bool,
}

impl Session {
    pub(super) fn new(runtime: Rc<Runtime>, line: Rc<Line>) -> Session {
        let stage = Stage::Unbegun;
        Session { runtime, line, stage, held: Vec::new(), is_unanswered: false }
    }

    /// Whether the server has let us wait in vain.
    pub(super) fn is_unanswered(&self) -> bool {
        self.is_unanswered
    }

    pub(super) fn query(
        &mut self,
        statement: &Statement,
        params: &[Value],
    ) -> Result<Vec<Row>, Failure> {
        let prepared = self.prepared(statement.for_engine(Engine::Postgres))?;
        let line = self.line.clone();
        self.send(line.query((&prepared, params)))
    }

    pub(super) fn query_many(&mut self, calls: &[Call<'_>]) -> Result<Vec<Vec<Row>>, Failure> {
        let line = self.line.clone();
        let mut questions = Vec::with_capacity(calls.len());
        for (statement, params) in calls {
            questions.push((self.prepared(statement.for_engine(Engine::Postgres))?, params));
        }
        let asked = questions.iter().map(|(prepared, params)| line.query((prepared, params)));
        self.send(try_join_all(asked))
    }

    pub(super) fn execute(
        &mut self,
        statement: &Statement,
        params: &[Value],
    ) -> Result<u64, Failure> {
        let prepared = self.prepared(statement.for_engine(Engine::Postgres))?;
        let line = self.line.clone();
        self.send(line.execute((&prepared, params)))
    }

    /// Holds changes; rows of one `insert … values` become one statement, [`ROWS_AT_ONCE`] at a time.
    pub(super) fn execute_later(&mut self, calls: &[Call<'_>]) -> Result<(), Failure> {
        for (sql, params) in joined(calls) {
            let prepared = self.prepared(&sql)?;
            self.held.push((prepared, params));
            if self.held.len() >= HELD_AT_ONCE {
                self.send(ready(Ok(())))?;
            }
        }
        Ok(())
    }

    /// Text that may take its time: a migration moves whatever there is.
    pub(super) fn script(&mut self, text: &str) -> Result<(), Failure> {
        let line = self.line.clone();
        self.send(line.script("set local statement_timeout = 0"))?;
        let outcome = self.runtime.block_on(line.script(text));
        self.noted(outcome)
    }

    pub(super) fn now_micros(&mut self) -> Result<i64, Error> {
        static NOW: Statement = Statement::new(
            "select cast(floor(extract(epoch from clock_timestamp()) * 1000000) as bigint)",
        );
        let rows = self.query(&NOW, &[]).map_err(|failure| failure.error)?;
        let row = rows.into_iter().next().ok_or_else(|| Error::internal("no time"))?;
        row.read().int()
    }

    /// Sends what is held, and makes the transaction durable.
    pub(super) fn commit(&mut self) -> Result<(), Failure> {
        if self.stage == Stage::Failed {
            let error = Error::internal("a transaction went on after one of its statements failed");
            return Err(Failure { error, is_retryable: false });
        }
        if self.stage == Stage::Unbegun && self.held.is_empty() {
            return Ok(());
        }
        let line = self.line.clone();
        self.send(line.script("commit"))?;
        self.stage = Stage::Unbegun;
        Ok(())
    }

    /// Undoes what was sent; the next statement begins anew.
    pub(super) fn rollback(&mut self) -> Result<(), Failure> {
        self.held.clear();
        if self.stage == Stage::Unbegun {
            return Ok(());
        }
        let line = self.line.clone();
        self.answered(line.script("rollback"))?;
        self.stage = Stage::Unbegun;
        Ok(())
    }

    fn prepared(&mut self, sql: &str) -> Result<Rc<Prepared>, Failure> {
        if let Some(known) = self.line.known(sql) {
            return Ok(known);
        }
        let line = self.line.clone();
        let outcome = self.answered(line.prepare(sql));
        self.noted(outcome)
    }

    /// One way there and back: what was held, then `last`.
    fn send<T>(&mut self, last: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let (held, line) = (std::mem::take(&mut self.held), self.line.clone());
        let is_new = self.stage == Stage::Unbegun;
        let begin = async { if is_new { line.script("begin").await } else { Ok(()) } };
        let changes = held.iter().map(|(prepared, params)| line.execute((prepared, params)));
        self.stage = Stage::Begun;
        // Each is sent when it is polled first, and they are polled in this order.
        let outcome = self.answered(try_join3(begin, try_join_all(changes), last));
        self.noted(outcome.map(|(_, _, answer)| answer))
    }

    fn noted<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if outcome.is_err() && self.stage == Stage::Begun {
            self.stage = Stage::Failed;
        }
        outcome
    }

    /// Waits for an answer, for [`ANSWER_WAIT`].
    fn answered<T>(
        &mut self,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let answer = async { tokio::time::timeout(ANSWER_WAIT, answer).await };
        self.runtime.block_on(answer).unwrap_or_else(|_| {
            self.is_unanswered = true;
            Err(Failure { error: gone("the database does not answer"), is_retryable: false })
        })
    }
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
