//! Overrides of the policy: rows that operators set for the installation, a region or a project.

use lendglass_core::policy::Policy;
use lendglass_core::{Error, ProjectId, RegionId, Timestamp, UserId};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;

static OVERRIDES: Statement = Statement::new(
    "select scope_kind, name, value from policy_override \
     where (scope_kind = 'installation' and scope_id = '') \
        or (scope_kind = 'region' and scope_id = $1) \
        or (scope_kind = 'project' and scope_id = $2)",
);
static PUT: Statement = Statement::new(
    "insert into policy_override (scope_kind, scope_id, name, value, set_by, set_at) \
     values ($1, $2, $3, $4, $5, $6) \
     on conflict (scope_kind, scope_id, name) \
     do update set value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at",
);
static DROP: Statement = Statement::new(
    "delete from policy_override where scope_kind = $1 and scope_id = $2 and name = $3",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&OVERRIDES, &PUT, &DROP];

/// What an override applies to; the later wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Everything.
    Installation,
    /// One region.
    Region(&'a RegionId),
    /// One project.
    Project(&'a ProjectId),
}

impl Scope<'_> {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Scope::Installation => ("installation", ""),
            Scope::Region(id) => ("region", id.as_str()),
            Scope::Project(id) => ("project", id.as_str()),
        }
    }
}

/// The effective policy of `project` in `region`: `base` with the overrides that apply.
pub async fn effective(
    db: &Db,
    base: &Policy,
    region: &RegionId,
    project: &ProjectId,
) -> Result<Policy, Error> {
    apply(base, db.read(&OVERRIDES, params![region, project]).await?)
}

/// As [`effective`], inside the transaction that decides by it.
pub fn effective_in(
    tx: &mut Tx<'_>,
    base: &Policy,
    region: &RegionId,
    project: &ProjectId,
) -> Result<Policy, Error> {
    let rows = tx.query(&OVERRIDES, &params![region, project])?;
    apply(base, rows)
}

fn apply(base: &Policy, rows: Vec<Row>) -> Result<Policy, Error> {
    let mut policy = base.clone();
    let mut overrides = Vec::with_capacity(rows.len());
    for row in rows {
        let mut columns = row.read();
        let rank = match columns.text()?.as_str() {
            "installation" => 0,
            "region" => 1,
            _ => 2,
        };
        overrides.push((rank, columns.text()?, columns.text()?));
    }
    overrides.sort();
    for (_, name, value) in overrides {
        policy.set(&name, &value).map_err(|error| Error::internal(format!("{error:?}")))?;
    }
    Ok(policy)
}

/// Sets an override; the caller has checked name and value against [`Policy::set`].
pub fn put(
    tx: &mut Tx<'_>,
    scope: Scope<'_>,
    name: &str,
    value: &str,
    by: &UserId,
    at: Timestamp,
) -> Result<(), Error> {
    let (kind, id) = scope.parts();
    tx.execute(&PUT, &params![kind, id, name, value, by, at]).map(|_| ())
}

/// Takes an override away; says whether there was one.
pub fn remove(tx: &mut Tx<'_>, scope: Scope<'_>, name: &str) -> Result<bool, Error> {
    let (kind, id) = scope.parts();
    Ok(tx.execute(&DROP, &params![kind, id, name])? > 0)
}
