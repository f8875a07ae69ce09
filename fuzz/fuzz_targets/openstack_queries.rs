//! Any filters, operators, quoted words, times, limits and markers of Glance's list.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    assert!(lendglass_server::wire::openstack::fuzzed::query(text));
});
