//! `Idempotency-Key`: a POST that is sent again is answered again, and done once (AP-05).

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use lendglass_core::tenant::{Once, Terms};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};

use super::error::Failure;
use super::input::is_dry_run;
use super::session::{self, Sent};
use crate::app::App;
use crate::service::idempotency;
use crate::wire::common::{header_text, small_body};
use crate::wire::context::Context;

const KEY: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";
/// Longest key; a UUID has 36 characters.
const KEY_CHARS: usize = 255;

/// Surrounds the routes below a refusal's rendering: answers what was answered before, else lets the
/// request through with its key and keeps the answer of what was done. A refused request leaves its
/// key free.
pub async fn once(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let Some(key) = key_of(request.method(), request.headers())? else {
        return Ok(next.run(request).await);
    };
    let context = request.extensions().get::<Context>().cloned();
    let context = context.ok_or_else(|| Error::internal("a request without its context"))?;
    let (mut parts, body) = request.into_parts();
    let (caller, _) = session::caller(&app, &context, Sent::of(&parts)).await?;
    let body = small_body(body).await?;
    let once = Once { key, fingerprint: fingerprint(&parts.uri, &body) };
    if let Some((status, answer)) = idempotency::answered(&app, &caller, &once).await? {
        return Ok(replay(status, answer));
    }
    let is_dry = is_dry_run(&parts.uri)?;
    parts.extensions.insert(Terms { is_dry_run: is_dry, once: Some(once.clone()) });
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    // A secret that is shown once is not kept either: the key stays taken, without an answer.
    let is_secret = response.headers().get(header::CACHE_CONTROL).is_some_and(|v| v == "no-store");
    if !response.status().is_success() || is_dry || is_secret {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| Error::internal(error.to_string()))?.to_bytes();
    let text = String::from_utf8(body.into());
    let text = text.map_err(|error| Error::internal(error.to_string()))?;
    idempotency::keep(&app, &caller, &once, parts.status.as_u16(), text.clone()).await?;
    Ok(Response::from_parts(parts, Body::from(text)))
}

fn key_of(method: &Method, headers: &HeaderMap) -> Result<Option<String>, Error> {
    if method != Method::POST || !headers.contains_key(KEY) {
        return Ok(None);
    }
    let key = header_text(headers, KEY).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_CHARS || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::new(Code::InvalidValue)
            .with("field", "Idempotency-Key")
            .with("value", shortened(key, 40))
            .with("reason", format!("1 to {KEY_CHARS} visible ASCII characters")));
    }
    Ok(Some(key.to_owned()))
}

/// What makes two requests the same: path, query and body.
fn fingerprint(uri: &Uri, body: &[u8]) -> String {
    let mut digest = openssl::sha::Sha256::new();
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    digest.update(target.as_bytes());
    digest.update(b"\n");
    digest.update(body);
    digest.finish().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn replay(status: u16, answer: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
