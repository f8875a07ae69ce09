//! `lend credentials …`.

use clap::Subcommand;

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend credentials show
  lend credentials key create
  lend credentials key disable 9F0C2A7BE1D94C0F9A6D1F0C55D0E291
  lend credentials key delete 9F0C2A7BE1D94C0F9A6D1F0C55D0E291")]
pub enum Credentials {
    /// Show the ids to hand to an owner.
    Show,
    /// Access keys: what the SDKs of other clouds sign with.
    #[command(subcommand)]
    Key(AccessKey),
}

#[derive(Subcommand)]
pub enum AccessKey {
    /// List yours in the project.
    List,
    /// Make one for you in the project; its secret is shown this once.
    Create,
    /// Delete one; what it signs is refused from now on.
    Delete {
        /// The key, by id.
        key: String,
    },
    /// Switch one on.
    Enable {
        /// The key, by id.
        key: String,
    },
    /// Switch one off.
    Disable {
        /// The key, by id.
        key: String,
    },
}
