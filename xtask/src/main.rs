//! Chores of the workspace: `cargo xtask tidy` reads the tree for what the compiler cannot know.

mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// `cargo xtask …`
#[derive(Parser)]
enum Xtask {
    /// Read the tree for breaches of the invariants in ARCHITECTURE.md.
    Tidy {
        /// Another checkout than the one this was built from.
        #[arg(long)]
        root: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match Xtask::parse() {
        Xtask::Tidy { root } => {
            let tree = root.map_or_else(tidy::Tree::read, |root| tidy::Tree::read_at(&root));
            tidy::print(&tidy::breaches(&tree))
        }
    }
}
