//! `lend notice …`, `lend webhook …`, `lend share watch`.

use clap::{Args, Subcommand};

use super::Page;

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend notice list --unread
  lend notice list --kind image.shared --kind image.withdrawn
  lend notice list --kind vault.nearly_full --kind quota.nearly_full
  lend notice read p42 a7
  lend notice read --all")]
pub enum Notice {
    /// List what your project and its account were told in this region, newest first.
    List {
        /// Only what nobody has read.
        #[arg(long)]
        unread: bool,
        /// Only this kind, as image.shared; may be repeated.
        #[arg(long, value_name = "KIND")]
        kind: Vec<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Mark notices as read, for everybody of the project.
    Read {
        /// The notices.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// Everything told so far.
        #[arg(long)]
        all: bool,
    },
    /// Count what waits in each of your projects and regions.
    Count,
}

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend webhook create https://hooks.example/lend --kind image.shared
  lend webhook list
  lend webhook test ID
  lend webhook set ID --enable")]
pub enum Webhook {
    /// Make a webhook; its secret is shown this once.
    Create {
        /// Where notices are posted.
        url: String,
        /// Only this kind, as image.shared; may be repeated.
        #[arg(long, value_name = "KIND")]
        kind: Vec<String>,
    },
    /// List the project's webhooks in this region.
    List,
    /// Show a webhook and why it fails, if it does.
    Show {
        /// The webhook.
        id: String,
    },
    /// Change a webhook.
    Set(SetWebhook),
    /// Remove a webhook.
    Delete {
        /// The webhook.
        id: String,
    },
    /// Post a test to a webhook now.
    Test {
        /// The webhook.
        id: String,
    },
}

#[derive(Args)]
pub struct SetWebhook {
    /// The webhook.
    pub id: String,
    /// Another address.
    #[arg(long)]
    pub url: Option<String>,
    /// Only this kind from now on; may be repeated.
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// Every kind.
    #[arg(long, conflicts_with = "kind")]
    pub all_kinds: bool,
    /// Switch it on, and forget former failures.
    #[arg(long)]
    pub enable: bool,
    /// Switch it off.
    #[arg(long, conflicts_with = "enable")]
    pub disable: bool,
}

#[derive(Args)]
pub struct Watch {
    /// Run this by the shell for each event, with the event on its standard input, instead of
    /// printing it.
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,
    /// Begin after this position, as an earlier event's `position` says; else now.
    #[arg(long, value_name = "POSITION")]
    pub after: Option<String>,
}
