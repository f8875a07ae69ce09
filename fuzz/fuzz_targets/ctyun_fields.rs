//! Any body and any query of a call of CTyun's: fields within their limits, or a refusal.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&str, &[u8])| {
    assert!(lendglass_server::wire::ctyun::fuzzed::call(input.0, input.1));
});
