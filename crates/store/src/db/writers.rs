//! The threads that run transactions on PostgreSQL.
//!
//! Each has a connection of its own and drives it by itself: a statement is a write and a read of one
//! thread, where a connection that somebody else drives wakes two others each time, which cost more than
//! the statement.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deadpool_postgres::Pool;
use lendglass_core::{Code, Error};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};

use super::hosts::Hosts;
use super::postgres::{ANSWER_WAIT, describe};
use super::session::{Line, Session};
use super::{Tx, TxInner, WRITE_ATTEMPTS, gone};

/// Transactions at once; each holds a thread and a connection.
pub(super) const WRITERS: usize = 8;

pub(super) struct Writers {
    hosts: Hosts,
    turns: Arc<Semaphore>,
    /// Those that have nothing to do; the one that was done last is the warmest.
    idle: Mutex<Vec<Writer>>,
    /// The connections of reads.
    pool: Pool,
    era: AtomicU64,
}

/// A thread that waits for transactions; it ends when this is dropped.
struct Writer {
    work: UnboundedSender<Work>,
}

type Work = Box<dyn FnOnce(&mut Seat) + Send>;

impl Writers {
    pub(super) fn new(hosts: Hosts, pool: Pool) -> Writers {
        Writers {
            hosts,
            turns: Arc::new(Semaphore::new(WRITERS)),
            idle: Mutex::default(),
            pool,
            era: AtomicU64::new(0),
        }
    }

    /// Runs `change` in one transaction, once it is its turn.
    pub(super) async fn write<T, F>(self: &Arc<Self>, change: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let turn = tokio::time::timeout(ANSWER_WAIT, self.turns.clone().acquire_owned());
        let turn = turn.await.map_err(|_| gone("too many transactions wait"))?.map_err(gone)?;
        let idle = self.idle().pop();
        let writer = idle.map_or_else(Writer::start, Ok)?;
        let (reply, answer) = oneshot::channel();
        let (writers, work) = (self.clone(), writer.work.clone());
        let transaction: Work = Box::new(move |seat| {
            let outcome = seat.run(&writers, &change);
            writers.idle().push(writer);
            drop(turn);
            // A caller who no longer waits has been cancelled; the commit stands all the same.
            let _ = reply.send(outcome);
        });
        work.send(transaction).map_err(|_| gone("a writer thread has ended"))?;
        answer.await.map_err(|_| Error::internal("a transaction was lost"))?
    }

    /// The server hangs, and so do the other connections to it: those that nobody uses are closed, and
    /// those of writers before their next transaction, so that none is tried in vain.
    pub(super) fn distrust(&self) {
        self.era.fetch_add(1, Ordering::Relaxed);
        self.pool.retain(|_, _| false);
    }

    /// A panic cannot leave the list half changed.
    fn idle(&self) -> MutexGuard<'_, Vec<Writer>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn start() -> Result<Writer, Error> {
        let cannot = |error| gone(format!("cannot start a thread for transactions: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        let (work, waiting) = unbounded_channel();
        std::thread::Builder::new()
            .name("postgres-writer".to_owned())
            .spawn(move || serve(Seat { runtime: Rc::new(runtime), line: None }, waiting))
            .map_err(cannot)?;
        Ok(Writer { work })
    }
}

/// The connection is driven while nothing is to be done, too: that it was closed is seen at once.
fn serve(mut seat: Seat, mut waiting: UnboundedReceiver<Work>) {
    while let Some(transaction) = seat.runtime.block_on(waiting.recv()) {
        transaction(&mut seat);
    }
}

/// What a writer thread has.
struct Seat {
    runtime: Rc<Runtime>,
    line: Option<(u64, Rc<Line>)>,
}

impl Seat {
    fn run<T>(
        &mut self,
        writers: &Writers,
        change: &impl Fn(&mut Tx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let line = self.line(writers)?;
        let mut session = Session::new(self.runtime.clone(), line.1.clone());
        let answer = run_transaction(&mut session, change);
        if session.is_unanswered() {
            writers.distrust();
        }
        // Whatever went wrong, nobody must get a connection in a transaction, nor one that leads
        // nowhere. A connection that is closed is rolled back by the server.
        let is_good = match &answer {
            Ok(_) => true,
            Err(error) => error.code() != Code::Unavailable && session.rollback().is_ok(),
        };
        self.line = is_good.then_some(line);
        answer
    }

    /// The connection of before, if it is still good.
    fn line(&mut self, writers: &Writers) -> Result<(u64, Rc<Line>), Error> {
        let era = writers.era.load(Ordering::Relaxed);
        let known = self.line.take().filter(|(of, line)| *of == era && !line.is_closed());
        if let Some(line) = known {
            return Ok(line);
        }
        let hosts = &writers.hosts;
        let open = async { tokio::time::timeout(hosts.longest_wait(), hosts.open()).await };
        let opened = self.runtime.block_on(open);
        let opened = opened.map_err(|_| gone("no host of the database answers"))?;
        let (client, driver) = opened.map_err(|error| gone(describe(&error)))?;
        Ok((era, Rc::new(Line::new(client, driver))))
    }
}

fn run_transaction<T>(
    session: &mut Session,
    change: &impl Fn(&mut Tx<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        let mut tx = Tx::new(TxInner::Postgres(session));
        // A panic must not skip the rollback: the connection is used again.
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| change(&mut tx)))
            .unwrap_or_else(|_| Err(Error::internal("a transaction panicked")));
        let mut is_retryable = tx.is_retryable;
        let error = match outcome {
            Ok(value) => match session.commit() {
                Ok(()) => return Ok(value),
                Err(failure) => {
                    is_retryable |= failure.is_retryable;
                    failure.error
                }
            },
            Err(error) => error,
        };
        if !is_retryable || attempt >= WRITE_ATTEMPTS {
            return Err(error);
        }
        session.rollback().map_err(|failure| failure.error)?;
        attempt += 1;
    }
}
