//! VMware's VMDK (Virtual Disk Format 5.0): only files that hold their own data are accepted.

use crate::{
    bytes::{View, has_at},
    format::{Details, Format},
    limits::HEAD_BYTES,
    outline::{Ending, Outline, check_size},
    refusal::Refusal,
    vmdk_descriptor,
};

pub(crate) const SPARSE_MAGIC: &[u8] = b"KDMV";
/// The sparse extent of ESX hosts, used for snapshots: a difference to another file.
pub(crate) const COWD_MAGIC: &[u8] = b"COWD";
/// The space-efficient sparse extent, used for snapshots as well: magic and version.
pub(crate) const SESPARSE_MAGIC: &[u8] =
    &[0xBE, 0xBA, 0xFE, 0xCA, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0];

const SECTOR_BYTES: u64 = 512;
const HEADER_BYTES: usize = 512;
/// The grain directory's place is in the footer.
const AT_END: u64 = u64::MAX;
const FOOTER_MARKER: u32 = 3;

/// Reads what begins with one of the magics, or is a text descriptor.
pub(crate) fn read(head: &[u8]) -> Result<Outline, Refusal> {
    let unsafe_type = |name: &str| Err(Refusal::UnsafeVmdkType { create_type: name.to_owned() });
    if head.starts_with(SPARSE_MAGIC) {
        read_sparse(head)
    } else if head.starts_with(COWD_MAGIC) {
        unsafe_type("vmfsSparse (COWD)")
    } else if head.starts_with(SESPARSE_MAGIC) {
        unsafe_type("seSparse")
    } else {
        Err(vmdk_descriptor::refuse_standalone(head))
    }
}

/// Whether this is a VMDK descriptor without a disk: as its first line says, as QEMU's probe decides (comments,
/// then a version), or because it is text with a create type.
pub(crate) fn is_text_descriptor(head: &[u8]) -> bool {
    const TITLE: &[u8] = b"# Disk DescriptorFile";
    let has_title = head.get(..TITLE.len()).is_some_and(|start| start.eq_ignore_ascii_case(TITLE));
    has_title || begins_with_version(head) || is_text_with_create_type(head)
}

fn begins_with_version(head: &[u8]) -> bool {
    let first = head.split(|byte| *byte == b'\n').find(|line| {
        let line = line.trim_ascii();
        !line.is_empty() && !line.starts_with(b"#")
    });
    let words: [&[u8]; 3] = [b"version=1", b"version=2", b"version=3"];
    first.is_some_and(|line| words.contains(&line.trim_ascii()))
}

fn is_text_with_create_type(head: &[u8]) -> bool {
    let text = head.split(|byte| *byte == 0).next().unwrap_or(head);
    let is_text = text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    is_text && vmdk_descriptor::count(text, b"createtype=") > 0
}

fn read_sparse(head: &[u8]) -> Result<Outline, Refusal> {
    let view = View::head(Format::Vmdk, head);
    view.bytes(0, HEADER_BYTES)?;
    let header = Header::read(&view)?;
    header.check(&view)?;
    let descriptor = vmdk_descriptor::read(embedded_descriptor(&view, &header)?)?;

    // The size of the extent may be unrounded where the capacity is rounded to grains.
    let grains = |sectors: u64| sectors.div_ceil(header.grain_sectors);
    if grains(descriptor.extent_sectors) != grains(header.capacity_sectors) {
        return Err(view.corrupt(format!(
            "its descriptor says {} sectors, its header {}",
            descriptor.extent_sectors, header.capacity_sectors
        )));
    }
    let virtual_size_bytes = header.capacity_sectors.saturating_mul(SECTOR_BYTES);
    let details = Details::Vmdk { create_type: descriptor.create_type };
    let outline =
        Outline::sized(Format::Vmdk, virtual_size_bytes, details, header.least_length_bytes())?;
    if header.directory_sector != AT_END {
        return Ok(outline);
    }
    let mut copy = [0; HEADER_BYTES];
    copy.copy_from_slice(view.bytes(0, HEADER_BYTES)?);
    Ok(Outline { ending: Ending::VmdkFooter(Box::new(copy)), ..outline })
}

/// The bytes of the embedded descriptor. It follows the header in every writer's files; a descriptor elsewhere
/// would be a second one that another reader may take.
fn embedded_descriptor<'a>(view: &View<'a>, header: &Header) -> Result<&'a [u8], Refusal> {
    if header.descriptor_sector == 0 || header.descriptor_sectors == 0 {
        let create_type = "bare extent without a descriptor".to_owned();
        return Err(Refusal::UnsafeVmdkType { create_type });
    }
    if header.descriptor_sector != 1 {
        let sector = header.descriptor_sector;
        return Err(view.corrupt(format!("its descriptor is at sector {sector} instead of 1")));
    }
    let length = header.descriptor_sectors.saturating_mul(SECTOR_BYTES);
    if length > (HEAD_BYTES - HEADER_BYTES) as u64 {
        return Err(view.corrupt(format!("its descriptor has {length} bytes")));
    }
    view.bytes(HEADER_BYTES, length as usize)
}

struct Header {
    version: u32,
    flags: u32,
    capacity_sectors: u64,
    grain_sectors: u64,
    descriptor_sector: u64,
    descriptor_sectors: u64,
    table_entries: u32,
    directory_sector: u64,
    overhead_sectors: u64,
    compression: u16,
}

impl Header {
    fn read(view: &View<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            version: view.u32_le(4)?,
            flags: view.u32_le(8)?,
            capacity_sectors: view.u64_le(12)?,
            grain_sectors: view.u64_le(20)?,
            descriptor_sector: view.u64_le(28)?,
            descriptor_sectors: view.u64_le(36)?,
            table_entries: view.u32_le(44)?,
            directory_sector: view.u64_le(56)?,
            overhead_sectors: view.u64_le(64)?,
            compression: view.u16_le(77)?,
        })
    }

    fn check(&self, view: &View<'_>) -> Result<(), Refusal> {
        if !(1..=3).contains(&self.version) {
            return Err(view.unknown(format!("version {}", self.version)));
        }
        // Readers take a sparse header without a capacity for a mere descriptor and open what its extents name.
        if self.capacity_sectors == 0 {
            return Err(view.corrupt("its capacity is 0"));
        }
        check_size(Format::Vmdk, self.capacity_sectors.saturating_mul(SECTOR_BYTES))?;
        if !self.grain_sectors.is_power_of_two() || self.grain_sectors > (1 << 16) {
            return Err(view.corrupt(format!("grains of {} sectors", self.grain_sectors)));
        }
        if !(1..=512).contains(&self.table_entries) {
            return Err(view.corrupt(format!("grain tables of {} entries", self.table_entries)));
        }
        if self.compression > 1 {
            return Err(view.unknown(format!("compression {}", self.compression)));
        }
        const KNOWN_FLAGS: u32 = 0x0003_0007;
        if self.flags & !KNOWN_FLAGS != 0 {
            return Err(view.unknown(format!("flags {:#x}", self.flags & !KNOWN_FLAGS)));
        }
        if self.directory_sector == 0 {
            return Err(view.corrupt("it has no grain directory"));
        }
        Ok(())
    }

    /// The end of the grain directory where the header tells its place, and of the metadata in any case.
    fn least_length_bytes(&self) -> u64 {
        let overhead_end = self.overhead_sectors.saturating_mul(SECTOR_BYTES);
        if self.directory_sector == AT_END {
            return overhead_end;
        }
        let tables = self
            .capacity_sectors
            .div_ceil(self.grain_sectors)
            .div_ceil(u64::from(self.table_entries).max(1));
        let directory_end =
            self.directory_sector.saturating_mul(SECTOR_BYTES).saturating_add(tables * 4);
        overhead_end.max(directory_end)
    }
}

/// Checks the last three sectors of a streamOptimized file: marker, footer, end of stream. The footer takes
/// precedence over the header, so that it must say the same.
pub(crate) fn check_ending(
    header: &[u8; HEADER_BYTES],
    tail: &[u8],
    length_bytes: u64,
) -> Result<(), Refusal> {
    let first = View::head(Format::Vmdk, header);
    let start = length_bytes.saturating_sub(tail.len() as u64);
    let view = View { format: Format::Vmdk, start, data: tail };
    view.bytes(0, 3 * HEADER_BYTES)?;
    let is_marker = view.u32_le(8)? == 0 && view.u32_le(12)? == FOOTER_MARKER;
    let is_end = view.bytes(2 * HEADER_BYTES, 16)?.iter().all(|byte| *byte == 0);
    if !is_marker || !is_end || !has_at(tail, HEADER_BYTES, SPARSE_MAGIC) {
        return Err(Refusal::Truncated {
            format: Format::Vmdk,
            needed_bytes: length_bytes.saturating_add(3 * SECTOR_BYTES),
            found_bytes: length_bytes,
        });
    }
    let footer = View { data: view.bytes(HEADER_BYTES, HEADER_BYTES)?, ..view };
    let directory_sector = footer.u64_le(56)?;
    if directory_sector == AT_END {
        return Err(view.corrupt("its footer points to another footer"));
    }
    if directory_sector == 0 || directory_sector.saturating_mul(SECTOR_BYTES) >= length_bytes {
        return Err(view.corrupt(format!("its grain directory is at sector {directory_sector}")));
    }
    // Version and flags; capacity, grain and descriptor; compression.
    for (offset, length) in [(4, 8), (12, 36), (77, 2)] {
        if footer.bytes(offset, length)? != first.bytes(offset, length)? {
            return Err(view.corrupt("its footer contradicts its header"));
        }
    }
    Ok(())
}
