//! Brings a database to the schema of this program: numbered files of one folder, both engines.
//!
//! Forward only. Under PostgreSQL an advisory lock keeps nodes that start together apart; a SQLite
//! file is copied before it is changed. A database that is newer than the program is refused.

use std::path::Path;

use lendglass_core::{Code, Error};

use crate::db::{Db, Engine, Statement, Tx, translate};
use crate::params;

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "tenants", include_str!("../migrations/0001_tenants.sql")),
    (2, "images", include_str!("../migrations/0002_images.sql")),
    (3, "work", include_str!("../migrations/0003_work.sql")),
    (4, "identity", include_str!("../migrations/0004_identity.sql")),
    (5, "notices", include_str!("../migrations/0005_notices.sql")),
    (6, "audit", include_str!("../migrations/0006_audit.sql")),
    (7, "rights", include_str!("../migrations/0007_rights.sql")),
    (8, "vaults", include_str!("../migrations/0008_vaults.sql")),
    (9, "terms", include_str!("../migrations/0009_terms.sql")),
    (10, "copies", include_str!("../migrations/0010_copies.sql")),
    (11, "replay", include_str!("../migrations/0011_replay.sql")),
    (12, "sites", include_str!("../migrations/0012_sites.sql")),
    (13, "sessions", include_str!("../migrations/0013_sessions.sql")),
    (14, "uploads", include_str!("../migrations/0014_uploads.sql")),
    (15, "market", include_str!("../migrations/0015_market.sql")),
    (16, "changes", include_str!("../migrations/0016_changes.sql")),
    (17, "console", include_str!("../migrations/0017_console.sql")),
    (18, "lists", include_str!("../migrations/0018_lists.sql")),
    (19, "scrub", include_str!("../migrations/0019_scrub.sql")),
    (21, "scrub_turns", include_str!("../migrations/0021_scrub_turns.sql")),
    (22, "levels", include_str!("../migrations/0022_levels.sql")),
];

static MAKE_TABLE: &str = "create table if not exists schema_version (\
    version bigint primary key, name text not null, applied_at bigint not null)";
static CURRENT: Statement =
    Statement::new("select cast(coalesce(max(version), 0) as bigint) from schema_version");
static RECORD: Statement =
    Statement::new("insert into schema_version (version, name, applied_at) values ($1, $2, $3)");
/// Any number, the same on all nodes.
const LOCK_SCRIPT: &str = "select pg_advisory_xact_lock(7305804402)";

/// The version this program needs.
pub fn head() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, ..)| *version)
}

/// The version a database has; 0 for an empty one.
pub async fn version(db: &Db) -> Result<i64, Error> {
    db.script(MAKE_TABLE.to_owned()).await?;
    db.write(current).await
}

fn current(tx: &mut Tx<'_>) -> Result<i64, Error> {
    match tx.query_opt(&CURRENT, &[])? {
        Some(row) => row.read().int(),
        None => Ok(0),
    }
}

/// Applies what is missing, all in one transaction, and answers the versions before and after.
///
/// `copy_folder` is where a SQLite file that will be changed is copied first, as
/// `before-schema-N.sqlite`. Refuses a database that is newer than [`head`].
pub async fn migrate(
    db: &Db,
    now: lendglass_core::Timestamp,
    copy_folder: Option<&Path>,
) -> Result<(i64, i64), Error> {
    let before = version(db).await?;
    if before > head() {
        return Err(Error::new(Code::Unavailable).because(format!(
            "the database has schema {before}, this program knows {}; start a newer program",
            head()
        )));
    }
    if before == head() {
        return Ok((before, before));
    }
    if let Some(folder) = copy_folder
        && before > 0
        && db.engine() == Engine::Sqlite
    {
        let copy = folder.join(format!("before-schema-{}.sqlite", head()));
        if !copy.exists() {
            copy_to(db, &copy).await?;
        }
    }
    db.write(move |tx| apply(tx, now, head())).await?;
    Ok((before, head()))
}

/// Half a copy has another name: it is never taken for a whole one.
async fn copy_to(db: &Db, copy: &Path) -> Result<(), Error> {
    let trouble = |error: std::io::Error| {
        let text = format!("the database cannot be copied to {}: {error}", copy.display());
        Error::new(Code::Unavailable).because(text)
    };
    let part = copy.with_extension("part");
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(trouble(error)),
        Ok(()) | Err(_) => {}
    }
    db.copy_file_to(part.clone()).await?;
    std::fs::rename(&part, copy).map_err(trouble)
}

/// Applies what is missing up to a version.
fn apply(tx: &mut Tx<'_>, now: lendglass_core::Timestamp, up_to: i64) -> Result<(), Error> {
    let engine = tx.engine();
    if engine == Engine::Postgres {
        tx.script(LOCK_SCRIPT)?;
    }
    // Read again under the lock: another node may have been quicker.
    let before = current(tx)?;
    let wanted = |version: i64| before < version && version <= up_to;
    for (version, name, text) in MIGRATIONS.iter().filter(|(version, ..)| wanted(*version)) {
        tx.script(&translate(text, engine))?;
        tx.execute_later(&RECORD, params![*version, *name, now])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Location;

    #[tokio::test]
    async fn a_file_is_copied_before_it_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let now = lendglass_core::Timestamp(0);
        let db = Db::open(&Location::File(folder.path().join("db.sqlite"))).await.unwrap();
        assert_eq!(version(&db).await.unwrap(), 0);
        let before = MIGRATIONS[MIGRATIONS.len() - 2].0;
        db.write(move |tx| apply(tx, now, before)).await.unwrap();
        let done = migrate(&db, now, Some(folder.path())).await.unwrap();
        assert_eq!(done, (before, head()));
        let copy = folder.path().join(format!("before-schema-{}.sqlite", head()));
        let former = Db::open(&Location::File(copy)).await.unwrap();
        assert_eq!(version(&former).await.unwrap(), before);
        assert_eq!(migrate(&former, now, None).await.unwrap(), (before, head()));
    }
}
