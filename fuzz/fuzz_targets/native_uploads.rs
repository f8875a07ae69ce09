//! Any headers of an upload in parts.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&[u8], &[u8], &[u8])| {
    assert!(lendglass_server::wire::native::fuzzed::upload(input.0, input.1, input.2));
});
