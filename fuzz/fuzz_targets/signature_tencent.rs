//! Any `Authorization` of TC3, and any parameters of the older signatures, in a query or a form.

#![no_main]

mod request;

use http::Method;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str, &[u8])| {
    let (rest, timestamp, query, body) = input;
    let authorization = format!("TC3-HMAC-SHA256 {rest}");
    let headers = [("authorization", authorization.as_str()), ("x-tc-timestamp", timestamp)];
    request::check(&Method::POST, query, &headers, body);
    request::check(&Method::GET, query, &[], b"");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    request::check(&Method::POST, "", &form, body);
});
