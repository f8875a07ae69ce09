//! Any `Eop-Authorization`, with any date, id, query and body.

#![no_main]

mod request;

use http::Method;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str, &str, &[u8])| {
    let (authorization, date, id, query, body) = input;
    let headers =
        [("eop-authorization", authorization), ("eop-date", date), ("ctyun-eop-request-id", id)];
    request::check(&Method::POST, query, &headers, body);
});
