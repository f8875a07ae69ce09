//! How a refusal looks in the OpenStack dialect.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lendglass_core::{Code, Error, Kind, Language};
use serde_json::json;

/// A refusal on its way to an OpenStack client.
#[derive(Debug)]
pub struct Failure(pub Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(error)
    }
}

/// The status of a refusal in Glance and Keystone: that of its kind, but for what they tell apart.
///
/// Bytes that are not what `disk_format` says, or hostile, are 415 as in Glance's upload.
pub fn status(error: &Error) -> StatusCode {
    if error.code() == Code::MethodNotAllowed {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    if matches!(error.code(), Code::ImageFormatMismatch | Code::ImageRefused) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    match error.kind() {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::BadRange => StatusCode::RANGE_NOT_SATISFIABLE,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::QuotaExceeded | Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Keystone's shape, `{"error": {code, title, message}}`, which openstacksdk, glanceclient and
/// gophercloud read for images as well, with our stable code beside it.
pub fn render(error: &Error) -> Response {
    render_as(error, status(error))
}

/// As [`render`], where a call has a status of its own for the refusal.
pub fn render_as(error: &Error, status: StatusCode) -> Response {
    let body = json!({"error": {
        "code": status.as_u16(),
        "title": status.canonical_reason().unwrap_or("Error"),
        "message": error.text(Language::English),
        "reason": error.code().as_str(),
    }});
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Keystone uri=\"/v3\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = error.retry_seconds() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::RANGE_NOT_SATISFIABLE
        && let Some(size) = error.fact("size")
        && let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}"))
    {
        headers.insert(header::CONTENT_RANGE, value);
    }
    response.extensions_mut().insert(error.clone());
    response
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        render(&self.0)
    }
}
