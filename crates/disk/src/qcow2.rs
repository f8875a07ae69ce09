//! qcow2, versions 2 and 3 (QEMU `docs/interop/qcow2.txt`).

use crate::{
    bytes::{View, quote},
    format::{Compression, Details, Encryption, Format},
    limits::{MAX_QCOW2_L1_TABLE_BYTES, MAX_QCOW2_REFCOUNT_TABLE_BYTES, MAX_QCOW2_SNAPSHOTS},
    outline::{Outline, check_size},
    refusal::Refusal,
};

pub(crate) const MAGIC: &[u8] = b"QFI\xfb";

const V2_HEADER_BYTES: usize = 72;
const V3_HEADER_BYTES: usize = 104;

/// An entry of the snapshot table without its id, name and extra data.
const LEAST_SNAPSHOT_BYTES: u64 = 40;

const CORRUPT: u64 = 1 << 1;
const EXTERNAL_DATA: u64 = 1 << 2;
const COMPRESSION_TYPE: u64 = 1 << 3;
const EXTENDED_L2: u64 = 1 << 4;
/// The incompatible features that are known; bit 0 only says that reference counts want a repair.
const KNOWN_INCOMPATIBLE: u64 = 1 | CORRUPT | EXTERNAL_DATA | COMPRESSION_TYPE | EXTENDED_L2;

const EXTENSION_END: u32 = 0;
const EXTENSION_DATA_FILE: u32 = 0x4441_5441;

pub(crate) fn read(head: &[u8]) -> Result<Outline, Refusal> {
    let view = View::head(Format::Qcow2, head);
    let version = view.u32_be(4)?;
    let header_bytes = check_version(&view, version)?;
    view.bytes(0, header_bytes)?;
    check_backing_file(&view)?;
    let incompatible = if version == 2 { 0 } else { view.u64_be(72)? };
    check_features(&view, incompatible)?;
    let cluster_bits = view.u32_be(20)?;
    if !(9..=21).contains(&cluster_bits) {
        return Err(view.corrupt(format!("cluster bits are {cluster_bits}, not 9 to 21")));
    }
    let cluster_bytes = 1u64 << cluster_bits;
    check_extensions(&view, header_bytes, cluster_bytes)?;

    let virtual_size_bytes = view.u64_be(24)?;
    check_size(Format::Qcow2, virtual_size_bytes)?;
    let has_extended_l2 = incompatible & EXTENDED_L2 != 0;
    let l1_end = check_l1_table(&view, virtual_size_bytes, cluster_bits, has_extended_l2)?;
    let refcount_end = check_refcount_table(&view, version, cluster_bytes)?;
    let (snapshots, snapshots_end) = check_snapshots(&view, cluster_bytes)?;

    let compression = read_compression(&view, header_bytes, incompatible)?;
    let details =
        Details::Qcow2 { version, cluster_bytes, compression, has_extended_l2, snapshots };
    let least_length_bytes = l1_end.max(refcount_end).max(snapshots_end).max(header_bytes as u64);
    let outline = Outline::sized(Format::Qcow2, virtual_size_bytes, details, least_length_bytes)?;
    Ok(Outline { encryption: read_encryption(&view)?, ..outline })
}

/// The header's length in bytes, from 72 in version 2, at least 104 in version 3.
fn check_version(view: &View<'_>, version: u32) -> Result<usize, Refusal> {
    match version {
        2 => Ok(V2_HEADER_BYTES),
        3 => {
            let header_bytes = view.u32_be(100)? as usize;
            if header_bytes < V3_HEADER_BYTES
                || !header_bytes.is_multiple_of(8)
                || header_bytes > 4096
            {
                return Err(view.corrupt(format!("header length is {header_bytes}")));
            }
            Ok(header_bytes)
        }
        other => Err(view.unknown(format!("version {other}"))),
    }
}

fn check_backing_file(view: &View<'_>) -> Result<(), Refusal> {
    let offset = view.u64_be(8)?;
    if offset == 0 {
        return Ok(());
    }
    let length = view.u32_be(16)?.min(1023) as usize;
    let name = usize::try_from(offset).ok().and_then(|offset| view.bytes(offset, length).ok());
    Err(view.backing(name))
}

fn check_features(view: &View<'_>, incompatible: u64) -> Result<(), Refusal> {
    if incompatible & EXTERNAL_DATA != 0 {
        return Err(Refusal::ExternalDataFile { name: data_file_name(view) });
    }
    let unknown = incompatible & !KNOWN_INCOMPATIBLE;
    if unknown != 0 {
        return Err(view.unknown(format!("incompatible feature bits {unknown:#x}")));
    }
    if incompatible & CORRUPT != 0 {
        return Err(view.corrupt("its last writer marked it as corrupt"));
    }
    Ok(())
}

/// The name in the data file extension, for the message only: whatever is odd on the way there ends the search.
fn data_file_name(view: &View<'_>) -> Option<String> {
    let mut offset = view.u32_be(100).ok()? as usize;
    loop {
        let kind = view.u32_be(offset).ok()?;
        let length = view.u32_be(offset.checked_add(4)?).ok()? as usize;
        let start = offset.checked_add(8)?;
        match kind {
            EXTENSION_END => return None,
            EXTENSION_DATA_FILE => return view.bytes(start, length).ok().map(quote),
            _ => offset = start.checked_add(length)?.checked_next_multiple_of(8)?,
        }
    }
}

/// Walks the header extensions. They end with an end mark or with the first cluster; all must lie in the
/// captured head, which is a hundred times what any writer needs.
fn check_extensions(
    view: &View<'_>,
    header_bytes: usize,
    cluster_bytes: u64,
) -> Result<(), Refusal> {
    let mut offset = header_bytes;
    while (offset as u64).saturating_add(8) <= cluster_bytes {
        // A version 2 file may end with its header; the tables it points to are checked elsewhere.
        if offset >= view.data.len() && view.data.len() < crate::limits::HEAD_BYTES {
            return Ok(());
        }
        let kind = read_extension_word(view, offset)?;
        let length = read_extension_word(view, offset + 4)? as usize;
        match kind {
            EXTENSION_END => return Ok(()),
            EXTENSION_DATA_FILE => {
                let name = view.bytes(offset + 8, length).ok().map(quote);
                return Err(Refusal::ExternalDataFile { name });
            }
            _ => {}
        }
        let end = offset.saturating_add(8).saturating_add(length);
        if end as u64 > cluster_bytes {
            return Err(
                view.corrupt(format!("header extension {kind:#x} leaves the first cluster"))
            );
        }
        offset = end.next_multiple_of(8);
    }
    Ok(())
}

fn read_extension_word(view: &View<'_>, offset: usize) -> Result<u32, Refusal> {
    if offset.saturating_add(4) > crate::limits::HEAD_BYTES {
        return Err(view.corrupt("the header extensions do not end within 64 KiB"));
    }
    view.u32_be(offset)
}

/// Where the L1 table ends. It must cover the disk, and be no larger than a reader wants to load.
fn check_l1_table(
    view: &View<'_>,
    virtual_size_bytes: u64,
    cluster_bits: u32,
    has_extended_l2: bool,
) -> Result<u64, Refusal> {
    let entries = u64::from(view.u32_be(36)?);
    let offset = view.u64_be(40)?;
    let l2_entry_bits = if has_extended_l2 { 4 } else { 3 };
    let bytes_per_entry = 1u64 << (2 * cluster_bits - l2_entry_bits);
    if entries < virtual_size_bytes.div_ceil(bytes_per_entry) {
        return Err(view.corrupt(format!(
            "an L1 table of {entries} entries cannot map {virtual_size_bytes} bytes"
        )));
    }
    check_table(view, "L1 table", offset, entries * 8, MAX_QCOW2_L1_TABLE_BYTES, cluster_bits)
}

fn check_refcount_table(view: &View<'_>, version: u32, cluster_bytes: u64) -> Result<u64, Refusal> {
    let offset = view.u64_be(48)?;
    let length = u64::from(view.u32_be(56)?) * cluster_bytes;
    if version == 3 && view.u32_be(96)? > 6 {
        return Err(view.corrupt("the reference count order is larger than 6"));
    }
    if length == 0 {
        return Err(view.corrupt("there is no reference count table"));
    }
    let limit = MAX_QCOW2_REFCOUNT_TABLE_BYTES;
    let cluster_bits = cluster_bytes.trailing_zeros();
    let end = check_table(view, "reference count table", offset, length, limit, cluster_bits)?;
    // The last cluster of a file may be short; the table begins inside the file in any case.
    Ok(end.saturating_sub(cluster_bytes - 1))
}

/// The number of internal snapshots, and where their table ends at the least.
fn check_snapshots(view: &View<'_>, cluster_bytes: u64) -> Result<(u32, u64), Refusal> {
    let snapshots = view.u32_be(60)?;
    if snapshots > MAX_QCOW2_SNAPSHOTS {
        return Err(view.corrupt(format!("{snapshots} internal snapshots")));
    }
    let length = u64::from(snapshots) * LEAST_SNAPSHOT_BYTES;
    let cluster_bits = cluster_bytes.trailing_zeros();
    let end = check_table(view, "snapshot table", view.u64_be(64)?, length, length, cluster_bits)?;
    Ok((snapshots, end))
}

/// Where a table of `length` bytes at `offset` ends, after it was found aligned, bounded and not empty by mistake.
fn check_table(
    view: &View<'_>,
    name: &str,
    offset: u64,
    length: u64,
    limit: u64,
    cluster_bits: u32,
) -> Result<u64, Refusal> {
    if length > limit {
        return Err(view.corrupt(format!("the {name} has {length} bytes, more than {limit}")));
    }
    if length == 0 {
        return Ok(0);
    }
    if offset == 0 || !offset.is_multiple_of(1 << cluster_bits) {
        return Err(view.corrupt(format!("the {name} is at {offset}, which is no cluster")));
    }
    offset
        .checked_add(length)
        .ok_or_else(|| view.corrupt(format!("the {name} is at {offset}, behind any file")))
}

fn read_compression(
    view: &View<'_>,
    header_bytes: usize,
    incompatible: u64,
) -> Result<Compression, Refusal> {
    let kind = if header_bytes > V3_HEADER_BYTES { view.u8(104)? } else { 0 };
    match (kind, incompatible & COMPRESSION_TYPE != 0) {
        (0, false) => Ok(Compression::Zlib),
        (1, true) => Ok(Compression::Zstd),
        (0, true) | (1, false) => {
            Err(view.corrupt("the compression type contradicts its feature bit"))
        }
        (other, _) => Err(view.unknown(format!("compression type {other}"))),
    }
}

fn read_encryption(view: &View<'_>) -> Result<Option<Encryption>, Refusal> {
    match view.u32_be(32)? {
        0 => Ok(None),
        1 => Ok(Some(Encryption::Aes)),
        2 => Ok(Some(Encryption::Luks)),
        other => Err(view.unknown(format!("encryption method {other}"))),
    }
}
