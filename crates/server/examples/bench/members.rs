//! A member made, accepted and removed by single calls, beside the bare database in as many durable
//! transactions; with audit, notices and jobs in ours.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::json;

use crate::bare;
use crate::figure::{Figures, Goal, median};
use crate::fill::{self, Size};
use crate::load::{Connection, at_once};
use crate::postgres;
use crate::process::Lendglassd;
use crate::scale::Scale;

const CLIENTS: usize = 32;
const ROUNDS: usize = 5;

/// Both databases, one client and many.
pub async fn run(figures: &mut Figures, scale: &Scale, folder: &Path) {
    figures.part("member create + accept + delete");
    let size = Size { images: 500, shares: 0 };
    let data = folder.join("members-sqlite");
    fill::fill(&data, None, size).await;
    {
        let server = Lendglassd::start(&data, None, None);
        let mut alone = Beside::default();
        let mut many = Beside::default();
        for _ in 0..ROUNDS {
            alone.ours(&server, 1, scale);
            alone.theirs.push(bare::sqlite_rounds(&data, scale.span));
            many.ours(&server, CLIENTS, scale);
        }
        // The bare database has one writer: it is the same for any number of clients.
        many.theirs = alone.theirs.clone();
        alone.print(figures, "SQLite, 1 client");
        many.print(figures, "SQLite, 32 clients (bare: one writer)");
    }
    fs::remove_dir_all(&data).unwrap();
    let url = tokio::task::spawn_blocking(postgres::url).await.unwrap();
    let data = folder.join("members-postgres");
    fill::fill(&data, Some(&url), size).await;
    let server = Lendglassd::start(&data, Some(&url), None);
    for (clients, name) in [(1, "PostgreSQL, 1 client"), (CLIENTS, "PostgreSQL, 32 clients")] {
        let mut beside = Beside::default();
        for _ in 0..ROUNDS {
            beside.ours(&server, clients, scale);
            beside.theirs.push(bare::postgres_rounds(&url, clients, scale.span).await);
        }
        beside.print(figures, name);
    }
}

#[derive(Default)]
struct Beside {
    ours: Vec<f64>,
    theirs: Vec<f64>,
    cpu: Vec<f64>,
}

impl Beside {
    fn ours(&mut self, server: &Lendglassd, clients: usize, scale: &Scale) {
        let (alice, bob) =
            (server.token("Acme", "alice", "a"), server.token("Borealis", "bob", "b"));
        let done = AtomicU64::new(0);
        let before = server.cpu();
        let took = at_once(clients, |client| {
            let mut connection = Connection::open(server.port);
            // Each client has an image of its own.
            let members = format!("/v2/images/{}/members", fill::id(4 + 2 * client as u64));
            let begun = Instant::now();
            while begun.elapsed() < scale.span {
                let one = format!("{members}/b");
                let body = json!({"member": "b"});
                check(connection.call("POST", &members, &alice, Some(&body)));
                let body = json!({"status": "accepted"});
                check(connection.call("PUT", &one, &bob, Some(&body)));
                check(connection.call("DELETE", &one, &alice, None));
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
        let done = done.into_inner() as f64;
        self.ours.push(done / took);
        self.cpu.push((server.cpu() - before) * 1e3 / done);
    }

    fn print(self, figures: &mut Figures, name: &str) {
        let pair = (median(self.ours), median(self.theirs));
        let cpu = Some((median(self.cpu), None, "ms"));
        figures.pair(name, "rounds/s", pair, Goal::AtLeast(0.5), cpu);
    }
}

fn check(answer: crate::load::Answer) {
    assert!((200..300).contains(&answer.status), "{}", answer.text());
}
