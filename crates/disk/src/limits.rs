//! Every bound of this crate, with its unit last and its reason.

/// The largest disk an image may describe. 64 TiB is the most a VHDX can hold and more than any volume the
/// supported clouds sell; what is larger is a size bomb for whoever allocates the volume (XC-05).
pub const MAX_VIRTUAL_SIZE_BYTES: u64 = 64 << 40;

/// How much of the beginning of the stream is kept for recognition. It holds every header, the volume
/// descriptor of an ISO (at 32 KiB) and the whole embedded descriptor of a VMDK.
pub const HEAD_BYTES: usize = 64 << 10;

/// How much of the end of the stream is kept: the footer marker, footer and end marker of a streamOptimized
/// VMDK are three sectors; the footer of a VHD is one.
pub const TAIL_BYTES: usize = 3 * 512;

/// The tail is collected in a buffer of twice its length, so that it moves once per `TAIL_BYTES` and not at
/// each byte of a slow stream.
pub const TAIL_BUFFER_BYTES: usize = 2 * TAIL_BYTES;

/// The fixed part of a VHDX file: identifier, two headers, two region tables of 64 KiB each.
pub const VHDX_HEADER_BYTES: usize = 320 << 10;

/// The metadata table of a VHDX file: a header and at most 2047 entries of 32 bytes.
pub const VHDX_METADATA_TABLE_BYTES: usize = 64 << 10;

/// The metadata items of a VHDX file that are read: parameters, size, sector size.
pub const VHDX_ITEMS_BYTES: usize = 8 + 8 + 4;

/// The metadata region of a VHDX file lies by its specification at 1 MiB or later; writers put it within
/// the first MiBs. Behind this offset the mismatch of a lying file would be found too late to save traffic.
pub const MAX_VHDX_METADATA_OFFSET_BYTES: u64 = 64 << 20;

/// The metadata region of a VHDX file is 1 MiB everywhere; a larger one hides something.
pub const MAX_VHDX_METADATA_REGION_BYTES: u64 = 16 << 20;

/// All bytes of a stream that one inspector ever holds at a time.
pub const MAX_CAPTURED_BYTES: usize =
    VHDX_HEADER_BYTES + VHDX_METADATA_TABLE_BYTES + VHDX_ITEMS_BYTES + TAIL_BUFFER_BYTES;

/// The active L1 table of a qcow2 image; qemu refuses larger ones too.
pub const MAX_QCOW2_L1_TABLE_BYTES: u64 = 32 << 20;

/// The reference count table of a qcow2 image; qemu refuses larger ones too.
pub const MAX_QCOW2_REFCOUNT_TABLE_BYTES: u64 = 8 << 20;

/// Internal snapshots of a qcow2 image. QEMU allows 65,536 and reads them one by one before anything else: a file of
/// 2 KiB with 60,000 of them kept `qemu-img info` busy for 15 seconds. Images to be shared hardly have any.
pub const MAX_QCOW2_SNAPSHOTS: u32 = 1024;

/// Allocation tables of the other formats (VHD, VDI, Parallels, qcow, QED): 64 TiB in 1 MiB blocks of 4 bytes
/// is 256 MiB; a reader that loads more at once is being attacked.
pub const MAX_ALLOCATION_TABLE_BYTES: u64 = 512 << 20;

/// How much of a name found in an image is repeated in a refusal.
pub const MAX_QUOTED_CHARS: usize = 120;

/// Where a dynamic VHD may keep its second header: it follows the first one everywhere, and must be seen
/// within the captured head.
pub const MAX_VHD_DYNAMIC_HEADER_OFFSET_BYTES: u64 = HEAD_BYTES as u64 - 1024;
