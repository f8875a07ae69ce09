//! Any `Range` of a download of any size: a part that lies inside and is the same when asked for by its
//! ends, the whole, or a refusal.

#![no_main]

use http::{HeaderMap, HeaderValue, header};
use lendglass_server::wire::data::wanted_part;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, &[u8])| {
    let (size, text) = input;
    let Ok(value) = HeaderValue::from_bytes(text) else { return };
    let ask = |value| wanted_part(&HeaderMap::from_iter([(header::RANGE, value)]), size);
    let Ok(Some(part)) = ask(value) else { return };
    assert!(part.start < part.end && part.end <= size);
    let ends = format!("bytes={}-{}", part.start, part.end - 1);
    assert_eq!(
        HeaderValue::from_str(&ends).ok().and_then(|value| ask(value).ok()),
        Some(Some(part))
    );
});
