//! What this installation has and how much of it (T-002), for everybody who may sign in.

use lendglass_core::RegionId;
use lendglass_core::limits::{
    BATCH_IMAGES, DELETE_AT_ONCE, FILE_NAME_BYTES, LIST_FILTERS, NOTE_CHARS, TAG_CHARS,
    UPLOAD_KEPT_SECONDS,
};
use lendglass_store::blob::DigestAlgo;
use lendglass_store::db::Engine;

use crate::app::App;

/// What does the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drivers {
    /// The database.
    pub database: &'static str,
    /// What keeps the bytes of each region.
    pub stores: Vec<(RegionId, &'static str)>,
    /// Who proves who asks.
    pub identity: &'static str,
    /// What makes servers, where anything does.
    pub compute: Option<&'static str>,
    /// What makes volumes, where anything does.
    pub volumes: Option<&'static str>,
}

/// What is linked and configured.
pub fn drivers(app: &App) -> Drivers {
    Drivers {
        database: match app.db.engine() {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgresql",
        },
        stores: app.stores.keys().map(|region| (region.clone(), "folder")).collect(),
        identity: "built-in",
        compute: None,
        volumes: None,
    }
}

/// Which digests new images get.
pub fn digests(app: &App) -> Vec<&'static str> {
    let plan = &app.settings.digests;
    let algo = match plan.algo {
        DigestAlgo::Sha512 => "sha512",
        DigestAlgo::Sha256 => "sha256",
    };
    plan.md5.then_some("md5").into_iter().chain([algo]).collect()
}

/// The ceilings that hold for everybody, by name; those that differ between projects are the policy's.
pub fn limits(app: &App) -> Vec<(&'static str, u64)> {
    let settings = &app.settings;
    vec![
        ("image_bytes", settings.image_size_max_bytes),
        ("list_page", u64::from(settings.list_limit_max)),
        ("list_page_default", u64::from(settings.list_limit_default)),
        ("list_filters", LIST_FILTERS as u64),
        ("images_per_request", BATCH_IMAGES as u64),
        ("images_deleted_at_once", DELETE_AT_ONCE as u64),
        ("share_note_characters", NOTE_CHARS as u64),
        ("tag_characters", TAG_CHARS as u64),
        ("file_name_bytes", FILE_NAME_BYTES as u64),
        ("upload_kept_seconds", UPLOAD_KEPT_SECONDS.unsigned_abs()),
        ("token_seconds", u64::from(settings.token_lifetime_seconds)),
    ]
}
