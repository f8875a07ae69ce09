//! What every dialect needs to read requests and write times: bounded JSON bodies, media types,
//! times as text.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use lendglass_core::limits::{
    JSON_BODY_BYTES, JSON_DEPTH, SMALL_BODY_IDLE_SECONDS, SMALL_BODY_SECONDS,
};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, Timestamp};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use tokio::time::timeout;

/// Reads a body of at most [`JSON_BODY_BYTES`] whole.
///
/// Errors: [`Code::BodyTooLarge`] as soon as that is certain; [`Code::Malformed`] when the body ends
/// early or does not come in time ([`SMALL_BODY_IDLE_SECONDS`], [`SMALL_BODY_SECONDS`]).
pub async fn small_body(body: Body) -> Result<Vec<u8>, Error> {
    let whole = timeout(Duration::from_secs(SMALL_BODY_SECONDS), frames(body)).await;
    whole.unwrap_or_else(|_| Err(malformed("the body came too slowly")))
}

async fn frames(mut body: Body) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    loop {
        let frame = timeout(Duration::from_secs(SMALL_BODY_IDLE_SECONDS), body.frame()).await;
        let frame = match frame {
            Ok(None) => return Ok(bytes),
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return Err(malformed("the body ended early").because(error)),
            Err(_) => return Err(malformed("the body did not come")),
        };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > JSON_BODY_BYTES {
            return Err(Error::new(Code::BodyTooLarge).with("max", JSON_BODY_BYTES));
        }
        bytes.extend_from_slice(&data);
    }
}

/// Reads a JSON body, bounded in size and depth.
///
/// Errors: as [`small_body`]; [`Code::MalformedJson`], also for an empty body and text that is not
/// UTF-8.
pub async fn json_body(body: Body) -> Result<Value, Error> {
    parse_json(&small_body(body).await?)
}

/// Parses JSON, bounded in depth. Of a name given twice the last counts.
pub fn parse_json(bytes: &[u8]) -> Result<Value, Error> {
    let refuse = |reason: String| Error::new(Code::MalformedJson).with("reason", reason);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(refuse("the body is empty".to_owned()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8".to_owned()))?;
    if depth(text) > JSON_DEPTH {
        return Err(refuse(format!("it nests deeper than {JSON_DEPTH}")));
    }
    serde_json::from_str(text).map_err(|error| refuse(error.to_string()))
}

/// How deep brackets and braces nest, strings left out. Right for valid JSON, never too small for
/// what a parser would accept.
fn depth(text: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0_usize);
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        if in_string {
            (in_string, is_escaped) = (is_escaped || byte != b'"', !is_escaped && byte == b'\\');
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// An answer of about so many bytes as JSON, written into memory that is there before: growing it piece
/// by piece cost as much as the writing.
pub fn json_answer(value: &impl Serialize, about_bytes: usize) -> Result<Response, Error> {
    let mut bytes = Vec::with_capacity(about_bytes);
    serde_json::to_writer(&mut bytes, value)
        .map_err(|error| Error::internal(format!("an answer is no JSON: {error}")))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// [`Code::Malformed`] for a reason.
pub fn malformed(reason: &str) -> Error {
    Error::new(Code::Malformed).with("reason", reason)
}

/// [`Code::InvalidValue`]: `value` is shortened to what an error text can bear.
pub fn invalid(field: &str, value: &str, reason: &str) -> Error {
    Error::new(Code::InvalidValue)
        .with("field", shortened(field, 80))
        .with("value", shortened(value, 80))
        .with("reason", reason)
}

/// The media type of a body without its parameters, in lower case; `None` where there is none.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = header_text(headers, header::CONTENT_TYPE.as_str())?;
    let essence = text.split(';').next().unwrap_or_default().trim();
    (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
}

/// A header as text; `None` where it is missing or not text.
pub fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A time as `2026-11-22T08:00:00Z`, cut to the second.
pub fn seconds_text(at: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    OffsetDateTime::from_unix_timestamp(at.seconds())
        .ok()
        .and_then(|at| at.format(&format).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

/// A time as `2026-11-22T08:00:00.000000Z`, in full.
pub fn micros_text(at: Timestamp) -> String {
    let seconds = seconds_text(at);
    let micros = at.0.rem_euclid(Timestamp::SECOND_MICROS);
    format!("{}.{micros:06}Z", seconds.trim_end_matches('Z'))
}

/// Reads an ISO 8601 time: a date, or a date with a time, with `Z`, an offset or neither (then UTC).
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let with_zone = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let at = match text.len() {
        10 => with_zone(&format!("{text}T00:00:00Z"))?,
        _ => {
            let text = text.replacen(' ', "T", 1);
            with_zone(&text).or_else(|| with_zone(&format!("{text}Z")))?
        }
    };
    let at = i64::try_from(at.unix_timestamp_nanos() / 1000).ok().map(Timestamp)?;
    // An offset may lead out of the years of four digits, in which times are shown.
    let year = OffsetDateTime::from_unix_timestamp(at.seconds()).ok()?.year();
    (0..=9999).contains(&year).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_bounded_in_depth() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse_json(nested(JSON_DEPTH).as_bytes()).is_ok());
        let error = parse_json(nested(JSON_DEPTH + 1).as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::MalformedJson);
        let text = format!("\"{}\\\"{}\"", "[".repeat(50), "{".repeat(50));
        assert!(parse_json(text.as_bytes()).is_ok(), "brackets in a string do not nest");
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for bad in [&b""[..], b"  ", b"{", b"\xff\xfe", b"{\"a\": \"\xc3\x28\"}", b"nul"] {
            assert_eq!(parse_json(bad).unwrap_err().code(), Code::MalformedJson, "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_body_has_a_ceiling() {
        let full = small_body(Body::from(vec![b' '; JSON_BODY_BYTES])).await.unwrap();
        assert_eq!(full.len(), JSON_BODY_BYTES);
        let error = small_body(Body::from(vec![b' '; JSON_BODY_BYTES + 1])).await.unwrap_err();
        assert_eq!(error.code(), Code::BodyTooLarge);
    }

    #[test]
    fn times_are_seconds_in_utc() {
        let at = Timestamp(1_795_334_400_999_999);
        assert_eq!(seconds_text(at), "2026-11-22T08:00:00Z");
        assert_eq!(micros_text(at), "2026-11-22T08:00:00.999999Z");
        for same in [
            "2026-11-22T08:00:00Z",
            "2026-11-22T08:00:00",
            "2026-11-22 08:00:00",
            "2026-11-22T09:30:00+01:30",
            "2026-11-22T08:00:00.000000Z",
        ] {
            assert_eq!(parse_time(same), Some(Timestamp(1_795_334_400_000_000)), "{same}");
        }
        assert_eq!(parse_time("2026-11-22"), Some(Timestamp(1_795_305_600_000_000)));
        let outside = ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"];
        for bad in outside.into_iter().chain(["", "now", "2026-13-01T00:00:00Z", "2026-11-22T"]) {
            assert_eq!(parse_time(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_media_type_has_no_parameters() {
        let mut headers = HeaderMap::new();
        assert_eq!(media_type(&headers), None);
        headers.insert("content-type", "Application/JSON; charset=UTF-8".parse().unwrap());
        assert_eq!(media_type(&headers).as_deref(), Some("application/json"));
        headers.insert("content-type", "".parse().unwrap());
        assert_eq!(media_type(&headers), None);
    }
}
