//! The bytes of an image: taken in and given out.

use std::ops::Range;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use lendglass_core::image::Image;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};

use crate::app::App;
use crate::sendfile::file_body;
use crate::service::download::{self, Bytes};
use crate::service::upload::{self, Receiving};
use crate::wire::common::{header_text, malformed, media_type};
use crate::wire::openstack::error::{Failure, render_as};
use crate::wire::openstack::request::{Asked, Names};

const OCTETS: &str = "application/octet-stream";

/// `PUT /v2/images/{id}/file`: 204 once the bytes are durable and the image is active.
///
/// Bytes that are not what `disk_format` says, or hostile, are 415; an image deleted meanwhile is
/// 410.
pub async fn put(
    State(app): State<App>,
    asked: Asked,
    names: Names,
    body: Body,
) -> Result<Response, Failure> {
    needs_octets(&asked.headers)?;
    let expected_bytes = announced(&asked.headers)?;
    let id = names.image()?;
    let receiving = upload::begin(&app, &asked.caller, &id, expected_bytes).await?;
    match receive(&app, receiving, body, expected_bytes).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) if error.code() == Code::ImageNotFound => {
            Ok(render_as(&error, StatusCode::GONE))
        }
        Err(error) => Err(error.into()),
    }
}

async fn receive(
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

fn needs_octets(headers: &HeaderMap) -> Result<(), Error> {
    let got = media_type(headers).unwrap_or_default();
    if got == OCTETS {
        return Ok(());
    }
    Err(Error::new(Code::UnsupportedMedia).with("got", shortened(&got, 80)).with("want", OCTETS))
}

/// The announced length: of the body, else the one that `x-openstack-image-size` gives a chunked
/// body.
fn announced(headers: &HeaderMap) -> Result<Option<u64>, Error> {
    let length = header_text(headers, header::CONTENT_LENGTH.as_str());
    let Some(text) = length.or_else(|| header_text(headers, "x-openstack-image-size")) else {
        return Ok(None);
    };
    text.trim().parse().map(Some).map_err(|_| malformed("the announced length is no number"))
}

/// `GET` and `HEAD /v2/images/{id}/file`: 200, 206 for a range, 204 where there are no bytes.
pub async fn get(
    State(app): State<App>,
    method: Method,
    asked: Asked,
    names: Names,
) -> Result<Response, Failure> {
    let id: ImageId = names.image()?;
    let (image, reader) = match download::open(&app, &asked.caller, &id).await? {
        Bytes::None(_) => return Ok(StatusCode::NO_CONTENT.into_response()),
        Bytes::Disk(image, reader) => (image, reader),
    };
    let size = reader.size_bytes();
    let part = wanted_part(&asked.headers, size)?;
    let range = part.clone().unwrap_or(0..size);
    let body = if method == Method::HEAD {
        Body::empty()
    } else if let Some(file) = reader.file() {
        file_body(file, range.clone()).map_err(|e| Error::new(Code::Unavailable).because(e))?
    } else {
        Body::from_stream(reader.stream(&app.buffers, range.clone()))
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        if part.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    describe(response.headers_mut(), &image, size, &range, part.is_some());
    Ok(response)
}

fn describe(headers: &mut HeaderMap, image: &Image, size: u64, range: &Range<u64>, is_part: bool) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(OCTETS));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if is_part {
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        headers.extend(HeaderValue::from_str(&text).ok().map(|v| (header::CONTENT_RANGE, v)));
    }
    // Clients check what they read against it; Glance gives it in hex, and for parts as well.
    let md5 = image.digests.as_ref().and_then(|digests| digests.md5_hex.as_deref());
    let md5 = md5.and_then(|md5| HeaderValue::from_str(md5).ok());
    headers.extend(md5.map(|md5| (HeaderName::from_static("content-md5"), md5)));
}

/// The part a `Range` asks for; `None`: the whole.
///
/// As Glance: one range only (several are 400), and a range that cannot be read is 416.
fn wanted_part(headers: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, Error> {
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
}
