//! Whether the bytes of an image are still what they were (XC-04).

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, PathImage};
use super::words::ImageStatus;
use crate::app::App;
use crate::service::scrub::{self, Verification};
use crate::wire::common::seconds_text;

/// What is known of the bytes of one disk.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiskCheckView {
    /// Which disk, from 0.
    pub position: u32,
    /// Whether the bytes did not hash to what they did, when they were last read.
    pub damaged: bool,
    /// Whether they wait to be read again.
    pub waiting: bool,
    /// Whether they could not be read the last time, which says nothing of them: they are tried again.
    pub unreadable: bool,
    /// When they were last read whole, RFC 3339; none where they were not since they arrived before
    /// this was noted.
    pub checked_at: Option<String>,
}

/// What is known of the bytes of an image.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationView {
    /// The image.
    pub image: String,
    /// `killed` where a disk is damaged: no byte is served then.
    pub status: ImageStatus,
    /// Its disks, by position.
    pub disks: Vec<DiskCheckView>,
}

fn render(found: &Verification) -> VerificationView {
    let disks = found.disks.iter().map(|disk| DiskCheckView {
        position: disk.position,
        damaged: disk.is_damaged,
        waiting: disk.is_wanted,
        unreadable: disk.is_unreadable,
        checked_at: (disk.checked_at.0 > 0).then(|| seconds_text(disk.checked_at)),
    });
    VerificationView {
        image: found.image.id.to_string(),
        status: ImageStatus(found.image.status),
        disks: disks.collect(),
    }
}

/// Asks for the bytes of an image to be read again and held against their digests, before all others.
#[utoipa::path(post, path = "/api/v1/images/{id}/verify", operation_id = "verify_image", tag = "images",
    params(("id" = String, Path, description = "The image")),
    responses((status = 202, body = VerificationView), (status = "default", body = Problem)))]
pub async fn verify(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
) -> Result<(StatusCode, Answer<VerificationView>), Failure> {
    let found = scrub::verify(&app, &asking.caller, &id).await?;
    Ok((StatusCode::ACCEPTED, Answer(render(&found))))
}

/// Shows what is known of the bytes of an image.
#[utoipa::path(get, path = "/api/v1/images/{id}/verify", operation_id = "show_verification", tag = "images",
    params(("id" = String, Path, description = "The image")),
    responses((status = 200, body = VerificationView), (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
) -> Result<Answer<VerificationView>, Failure> {
    Ok(Answer(render(&scrub::show(&app, &asking.caller, &id).await?)))
}
