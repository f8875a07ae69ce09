//! Any filters, limits and markers of Huawei's lists.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    assert!(lendglass_server::wire::huawei::fuzzed::query(text));
});
