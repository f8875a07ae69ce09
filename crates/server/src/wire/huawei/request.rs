//! What every call of Huawei's begins with: who asks, the names in the path, the fields of the body.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use lendglass_core::limits::BATCH_IMAGES;
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId, JobId};
use serde_json::{Map, Value};

use super::error::Failure;
use crate::app::App;
use crate::wire::common::{header_text, invalid, malformed};
use crate::wire::context::Context;
use crate::wire::credential;

/// What the vendor's library sends where it knows no project: the name of the parameter itself.
const NO_PROJECT: &str = "{project_id}";

/// A request whose caller is proven, with the names in its path. First among a handler's arguments,
/// so that who may not come in learns nothing else.
pub struct Asked {
    /// Who asks.
    pub caller: Caller,
    names: Vec<(String, String)>,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asked, Failure> {
        let context = parts.extensions.get::<Context>().cloned();
        let context = context.ok_or_else(|| Error::internal("a request without its context"))?;
        let caller = credential::caller(app, &context, &parts.headers).await?;
        let names = match RawPathParams::from_request_parts(parts, app).await {
            Ok(params) => {
                params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
            }
            // A name that is not text names nothing.
            Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => {
                let path = shortened(parts.uri.path(), 80);
                return Err(Error::new(Code::RouteNotFound).with("path", path).into());
            }
            Err(error) => return Err(Error::internal(error.to_string()).into()),
        };
        let asked = Asked { caller, names };
        asked.check_project(asked.name("project_id"))?;
        asked.check_project(header_text(&parts.headers, "x-project-id").unwrap_or_default())?;
        Ok(asked)
    }
}

impl Asked {
    /// A name of the path.
    pub fn name(&self, name: &str) -> &str {
        self.names.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The image of the path. A text that is no id names no image.
    pub fn image(&self) -> Result<ImageId, Error> {
        parse_image(self.name("image"))
    }

    /// The job of the path.
    pub fn job(&self) -> Result<JobId, Error> {
        let text = self.name("job");
        let unknown = || Error::new(Code::JobNotFound).with("id", shortened(text, 80));
        JobId::parse(text).map_err(|_| unknown())
    }

    /// The project of the path or of `X-Project-Id` is the caller's, or the literal `{project_id}`.
    fn check_project(&self, named: &str) -> Result<(), Error> {
        if named.is_empty() || named == NO_PROJECT || named == self.caller.project.as_str() {
            return Ok(());
        }
        Err(Error::new(Code::ProjectNotFound).with("id", shortened(named, 80)))
    }
}

/// An image as a body or a path names it.
pub fn parse_image(text: &str) -> Result<ImageId, Error> {
    ImageId::parse_uuid(text)
        .map_err(|_| Error::new(Code::ImageNotFound).with("id", shortened(text, 80)))
}

/// The fields of a JSON body. Those that nobody asks for are ignored, as in the cloud: older and
/// newer clients send some that are not known here.
pub struct Fields(Map<String, Value>);

impl Fields {
    /// The body, which must be an object.
    pub fn of(body: Value) -> Result<Fields, Error> {
        let Value::Object(fields) = body else {
            return Err(malformed("the body is a JSON object"));
        };
        Ok(Fields(fields))
    }

    /// A field; `None` where it is missing or null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text; `None` where it is missing, null or empty.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_str();
        let text = text.ok_or_else(|| invalid(name, &value.to_string(), "it must be a string"))?;
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    /// A text that must be there.
    pub fn required(&self, name: &'static str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| Error::new(Code::MissingField).with("field", name))
    }

    /// A whole number, or a text of one.
    pub fn number(&self, name: &str) -> Result<Option<u32>, Error> {
        self.get(name).map(|value| parse_number(name, value)).transpose()
    }

    /// A list of texts; none where it is missing.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let wrong = || invalid(name, &value.to_string(), "it must be an array of strings");
        let items = value.as_array().ok_or_else(wrong)?;
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
    }

    /// The images of a batch, at least one.
    pub fn images(&self) -> Result<Vec<ImageId>, Error> {
        let texts = self.texts("images")?;
        if texts.is_empty() {
            return Err(Error::new(Code::MissingField).with("field", "images"));
        }
        if texts.len() > BATCH_IMAGES {
            let error = Error::new(Code::TooManyIds).with("count", texts.len());
            return Err(error.with("max", BATCH_IMAGES));
        }
        texts.iter().map(|text| parse_image(text)).collect()
    }
}

/// A whole number, not negative, as such or as a text: clients write both.
pub fn parse_number(name: &str, value: &Value) -> Result<u32, Error> {
    let number = match value.as_str() {
        Some(text) => text.parse::<u32>().ok(),
        None => value.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    number
        .ok_or_else(|| invalid(name, &value.to_string(), "it must be a whole number, not negative"))
}
