//! Predefined tags, of the installation and of projects (T-048).

use lendglass_core::tag::{PredefinedTag, TagScope};
use lendglass_core::{Error, ProjectId, UserId};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;

static OF_PROJECT: Statement = Statement::new(
    "select scope_kind, name, allowed, is_enforced, set_by, set_at from predefined_tag \
     where scope_kind = 'installation' or (scope_kind = 'project' and scope_id = $1) \
     order by scope_kind, name",
);
static COUNT: Statement = Statement::new(
    "select cast(count(*) as bigint) from predefined_tag where scope_kind = $1 and scope_id = $2",
);
static PUT: Statement = Statement::new(
    "insert into predefined_tag \
     (scope_kind, scope_id, name, allowed, is_enforced, set_by, set_at) \
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (scope_kind, scope_id, name) do update set \
     allowed = excluded.allowed, is_enforced = excluded.is_enforced, \
     set_by = excluded.set_by, set_at = excluded.set_at",
);
static DELETE: Statement = Statement::new(
    "delete from predefined_tag where scope_kind = $1 and scope_id = $2 and name = $3",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&OF_PROJECT, &COUNT, &PUT, &DELETE];

fn id_of(scope: TagScope, project: &ProjectId) -> &str {
    match scope {
        TagScope::Installation => "",
        TagScope::Project => project.as_str(),
    }
}

/// What is predefined for a project: the installation's tags first, then its own, by key.
pub fn of_project(tx: &mut Tx<'_>, project: &ProjectId) -> Result<Vec<PredefinedTag>, Error> {
    tx.query(&OF_PROJECT, &params![project])?.into_iter().map(read).collect()
}

/// As [`of_project`], outside a transaction.
pub async fn read_of_project(db: &Db, project: &ProjectId) -> Result<Vec<PredefinedTag>, Error> {
    db.read(&OF_PROJECT, params![project]).await?.into_iter().map(read).collect()
}

/// How many there are of a scope.
pub fn count(tx: &mut Tx<'_>, scope: TagScope, project: &ProjectId) -> Result<u32, Error> {
    match tx.query_opt(&COUNT, &params![scope.as_str(), id_of(scope, project)])? {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// Sets one, in place of an earlier one with its key. `project` matters for those of projects.
pub fn put(tx: &mut Tx<'_>, tag: &PredefinedTag, project: &ProjectId) -> Result<(), Error> {
    tx.execute_later(
        &PUT,
        params![
            tag.scope.as_str(),
            id_of(tag.scope, project),
            tag.key.as_str(),
            serde_json::Value::from(tag.values.clone()).to_string(),
            tag.is_enforced,
            &tag.set_by,
            tag.set_at,
        ],
    )
}

/// Forgets one; says whether there was one.
pub fn delete(
    tx: &mut Tx<'_>,
    scope: TagScope,
    project: &ProjectId,
    key: &str,
) -> Result<bool, Error> {
    Ok(tx.execute(&DELETE, &params![scope.as_str(), id_of(scope, project), key])? > 0)
}

fn read(row: Row) -> Result<PredefinedTag, Error> {
    let mut columns = row.read();
    Ok(PredefinedTag {
        scope: columns.word(TagScope::parse)?,
        key: columns.text()?,
        values: serde_json::from_str(&columns.text()?)
            .map_err(|error| Error::internal(format!("a predefined tag is broken: {error}")))?,
        is_enforced: columns.flag()?,
        set_by: UserId::trusted(columns.text()?),
        set_at: columns.time()?,
    })
}
