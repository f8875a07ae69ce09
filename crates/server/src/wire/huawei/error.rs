//! How a refusal looks in Huawei's dialect: the image service says `{"error": {code, message}}`, the
//! gateway before it `{error_code, error_msg, request_id}`. Our stable code stands beside as `reason`.
//!
//! Statuses are Huawei's: everything the image service refuses is 400, but for what the caller has no
//! permission for (`IMG.0026`, 403).

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lendglass_core::{Code, Error, Language};
use serde_json::{Value, json};

use crate::wire::common::header_text;
use crate::wire::context::Context;

/// A refusal on its way out; [`finish`] gives it the id of its request.
#[derive(Debug)]
pub struct Failure(pub Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(error)
    }
}

/// Who refuses, and with which code of his.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    /// The image service.
    Images(StatusCode, &'static str),
    /// The gateway.
    Gateway(StatusCode, &'static str),
}

/// A refusal of the image service with its usual status.
fn img(code: &'static str) -> Voice {
    Voice::Images(StatusCode::BAD_REQUEST, code)
}

/// Huawei's code for each of ours (AP-04; numbers from the vendor's error code reference).
fn voice(error: &Error) -> Voice {
    use Voice::{Gateway, Images};
    match error.code() {
        Code::MissingField => img(missing(error)),
        Code::InvalidValue => img(wrong(error)),
        Code::Malformed
        | Code::MalformedJson
        | Code::UnknownField
        | Code::TooManyIds
        | Code::BadRange
        | Code::WebhookUrlRefused
        | Code::PropertyReadonly
        | Code::PropertyReserved
        | Code::PropertyQuota
        | Code::TagQuota
        | Code::TagNotPredefined => img("IMG.0001"),
        Code::MalformedId => img("IMG.0067"),
        Code::InvalidMarker | Code::TooManyFilters | Code::RegionNotFound => img("IMG.0017"),
        Code::ImageFormatMismatch
        | Code::ImageFormatUnknown
        | Code::ImageRefused
        | Code::FormatMissing
        | Code::HashMismatch
        | Code::UploadIncomplete
        | Code::ChunkMismatch
        | Code::NoBytes
        | Code::BlobDamaged => img("IMG.0057"),
        Code::VaultRequired | Code::VaultNotFound => img("IMG.0184"),
        Code::VaultWrongType => img("IMG.0193"),
        Code::VaultTooSmall => img("IMG.0182"),
        Code::VaultUnavailable | Code::VaultBelowUsed | Code::VaultNotEmpty => img("IMG.0188"),
        Code::RecipientAmbiguous | Code::CopyProjectNeeded => img("IMG.0104"),
        Code::TenantNotFound | Code::NotAnAccount => img("IMG.0108"),
        Code::TenantNotInRegion => img("IMG.0177"),
        Code::SelfShare => img("IMG.0076"),
        Code::ProjectNotInRegion | Code::ProjectNotFound => img("IMG.0030"),
        Code::UnsupportedMedia => Gateway(StatusCode::UNSUPPORTED_MEDIA_TYPE, "APIGW.0201"),
        Code::Unauthenticated
        | Code::SignatureInvalid
        | Code::SignatureMalformed
        | Code::SignatureExpired
        | Code::SignatureReplayed
        | Code::WrongPassword
        | Code::TokenExpired
        | Code::TokenRevoked
        | Code::SessionEnded
        | Code::LinkEnded
        | Code::ScopeRefused => Gateway(StatusCode::UNAUTHORIZED, "APIGW.0301"),
        Code::NoProjectScope | Code::OriginRefused => Gateway(StatusCode::FORBIDDEN, "APIGW.0302"),
        Code::RoleTooWeak
        | Code::ActionDenied
        | Code::OperatorOnly
        | Code::PolicyLocked
        | Code::PublicizeForbidden
        | Code::AccessLockout => Images(StatusCode::FORBIDDEN, "IMG.0026"),
        Code::NotImageOwner
        | Code::SharedImageReadonly
        | Code::ReshareForbidden
        | Code::SharedImageNoDownload
        | Code::RecipientMayNotReplicate => img("IMG.0047"),
        Code::ShareNotAccepted => img("IMG.0196"),
        Code::PublicImageNoDownload | Code::FullImageNoReplicate => img("IMG.0024"),
        Code::RecipientMayNotRemove
        | Code::RecipientMayNotReopen
        | Code::RecipientOnlyAnswers
        | Code::AnswerUnchanged => img("IMG.0113"),
        Code::MembersNotAllowed
        | Code::AcknowledgeRequired
        | Code::AlreadyShared
        | Code::ShareAccepted => img("IMG.0112"),
        Code::NotShared => img("IMG.0114"),
        Code::ImageProtected => img("IMG.0028"),
        Code::ImageNotFound => img("IMG.0066"),
        Code::ImageDeactivated
        | Code::ImageNotActive
        | Code::ImageBusy
        | Code::UploadOffset
        | Code::UploadBusy
        | Code::UploadExists
        | Code::ImageHasBytes => img("IMG.0046"),
        Code::ImagePublished | Code::ImageNotPublished => img("IMG.0107"),
        Code::ImageIsShared => img("IMG.0052"),
        Code::PublicImage => img("IMG.0089"),
        Code::EncryptedNotShareable | Code::DefaultKeyNotShareable => img("IMG.0098"),
        Code::KeyNotGranted => img("IMG.0099"),
        Code::FullImageNotShareable | Code::BackupFromShare => img("IMG.0135"),
        Code::BackupNotFound => img("IMG.0020"),
        Code::BackupInUse | Code::BackupHasImage => img("IMG.0029"),
        // The one absence that Huawei answers with 404: a tag that is not there is not deleted.
        Code::TagNotFound => Images(StatusCode::NOT_FOUND, "IMG.0031"),
        Code::RuleNotFound
        | Code::DiskNotFound
        | Code::WebhookNotFound
        | Code::UserNotFound
        | Code::AccountNotFound
        | Code::RoleNotFound
        | Code::AccessPolicyNotFound
        | Code::CredentialNotFound => img("IMG.0031"),
        Code::JobNotFound | Code::UploadNotFound | Code::JobEnded | Code::JobCancelled => {
            img("IMG.0023")
        }
        Code::RouteNotFound => Gateway(StatusCode::NOT_FOUND, "APIGW.0101"),
        Code::MethodNotAllowed => Gateway(StatusCode::METHOD_NOT_ALLOWED, "APIGW.0101"),
        Code::ImageExists | Code::NameTaken => img("IMG.0009"),
        // Terraform adds what it could not replace when it reads this one.
        Code::PropertyMissing | Code::PropertyExists | Code::PreconditionFailed => img("IMG.0035"),
        Code::ShareTenantQuota | Code::ShareImageQuota | Code::ShareInvitationQuota => {
            img("IMG.0088")
        }
        Code::PrivateImageQuota => img("IMG.0015"),
        Code::ImageTooLarge => img("IMG.0059"),
        Code::NotAvailableHere => img("IMG.0018"),
        Code::UndoConflict
        | Code::NothingToRemind
        | Code::UndoExpired
        | Code::IdempotencyInProgress
        | Code::IdempotencyKeyReused
        | Code::DryRun
        | Code::RuleQuota
        | Code::PredefinedTagQuota
        | Code::AccessKeyQuota
        | Code::AccessPolicyQuota
        | Code::VaultQuota
        | Code::VaultCapacityQuota
        | Code::WebhookQuota => img("IMG.0061"),
        Code::BodyTooLarge => Gateway(StatusCode::PAYLOAD_TOO_LARGE, "APIGW.0201"),
        Code::RateLimited | Code::TooManyStreams => {
            Gateway(StatusCode::TOO_MANY_REQUESTS, "APIGW.0308")
        }
        Code::NoSpace => Images(StatusCode::SERVICE_UNAVAILABLE, "IMG.0014"),
        Code::Unavailable | Code::ShuttingDown | Code::UploadLost => {
            Images(StatusCode::SERVICE_UNAVAILABLE, "IMG.0061")
        }
        Code::Internal => Images(StatusCode::INTERNAL_SERVER_ERROR, "IMG.0061"),
    }
}

fn missing(error: &Error) -> &'static str {
    match error.fact("field") {
        Some("name") => "IMG.0013",
        Some("instance_id") => "IMG.0012",
        Some("backup_id") => "IMG.0019",
        Some("vault_id") => "IMG.0184",
        _ => "IMG.0001",
    }
}

fn wrong(error: &Error) -> &'static str {
    match error.fact("field") {
        Some("name") => "IMG.0003",
        Some("description" | "__description") => "IMG.0054",
        Some("min_disk" | "min_ram" | "max_ram") => "IMG.0055",
        Some("os_version" | "__os_version") => "IMG.0056",
        Some("projects" | "project_id" | "domains" | "organizations") => "IMG.0067",
        _ => "IMG.0001",
    }
}

/// Huawei's code for a refusal, as jobs tell it.
pub fn code(error: &Error) -> &'static str {
    match voice(error) {
        Voice::Images(_, code) | Voice::Gateway(_, code) => code,
    }
}

/// A refusal with the id of its request.
pub fn render(error: &Error, request_id: &str, language: Language) -> Response {
    let (text, reason) = (error.text(language), error.code().as_str());
    let (status, body) = match voice(error) {
        Voice::Images(status, code) => {
            (status, json!({"error": {"code": code, "message": text, "reason": reason}}))
        }
        Voice::Gateway(status, code) => (
            status,
            json!({"error_code": code, "error_msg": text, "request_id": request_id,
                "reason": reason}),
        ),
    };
    written(error, status, body)
}

/// An answer with what every refusal carries beside its body.
pub fn written(error: &Error, status: StatusCode, body: Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    if let Some(seconds) = error.retry_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(error.clone());
    response
}

/// A refusal whose body is still to be written.
#[derive(Clone)]
struct Unwritten(Error);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = StatusCode::BAD_REQUEST.into_response();
        response.extensions_mut().insert(Unwritten(self.0));
        response
    }
}

/// Surrounds all routes: writes the bodies of refusals, and the id of the request where Huawei's
/// clients look for it.
pub async fn finish(request: Request, next: Next) -> Response {
    answer(request, async |request| next.run(request).await).await
}

/// As [`finish`], around whatever answers.
pub async fn answer(request: Request, handle: impl AsyncFnOnce(Request) -> Response) -> Response {
    let language = language(request.headers());
    let is_backups = request.uri().path().starts_with("/v3/");
    let context = request.extensions().get::<Context>();
    let request_id = context.map(|context| context.request_id.clone()).unwrap_or_default();
    let mut response = handle(request).await;
    if let Some(Unwritten(error)) = response.extensions_mut().remove::<Unwritten>() {
        response = match is_backups {
            true => super::backup_error::render(&error, &request_id, language),
            false => render(&error, &request_id, language),
        };
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// `X-Language: zh-cn` is what Huawei's clients send for Chinese texts.
fn language(headers: &HeaderMap) -> Language {
    let wish = header_text(headers, "x-language").unwrap_or_default();
    if wish.to_ascii_lowercase().starts_with("zh") { Language::Chinese } else { Language::English }
}
