//! `lend policy …`.

use clap::{Args, Subcommand};

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend policy show -c key -c value
  lend policy list --changed
  lend policy set share.max_tenants.system=300 --of-project 4f0c2a7be1d94c0f9a6d1f0c55d0e291
  lend policy set tags.max=none --dry-run
  lend policy unset share.max_tenants.system
  lend policy profile huawei --dry-run")]
pub enum Policy {
    /// Show the rules in force for your project.
    Show,
    /// List every key with its value, where it comes from and what it takes; for the operator.
    List {
        #[command(flatten)]
        scope: PolicyScope,
        /// Only what is set at the installation, a region or a project.
        #[arg(long)]
        changed: bool,
    },
    /// Set keys, all or none; for the operator.
    Set {
        /// New values; `none` is no limit.
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = pair)]
        values: Vec<(String, String)>,
        #[command(flatten)]
        scope: PolicyScope,
        /// Say what would come of it and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take keys back to what is below the scope; for the operator.
    Unset {
        /// The keys.
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        #[command(flatten)]
        scope: PolicyScope,
        /// Say what would come of it and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show the installation's profile, or choose another one; for the operator.
    Profile {
        /// lendglass, huawei, huawei-128, ctyun, ctyun-v4, tencent or glance.
        name: Option<String>,
        /// Say what would come of it and change nothing.
        #[arg(long, requires = "name")]
        dry_run: bool,
    },
}

/// Where keys are looked at or set; everywhere where nothing is said.
#[derive(Args, Clone, Default)]
pub struct PolicyScope {
    /// In one region.
    #[arg(long, value_name = "REGION")]
    pub in_region: Option<String>,
    /// For one project, by id.
    #[arg(long, value_name = "PROJECT", conflicts_with = "in_region")]
    pub of_project: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE is expected")?;
    Ok((key.to_owned(), value.to_owned()))
}
