//! A request as its signature sees it: raw, as sent.

use axum::http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::{digest, hmac};

/// A request before anybody has read anything into it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as sent.
    pub path: &'a str,
    /// The path without the prefix `/region/ID`, which some clients put into their endpoint and do
    /// not sign; the same as `path` where there is none.
    pub inner_path: &'a str,
    /// The query as sent, without its question mark; empty where there is none.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, where it has been read.
    pub body: &'a [u8],
    /// Whether there is no body at all.
    pub is_empty: bool,
}

impl Asked<'_> {
    /// The paths that may have been signed.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let inner = Some(self.inner_path).filter(|inner| *inner != self.path);
        std::iter::once(self.path).chain(inner)
    }

    /// A header as it was sent; empty where there is none.
    pub fn header(&self, name: &str) -> &[u8] {
        self.headers.get(name).map_or(&[], |value| value.as_bytes())
    }

    /// A header as text; empty where there is none or it is no text.
    pub fn header_text(&self, name: &str) -> &str {
        std::str::from_utf8(self.header(name)).unwrap_or_default()
    }
}

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Text with everything but the unreserved characters of RFC 3986 encoded.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Text with its `%XX` decoded; what is not UTF-8 then is no match for anything.
pub fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The pairs of a query, decoded; `+` is a plus here.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(name), decoded(value))
    };
    parts.map(pair).collect()
}

/// SHA-256 in lower-case hex digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA256.
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Whether two texts are the same, in a time that says nothing of where they differ.
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    one.ct_eq(other).into()
}

/// The time of `20261122T120000Z`, in seconds since 1970.
pub fn compact_time(text: &str) -> Option<i64> {
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    let at = time::PrimitiveDateTime::parse(text, &format).ok()?;
    Some(at.assume_utc().unix_timestamp())
}

/// The day of a time in seconds since 1970, as `2026-11-22`.
pub fn day_of(seconds: i64) -> Option<String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&format).ok()
}
