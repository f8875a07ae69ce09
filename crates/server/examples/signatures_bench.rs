//! Verified signatures a second on one core, for each scheme, over the vectors of the vendors' SDKs. The
//! goal is 5,000.
//!
//! `cargo run --release -p lendglass-server --example signatures_bench`

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use lendglass_server::wire::credential::{Asked, claim};

const ROUND: Duration = Duration::from_secs(1);
const BODY: &[u8] =
    b"{\"ImageId\": \"img-6pb6lrmy\", \"AccountIds\": [\"1038493875\"], \"Permission\": \"SHARE\"}";
const FORM: &[u8] = b"Action=DescribeImageSharePermission&ImageId=img-6pb6lrmy&Nonce=11886&Region=ap-guangzhou&SecretId=AKIDloopback&SignatureMethod=HmacSHA1&Timestamp=1551113065&Version=2017-03-12&Signature=9babn3AHBO6OslxCLilY355zq50%3D";

fn main() {
    let date = ("x-sdk-date", "20261122T120000Z");
    bench(
        "Huawei Access",
        &[
            date,
            ("host", "h"),
            (
                "authorization",
                "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=00",
            ),
        ],
        BODY,
    );
    bench(
        "Huawei Credential",
        &[
            date,
            ("host", "h"),
            (
                "authorization",
                "SDK-HMAC-SHA256 Credential=AK/20261122///sdk_request, SignedHeaders=host;x-sdk-date, Signature=00",
            ),
        ],
        BODY,
    );
    bench(
        "CTyun EOP",
        &[
            ("eop-date", "20261122T093029Z"),
            ("ctyun-eop-request-id", "id"),
            ("eop-authorization", "AK Headers=ctyun-eop-request-id;eop-date Signature=00"),
        ],
        BODY,
    );
    bench(
        "Tencent TC3",
        &[
            ("x-tc-timestamp", "1551113065"),
            ("host", "h"),
            ("content-type", "application/json"),
            (
                "authorization",
                "TC3-HMAC-SHA256 Credential=AK/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=00",
            ),
        ],
        BODY,
    );
    bench(
        "Tencent HmacSHA1",
        &[("host", "h"), ("content-type", "application/x-www-form-urlencoded")],
        FORM,
    );
}

/// Reads and verifies one request again and again; a wrong signature costs what a right one does.
fn bench(name: &str, headers: &[(&'static str, &str)], body: &[u8]) {
    let pairs = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?))
    });
    let headers: HeaderMap = pairs.collect();
    let method = Method::POST;
    let asked = Asked {
        method: &method,
        path: "/",
        inner_path: "/",
        query: "",
        headers: &headers,
        body,
        is_empty: false,
    };
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < ROUND {
        match claim(&asked) {
            Some(Ok(claim)) => black_box(claim.is_by(&asked, b"loopbacksecret")),
            Some(Err(_)) | None => {
                println!("{name}: the request was not read");
                return;
            }
        };
        count += 1;
    }
    println!("{name}: {:.0} signatures a second", f64::from(count) / begun.elapsed().as_secs_f64());
}
