//! QED (QEMU `docs/interop/qed_spec.txt`).

use crate::{
    bytes::View,
    format::{Details, Format},
    outline::Outline,
    refusal::Refusal,
};

pub(crate) const MAGIC: &[u8] = b"QED\0";

const BACKING_FILE: u64 = 1;
const KNOWN_FEATURES: u64 = 0b111;

pub(crate) fn read(head: &[u8]) -> Result<Outline, Refusal> {
    let view = View::head(Format::Qed, head);
    view.bytes(0, 64)?;
    let features = view.u64_le(16)?;
    if features & BACKING_FILE != 0 {
        let (offset, length) = (view.u32_le(56)? as usize, view.u32_le(60)?.min(1023) as usize);
        return Err(view.backing(view.bytes(offset, length).ok()));
    }
    if features & !KNOWN_FEATURES != 0 {
        return Err(view.unknown(format!("feature bits {:#x}", features & !KNOWN_FEATURES)));
    }
    let (cluster_bytes, table_clusters) = (u64::from(view.u32_le(4)?), u64::from(view.u32_le(8)?));
    // The ranges are the specification's: clusters of 4 KiB to 64 MiB, tables of 1 to 16 clusters.
    if !cluster_bytes.is_power_of_two() || !((4 << 10)..=(64 << 20)).contains(&cluster_bytes) {
        return Err(view.corrupt(format!("clusters of {cluster_bytes} bytes")));
    }
    if !table_clusters.is_power_of_two() || table_clusters > 16 {
        return Err(view.corrupt(format!("tables of {table_clusters} clusters")));
    }
    let virtual_size_bytes = view.u64_le(48)?;
    let table_bytes = cluster_bytes * table_clusters;
    let entries = table_bytes / 8;
    let mappable = entries.saturating_mul(entries).saturating_mul(cluster_bytes);
    let l1_offset = view.u64_le(40)?;
    if l1_offset == 0 || !l1_offset.is_multiple_of(cluster_bytes) {
        return Err(view.corrupt(format!("its L1 table is at {l1_offset}")));
    }
    let least = l1_offset.saturating_add(table_bytes);
    let outline = Outline::sized(Format::Qed, virtual_size_bytes, Details::Plain, least)?;
    if virtual_size_bytes > mappable {
        return Err(view.corrupt(format!("its tables cannot map {virtual_size_bytes} bytes")));
    }
    Ok(outline)
}
