//! Chores of the workspace: `cargo xtask tidy` reads the tree for what the compiler cannot know,
//! `cargo xtask requirements` brings the page of requirements up to the tests.

mod requirements;
mod tidy;

use std::path::{Path, PathBuf};
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
    /// Bring docs/requirements.md up to what the tests prove.
    Requirements,
}

fn main() -> ExitCode {
    match Xtask::parse() {
        Xtask::Tidy { root } => {
            let tree = root.map_or_else(tidy::Tree::read, |root| tidy::Tree::read_at(&root));
            tidy::print(&tidy::breaches(&tree))
        }
        Xtask::Requirements => {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let page = requirements::page(&tidy::Tree::read());
            match std::fs::write(root.join(requirements::PATH), page) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("{}: {error}", requirements::PATH);
                    ExitCode::FAILURE
                }
            }
        }
    }
}
