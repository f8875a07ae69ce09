//! The command line: nouns, verbs, flags. The help texts teach; every group has examples.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// The ids to hand to an owner who wants to share with you.
    #[command(subcommand)]
    Credentials(Show),
    /// The rules in force for your project.
    #[command(subcommand)]
    Policy(Show),
    /// Your project's ceilings and their use.
    #[command(subcommand)]
    Quota(Show),
    /// Work that takes time.
    #[command(subcommand)]
    Job(Job),
    /// The regions of the cloud.
    #[command(subcommand)]
    Region(List),
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
    List(Page),
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

#[derive(Subcommand)]
#[command(
    after_help = "IMAGE is an id or a name; a name that several images have is refused with \
    the list of them."
)]
pub enum Image {
    /// Make a record without bytes.
    Create(CreateImage),
    /// Make an image from a file.
    #[command(after_help = "Examples:
  lend image upload erp --file erp.qcow2 --kind system --tag prod --property os_distro=ubuntu
  qemu-img convert disk.vmdk -O qcow2 /dev/stdout | lend image upload erp --file - --disk-format qcow2
  lend image upload --into 5a1e0d7c-5b7e-4d1b-8f0e-2d7a3cf6a9b0 --file erp.qcow2")]
    Upload(UploadImage),
    /// List images: own, public and accepted ones.
    #[command(after_help = "Examples:
  lend image list --view owned --sort name:asc
  lend image list --name-contains web --tag prod -f value -c id")]
    List(ListImages),
    /// Show an image, and with --long what you may do with it.
    Show {
        /// The image.
        image: String,
    },
    /// Change a record.
    #[command(after_help = "Example: lend image set erp --name erp-2 --tag prod --property a=b")]
    Set(SetImage),
    /// Remove labels or properties of a record.
    Unset(UnsetImage),
    /// Delete images.
    Delete(DeleteImages),
    /// Save the bytes of an image to a file, verified.
    #[command(after_help = "Examples:
  lend image save erp --file erp.qcow2
  lend image save erp --file - | qemu-img info /dev/stdin")]
    Save(SaveImage),
    /// Offer images to other tenants.
    #[command(after_help = "Examples:
  lend image share erp --to 4f0c2a7be1d94c0f9a6d1f0c55d0e291
  lend image share erp web --to ID1,ID2 --note \"for the move\" --partial
The other tenant finds its id with `lend credentials show`.")]
    Share(ShareImages),
    /// Take images back from other tenants.
    Unshare(UnshareImages),
    /// List whom an image is shared with.
    Tenants {
        /// The image; without it, all shares the project has given.
        image: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Make a private copy; no byte moves.
    Replicate(ReplicateImage),
    /// Give an image's bytes back.
    Activate {
        /// The images.
        #[arg(required = true)]
        images: Vec<String>,
    },
    /// Withhold an image's bytes.
    Deactivate {
        /// The images.
        #[arg(required = true)]
        images: Vec<String>,
    },
}

/// What a record says.
#[derive(Args, Clone, Default)]
pub struct Record {
    /// What it holds: system, data, full_server or iso.
    #[arg(long)]
    pub kind: Option<String>,
    /// The format of the bytes: raw, qcow2, vmdk, vhd, vhdx, vdi, iso, …
    #[arg(long)]
    pub disk_format: Option<String>,
    /// What the disk is wrapped in.
    #[arg(long)]
    pub container_format: Option<String>,
    /// Who may see it: private, shared, community or public.
    #[arg(long)]
    pub visibility: Option<String>,
    /// The smallest disk it boots from, GiB.
    #[arg(long, value_name = "GIB")]
    pub min_disk: Option<u32>,
    /// The smallest memory it boots with, MiB.
    #[arg(long, value_name = "MIB")]
    pub min_ram: Option<u32>,
    /// A label; may be repeated.
    #[arg(long)]
    pub tag: Vec<String>,
    /// A property; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub property: Vec<String>,
    /// Keep it from being deleted.
    #[arg(long)]
    pub protected: bool,
    /// Leave it out of default lists.
    #[arg(long)]
    pub hidden: bool,
}

#[derive(Args)]
pub struct CreateImage {
    /// Its name.
    pub name: String,
    /// A UUID of your own choice.
    #[arg(long)]
    pub id: Option<String>,
    #[command(flatten)]
    pub record: Record,
}

#[derive(Args)]
pub struct UploadImage {
    /// Its name.
    #[arg(required_unless_present = "into", conflicts_with = "into")]
    pub name: Option<String>,
    /// The file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub file: String,
    /// Upload into a record that waits for its bytes.
    #[arg(long, value_name = "ID")]
    pub into: Option<String>,
    #[command(flatten)]
    pub record: Record,
}

#[derive(Args)]
pub struct ListImages {
    /// owned, received, private, shared, public, community or all.
    #[arg(long)]
    pub view: Option<String>,
    /// Exactly this name.
    #[arg(long)]
    pub name: Option<String>,
    /// A part of the name, in any case.
    #[arg(long)]
    pub name_contains: Option<String>,
    /// What it holds.
    #[arg(long)]
    pub kind: Option<String>,
    /// Where it is in its life.
    #[arg(long)]
    pub status: Option<String>,
    /// A label it carries; may be repeated.
    #[arg(long)]
    pub tag: Vec<String>,
    /// A property it has; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub property: Vec<String>,
    /// The project that owns it.
    #[arg(long)]
    pub owner: Option<String>,
    /// Hidden images instead of the others.
    #[arg(long)]
    pub hidden: bool,
    /// The order, as name:asc or created_at:desc; comma-separated.
    #[arg(long, value_name = "KEY:DIR")]
    pub sort: Option<String>,
    /// Say how many there are in all.
    #[arg(long)]
    pub total: bool,
    #[command(flatten)]
    pub page: Page,
}

#[derive(Args)]
pub struct SetImage {
    /// The image.
    pub image: String,
    /// A new name.
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub record: Record,
    /// Let it be deleted again.
    #[arg(long, conflicts_with = "protected")]
    pub unprotected: bool,
    /// Show it in default lists again.
    #[arg(long, conflicts_with = "hidden")]
    pub unhidden: bool,
}

#[derive(Args)]
pub struct UnsetImage {
    /// The image.
    pub image: String,
    /// A label; may be repeated.
    #[arg(long)]
    pub tag: Vec<String>,
    /// The name of a property; may be repeated.
    #[arg(long, value_name = "KEY")]
    pub property: Vec<String>,
}

#[derive(Args)]
pub struct DeleteImages {
    /// The images.
    #[arg(required = true)]
    pub images: Vec<String>,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Args)]
pub struct SaveImage {
    /// The image.
    pub image: String,
    /// The file, which must not be there; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub file: String,
}

#[derive(Args)]
pub struct ShareImages {
    /// The images.
    #[arg(required = true)]
    pub images: Vec<String>,
    /// Tenant ids, separated by commas; may be repeated.
    #[arg(long, required = true, value_name = "IDS")]
    pub to: Vec<String>,
    /// A message to the tenants.
    #[arg(long)]
    pub note: Option<String>,
    /// When the unanswered offer lapses, as 2026-12-31T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub lapses_at: Option<String>,
    /// When the access ends.
    #[arg(long, value_name = "TIME")]
    pub ends_at: Option<String>,
    /// You have checked that the image holds no secrets.
    #[arg(long)]
    pub acknowledge: bool,
    #[command(flatten)]
    pub batch: Batch,
}

#[derive(Args)]
pub struct UnshareImages {
    /// The images.
    #[arg(required = true)]
    pub images: Vec<String>,
    /// Tenant ids, separated by commas; may be repeated.
    #[arg(
        long,
        visible_alias = "to",
        value_name = "IDS",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub from: Vec<String>,
    /// From everybody.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub batch: Batch,
}

#[derive(Args)]
pub struct ReplicateImage {
    /// The image.
    pub image: String,
    /// The name of the copy.
    #[arg(long)]
    pub name: Option<String>,
    /// Wait until the copy is there (the default).
    #[arg(long, overrides_with = "no_wait")]
    pub wait: bool,
    /// Do not wait.
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend share list --pending
  lend share accept erp
  lend share accept --all --partial
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
    Accept(AnswerShares),
    /// Reject images; they can be accepted later while the owner still shares them.
    Reject(AnswerShares),
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
