//! Any body of a native call: no shape takes a field that it does not have.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(lendglass_server::wire::native::fuzzed::body(bytes));
});
