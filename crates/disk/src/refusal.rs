//! Why a file is not kept.

use std::fmt;

use crate::format::{DeclaredFormat, Format};

/// The fact that decided against a file. Names out of the file are shortened and free of control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The image is a difference to another file: backing file, parent, differencing disk.
    BackingFile {
        /// The format that says so.
        format: Format,
        /// The other file, where the header tells it.
        name: Option<String>,
    },
    /// The data of the image lies in another file.
    ExternalDataFile {
        /// The other file, where the header tells it.
        name: Option<String>,
    },
    /// An extent of a VMDK that leads out of the file.
    VmdkExtent {
        /// The extent's type or file name, as written.
        extent: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A VMDK of a type that keeps its data elsewhere, or says no type.
    UnsafeVmdkType {
        /// The type as written.
        create_type: String,
    },
    /// A disk larger than [`crate::limits::MAX_VIRTUAL_SIZE_BYTES`].
    AbsurdSize {
        /// The format that says so.
        format: Format,
        /// What it says, in bytes, saturated.
        virtual_size_bytes: u64,
        /// The limit, in bytes.
        limit_bytes: u64,
    },
    /// The file ends before what its header promises.
    Truncated {
        /// The format that promises.
        format: Format,
        /// How long the file would have to be, at least.
        needed_bytes: u64,
        /// How long it is.
        found_bytes: u64,
    },
    /// The header contradicts itself or the file.
    Corrupt {
        /// The format with the contradiction.
        format: Format,
        /// The contradiction.
        reason: String,
    },
    /// The image uses something that is not known to be harmless.
    UnknownFeature {
        /// The format concerned.
        format: Format,
        /// The unknown version, bits or item.
        feature: String,
    },
    /// The file is two things at once.
    Polyglot {
        /// One of them.
        first: Format,
        /// The other.
        second: Format,
    },
    /// The file is not what its sender said.
    Mismatch {
        /// What was said.
        declared: DeclaredFormat,
        /// What was found.
        found: Format,
    },
}

impl Refusal {
    /// A stable word for this kind of refusal, for catalogues and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BackingFile { .. } => "disk_backing_file",
            Self::ExternalDataFile { .. } => "disk_external_data_file",
            Self::VmdkExtent { .. } => "disk_vmdk_extent",
            Self::UnsafeVmdkType { .. } => "disk_unsafe_vmdk_type",
            Self::AbsurdSize { .. } => "disk_absurd_size",
            Self::Truncated { .. } => "disk_truncated",
            Self::Corrupt { .. } => "disk_corrupt",
            Self::UnknownFeature { .. } => "disk_unknown_feature",
            Self::Polyglot { .. } => "disk_polyglot",
            Self::Mismatch { .. } => "disk_format_mismatch",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BackingFile { format, name: Some(name) } => {
                write!(
                    f,
                    "The {format} image depends on another file, \"{name}\"; flatten it before uploading."
                )
            }
            Self::BackingFile { format, name: None } => {
                write!(
                    f,
                    "The {format} image depends on another file; flatten it before uploading."
                )
            }
            Self::ExternalDataFile { name: Some(name) } => {
                write!(
                    f,
                    "The qcow2 image keeps its data in another file, \"{name}\"; convert it to a single file."
                )
            }
            Self::ExternalDataFile { name: None } => f.write_str(
                "The qcow2 image keeps its data in another file; convert it to a single file.",
            ),
            Self::VmdkExtent { extent, reason } => {
                write!(f, "The VMDK extent \"{extent}\" is refused: {reason}.")
            }
            Self::UnsafeVmdkType { create_type } => write!(
                f,
                "VMDK images of type \"{create_type}\" are refused; convert it to streamOptimized or monolithicSparse."
            ),
            Self::AbsurdSize { format, virtual_size_bytes, limit_bytes } => write!(
                f,
                "The {format} image describes a disk of {virtual_size_bytes} bytes; at most {limit_bytes} are allowed."
            ),
            Self::Truncated { format, needed_bytes, found_bytes } => write!(
                f,
                "The {format} image ends after {found_bytes} bytes, but its header promises at least {needed_bytes}."
            ),
            Self::Corrupt { format, reason } => {
                write!(f, "The {format} image is corrupt: {reason}.")
            }
            Self::UnknownFeature { format, feature } => {
                write!(f, "The {format} image uses something unknown: {feature}.")
            }
            Self::Polyglot { first, second } => {
                write!(f, "The file is {first} and {second} at once; such files are refused.")
            }
            Self::Mismatch { declared, found } => {
                write!(f, "The image was declared as {declared} but its content is {found}.")
            }
        }
    }
}

impl std::error::Error for Refusal {}
