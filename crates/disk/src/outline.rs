//! What a header promises, to be held against the whole file at its end.

use crate::{
    format::{Details, Encryption, Format},
    limits::MAX_VIRTUAL_SIZE_BYTES,
    refusal::Refusal,
};

/// What the head of a file says.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    pub format: Format,
    pub size: VirtualSize,
    pub encryption: Option<Encryption>,
    pub details: Details,
    /// The file must be at least this long.
    pub least_length_bytes: u64,
    pub ending: Ending,
}

/// How the size of the disk is known.
#[derive(Debug, Clone, Copy)]
pub(crate) enum VirtualSize {
    Bytes(u64),
    /// The disk is the file, from this offset on.
    FileFrom(u64),
    Unknown,
}

/// What must stand at the end of the file.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    Any,
    /// A VHD footer equal to this one.
    VhdFooter(Box<[u8; 512]>),
    /// The footer of a streamOptimized VMDK with this header.
    VmdkFooter(Box<[u8; 512]>),
}

impl Outline {
    /// A format whose disk is the file itself.
    pub fn plain(format: Format) -> Self {
        Self {
            format,
            size: VirtualSize::FileFrom(0),
            encryption: None,
            details: Details::Plain,
            least_length_bytes: 0,
            ending: Ending::Any,
        }
    }

    /// A container whose header says `virtual_size_bytes`; absurd sizes are refused here, once for all formats.
    pub fn sized(
        format: Format,
        virtual_size_bytes: u64,
        details: Details,
        least_length_bytes: u64,
    ) -> Result<Self, Refusal> {
        check_size(format, virtual_size_bytes)?;
        let size = VirtualSize::Bytes(virtual_size_bytes);
        Ok(Self { size, details, least_length_bytes, ..Self::plain(format) })
    }
}

/// Refuses disks above [`MAX_VIRTUAL_SIZE_BYTES`].
pub(crate) fn check_size(format: Format, virtual_size_bytes: u64) -> Result<(), Refusal> {
    let limit_bytes = MAX_VIRTUAL_SIZE_BYTES;
    if virtual_size_bytes > limit_bytes {
        return Err(Refusal::AbsurdSize { format, virtual_size_bytes, limit_bytes });
    }
    Ok(())
}
