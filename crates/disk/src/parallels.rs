//! Parallels' expanding image, which ploop uses as well (QEMU `docs/interop/parallels.txt`).

use crate::{
    bytes::View,
    format::{Details, Format},
    limits::MAX_ALLOCATION_TABLE_BYTES,
    outline::{Outline, check_size},
    refusal::Refusal,
};

/// With 32 bits of sectors.
pub(crate) const MAGIC: &[u8] = b"WithoutFreeSpace";
/// With 64 bits of sectors, and block map entries counted in clusters.
pub(crate) const MAGIC_EXTENDED: &[u8] = b"WithouFreSpacExt";

const HEADER_BYTES: u64 = 64;

pub(crate) fn read(head: &[u8]) -> Result<Outline, Refusal> {
    let view = View::head(Format::Parallels, head);
    view.bytes(0, HEADER_BYTES as usize)?;
    let version = view.u32_le(16)?;
    if version != 2 {
        return Err(view.unknown(format!("version {version}")));
    }
    let (cluster_sectors, entries) = (u64::from(view.u32_le(28)?), u64::from(view.u32_le(32)?));
    let is_extended = head.starts_with(MAGIC_EXTENDED);
    let sectors = if is_extended { view.u64_le(36)? } else { u64::from(view.u32_le(36)?) };
    let virtual_size_bytes = sectors.saturating_mul(512);
    check_size(Format::Parallels, virtual_size_bytes)?;
    if cluster_sectors == 0 || cluster_sectors > (1 << 22) {
        return Err(view.corrupt(format!("clusters of {cluster_sectors} sectors")));
    }
    if entries < sectors.div_ceil(cluster_sectors) {
        return Err(view.corrupt(format!("{entries} clusters cannot hold {sectors} sectors")));
    }
    if entries * 4 > MAX_ALLOCATION_TABLE_BYTES {
        return Err(view.corrupt(format!("its block map has {entries} entries")));
    }
    let least = HEADER_BYTES + entries * 4;
    Outline::sized(Format::Parallels, virtual_size_bytes, Details::Plain, least)
}
