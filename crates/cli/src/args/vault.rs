//! `lend vault …`.

use clap::{Args, Subcommand};

use super::Page;

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend vault create vault-erp --size 100
  lend vault list
  lend share accept erp --vault vault-erp
VAULT is an id or a name.")]
pub enum Vault {
    /// Make a vault, which keeps the backups of full-server images.
    Create(CreateVault),
    /// List the project's vaults, newest first.
    List(ListVaults),
    /// Show a vault.
    Show {
        /// The vault.
        vault: String,
    },
    /// Rename or resize a vault.
    Set(SetVault),
    /// Delete empty vaults.
    Delete {
        /// The vaults.
        #[arg(required = true)]
        vaults: Vec<String>,
    },
}

#[derive(Args)]
pub struct CreateVault {
    /// Its name.
    pub name: String,
    /// How much it holds, GiB.
    #[arg(long, value_name = "GIB")]
    pub size: u32,
    /// What it holds: server or disk.
    #[arg(long, value_name = "TYPE", default_value = "server")]
    pub object_type: String,
    /// What for: backup or replication.
    #[arg(long, value_name = "TYPE", default_value = "backup")]
    pub protection: String,
    /// Plain text.
    #[arg(long)]
    pub description: Option<String>,
}

#[derive(Args)]
pub struct ListVaults {
    /// Only those for server or disk.
    #[arg(long, value_name = "TYPE")]
    pub object_type: Option<String>,
    /// Only those for backup or replication.
    #[arg(long, value_name = "TYPE")]
    pub protection: Option<String>,
    #[command(flatten)]
    pub page: Page,
}

#[derive(Args)]
pub struct SetVault {
    /// The vault.
    pub vault: String,
    /// A new name.
    #[arg(long)]
    pub name: Option<String>,
    /// A new capacity, GiB; never less than what is used.
    #[arg(long, value_name = "GIB")]
    pub size: Option<u32>,
    /// A new description.
    #[arg(long)]
    pub description: Option<String>,
}
