//! What every native call reads: who asks, the query, the JSON body, ids in the path.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use lendglass_core::tenant::{Caller, Terms};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId, Language};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path as FieldPath, Segment};

use super::error::{Failure, language};
use super::session::{self, Sent};
use crate::app::App;
use crate::service::session as sessions;
use crate::wire::common::{invalid, json_body, malformed, media_type};
use crate::wire::context::Context;

/// Who asks, proven, and in which language.
pub struct Asking {
    /// Who.
    pub caller: Caller,
    /// The language of texts in the answer.
    pub language: Language,
    /// The id of the request.
    pub request_id: String,
}

impl FromRequestParts<App> for Asking {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asking, Failure> {
        let context = parts.extensions.get::<Context>();
        let context = context.ok_or_else(|| Error::internal("a request without its context"))?;
        let (mut caller, signed_in) = session::caller(app, context, Sent::of(parts)).await?;
        if let Some(signed_in) = signed_in {
            sessions::note_use(app, &signed_in).await?;
        }
        caller.terms = match parts.extensions.get::<Terms>() {
            Some(terms) => terms.clone(),
            None => Terms { is_dry_run: is_dry_run(&parts.uri)?, once: None },
        };
        let request_id = context.request_id.clone();
        Ok(Asking { caller, language: language(&parts.headers), request_id })
    }
}

/// The parameter that turns any changing call into a dry run.
const DRY_RUN: &str = "dry_run";

/// Whether the query asks for a dry run: the change is decided whole, and not made.
pub fn is_dry_run(uri: &Uri) -> Result<bool, Error> {
    Query::of(uri).flag(DRY_RUN)
}

/// The text of the one parameter of a path.
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathText, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|error| malformed("the path is not UTF-8").because(error))?;
        Ok(PathText(text))
    }
}

/// The texts of the two parameters of a path.
pub struct PathTexts(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathTexts {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathTexts, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let path = path.map_err(|error| malformed("the path is not UTF-8").because(error));
        let Path((first, second)) = path?;
        Ok(PathTexts(first, second))
    }
}

/// The image a path names. What is no image id is no image.
pub struct PathImage(pub ImageId);

impl<S: Send + Sync> FromRequestParts<S> for PathImage {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathImage, Failure> {
        let PathText(text) = PathText::from_request_parts(parts, state).await?;
        let id = ImageId::parse_uuid(&text)
            .map_err(|_| Error::new(Code::ImageNotFound).with("id", shortened(&text, 80)))?;
        Ok(PathImage(id))
    }
}

/// The parameters of a query. Take what is known, then [`Query::finish`] refuses the rest.
pub struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query, Failure> {
        let mut query = Query::of(&parts.uri);
        // Taken by who asks.
        if parts.method == Method::GET || parts.method == Method::HEAD {
            query.all(session::AS_PROJECT);
            query.all(session::AS_REGION);
        } else {
            query.all(DRY_RUN);
        }
        Ok(query)
    }
}

impl Query {
    /// Those of an address.
    pub fn of(uri: &Uri) -> Query {
        Query::of_text(uri.query().unwrap_or_default())
    }

    /// Those of a text.
    pub fn of_text(text: &str) -> Query {
        Query(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Every value of a parameter, in order.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        let (taken, rest) = std::mem::take(&mut self.0).into_iter().partition(|(n, _)| n == name);
        self.0 = rest;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// The value of a parameter that may be given once.
    pub fn one(&mut self, name: &str) -> Result<Option<String>, Error> {
        let mut values = self.all(name);
        if values.len() > 1 {
            return Err(malformed(&format!("the parameter {name} is given twice")));
        }
        Ok(values.pop())
    }

    /// A number that may be given once.
    pub fn number(&mut self, name: &str) -> Result<Option<u32>, Error> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let number = text.parse();
        number.map(Some).map_err(|_| invalid(name, &text, "it is not a whole number"))
    }

    /// A flag that may be given once; absent is false.
    pub fn flag(&mut self, name: &str) -> Result<bool, Error> {
        Ok(self.opt_flag(name)?.unwrap_or(false))
    }

    /// A flag that may be given once.
    pub fn opt_flag(&mut self, name: &str) -> Result<Option<bool>, Error> {
        match self.one(name)?.as_deref() {
            None => Ok(None),
            Some("true" | "1" | "yes") => Ok(Some(true)),
            Some("false" | "0" | "no") => Ok(Some(false)),
            Some(other) => Err(invalid(name, other, "true or false")),
        }
    }

    /// A word of an enum that may be given once.
    pub fn word<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| invalid(name, &text, "there is no such word"))
    }

    /// Parameters `PREFIX.NAME=VALUE`, as (NAME, VALUE).
    pub fn with_prefix(&mut self, prefix: &str) -> Vec<(String, String)> {
        let mut taken = Vec::new();
        self.0.retain(|(name, value)| match name.strip_prefix(prefix) {
            Some(rest) => {
                taken.push((rest.to_owned(), value.clone()));
                false
            }
            None => true,
        });
        taken
    }

    /// Refuses what nobody took with [`Code::UnknownField`].
    pub fn finish(self) -> Result<(), Error> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                Err(Error::new(Code::UnknownField).with("field", shortened(&name, 80)))
            }
        }
    }
}

/// A JSON body of one of our shapes. Unknown fields and wrong types are refused by their name.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &App) -> Result<Json<T>, Failure> {
        let got = media_type(request.headers());
        if got.as_deref() != Some("application/json") {
            let got = got.unwrap_or_else(|| "nothing".to_owned());
            return Err(Error::new(Code::UnsupportedMedia)
                .with("got", shortened(&got, 80))
                .with("want", "application/json")
                .into());
        }
        Ok(Json(shaped(json_body(request.into_body()).await?)?))
    }
}

/// Reads a value into one of our shapes.
///
/// Errors: [`Code::UnknownField`], [`Code::MissingField`], [`Code::InvalidValue`], each with the path
/// of the field.
pub fn shaped<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    if !value.is_object() {
        return Err(invalid("body", &value.to_string(), "a JSON object is expected"));
    }
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "body".to_owned() } else { path };
        let text = error.inner().to_string();
        if text.starts_with("unknown field `") {
            let field = quoted(&text).unwrap_or(field);
            return Error::new(Code::UnknownField).with("field", shortened(&field, 80));
        }
        if text.starts_with("missing field `") {
            let name = quoted(&text).unwrap_or_default();
            let field = if field == "body" { name } else { format!("{field}.{name}") };
            return Error::new(Code::MissingField).with("field", shortened(&field, 80));
        }
        invalid(&field, &shown(&value, error.path()), &shortened(&text, 200))
    })
}

/// The first word between back quotes: how serde names a field.
fn quoted(text: &str) -> Option<String> {
    text.split('`').nth(1).map(str::to_owned)
}

/// The part of a body that a path names, as an error shows it.
fn shown(value: &Value, path: &FieldPath) -> String {
    let mut part = value;
    for segment in path {
        let next = match segment {
            Segment::Map { key } => part.get(key),
            Segment::Seq { index } => part.get(index),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let Some(next) = next else { break };
        part = next;
    }
    part.as_str().map_or_else(|| part.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the refusals matter")]
    struct Shape {
        name: String,
        #[serde(default)]
        size: u32,
        #[serde(default)]
        properties: BTreeMap<String, Option<String>>,
    }

    #[track_caller]
    fn check(body: Value, code: Code, field: &str) {
        let error = shaped::<Shape>(body).unwrap_err();
        assert_eq!((error.code(), error.fact("field")), (code, Some(field)), "{error}");
    }

    #[test]
    fn refusals_name_the_field() {
        check(json!({"name": "a", "colour": 1}), Code::UnknownField, "colour");
        check(json!({"size": 1}), Code::MissingField, "name");
        check(json!({"name": "a", "size": "big"}), Code::InvalidValue, "size");
        check(json!({"name": "a", "size": -1}), Code::InvalidValue, "size");
        check(json!({"name": "a", "properties": {"x": 5}}), Code::InvalidValue, "properties.x");
        check(json!(["a", 1, {}]), Code::InvalidValue, "body");
        check(json!(7), Code::InvalidValue, "body");
    }

    #[test]
    fn a_query_refuses_what_nobody_takes() {
        let query = || Query(vec![("a".into(), "1".into()), ("p.x".into(), "y".into())]);
        let mut all = query();
        assert_eq!(all.number("a").unwrap(), Some(1));
        assert_eq!(all.with_prefix("p."), [("x".to_owned(), "y".to_owned())]);
        all.finish().unwrap();
        assert_eq!(query().finish().unwrap_err().fact("field"), Some("a"));
        let mut twice = Query(vec![("a".into(), "1".into()), ("a".into(), "2".into())]);
        assert_eq!(twice.one("a").unwrap_err().code(), Code::Malformed);
    }
}
