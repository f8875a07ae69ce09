//! The figures of the server, each beside what bounds it.
//!
//! `cargo run --release -p lendglass-server --example bench [quick|huge] [PART…]`, with `lendglassd` built
//! beside it. Parts: start, requests, members, shares, signatures, transfers, peers; all of them where
//! none is named. What is kept on disk goes to a temporary folder (`TMPDIR`).

#![expect(clippy::unwrap_used, reason = "a bench ends by panicking")]

mod bare;
mod common;
mod figure;
mod fill;
mod load;
mod members;
mod peers;
#[path = "../../../store/tests/support/postgres.rs"]
mod postgres;
mod process;
mod receiver;
mod requests;
mod scale;
mod shares;
mod signatures;
mod transfers;

use std::path::Path;

use figure::Figures;
use scale::Scale;

/// Their order is that of the report.
const PARTS: [&str; 7] =
    ["start", "requests", "members", "shares", "signatures", "transfers", "peers"];

#[tokio::main]
async fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, folder] = words.as_slice()
        && word == process::RECEIVER
    {
        return receiver::run(Path::new(folder));
    }
    if words.first().is_some_and(|word| word == peers::PEERS) {
        return peers::be(&words[1..]).await;
    }
    let scale = match words.first().map(String::as_str) {
        Some("quick") => Some(Scale::QUICK),
        Some("huge") => Some(Scale::HUGE),
        _ => None,
    };
    if scale.is_some() {
        words.remove(0);
    }
    if let Some(odd) = words.iter().find(|word| !PARTS.contains(&word.as_str())) {
        eprintln!("{odd} is none of: {}", PARTS.join(", "));
        std::process::exit(2);
    }
    let scale = scale.unwrap_or(Scale::FULL);
    let mut figures = Figures::default();
    for part in PARTS.iter().filter(|part| words.is_empty() || words.iter().any(|w| w == *part)) {
        let folder = tempfile::tempdir().unwrap();
        measure(part, &mut figures, &scale, folder.path()).await;
    }
    figures.end();
}

async fn measure(part: &str, figures: &mut Figures, scale: &Scale, folder: &Path) {
    match part {
        "start" => requests::start(figures, folder),
        "requests" => requests::run(figures, scale, folder).await,
        "members" => members::run(figures, scale, folder).await,
        "shares" => shares::run(figures).await,
        "signatures" => signatures::run(figures).await,
        "transfers" => transfers::run(figures, scale, folder),
        "peers" => peers::run(figures, scale, folder).await,
        _ => unreachable!("checked before"),
    }
}
