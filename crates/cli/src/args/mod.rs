//! The command line: nouns, verbs, flags. The help texts teach; every group has examples.

mod access;
mod audit;
mod backup;
mod image;
mod key;
mod notice;
mod policy;
mod share;
mod tag;
mod vault;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::access::*;
pub use self::audit::*;
pub use self::backup::*;
pub use self::image::*;
pub use self::key::*;
pub use self::notice::*;
pub use self::policy::*;
pub use self::share::*;
pub use self::tag::*;
pub use self::vault::*;
use crate::session::Session;
use crate::text::Language;

/// Images, and sharing them between tenants.
#[derive(Parser)]
#[command(
    name = "lend",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Examples:
  lend login --auth-url http://127.0.0.1:9292/v3 --username alice
  lend image upload erp --file erp.qcow2 --tag prod
  lend image share erp --to 4f0c2a7be1d94c0f9a6d1f0c55d0e291 --note \"for the move\"
  lend --cloud bob share list --pending
  lend --cloud bob share accept erp
  lend --cloud bob image save erp --file erp-copy.qcow2
  lend explain SHARE_TENANT_QUOTA

Exit codes: 0 done, 1 error, 2 wrong command line, 3 not found, 4 conflict or limit, 5 done in part."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every verb takes.
#[derive(Args)]
pub struct Global {
    /// A cloud of clouds.yaml.
    #[arg(
        long,
        visible_alias = "os-cloud",
        global = true,
        env = "OS_CLOUD",
        value_name = "NAME",
        help_heading = "Sign-in"
    )]
    pub cloud: Option<String>,
    /// Where to sign in, as http://HOST:9292/v3.
    #[arg(
        long,
        visible_alias = "os-auth-url",
        global = true,
        value_name = "URL",
        help_heading = "Sign-in"
    )]
    pub auth_url: Option<String>,
    /// The user.
    #[arg(
        long,
        visible_alias = "os-username",
        global = true,
        value_name = "NAME",
        help_heading = "Sign-in"
    )]
    pub username: Option<String>,
    /// The project to act in, by name or id.
    #[arg(
        long,
        visible_alias = "os-project-name",
        global = true,
        value_name = "PROJECT",
        help_heading = "Sign-in"
    )]
    pub project: Option<String>,
    /// The account (domain) of user and project, by name or id.
    #[arg(
        long,
        visible_alias = "os-user-domain-name",
        global = true,
        value_name = "ACCOUNT",
        help_heading = "Sign-in"
    )]
    pub account: Option<String>,
    /// Certificates to trust, as PEM.
    #[arg(
        long,
        visible_alias = "os-cacert",
        global = true,
        env = "OS_CACERT",
        value_name = "FILE",
        help_heading = "Sign-in"
    )]
    pub cacert: Option<PathBuf>,
    /// Trust any certificate.
    #[arg(long, global = true, help_heading = "Sign-in")]
    pub insecure: bool,

    /// How to print.
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "table",
        help_heading = "Output"
    )]
    pub format: Format,
    /// Print only these columns; may be repeated.
    #[arg(short, long, global = true, value_name = "COLUMN", help_heading = "Output")]
    pub column: Vec<String>,
    /// Print more columns.
    #[arg(long, global = true, help_heading = "Output")]
    pub long: bool,
    /// Print nothing but the result; no progress.
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// The language of texts.
    #[arg(long, global = true, value_name = "en|zh", help_heading = "Output")]
    pub lang: Option<String>,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people.
    Table,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// Values only, parted by spaces, one row a line.
    Value,
    /// CSV with a header.
    Csv,
}

/// What a verb works on.
pub struct On<'a> {
    /// Who asks, where.
    pub session: &'a Session,
    /// The flags every verb takes.
    pub global: &'a Global,
    /// The language of texts.
    pub language: Language,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make, upload, list, change, share and delete images.
    #[command(subcommand)]
    Image(Box<Image>),
    /// See and answer what others share with you.
    #[command(subcommand)]
    Share(Share),
    /// The ids to hand to an owner who wants to share with you, and your access keys.
    #[command(subcommand)]
    Credentials(Credentials),
    /// The rules: those in force for your project; for the operator, where they come from.
    #[command(subcommand)]
    Policy(Policy),
    /// Who may do what in your project.
    #[command(subcommand)]
    Access(Access),
    /// What you prefer in the console, as JSON.
    #[command(subcommand)]
    Preferences(Preferences),
    /// Your project's ceilings and their use.
    #[command(subcommand)]
    Quota(Show),
    /// What your project and its account are told.
    #[command(subcommand)]
    Notice(Notice),
    /// Who else is told of it, over HTTP.
    #[command(subcommand)]
    Webhook(Webhook),
    /// Work that takes time.
    #[command(subcommand)]
    Job(Job),
    /// Who did what, and when.
    #[command(subcommand)]
    Audit(Box<Audit>),
    /// The regions of the cloud.
    #[command(subcommand)]
    Region(List),
    /// Uploads that are not whole yet; `lend image upload` makes them.
    #[command(subcommand)]
    Upload(Upload),
    /// The whole installation, for the operator.
    #[command(subcommand)]
    Operator(Operator),
    /// Make and manage vaults, which keep the backups of full-server images.
    #[command(subcommand)]
    Vault(Vault),
    /// The tags that are predefined for your project.
    #[command(subcommand)]
    Tag(Tag),
    /// Make backups from disk images, and full-server images from backups.
    #[command(subcommand)]
    Backup(Backup),
    /// What this cloud has: drivers, formats, limits.
    Capabilities,
    /// Say whether a page of the console helps you.
    Feedback {
        /// The page, as `images/private`.
        page: String,
        /// Whether it helped.
        #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
        helpful: String,
        /// What you add.
        #[arg(long)]
        text: Option<String>,
    },
    /// Take back what you did a few seconds ago: share, unshare, accept, reject.
    Undo {
        /// What the act printed.
        token: String,
    },
    /// What a code means, and the way out.
    #[command(after_help = "Example: lend --lang zh explain SHARE_TENANT_QUOTA")]
    Explain {
        /// The code, as in `error CODE: …`.
        code: String,
    },
    /// Sign in: asks for the password, remembers the cloud and a token, never the password.
    Login(Login),
    /// Shell completion. Example: `lend completion bash > /etc/bash_completion.d/lend`.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// The version.
    Version,
}

#[derive(Subcommand)]
pub enum Preferences {
    /// Print them.
    Show,
    /// Replace them by what a file says, as printed by `show`.
    Set {
        /// A file with one JSON object; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum Upload {
    /// List them, newest first.
    List {
        #[command(flatten)]
        page: Page,
    },
    /// Give uploads up: nothing of them is kept.
    Cancel {
        /// The uploads.
        #[arg(required = true)]
        uploads: Vec<String>,
    },
}

#[derive(Subcommand)]
pub enum Operator {
    /// List accounts and their projects, with what they have.
    Tenants {
        /// A part of a name, or an id.
        #[arg(value_name = "TEXT")]
        text: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show what the stores hold.
    Storage,
    /// Ask every part whether it works; exit code 1 where one does not.
    Health,
    /// List what people say of the pages of the console, newest first.
    Feedback {
        #[command(flatten)]
        page: Page,
    },
}

#[derive(Subcommand)]
pub enum Show {
    /// Show it.
    Show,
}

#[derive(Subcommand)]
pub enum List {
    /// List them.
    List,
}

#[derive(Args)]
pub struct Login {
    /// Read the password from the first line of standard input.
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Subcommand)]
pub enum Job {
    /// List the project's jobs, newest first.
    List {
        /// Where they are: ready, running, succeeded or failed.
        #[arg(long)]
        state: Option<String>,
        /// What they do: share, image_replicate, image_copy or server_image.
        #[arg(long)]
        kind: Option<String>,
        /// What they work on, or make.
        #[arg(long)]
        image: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Cancel a job that has not ended; what it has done is undone.
    Cancel {
        /// The job.
        id: String,
    },
    /// Show a job with its results.
    Show {
        /// The job.
        id: String,
    },
    /// Wait until a job has ended.
    Wait {
        /// The job.
        id: String,
    },
}

/// A page of a list.
#[derive(Args, Clone, Default)]
pub struct Page {
    /// At most so many.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// What the page before ended with.
    #[arg(long, value_name = "MARKER")]
    pub marker: Option<String>,
}

/// How a batch goes.
#[derive(Args, Clone, Copy)]
pub struct Batch {
    /// Do the good ones where some are refused (exit code 5); else nothing is done (4).
    #[arg(long)]
    pub partial: bool,
    /// Say what would happen and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}
