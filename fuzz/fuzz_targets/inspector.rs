//! Any image, in any slices, under any declaration: no panic, bounded memory, the same answer as in one
//! slice, and what is accepted is within the limits and what it was declared to be.

#![no_main]

#[path = "../../crates/disk/tests/suite/sparse.rs"]
mod sparse;
mod stamp;

use lendglass_disk::{DeclaredFormat, Inspection, Inspector, Refusal, limits, matches};
use libfuzzer_sys::fuzz_target;

/// Slices of one image: many tiny ones only cost time.
const SLICES_MAX: usize = 4096;

fn inspect(
    declared: Option<DeclaredFormat>,
    image: &[u8],
    step: usize,
) -> Result<Inspection, Refusal> {
    let mut inspector = Inspector::new(declared);
    for slice in image.chunks(step.max(1)) {
        let _refused_for_good = inspector.feed(slice);
        assert!(inspector.captured_bytes() <= limits::MAX_CAPTURED_BYTES);
    }
    inspector.finish()
}

fuzz_target!(|text: &[u8]| {
    let Some((&[declared, low, high, is_stamped], runs)) = text.split_first_chunk() else { return };
    let mut image = sparse::image_of(runs);
    if is_stamped & 1 == 1 {
        stamp::stamp(&mut image);
    }
    let declared = DeclaredFormat::ALL.get(usize::from(declared)).copied();
    let step = usize::from(u16::from_le_bytes([low, high])).max(image.len() / SLICES_MAX);
    let found = inspect(declared, &image, step);
    assert_eq!(found, inspect(declared, &image, image.len()));
    let Ok(found) = found else { return };
    assert!(found.virtual_size_bytes.is_none_or(|size| size <= limits::MAX_VIRTUAL_SIZE_BYTES));
    assert!(declared.is_none_or(|declared| matches(declared, &found)));
    assert_eq!(found.length_bytes, image.len() as u64);
});
