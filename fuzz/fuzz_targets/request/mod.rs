//! A request as the signature parsers see it.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lendglass_server::wire::credential::{Asked, claim};

/// Whatever is sent is no signature, or cannot be read, or is nobody's.
pub fn check(method: &Method, query: &str, headers: &[(&'static str, &str)], body: &[u8]) {
    let pair = |(name, text): &(&'static str, &str)| {
        let value = HeaderValue::from_bytes(text.as_bytes()).ok()?;
        Some((HeaderName::from_static(name), value))
    };
    let headers: HeaderMap = headers.iter().filter_map(pair).collect();
    let asked = Asked {
        method,
        path: "/",
        inner_path: "/",
        query,
        headers: &headers,
        body,
        is_empty: body.is_empty(),
    };
    if let Some(Ok(claim)) = claim(&asked) {
        assert!(!claim.is_by(&asked, b"a secret that signed nothing"));
    }
}
