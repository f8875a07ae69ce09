//! Vaults: the record, and what is used of it, always summed from the backups.

use lendglass_core::vault::{ObjectType, Protection, Vault, VaultStatus, VaultUse};
use lendglass_core::{BackupId, Error, ProjectId, RegionId, Timestamp, VaultId};

use crate::db::{Columns, Db, Row, Statement, Tx};
use crate::{backup, params};

/// The columns of a vault `v`, in the order [`read`] takes them.
macro_rules! vault_columns {
    () => {
        "v.id, v.project_id, v.region_id, v.name, v.description, v.capacity_gib, v.object_type, \
         v.protection, v.status, v.created_at, v.updated_at"
    };
}

/// What is used of vault `v`: GiB, and how many backups there are.
macro_rules! use_columns {
    () => {
        "cast(coalesce((select sum(b.size_gib) from backup b where b.vault_id = v.id), 0) \
         as bigint), \
         cast((select count(*) from backup b where b.vault_id = v.id) as bigint)"
    };
}

static INSERT: Statement = Statement::new(
    "insert into vault (id, project_id, region_id, name, description, capacity_gib, object_type, \
     protection, status, created_at, updated_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
static UPDATE: Statement = Statement::new(
    "update vault set name = $2, description = $3, capacity_gib = $4, status = $5, \
     updated_at = $6 where id = $1",
);
static DELETE: Statement = Statement::new("delete from vault where id = $1");
static LOCK: Statement = Statement::new("update vault set id = id where id = $1");
static ONE: Statement = Statement::new(concat!(
    "select ",
    vault_columns!(),
    ", ",
    use_columns!(),
    " from vault v where v.id = $1"
));
static PAGE: Statement = Statement::new(concat!(
    "select ",
    vault_columns!(),
    ", ",
    use_columns!(),
    " from vault v where v.project_id = $1 and v.region_id = $2 \
     and (v.created_at, v.id) < ($3, $4) \
     and ($5 = '' or v.name = $5) and ($6 = '' or v.object_type = $6) \
     and ($7 = '' or v.protection = $7) order by v.created_at desc, v.id desc limit $8"
));
static NAMED: Statement =
    Statement::new("select id from vault where project_id = $1 and region_id = $2 and name = $3");
static OF_PROJECT: Statement = Statement::new(
    "select cast(count(*) as bigint), cast(coalesce(sum(capacity_gib), 0) as bigint) \
     from vault where project_id = $1 and region_id = $2",
);
static LOCK_ALL: Statement =
    Statement::new("select id from vault where project_id = $1 order by id {for_update}");
static BACKUPS: Statement = Statement::new("select id from backup where vault_id = $1 order by id");
static DELETE_ALL: Statement = Statement::new("delete from vault where project_id = $1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &INSERT,
    &UPDATE,
    &DELETE,
    &LOCK,
    &ONE,
    &PAGE,
    &NAMED,
    &OF_PROJECT,
    &LOCK_ALL,
    &BACKUPS,
    &DELETE_ALL,
];

/// What a list of vaults is narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// Exactly this name.
    pub name: Option<String>,
    /// What it holds.
    pub object_type: Option<ObjectType>,
    /// What for.
    pub protection: Option<Protection>,
}

/// Writes a new vault.
pub fn insert(tx: &mut Tx<'_>, vault: &Vault) -> Result<(), Error> {
    tx.execute_later(
        &INSERT,
        params![
            &vault.id,
            &vault.project,
            &vault.region,
            &vault.name,
            &vault.description,
            vault.capacity_gib,
            vault.object_type.as_str(),
            vault.protection.as_str(),
            vault.status.as_str(),
            vault.created_at,
            vault.updated_at,
        ],
    )
}

/// Writes what may change of a vault. The row is locked.
pub fn update(tx: &mut Tx<'_>, vault: &Vault) -> Result<(), Error> {
    tx.execute_later(
        &UPDATE,
        params![
            &vault.id,
            &vault.name,
            &vault.description,
            vault.capacity_gib,
            vault.status.as_str(),
            vault.updated_at,
        ],
    )
}

/// Deletes an empty vault. The row is locked.
pub fn delete(tx: &mut Tx<'_>, id: &VaultId) -> Result<(), Error> {
    tx.execute_later(&DELETE, params![id])
}

/// Locks a vault and reads it with what is used of it: what every change of its contents starts with.
/// Callers lock several by id, after images and before blobs.
pub fn lock(tx: &mut Tx<'_>, id: &VaultId) -> Result<Option<(Vault, VaultUse)>, Error> {
    if tx.execute(&LOCK, &params![id])? == 0 {
        return Ok(None);
    }
    tx.query_opt(&ONE, &params![id])?.map(|row| read_with_use(&mut row.read())).transpose()
}

/// A vault with what is used of it.
pub async fn show(db: &Db, id: &VaultId) -> Result<Option<(Vault, VaultUse)>, Error> {
    let rows = db.read(&ONE, params![id]).await?;
    rows.into_iter().next().map(|row| read_with_use(&mut row.read())).transpose()
}

/// A page of a project's vaults, newest first, after the position `(created_at, id)`.
pub async fn page(
    db: &Db,
    project: &ProjectId,
    region: &RegionId,
    narrowed: &Narrowed,
    after: Option<(Timestamp, VaultId)>,
    limit: u32,
) -> Result<Vec<(Vault, VaultUse)>, Error> {
    let (at, id) = after.map_or((i64::MAX, "~".to_owned()), |(at, id)| (at.0, id.to_string()));
    let name = narrowed.name.as_deref().unwrap_or_default();
    let object_type = narrowed.object_type.map_or("", ObjectType::as_str);
    let protection = narrowed.protection.map_or("", Protection::as_str);
    let params = params![project, region, at, id, name, object_type, protection, limit];
    let rows = db.read(&PAGE, params).await?;
    rows.into_iter().map(|row: Row| read_with_use(&mut row.read())).collect()
}

/// The vault of a project with this name. The project is locked where a decision hangs on it.
pub fn named(
    tx: &mut Tx<'_>,
    project: &ProjectId,
    region: &RegionId,
    name: &str,
) -> Result<Option<VaultId>, Error> {
    let row = tx.query_opt(&NAMED, &params![project, region, name])?;
    row.map(|row| row.read().text().map(VaultId::trusted)).transpose()
}

/// How many vaults a project has in a region, and their capacity together, GiB. The project is locked
/// where a decision hangs on it.
pub fn of_project(
    tx: &mut Tx<'_>,
    project: &ProjectId,
    region: &RegionId,
) -> Result<(u32, u64), Error> {
    read_sum(tx.query(&OF_PROJECT, &params![project, region])?)
}

/// As [`of_project`], outside a transaction: for who asks before he acts.
pub async fn read_of_project(
    db: &Db,
    project: &ProjectId,
    region: &RegionId,
) -> Result<(u32, u64), Error> {
    read_sum(db.read(&OF_PROJECT, params![project, region]).await?)
}

/// Deletes a project's vaults with all they keep; blobs that nobody uses any more are left dying. For
/// a project that goes as a whole, after its images.
pub fn delete_all_of_project(tx: &mut Tx<'_>, project: &ProjectId) -> Result<(), Error> {
    let mut backups = Vec::new();
    for row in tx.query(&LOCK_ALL, &params![project])? {
        let vault = VaultId::trusted(row.read().text()?);
        for row in tx.query(&BACKUPS, &params![&vault])? {
            backups.push(BackupId::trusted(row.read().text()?));
        }
    }
    backup::delete(tx, &backups.iter().collect::<Vec<_>>())?;
    tx.execute_later(&DELETE_ALL, params![project])
}

fn read_sum(rows: Vec<Row>) -> Result<(u32, u64), Error> {
    match rows.into_iter().next() {
        Some(row) => {
            let mut columns = row.read();
            Ok((columns.u32()?, columns.opt_u64()?.unwrap_or(0)))
        }
        None => Ok((0, 0)),
    }
}

fn read_with_use(columns: &mut Columns) -> Result<(Vault, VaultUse), Error> {
    let vault = read(columns)?;
    let used_gib = columns.opt_u64()?.unwrap_or(0);
    Ok((vault, VaultUse { used_gib, backups: columns.u32()? }))
}

fn read(columns: &mut Columns) -> Result<Vault, Error> {
    Ok(Vault {
        id: VaultId::trusted(columns.text()?),
        project: ProjectId::trusted(columns.text()?),
        region: RegionId::trusted(columns.text()?),
        name: columns.text()?,
        description: columns.text()?,
        capacity_gib: columns.u32()?,
        object_type: columns.word(ObjectType::parse)?,
        protection: columns.word(Protection::parse)?,
        status: columns.word(VaultStatus::parse)?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}
