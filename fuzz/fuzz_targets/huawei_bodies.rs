//! Any body of a call of Huawei's: batches, patches, tags, searches, vaults.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(lendglass_server::wire::huawei::fuzzed::body(bytes));
});
