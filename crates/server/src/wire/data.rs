//! The bytes of an image on the wire: uploads read from a request, downloads with ranges. No dialect's
//! own: each checks media types and renders records in its own way around this.

use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use lendglass_core::image::Image;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};

use crate::app::App;
use crate::sendfile::file_body;
use crate::service::download::Disk;
use crate::service::upload::Receiving;
use crate::wire::common::{header_text, malformed};

/// The media type of bytes that are only bytes.
pub const OCTETS: &str = "application/octet-stream";

/// Takes the body of a request as the bytes of an image; whatever ends it early undoes the upload.
///
/// Errors: as [`Receiving::receive`] and [`Receiving::finish`]; [`Code::UploadIncomplete`] when the
/// body breaks off or the peer is silent for too long.
pub async fn receive(
    app: &App,
    mut receiving: Receiving,
    mut body: Body,
    expected_bytes: Option<u64>,
) -> Result<Image, Error> {
    let idle_limit = Receiving::idle_limit(app);
    let mut arrived: u64 = 0;
    loop {
        let frame = tokio::time::timeout(idle_limit, body.frame()).await;
        let broken = match frame {
            Ok(None) => return receiving.finish().await,
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    arrived += data.len() as u64;
                    receiving.receive(&data).await?;
                }
                continue;
            }
            Ok(Some(Err(error))) => error.to_string(),
            Err(_) => "the peer fell silent".to_owned(),
        };
        receiving.give_up(&broken).await?;
        let want = expected_bytes.map_or_else(|| "more".to_owned(), |bytes| bytes.to_string());
        return Err(Error::new(Code::UploadIncomplete)
            .with("got", arrived)
            .with("want", want)
            .because(broken));
    }
}

/// The length of a body as the client announced it, in a header of this name.
pub fn announced(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Error> {
    let Some(text) = header_text(headers, name) else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|_| malformed("the announced length is no number"))
}

/// Answers a disk, whole (200) or the one range that was asked for (206), as octets.
///
/// Errors: [`Code::BadRange`] with the size for a range that cannot be read or lies outside;
/// [`Code::Malformed`] for several; [`Code::Unavailable`] where the read cannot be audited.
pub async fn answer(
    app: &App,
    disk: &Disk,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let size = disk.size_bytes();
    let part = wanted_part(headers, size)?;
    let range = part.clone().unwrap_or(0..size);
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let reader = disk.read(app, &range).await?;
        match reader.file() {
            Some(file) => file_body(file, range.clone())
                .map_err(|error| Error::new(Code::Unavailable).because(error))?,
            None => Body::from_stream(reader.stream(&app.buffers, range.clone())),
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        if part.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(OCTETS));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if part.is_some() {
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        headers.extend(HeaderValue::from_str(&text).ok().map(|v| (header::CONTENT_RANGE, v)));
    }
    Ok(response)
}

/// The part a `Range` asks for; `None`: the whole.
///
/// One range only (several are refused as malformed), and one that cannot be read is refused, as
/// Glance does.
pub fn wanted_part(headers: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, Error> {
    let Some(value) = headers.get(header::RANGE) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    if text.contains(',') {
        return Err(malformed("ask for one range at a time"));
    }
    let bad = || Error::new(Code::BadRange).with("range", shortened(&text, 80)).with("size", size);
    let (first, last) = text
        .trim()
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
        .ok_or_else(bad)?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if is_number { Ok(text.parse().unwrap_or(u64::MAX)) } else { Err(bad()) }
    };
    let range = match (first.trim(), last.trim()) {
        ("", last) => {
            let count: u64 = number(last)?;
            size.saturating_sub(count)..size
        }
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return Err(bad());
            }
            first..last.saturating_add(1).min(size)
        }
    };
    if range.start >= range.end { Err(bad()) } else { Ok(Some(range)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &str) -> Result<Option<Range<u64>>, Code> {
        let mut headers = HeaderMap::new();
        headers.insert("range", range.parse().unwrap());
        wanted_part(&headers, 10).map_err(|error| error.code())
    }

    #[test]
    fn one_range_may_be_asked_for() {
        assert_eq!(wanted_part(&HeaderMap::new(), 10).unwrap(), None);
        for (text, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=7-", 7..10),
            ("bytes=-3", 7..10),
            ("bytes=-30", 0..10),
            ("bytes=5-99999999999999999999999", 5..10),
        ] {
            assert_eq!(part(text), Ok(Some(range)), "{text}");
        }
        for bad in [
            "bytes=10-",
            "bytes=5-2",
            "bytes=-0",
            "bytes=-",
            "bytes=a-b",
            "items=0-1",
            "0-1",
            "bytes=--1",
        ] {
            assert_eq!(part(bad), Err(Code::BadRange), "{bad}");
        }
        assert_eq!(part("bytes=0-1,3-4"), Err(Code::Malformed));
    }

    proptest::proptest! {
        /// The counterpart of the fuzz target `ranges`.
        #[test]
        fn a_part_lies_inside(size: u64, text in "(bytes=)?[0-9]{0,20} ?-[0-9]{0,20}") {
            let mut headers = HeaderMap::new();
            headers.insert("range", text.parse().unwrap());
            if let Ok(Some(part)) = wanted_part(&headers, size) {
                proptest::prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
