//! Microsoft's VHD 1.0, which QEMU calls "vpc".

use crate::{
    bytes::View,
    format::{Details, Format, VhdSubformat},
    limits::{MAX_ALLOCATION_TABLE_BYTES, MAX_VHD_DYNAMIC_HEADER_OFFSET_BYTES},
    outline::{Ending, Outline, check_size},
    refusal::Refusal,
};

pub(crate) const COOKIE: &[u8] = b"conectix";
pub(crate) const FOOTER_BYTES: usize = 512;

const DYNAMIC_COOKIE: &[u8] = b"cxsparse";
const DYNAMIC_HEADER_BYTES: usize = 1024;

const KIND_FIXED: u32 = 2;
const KIND_DYNAMIC: u32 = 3;
const KIND_DIFFERENCING: u32 = 4;

/// Reads a file that begins with the copy of its footer: a dynamic disk.
pub(crate) fn read_dynamic(head: &[u8]) -> Result<Outline, Refusal> {
    let view = View::head(Format::Vhd, head);
    let kind = check_footer(&view)?;
    if kind != KIND_DYNAMIC {
        return Err(view.corrupt("a fixed disk has no footer at its beginning"));
    }
    let virtual_size_bytes = view.u64_be(48)?;
    check_size(Format::Vhd, virtual_size_bytes)?;
    let table_end = check_dynamic_header(&view, virtual_size_bytes)?;
    let mut footer = [0; FOOTER_BYTES];
    footer.copy_from_slice(view.bytes(0, FOOTER_BYTES)?);
    let details = Details::Vhd { subformat: VhdSubformat::Dynamic };
    let least = table_end.saturating_add(FOOTER_BYTES as u64);
    let outline = Outline::sized(Format::Vhd, virtual_size_bytes, details, least)?;
    Ok(Outline { ending: Ending::VhdFooter(Box::new(footer)), ..outline })
}

/// Reads the last 512 bytes of a file without a container header, which bear the cookie: a fixed disk.
pub(crate) fn read_fixed(footer: &[u8], length_bytes: u64) -> Result<Outline, Refusal> {
    let disk_bytes = length_bytes.saturating_sub(FOOTER_BYTES as u64);
    let view = View { format: Format::Vhd, start: disk_bytes, data: footer };
    let kind = check_footer(&view)?;
    if kind != KIND_FIXED {
        return Err(view.corrupt("the copy of its footer at the beginning is missing"));
    }
    let virtual_size_bytes = view.u64_be(48)?;
    let details = Details::Vhd { subformat: VhdSubformat::Fixed };
    let least = virtual_size_bytes.saturating_add(FOOTER_BYTES as u64);
    let outline = Outline::sized(Format::Vhd, virtual_size_bytes, details, least)?;
    if virtual_size_bytes < disk_bytes {
        return Err(view.corrupt(format!(
            "its footer says {virtual_size_bytes} bytes, before it are {disk_bytes}"
        )));
    }
    Ok(outline)
}

/// Whether the end of a dynamic disk is the footer it began with. Only the identity of the disk may not differ:
/// writers update the saved-state byte and the like in one of the two only.
pub(crate) fn check_ending(
    expected: &[u8; FOOTER_BYTES],
    last: &[u8],
    length_bytes: u64,
) -> Result<(), Refusal> {
    let expected = View::head(Format::Vhd, expected);
    let start = length_bytes.saturating_sub(FOOTER_BYTES as u64);
    let view = View { format: Format::Vhd, start, data: last };
    if !last.starts_with(COOKIE) {
        return Err(Refusal::Truncated {
            format: Format::Vhd,
            needed_bytes: length_bytes.saturating_add(FOOTER_BYTES as u64),
            found_bytes: length_bytes,
        });
    }
    check_footer(&view)?;
    // Data offset; sizes, geometry and type; unique id.
    for (offset, length) in [(16, 8), (40, 24), (68, 16)] {
        if view.bytes(offset, length)? != expected.bytes(offset, length)? {
            return Err(view.corrupt("the footers at its beginning and its end disagree"));
        }
    }
    Ok(())
}

/// The type of the disk, once version and checksum are right and it has no parent.
fn check_footer(view: &View<'_>) -> Result<u32, Refusal> {
    let footer = view.bytes(0, FOOTER_BYTES)?;
    let version = view.u32_be(12)?;
    if version >> 16 != 1 {
        return Err(view.unknown(format!("version {}.{}", version >> 16, version & 0xFFFF)));
    }
    let kind = view.u32_be(60)?;
    if kind == KIND_DIFFERENCING {
        return Err(view.backing(None));
    }
    if kind != KIND_FIXED && kind != KIND_DYNAMIC {
        return Err(view.unknown(format!("disk type {kind}")));
    }
    if checksum(footer, 64) != view.u32_be(64)? {
        return Err(view.corrupt("the checksum of its footer is wrong"));
    }
    Ok(kind)
}

/// Where the block allocation table ends, once the second header fits the disk and names no parent.
fn check_dynamic_header(view: &View<'_>, virtual_size_bytes: u64) -> Result<u64, Refusal> {
    let offset = view.u64_be(16)?;
    if !(FOOTER_BYTES as u64..=MAX_VHD_DYNAMIC_HEADER_OFFSET_BYTES).contains(&offset) {
        return Err(view.corrupt(format!("its second header is at {offset}")));
    }
    let bytes = view.bytes(offset as usize, DYNAMIC_HEADER_BYTES)?;
    let header = View { format: Format::Vhd, start: offset, data: bytes };
    if !bytes.starts_with(DYNAMIC_COOKIE) {
        return Err(view.corrupt("its second header has no cookie"));
    }
    // The name of the parent, then eight locators of it.
    let parent = header.bytes(64, 704)?;
    if parent.iter().any(|byte| *byte != 0) {
        return Err(view.backing(None));
    }
    if checksum(bytes, 36) != header.u32_be(36)? {
        return Err(view.corrupt("the checksum of its second header is wrong"));
    }
    let (table_offset, entries) = (header.u64_be(16)?, u64::from(header.u32_be(28)?));
    let block_bytes = u64::from(header.u32_be(32)?);
    if !block_bytes.is_power_of_two() || block_bytes < 512 {
        return Err(view.corrupt(format!("blocks of {block_bytes} bytes")));
    }
    if entries < virtual_size_bytes.div_ceil(block_bytes) {
        return Err(
            view.corrupt(format!("{entries} blocks cannot hold {virtual_size_bytes} bytes"))
        );
    }
    if entries * 4 > MAX_ALLOCATION_TABLE_BYTES {
        return Err(view.corrupt(format!("its block table has {entries} entries")));
    }
    table_offset
        .checked_add(entries * 4)
        .ok_or_else(|| view.corrupt(format!("its block table is at {table_offset}")))
}

/// The one's complement of the sum of all bytes but the four of the checksum itself.
fn checksum(bytes: &[u8], own_offset: usize) -> u32 {
    let own = own_offset..own_offset + 4;
    let others = bytes.iter().enumerate().filter(|(index, _)| !own.contains(index));
    !others.fold(0u32, |sum, (_, byte)| sum.wrapping_add(u32::from(*byte)))
}
