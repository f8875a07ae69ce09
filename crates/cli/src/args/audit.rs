//! `lend audit …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Page;

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend audit list --verb share.accept --from 2026-11-01
  lend audit list --target 0b6611c2-5c1e-4a3f-9d7b-3f2f0f5a7c11
  lend audit export --from 2026-11-01 --to 2026-12-01 > november.csv
  lend --cloud admin audit export --all-projects --as cadf --file events.json")]
pub enum Audit {
    /// List who did what, newest first: your project, and what others did that concerns it.
    List {
        #[command(flatten)]
        filter: AuditFilter,
        #[command(flatten)]
        page: Page,
    },
    /// Write all of it, page after page.
    Export {
        #[command(flatten)]
        filter: AuditFilter,
        /// The form.
        #[arg(long = "as", value_name = "FORM", default_value = "csv")]
        form: AuditForm,
        /// Where to; a file of that name must not be there yet. Default: standard output.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Which events.
#[derive(Args)]
pub struct AuditFilter {
    /// Only this verb, as share.accept or image.download.
    #[arg(long)]
    pub verb: Option<String>,
    /// Only on this thing, by id.
    #[arg(long, value_name = "ID")]
    pub target: Option<String>,
    /// Only by this user of yours, by id.
    #[arg(long, value_name = "ID")]
    pub user: Option<String>,
    /// Only those that ended so: ok, refused or failed.
    #[arg(long)]
    pub result: Option<String>,
    /// Not before: 2026-11-01 or 2026-11-01T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Before.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// The trail of this project; for the operator.
    #[arg(long, value_name = "ID")]
    pub of_project: Option<String>,
    /// Everybody's events; for the operator.
    #[arg(long, conflicts_with = "of_project")]
    pub all_projects: bool,
}

/// How an export looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AuditForm {
    /// CSV that no spreadsheet takes for formulas.
    Csv,
    /// CADF events (DMTF DSP0262), one JSON object a line.
    Cadf,
    /// The API's own form, one JSON object a line.
    Json,
}
