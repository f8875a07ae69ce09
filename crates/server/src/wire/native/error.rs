//! How a refusal looks in the native dialect: `{code, message, detail, request_id}`.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lendglass_core::{Code, Error, Kind, Language};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::wire::common::header_text;
use crate::wire::context::Context;

/// A refusal, as clients read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The stable word; `lend explain CODE` and the error catalogue say more of it.
    #[schema(example = "IMAGE_NOT_FOUND")]
    pub code: &'static str,
    /// The reason and the way out, in the language of `Accept-Language` (`en`, `zh`).
    pub message: String,
    /// The facts of the message, by name.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub detail: Map<String, Value>,
    /// What to tell the operator.
    pub request_id: String,
}

impl Problem {
    /// The refusal in a language.
    pub fn of(error: &Error, language: Language, request_id: &str) -> Problem {
        Problem {
            code: error.code().as_str(),
            message: error.text(language),
            detail: facts(error),
            request_id: request_id.to_owned(),
        }
    }
}

/// The facts of a refusal, by name.
pub fn facts(error: &Error) -> Map<String, Value> {
    let named = error.facts().iter();
    named.map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect()
}

/// A refusal on its way out; [`render`] gives it the client's language.
#[derive(Debug)]
pub struct Failure {
    error: Error,
    status: StatusCode,
}

impl Failure {
    /// A refusal with a status of its own, where a call means something else by it.
    pub fn with_status(error: Error, status: StatusCode) -> Failure {
        Failure { error, status }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { status: status(&error), error }
    }
}

/// The status of a refusal. Ceilings are conflicts (409), because waiting or cleaning up helps.
pub fn status(error: &Error) -> StatusCode {
    // A dry run that would be done is what was asked for.
    if error.code() == Code::DryRun {
        return StatusCode::OK;
    }
    if error.code() == Code::MethodNotAllowed {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    match error.kind() {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::BadRange => StatusCode::RANGE_NOT_SATISFIABLE,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict | Kind::QuotaExceeded => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A refusal whose body is still to be written.
#[derive(Clone)]
struct Unwritten(Error);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let fact = |name| self.error.fact(name);
        if let Some(seconds) = self.error.retry_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::RANGE_NOT_SATISFIABLE
            && let Some(size) = fact("size")
            && let Ok(value) = HeaderValue::try_from(format!("bytes */{size}"))
        {
            headers.insert(header::CONTENT_RANGE, value);
        }
        response.extensions_mut().insert(Unwritten(self.error));
        response
    }
}

/// Surrounds all routes: writes the bodies of refusals, which the handlers left out because they do
/// not know the client's language.
pub async fn render(request: Request, next: Next) -> Response {
    let language = language(request.headers());
    let context = request.extensions().get::<Context>();
    let request_id = context.map(|context| context.request_id.clone()).unwrap_or_default();
    let response = next.run(request).await;
    let (mut parts, body) = response.into_parts();
    let Some(Unwritten(error)) = parts.extensions.remove::<Unwritten>() else {
        return Response::from_parts(parts, body);
    };
    let problem = Problem::of(&error, language, &request_id);
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut written = (parts.status, parts.headers, Json(problem)).into_response();
    written.extensions_mut().insert(error);
    written
}

/// The language a client prefers among ours; English where it names neither.
pub fn language(headers: &HeaderMap) -> Language {
    let text = header_text(headers, header::ACCEPT_LANGUAGE.as_str()).unwrap_or_default();
    let weight = |prefix: &str| {
        let ranges = text.split(',').filter_map(|range| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let is_ours = tag.trim().to_ascii_lowercase().split('-').next() == Some(prefix);
            let quality = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
            is_ours.then(|| quality.unwrap_or(0.0))
        });
        ranges.fold(0.0, f32::max)
    };
    if weight("zh") > weight("en") { Language::Chinese } else { Language::English }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_language(accept: &str, expected: Language) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
        assert_eq!(language(&headers), expected, "{accept:?}");
    }

    #[test]
    fn the_preferred_language_is_spoken() {
        check_language("zh", Language::Chinese);
        check_language("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese);
        check_language("en-GB,zh;q=0.5", Language::English);
        check_language("en;q=0.3, zh-Hans;q=0.4", Language::Chinese);
        check_language("fr", Language::English);
        check_language("", Language::English);
        check_language("zh;q=x", Language::English);
    }
}
