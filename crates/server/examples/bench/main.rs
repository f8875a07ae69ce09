//! The figures of the server, each beside what bounds it.
//!
//! `cargo run --release -p lendglass-server --example bench lists [IMAGES]`, `shares` or
//! `signatures`.

#![expect(clippy::unwrap_used, reason = "a bench ends by panicking")]

mod common;
mod lists;
#[path = "../../../store/tests/support/postgres.rs"]
mod postgres;
mod shares;
mod signatures;

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some("lists") => lists::run(words.next().map_or(100_000, |n| n.parse().unwrap())).await,
        Some("shares") => shares::run().await,
        Some("signatures") => signatures::run().await,
        Some(_) | None => {
            eprintln!("what is to be measured: lists [IMAGES], shares or signatures");
            std::process::exit(2);
        }
    }
}
