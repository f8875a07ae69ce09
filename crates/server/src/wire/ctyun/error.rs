//! How answers look to CTyun's clients: HTTP 200 with `statusCode` 800 and what was asked for, or 900
//! with a code of three parts. The gateway before the service answers other statuses in a form of its own:
//! credentials, and what lies where nothing is. Our stable code stands beside as `reason`.
//!
//! No list of the image service's own codes is published: those beginning with `Image.` are ours, in the
//! vendor's form.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lendglass_core::{Code, Error, Language};
use serde_json::{Value, json};

use crate::wire::context::Context;

/// What was asked for, an object: `returnObj`.
#[derive(Debug)]
pub struct Reply(pub Value);

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = json!({
            "statusCode": 800,
            "error": "",
            "errorCode": "",
            "message": "SUCCESS",
            "description": "成功",
            "returnObj": self.0,
        });
        Json(body).into_response()
    }
}

/// Answers that change nothing have codes of the call: accepting and rejecting again.
pub const AGAIN: [(&str, Code, &str); 2] = [
    ("/shared-image/accept", Code::AnswerUnchanged, "Image.Share.AlreadyAccepted"),
    ("/shared-image/reject", Code::AnswerUnchanged, "Image.Share.StatusNotAllowed"),
];

/// A refusal on its way out; [`finish`] gives it the id of its request.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The refusal.
    pub error: Error,
    /// The code that the call has for it, if it is not the usual one.
    pub code: Option<&'static str>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, code: None }
    }
}

/// Who refuses, and with which code of his.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    /// The image service.
    Images(&'static str),
    /// The gateway: a status, and a code whose last part is a number.
    Gateway(StatusCode, &'static str),
}

/// No credential that could be looked at, or one that holds no longer.
const NO_KEY: Voice = Voice::Gateway(StatusCode::UNAUTHORIZED, "CTAPI_10002");
/// The signature does not hold, whether or not there is such a key.
const NO_SIGNATURE: Voice = Voice::Gateway(StatusCode::UNAUTHORIZED, "CTAPI_10009");

/// The vendor's code for each of ours.
fn voice(code: Code) -> Voice {
    use Voice::{Gateway, Images};
    match code {
        Code::Malformed
        | Code::MalformedJson
        | Code::InvalidValue
        | Code::MissingField
        | Code::UnknownField
        | Code::InvalidMarker
        | Code::TooManyFilters
        | Code::UnsupportedMedia
        | Code::BadRange
        | Code::WebhookUrlRefused
        | Code::PropertyReadonly
        | Code::PropertyReserved
        | Code::PropertyExists
        | Code::PropertyMissing
        | Code::TagNotPredefined
        | Code::AcknowledgeRequired
        | Code::BodyTooLarge
        | Code::CopyProjectNeeded => Images("Openapi.Parameter.Error"),
        Code::RegionNotFound | Code::ProjectNotInRegion => {
            Images("Openapi.RegionInfo.AccessFailed")
        }
        Code::Unauthenticated
        | Code::WrongPassword
        | Code::TokenExpired
        | Code::TokenRevoked
        | Code::SessionEnded
        | Code::LinkEnded
        | Code::ScopeRefused => NO_KEY,
        Code::SignatureInvalid
        | Code::SignatureMalformed
        | Code::SignatureExpired
        | Code::SignatureReplayed => NO_SIGNATURE,
        Code::NoProjectScope | Code::OriginRefused => Gateway(StatusCode::FORBIDDEN, "CTAPI_10002"),
        Code::RouteNotFound => Gateway(StatusCode::NOT_FOUND, "Openapi.Api.NotFound"),
        Code::MethodNotAllowed => Gateway(StatusCode::METHOD_NOT_ALLOWED, "Openapi.Api.NotFound"),
        Code::RoleTooWeak | Code::OperatorOnly | Code::PublicizeForbidden => Images("CTIAM_0005"),
        Code::ActionDenied => Images("CTIAM_1044"),
        Code::RateLimited | Code::TooManyStreams => Images("Openapi.Request.TooMany"),
        Code::ImageNotFound => Images("Image.Image.NotFound"),
        Code::ImageNotActive
        | Code::ImageDeactivated
        | Code::ImageBusy
        | Code::ImageHasBytes
        | Code::UploadOffset
        | Code::UploadBusy
        | Code::UploadExists
        | Code::NoBytes => Images("Image.Image.NotActive"),
        Code::FullImageNotShareable
        | Code::FullImageNoReplicate
        | Code::EncryptedNotShareable
        | Code::DefaultKeyNotShareable
        | Code::KeyNotGranted
        | Code::ImagePublished
        | Code::ImageNotPublished
        | Code::PublicImage
        | Code::MembersNotAllowed => Images("Image.Image.TypeNotSharable"),
        Code::ImageIsShared => Images("Image.Image.HasAcceptedShares"),
        Code::NotImageOwner
        | Code::SharedImageReadonly
        | Code::ReshareForbidden
        | Code::SharedImageNoDownload
        | Code::PublicImageNoDownload
        | Code::RecipientMayNotReplicate => Images("Image.Image.NotOwned"),
        Code::ImageProtected => Images("Image.Image.Protected"),
        Code::ImageFormatMismatch
        | Code::ImageFormatUnknown
        | Code::ImageRefused
        | Code::FormatMissing
        | Code::HashMismatch
        | Code::UploadIncomplete
        | Code::BlobDamaged
        | Code::UploadLost
        | Code::ChunkMismatch => Images("Image.Image.Damaged"),
        Code::ImageTooLarge => Images("Image.Image.TooLarge"),
        Code::AlreadyShared => Images("Image.Share.AlreadyShared"),
        Code::SelfShare => Images("Image.Share.SelfShare"),
        Code::TenantNotFound
        | Code::TenantNotInRegion
        | Code::NotAnAccount
        | Code::RecipientAmbiguous
        | Code::MalformedId => Images("Image.Share.AccountNotFound"),
        Code::ShareTenantQuota | Code::ShareImageQuota | Code::ShareInvitationQuota => {
            Images("Image.Share.QuotaExceeded")
        }
        Code::NotShared => Images("Image.Share.NotFound"),
        Code::ShareNotAccepted
        | Code::AnswerUnchanged
        | Code::RecipientMayNotRemove
        | Code::RecipientMayNotReopen
        | Code::RecipientOnlyAnswers
        | Code::NothingToRemind => Images("Image.Share.StatusNotAllowed"),
        Code::ShareAccepted => Images("Image.Share.AlreadyAccepted"),
        Code::TooManyIds => Images("Image.Share.TooManyAccounts"),
        Code::VaultRequired | Code::VaultNotFound | Code::VaultWrongType => {
            Images("Image.Vault.Required")
        }
        Code::VaultTooSmall
        | Code::VaultUnavailable
        | Code::VaultBelowUsed
        | Code::VaultNotEmpty
        | Code::BackupInUse
        | Code::BackupHasImage
        | Code::BackupFromShare => Images("Image.Vault.Insufficient"),
        Code::ImageExists | Code::NameTaken => Images("Image.Name.Duplicate"),
        Code::PrivateImageQuota
        | Code::PropertyQuota
        | Code::TagQuota
        | Code::PredefinedTagQuota
        | Code::RuleQuota
        | Code::AccessPolicyQuota
        | Code::AccessKeyQuota
        | Code::VaultQuota
        | Code::VaultCapacityQuota
        | Code::WebhookQuota => Images("Image.Quota.Exceeded"),
        Code::TagNotFound
        | Code::JobNotFound
        | Code::UploadNotFound
        | Code::RuleNotFound
        | Code::BackupNotFound
        | Code::DiskNotFound
        | Code::WebhookNotFound
        | Code::UserNotFound
        | Code::ProjectNotFound
        | Code::AccountNotFound
        | Code::RoleNotFound
        | Code::AccessPolicyNotFound
        | Code::CredentialNotFound => Images("Image.Resource.NotFound"),
        Code::PolicyLocked
        | Code::AccessLockout
        | Code::JobEnded
        | Code::JobCancelled
        | Code::PreconditionFailed
        | Code::UndoConflict
        | Code::UndoExpired
        | Code::IdempotencyInProgress
        | Code::IdempotencyKeyReused
        | Code::DryRun => Images("Image.Operation.Conflict"),
        Code::NotAvailableHere => Images("Image.Operation.NotSupported"),
        Code::NoSpace | Code::Unavailable | Code::ShuttingDown => {
            Images("Openapi.Service.Unavailable")
        }
        Code::Internal => Images("Openapi.Service.InternalError"),
    }
}

/// A refusal with the id of its request.
pub fn render(error: &Error, request_id: &str) -> Response {
    render_as(error, None, request_id)
}

fn render_as(error: &Error, own: Option<&'static str>, request_id: &str) -> Response {
    let reason = error.code().as_str();
    let (english, chinese) = (error.text(Language::English), error.text(Language::Chinese));
    let voice = own.map_or_else(|| voice(error.code()), Voice::Images);
    let (status, body) = match voice {
        Voice::Images(code) => (
            StatusCode::OK,
            json!({"statusCode": 900, "error": code, "errorCode": code, "message": english,
                "description": chinese, "reason": reason}),
        ),
        Voice::Gateway(status, code) => {
            let number = code.trim_start_matches("CTAPI_");
            let body = json!({"requestId": request_id, "code": number, "error": number,
                "statusCode": code, "message": english, "returnObj": {}, "reason": reason});
            (status, body)
        }
    };
    let mut response = (status, Json(body)).into_response();
    if let Some(seconds) = error.retry_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(error.clone());
    response
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = StatusCode::OK.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Surrounds all routes: writes the bodies of refusals, and the id of the request where CTyun's clients
/// look for it.
pub async fn finish(request: Request, next: Next) -> Response {
    answer(request, async |request| next.run(request).await).await
}

/// As [`finish`], around whatever answers.
pub async fn answer(request: Request, handle: impl AsyncFnOnce(Request) -> Response) -> Response {
    let context = request.extensions().get::<Context>();
    let request_id = context.map(|context| context.request_id.clone()).unwrap_or_default();
    let mut response = handle(request).await;
    if let Some(Failure { error, code }) = response.extensions_mut().remove::<Failure>() {
        response = render_as(&error, code, &request_id);
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-trace-id", value);
    }
    response
}
