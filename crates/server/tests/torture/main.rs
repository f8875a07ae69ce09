//! The real program under a mixed load, with everything that happens to servers: SIGKILL, a database
//! that dies, hangs or moves, nodes that stop, disks that fill, fail or lose power. After each blow a
//! ledger of what was acknowledged is held against what is there.
//!
//! One line for each history: its seed, what it went through, the verdict. `LENDGLASS_SEED=N` runs that
//! one, `LENDGLASS_KILLS=N` so many kills; what takes long, root or loop devices is ignored but by
//! `make torture`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../support/disagreements.rs"]
mod disagreements;
#[path = "../support/http.rs"]
mod http;
#[path = "../../../store/tests/support/postgres.rs"]
mod postgres;
#[path = "../support/program.rs"]
mod program;
#[expect(dead_code, reason = "other histories draw more")]
#[path = "../support/rng.rs"]
mod rng;

mod acts;
mod check;
mod disks;
mod faults;
mod installation;
mod kills;
mod ledger;
mod load;
mod nodes;
mod scrub;
mod servers;

use std::time::{Duration, Instant};

/// Long enough for every lease to end on a busy machine; what is waited for ends the wait.
const PATIENCE: Duration = Duration::from_secs(120);

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// The seed of a history: any, but one that is told, so that it can be run again.
fn seed() -> u64 {
    setting("LENDGLASS_SEED").unwrap_or_else(|| u64::from(std::process::id()))
}

#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it does not come about that {what}");
        std::thread::yield_now();
    }
}
