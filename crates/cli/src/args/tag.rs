//! `lend tag …`.

use clap::Subcommand;

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend tag list
  lend tag set env --value prod --value dev --enforced
  lend tag set cost-center --everywhere
  lend image upload erp --file erp.qcow2 --tag env=prod
  lend image list --tag env=prod --tag team=red")]
pub enum Tag {
    /// List them, those of the whole installation first.
    List,
    /// Predefine a key, in place of what was predefined for it.
    Set {
        /// The key.
        key: String,
        /// A value it may have; may be repeated; without any: every value.
        #[arg(long)]
        value: Vec<String>,
        /// Refuse other keys, and other values of this one.
        #[arg(long)]
        enforced: bool,
        /// For every project; for the operator.
        #[arg(long)]
        everywhere: bool,
    },
    /// Forget a predefined key; images keep their tags.
    Delete {
        /// The key.
        key: String,
        /// That of every project; for the operator.
        #[arg(long)]
        everywhere: bool,
    },
}
