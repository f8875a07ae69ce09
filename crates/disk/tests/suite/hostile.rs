//! Files made to harm: each is refused, with the right word and the fact that decided (XC-05, T-119).

use crate::support::{MIB, Workbench, check_refused, inspect, inspect_as, patched, replaced};
use lendglass_disk::{DeclaredFormat, Format, Refusal, limits};

#[test]
fn qcow2_with_a_backing_file_is_refused() {
    let bench = Workbench::new();
    bench.create("base", "raw", &[], "10M");
    for compat in ["compat=0.10", "compat=1.1"] {
        let options = [compat, "backing_file=base,backing_fmt=raw"];
        let image = bench.create("overlay", "qcow2", &options, "10M");
        check_refused(&image, "disk_backing_file", "\"base\"");
        let host = replaced(&image, b"base", b"/etc");
        check_refused(&host, "disk_backing_file", "\"/etc\"");
    }
    let plain = bench.create("plain", "qcow2", &[], "10M");
    check_refused(
        &patched(&plain, 8, &u64::MAX.to_be_bytes()),
        "disk_backing_file",
        "another file",
    );
}

#[test]
fn older_formats_with_a_backing_file_are_refused() {
    let bench = Workbench::new();
    bench.create("base", "raw", &[], "10M");
    for format in ["qcow", "qed"] {
        let options = ["backing_file=base,backing_fmt=raw"];
        let image = bench.create(format, format, &options, "10M");
        check_refused(&image, "disk_backing_file", "\"base\"");
    }
}

#[test]
fn qcow2_with_an_external_data_file_is_refused() {
    let bench = Workbench::new();
    for raw in ["data_file=secret", "data_file=secret,data_file_raw=on"] {
        let image = bench.create("image", "qcow2", &[raw], "10M");
        check_refused(&image, "disk_external_data_file", "\"secret\"");
        // The extension alone, without the bit, is refused as well.
        check_refused(&patched(&image, 79, &[0]), "disk_external_data_file", "\"secret\"");
    }
    let bare = bench.create("bare", "qcow2", &[], "10M");
    check_refused(&patched(&bare, 79, &[4]), "disk_external_data_file", "another file");
}

#[test]
fn qcow2_headers_that_lie_are_refused() {
    let bench = Workbench::new();
    let image = bench.create("image", "qcow2", &[], "10M");
    let header = |offset: usize, value: &[u8], code: &str, fact: &str| {
        check_refused(&patched(&image, offset, value), code, fact);
    };
    header(4, &4u32.to_be_bytes(), "disk_unknown_feature", "version 4");
    header(72, &[0x80], "disk_unknown_feature", "0x8000000000000000");
    header(79, &[0x20], "disk_unknown_feature", "0x20");
    header(79, &[2], "disk_corrupt", "marked it as corrupt");
    header(20, &8u32.to_be_bytes(), "disk_corrupt", "cluster bits are 8");
    header(20, &22u32.to_be_bytes(), "disk_corrupt", "cluster bits are 22");
    header(20, &u32::MAX.to_be_bytes(), "disk_corrupt", "cluster bits");
    header(32, &9u32.to_be_bytes(), "disk_unknown_feature", "encryption method 9");
    header(36, &0u32.to_be_bytes(), "disk_corrupt", "L1 table of 0 entries");
    header(36, &u32::MAX.to_be_bytes(), "disk_corrupt", "L1 table has");
    header(40, &1u64.to_be_bytes(), "disk_corrupt", "which is no cluster");
    header(40, &(1u64 << 62).to_be_bytes(), "disk_truncated", "promises at least");
    header(48, &0u64.to_be_bytes(), "disk_corrupt", "reference count table is at 0");
    header(56, &0u32.to_be_bytes(), "disk_corrupt", "no reference count table");
    header(56, &u32::MAX.to_be_bytes(), "disk_corrupt", "reference count table has");
    header(60, &1025u32.to_be_bytes(), "disk_corrupt", "1025 internal snapshots");
    header(60, &9u32.to_be_bytes(), "disk_corrupt", "snapshot table is at 0");
    let table = [9u32.to_be_bytes(), [0; 4], (3u32 << 16).to_be_bytes()].concat();
    header(60, &table, "disk_truncated", "promises at least");
    header(96, &7u32.to_be_bytes(), "disk_corrupt", "reference count order");
    header(100, &8u32.to_be_bytes(), "disk_corrupt", "header length is 8");
    header(100, &u32::MAX.to_be_bytes(), "disk_corrupt", "header length is");
    header(104, &[1], "disk_corrupt", "compression type contradicts");
    header(104, &[7], "disk_unknown_feature", "compression type 7");
    header(116, &u32::MAX.to_be_bytes(), "disk_corrupt", "leaves the first cluster");

    let wide = bench.create("wide", "qcow2", &["cluster_size=2M"], "10M");
    let long = patched(&wide, 112, &[[0, 0, 0, 9], 100_000u32.to_be_bytes()].concat());
    check_refused(&long, "disk_corrupt", "do not end within 64 KiB");
}

#[test]
fn absurd_sizes_are_refused() {
    let bench = Workbench::new();
    let limit = limits::MAX_VIRTUAL_SIZE_BYTES;
    let pib = 1u64 << 50;
    let huge = bench.create("huge", "qcow2", &["cluster_size=2M"], "1P");
    check_refused(&huge, "disk_absurd_size", &pib.to_string());
    let image = bench.create("image", "qcow2", &[], "10M");
    check_refused(
        &patched(&image, 24, &u64::MAX.to_be_bytes()),
        "disk_absurd_size",
        &limit.to_string(),
    );
    let at_limit = bench.create("limit", "qcow2", &["cluster_size=2M"], "64T");
    assert_eq!(inspect(&at_limit).unwrap().virtual_size_bytes, Some(limit));

    for (format, offset, bytes) in [
        ("qcow", 24, pib.to_be_bytes()),
        ("qed", 48, pib.to_le_bytes()),
        ("vdi", 0x170, pib.to_le_bytes()),
        ("parallels", 36, (pib / 512).to_le_bytes()),
        ("vmdk", 12, (pib / 512).to_le_bytes()),
        ("vmdk", 12, u64::MAX.to_le_bytes()),
    ] {
        let image = bench.create(format, format, &[], "10M");
        check_refused(&patched(&image, offset, &bytes), "disk_absurd_size", "describes a disk of");
    }
    let vhd = with_footer(&bench.create("vhd", "vpc", &[], "10M"), 0, 48, &pib.to_be_bytes());
    check_refused(&vhd, "disk_absurd_size", &pib.to_string());
    let vhdx = bench.create("vhdx", "vhdx", &["subformat=dynamic"], "10M");
    let size_at = (3 << 20) + (64 << 10) + 8;
    check_refused(
        &patched(&vhdx, size_at, &pib.to_le_bytes()),
        "disk_absurd_size",
        &pib.to_string(),
    );
}

#[test]
fn vmdk_types_with_data_elsewhere_are_refused() {
    let bench = Workbench::new();
    for (subformat, extent) in [
        ("monolithicFlat", None),
        ("twoGbMaxExtentSparse", Some("image-s001.vmdk")),
        ("twoGbMaxExtentFlat", None),
    ] {
        let option = format!("subformat={subformat}");
        let descriptor = bench.create("image.vmdk", "vmdk", &[&option], "10M");
        check_refused(&descriptor, "disk_unsafe_vmdk_type", subformat);
        if let Some(extent) = extent {
            check_refused(&bench.read(extent), "disk_unsafe_vmdk_type", "none");
        }
    }
    let mut cowd = vec![0; 4096];
    cowd[..4].copy_from_slice(b"COWD");
    check_refused(&cowd, "disk_unsafe_vmdk_type", "COWD");
    let sesparse = [0xCAFE_BABEu64.to_le_bytes(), 0x2_0000_0001u64.to_le_bytes()].concat();
    check_refused(&sesparse, "disk_unsafe_vmdk_type", "seSparse");
}

/// A text descriptor as CVE-2022-47951 used it, with this type and extent.
fn descriptor(create_type: &str, extent: &str) -> Vec<u8> {
    format!("# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"{create_type}\"\n{extent}\n")
        .into_bytes()
}

#[test]
fn vmdk_descriptors_that_name_host_files_are_refused() {
    let flat = r#"RW 20480 FLAT "/etc/shadow" 0"#;
    check_refused(&descriptor("monolithicFlat", flat), "disk_unsafe_vmdk_type", "monolithicFlat");
    for create_type in ["monolithicSparse", "streamOptimized"] {
        check_refused(&descriptor(create_type, flat), "disk_vmdk_extent", "/etc/shadow");
        let sparse = r#"RW 20480 SPARSE "other.vmdk""#;
        check_refused(&descriptor(create_type, sparse), "disk_vmdk_extent", "file of its own");
    }
    // Readers do not need the first line, nor the version.
    let text = descriptor("monolithicSparse", flat);
    let untitled = text.split(|byte| *byte == b'\n').skip(1).collect::<Vec<_>>().join(&b'\n');
    check_refused(&untitled, "disk_vmdk_extent", "/etc/shadow");
    check_refused(
        b"\n\ncreateType=\"custom\"\nRW 1 FLAT \"/x\"",
        "disk_unsafe_vmdk_type",
        "custom",
    );
    for declared in [DeclaredFormat::Raw, DeclaredFormat::Aki] {
        let found = Format::Vmdk;
        assert_eq!(inspect_as(declared, &text), Err(Refusal::Mismatch { declared, found }));
    }
}

#[test]
fn vmdk_embedded_descriptors_that_lie_are_refused() {
    let bench = Workbench::new();
    let image = bench.create("abcdefgh.vmdk", "vmdk", &[], "10M");
    let text = |from: &str, to: &str, code: &str, fact: &str| {
        check_refused(&replaced(&image, from.as_bytes(), to.as_bytes()), code, fact);
    };
    text("abcdefgh.vmdk", "/etc/shadow//", "disk_vmdk_extent", "/etc/shadow");
    text("abcdefgh.vmdk", "../../x/y.vmd", "disk_vmdk_extent", "leads to another file");
    text("abcdefgh.vmdk", "abc-flat.vmdk", "disk_vmdk_extent", "flat file");
    text("SPARSE", "FLAT  ", "disk_vmdk_extent", "not in this file");
    text("monolithicSparse", "monolithicFlat  ", "disk_unsafe_vmdk_type", "monolithicFlat");
    text("createType", "CreateTypo", "disk_unsafe_vmdk_type", "none");
    text("parentCID=ffffffff", "parentCID=00000001", "disk_backing_file", "another file");
    text("RW 20480 ", "RW 99999 ", "disk_corrupt", "99999 sectors");
    text("RW 20480 ", "XX 20480 ", "disk_corrupt", "XX 20480");
    let header = |offset: usize, value: &[u8], code: &str, fact: &str| {
        check_refused(&patched(&image, offset, value), code, fact);
    };
    header(4, &[9], "disk_unknown_feature", "version 9");
    header(8, &[0xFF], "disk_unknown_feature", "flags 0xf8");
    header(12, &[0; 8], "disk_corrupt", "capacity is 0");
    header(20, &[3], "disk_corrupt", "grains of 3 sectors");
    header(28, &[0], "disk_unsafe_vmdk_type", "without a descriptor");
    header(28, &[2], "disk_corrupt", "at sector 2");
    header(36, &u64::MAX.to_le_bytes(), "disk_corrupt", "descriptor has");
    header(44, &[0; 4], "disk_corrupt", "grain tables of 0");
    header(56, &[0; 8], "disk_corrupt", "no grain directory");
    header(77, &[5], "disk_unknown_feature", "compression 5");
    // A header that promises a footer which is not there.
    header(56, &[0xFF; 8], "disk_truncated", "promises at least");
}

/// A streamOptimized file in the form VMware writes: the directory's place is in a footer at the end.
fn stream_with_footer(bench: &Workbench) -> Vec<u8> {
    let mut image = bench.convert("stream.vmdk", "vmdk", &["-o", "subformat=streamOptimized"]);
    let mut footer = image[..512].to_vec();
    footer[56..64].copy_from_slice(&image[56..64]);
    image[56..64].copy_from_slice(&[0xFF; 8]);
    let mut marker = vec![0; 512];
    marker[0] = 1;
    marker[12] = 3;
    image.extend_from_slice(&[marker, footer, vec![0; 512]].concat());
    image
}

#[test]
fn vmdk_footers_are_held_against_the_header() {
    let bench = Workbench::new();
    let image = stream_with_footer(&bench);
    std::fs::write(bench.path("footer.vmdk"), &image).unwrap();
    let found = inspect(&image).unwrap();
    assert_eq!(found.virtual_size_bytes, Some(bench.virtual_size("footer.vmdk", "vmdk")));

    let footer = image.len() - 1024;
    let lie = |offset: usize, value: &[u8], code: &str, fact: &str| {
        check_refused(&patched(&image, footer + offset, value), code, fact);
    };
    lie(0, b"XXXX", "disk_truncated", "promises at least");
    lie(12, &[1], "disk_corrupt", "contradicts its header");
    lie(28, &[7], "disk_corrupt", "contradicts its header");
    lie(56, &[0xFF; 8], "disk_corrupt", "another footer");
    lie(56, &u64::MAX.to_le_bytes()[1..], "disk_corrupt", "grain directory is at");
    lie(512, &[1], "disk_truncated", "promises at least");
    for cut in [1, 511, 512, 1024, 1536, 70_000] {
        check_refused(&image[..image.len() - cut], "disk_truncated", "vmdk image ends after");
    }
}

/// The checksum of VHD structures, written anew after a change of `value` at `offset` of the footer at `at`.
fn with_footer(image: &[u8], at: usize, offset: usize, value: &[u8]) -> Vec<u8> {
    with_checksum(&patched(image, at + offset, value), at, 512, 64)
}

fn with_checksum(image: &[u8], at: usize, length: usize, own: usize) -> Vec<u8> {
    let zeroed = patched(image, at + own, &[0; 4]);
    let sum: u32 = zeroed[at..at + length].iter().map(|byte| u32::from(*byte)).sum();
    patched(image, at + own, &(!sum).to_be_bytes())
}

#[test]
fn vhd_that_differ_or_lie_are_refused() {
    let bench = Workbench::new();
    let image = bench.convert("dynamic.vhd", "vpc", &["-o", "force_size=on"]);
    let footer = |offset: usize, value: &[u8], code: &str, fact: &str| {
        check_refused(&with_footer(&image, 0, offset, value), code, fact);
    };
    footer(60, &4u32.to_be_bytes(), "disk_backing_file", "vhd image depends");
    footer(60, &2u32.to_be_bytes(), "disk_corrupt", "no footer at its beginning");
    footer(60, &9u32.to_be_bytes(), "disk_unknown_feature", "disk type 9");
    footer(12, &[0, 7], "disk_unknown_feature", "version 7.0");
    footer(16, &[0xFF; 8], "disk_corrupt", "second header is at");
    footer(48, &(9 * MIB).to_be_bytes(), "disk_corrupt", "cannot hold");
    footer(48, &(7 * MIB).to_be_bytes(), "disk_corrupt", "disagree");
    check_refused(&patched(&image, 64, &[0; 4]), "disk_corrupt", "checksum of its footer");
    check_refused(&patched(&image, 512, b"x"), "disk_corrupt", "no cookie");
    check_refused(&patched(&image, 512 + 36, &[0; 4]), "disk_corrupt", "checksum of its second");
    let parent = "parent.vhd".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    check_refused(&patched(&image, 512 + 64, &parent), "disk_backing_file", "another file");
    let small_blocks = patched(&image, 512 + 32, &1000u32.to_be_bytes());
    check_refused(&with_checksum(&small_blocks, 512, 1024, 36), "disk_corrupt", "blocks of 1000");
    for cut in [1, 512, 513] {
        check_refused(&image[..image.len() - cut], "disk_truncated", "vhd image ends after");
    }
}

#[test]
fn vhd_fixed_footers_must_fit_their_file() {
    let bench = Workbench::new();
    let image = bench.convert("fixed.vhd", "vpc", &["-o", "subformat=fixed,force_size=on"]);
    let at = image.len() - 512;
    check_refused(&image[512..], "disk_truncated", "vhd image ends after");
    check_refused(&[&[0; 512][..], &image].concat(), "disk_corrupt", "its footer says");
    check_refused(&patched(&image, at + 64, &[1; 4]), "disk_corrupt", "checksum");
    let differencing = with_footer(&image, at, 60, &4u32.to_be_bytes());
    check_refused(&differencing, "disk_backing_file", "vhd image depends");
    let dynamic = with_footer(&image, at, 60, &3u32.to_be_bytes());
    check_refused(&dynamic, "disk_corrupt", "copy of its footer");
    let mismatch = Refusal::Mismatch { declared: DeclaredFormat::Raw, found: Format::Vhd };
    assert_eq!(inspect_as(DeclaredFormat::Raw, &image), Err(mismatch));
    // Without its footer it is the raw disk again, and not a VHD.
    let raw = &image[..at];
    assert!(inspect_as(DeclaredFormat::Raw, raw).is_ok());
    let mismatch = Refusal::Mismatch { declared: DeclaredFormat::Vhd, found: Format::Raw };
    assert_eq!(inspect_as(DeclaredFormat::Vhd, raw), Err(mismatch));
}

/// CRC-32C bit by bit, independent of the crate's table.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg())
        })
    })
}

/// Changes a VHDX structure and corrects its checksum.
fn with_crc(image: &[u8], at: usize, length: usize, offset: usize, value: &[u8]) -> Vec<u8> {
    let changed = patched(&patched(image, at + offset, value), at + 4, &[0; 4]);
    let crc = crc32c(&changed[at..at + length]);
    patched(&changed, at + 4, &crc.to_le_bytes())
}

/// Changes both copies of the region table.
fn with_regions(image: &[u8], offset: usize, value: &[u8]) -> Vec<u8> {
    let first = with_crc(image, 192 << 10, 64 << 10, offset, value);
    with_crc(&first, 256 << 10, 64 << 10, offset, value)
}

#[test]
fn vhdx_that_differ_or_lie_are_refused() {
    let bench = Workbench::new();
    let image = bench.convert("image.vhdx", "vhdx", &["-o", "subformat=dynamic"]);
    let (metadata, items) = (3usize << 20, (3usize << 20) + (64 << 10));
    let patch = |offset: usize, value: &[u8], code: &str, fact: &str| {
        check_refused(&patched(&image, offset, value), code, fact);
    };
    let regions = |offset: usize, value: &[u8], code: &str, fact: &str| {
        check_refused(&with_regions(&image, offset, value), code, fact);
    };
    patch(items + 4, &[2], "disk_backing_file", "vhdx image depends");
    let locator = [
        0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB,
        0x0C,
    ];
    patch(metadata + 32 + 2 * 32, &locator, "disk_backing_file", "another file");
    patch(metadata + 32 + 2 * 32, &[9; 16], "disk_unknown_feature", "required metadata item 0909");
    patch(metadata, b"x", "disk_corrupt", "no signature");
    patch(metadata + 10, &[0xFF, 0xFF], "disk_corrupt", "65535 metadata items");
    patch(metadata + 10, &[0], "disk_corrupt", "are missing");
    patch(metadata + 32 + 16, &[0; 4], "disk_corrupt", "metadata item of 8 bytes is at 0");
    patch(metadata + 32 + 16, &[0xFF; 4], "disk_corrupt", "metadata item of 8 bytes is at");
    patch(items, &3u32.to_le_bytes(), "disk_corrupt", "blocks of 3 bytes");
    patch(items + 8, &[1], "disk_corrupt", "no multiple of a sector");
    patch(items + 32, &[7], "disk_corrupt", "sectors of");
    patch(192 << 10, b"x", "disk_corrupt", "region table is invalid");
    patch((192 << 10) + 100, b"x", "disk_corrupt", "region table is invalid");
    patch((256 << 10) + 100, b"x", "disk_corrupt", "two region tables disagree");
    regions(8, &5000u32.to_le_bytes(), "disk_corrupt", "5000 regions");
    regions(8, &[0], "disk_corrupt", "no block table");
    let required = with_regions(&image, 16 + 32 + 28, &[1]);
    let unknown = with_regions(&required, 16 + 32, &[7; 16]);
    check_refused(&unknown, "disk_unknown_feature", "required region 0707");
    regions(16 + 32 + 16, &(1u64 << 40).to_le_bytes(), "disk_corrupt", "metadata is at");
    regions(16 + 32 + 16, &[0; 8], "disk_corrupt", "region is at 0");
    regions(16 + 32 + 24, &u32::MAX.to_le_bytes(), "disk_corrupt", "metadata has");
    regions(16 + 16, &(1u64 << 40).to_le_bytes(), "disk_truncated", "promises at least");
    let headerless = patched(&patched(&image, 64 << 10, b"x"), 128 << 10, b"x");
    check_refused(&headerless, "disk_corrupt", "neither of its headers");
    let mut logged = image.clone();
    for header in [64 << 10, 128 << 10] {
        logged = with_crc(&logged, header, 4096, 48, &[1; 16]);
    }
    check_refused(&logged, "disk_corrupt", "log has changes");
    for cut in
        [9, 65_535, 65_536, 327_679, 327_680, metadata, metadata + 10, items, items + 8, items + 33]
    {
        check_refused(&image[..cut], "disk_truncated", "vhdx image ends after");
    }
}

#[test]
fn vdi_that_differ_or_lie_are_refused() {
    let bench = Workbench::new();
    let image = bench.convert("image.vdi", "vdi", &[]);
    let header = |offset: usize, value: &[u8], code: &str, fact: &str| {
        check_refused(&patched(&image, offset, value), code, fact);
    };
    header(0x4C, &[4], "disk_backing_file", "vdi image depends");
    header(0x4C, &[3], "disk_backing_file", "vdi image depends");
    header(0x4C, &[9], "disk_unknown_feature", "image type 9");
    header(0x1A8, &[1], "disk_backing_file", "vdi image depends");
    header(0x1B8 + 15, &[1], "disk_backing_file", "vdi image depends");
    header(0x44, &[0, 0, 2], "disk_unknown_feature", "version 2.0");
    header(0x178, &[1], "disk_corrupt", "blocks of");
    header(0x180, &[1, 0], "disk_corrupt", "cannot hold");
    header(0x184, &[0xFF], "disk_corrupt", "cannot hold");
    header(0x154, &[0, 0], "disk_corrupt", "overlaps");
    check_refused(&image[..image.len() - 1], "disk_truncated", "vdi image ends after");
}

#[test]
fn older_headers_that_lie_are_refused() {
    let bench = Workbench::new();
    let check = |format: &str, offset: usize, value: &[u8], code: &str, fact: &str| {
        let image = bench.create(format, format, &[], "10M");
        check_refused(&patched(&image, offset, value), code, fact);
    };
    check("qcow", 32, &[30], "disk_corrupt", "cluster bits 30");
    check("qcow", 33, &[0], "disk_corrupt", "L2 bits 0");
    check("qcow", 36, &[1], "disk_unknown_feature", "encryption method");
    check("qcow", 40, &[0; 8], "disk_corrupt", "L1 table is at 0");
    check("qcow", 40, &[0xFF; 8], "disk_corrupt", "L1 table is at");
    check("qed", 16, &[8], "disk_unknown_feature", "0x8");
    check("qed", 4, &[1], "disk_corrupt", "clusters of");
    check("qed", 8, &[3], "disk_corrupt", "tables of 3");
    check("qed", 40, &[0; 8], "disk_corrupt", "L1 table is at 0");
    check("qed", 40, &(1u64 << 40).to_le_bytes(), "disk_truncated", "promises at least");
    check("parallels", 16, &[9], "disk_unknown_feature", "version 9");
    check("parallels", 28, &[0; 4], "disk_corrupt", "clusters of 0");
    check("parallels", 32, &[1, 0, 0, 0], "disk_corrupt", "cannot hold");
    let mut luks = vec![0; 4096];
    luks[..8].copy_from_slice(b"LUKS\xba\xbe\x00\x03");
    check_refused(&luks, "disk_unknown_feature", "version 3");
    luks[7] = 1;
    luks[104..108].copy_from_slice(&4096u32.to_be_bytes());
    check_refused(&luks, "disk_truncated", "2097152");
}

/// Every container cut within its header, at every byte: never accepted once the signature is there.
#[test]
fn truncated_headers_are_refused_at_every_byte() {
    let bench = Workbench::new();
    for (format, signature, header) in [
        ("qcow2", 4, 104),
        ("qcow", 4, 48),
        ("vmdk", 4, 1024),
        ("vpc", 8, 2048),
        ("vhdx", 8, 1024),
        ("vdi", 0x44, 512),
        ("qed", 4, 72),
        ("parallels", 16, 68),
    ] {
        let image = bench.create(format, format, &[], "10M");
        for cut in signature..header.min(image.len()) {
            let refusal = inspect(&image[..cut]).expect_err("a header alone is no image");
            let code = refusal.code();
            assert_eq!(code, "disk_truncated", "{format} cut at {cut}: {refusal}");
        }
        assert!(inspect_as(DeclaredFormat::Raw, &image[..signature - 1]).is_ok(), "{format}");
    }
    let mut iso = vec![0; 40_000];
    iso[32_769..32_774].copy_from_slice(b"CD001");
    check_refused(&iso[..34_815], "disk_truncated", "34816");
    assert_eq!(inspect(&iso).unwrap().format, Format::Iso);
}

#[test]
fn truncated_tables_are_refused() {
    let bench = Workbench::new();
    for format in ["qcow2", "qcow", "vmdk", "qed", "parallels", "vdi", "vpc", "vhdx"] {
        let image = bench.convert(format, format, &[]);
        let cut = if ["qcow", "parallels"].contains(&format) { 66 } else { image.len() / 300 };
        check_refused(&image[..cut], "disk_truncated", "image ends after");
    }
}

#[test]
fn files_that_are_two_things_at_once_are_refused() {
    let bench = Workbench::new();
    let iso_in = |bytes: &[u8]| {
        let mut copy = bytes.to_vec();
        copy.resize(copy.len().max(40_000), 0);
        patched(&copy, 32_768, b"\x01CD001\x01")
    };
    for format in ["qcow2", "qcow", "vmdk", "vhdx", "vpc", "qed", "vdi", "parallels"] {
        let image = bench.create(format, format, &[], "10M");
        check_refused(&iso_in(&image), "disk_polyglot", "iso at once");
        for declared in DeclaredFormat::ALL {
            let refusal = inspect_as(declared, &iso_in(&image)).unwrap_err();
            assert_eq!(refusal.code(), "disk_polyglot", "{declared} {format}");
        }
    }
    let qcow2 = bench.create("image", "qcow2", &[], "10M");
    check_refused(&patched(&qcow2, 0x40, &[0x7F, 0x10, 0xDA, 0xBE]), "disk_polyglot", "vdi");
    // The old version has no feature names where the partition table goes.
    let old = bench.create("old", "qcow2", &["compat=0.10"], "10M");
    let partition = [0x83, 0, 0, 0, 1, 0, 0, 0, 9];
    let bootable = patched(&patched(&old, 450, &partition), 510, &[0x55, 0xAA]);
    check_refused(&bootable, "disk_polyglot", "qcow2 and mbr");
    // A footer that makes the whole file a fixed VHD beside what it begins with.
    let mut disk = qcow2.clone();
    disk.resize(8 * MIB as usize, 0);
    let fixed = bench.convert("fixed", "vpc", &["-o", "subformat=fixed,force_size=on"]);
    disk.extend_from_slice(&fixed[fixed.len() - 512..]);
    check_refused(&disk, "disk_polyglot", "qcow2 and vhd");
}

#[test]
fn formats_that_only_a_reader_would_open_are_never_raw() {
    for (magic, found) in [
        (&b"Bochs Virtual HD Image"[..], Format::Bochs),
        (b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop", Format::Cloop),
    ] {
        let mut file = vec![0; 4096];
        file[..magic.len()].copy_from_slice(magic);
        for declared in DeclaredFormat::ALL {
            assert_eq!(inspect_as(declared, &file), Err(Refusal::Mismatch { declared, found }));
        }
    }
}
