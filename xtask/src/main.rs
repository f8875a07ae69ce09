//! Chores of the workspace: `cargo xtask tidy` reads the tree for what the compiler cannot know.

mod tidy;

use std::process::ExitCode;

use clap::Parser;

/// `cargo xtask …`
#[derive(Parser)]
enum Xtask {
    /// Read the tree for breaches of the invariants in ARCHITECTURE.md.
    Tidy,
}

fn main() -> ExitCode {
    match Xtask::parse() {
        Xtask::Tidy => tidy::print(&tidy::breaches(&tidy::Tree::read())),
    }
}
