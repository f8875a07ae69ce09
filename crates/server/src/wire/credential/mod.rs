//! Who asks: tokens and signatures become a [`Caller`]. Belongs to no dialect; every route takes
//! every credential.

mod asked;
mod eop;
#[cfg(test)]
mod golden;
mod parameters;
mod sdk_hmac;
mod signed;
mod tc3;

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use lendglass_core::tenant::{Caller, Credential, Terms};
use lendglass_core::{Code, Error, RegionId};

pub use self::asked::Asked;
pub use self::signed::{Claim, Scheme, Signed, claim, prove};
pub use self::tc3::service as tc3_service;
use crate::app::App;
use crate::service::identity::{self, Actor, Method, Origin, ProjectScope, Scope, Session};
use crate::wire::context::Context;

/// The header with the token of the caller.
pub const AUTH_TOKEN: &str = "x-auth-token";
/// The header with the token of a service that acts for the caller.
pub const SERVICE_TOKEN: &str = "x-service-token";

/// The caller of a request about images, in the region of its path, else of its project.
///
/// Errors: [`Code::Unauthenticated`], [`Code::TokenExpired`], [`Code::TokenRevoked`],
/// [`Code::Unavailable`], [`Code::NoProjectScope`], [`Code::RegionNotFound`],
/// [`Code::ProjectNotInRegion`]; of a signed request those of [`prove`].
pub async fn caller(app: &App, context: &Context, headers: &HeaderMap) -> Result<Caller, Error> {
    caller_in(app, context, headers, None).await
}

/// The same for a dialect whose requests name a region in a parameter of their own; the prefix
/// `/region/ID` goes first.
pub async fn caller_in(
    app: &App,
    context: &Context,
    headers: &HeaderMap,
    parameter: Option<&RegionId>,
) -> Result<Caller, Error> {
    let named = context.region_prefix.as_ref().or(parameter);
    let session = match &context.signed {
        Some(signed) => session_of_key(app, signed, named).await?,
        None => session(app, headers)?,
    };
    caller_of(app, context, headers, &session, named)
}

/// Whether a request carries a token or a signature, good or not.
pub fn is_given(context: &Context, headers: &HeaderMap) -> bool {
    context.signed.is_some() || token(headers).is_some()
}

/// The caller of a request in a session that was proven, in the region named.
pub fn caller_of(
    app: &App,
    context: &Context,
    headers: &HeaderMap,
    session: &Session,
    named: Option<&RegionId>,
) -> Result<Caller, Error> {
    let Scope::Project(scope) = &session.scope else {
        return Err(Error::new(Code::NoProjectScope));
    };
    let region = region_of(app, scope, named)?;
    Ok(Caller {
        user: session.user.clone(),
        user_name: session.user_name.clone(),
        project: scope.project.clone(),
        account: scope.account.clone(),
        region,
        role: scope.role,
        permissions: identity::permissions(app, &session.user, &scope.project),
        is_operator: session.is_operator,
        is_service: is_service(app, headers)?,
        credential: credential_of(session),
        source: context.source.clone(),
        request_id: context.request_id.clone(),
        terms: Terms::default(),
    })
}

fn credential_of(session: &Session) -> Credential {
    if session.methods.contains(&Method::AccessKey) {
        return Credential::AccessKey;
    }
    match session.application {
        Some(_) => Credential::ApplicationCredential,
        None => Credential::Token,
    }
}

/// Who administers identity, with a token of any scope or by a signature.
pub async fn actor(app: &App, context: &Context, headers: &HeaderMap) -> Result<Actor, Error> {
    let session = match &context.signed {
        Some(signed) => session_of_key(app, signed, context.region_prefix.as_ref()).await?,
        None => session(app, headers)?,
    };
    Ok(Actor { session, origin: origin(context) })
}

/// The session of a request's access key, now, in the region named: that of its own project or of the
/// one project of the same account there in which its user has a role.
async fn session_of_key(
    app: &App,
    signed: &Signed,
    named: Option<&RegionId>,
) -> Result<Arc<Session>, Error> {
    let id = signed.as_ref().map_err(Error::clone)?;
    let key = identity::key(app, id).await?;
    let key = key.ok_or_else(|| Error::new(Code::SignatureInvalid).because("the key has ended"))?;
    let Some(region) = named.filter(|region| app.region(region).is_some()) else {
        return Ok(key.home().clone());
    };
    // Where there is none, the home project is refused by its region.
    Ok(key.session_in(region).unwrap_or_else(|| key.home()).clone())
}

/// Where a request comes from.
pub fn origin(context: &Context) -> Origin {
    Origin { source: context.source.clone(), request_id: context.request_id.clone() }
}

fn session(app: &App, headers: &HeaderMap) -> Result<Arc<Session>, Error> {
    let token = token(headers).ok_or_else(|| Error::new(Code::Unauthenticated))?;
    identity::verify(app, token)
}

/// `X-Auth-Token`, or `Authorization: Bearer`.
fn token(headers: &HeaderMap) -> Option<&str> {
    if let Some(token) = headers.get(AUTH_TOKEN) {
        return token.to_str().ok();
    }
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A service token that does not hold refuses the request: whoever sends one relies on it.
fn is_service(app: &App, headers: &HeaderMap) -> Result<bool, Error> {
    let Some(token) = headers.get(SERVICE_TOKEN) else { return Ok(false) };
    let token = token.to_str().map_err(|_| Error::new(Code::Unauthenticated))?;
    let session = identity::verify(app, token)?;
    match &session.scope {
        Scope::Project(scope) if scope.is_service => Ok(true),
        Scope::Project(_) | Scope::Unscoped | Scope::Account(_) | Scope::System => {
            Err(Error::new(Code::Unauthenticated)
                .because("X-Service-Token of a user without role service"))
        }
    }
}

/// The region of a request: what was named, which must be the project's home if it
/// has one; else the home; else the first region.
fn region_of(app: &App, scope: &ProjectScope, named: Option<&RegionId>) -> Result<RegionId, Error> {
    let wanted = named.or(scope.region.as_ref()).or(app.regions.first().map(|region| &region.id));
    let wanted = wanted.ok_or_else(|| Error::internal("the installation has no region"))?;
    if app.region(wanted).is_none() {
        return Err(Error::new(Code::RegionNotFound).with("region", wanted));
    }
    match &scope.region {
        Some(home) if home != wanted => {
            Err(Error::new(Code::ProjectNotInRegion).with("home", home).with("region", wanted))
        }
        Some(_) | None => Ok(wanted.clone()),
    }
}
