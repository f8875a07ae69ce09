//! The session of the console: a cookie that says who asks, in this dialect only.
//!
//! A token or a signature wins over the cookie. The cookie says nothing of the project: each request
//! names it, so that two tabs can work in two projects. What changes anything must come from a page of
//! this server, because browsers send cookies by themselves.

use axum::Json as Answer;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use lendglass_core::limits::{NOTICES_COUNTED, SESSION_SECONDS};
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ProjectId, RegionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Json, Query};
use super::me::{AccountView, UserView};
use crate::app::App;
use crate::service::session::{self, Begun, Proof, SignedIn};
use crate::wire::common::{header_text, invalid, malformed, seconds_text};
use crate::wire::context::Context;
use crate::wire::credential;

/// The cookie.
pub const COOKIE: &str = "lendglass_session";
/// Below the base path: no other dialect is sent the cookie.
const COOKIE_PATH: &str = super::PREFIX;
/// Longest value of the cookie that is looked at; ours have 43 characters.
const COOKIE_CHARS: usize = 128;

/// The headers that name project and region.
const PROJECT: &str = "x-lendglass-project";
const REGION: &str = "x-lendglass-region";
/// The parameters that do, where a browser follows a link by itself.
pub const AS_PROJECT: &str = "as_project";
/// See [`AS_PROJECT`].
pub const AS_REGION: &str = "as_region";

// --- who asks ------------------------------------------------------------------------------------

/// What of a request says who asks, and where he acts.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    /// The method.
    pub method: &'a Method,
    /// The address.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
}

impl<'a> Sent<'a> {
    /// Of a request whose body is elsewhere.
    pub fn of(parts: &'a Parts) -> Sent<'a> {
        Sent { method: &parts.method, uri: &parts.uri, headers: &parts.headers }
    }

    fn is_read(&self) -> bool {
        matches!(*self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }

    /// The project and region that a request names; a link may do it in its query.
    fn place(&self) -> Result<(Option<ProjectId>, Option<RegionId>), Error> {
        let mut query = Query::of(self.uri);
        let mut named = |header: &str, parameter: &str| -> Result<Option<String>, Error> {
            let said = header_text(self.headers, header).map(str::to_owned);
            if said.is_some() || !self.is_read() {
                return Ok(said);
            }
            query.one(parameter)
        };
        let project = named(PROJECT, AS_PROJECT)?;
        let project = project.map(|text| {
            ProjectId::parse(&text)
                .map_err(|_| Error::new(Code::ProjectNotFound).with("id", shortened(&text, 80)))
        });
        let region = named(REGION, AS_REGION)?.map(RegionId::trusted);
        Ok((project.transpose()?, region))
    }
}

/// Who asks, by token, by signature, or by the cookie of a session, which is answered as well.
///
/// Errors: those of [`credential::caller_in`]; [`Code::SessionEnded`]; [`Code::OriginRefused`] for a
/// change that comes from another page; [`Code::ProjectNotFound`] for a project in which the user
/// has no role.
pub async fn caller(
    app: &App,
    context: &Context,
    sent: Sent<'_>,
) -> Result<(Caller, Option<SignedIn>), Error> {
    let secret = cookie(sent.headers);
    if credential::is_given(context, sent.headers) || secret.is_none() {
        return Ok((credential::caller(app, context, sent.headers).await?, None));
    }
    let signed_in = signed_in(app, context, sent).await?;
    let (project, region) = sent.place()?;
    let session = session::acting(app, &signed_in, project.as_ref()).await?;
    let named = context.region_prefix.as_ref().or(region.as_ref());
    let caller = credential::caller_of(app, context, sent.headers, &session, named)?;
    Ok((caller, Some(signed_in)))
}

/// The session of a request. Errors: [`Code::Unauthenticated`] where there is no cookie, and those of
/// [`caller`].
async fn signed_in(app: &App, context: &Context, sent: Sent<'_>) -> Result<SignedIn, Error> {
    let secret = cookie(sent.headers).ok_or_else(|| Error::new(Code::Unauthenticated))?;
    let signed_in = session::resume(app, secret).await?;
    if !sent.is_read() {
        check_origin(context, sent.headers)?;
    }
    Ok(signed_in)
}

/// The secret of the cookie.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs =
        texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut secrets = pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value);
    secrets.next().filter(|value| !value.is_empty() && value.len() <= COOKIE_CHARS)
}

/// Refuses with [`Code::OriginRefused`] what does not come from a page of this server. Scripts cannot
/// write either header. `Sec-Fetch-Site` is what the browser itself has compared, so it goes first.
fn check_origin(context: &Context, headers: &HeaderMap) -> Result<(), Error> {
    let origin = header_text(headers, header::ORIGIN.as_str());
    let is_own = match header_text(headers, "sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => origin.is_some_and(|origin| *origin == own_origin(context)),
    };
    if is_own {
        return Ok(());
    }
    let shown = shortened(origin.unwrap_or("without an origin"), 120);
    Err(Error::new(Code::OriginRefused).with("origin", shown))
}

fn own_origin(context: &Context) -> String {
    let url = url::Url::parse(&context.base_url).ok();
    url.map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

// --- signing in ----------------------------------------------------------------------------------

/// What proves who signs in: a name with a password, or a link's secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionBody {
    /// The account, by name or id; may be left out by whoever alone has his name.
    pub account: Option<String>,
    /// The user's name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The secret of a link that signs in once.
    pub one_time: Option<String>,
}

pub fn parse_proof(body: SessionBody) -> Result<Proof, Error> {
    let missing = |field| Error::new(Code::MissingField).with("field", field);
    match (body.one_time, body.username, body.password) {
        (Some(secret), None, None) if body.account.is_none() => Ok(Proof::Link(secret)),
        (Some(_), ..) => Err(malformed("say one_time, or username and password")),
        (None, Some(user), Some(password)) => {
            let account = body.account.filter(|account| !account.is_empty());
            Ok(Proof::Password { account, user, password })
        }
        (None, None, _) => Err(missing("username")),
        (None, Some(_), None) => Err(missing("password")),
    }
}

/// Who is signed in, and where he can act.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// The user.
    pub user: UserView,
    /// His account.
    pub account: AccountView,
    /// Whether he operates the installation.
    pub operator: bool,
    /// Every project in which he has a role, by name.
    pub projects: Vec<SessionProjectView>,
    /// When the session ends, if it is not used before; RFC 3339.
    pub expires_at: String,
    /// In the demo world only.
    pub demo: Option<DemoView>,
}

/// A project of the user.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionProjectView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its home region; none where it exists in every region.
    pub region: Option<String>,
    /// The user's strongest role there.
    pub role: &'static str,
    /// Offers that wait there for an answer, counted up to 1,000 and for the first 100 projects.
    pub pending: u32,
}

/// What the demo world adds.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemoView {
    /// The people whom the user can become.
    pub personas: Vec<&'static str>,
}

async fn render(app: &App, signed_in: &SignedIn) -> Result<SessionView, Error> {
    let shown = session::show(app, signed_in).await?;
    let user = &signed_in.user.user;
    let account = shown.account.as_ref();
    let projects = shown.places.into_iter().map(|place| SessionProjectView {
        id: place.own.project.id.to_string(),
        name: place.own.project.name,
        region: place.own.project.region.map(|region| region.to_string()),
        role: place.own.role.as_str(),
        pending: place.pending.min(NOTICES_COUNTED),
    });
    Ok(SessionView {
        user: UserView { id: user.id.to_string(), name: user.name.clone() },
        account: AccountView {
            id: user.account.to_string(),
            name: account.map(|account| account.name.clone()),
            uid: account.map(|account| account.uid.clone()),
            email: account.and_then(|account| account.email.clone()),
        },
        operator: user.is_system_admin,
        projects: projects.collect(),
        expires_at: seconds_text(signed_in.ends_at()),
        demo: shown.personas.map(|personas| DemoView { personas }),
    })
}

/// The answer to a sign-in: the session, and its secret for the browser alone.
async fn answer_begun(
    app: &App,
    context: &Context,
    headers: &HeaderMap,
    begun: Begun,
) -> Result<Response, Failure> {
    let view = render(app, &begun.signed_in).await?;
    let mut response = (StatusCode::CREATED, Answer(view)).into_response();
    let cookie = set_cookie(context, headers, &begun.secret, SESSION_SECONDS)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(unkept(response))
}

fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn set_cookie(
    context: &Context,
    headers: &HeaderMap,
    value: &str,
    seconds: i64,
) -> Result<HeaderValue, Error> {
    // A proxy that ends TLS may not say so; the browser does.
    let origin = header_text(headers, header::ORIGIN.as_str()).unwrap_or_default();
    let is_secure = context.base_url.starts_with("https:") || origin.starts_with("https:");
    let secure = if is_secure { "; Secure" } else { "" };
    let path = format!("{}{COOKIE_PATH}", context.base_path);
    let text = format!(
        "{COOKIE}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::from_str(&text).map_err(|error| Error::internal(error.to_string()))
}

/// Begins a session of the console: a cookie, and who is signed in by it.
#[utoipa::path(post, path = "/api/v1/session", operation_id = "begin_session", tag = "session", request_body = SessionBody, security(()),
    responses((status = 201, body = SessionView), (status = 401, body = Problem),
        (status = 429, description = "Too many failures", body = Problem), (status = "default", body = Problem)))]
pub async fn begin(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    Json(body): Json<SessionBody>,
) -> Result<Response, Failure> {
    // Programs send neither header; a page that does must be ours.
    if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
        check_origin(&context, &headers)?;
    }
    let begun = session::begin(&app, parse_proof(body)?, &credential::origin(&context)).await?;
    if let Some(former) = cookie(&headers) {
        session::forget(&app, former).await?;
    }
    answer_begun(&app, &context, &headers, begun).await
}

/// Who is signed in by the cookie, and where he can act.
#[utoipa::path(get, path = "/api/v1/session", operation_id = "show_session", tag = "session", security(("session" = [])),
    responses((status = 200, body = SessionView), (status = 401, body = Problem), (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    BySession(signed_in): BySession,
) -> Result<Response, Failure> {
    session::note_use(&app, &signed_in).await?;
    Ok(unkept(Answer(render(&app, &signed_in).await?).into_response()))
}

/// Signs out: the session ends, whoever has its cookie.
#[utoipa::path(delete, path = "/api/v1/session", operation_id = "end_session", tag = "session", security(("session" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = "default", body = Problem)))]
pub async fn end(
    State(app): State<App>,
    context: Context,
    BySession(signed_in): BySession,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    session::end(&app, &signed_in).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let gone = set_cookie(&context, &headers, "", 0)?;
    response.headers_mut().insert(header::SET_COOKIE, gone);
    Ok(unkept(response))
}

/// Whom to become.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonaBody {
    /// One of the personas that the session shows.
    pub user: String,
}

/// Goes on as another person of the demo world; the former session ends.
#[utoipa::path(post, path = "/api/v1/session/persona", operation_id = "become_persona", tag = "session", request_body = PersonaBody,
    security(("session" = [])),
    responses((status = 201, body = SessionView), (status = 403, body = Problem), (status = "default", body = Problem)))]
pub async fn become_persona(
    State(app): State<App>,
    context: Context,
    BySession(signed_in): BySession,
    headers: HeaderMap,
    Json(body): Json<PersonaBody>,
) -> Result<Response, Failure> {
    if body.user.is_empty() {
        return Err(invalid("user", "", "say whom to become").into());
    }
    let begun = session::become_persona(&app, &signed_in, &body.user).await?;
    answer_begun(&app, &context, &headers, begun).await
}

/// Who is signed in; taken before the body is looked at.
pub struct BySession(SignedIn);

impl FromRequestParts<App> for BySession {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<BySession, Failure> {
        let context = parts.extensions.get::<Context>();
        let context = context.ok_or_else(|| Error::internal("a request without its context"))?;
        Ok(BySession(signed_in(app, context, Sent::of(parts)).await?))
    }
}
