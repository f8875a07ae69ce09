//! What small requests cost: a show, pages of every kind, and the start of the server.

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::bare;
use crate::figure::{Figures, Goal, median};
use crate::fill::{self, Size};
use crate::load::{Connection, hammer, request};
use crate::postgres;
use crate::process::{Lendglassd, Nginx};
use crate::scale::Scale;

const CONNECTIONS: usize = 8;
/// Calls of a page in a round.
const CALLS: usize = 200;
const ROUNDS: usize = 5;

/// Both databases, filled once.
pub async fn run(figures: &mut Figures, scale: &Scale, folder: &Path) {
    let size = Size { images: scale.images, shares: scale.shares };
    figures.part(&format!(
        "requests on SQLite: {} images, {} shares",
        size.images,
        size.images * size.shares
    ));
    let data = folder.join("sqlite");
    let share_bytes = fill::fill(&data, None, size).await;
    {
        let server = Lendglassd::start(&data, None, None);
        show_beside_nginx(figures, scale, folder, &server);
        pages(figures, "SQLite", &server);
        figures.alone("SQLite: a share on disk", "bytes", share_bytes, Goal::Nothing, None);
        let most = Goal::AtMost(1.0);
        let ready = server.ready.as_secs_f64();
        figures.alone("SQLite: ready on the filled database", "s", ready, most, None);
    }
    fs::remove_dir_all(&data).unwrap();
    let url = tokio::task::spawn_blocking(postgres::url).await.unwrap();
    figures.part("requests on PostgreSQL: the same");
    let data = folder.join("postgres");
    let share_bytes = fill::fill(&data, Some(&url), size).await;
    let server = Lendglassd::start(&data, Some(&url), None);
    show_beside_driver(figures, scale, &server, &url).await;
    pages(figures, "PostgreSQL", &server);
    figures.alone("PostgreSQL: a share on disk", "bytes", share_bytes, Goal::Nothing, None);
}

/// An empty folder, a fresh server.
pub fn start(figures: &mut Figures, folder: &Path) {
    figures.part("start");
    let (mut ready, mut idle) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let data = folder.join(format!("empty{round}"));
        let server = Lendglassd::start(&data, None, None);
        ready.push(server.ready.as_secs_f64());
        idle.push(server.memory_mb().0);
        drop(server);
        fs::remove_dir_all(data).unwrap();
    }
    figures.alone("ready on an empty folder", "s", median(ready), Goal::AtMost(0.3), None);
    figures.alone("resident when idle", "MB", median(idle), Goal::AtMost(40.0), None);
}

fn image() -> String {
    format!("/v2/images/{}", fill::id(1_000))
}

fn show_beside_nginx(figures: &mut Figures, scale: &Scale, folder: &Path, server: &Lendglassd) {
    let token = server.token("Acme", "alice", "a");
    let shown = Connection::open(server.port).call("GET", &image(), &token, None);
    assert_eq!(shown.status, 200, "{}", shown.text());
    let root = folder.join("static");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("image"), &shown.body).unwrap();
    let nginx = Nginx::start(&folder.join("nginx"), &root);
    let ours = request("GET", &image(), &token, None);
    let theirs = request("GET", "/image", &token, None);
    let (mut rates, mut costs) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for _ in 0..ROUNDS {
        let before = server.cpu();
        let rate = hammer(server.port, &ours, CONNECTIONS, scale.span);
        costs.0.push((server.cpu() - before) * 1e6 / (rate * scale.span.as_secs_f64()));
        rates.0.push(rate);
        let before = nginx.cpu();
        let rate = hammer(nginx.port, &theirs, CONNECTIONS, scale.span);
        costs.1.push((nginx.cpu() - before) * 1e6 / (rate * scale.span.as_secs_f64()));
        rates.1.push(rate);
    }
    figures.pair(
        "show, 8 connections, beside nginx and a file of that size",
        "1/s",
        (median(rates.0), median(rates.1)),
        Goal::AtLeast(0.35),
        Some((median(costs.0), Some(median(costs.1)), "µs")),
    );
}

async fn show_beside_driver(figures: &mut Figures, scale: &Scale, server: &Lendglassd, url: &str) {
    let token = server.token("Acme", "alice", "a");
    let ours = request("GET", &image(), &token, None);
    let (mut rates, mut costs) = ((Vec::new(), Vec::new()), Vec::new());
    for _ in 0..ROUNDS {
        let before = server.cpu();
        let rate = hammer(server.port, &ours, CONNECTIONS, scale.span);
        costs.push((server.cpu() - before) * 1e6 / (rate * scale.span.as_secs_f64()));
        rates.0.push(rate);
        rates.1.push(bare::look_ups(url, &fill::id(1_000), CONNECTIONS, scale.span).await);
    }
    figures.pair(
        "show, 8 connections, beside the bare driver's look-up",
        "1/s",
        (median(rates.0), median(rates.1)),
        Goal::AtLeast(0.5),
        Some((median(costs), None, "µs")),
    );
}

/// A page and what it may cost, in ms of the server's processor time.
type Page = (&'static str, bool, String, Goal);

fn pages(figures: &mut Figures, engine: &str, server: &Lendglassd) {
    let tokens = [server.token("Acme", "alice", "a"), server.token("Cumulus", "carol", "c")];
    let last = fill::id(60);
    let flat = Goal::AtMost(0.25);
    let bounded = Goal::AtMost(50.0);
    let list: Vec<Page> = vec![
        ("first page of 25, all visible", true, "limit=25".to_owned(), flat),
        ("last page of 25", true, format!("limit=25&marker={last}"), flat),
        ("first page, one in a hundred visible", false, "limit=25".to_owned(), flat),
        ("member_status=pending", true, "limit=25&member_status=pending".to_owned(), flat),
        ("visibility=private", true, "limit=25&visibility=private".to_owned(), flat),
        ("visibility=shared", true, "limit=25&visibility=shared".to_owned(), flat),
        ("visibility=public", true, "limit=25&visibility=public".to_owned(), flat),
        ("sort=name:asc", true, "limit=25&sort=name:asc".to_owned(), flat),
        ("sort=name:asc, last page", true, format!("limit=25&sort=name:asc&marker={last}"), flat),
        ("sort=updated_at", true, "limit=25&sort=updated_at:desc".to_owned(), bounded),
        (
            "sort=updated_at, few visible",
            false,
            "limit=25&sort=updated_at:desc".to_owned(),
            bounded,
        ),
        ("tag=web (nearly all)", true, "limit=25&tag=web".to_owned(), bounded),
        ("tag=rare (one in a thousand)", true, format!("limit=25&tag={}", fill::RARE), bounded),
        ("tag=rare, few visible", false, format!("limit=25&tag={}", fill::RARE), bounded),
        ("tag that nothing has", true, "limit=25&tag=none".to_owned(), bounded),
        ("os_distro=rare", true, "limit=25&os_distro=rare".to_owned(), bounded),
        ("page of 1,000", true, "limit=1000".to_owned(), Goal::AtMost(10.0)),
    ];
    let mut first = 0.0;
    for (name, is_alice, query, goal) in list {
        let token = &tokens[usize::from(!is_alice)];
        let path = format!("/v2/images?{query}");
        let (wall, cpu) = page(server, &request("GET", &path, token, None));
        let name = format!("{engine}: {name}");
        figures.alone(&name, "ms CPU", cpu, goal, Some((wall, None, "ms by the clock")));
        if name.ends_with("all visible") {
            first = cpu;
        }
        if name.ends_with("last page of 25") {
            let (name, goal) = (format!("{engine}: last page to first page"), Goal::AtMost(1.2));
            figures.pair(&name, "ms CPU", (cpu, first), goal, None);
        }
    }
}

/// Milliseconds of a call: by the clock and of the processor, of each the middle of some rounds.
fn page(server: &Lendglassd, request: &[u8]) -> (f64, f64) {
    let mut connection = Connection::open(server.port);
    let mut round = |calls: usize| {
        let (before, begun) = (server.cpu(), Instant::now());
        for _ in 0..calls {
            connection.send(request);
            let answer = connection.receive();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let each = 1e3 / calls as f64;
        (begun.elapsed().as_secs_f64() * each, (server.cpu() - before) * each)
    };
    // The first prepare statements and warm caches; slow pages are called less often.
    let calls = if round(5).0 > 5.0 { CALLS / 10 } else { CALLS };
    let rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| round(calls)).collect();
    let middle = |of: fn(&(f64, f64)) -> f64| median(rounds.iter().map(of).collect());
    (middle(|round| round.0), middle(|round| round.1))
}
