//! Any `Authorization` of Huawei's schemes, with any query, date and body.

#![no_main]

mod request;

use http::Method;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &str, &str, &str, &[u8])| {
    let (is_derived, rest, date, query, body) = input;
    let scheme = if is_derived { "V11-HMAC-SHA256" } else { "SDK-HMAC-SHA256" };
    let authorization = format!("{scheme} {rest}");
    let headers = [("authorization", authorization.as_str()), ("x-sdk-date", date)];
    request::check(&Method::POST, query, &headers, body);
});
