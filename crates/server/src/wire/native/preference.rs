//! What a user prefers of the console: one JSON object, which the server keeps and does not read.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use lendglass_core::limits::PREFERENCES_BYTES;
use lendglass_core::{Code, Error};
use serde_json::Value;

use super::error::{Failure, Problem};
use super::input::Asking;
use crate::app::App;
use crate::service::session;
use crate::wire::common::{invalid, json_body};

/// Shows what you prefer; an empty object where you have said nothing.
#[utoipa::path(get, path = "/api/v1/me/preferences", operation_id = "show_preferences", tag = "caller",
    responses((status = 200, body = std::collections::BTreeMap<String, Value>), (status = "default", body = Problem)))]
pub async fn show(State(app): State<App>, asking: Asking) -> Result<Answer<Value>, Failure> {
    let text = session::preferences(&app, &asking.caller.user).await?;
    let known = text.map(|text| serde_json::from_str(&text)).transpose();
    let known = known.map_err(|error| Error::internal(format!("preferences: {error}")))?;
    Ok(Answer(known.unwrap_or_else(|| Value::Object(Default::default()))))
}

/// Writes what you prefer: one JSON object of at most 32 KiB, which replaces the former one.
#[utoipa::path(put, path = "/api/v1/me/preferences", operation_id = "set_preferences", tag = "caller",
    request_body = std::collections::BTreeMap<String, Value>,
    responses((status = 200, body = std::collections::BTreeMap<String, Value>),
        (status = 413, description = "More than 32 KiB", body = Problem), (status = "default", body = Problem)))]
pub async fn set(
    State(app): State<App>,
    asking: Asking,
    body: Body,
) -> Result<Answer<Value>, Failure> {
    let value = json_body(body).await?;
    if !value.is_object() {
        return Err(invalid("body", &value.to_string(), "a JSON object is expected").into());
    }
    let text = value.to_string();
    if text.len() > PREFERENCES_BYTES {
        return Err(Error::new(Code::BodyTooLarge).with("max", PREFERENCES_BYTES).into());
    }
    if !asking.caller.terms.is_dry_run {
        session::set_preferences(&app, &asking.caller.user, text).await?;
    }
    Ok(Answer(value))
}
