//! Any new image, member and sign-in.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(lendglass_server::wire::openstack::fuzzed::body(bytes));
});
