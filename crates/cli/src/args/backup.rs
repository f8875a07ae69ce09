//! `lend backup …`.

use clap::{Args, Subcommand};

use super::Page;

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend backup create nightly --vault vault-erp --disk erp-sys --disk erp-data
  lend backup image nightly --name erp-full
BACKUP is an id or a name.")]
pub enum Backup {
    /// Make a backup from disk images; no byte moves.
    Create(CreateBackup),
    /// List the project's backups, newest first.
    List {
        /// Only what this vault keeps.
        #[arg(long)]
        vault: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show a backup with its disks.
    Show {
        /// The backup.
        backup: String,
    },
    /// Delete backups.
    Delete {
        /// The backups.
        #[arg(required = true)]
        backups: Vec<String>,
    },
    /// Make a full-server image from a backup; one at a time.
    Image(ImageOfBackup),
}

#[derive(Args)]
pub struct CreateBackup {
    /// Its name; else that of the system disk.
    pub name: Option<String>,
    /// The vault that will keep it.
    #[arg(long)]
    pub vault: String,
    /// A disk image of your own: the system disk first, then data disks.
    #[arg(long, required = true, value_name = "IMAGE")]
    pub disk: Vec<String>,
    /// A note about what it was made from.
    #[arg(long)]
    pub source: Option<String>,
}

#[derive(Args)]
pub struct ImageOfBackup {
    /// The backup.
    pub backup: String,
    /// The name of the image; else that of the backup.
    #[arg(long)]
    pub name: Option<String>,
    /// A description.
    #[arg(long)]
    pub description: Option<String>,
    /// A label; may be repeated.
    #[arg(long)]
    pub tag: Vec<String>,
}
