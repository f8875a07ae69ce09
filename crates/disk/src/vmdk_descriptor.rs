//! The text inside a VMDK that says where its data is: the place where a file of the host can be named
//! (CVE-2022-47951). Every line must be understood, and the words that readers search for anywhere in the text,
//! comments included, may stand in their own line only.

use crate::{
    bytes::quote,
    format::{Format, VmdkCreateType},
    refusal::Refusal,
};

/// What a harmless descriptor says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Descriptor {
    pub create_type: VmdkCreateType,
    pub extent_sectors: u64,
}

/// Reads a descriptor, up to its first zero byte.
pub(crate) fn read(bytes: &[u8]) -> Result<Descriptor, Refusal> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or(bytes);
    let create_type = read_create_type(text)?;
    check_no_parent(text)?;
    let mut extent_sectors = None;
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(corrupt(format!(
                "a line of its descriptor is no text: \"{}\"",
                quote(line)
            )));
        }
        match classify(line) {
            Line::Comment | Line::Value => {}
            Line::Extent if extent_sectors.is_some() => {
                return Err(extent(line, "a single file has one extent"));
            }
            Line::Extent => extent_sectors = Some(read_extent(line)?),
            Line::Other => {
                return Err(corrupt(format!("a line of its descriptor is \"{}\"", quote(line))));
            }
        }
    }
    let extent_sectors = extent_sectors.ok_or_else(|| corrupt("its descriptor names no extent"))?;
    Ok(Descriptor { create_type, extent_sectors })
}

/// Why a descriptor that is a file of its own is refused: by its type, its extents, or for being alone.
pub(crate) fn refuse_standalone(bytes: &[u8]) -> Refusal {
    match read(bytes) {
        Err(refusal) => refusal,
        Ok(_) => extent(
            b"descriptor",
            "a descriptor that is a file of its own has its data in another file",
        ),
    }
}

/// How often `word` (lower case) stands in `text`, in any case of letters.
pub(crate) fn count(text: &[u8], word: &[u8]) -> usize {
    text.windows(word.len()).filter(|window| window.eq_ignore_ascii_case(word)).count()
}

enum Line {
    Comment,
    Value,
    Extent,
    Other,
}

fn classify(line: &[u8]) -> Line {
    if line.is_empty() || line.starts_with(b"#") {
        return Line::Comment;
    }
    let first = line.split(u8::is_ascii_whitespace).next().unwrap_or(line);
    let access: [&[u8]; 3] = [b"RW", b"RDONLY", b"NOACCESS"];
    if access.iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return Line::Extent;
    }
    let key = line.split(|byte| *byte == b'=').next().unwrap_or(line).trim_ascii();
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-:".contains(byte);
    if key.len() < line.len() && !key.is_empty() && key.iter().all(is_key) {
        return Line::Value;
    }
    Line::Other
}

fn read_create_type(text: &[u8]) -> Result<VmdkCreateType, Refusal> {
    let unsafe_type = |create_type: String| Refusal::UnsafeVmdkType { create_type };
    let mut found = text.split(|byte| *byte == b'\n').filter_map(|line| value(line, b"createtype"));
    let Some(create_type) = found.next() else {
        return Err(unsafe_type("none".to_owned()));
    };
    if count(text, b"createtype") != 1 {
        return Err(unsafe_type(format!("{} and others", quote(create_type))));
    }
    [VmdkCreateType::MonolithicSparse, VmdkCreateType::StreamOptimized]
        .into_iter()
        .find(|allowed| create_type.eq_ignore_ascii_case(allowed.as_str().as_bytes()))
        .ok_or_else(|| unsafe_type(quote(create_type)))
}

/// A parent is named by a hint or by the content id of the parent, which is all ones where there is none.
fn check_no_parent(text: &[u8]) -> Result<(), Refusal> {
    let lines = || text.split(|byte| *byte == b'\n');
    if count(text, b"parentfilenamehint") > 0 {
        let name = lines().find_map(|line| value(line, b"parentfilenamehint")).map(quote);
        return Err(Refusal::BackingFile { format: Format::Vmdk, name });
    }
    let is_none = |id: &[u8]| id.eq_ignore_ascii_case(b"ffffffff");
    let ids: Vec<_> = lines().filter_map(|line| value(line, b"parentcid")).collect();
    if ids.iter().any(|id| !is_none(id)) {
        return Err(Refusal::BackingFile { format: Format::Vmdk, name: None });
    }
    if ids.len() > 1 || count(text, b"parentcid") != ids.len() {
        return Err(corrupt("its descriptor speaks of more than one parent"));
    }
    Ok(())
}

/// The value of `key = value` or `key="value"`, if the line has this key (lower case).
fn value<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let equals = line.iter().position(|byte| *byte == b'=')?;
    let (found, rest) = line.split_at_checked(equals)?;
    if !found.trim_ascii().eq_ignore_ascii_case(key) {
        return None;
    }
    let value = rest.get(1..)?.trim_ascii();
    Some(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
}

/// The number of sectors of `ACCESS SECTORS SPARSE "NAME"`.
fn read_extent(line: &[u8]) -> Result<u64, Refusal> {
    let quote_at = line.iter().position(|byte| *byte == b'"').unwrap_or(line.len());
    let (words, name) = line.split_at_checked(quote_at).unwrap_or((line, b""));
    let name = name.trim_ascii_end();
    let words: Vec<&[u8]> =
        words.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let [_, sectors, kind] = words.as_slice() else {
        return Err(extent(line, "it is not access, sectors, type and a quoted name"));
    };
    if !kind.eq_ignore_ascii_case(b"SPARSE") {
        return Err(extent(line, "its data is not in this file"));
    }
    check_extent_name(line, name)?;
    std::str::from_utf8(sectors)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| extent(line, "its size is no number"))
}

/// The name is that of the file itself when it was written: a plain file name, never a path, a drive or a protocol.
fn check_extent_name(line: &[u8], quoted: &[u8]) -> Result<(), Refusal> {
    let name = quoted.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\""));
    let Some(name) = name.filter(|name| !name.contains(&b'"')) else {
        return Err(extent(line, "it is not access, sectors, type and a quoted name"));
    };
    if name.is_empty() {
        return Err(extent(line, "its name is empty"));
    }
    if name.iter().any(|byte| b"/\\:".contains(byte)) || name == b".." || name == b"." {
        return Err(extent(line, "its name leads to another file"));
    }
    let flat = b"-flat.vmdk";
    let ending = name.len().checked_sub(flat.len()).and_then(|start| name.get(start..));
    if ending.is_some_and(|ending| ending.eq_ignore_ascii_case(flat)) {
        return Err(extent(line, "its data is in a flat file beside it"));
    }
    Ok(())
}

fn extent(line: &[u8], reason: &'static str) -> Refusal {
    Refusal::VmdkExtent { extent: quote(line), reason }
}

fn corrupt(reason: impl Into<String>) -> Refusal {
    Refusal::Corrupt { format: Format::Vmdk, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Disk DescriptorFile\nversion=1\nCID=cf2ea6de\nparentCID=ffffffff\r\n\
        createType=\"monolithicSparse\"\n\n# Extent description\nRW 2048 SPARSE \"a.vmdk\"\n\n\
        #DDB\nddb.adapterType = \"ide\"\n";

    #[track_caller]
    fn check_refused(from: &str, to: &str, code: &str) {
        assert!(GOOD.contains(from), "{from:?} is not in the descriptor");
        let refusal = read(GOOD.replace(from, to).as_bytes()).unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
    }

    #[test]
    fn a_harmless_descriptor_is_read() {
        let found = read(GOOD.as_bytes()).unwrap();
        let create_type = VmdkCreateType::MonolithicSparse;
        assert_eq!(found, Descriptor { create_type, extent_sectors: 2048 });
    }

    #[test]
    fn extents_that_lead_elsewhere_are_refused() {
        let names = [
            "/etc/passwd",
            "../../secret",
            "sub/dir.vmdk",
            "C:\\secret.vmdk",
            "nbd:localhost:1",
            "json:{}",
            "..",
            "",
            "a\" 0 \"b",
            "disk-flat.vmdk",
            "disk-FLAT.VMDK",
        ];
        for name in names {
            check_refused("a.vmdk", name, "disk_vmdk_extent");
        }
        for kind in ["FLAT", "VMFS", "VMFSSPARSE", "ZERO", "VMFSRDM", "SESPARSE"] {
            check_refused("SPARSE", kind, "disk_vmdk_extent");
        }
        check_refused("2048 ", "", "disk_vmdk_extent");
        check_refused("2048", "-1", "disk_vmdk_extent");
        check_refused("\n\n#DDB", "\n\t RW 1 FLAT \"/etc/shadow\" 0\n#DDB", "disk_vmdk_extent");
    }

    #[test]
    fn create_types_are_named_once_in_a_line_of_their_own() {
        for other in ["monolithicFlat", "twoGbMaxExtentSparse", "vmfs", "fullDevice", "custom", ""]
        {
            check_refused("monolithicSparse", other, "disk_unsafe_vmdk_type");
        }
        check_refused("createType", "notype", "disk_unsafe_vmdk_type");
        check_refused(
            "# Extent",
            "# createType=\"monolithicFlat\"\n# Extent",
            "disk_unsafe_vmdk_type",
        );
    }

    #[test]
    fn parents_are_refused_wherever_they_stand() {
        check_refused("parentCID=ffffffff", "parentCID=12345678", "disk_backing_file");
        check_refused("#DDB", "parentFileNameHint=\"/base.vmdk\"", "disk_backing_file");
        check_refused("#DDB", "# parentFileNameHint=\"/base.vmdk\"", "disk_backing_file");
        check_refused("#DDB", "#parentCID=1234", "disk_corrupt");
    }

    #[test]
    fn lines_that_are_not_understood_are_refused() {
        check_refused("#DDB", "hello world", "disk_corrupt");
        check_refused("#DDB", "a\rRW 1 FLAT \"x\"", "disk_corrupt");
        check_refused("RW 2048 SPARSE \"a.vmdk\"", "", "disk_corrupt");
    }
}
