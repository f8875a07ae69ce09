//! Every format and subformat, written by the real `qemu-img`: recognised, measured as `qemu-img info` measures.

use crate::support::{MIB, Workbench, disk_with_data, inspect, inspect_as};
use lendglass_disk::{
    Compression, DeclaredFormat, Details, Encryption, Format, Inspection, Refusal, VhdSubformat,
    VmdkCreateType, matches,
};

/// Creates an empty image and a converted one with the options, and checks both against QEMU's own reading.
#[track_caller]
fn check_format(qemu_format: &str, options: &[&str], format: Format) -> Inspection {
    let bench = Workbench::new();
    let empty = bench.create("empty", qemu_format, options, "100M");
    let found = inspect(&empty).unwrap_or_else(|refusal| panic!("empty {qemu_format}: {refusal}"));
    assert_eq!(found.format, format);
    assert_eq!(found.virtual_size_bytes, Some(bench.virtual_size("empty", qemu_format)));
    assert_eq!(found.length_bytes, empty.len() as u64);

    let arguments: Vec<&str> = options.iter().flat_map(|option| ["-o", *option]).collect();
    let full = bench.convert("full", qemu_format, &arguments);
    let found = inspect(&full).unwrap_or_else(|refusal| panic!("full {qemu_format}: {refusal}"));
    assert_eq!(found.format, format);
    assert_eq!(found.virtual_size_bytes, Some(bench.virtual_size("full", qemu_format)));
    found
}

#[test]
fn qcow2_in_all_its_forms() {
    let forms: [(&[&str], u32, u64, Compression, bool); 7] = [
        (&["compat=0.10"], 2, 65_536, Compression::Zlib, false),
        (&["compat=1.1"], 3, 65_536, Compression::Zlib, false),
        (&["cluster_size=512"], 3, 512, Compression::Zlib, false),
        (&["cluster_size=2M"], 3, 2 << 20, Compression::Zlib, false),
        (&["compression_type=zstd"], 3, 65_536, Compression::Zstd, false),
        (&["extended_l2=on"], 3, 65_536, Compression::Zlib, true),
        (&["lazy_refcounts=on,refcount_bits=64"], 3, 65_536, Compression::Zlib, false),
    ];
    for (options, version, cluster_bytes, compression, has_extended_l2) in forms {
        let found = check_format("qcow2", options, Format::Qcow2);
        let expected =
            Details::Qcow2 { version, cluster_bytes, compression, has_extended_l2, snapshots: 0 };
        assert_eq!((found.details, found.encryption), (expected, None), "{options:?}");
    }
}

#[test]
fn qcow2_compressed_and_preallocated() {
    let bench = Workbench::new();
    for arguments in
        [&["-c"][..], &["-c", "-o", "compression_type=zstd"], &["-o", "preallocation=full"]]
    {
        let found = inspect(&bench.convert("image", "qcow2", arguments)).unwrap();
        assert_eq!((found.format, found.virtual_size_bytes), (Format::Qcow2, Some(8 * MIB)));
    }
}

#[test]
fn qcow2_with_internal_snapshots_counts_them() {
    let bench = Workbench::new();
    bench.convert("image", "qcow2", &[]);
    bench.qemu_img(&["snapshot", "-c", "monday", "image"]);
    bench.qemu_img(&["snapshot", "-c", "tuesday", "image"]);
    let found = inspect(&bench.read("image")).unwrap();
    assert!(matches!(found.details, Details::Qcow2 { snapshots: 2, .. }), "{found:?}");
}

#[test]
fn encrypted_images_are_reported_not_refused() {
    let bench = Workbench::new();
    let secret = ["--object", "secret,id=s,data=passphrase"];
    for (name, format, option, encryption) in [
        (
            "luks-in-qcow2",
            "qcow2",
            "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
            Encryption::Luks,
        ),
        ("aes-in-qcow2", "qcow2", "encrypt.format=aes,encrypt.key-secret=s", Encryption::Aes),
        ("aes-in-qcow", "qcow", "encrypt.format=aes,encrypt.key-secret=s", Encryption::Aes),
        ("luks", "luks", "key-secret=s,iter-time=10", Encryption::Luks),
    ] {
        let mut arguments = vec!["create", "-q"];
        arguments.extend_from_slice(&secret);
        arguments.extend_from_slice(&["-f", format, "-o", option, name, "20M"]);
        bench.qemu_img(&arguments);
        let found =
            inspect(&bench.read(name)).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(found.encryption, Some(encryption), "{name}");
        assert_eq!(found.virtual_size_bytes, Some(20 * MIB), "{name}");
    }
    let luks = bench.read("luks");
    assert_eq!(inspect(&luks).unwrap().details, Details::Luks { version: 1 });
    assert!(
        inspect_as(DeclaredFormat::Raw, &luks).is_ok(),
        "an encrypted volume is uploaded as raw"
    );
}

#[test]
fn vmdk_single_file_types() {
    for (option, create_type) in [
        ("subformat=monolithicSparse", VmdkCreateType::MonolithicSparse),
        ("subformat=streamOptimized", VmdkCreateType::StreamOptimized),
    ] {
        let found = check_format("vmdk", &[option], Format::Vmdk);
        assert_eq!(found.details, Details::Vmdk { create_type });
    }
    check_format("vmdk", &["compat6=on"], Format::Vmdk);
}

#[test]
fn vhd_fixed_and_dynamic() {
    for (options, subformat) in [
        (&["subformat=fixed"][..], VhdSubformat::Fixed),
        (&["subformat=fixed,force_size=on"], VhdSubformat::Fixed),
        (&["subformat=dynamic"], VhdSubformat::Dynamic),
        (&["subformat=dynamic,force_size=on"], VhdSubformat::Dynamic),
    ] {
        let found = check_format("vpc", options, Format::Vhd);
        assert_eq!(found.details, Details::Vhd { subformat }, "{options:?}");
    }
}

#[test]
fn vhdx_fixed_and_dynamic() {
    for options in
        [&["subformat=fixed"][..], &["subformat=dynamic"], &["block_size=2M"], &["log_size=4M"]]
    {
        let found = check_format("vhdx", options, Format::Vhdx);
        assert!(
            matches!(found.details, Details::Vhdx { logical_sector_bytes: 512, .. }),
            "{options:?}: {found:?}"
        );
    }
}

#[test]
fn vdi_static_and_dynamic() {
    for (options, is_static) in [(&[][..], false), (&["static=on"], true)] {
        let found = check_format("vdi", options, Format::Vdi);
        assert_eq!(found.details, Details::Vdi { is_static });
    }
}

#[test]
fn the_older_formats() {
    check_format("qcow", &[], Format::Qcow1);
    check_format("qed", &[], Format::Qed);
    check_format("qed", &["cluster_size=4096,table_size=2"], Format::Qed);
    check_format("parallels", &[], Format::Parallels);
}

#[test]
fn raw_is_whatever_nothing_else_is() {
    for bytes in [&b""[..], b"x", b"QFI", b"KDM", b"vhdx", &[0; 511], &[0xFF; 70_000], b"LUKS"] {
        let found = inspect_as(DeclaredFormat::Raw, bytes).unwrap();
        let expected = (Format::Raw, Some(bytes.len() as u64));
        assert_eq!((found.format, found.virtual_size_bytes), expected);
    }
    assert_eq!(inspect(&disk_with_data()).unwrap().virtual_size_bytes, Some(8 * MIB));
}

/// A disk with a partition of this type, and the header of a GPT behind the boot sector if asked for.
fn partitioned(kind: u8, has_gpt: bool) -> Vec<u8> {
    let mut disk = vec![0; 4 * MIB as usize];
    disk[446 + 4] = kind;
    disk[446 + 8] = 1;
    disk[446 + 13] = 0x20;
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    if has_gpt {
        disk[512..520].copy_from_slice(b"EFI PART");
    }
    disk
}

#[test]
fn partition_tables_are_raw_disks() {
    for (disk, format) in
        [(partitioned(0x83, false), Format::Mbr), (partitioned(0xEE, true), Format::Gpt)]
    {
        let found = inspect(&disk).unwrap();
        assert_eq!((found.format, found.virtual_size_bytes), (format, Some(4 * MIB)));
        for declared in [DeclaredFormat::Raw, DeclaredFormat::Ami, DeclaredFormat::Gpt] {
            assert!(inspect_as(declared, &disk).is_ok(), "{declared} as {format}");
        }
    }
}

#[test]
fn isos_hybrid_or_not() {
    let plain = iso(vec![0; 2 * MIB as usize]);
    let hybrid = iso(partitioned(0x17, false));
    for (bytes, is_hybrid) in [(plain, false), (hybrid, true)] {
        let found = inspect_as(DeclaredFormat::Iso, &bytes).unwrap();
        assert_eq!((found.format, found.details), (Format::Iso, Details::Iso { is_hybrid }));
        assert_eq!(found.virtual_size_bytes, Some(bytes.len() as u64));
    }
}

fn iso(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes[32_768..32_775].copy_from_slice(b"\x01CD001\x01");
    bytes
}

#[test]
fn an_ova_is_an_ova() {
    let mut tar = vec![0; 10_240];
    tar[..8].copy_from_slice(b"disk.ovf");
    tar[257..263].copy_from_slice(b"ustar\0");
    let found = inspect(&tar).unwrap();
    assert_eq!((found.format, found.virtual_size_bytes), (Format::Ova, None));
    assert!(inspect_as(DeclaredFormat::Raw, &tar).is_err());
}

/// The whole matrix: each image under each declaration is accepted exactly where `matches` says so, and refused as a
/// mismatch elsewhere.
#[test]
fn declarations_are_held_against_the_content() {
    let bench = Workbench::new();
    let mut images = vec![
        bench.convert("raw", "raw", &[]),
        partitioned(0x83, false),
        partitioned(0xEE, true),
        iso(vec![0; 2 * MIB as usize]),
    ];
    for format in ["qcow2", "qcow", "vmdk", "vpc", "vhdx", "vdi", "qed", "parallels"] {
        images.push(bench.convert(format, format, &[]));
    }
    images.push(bench.convert("fixed", "vpc", &["-o", "subformat=fixed,force_size=on"]));
    let mut accepted = 0;
    for image in &images {
        let found = inspect(image).unwrap();
        for declared in DeclaredFormat::ALL {
            match inspect_as(declared, image) {
                Ok(answer) => {
                    assert!(matches(declared, &found), "{declared} as {}", found.format);
                    assert_eq!(answer, found);
                    accepted += 1;
                }
                Err(Refusal::Mismatch { declared: said, found: seen }) => {
                    assert!(!matches(declared, &found), "{declared} as {}", found.format);
                    // A fixed VHD is refused before its footer is seen where a container was declared.
                    let is_early = found.format == Format::Vhd && seen == Format::Raw;
                    assert!(said == declared && (seen == found.format || is_early), "{seen}");
                }
                Err(other) => panic!("{declared} as {}: {other}", found.format),
            }
        }
    }
    // Raw fits 6 declarations, the partitioned disks 7 each, the two VHDs 3 each, eight others their own.
    assert_eq!(accepted, 6 + 7 + 7 + 3 + 3 + 8, "no cell changes unnoticed");
}

#[test]
fn a_mismatch_stops_the_upload_within_the_first_mib() {
    let bench = Workbench::new();
    for format in ["qcow2", "vmdk", "vhdx", "vdi", "qed"] {
        let image = bench.convert(format, format, &[]);
        let mut inspector = lendglass_disk::Inspector::new(Some(DeclaredFormat::Raw));
        let early = inspector.feed(&image[..MIB as usize]);
        assert!(matches!(early, Err(Refusal::Mismatch { .. })), "{format}: {early:?}");
    }
}
