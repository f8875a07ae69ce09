//! What an uploaded disk image is, and whether it may be kept.
//!
//! Bytes are pushed into an [`Inspector`] as they arrive, in slices of any size; nothing is read, sought or
//! written here, and at most [`limits::MAX_CAPTURED_BYTES`] of the stream are held at any time. The answer is an
//! [`Inspection`] (format, virtual size, details) or a [`Refusal`] with the fact that decided. It depends on
//! the bytes alone, never on how they were cut into slices.
//!
//! ```
//! use lendglass_disk::{DeclaredFormat, Format, Inspector};
//! let mut inspector = Inspector::new(Some(DeclaredFormat::Raw));
//! inspector.feed(b"a very short disk")?;
//! let found = inspector.finish()?;
//! assert_eq!((found.format, found.virtual_size_bytes), (Format::Raw, Some(17)));
//! # Ok::<(), lendglass_disk::Refusal>(())
//! ```
//!
//! # What is refused, whatever was declared
//!
//! * **References to other files**: backing files, parents, external data files, VMDK extents. Whoever opens such
//!   an image later opens the named file with it (XC-05, T-119; CVE-2024-32498, CVE-2022-47951).
//! * **Absurd sizes**, tables that do not fit their disk, headers that point behind the end of the file.
//! * **Features this crate does not know**: they may be another way to name a file.
//! * **Files that are two things at once.**
//!
//! # Files that are two things at once
//!
//! Two programs that see two formats in one file see two disks, and a check of one says nothing of the other.
//! So two *container* signatures in one file ([`Refusal::Polyglot`]) are always refused; an ISO 9660 volume and a
//! partition table count as a second thing beside a container. The pairs that are one thing by design are named:
//!
//! * a hybrid ISO (ISO 9660 with a partition table) is [`Format::Iso`];
//! * a fixed VHD is a raw disk, partition table and all, with a footer: it is [`Format::Vhd`], and therefore
//!   no longer accepted where raw was declared;
//! * a boot sector of a FAT volume or of a Linux kernel has the MBR's mark but no plausible partition: raw;
//! * an encrypted qcow2 is qcow2, with [`Inspection::encryption`] set.
//!
//! Reading order: [`format`] (the words), [`refusal`], [`inspector`] (the stream), `signature` (who recognises
//! what), then one file per format.

mod bytes;
pub mod format;
pub mod inspector;
pub mod limits;
mod luks;
mod outline;
mod parallels;
mod partition;
mod qcow1;
mod qcow2;
mod qed;
pub mod refusal;
mod signature;
mod vdi;
mod vhd;
mod vhdx;
mod vmdk;
mod vmdk_descriptor;

pub use format::{
    Compression, DeclaredFormat, Details, Encryption, Format, Inspection, UnknownDiskFormat,
    VhdSubformat, VmdkCreateType, matches,
};
pub use inspector::Inspector;
pub use refusal::Refusal;
