//! The bytes of an image.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};

use super::error::{Failure, Problem};
use super::input::{Asking, PathImage};
use super::view::{ImageView, render_one};
use crate::app::App;
use crate::service::download::{self, Bytes};
use crate::service::{image, upload as uploads};
use crate::wire::common::media_type;
use crate::wire::data::{self, OCTETS};

/// Uploads the bytes of an image. They are inspected as they come; on a refusal nothing is kept.
#[utoipa::path(put, path = "/api/v1/images/{id}/file", operation_id = "upload_image", tag = "images",
    params(("id" = String, Path, description = "The image")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ImageView), (status = "default", body = Problem)))]
pub async fn upload(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer<ImageView>, Failure> {
    let got = media_type(&headers);
    if got.as_deref() != Some(OCTETS) {
        let got = got.unwrap_or_else(|| "nothing".to_owned());
        return Err(Error::new(Code::UnsupportedMedia)
            .with("got", shortened(&got, 80))
            .with("want", OCTETS)
            .into());
    }
    let announced = data::announced(&headers, header::CONTENT_LENGTH.as_str())?;
    let receiving = uploads::begin(&app, &asking.caller, &id, announced).await?;
    data::receive(&app, receiving, body, announced).await?;
    let seen = image::seen(&app, &asking.caller, &id).await?;
    Ok(Answer(render_one(&app, &asking, seen).await?))
}

/// Downloads the bytes of an image, or one range of them.
#[utoipa::path(get, path = "/api/v1/images/{id}/file", operation_id = "download_image", tag = "images",
    params(("id" = String, Path, description = "The image"),
        ("Range" = Option<String>, Header, description = "`bytes=FIRST-LAST`")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 204, description = "There are no bytes, or the disks are read one by one"),
        (status = "default", body = Problem)))]
pub async fn download(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    match download::open(&app, &asking.caller, &id).await? {
        Bytes::None(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Bytes::Disk(_, disk) => Ok(data::answer(&app, &disk, &method, &headers).await?),
    }
}
