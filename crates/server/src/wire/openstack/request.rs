//! What every call of Glance's begins with: who asks, and the names in the path.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};

use crate::app::App;
use crate::wire::context::Context;
use crate::wire::credential;
use crate::wire::openstack::error::Failure;

/// A request whose caller is proven. First among a handler's arguments, so that who may not come in
/// learns nothing else.
pub struct Asked {
    /// Who asks.
    pub caller: Caller,
    /// What is known of the request.
    pub context: Context,
    /// Its headers.
    pub headers: HeaderMap,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asked, Failure> {
        let context = Context::from_request_parts(parts, app).await?;
        let caller = credential::caller(app, &context, &parts.headers).await?;
        Ok(Asked { caller, context, headers: parts.headers.clone() })
    }
}

impl Asked {
    /// Whether the request is signed, with whichever cloud's signature.
    pub fn is_signed(&self) -> bool {
        self.context.signed.is_some()
    }
}

/// The names in the path, decoded, in order.
pub struct Names(Vec<String>);

impl FromRequestParts<App> for Names {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Names, Failure> {
        match RawPathParams::from_request_parts(parts, app).await {
            Ok(params) => Ok(Names(params.iter().map(|(_, value)| value.to_owned()).collect())),
            // A name that is not text names nothing.
            Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => Err(nothing(parts).into()),
            Err(error) => Err(Error::internal(error.to_string()).into()),
        }
    }
}

fn nothing(parts: &Parts) -> Error {
    Error::new(Code::RouteNotFound).with("path", shortened(parts.uri.path(), 80))
}

impl Names {
    /// The image: the first name of the path. A text that is no id names no image (as Glance:
    /// clients look a *name* up by id first).
    pub fn image(&self) -> Result<ImageId, Error> {
        let text = self.at(0);
        ImageId::parse_uuid(text)
            .map_err(|_| Error::new(Code::ImageNotFound).with("id", shortened(text, 80)))
    }

    /// The name after the image's.
    pub fn second(&self) -> &str {
        self.at(1)
    }

    fn at(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }
}
