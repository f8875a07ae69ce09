//! VirtualBox's VDI, version 1.1.

use crate::{
    bytes::View,
    format::{Details, Format},
    limits::MAX_ALLOCATION_TABLE_BYTES,
    outline::{Outline, check_size},
    refusal::Refusal,
};

pub(crate) const MAGIC: &[u8] = &0xBEDA_107F_u32.to_le_bytes();
pub(crate) const MAGIC_OFFSET: usize = 0x40;

const KIND_DYNAMIC: u32 = 1;
const KIND_STATIC: u32 = 2;
const KIND_UNDO: u32 = 3;
const KIND_DIFFERENCING: u32 = 4;

pub(crate) fn read(head: &[u8]) -> Result<Outline, Refusal> {
    let view = View::head(Format::Vdi, head);
    view.bytes(0, 512)?;
    let version = view.u32_le(0x44)?;
    if version != 0x0001_0001 {
        return Err(view.unknown(format!("version {}.{}", version >> 16, version & 0xFFFF)));
    }
    let is_static = match view.u32_le(0x4C)? {
        KIND_DYNAMIC => false,
        KIND_STATIC => true,
        KIND_UNDO | KIND_DIFFERENCING => return Err(view.backing(None)),
        other => return Err(view.unknown(format!("image type {other}"))),
    };
    check_no_parent(&view)?;
    let virtual_size_bytes = view.u64_le(0x170)?;
    check_size(Format::Vdi, virtual_size_bytes)?;
    let least = check_blocks(&view, virtual_size_bytes)?;
    Outline::sized(Format::Vdi, virtual_size_bytes, Details::Vdi { is_static }, least)
}

/// The identifiers of a predecessor and of a parent are zero in an image that stands alone.
fn check_no_parent(view: &View<'_>) -> Result<(), Refusal> {
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    if is_zero(view.bytes(0x1A8, 16)?) && is_zero(view.bytes(0x1B8, 16)?) {
        return Ok(());
    }
    Err(view.backing(None))
}

/// How long the file is at least: the block map and all blocks that are said to be allocated.
fn check_blocks(view: &View<'_>, virtual_size_bytes: u64) -> Result<u64, Refusal> {
    let (map_offset, data_offset) = (view.u32_le(0x154)?, view.u32_le(0x158)?);
    let block_bytes = u64::from(view.u32_le(0x178)?);
    let (blocks, allocated) = (u64::from(view.u32_le(0x180)?), u64::from(view.u32_le(0x184)?));
    if !block_bytes.is_power_of_two() || !((4 << 10)..=(256 << 20)).contains(&block_bytes) {
        return Err(view.corrupt(format!("blocks of {block_bytes} bytes")));
    }
    if blocks < virtual_size_bytes.div_ceil(block_bytes) || allocated > blocks {
        return Err(view.corrupt(format!(
            "{allocated} of {blocks} blocks cannot hold {virtual_size_bytes} bytes"
        )));
    }
    let map_bytes = blocks * 4;
    if map_bytes > MAX_ALLOCATION_TABLE_BYTES {
        return Err(view.corrupt(format!("its block map has {map_bytes} bytes")));
    }
    let map_end = u64::from(map_offset) + map_bytes;
    if map_offset < 512 || u64::from(data_offset) < map_end {
        return Err(view.corrupt("its block map overlaps the header or the data"));
    }
    Ok(map_end.max(u64::from(data_offset) + allocated * block_bytes))
}
