//! The answer depends on the bytes, never on the slices; no bytes make it panic or remember more than its limit.

use std::sync::OnceLock;

use lendglass_disk::{DeclaredFormat, Inspector, limits};
use proptest::prelude::*;

use crate::support::{Workbench, inspect, inspect_in_steps};

/// One small image of every kind `qemu-img` writes, and some that are refused; made once.
fn corpus() -> &'static [(String, Vec<u8>)] {
    static CORPUS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let bench = Workbench::new();
        bench.create("base", "raw", &[], "1M");
        let kinds: [(&str, &[&str]); 17] = [
            ("raw", &[]),
            ("qcow2", &[]),
            ("qcow2", &["compat=0.10"]),
            ("qcow2", &["cluster_size=512"]),
            ("qcow2", &["extended_l2=on,compression_type=zstd"]),
            ("qcow2", &["backing_file=base,backing_fmt=raw"]),
            ("qcow2", &["data_file=elsewhere"]),
            ("qcow", &[]),
            ("vmdk", &[]),
            ("vmdk", &["subformat=streamOptimized"]),
            ("vmdk", &["subformat=monolithicFlat"]),
            ("vpc", &["subformat=dynamic"]),
            ("vpc", &["subformat=fixed"]),
            ("vhdx", &["log_size=1M"]),
            ("vdi", &[]),
            ("qed", &["cluster_size=4096,table_size=2"]),
            ("parallels", &[]),
        ];
        kinds
            .into_iter()
            .map(|(format, options)| {
                let name = format!("{format} {options:?}");
                (name, bench.create("image", format, options, "1M"))
            })
            .collect()
    })
}

#[test]
fn the_answer_does_not_depend_on_the_slices() {
    for (name, image) in corpus() {
        let whole = inspect_in_steps(None, image, image.len());
        for step in [7, 511, 512, 513, 4096, 65_535, 65_536, 1 << 20] {
            assert_eq!(inspect_in_steps(None, image, step), whole, "{name} by {step}");
        }
        // Byte by byte what is short enough for a test; the long ones are zeros in between.
        if image.len() < 2 << 20 {
            assert_eq!(inspect_in_steps(None, image, 1), whole, "{name} by bytes");
        }
    }
}

#[test]
fn empty_slices_are_nothing() {
    let mut inspector = Inspector::new(None);
    for slice in [&b""[..], b"abc", b"", b"", b"d", b""] {
        inspector.feed(slice).unwrap();
    }
    assert_eq!(inspector.finish().unwrap(), inspect(b"abcd").unwrap());
}

#[test]
fn a_long_raw_stream_costs_no_memory() {
    let mut inspector = Inspector::new(Some(DeclaredFormat::Raw));
    let slice = vec![0; 1 << 20];
    for _ in 0..64 {
        inspector.feed(&slice).unwrap();
        assert!(inspector.captured_bytes() <= limits::TAIL_BUFFER_BYTES);
    }
    assert_eq!(inspector.finish().unwrap().virtual_size_bytes, Some(64 << 20));
}

/// Where the structures of the formats lie, so that changes hit something.
fn interesting_offset(length: usize) -> impl Strategy<Value = usize> {
    let last = length.saturating_sub(1);
    prop_oneof![
        0..512usize,
        0..4096usize,
        Just(32_768usize).prop_flat_map(|start| start..start + 16),
        (192usize << 10)..(192 << 10) + 128,
        (3usize << 20)..(3 << 20) + 256,
        ((3usize << 20) + (64 << 10))..((3 << 20) + (64 << 10) + 40),
        last.saturating_sub(1536)..length.max(1),
    ]
    .prop_map(move |offset| offset.min(last))
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..9),
        prop::sample::select(vec![
            vec![0; 8],
            vec![0xFF; 8],
            b"conectix".to_vec(),
            b"QFI\xfb\0\0\0\x03".to_vec(),
            b"KDMV".to_vec(),
            b"vhdxfile".to_vec(),
            b"CD001".to_vec(),
            b"\n\nversion=1\n".to_vec(),
            b"RW 1 FLAT \"/x\" 0\n".to_vec(),
        ]),
    ]
}

/// An image of the corpus with some bytes changed and its end cut off.
pub fn mutated() -> impl Strategy<Value = Vec<u8>> {
    (0..corpus().len()).prop_flat_map(|index| {
        let image = &corpus()[index].1;
        let change = (interesting_offset(image.len()), value());
        let cut = prop_oneof![3 => Just(image.len()), 1 => 0..=image.len()];
        (prop::collection::vec(change, 0..6), cut).prop_map(move |(changes, cut)| {
            let mut bytes = image.clone();
            for (offset, value) in changes {
                let end = (offset + value.len()).min(bytes.len());
                bytes[offset..end].copy_from_slice(&value[..end - offset]);
            }
            bytes.truncate(cut);
            bytes
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// No panic, bounded memory (asserted while feeding), the same answer for other slices, a name for each refusal.
    #[test]
    fn mutated_images_get_one_answer(
        bytes in mutated(),
        declared in prop::option::of(prop::sample::select(DeclaredFormat::ALL.to_vec())),
        step in 1000usize..200_000,
    ) {
        let answer = inspect_in_steps(declared, &bytes, 1 << 20);
        prop_assert_eq!(&inspect_in_steps(declared, &bytes, step), &answer);
        match answer {
            Ok(found) => {
                prop_assert!(declared.is_none_or(|declared| declared.accepts(found.format)));
                prop_assert!(found.virtual_size_bytes.is_none_or(|size| size <= limits::MAX_VIRTUAL_SIZE_BYTES));
                prop_assert_eq!(found.length_bytes, bytes.len() as u64);
            }
            Err(refusal) => {
                prop_assert!(refusal.code().starts_with("disk_"));
                prop_assert!(refusal.to_string().ends_with('.'));
            }
        }
    }

    #[test]
    fn noise_gets_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..3000), step in 1usize..400) {
        prop_assert_eq!(inspect_in_steps(None, &bytes, step), inspect(&bytes));
    }

    /// Slices of changing length, as a network delivers them.
    #[test]
    fn uneven_slices_get_the_same_answer(
        index in 0..corpus().len(),
        lengths in prop::collection::vec(1usize..90_000, 1..40),
    ) {
        let image = &corpus()[index].1;
        let mut inspector = Inspector::new(None);
        let mut rest = image.as_slice();
        for length in lengths.iter().cycle() {
            let (slice, others) = rest.split_at(rest.len().min(*length));
            let _refused_for_good = inspector.feed(slice);
            rest = others;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(inspector.finish(), inspect(image));
    }
}
