//! Microsoft's VHDX (MS-VHDX): the only format whose size lies MiBs into the file, so that its reader is a
//! sequence of captures: the fixed header of 320 KiB, the metadata table it points to, the items that points to.

use crate::{
    bytes::{View, crc32c_without, has_at},
    format::{Details, Format},
    limits::{
        MAX_VHDX_METADATA_OFFSET_BYTES, MAX_VHDX_METADATA_REGION_BYTES, VHDX_HEADER_BYTES,
        VHDX_METADATA_TABLE_BYTES,
    },
    outline::Outline,
    refusal::Refusal,
};

pub(crate) const SIGNATURE: &[u8] = b"vhdxfile";

const MIB: u64 = 1 << 20;
const HEADER_OFFSETS: [usize; 2] = [64 << 10, 128 << 10];
const REGION_TABLE_OFFSETS: [usize; 2] = [192 << 10, 256 << 10];
const REGION_TABLE_BYTES: usize = 64 << 10;
const MAX_ENTRIES: u32 = 2047;

type Guid = [u8; 16];

const BAT_REGION: Guid = guid(0x2DC2_7766, 0xF623, 0x4200, 0x9D64_115E_9BFD_4A08);
const METADATA_REGION: Guid = guid(0x8B7C_A206, 0x4790, 0x4B9A, 0xB8FE_575F_050F_886E);

const FILE_PARAMETERS: Guid = guid(0xCAA1_6737, 0xFA36, 0x4D43, 0xB3B6_33F0_AA44_E76B);
const VIRTUAL_DISK_SIZE: Guid = guid(0x2FA5_4224, 0xCD1B, 0x4876, 0xB211_5DBE_D83B_F4B8);
const LOGICAL_SECTOR_SIZE: Guid = guid(0x8141_BF1D, 0xA96F, 0x4709, 0xBA47_F233_A8FA_AB5F);
const PHYSICAL_SECTOR_SIZE: Guid = guid(0xCDA3_48C7, 0x445D, 0x4471, 0x9CC9_E988_5251_C556);
const PAGE_83_DATA: Guid = guid(0xBECA_12AB, 0xB2E6, 0x4523, 0x93EF_C309_E000_C746);
const PARENT_LOCATOR: Guid = guid(0xA8D3_5F2D, 0xB30B, 0x454D, 0xABF7_D3D8_4834_AB0C);

const HAS_PARENT: u32 = 1 << 1;
const ITEM_IS_REQUIRED: u32 = 1 << 2;

/// The bytes of a GUID as Microsoft writes them: three little-endian numbers, then eight bytes.
const fn guid(first: u32, second: u16, third: u16, rest: u64) -> Guid {
    let (a, b, c, d) =
        (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes(), rest.to_be_bytes());
    [a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]]
}

/// A piece of the stream that is still to come.
#[derive(Debug)]
struct Capture {
    offset: u64,
    wanted: usize,
    data: Vec<u8>,
}

impl Capture {
    fn new(offset: u64, wanted: usize) -> Self {
        Self { offset, wanted, data: Vec::with_capacity(wanted) }
    }

    /// Takes what it misses from a slice that stands at `position` of the stream.
    fn offer(&mut self, position: u64, slice: &[u8]) {
        let next = self.offset + self.data.len() as u64;
        let skipped = next.checked_sub(position).and_then(|skip| usize::try_from(skip).ok());
        if let Some(rest) = skipped.and_then(|skip| slice.get(skip..)) {
            let taken = rest.len().min(self.wanted - self.data.len());
            self.data.extend_from_slice(rest.get(..taken).unwrap_or_default());
        }
    }

    fn is_complete(&self) -> bool {
        self.data.len() == self.wanted
    }

    fn view(&self) -> View<'_> {
        View { format: Format::Vhdx, start: self.offset, data: &self.data }
    }
}

#[derive(Debug, Clone, Copy)]
struct Region {
    offset: u64,
    length: u64,
}

#[derive(Debug)]
enum Stage {
    Table(Capture),
    Items { parameters: Capture, size: Capture, sector: Capture },
}

/// The rest of a VHDX file after its fixed header.
#[derive(Debug)]
pub(crate) struct Stream {
    bat: Region,
    metadata: Region,
    log_end: u64,
    stage: Stage,
}

impl Stream {
    /// Reads the fixed header of [`VHDX_HEADER_BYTES`]; `head` may be shorter only if the file is.
    pub fn open(head: &[u8]) -> Result<Self, Refusal> {
        let view = View::head(Format::Vhdx, head);
        view.bytes(0, VHDX_HEADER_BYTES)?;
        let log_end = check_headers(&view)?;
        let (bat, metadata) = read_regions(&view)?;
        let stage = Stage::Table(Capture::new(metadata.offset, VHDX_METADATA_TABLE_BYTES));
        Ok(Self { bat, metadata, log_end, stage })
    }

    /// Takes the next slice; returns the outline once everything is known.
    pub fn feed(&mut self, position: u64, slice: &[u8]) -> Result<Option<Outline>, Refusal> {
        if let Stage::Table(table) = &mut self.stage {
            table.offer(position, slice);
            if !table.is_complete() {
                return Ok(None);
            }
            self.stage = find_items(&table.view(), self.metadata)?;
        }
        let Stage::Items { parameters, size, sector } = &mut self.stage else {
            return Ok(None);
        };
        let mut is_complete = true;
        for capture in [parameters, size, sector] {
            capture.offer(position, slice);
            is_complete &= capture.is_complete();
        }
        if is_complete { self.outline().map(Some) } else { Ok(None) }
    }

    /// Why a file that ended before its outline was known is refused.
    pub fn refuse_end(&self, length_bytes: u64) -> Refusal {
        Refusal::Truncated {
            format: Format::Vhdx,
            needed_bytes: self.metadata.offset.saturating_add(self.metadata.length),
            found_bytes: length_bytes,
        }
    }

    pub fn captured_bytes(&self) -> usize {
        match &self.stage {
            Stage::Table(table) => table.data.capacity(),
            Stage::Items { parameters, size, sector } => {
                parameters.data.capacity() + size.data.capacity() + sector.data.capacity()
            }
        }
    }

    fn outline(&self) -> Result<Outline, Refusal> {
        let Stage::Items { parameters, size, sector } = &self.stage else {
            return Err(self.refuse_end(0));
        };
        let view = parameters.view();
        let (block_bytes, flags) = (view.u32_le(0)?, view.u32_le(4)?);
        if flags & HAS_PARENT != 0 {
            return Err(view.backing(None));
        }
        if !block_bytes.is_power_of_two() || !(1 << 20..=256 << 20).contains(&block_bytes) {
            return Err(view.corrupt(format!("blocks of {block_bytes} bytes")));
        }
        let logical_sector_bytes = sector.view().u32_le(0)?;
        if logical_sector_bytes != 512 && logical_sector_bytes != 4096 {
            return Err(view.corrupt(format!("sectors of {logical_sector_bytes} bytes")));
        }
        let virtual_size_bytes = size.view().u64_le(0)?;
        let details = Details::Vhdx { block_bytes, logical_sector_bytes };
        let least = [self.bat, self.metadata]
            .iter()
            .map(|region| region.offset.saturating_add(region.length))
            .fold(self.log_end, u64::max);
        let outline = Outline::sized(Format::Vhdx, virtual_size_bytes, details, least)?;
        if !virtual_size_bytes.is_multiple_of(u64::from(logical_sector_bytes)) {
            return Err(view.corrupt(format!(
                "its size of {virtual_size_bytes} bytes is no multiple of a sector"
            )));
        }
        if self.bat.length / 8 < virtual_size_bytes.div_ceil(u64::from(block_bytes)) {
            return Err(view.corrupt("its block table is too short for its size"));
        }
        Ok(outline)
    }
}

/// Checks the header that counts (the newer of the valid ones) and returns where the log ends. A log that is to be
/// replayed may rewrite any byte of the file, the metadata included, after it was checked: refused.
fn check_headers(view: &View<'_>) -> Result<u64, Refusal> {
    let mut newest: Option<(u64, View<'_>)> = None;
    for offset in HEADER_OFFSETS {
        let bytes = view.bytes(offset, 4096)?;
        let header = View { format: Format::Vhdx, start: offset as u64, data: bytes };
        let is_valid = has_at(bytes, 0, b"head") && header.u32_le(4)? == crc32c_without(bytes, 4);
        let sequence = header.u64_le(8)?;
        if is_valid && newest.is_none_or(|(other, _)| sequence > other) {
            newest = Some((sequence, header));
        }
    }
    let Some((_, header)) = newest else {
        return Err(view.corrupt("neither of its headers is valid"));
    };
    let version = header.u16_le(66)?;
    if version != 1 {
        return Err(view.unknown(format!("version {version}")));
    }
    if header.bytes(48, 16)?.iter().any(|byte| *byte != 0) {
        return Err(view.corrupt(
            "its log has changes that were not written yet; open and close it with its writer first",
        ));
    }
    Ok(header.u64_le(72)?.saturating_add(u64::from(header.u32_le(68)?)))
}

/// The block table's and the metadata's place. There are two copies of the table; which one a reader takes is its
/// choice, so that they must agree.
fn read_regions(view: &View<'_>) -> Result<(Region, Region), Refusal> {
    let [first, second] = REGION_TABLE_OFFSETS;
    let bytes = view.bytes(first, REGION_TABLE_BYTES)?;
    let table = View { format: Format::Vhdx, start: first as u64, data: bytes };
    if !has_at(bytes, 0, b"regi") || table.u32_le(4)? != crc32c_without(bytes, 4) {
        return Err(view.corrupt("its region table is invalid"));
    }
    if view.bytes(second, REGION_TABLE_BYTES)? != bytes {
        return Err(view.corrupt("its two region tables disagree"));
    }
    let entries = table.u32_le(8)?;
    if entries > MAX_ENTRIES {
        return Err(view.corrupt(format!("{entries} regions")));
    }
    let (mut bat, mut metadata) = (None, None);
    for entry in 0..entries as usize {
        let at = 16 + entry * 32;
        let kind = table.bytes(at, 16)?;
        let region =
            Region { offset: table.u64_le(at + 16)?, length: u64::from(table.u32_le(at + 24)?) };
        let place = if kind == BAT_REGION {
            &mut bat
        } else if kind == METADATA_REGION {
            &mut metadata
        } else if table.u32_le(at + 28)? & 1 != 0 {
            return Err(view.unknown(format!("required region {}", hex(kind))));
        } else {
            continue;
        };
        if place.replace(region).is_some() {
            return Err(view.corrupt("a region is named twice"));
        }
        if region.offset < MIB || !region.offset.is_multiple_of(MIB) || region.length == 0 {
            return Err(view.corrupt(format!("a region is at {}", region.offset)));
        }
    }
    let (Some(bat), Some(metadata)) = (bat, metadata) else {
        return Err(view.corrupt("its region table names no block table or no metadata"));
    };
    check_metadata_region(view, metadata)?;
    Ok((bat, metadata))
}

fn check_metadata_region(view: &View<'_>, metadata: Region) -> Result<(), Refusal> {
    if metadata.offset > MAX_VHDX_METADATA_OFFSET_BYTES {
        return Err(view.corrupt(format!("its metadata is at {}", metadata.offset)));
    }
    let range = VHDX_METADATA_TABLE_BYTES as u64..=MAX_VHDX_METADATA_REGION_BYTES;
    if !range.contains(&metadata.length) {
        return Err(view.corrupt(format!("its metadata has {} bytes", metadata.length)));
    }
    Ok(())
}

/// Where the items are that decide. All of them lie behind the table, hence are still to come.
fn find_items(table: &View<'_>, region: Region) -> Result<Stage, Refusal> {
    if !has_at(table.data, 0, b"metadata") {
        return Err(table.corrupt("its metadata has no signature"));
    }
    let entries = table.u16_le(10)?;
    if u32::from(entries) > MAX_ENTRIES {
        return Err(table.corrupt(format!("{entries} metadata items")));
    }
    let (mut parameters, mut size, mut sector) = (None, None, None);
    for entry in 0..usize::from(entries) {
        let at = 32 + entry * 32;
        let kind: &[u8] = table.bytes(at, 16)?;
        let (offset, length) = (table.u32_le(at + 16)?, table.u32_le(at + 20)?);
        let (place, wanted) = if kind == FILE_PARAMETERS {
            (&mut parameters, 8)
        } else if kind == VIRTUAL_DISK_SIZE {
            (&mut size, 8)
        } else if kind == LOGICAL_SECTOR_SIZE {
            (&mut sector, 4)
        } else if kind == PARENT_LOCATOR {
            return Err(table.backing(None));
        } else if kind == PHYSICAL_SECTOR_SIZE || kind == PAGE_83_DATA {
            continue;
        } else if table.u32_le(at + 24)? & ITEM_IS_REQUIRED != 0 {
            return Err(table.unknown(format!("required metadata item {}", hex(kind))));
        } else {
            continue;
        };
        let fits = u64::from(offset) + u64::from(length) <= region.length;
        if (offset as usize) < VHDX_METADATA_TABLE_BYTES || length as usize != wanted || !fits {
            return Err(table.corrupt(format!("a metadata item of {length} bytes is at {offset}")));
        }
        let capture = Capture::new(region.offset + u64::from(offset), wanted);
        if place.replace(capture).is_some() {
            return Err(table.corrupt("a metadata item is named twice"));
        }
    }
    match (parameters, size, sector) {
        (Some(parameters), Some(size), Some(sector)) => {
            Ok(Stage::Items { parameters, size, sector })
        }
        _ => Err(table.corrupt("its parameters, size or sector size are missing")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
