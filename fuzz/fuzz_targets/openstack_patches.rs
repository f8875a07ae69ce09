//! Any PATCH of an image, in both forms, which say the same.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(lendglass_server::wire::openstack::fuzzed::patch(bytes));
});
