//! People at work at the same time, until they are told to stop or the program is gone.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::installation::{Installation, Who};
use crate::ledger::Ledger;
use crate::rng::Rng;
use crate::{acts, wait_until};

const PEOPLE: usize = 6;
const IDLE: Duration = Duration::from_millis(5);

/// What all who act share.
pub struct Stage {
    pub ledger: Mutex<Ledger>,
    pub tokens: BTreeMap<Who, String>,
    /// Where requests go, one node after the other.
    nodes: Vec<SocketAddr>,
    turn: AtomicUsize,
    done: AtomicUsize,
    is_over: AtomicBool,
    has_no_power: AtomicBool,
    /// Whether the program may refuse with 5xx, because something it stands on is in trouble.
    pub is_troubled: bool,
}

impl Stage {
    /// Whether somebody is there at all.
    fn answers(&self) -> bool {
        self.nodes.iter().any(|node| std::net::TcpStream::connect(node).is_ok())
    }

    /// What came of a request: nothing that anybody knows of, where the power has gone meanwhile. A
    /// machine without power answers nobody, but the program runs on until it is killed, and ext4 may
    /// tell it that bytes are synced whose journal has just been given up.
    pub fn heard<T>(&self, asked: io::Result<T>) -> io::Result<T> {
        match self.has_no_power.load(Ordering::SeqCst) {
            true => Err(io::Error::other("the power is gone")),
            false => asked,
        }
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn node(&self) -> SocketAddr {
        self.nodes[self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len()]
    }
}

pub struct Load {
    pub stage: Arc<Stage>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// People begin to act on these nodes. Without trouble a broken connection means that the program
    /// is gone, and is the end.
    pub fn begin(nodes: &[&Installation], ledger: Ledger, seed: u64, is_troubled: bool) -> Load {
        let stage = Arc::new(Stage {
            ledger: Mutex::new(ledger),
            tokens: nodes[0].tokens.clone(),
            nodes: nodes.iter().map(|node| node.address).collect(),
            turn: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            has_no_power: AtomicBool::new(false),
            is_troubled,
        });
        let work = |lane: u64| {
            let stage = stage.clone();
            let mut rng = Rng::of(seed.wrapping_mul(1_000_003).wrapping_add(lane));
            std::thread::spawn(move || {
                while !stage.is_over.load(Ordering::Relaxed) {
                    let before = stage.turn.load(Ordering::Relaxed);
                    let is_lost = acts::one(&stage, &mut rng).is_err();
                    if is_lost && !stage.is_troubled && !stage.answers() {
                        return;
                    }
                    if stage.turn.load(Ordering::Relaxed) == before {
                        // Nothing to do before somebody has looked: leave the processor to others.
                        std::thread::park_timeout(IDLE);
                    } else {
                        stage.done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        };
        let threads = (0..PEOPLE as u64).map(work).collect();
        Load { stage, threads }
    }

    /// Waits until so many further acts are done.
    pub fn wait_for(&self, acts: usize) {
        let from = self.stage.done.load(Ordering::Relaxed);
        wait_until("people act", || {
            let ended = self.threads.iter().filter(|thread| thread.is_finished()).count();
            assert!(ended < self.threads.len(), "everybody has stopped");
            self.stage.done.load(Ordering::Relaxed) >= from + acts
        });
    }

    /// From now on nobody hears an answer.
    pub fn loses_power(&self) {
        self.stage.has_no_power.store(true, Ordering::SeqCst);
    }

    /// Ends the load, or waits for its end where the program is gone.
    pub fn end(self) -> Ledger {
        self.stage.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        let stage = Arc::into_inner(self.stage).expect("nobody acts any more");
        stage.ledger.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
