//! Which disk format a file has: by its first bytes, else by its name. The server decides; this only
//! saves typing.

/// Bytes to look at: the ISO 9660 mark lies at 32,769.
pub const HEAD_BYTES: usize = 32_774;

/// (where, what, format).
const MARKS: &[(usize, &[u8], &str)] = &[
    (0, b"QFI\xfb", "qcow2"),
    (0, b"QED\0", "qed"),
    (0, b"KDMV", "vmdk"),
    (0, b"# Disk DescriptorFile", "vmdk"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vhd"),
    (0, b"LUKS\xba\xbe", "luks"),
    (0x40, &[0x7f, 0x10, 0xda, 0xbe], "vdi"),
    (0x8001, b"CD001", "iso"),
];

/// (ending, format).
const ENDINGS: &[(&str, &str)] = &[
    ("qcow2", "qcow2"),
    ("img", "raw"),
    ("raw", "raw"),
    ("vmdk", "vmdk"),
    ("vhd", "vhd"),
    ("vhdx", "vhdx"),
    ("vdi", "vdi"),
    ("iso", "iso"),
];

/// The format of a file that begins with `head` and is called `name`, if either tells.
pub fn sniff(head: &[u8], name: &str) -> Option<&'static str> {
    let has = |(at, mark, _): &&(usize, &[u8], &str)| head.get(*at..at + mark.len()) == Some(mark);
    if let Some((_, _, format)) = MARKS.iter().find(has) {
        return Some(format);
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())?;
    ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, format)| *format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_goes_before_the_name() {
        assert_eq!(sniff(b"QFI\xfb\0\0\0\x03", "disk.raw"), Some("qcow2"));
        assert_eq!(sniff(b"\0\0\0\0", "disk.IMG"), Some("raw"));
        assert_eq!(sniff(b"\0\0\0\0", "disk"), None);
        let mut iso = vec![0; HEAD_BYTES];
        iso[0x8001..0x8006].copy_from_slice(b"CD001");
        assert_eq!(sniff(&iso, "disk.img"), Some("iso"));
    }
}
