//! Databases for the suites: each test runs on SQLite and on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

pub mod postgres;

use lendglass_core::Timestamp;
use lendglass_store::db::Location;
use lendglass_store::{Db, migrate};

/// A fresh, migrated database, and what keeps it alive.
pub struct Fresh {
    pub db: Db,
    pub location: Location,
    _folder: Option<tempfile::TempDir>,
}

pub const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// A fresh database of an engine, without a schema.
pub async fn empty(engine: &str) -> Fresh {
    let (location, folder) = match engine {
        "sqlite" => {
            let folder = tempfile::tempdir().unwrap();
            (Location::File(folder.path().join("t.sqlite")), Some(folder))
        }
        _ => (Location::Url(postgres::url()), None),
    };
    Fresh { db: Db::open(&location).await.unwrap(), location, _folder: folder }
}

/// A fresh database of an engine with the schema of this program.
pub async fn fresh(engine: &str) -> Fresh {
    let fresh = empty(engine).await;
    migrate::migrate(&fresh.db, Timestamp(1), None).await.unwrap();
    fresh
}
