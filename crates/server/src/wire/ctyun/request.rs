//! What every call of CTyun's begins with: who asks, in which region, with what.

use axum::extract::{FromRequest, Request};
use axum::http::Method;
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, RegionId};

use super::error::Failure;
use super::fields::Fields;
use crate::app::App;
use crate::wire::common::small_body;
use crate::wire::context::Context;
use crate::wire::credential;

/// A call whose caller is proven. A handler's only argument, so that who may not come in learns nothing
/// else.
pub struct Asked {
    /// The server.
    pub app: App,
    /// Who asks, in the region of `regionID`.
    pub caller: Caller,
    /// With what.
    pub fields: Fields,
}

impl FromRequest<App> for Asked {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Asked, Failure> {
        let context = request.extensions().get::<Context>().cloned();
        let context = context.ok_or_else(|| Error::internal("a request without its context"))?;
        let (parts, body) = request.into_parts();
        let headers = &parts.headers;
        // Whoever has no proof has his body read by nobody.
        if !credential::is_given(&context, headers) {
            return Err(Error::new(Code::Unauthenticated).into());
        }
        let query = parts.uri.query().unwrap_or_default();
        let fields = match parts.method {
            Method::GET | Method::HEAD => Fields::of_query(query),
            _ => small_body(body).await.and_then(|body| Fields::of_body(&body, query)),
        };
        let region = fields.as_ref().map_err(Error::clone).and_then(parse_region);
        let named = region.as_ref().ok();
        let caller = credential::caller_in(app, &context, headers, named).await?;
        let (fields, _) = (fields?, region?);
        Ok(Asked { app: app.clone(), caller, fields })
    }
}

fn parse_region(fields: &Fields) -> Result<RegionId, Error> {
    let text = fields.required("regionID")?;
    let unknown = || Error::new(Code::RegionNotFound).with("region", shortened(&text, 80));
    RegionId::parse(&text).map_err(|_| unknown())
}
