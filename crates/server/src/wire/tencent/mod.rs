//! The Tencent dialect: CVM's image actions (2017-03-12) and their Lighthouse counterparts
//! (2020-03-24), all at `/`, told apart by `X-TC-Action` or the parameter `Action`.
//!
//! The vendor's clients know no pending share: what is offered to them is theirs at once where the
//! profile or a standing rule accepts, and else stays unseen here.

pub mod error;
mod image;
mod input;
mod lighthouse;
mod list;
mod share;
pub mod words;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use lendglass_core::permission::Action as Permission;
use lendglass_core::tenant::{Caller, Terms};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, Language, RegionId};
use serde_json::Value;

use self::input::Input;
pub use self::input::round_trip;
use crate::app::App;
use crate::wire::common::{header_text, small_body};
use crate::wire::context::{Context, Dialect};
use crate::wire::credential;

/// A call whose caller is proven.
struct Call {
    app: App,
    caller: Caller,
    input: Input,
    language: Language,
}

/// An action of the vendor's: name, version, what it asks for.
pub type Row = (&'static str, &'static str, Permission);

/// CVM's version.
pub const CVM: &str = "2017-03-12";
/// Lighthouse's.
pub const LIGHTHOUSE: &str = "2020-03-24";

/// The actions that are answered.
pub fn table() -> &'static [Row] {
    use Permission::{
        ImagesCopy, ImagesDelete, ImagesList, ImagesShare, ImagesUpdate, QuotasGet, SharesList,
    };
    &[
        ("ModifyImageSharePermission", CVM, ImagesShare),
        ("DescribeImageSharePermission", CVM, SharesList),
        ("DescribeImages", CVM, ImagesList),
        ("DescribeImageQuota", CVM, QuotasGet),
        ("ModifyImageAttribute", CVM, ImagesUpdate),
        ("DeleteImages", CVM, ImagesDelete),
        ("SyncImages", CVM, ImagesCopy),
        ("ModifyImageSharePermission", LIGHTHOUSE, ImagesUpdate),
        ("DescribeImagesToShare", LIGHTHOUSE, ImagesList),
        ("DescribeBlueprints", LIGHTHOUSE, ImagesList),
        ("ModifyBlueprintAttribute", LIGHTHOUSE, ImagesUpdate),
        ("DeleteBlueprints", LIGHTHOUSE, ImagesUpdate),
        ("ShareBlueprintAcrossAccounts", LIGHTHOUSE, ImagesShare),
        ("CancelShareBlueprintAcrossAccounts", LIGHTHOUSE, ImagesShare),
        ("DescribeBlueprintsShareAcrossAccountInfos", LIGHTHOUSE, SharesList),
    ]
}

/// Actions about images that the vendor has and this dialect has not.
const NOT_HERE: [&str; 8] = [
    "CreateImage",
    "ImportImage",
    "ExportImages",
    "DescribeImportImageOs",
    "DescribeImageFromFamily",
    "ProgramFpgaImage",
    "CreateBlueprint",
    "SyncBlueprint",
];

/// Takes the requests at `/` that name an action; lets all others through.
pub async fn take(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_ours = request.uri().path() == "/"
        && (request.headers().contains_key("x-tc-action")
            || is_form(request.method(), request.headers())
            || named_in(request.uri().query().unwrap_or_default()));
    if !is_ours {
        return next.run(request).await;
    }
    let Some(context) = request.extensions().get::<Context>().cloned() else {
        return next.run(request).await;
    };
    let request_id = context.request_id.trim_start_matches("req-").to_owned();
    let mut language = language_of(header_text(request.headers(), "x-tc-language"));
    let mut response = match answered(&app, &context, request, &mut language).await {
        Ok(body) => error::answer(body, &request_id),
        Err(Refusal { error, code }) => {
            let code = code.unwrap_or_else(|| error::code(error.code()));
            error::render_as(&error, code, language, &request_id)
        }
    };
    // All actions share the route of the root.
    response.extensions_mut().insert(Dialect("tencent"));
    response
}

fn is_form(method: &Method, headers: &HeaderMap) -> bool {
    let media_type = crate::wire::common::media_type(headers);
    method == Method::POST && media_type.as_deref() == Some("application/x-www-form-urlencoded")
}

fn named_in(query: &str) -> bool {
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "Action")
}

/// The vendor's default is Chinese.
fn language_of(tag: Option<&str>) -> Language {
    match tag {
        Some(tag) if tag.to_ascii_lowercase().starts_with("en") => Language::English,
        Some(_) | None => Language::Chinese,
    }
}

/// A refusal, with the code that its action has for it, if it is not the usual one.
struct Refusal {
    error: Error,
    code: Option<&'static str>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal { error, code: None }
    }
}

impl Refusal {
    /// With the code that an action has for it, if it has one.
    fn or(self, codes: &[(Code, &'static str)]) -> Refusal {
        let known = codes.iter().find(|(code, _)| *code == self.error.code());
        Refusal { code: known.map(|(_, code)| *code).or(self.code), error: self.error }
    }
}

/// Gives refusals the codes that an action has for them.
trait Coded<T> {
    fn coded(self, codes: &[(Code, &'static str)]) -> Result<T, Refusal>;
}

impl<T> Coded<T> for Result<T, Error> {
    fn coded(self, codes: &[(Code, &'static str)]) -> Result<T, Refusal> {
        self.map_err(|error| Refusal::from(error).or(codes))
    }
}

async fn answered(
    app: &App,
    context: &Context,
    request: Request,
    language: &mut Language,
) -> Result<Value, Refusal> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    // Whoever has no proof has his body read by nobody.
    if !credential::is_given(context, &headers) {
        return Err(Error::new(Code::Unauthenticated).into());
    }
    let query = parts.uri.query().unwrap_or_default();
    let input = read(&parts.method, query, &headers, body).await;
    if let Some(tag) = input.as_ref().ok().and_then(|input| input.common("Language")) {
        *language = language_of(Some(tag));
    }
    if let Some(Err(error)) = &context.signed {
        return Err(error.clone().into());
    }
    let input = input?;
    // Headers are not signed where the signature is among the parameters: they count for nothing then.
    let is_all_in_parameters = context.signed.is_some()
        && !headers.contains_key(header::AUTHORIZATION)
        && input.common("Signature").is_some();
    let common = |header: &str, parameter: &str| {
        let named = header_text(&headers, header);
        let named = named.filter(|named| !named.is_empty() && !is_all_in_parameters);
        named.or(input.common(parameter)).unwrap_or_default().to_owned()
    };
    let (action, version) = (common("x-tc-action", "Action"), common("x-tc-version", "Version"));
    let region = Some(common("x-tc-region", "Region")).filter(|region| !region.is_empty());
    let region = match region {
        Some(region) => Some(RegionId::parse(&region).map_err(|_| {
            Error::new(Code::RegionNotFound).with("region", shortened(&region, 80))
        })?),
        None => None,
    };
    let caller = credential::caller_in(app, context, &headers, region.as_ref()).await?;
    check_service(credential::tc3_service(&headers), &version)?;
    let call = Call { app: app.clone(), caller, input, language: *language };
    dispatch(call, &action, &version).await
}

/// A credential of TC3 is for one service: the version must be of that one.
fn check_service(service: Option<&str>, version: &str) -> Result<(), Error> {
    let expected = match version {
        CVM => "cvm",
        LIGHTHOUSE => "lighthouse",
        _ => return Ok(()),
    };
    match service {
        Some(service) if service != expected => {
            let reason = format!("the credential is for another service than {expected}");
            Err(Error::new(Code::SignatureMalformed).with("reason", reason))
        }
        Some(_) | None => Ok(()),
    }
}

async fn read(
    method: &Method,
    query: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Input, Error> {
    if method == Method::GET {
        return Input::of_flat(query.as_bytes());
    }
    let body = small_body(body).await?;
    let media_type = crate::wire::common::media_type(headers);
    match media_type.as_deref() {
        Some("application/x-www-form-urlencoded") => Input::of_flat(&body),
        Some(_) | None => Input::of_json(&body),
    }
}

async fn dispatch(mut call: Call, action: &str, version: &str) -> Result<Value, Refusal> {
    let is_dry = call.input.flag("DryRun")?.unwrap_or(false);
    call.caller.terms = Terms { is_dry_run: is_dry, once: None };
    match (version, action) {
        (CVM, "ModifyImageSharePermission") => share::modify(call).await,
        (CVM, "DescribeImageSharePermission") => share::describe(call).await,
        (CVM, "DescribeImages") => list::describe(call).await,
        (CVM, "DescribeImageQuota") => image::quota(call).await,
        (CVM, "ModifyImageAttribute") => image::modify(call).await,
        (CVM, "DeleteImages") => image::delete(call).await,
        (CVM, "SyncImages") => image::sync(call).await,
        (LIGHTHOUSE, "ModifyImageSharePermission") => lighthouse::modify(call).await,
        (LIGHTHOUSE, "DescribeImagesToShare") => lighthouse::to_share(call).await,
        (LIGHTHOUSE, "DescribeBlueprints") => lighthouse::blueprints(call).await,
        (LIGHTHOUSE, "ModifyBlueprintAttribute") => lighthouse::modify_blueprint(call).await,
        (LIGHTHOUSE, "DeleteBlueprints") => lighthouse::delete_blueprints(call).await,
        (LIGHTHOUSE, "ShareBlueprintAcrossAccounts") => lighthouse::share(call).await,
        (LIGHTHOUSE, "CancelShareBlueprintAcrossAccounts") => lighthouse::cancel(call).await,
        (LIGHTHOUSE, "DescribeBlueprintsShareAcrossAccountInfos") => {
            lighthouse::describe(call).await
        }
        (CVM | LIGHTHOUSE, action) if NOT_HERE.contains(&action) => {
            Err(Error::new(Code::NotAvailableHere).with("operation", action).into())
        }
        (CVM | LIGHTHOUSE, action) => {
            Err(Error::new(Code::RouteNotFound).with("path", shortened(action, 80)).into())
        }
        (version, _) => {
            let error = Error::new(Code::RouteNotFound).with("path", shortened(version, 80));
            Err(Refusal::from(error).or(words::VERSIONS))
        }
    }
}
