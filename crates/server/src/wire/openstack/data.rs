//! The bytes of an image: taken in and given out.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};

use crate::app::App;
use crate::service::download::{self, Bytes};
use crate::service::upload;
use crate::wire::common::media_type;
use crate::wire::data::{self, OCTETS};
use crate::wire::openstack::error::{Failure, render_as};
use crate::wire::openstack::request::{Asked, Names};

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
    match data::receive(&app, receiving, body, expected_bytes).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) if error.code() == Code::ImageNotFound => {
            Ok(render_as(&error, StatusCode::GONE))
        }
        Err(error) => Err(error.into()),
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
    match data::announced(headers, header::CONTENT_LENGTH.as_str())? {
        Some(bytes) => Ok(Some(bytes)),
        None => data::announced(headers, "x-openstack-image-size"),
    }
}

/// `GET` and `HEAD /v2/images/{id}/file`: 200, 206 for a range, 204 where there are no bytes.
pub async fn get(
    State(app): State<App>,
    method: Method,
    asked: Asked,
    names: Names,
) -> Result<Response, Failure> {
    let id: ImageId = names.image()?;
    let (image, disk) = match download::open(&app, &asked.caller, &id).await? {
        Bytes::None(_) => return Ok(StatusCode::NO_CONTENT.into_response()),
        Bytes::Disk(image, disk) => (image, disk),
    };
    let mut response = data::answer(&app, &disk, &method, &asked.headers).await?;
    // Clients check what they read against it; Glance gives it in hex, and for parts as well.
    let md5 = image.digests.as_ref().and_then(|digests| digests.md5_hex.as_deref());
    let md5 = md5.and_then(|md5| HeaderValue::from_str(md5).ok());
    response.headers_mut().extend(md5.map(|md5| (HeaderName::from_static("content-md5"), md5)));
    Ok(response)
}
