//! Parameters of Tencent's actions, as JSON and flattened: whatever the bytes, a value or a refusal, and
//! the same one from both.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    assert!(lendglass_server::wire::tencent::round_trip(body));
});
