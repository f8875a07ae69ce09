//! Partition tables of raw disks.

use crate::{bytes::has_at, format::Format};

const ENTRIES_OFFSET: usize = 446;
const ENTRY_BYTES: usize = 16;
const PROTECTIVE: u8 = 0xEE;

/// The partition table at the beginning of a raw disk, if there is a plausible one. A GPT counts with its
/// protective MBR only, at the second sector of 512 or 4096 bytes.
pub(crate) fn find(head: &[u8]) -> Option<Format> {
    let types = plausible_types(head)?;
    let has_gpt = [512, 4096].into_iter().any(|sector| has_at(head, sector, b"EFI PART"));
    if has_gpt && types.contains(&PROTECTIVE) { Some(Format::Gpt) } else { Some(Format::Mbr) }
}

/// The partition types of an MBR, or None where the boot sector is not one: the boot sectors of FAT volumes
/// and of Linux kernels bear the same mark with code where the table would be.
fn plausible_types(head: &[u8]) -> Option<Vec<u8>> {
    if !has_at(head, 510, &[0x55, 0xAA]) {
        return None;
    }
    let table = head.get(ENTRIES_OFFSET..ENTRIES_OFFSET + 4 * ENTRY_BYTES)?;
    let mut types = Vec::with_capacity(4);
    for entry in table.chunks_exact(ENTRY_BYTES) {
        let (boot, kind) = (*entry.first()?, *entry.get(4)?);
        let has_sectors = entry.get(12..16)?.iter().any(|byte| *byte != 0);
        if boot & 0x7F != 0 {
            return None;
        }
        if kind != 0 && has_sectors {
            types.push(kind);
        }
    }
    (!types.is_empty()).then_some(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(entries: &[(u8, u8, u32)]) -> Vec<u8> {
        let mut sector = vec![0; 1024];
        for (index, (boot, kind, sectors)) in entries.iter().enumerate() {
            let start = ENTRIES_OFFSET + index * ENTRY_BYTES;
            sector[start] = *boot;
            sector[start + 4] = *kind;
            sector[start + 12..start + 16].copy_from_slice(&sectors.to_le_bytes());
        }
        sector[510..512].copy_from_slice(&[0x55, 0xAA]);
        sector
    }

    #[test]
    fn a_table_needs_its_mark_and_a_partition() {
        assert_eq!(find(&sector(&[(0x80, 0x83, 2048)])), Some(Format::Mbr));
        assert_eq!(find(&sector(&[])), None);
        assert_eq!(find(&sector(&[(0x80, 0x83, 0)])), None);
        assert_eq!(find(&sector(&[(0x80, 0x83, 5), (0x13, 7, 9)])), None);
        assert_eq!(find(&[0; 300]), None);
    }

    #[test]
    fn gpt_needs_a_protective_mbr() {
        let mut protected = sector(&[(0, PROTECTIVE, u32::MAX)]);
        assert_eq!(find(&protected), Some(Format::Mbr));
        protected[512..520].copy_from_slice(b"EFI PART");
        assert_eq!(find(&protected), Some(Format::Gpt));
        protected[510] = 0;
        assert_eq!(find(&protected), None);
    }
}
