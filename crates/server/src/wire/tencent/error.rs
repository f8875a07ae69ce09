//! How a refusal looks to Tencent's clients: HTTP 200, and a code of the vendor's.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use lendglass_core::{Code, Error, Language};
use serde_json::{Value, json};

/// An answer in the vendor's envelope. Its type is exactly `application/json`: with anything behind it
/// the Python SDK takes errors for successes.
pub(super) fn answer(mut body: Value, request_id: &str) -> Response {
    body["RequestId"] = Value::from(request_id);
    let mut response = Response::new(Body::from(json!({"Response": body}).to_string()));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// A refusal, with the code that [`code`] gives it.
pub fn render(error: &Error, language: Language, request_id: &str) -> Response {
    render_as(error, code(error.code()), language, request_id)
}

/// A refusal for which an action has a code of its own.
pub(super) fn render_as(
    error: &Error,
    code: &str,
    language: Language,
    request_id: &str,
) -> Response {
    let body = json!({"Error": {"Code": code, "Message": error.text(language)}});
    let mut response = answer(body, request_id);
    response.extensions_mut().insert(error.clone());
    response
}

/// The vendor's code of a refusal, where an action has no other one.
pub fn code(code: Code) -> &'static str {
    match code {
        Code::Malformed | Code::MalformedJson | Code::UnsupportedMedia | Code::BadRange => {
            "InvalidParameter"
        }
        Code::MalformedId => "InvalidImageId.Malformed",
        Code::InvalidValue
        | Code::InvalidMarker
        | Code::TagNotPredefined
        | Code::CopyProjectNeeded
        | Code::AcknowledgeRequired
        | Code::PropertyReadonly
        | Code::PropertyReserved
        | Code::WebhookUrlRefused => "InvalidParameterValue",
        Code::MissingField => "MissingParameter",
        Code::UnknownField => "UnknownParameter",
        Code::TooManyIds => "InvalidParameterValue.LimitExceeded",
        Code::TooManyFilters => "InvalidFilterValue.LimitExceeded",
        Code::ImageFormatMismatch
        | Code::ImageFormatUnknown
        | Code::ImageRefused
        | Code::FormatMissing
        | Code::HashMismatch
        | Code::UploadIncomplete
        | Code::ChunkMismatch => "InvalidParameterValue.InvalidImageFormat",
        Code::VaultRequired
        | Code::VaultWrongType
        | Code::FullImageNotShareable
        | Code::FullImageNoReplicate => "InvalidParameter.InstanceImageNotSupport",
        Code::RecipientAmbiguous | Code::TenantNotFound | Code::TenantNotInRegion => {
            "InvalidAccountId.NotFound"
        }
        Code::NotAnAccount => "FailedOperation.NotMasterAccount",
        Code::SelfShare => "InvalidAccountIs.YourSelf",
        Code::ProjectNotInRegion => "UnsupportedRegion",
        Code::RegionNotFound => "InvalidRegion.NotFound",
        Code::Unauthenticated | Code::SignatureMalformed => "AuthFailure.InvalidAuthorization",
        Code::WrongPassword
        | Code::TokenExpired
        | Code::TokenRevoked
        | Code::SessionEnded
        | Code::LinkEnded
        | Code::OriginRefused
        | Code::ScopeRefused
        | Code::NoProjectScope => "AuthFailure.TokenFailure",
        Code::SignatureInvalid | Code::SignatureReplayed => "AuthFailure.SignatureFailure",
        Code::SignatureExpired => "AuthFailure.SignatureExpire",
        Code::RoleTooWeak | Code::ActionDenied | Code::OperatorOnly | Code::PublicizeForbidden => {
            "AuthFailure.UnauthorizedOperation"
        }
        Code::NotImageOwner | Code::ReshareForbidden | Code::RecipientOnlyAnswers => {
            "UnauthorizedOperation.ImageNotBelongToAccount"
        }
        Code::SharedImageReadonly => "UnsupportedOperation.SharedImageModifyUnsupported",
        Code::SharedImageNoDownload => "UnsupportedOperation.SharedImageExportUnsupported",
        Code::PublicImageNoDownload => "UnsupportedOperation.PublicImageExportUnsupported",
        Code::ImageNotFound => "InvalidImageId.NotFound",
        Code::NotShared => "InvalidAccountId.NotFound",
        Code::ImageIsShared | Code::ShareAccepted => "InvalidImageId.InShared",
        Code::ImageNotActive | Code::ImageDeactivated | Code::NoBytes | Code::ImageHasBytes => {
            "InvalidParameterValue.InvalidImageState"
        }
        Code::ImageBusy | Code::UploadOffset | Code::UploadBusy | Code::UploadExists => {
            "MutexOperation.TaskRunning"
        }
        Code::ImageProtected
        | Code::ImagePublished
        | Code::PublicImage
        | Code::MembersNotAllowed
        | Code::ShareNotAccepted
        | Code::RecipientMayNotReplicate => "InvalidParameterValue.InvalidImageId",
        Code::AlreadyShared | Code::AnswerUnchanged => "FailedOperation.AccountAlreadyExists",
        Code::EncryptedNotShareable | Code::DefaultKeyNotShareable | Code::KeyNotGranted => {
            "UnsupportedOperation.EncryptedImagesNotSupported"
        }
        Code::ShareTenantQuota | Code::ShareImageQuota | Code::ShareInvitationQuota => "OverQuota",
        Code::PrivateImageQuota => "ImageQuotaLimitExceeded",
        Code::TagQuota => "InvalidParameterValue.TagQuotaLimitExceeded",
        Code::PropertyQuota
        | Code::RuleQuota
        | Code::PredefinedTagQuota
        | Code::AccessPolicyQuota
        | Code::AccessKeyQuota
        | Code::VaultQuota
        | Code::VaultCapacityQuota
        | Code::WebhookQuota => "LimitExceeded",
        Code::TagNotFound => "InvalidParameterValue.TagKeyNotFound",
        Code::JobNotFound
        | Code::UploadNotFound
        | Code::RuleNotFound
        | Code::VaultNotFound
        | Code::BackupNotFound
        | Code::DiskNotFound
        | Code::WebhookNotFound
        | Code::UserNotFound
        | Code::ProjectNotFound
        | Code::AccountNotFound
        | Code::RoleNotFound
        | Code::AccessPolicyNotFound
        | Code::CredentialNotFound => "ResourceNotFound",
        Code::RouteNotFound | Code::MethodNotAllowed => "InvalidAction",
        Code::ImageExists | Code::NameTaken => "InvalidImageName.Duplicate",
        Code::RecipientMayNotRemove
        | Code::RecipientMayNotReopen
        | Code::PolicyLocked
        | Code::AccessLockout
        | Code::NotAvailableHere => "UnsupportedOperation",
        Code::VaultTooSmall | Code::VaultUnavailable => "ResourceInsufficient",
        Code::VaultBelowUsed
        | Code::VaultNotEmpty
        | Code::BackupInUse
        | Code::BackupHasImage
        | Code::BackupFromShare => "ResourceInUse",
        Code::BlobDamaged | Code::UploadLost => "ResourceUnavailable",
        Code::PreconditionFailed
        | Code::PropertyMissing
        | Code::PropertyExists
        | Code::ImageNotPublished
        | Code::JobEnded
        | Code::JobCancelled
        | Code::UndoConflict
        | Code::NothingToRemind
        | Code::UndoExpired
        | Code::IdempotencyInProgress
        | Code::IdempotencyKeyReused => "FailedOperation",
        Code::DryRun => "DryRunOperation",
        Code::ImageTooLarge => "InvalidImageId.TooLarge",
        Code::BodyTooLarge => "RequestSizeLimitExceeded",
        Code::RateLimited | Code::TooManyStreams => "RequestLimitExceeded",
        Code::NoSpace => "ResourceInsufficient.CloudDiskUnavailable",
        Code::Unavailable | Code::ShuttingDown => "ServiceUnavailable",
        Code::Internal => "InternalError",
    }
}
