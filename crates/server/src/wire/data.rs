//! The bytes of an image on the wire: uploads read from a request, downloads with ranges. No dialect's
//! own: each checks media types and renders records in its own way around this.

use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use lendglass_core::image::Image;
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use lendglass_store::blob::BlobReader;

use crate::app::App;
use crate::sendfile::file_body;
use crate::service::upload::{self, Receiving};
use crate::wire::common::header_text;

/// Takes the body of a request as the bytes of an image; whatever ends it early undoes the upload.
///
/// Errors: as [`upload::begin`], [`Receiving::receive`] and [`Receiving::finish`];
/// [`Code::UploadIncomplete`] when the body breaks off or the peer is silent for too long.
pub async fn receive(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<Image, Error> {
    let announced = announced_bytes(headers)?;
    let mut receiving = upload::begin(app, caller, id, announced).await?;
    let idle = Receiving::idle_limit(app);
    let mut arrived: u64 = 0;
    loop {
        let because = match tokio::time::timeout(idle, body.frame()).await {
            Ok(None) => return receiving.finish().await,
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    arrived += data.len() as u64;
                    receiving.receive(&data).await?;
                }
                continue;
            }
            Ok(Some(Err(error))) => error.to_string(),
            Err(_) => "the client was silent for too long".to_owned(),
        };
        receiving.give_up(&because).await?;
        return Err(Error::new(Code::UploadIncomplete)
            .with("got", arrived)
            .with("want", announced.map_or_else(|| "more".to_owned(), |bytes| bytes.to_string()))
            .because(because));
    }
}

fn announced_bytes(headers: &HeaderMap) -> Result<Option<u64>, Error> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| {
        Error::new(Code::Malformed).with("reason", "Content-Length is not a number of bytes")
    })
}

/// The bytes of a blob, whole (200) or the one range that was asked for (206), as octets.
///
/// Errors: [`Code::BadRange`] with the size, for a range that lies outside, is malformed, or is one of
/// several.
pub fn answer(app: &App, reader: &BlobReader, headers: &HeaderMap) -> Result<Response, Error> {
    let size = reader.size_bytes();
    let wanted = wanted_range(headers, size)?;
    let range = wanted.clone().unwrap_or(0..size);
    let length = range.end - range.start;
    let body = match reader.file() {
        Some(file) => file_body(file, range.clone())
            .map_err(|error| Error::new(Code::Unavailable).because(error))?,
        None => Body::from_stream(reader.stream(&app.buffers, range.clone())),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if wanted.is_some() {
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(header::CONTENT_RANGE, value);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// The range of a `Range` header, never empty; `None` where there is no such header or its unit is
/// not bytes (RFC 9110 §14.2 says to ignore it then).
fn wanted_range(headers: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, Error> {
    let Some(text) = header_text(headers, header::RANGE.as_str()) else { return Ok(None) };
    let Some(spec) = text.trim().strip_prefix("bytes=") else { return Ok(None) };
    let refused =
        || Error::new(Code::BadRange).with("range", shortened(spec, 80)).with("size", size);
    let (first, last) = spec.split_once('-').ok_or_else(refused)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| refused());
    let range = match (first.trim(), last.trim()) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => number(first)?..number(last)?.saturating_add(1).min(size),
    };
    if range.is_empty() { Err(refused()) } else { Ok(Some(range)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_range(text: &str, expected: Result<Option<Range<u64>>, Code>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, text.parse().unwrap());
        assert_eq!(wanted_range(&headers, 100).map_err(|error| error.code()), expected, "{text}");
    }

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        check_range("bytes=0-0", Ok(Some(0..1)));
        check_range("bytes=10-", Ok(Some(10..100)));
        check_range("bytes=-10", Ok(Some(90..100)));
        check_range("bytes=-1000", Ok(Some(0..100)));
        check_range("bytes=90-1000", Ok(Some(90..100)));
        check_range("items=0-1", Ok(None));
        for bad in ["bytes=100-", "bytes=5-4", "bytes=-0", "bytes=", "bytes=a-b", "bytes=0-1,3-4"] {
            check_range(bad, Err(Code::BadRange));
        }
    }
}
