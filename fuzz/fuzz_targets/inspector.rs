//! Any bytes, in any slices: no panic, bounded memory, the same answer as in one slice.

#![no_main]

use lendglass_disk::{Inspector, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (step, bytes) = (usize::from(input.0).max(1), input.1);
    let mut in_slices = Inspector::new(None);
    for slice in bytes.chunks(step) {
        let _refused_for_good = in_slices.feed(slice);
        assert!(in_slices.captured_bytes() <= limits::MAX_CAPTURED_BYTES);
    }
    let mut at_once = Inspector::new(None);
    let _refused_for_good = at_once.feed(bytes);
    assert_eq!(in_slices.finish(), at_once.finish());
});
