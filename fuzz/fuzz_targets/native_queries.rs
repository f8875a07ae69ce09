//! Any filters and markers of native lists.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    assert!(lendglass_server::wire::native::fuzzed::query(text));
});
