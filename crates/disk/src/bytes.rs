//! Reading numbers out of headers that may be too short, without a panic.

use crate::{format::Format, refusal::Refusal};

/// A piece of the stream that belongs to a format; a read behind its end is [`Refusal::Truncated`].
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub format: Format,
    /// Where `data` starts in the stream, for messages.
    pub start: u64,
    pub data: &'a [u8],
}

impl<'a> View<'a> {
    /// The beginning of a file.
    pub fn head(format: Format, data: &'a [u8]) -> Self {
        Self { format, start: 0, data }
    }

    /// `length` bytes at `offset` of this piece.
    pub fn bytes(&self, offset: usize, length: usize) -> Result<&'a [u8], Refusal> {
        let end = offset.saturating_add(length);
        self.data.get(offset..end).ok_or_else(|| Refusal::Truncated {
            format: self.format,
            needed_bytes: self.start.saturating_add(end as u64),
            found_bytes: self.start.saturating_add(self.data.len() as u64),
        })
    }

    fn array<const N: usize>(&self, offset: usize) -> Result<[u8; N], Refusal> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(offset, N)?);
        Ok(array)
    }

    pub fn u8(&self, offset: usize) -> Result<u8, Refusal> {
        Ok(u8::from_le_bytes(self.array(offset)?))
    }

    pub fn u16_le(&self, offset: usize) -> Result<u16, Refusal> {
        Ok(u16::from_le_bytes(self.array(offset)?))
    }

    pub fn u16_be(&self, offset: usize) -> Result<u16, Refusal> {
        Ok(u16::from_be_bytes(self.array(offset)?))
    }

    pub fn u32_le(&self, offset: usize) -> Result<u32, Refusal> {
        Ok(u32::from_le_bytes(self.array(offset)?))
    }

    pub fn u32_be(&self, offset: usize) -> Result<u32, Refusal> {
        Ok(u32::from_be_bytes(self.array(offset)?))
    }

    pub fn u64_le(&self, offset: usize) -> Result<u64, Refusal> {
        Ok(u64::from_le_bytes(self.array(offset)?))
    }

    pub fn u64_be(&self, offset: usize) -> Result<u64, Refusal> {
        Ok(u64::from_be_bytes(self.array(offset)?))
    }

    pub fn corrupt(&self, reason: impl Into<String>) -> Refusal {
        Refusal::Corrupt { format: self.format, reason: reason.into() }
    }

    pub fn unknown(&self, feature: impl Into<String>) -> Refusal {
        Refusal::UnknownFeature { format: self.format, feature: feature.into() }
    }

    pub fn backing(&self, name: Option<&[u8]>) -> Refusal {
        Refusal::BackingFile { format: self.format, name: name.map(quote) }
    }
}

/// Whether `data` has `expected` at `offset`; a short `data` has not.
pub(crate) fn has_at(data: &[u8], offset: usize, expected: &[u8]) -> bool {
    data.get(offset..).is_some_and(|rest| rest.starts_with(expected))
}

/// A name out of a hostile file, bounded and without control characters, fit for a message or a log line.
pub(crate) fn quote(name: &[u8]) -> String {
    let shown = name.get(..crate::limits::MAX_QUOTED_CHARS * 4).unwrap_or(name);
    let text = String::from_utf8_lossy(shown);
    let mut quoted: String =
        text.chars().flat_map(char::escape_debug).take(crate::limits::MAX_QUOTED_CHARS).collect();
    if text.chars().flat_map(char::escape_debug).nth(crate::limits::MAX_QUOTED_CHARS).is_some() {
        quoted.push('…');
    }
    quoted
}

/// The CRC-32C (Castagnoli) that VHDX protects its tables with, over `data` with four bytes at `zeroed` taken as zero.
pub(crate) fn crc32c_without(data: &[u8], zeroed: usize) -> u32 {
    let mut crc = u32::MAX;
    for (index, byte) in data.iter().enumerate() {
        let is_zeroed = index.checked_sub(zeroed).is_some_and(|distance| distance < 4);
        let byte = if is_zeroed { 0 } else { *byte };
        crc = CRC32C.get(usize::from((crc as u8) ^ byte)).copied().unwrap_or(0) ^ (crc >> 8);
    }
    !crc
}

const CRC32C: [u32; 256] = crc32c_table();

const fn crc32c_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut entry = index as u32;
        let mut bit = 0;
        while bit < 8 {
            entry = if entry & 1 == 1 { (entry >> 1) ^ 0x82F6_3B78 } else { entry >> 1 };
            bit += 1;
        }
        table[index] = entry;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32c_matches_the_published_check_value() {
        assert_eq!(crc32c_without(b"123456789", usize::MAX), 0xE306_9283);
        assert_eq!(crc32c_without(b"1234XXXX9", 4), crc32c_without(b"1234\0\0\0\x009", 100));
    }

    #[test]
    fn quotes_are_bounded_and_printable() {
        assert_eq!(quote(b"/etc/\n\x1b[2J"), "/etc/\\n\\u{1b}[2J");
        assert_eq!(quote(&[b'a'; 5000]).chars().count(), crate::limits::MAX_QUOTED_CHARS + 1);
        assert_eq!(quote(&[0xff; 10]), "\u{fffd}".repeat(10));
    }

    #[test]
    fn reads_behind_the_end_say_how_much_was_needed() {
        let view = View { format: Format::Qed, start: 100, data: &[1, 2, 3] };
        assert_eq!(view.u16_le(1).unwrap(), 0x0302);
        assert_eq!(
            view.u32_be(1).unwrap_err(),
            Refusal::Truncated { format: Format::Qed, needed_bytes: 105, found_bytes: 103 }
        );
        assert!(view.bytes(usize::MAX, 2).is_err());
    }
}
