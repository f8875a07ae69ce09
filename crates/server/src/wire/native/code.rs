//! The catalogue of refusals, for who meets a code.

use axum::Json as Answer;
use axum::http::{HeaderMap, StatusCode};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Failure, Problem, language, status};
use super::input::PathText;
use crate::wire::common::invalid;

/// What a code means.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeView {
    /// The stable word.
    pub code: &'static str,
    /// The HTTP status it has in this dialect.
    pub status: u16,
    /// The reason and the way out, in the client's language; `{NAME}` stands for a fact.
    pub message: &'static str,
}

/// Explains a code.
#[utoipa::path(
    get,
    path = "/api/v1/codes/{code}",
    operation_id = "explain_code",
    tag = "document",
    security(()),
    params(("code" = String, Path, description = "The code")),
    responses((status = 200, body = CodeView), (status = 404, body = Problem))
)]
pub async fn explain(
    PathText(text): PathText,
    headers: HeaderMap,
) -> Result<Answer<CodeView>, Failure> {
    let Some(code) = Code::parse(&text.to_ascii_uppercase()) else {
        let error = invalid("code", &shortened(&text, 80), "there is no such code");
        return Err(Failure::with_status(error, StatusCode::NOT_FOUND));
    };
    Ok(Answer(CodeView {
        code: code.as_str(),
        status: status(&Error::new(code)).as_u16(),
        message: code.template(language(&headers)),
    }))
}
