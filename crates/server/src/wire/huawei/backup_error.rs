//! How a refusal looks where backups and vaults are asked for: `{error_code, error_msg}`, as Huawei's
//! backup service says it.

use axum::http::StatusCode;
use axum::response::Response;
use lendglass_core::{Code, Error, Kind, Language};
use serde_json::json;

use super::error::written;

/// The status, and the code of the backup service; what only the gateway refuses has the gateway's.
fn voice(error: &Error) -> (StatusCode, &'static str) {
    let of_code = [
        (Code::VaultNotFound, StatusCode::NOT_FOUND, "BackupService.6105"),
        (Code::BackupNotFound, StatusCode::NOT_FOUND, "BackupService.6705"),
        (Code::VaultUnavailable, StatusCode::BAD_REQUEST, "BackupService.6112"),
        (Code::VaultTooSmall, StatusCode::BAD_REQUEST, "BackupService.6114"),
        (Code::VaultBelowUsed, StatusCode::BAD_REQUEST, "BackupService.6114"),
        (Code::VaultWrongType, StatusCode::BAD_REQUEST, "BackupService.6713"),
        (Code::BackupHasImage, StatusCode::BAD_REQUEST, "BackupService.6710"),
        (Code::BackupInUse, StatusCode::BAD_REQUEST, "BackupService.6710"),
        (Code::VaultQuota, StatusCode::BAD_REQUEST, "BackupService.6100"),
        (Code::VaultCapacityQuota, StatusCode::BAD_REQUEST, "BackupService.6100"),
        (Code::VaultNotEmpty, StatusCode::BAD_REQUEST, "BackupService.6112"),
        (Code::MethodNotAllowed, StatusCode::METHOD_NOT_ALLOWED, "APIGW.0101"),
    ];
    if let Some((_, status, code)) = of_code.iter().find(|(code, ..)| *code == error.code()) {
        return (*status, code);
    }
    match error.kind() {
        Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, "APIGW.0301"),
        Kind::Forbidden => (StatusCode::FORBIDDEN, "BackupService.6707"),
        Kind::NotFound => (StatusCode::NOT_FOUND, "APIGW.0101"),
        Kind::Invalid
        | Kind::UnsupportedMedia
        | Kind::BadRange
        | Kind::Conflict
        | Kind::QuotaExceeded => (StatusCode::BAD_REQUEST, "BackupService.6707"),
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "APIGW.0201"),
        Kind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "APIGW.0308"),
        Kind::NoSpace | Kind::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "BackupService.6708")
        }
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "BackupService.6708"),
    }
}

/// A refusal with the id of its request.
pub fn render(error: &Error, request_id: &str, language: Language) -> Response {
    let (status, code) = voice(error);
    let body = json!({"error_code": code, "error_msg": error.text(language),
        "request_id": request_id, "reason": error.code().as_str()});
    written(error, status, body)
}
