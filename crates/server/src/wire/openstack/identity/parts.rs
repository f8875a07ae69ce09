//! What the identity API's handlers are made of: who asks, the body, the query, ids, links, times.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use lendglass_core::limits::JSON_DEPTH;
use lendglass_core::{AccountId, Code, Error, ProjectId, Timestamp, UserId};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::app::App;
use crate::service::identity::Actor;
use crate::wire::common::small_body;
use crate::wire::context::Context;
use crate::wire::credential;
use crate::wire::openstack::error::Failure;

/// Who asks, with a token of any scope.
pub(super) struct As(pub Actor);

impl FromRequestParts<App> for As {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<As, Failure> {
        let context = Context::from_request_parts(parts, app).await?;
        Ok(As(credential::actor(app, &context, &parts.headers).await?))
    }
}

/// Parts of the path.
pub(super) struct Param<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Param<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Param<T>, Failure> {
        let path = Path::<T>::from_request_parts(parts, app).await;
        path.map(|Path(value)| Param(value)).map_err(|_| malformed("the path is not UTF-8").into())
    }
}

/// The query, decoded. Of a name that is repeated the last value counts.
pub(super) struct Query(BTreeMap<String, String>);

impl FromRequestParts<App> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Query, Failure> {
        let text = parts.uri.query().unwrap_or_default();
        let pairs: BTreeMap<String, String> =
            url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        if pairs.values().any(|value| value.contains('\0')) {
            return Err(malformed("a value of the query has a NUL").into());
        }
        Ok(Query(pairs))
    }
}

impl Query {
    /// The value, where it is there.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A flag, where it is there. As in Keystone everything is true that is not plainly false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|value| !is_false(value))
    }
}

fn is_false(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off")
}

/// A JSON body: of bounded size and depth, without NULs, of the media type JSON where one is named.
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &App) -> Result<Json<T>, Failure> {
        check_media_type(&request)?;
        let value = read(request.into_body()).await?;
        check_shape(&value, 1)?;
        serde_json::from_value(value).map(Json).map_err(|error| not_json(&error).into())
    }
}

fn check_media_type(request: &Request) -> Result<(), Error> {
    let Some(value) = request.headers().get(CONTENT_TYPE) else { return Ok(()) };
    let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence == "application/json" || essence.ends_with("+json") {
        return Ok(());
    }
    let got = lendglass_core::text::shortened(essence, 80);
    Err(Error::new(Code::UnsupportedMedia).with("got", got).with("want", "application/json"))
}

async fn read(body: Body) -> Result<Value, Error> {
    serde_json::from_slice(&small_body(body).await?).map_err(|error| not_json(&error))
}

fn check_shape(value: &Value, depth: usize) -> Result<(), Error> {
    if depth > JSON_DEPTH {
        return Err(Error::new(Code::MalformedJson)
            .with("reason", format!("it nests deeper than {JSON_DEPTH}")));
    }
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(Error::new(Code::MalformedJson).with("reason", "a text has a NUL"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        Value::Array(items) => items.iter().try_for_each(|item| check_shape(item, depth + 1)),
        Value::Object(fields) => fields.values().try_for_each(|item| check_shape(item, depth + 1)),
    }
}

fn not_json(error: &serde_json::Error) -> Error {
    let reason = lendglass_core::text::shortened(&error.to_string(), 200);
    Error::new(Code::MalformedJson).with("reason", reason)
}

fn malformed(reason: &str) -> Error {
    Error::new(Code::Malformed).with("reason", reason)
}

/// A field that must be there.
pub(super) fn required<T>(value: Option<T>, field: &'static str) -> Result<T, Error> {
    value.ok_or_else(|| Error::new(Code::MissingField).with("field", field))
}

// What is no id names nothing: not found, so that clients go on and look for a name.

pub(super) fn project_id(text: &str) -> Result<ProjectId, Error> {
    ProjectId::parse(text).map_err(|_| nothing(Code::ProjectNotFound, text))
}

pub(super) fn user_id(text: &str) -> Result<UserId, Error> {
    UserId::parse(text).map_err(|_| nothing(Code::UserNotFound, text))
}

pub(super) fn account_id(text: &str) -> Result<AccountId, Error> {
    AccountId::parse(text).map_err(|_| nothing(Code::AccountNotFound, text))
}

pub(super) fn nothing(code: Code, id: &str) -> Error {
    Error::new(code).with("id", lendglass_core::text::shortened(id, 80))
}

/// Scheme and host as the client wrote them, without the region's prefix.
pub(super) fn root_url(context: &Context) -> &str {
    let base = context.base_url.as_str();
    match &context.region_prefix {
        Some(region) => base.strip_suffix(&format!("/region/{region}")).unwrap_or(base),
        None => base,
    }
}

/// The address of a thing of this API.
pub(super) fn link(context: &Context, path: &str) -> Value {
    json!({"self": format!("{}/v3/{path}", root_url(context))})
}

/// A list as Keystone answers it.
pub(super) fn collection(context: &Context, name: &str, path: &str, items: Vec<Value>) -> Value {
    let address = format!("{}/v3/{path}", root_url(context));
    json!({name: items, "links": {"self": address, "previous": null, "next": null}})
}

/// A time as Keystone writes it.
pub(super) fn time_text(at: Timestamp) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1000)
        .ok()
        .and_then(|time| time.format(&format).ok())
        .unwrap_or_else(|| "9999-12-31T23:59:59.000000Z".to_owned())
}

/// Reads a time with or without a zone; without one it is UTC.
pub(super) fn parse_time(field: &'static str, text: &str) -> Result<Timestamp, Error> {
    let plain = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]"
    );
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| PrimitiveDateTime::parse(text, &plain).map(PrimitiveDateTime::assume_utc));
    let micros = time.ok().and_then(|time| i64::try_from(time.unix_timestamp_nanos() / 1000).ok());
    micros.map(Timestamp).ok_or_else(|| {
        Error::new(Code::InvalidValue)
            .with("field", field)
            .with("value", lendglass_core::text::shortened(text, 80))
            .with("reason", "write it as 2026-12-31T23:59:59Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        let at = Timestamp(1_795_000_000_123_456);
        assert_eq!(parse_time("t", &time_text(at)).unwrap(), at);
        for text in ["2026-12-31T23:59:59", "2026-12-31T23:59:59Z", "2027-01-01T01:59:59+02:00"] {
            assert_eq!(parse_time("t", text).unwrap().seconds(), 1_798_761_599, "{text}");
        }
        for text in ["", "tomorrow", "2026-13-01T00:00:00Z"] {
            assert_eq!(parse_time("t", text).unwrap_err().code(), Code::InvalidValue, "{text}");
        }
    }
}
