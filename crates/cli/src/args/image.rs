//! `lend image …`.

use clap::{Args, Subcommand};

use super::{Batch, Page};

#[derive(Subcommand)]
#[command(
    after_help = "IMAGE is an id or a name; a name that several images have is refused with \
    the list of them."
)]
pub enum Image {
    /// Make a record without bytes.
    Create(CreateImage),
    /// Make an image from a file.
    #[command(
        after_help = "Large files go on by themselves after a broken line; after Ctrl-C with --resume.

Examples:
  lend image upload --resume 7d3c1f0e9a2b4c5d8e6f7a8b9c0d1e2f --file erp.qcow2
  lend image upload erp --file erp.qcow2 --kind system --tag prod --property os_distro=ubuntu
  qemu-img convert disk.vmdk -O qcow2 /dev/stdout | lend image upload erp --file - --disk-format qcow2
  lend image upload --into 5a1e0d7c-5b7e-4d1b-8f0e-2d7a3cf6a9b0 --file erp.qcow2"
    )]
    Upload(UploadImage),
    /// List images: own, public and accepted ones.
    #[command(after_help = "Examples:
  lend image list --view owned --sort name:asc
  lend image list --name-contains web --tag prod -f value -c id")]
    List(ListImages),
    /// Count images by operating system.
    Systems {
        /// Of which images, as in `lend image list`.
        #[arg(long, default_value = "public")]
        view: String,
    },
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
    /// List the disks of an image; a full server has several.
    Disks {
        /// The image.
        image: String,
    },
    /// Save the bytes of an image to a file, verified.
    #[command(after_help = "Examples:
  lend image save erp --file erp.qcow2
  lend image save erp --file - | qemu-img info /dev/stdin")]
    Save(SaveImage),
    /// Read the bytes of an image again where they are stored, and hold them against their digest.
    #[command(after_help = "Fails where they are damaged; they are not served any more then.

Example: lend image verify erp")]
    Verify {
        /// The image.
        image: String,
    },
    /// Offer images to other tenants.
    #[command(after_help = "Examples:
  lend image share erp --to 4f0c2a7be1d94c0f9a6d1f0c55d0e291
  lend image share erp web --to ID1,ID2 --note \"for the move\" --partial
The other tenant finds its id with `lend credentials show`.")]
    Share(ShareImages),
    /// Take images back from other tenants.
    Unshare(UnshareImages),
    /// Ask tenants who have not answered for an answer, once a day each.
    #[command(after_help = "Examples:
  lend image remind erp --all
  lend image remind erp --to 4f0c2a7be1d94c0f9a6d1f0c55d0e291")]
    Remind(UnshareImages),
    /// List whom an image is shared with.
    Tenants {
        /// The image; without it, all shares the project has given.
        image: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Make a private copy; no byte moves.
    Replicate(ReplicateImage),
    /// Copy an image into another region; a job moves the bytes.
    #[command(
        after_help = "Example: lend image copy erp --to-region r2 --to-project ID --name erp-2"
    )]
    Copy(CopyImage),
    /// Move an image into another project of yours in this region: shares, accepts and replicates
    /// it, and ends with a private copy there.
    #[command(after_help = "Example: lend image move-copy erp --to A2")]
    MoveCopy {
        /// The image.
        image: String,
        /// Your project that gets it, by name or id.
        #[arg(long, value_name = "PROJECT")]
        to: String,
    },
    /// Publish a private image to the marketplace.
    Publish {
        /// The image.
        image: String,
    },
    /// Withdraw an image from the marketplace.
    Unpublish {
        /// The image.
        image: String,
    },
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
    #[arg(required_unless_present_any = ["into", "resume"], conflicts_with_all = ["into", "resume"])]
    pub name: Option<String>,
    /// The file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub file: String,
    /// Upload into a record that waits for its bytes.
    #[arg(long, value_name = "ID")]
    pub into: Option<String>,
    /// Go on with an unfinished upload; `lend upload list` has its id.
    #[arg(long, value_name = "UPLOAD", conflicts_with = "into")]
    pub resume: Option<String>,
    #[command(flatten)]
    pub record: Record,
}

#[derive(Args)]
pub struct ListImages {
    /// owned, received, private, shared, public, community, market or all.
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
    /// A tag it carries, as KEY or KEY=VALUE; may be repeated, and all must match.
    #[arg(long)]
    pub tag: Vec<String>,
    /// Only images that are shared with somebody, or only the others.
    #[arg(long, value_name = "yes|no")]
    pub shared: Option<String>,
    /// Only images in the marketplace, or only the others.
    #[arg(long, value_name = "yes|no")]
    pub published: Option<String>,
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
    /// Its place among public images, small numbers first and 0 for none; for the operator.
    #[arg(long, value_name = "N")]
    pub rank: Option<u32>,
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
    /// Delete the backups that full-server images were made from as well.
    #[arg(long)]
    pub backups: bool,
    /// Say what would happen and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args)]
pub struct SaveImage {
    /// The image.
    pub image: String,
    /// The file, which must not be there; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub file: String,
    /// One disk of a full server, as `lend image disks` numbers them.
    #[arg(long, value_name = "N")]
    pub disk: Option<u32>,
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
    /// Its description; "" for none. Else it has that of the image.
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Wait until the copy is there (the default).
    #[arg(long, overrides_with = "no_wait")]
    pub wait: bool,
    /// Do not wait.
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Args)]
pub struct CopyImage {
    /// The image.
    pub image: String,
    /// The region that gets it.
    #[arg(long, value_name = "REGION")]
    pub to_region: String,
    /// The project there that shall own it, by id; needed where you can act in several.
    #[arg(long = "to-project", value_name = "ID")]
    pub to_project: Option<String>,
    /// The name of the copy.
    #[arg(long)]
    pub name: Option<String>,
    /// Its description; "" for none. Else it has that of the image.
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Wait until the copy is there (the default).
    #[arg(long, overrides_with = "no_wait")]
    pub wait: bool,
    /// Do not wait.
    #[arg(long)]
    pub no_wait: bool,
}
