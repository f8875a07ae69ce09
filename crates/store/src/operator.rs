//! What the operator sees of the whole installation: who is there, and what the stores hold.

use lendglass_core::tenant::{Account, Project};
use lendglass_core::{AccountId, Error, ProjectId, RegionId};

use crate::db::{Db, Row, Statement, Value};
use crate::params;
use crate::tenant::first;

/// An account with its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// The account.
    pub account: Account,
    /// So many users.
    pub users: u32,
}

/// A project with its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRow {
    /// The project.
    pub project: Project,
    /// So many users have a role there.
    pub users: u32,
    /// So many images it owns.
    pub images: u32,
    /// So many bytes they have.
    pub image_bytes: u64,
    /// So many shares it has given.
    pub given: u32,
    /// So many shares it has received, the account's not counted.
    pub received: u32,
}

/// Blobs of one region in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRow {
    /// The region.
    pub region: RegionId,
    /// `filling`, `ready` or `dying`.
    pub state: String,
    /// So many.
    pub blobs: u64,
    /// So many bytes, as far as they are known.
    pub bytes: u64,
}

/// Images of one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRow {
    /// The region.
    pub region: RegionId,
    /// So many.
    pub images: u64,
    /// So many bytes they have, replicas counted each.
    pub bytes: u64,
}

static ACCOUNTS: Statement = Statement::new(
    "select a.id, a.uid, a.email, a.name, a.is_enabled, \
     cast((select count(*) from account_user u where u.account_id = a.id) as bigint) \
     from account a where (cast($1 as text) is null or lower(a.name) like $2 escape '\\' \
     or a.id = $1 or a.uid = $1 or a.email = $1 or exists (select 1 from project p \
     where p.account_id = a.id and (p.id = $1 or lower(p.name) like $2 escape '\\'))) \
     and (a.name, a.id) > ($3, $4) order by a.name, a.id limit $5",
);
static COUNT: Statement = Statement::new(
    "select cast(count(*) as bigint) from account a \
     where (cast($1 as text) is null or lower(a.name) like $2 escape '\\' \
     or a.id = $1 or a.uid = $1 or a.email = $1 or exists (select 1 from project p \
     where p.account_id = a.id and (p.id = $1 or lower(p.name) like $2 escape '\\')))",
);
static PROJECTS: Statement = Statement::new(
    "select p.id, p.account_id, p.name, p.description, p.region_id, p.is_discoverable, \
     p.is_enabled, \
     cast((select count(distinct r.user_id) from role_assignment r where r.project_id = p.id) \
     as bigint), \
     cast((select count(*) from image i where i.owner_id = p.id) as bigint), \
     cast(coalesce((select sum(i.size_bytes) from image i where i.owner_id = p.id), 0) as bigint), \
     cast((select count(*) from share s where s.owner_id = p.id) as bigint), \
     cast((select count(*) from share s where s.recipient_kind = 'project' \
     and s.recipient_id = p.id) as bigint) \
     from project p where p.account_id in {list} order by p.name, p.id",
);
static BLOBS: Statement = Statement::new(
    "select region_id, state, cast(count(*) as bigint), \
     cast(coalesce(sum(size_bytes), 0) as bigint) from blob \
     group by region_id, state order by region_id, state",
);
static IMAGES: Statement = Statement::new(
    "select region_id, cast(count(*) as bigint), \
     cast(coalesce(sum(size_bytes), 0) as bigint) from image \
     group by region_id order by region_id",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&ACCOUNTS, &COUNT, &PROJECTS, &BLOBS, &IMAGES];

/// A text as a pattern that finds it anywhere, in any case of ASCII letters.
fn pattern(text: &str) -> String {
    let text = text.to_lowercase();
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// A page of accounts by name, after (name, id). `text` is a part of the account's name or of one of
/// its projects', or an id.
pub async fn accounts(
    db: &Db,
    text: Option<&str>,
    after: (&str, &str),
    limit: u32,
) -> Result<Vec<AccountRow>, Error> {
    let values = params![text, text.map(pattern), after.0, after.1, limit];
    db.read(&ACCOUNTS, values).await?.into_iter().map(account_of).collect()
}

/// How many accounts there are of which [`accounts`] gives pages.
pub async fn count_accounts(db: &Db, text: Option<&str>) -> Result<u32, Error> {
    let rows = db.read(&COUNT, params![text, text.map(pattern)]).await?;
    first(rows, |row| row.read().u32()).map(Option::unwrap_or_default)
}

/// The projects of these accounts, by name.
pub async fn projects(db: &Db, accounts: &[AccountId]) -> Result<Vec<ProjectRow>, Error> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.read(&PROJECTS, params![Value::list(accounts)]).await?;
    rows.into_iter().map(project_of).collect()
}

/// Blobs by region and state.
pub async fn blobs(db: &Db) -> Result<Vec<BlobRow>, Error> {
    let rows = db.read(&BLOBS, params![]).await?;
    let blob = |row: Row| {
        let mut columns = row.read();
        Ok(BlobRow {
            region: RegionId::trusted(columns.text()?),
            state: columns.text()?,
            blobs: columns.opt_u64()?.unwrap_or_default(),
            bytes: columns.opt_u64()?.unwrap_or_default(),
        })
    };
    rows.into_iter().map(blob).collect()
}

/// Images by region.
pub async fn images(db: &Db) -> Result<Vec<ImageRow>, Error> {
    let rows = db.read(&IMAGES, params![]).await?;
    let image = |row: Row| {
        let mut columns = row.read();
        Ok(ImageRow {
            region: RegionId::trusted(columns.text()?),
            images: columns.opt_u64()?.unwrap_or_default(),
            bytes: columns.opt_u64()?.unwrap_or_default(),
        })
    };
    rows.into_iter().map(image).collect()
}

fn account_of(row: Row) -> Result<AccountRow, Error> {
    let mut columns = row.read();
    let account = Account {
        id: AccountId::trusted(columns.text()?),
        uid: columns.text()?,
        email: columns.opt_text()?,
        name: columns.text()?,
        is_enabled: columns.flag()?,
    };
    Ok(AccountRow { account, users: columns.u32()? })
}

fn project_of(row: Row) -> Result<ProjectRow, Error> {
    let mut columns = row.read();
    let project = Project {
        id: ProjectId::trusted(columns.text()?),
        account: AccountId::trusted(columns.text()?),
        name: columns.text()?,
        description: columns.text()?,
        region: columns.opt_text()?.map(RegionId::trusted),
        is_discoverable: columns.flag()?,
        is_enabled: columns.flag()?,
    };
    Ok(ProjectRow {
        project,
        users: columns.u32()?,
        images: columns.u32()?,
        image_bytes: columns.opt_u64()?.unwrap_or_default(),
        given: columns.u32()?,
        received: columns.u32()?,
    })
}
