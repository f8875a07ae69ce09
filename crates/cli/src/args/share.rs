//! `lend share …`.

use clap::{Args, Subcommand};

use super::{Batch, Page, Watch};

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend share list --pending
  lend share accept erp
  lend share accept --all --partial
  lend share accept erp-full --vault vault-erp
  lend share reject erp")]
pub enum Share {
    /// List what others share with you.
    List {
        /// Only what waits for an answer.
        #[arg(long)]
        pending: bool,
        /// Only what you have accepted.
        #[arg(long, conflicts_with = "pending")]
        accepted: bool,
        /// Only what you have rejected.
        #[arg(long, conflicts_with_all = ["pending", "accepted"])]
        rejected: bool,
        #[command(flatten)]
        page: Page,
    },
    /// Accept images.
    Accept {
        #[command(flatten)]
        wish: AnswerShares,
        /// The vault for the backups of full-server images: its name or id.
        #[arg(long)]
        vault: Option<String>,
    },
    /// Reject images; they can be accepted later while the owner still shares them.
    Reject(AnswerShares),
    /// Print what is told, one JSON line per event, until Ctrl-C.
    #[command(after_help = "Example: lend share watch --exec './on-share.sh'")]
    Watch(Watch),
    /// Say whom ids mean, before you share with them.
    Check {
        /// Tenant ids.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// List what is done with an owner's offers before anybody looks.
    Rules,
    /// Accept what an owner offers from now on, at once.
    #[command(after_help = "Example: lend share trust 4f0c2a7be1d94c0f9a6d1f0c55d0e291")]
    Trust(RuleAbout),
    /// Reject what an owner offers from now on, without being told.
    Refuse(RuleAbout),
    /// Forget the rule about an owner.
    Forget(RuleAbout),
    /// Drop images that you had accepted.
    Remove {
        /// The images.
        #[arg(required = true)]
        images: Vec<String>,
        #[command(flatten)]
        batch: Batch,
    },
}

#[derive(Args)]
pub struct AnswerShares {
    /// The images.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub images: Vec<String>,
    /// Everything that waits for an answer.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub batch: Batch,
}

#[derive(Args)]
pub struct RuleAbout {
    /// The id of the owning project, or of an account.
    pub owner: String,
    /// The rule is about offers to the account, not to the project.
    #[arg(long)]
    pub for_account: bool,
}
