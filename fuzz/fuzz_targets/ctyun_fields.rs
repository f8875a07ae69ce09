//! Any body and any query of a call of CTyun's: fields, or a refusal.

#![no_main]

use lendglass_server::wire::ctyun::fields::Fields;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8])| {
    let (query, body) = input;
    let Ok(fields) = Fields::of_body(body, query) else { return };
    let _refused_or_not = (fields.image(), fields.labels(), fields.number("pageNo"));
    let _refused_or_not = (fields.flag("errorFree"), fields.text_as_is("description"));
});
