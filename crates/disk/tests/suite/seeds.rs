//! What the fuzz target `inspector` begins with: an image of every format, as few bytes.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::{
    sparse::{image_of, text_of},
    support::{Workbench, inspect, patched},
};

/// Bytes of an image that are not zeros; no header needs more.
const SEED_BYTES: usize = 2048;
/// All seeds together: the repository is no place for more.
const SEEDS_BYTES_MAX: usize = 64 << 10;
/// What the target reads before the image: no declaration, the longest slices, checksums made right.
const BEFORE: [u8; 4] = [0xFF, 0xFF, 0xFF, 1];
/// All that a file may be.
const FORMATS: usize = 16;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/inspector")
}

/// An image of every kind, those of QEMU by `qemu-img`, and some that are refused.
fn images() -> Vec<(&'static str, Vec<u8>)> {
    let bench = Workbench::new();
    bench.create("base", "raw", &[], "1M");
    let kinds: [(&str, &str, &[&str]); 15] = [
        ("qcow2", "qcow2", &["cluster_size=4096"]),
        ("qcow2-old", "qcow2", &["compat=0.10,cluster_size=4096"]),
        ("qcow2-zstd", "qcow2", &["extended_l2=on,compression_type=zstd,cluster_size=16384"]),
        ("qcow2-backed", "qcow2", &["backing_file=base,backing_fmt=raw"]),
        ("qcow2-elsewhere", "qcow2", &["data_file=elsewhere"]),
        ("qcow", "qcow", &[]),
        ("vmdk", "vmdk", &[]),
        ("vmdk-stream", "vmdk", &["subformat=streamOptimized"]),
        ("vmdk-flat", "vmdk", &["subformat=monolithicFlat"]),
        ("vhd-dynamic", "vpc", &["subformat=dynamic"]),
        ("vhd-fixed", "vpc", &["subformat=fixed"]),
        ("vhdx", "vhdx", &["log_size=1M"]),
        ("vdi", "vdi", &[]),
        ("qed", "qed", &["cluster_size=4096,table_size=2"]),
        ("parallels", "parallels", &[]),
    ];
    let mut images: Vec<(&str, Vec<u8>)> = kinds
        .into_iter()
        .map(|(name, format, options)| (name, bench.create("image", format, options, "1M")))
        .collect();
    let luks = ["--object", "secret,id=s,data=passphrase", "-o", "key-secret=s,iter-time=10"];
    let arguments = [&["create", "-q", "-f", "luks"][..], &luks, &["luks", "64K"]].concat();
    bench.qemu_img(&arguments);
    images.push(("luks", bench.read("luks")));
    let zeros = vec![0; 64 << 10];
    let mbr = patched(&zeros, 446, &[0, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 64, 0, 0, 0]);
    let mbr = patched(&mbr, 510, &[0x55, 0xAA]);
    let gpt = patched(&patched(&mbr, 450, &[0xEE]), 512, b"EFI PART");
    let ova = patched(&patched(&zeros, 0, b"disk.ovf"), 257, b"ustar");
    images.extend([
        ("raw", zeros.clone()),
        ("iso", patched(&zeros, 32_768, b"\x01CD001\x01")),
        ("bochs", patched(&zeros, 0, b"Bochs Virtual HD Image")),
        ("cloop", patched(&zeros, 0, b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop")),
        ("mbr", mbr),
        ("gpt", gpt),
        ("ova", ova),
    ]);
    images
}

/// `LENDGLASS_BLESS=1` writes the seeds anew.
#[test]
fn the_seeds_of_the_fuzzer_reach_every_format() {
    if std::env::var_os("LENDGLASS_BLESS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        for (name, image) in images() {
            let text = [&BEFORE[..], &text_of(&image, SEED_BYTES)].concat();
            fs::write(folder().join(name), text).unwrap();
        }
    }
    let mut formats = BTreeSet::new();
    let mut bytes = 0;
    for entry in fs::read_dir(folder()).expect("the seeds are in the repository") {
        let text = fs::read(entry.unwrap().path()).unwrap();
        bytes += text.len();
        let found = inspect(&image_of(&text[BEFORE.len()..]));
        formats.extend(found.ok().map(|found| found.format.as_str()));
    }
    assert_eq!(formats.len(), FORMATS, "{formats:?}");
    assert!(bytes <= SEEDS_BYTES_MAX, "{bytes} bytes");
}
