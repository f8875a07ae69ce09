//! qcow version 1, QEMU's oldest format: importable still (T-013), never with a backing file.

use crate::{
    bytes::View,
    format::{Details, Encryption, Format},
    limits::MAX_ALLOCATION_TABLE_BYTES,
    outline::{Outline, check_size},
    refusal::Refusal,
};

const HEADER_BYTES: u64 = 48;

pub(crate) fn read(head: &[u8]) -> Result<Outline, Refusal> {
    let view = View::head(Format::Qcow1, head);
    view.bytes(0, HEADER_BYTES as usize)?;
    let backing_offset = view.u64_be(8)?;
    if backing_offset != 0 {
        let length = view.u32_be(16)?.min(1023) as usize;
        let offset = usize::try_from(backing_offset).ok();
        return Err(view.backing(offset.and_then(|offset| view.bytes(offset, length).ok())));
    }
    let virtual_size_bytes = view.u64_be(24)?;
    check_size(Format::Qcow1, virtual_size_bytes)?;
    let (cluster_bits, l2_bits) = (u32::from(view.u8(32)?), u32::from(view.u8(33)?));
    // The ranges are QEMU's.
    if !(9..=16).contains(&cluster_bits) || !(6..=13).contains(&l2_bits) {
        return Err(view.corrupt(format!("cluster bits {cluster_bits}, L2 bits {l2_bits}")));
    }
    let encryption = match view.u32_be(36)? {
        0 => None,
        1 => Some(Encryption::Aes),
        other => return Err(view.unknown(format!("encryption method {other}"))),
    };
    let l1_bytes = virtual_size_bytes.div_ceil(1 << (cluster_bits + l2_bits)) * 8;
    if l1_bytes > MAX_ALLOCATION_TABLE_BYTES {
        return Err(view.corrupt(format!("its L1 table would have {l1_bytes} bytes")));
    }
    let l1_offset = view.u64_be(40)?;
    let l1_end = l1_offset.checked_add(l1_bytes).filter(|_| l1_offset >= HEADER_BYTES);
    let least = l1_end.ok_or_else(|| view.corrupt(format!("its L1 table is at {l1_offset}")))?;
    let outline = Outline::sized(Format::Qcow1, virtual_size_bytes, Details::Plain, least)?;
    Ok(Outline { encryption, ..outline })
}
