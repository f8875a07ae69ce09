//! Regions, accounts and projects.

use lendglass_core::recipient::Candidates;
use lendglass_core::tenant::{Account, Project, Region};
use lendglass_core::{AccountId, Error, ProjectId, RegionId, Timestamp};

use crate::db::{Columns, Db, Question, Row, Statement, Tx};
use crate::{params, user};

/// Rows of one list at most; Keystone's lists have no pages, only an end.
pub const LIST_ROWS: u32 = 10_000;

// --- regions -------------------------------------------------------------------------------------

static REGION_INSERT: Statement = Statement::new(
    "insert into region (id, name, zones, position, created_at) \
     values ($1, $2, $3, (select coalesce(max(position), 0) + 1 from region), $4)",
);
static REGIONS: Statement =
    Statement::new("select id, name, zones from region order by position, id");

/// Adds a region behind the others. Zones are stored as words parted by line ends.
pub fn insert_region(tx: &mut Tx<'_>, region: &Region, now: Timestamp) -> Result<(), Error> {
    let params = params![&region.id, &region.name, region.zones.join("\n"), now];
    tx.execute_later(&REGION_INSERT, params)
}

static EMPTY_REGIONS_DELETE: Statement = Statement::new(
    "delete from region where not exists (select 1 from project p where p.region_id = region.id) \
     and not exists (select 1 from image i where i.region_id = region.id)",
);

/// Removes regions that hold no project and no image.
pub fn delete_empty_regions(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute_later(&EMPTY_REGIONS_DELETE, Vec::new())
}

/// All regions, the first one first.
pub fn regions(tx: &mut Tx<'_>) -> Result<Vec<Region>, Error> {
    tx.query(&REGIONS, &[])?.into_iter().map(region_of).collect()
}

/// All regions, the first one first.
pub async fn read_regions(db: &Db) -> Result<Vec<Region>, Error> {
    db.read(&REGIONS, Vec::new()).await?.into_iter().map(region_of).collect()
}

fn region_of(row: Row) -> Result<Region, Error> {
    let mut columns = row.read();
    Ok(Region {
        id: RegionId::trusted(columns.text()?),
        name: columns.text()?,
        zones: columns.text()?.lines().map(str::to_owned).collect(),
    })
}

// --- accounts ------------------------------------------------------------------------------------

static ACCOUNT_INSERT: Statement = Statement::new(
    "insert into account (id, uid, email, name, is_enabled, created_at) \
     values ($1, $2, $3, $4, $5, $6)",
);
static ACCOUNT_UPDATE: Statement =
    Statement::new("update account set name = $2, email = $3, is_enabled = $4 where id = $1");
static ACCOUNT_DELETE: Statement = Statement::new("delete from account where id = $1");
static ACCOUNT: Statement =
    Statement::new("select id, uid, email, name, is_enabled from account where id = $1");
static ACCOUNT_BY_NAME: Statement =
    Statement::new("select id, uid, email, name, is_enabled from account where name = $1");
static ACCOUNT_BY_ANY: Statement = Statement::new(
    "select id, uid, email, name, is_enabled from account \
     where id = $1 or uid = $1 or email = $2 \
     order by case when id = $1 then 0 when uid = $1 then 1 else 2 end limit 1",
);
static ACCOUNTS: Statement = Statement::new(
    "select id, uid, email, name, is_enabled from account \
     where (cast($1 as text) is null or name = $1) \
     and (cast($2 as bigint) is null or is_enabled = $2) order by name limit $3",
);

/// Adds an account. Its e-mail is kept in lower case.
pub fn insert_account(tx: &mut Tx<'_>, account: &Account, now: Timestamp) -> Result<(), Error> {
    let params = params![
        &account.id,
        &account.uid,
        account.email.as_deref().map(str::to_lowercase),
        &account.name,
        account.is_enabled,
        now,
    ];
    tx.execute_later(&ACCOUNT_INSERT, params)
}

/// Writes name, e-mail and whether it is enabled.
pub fn update_account(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    let email = account.email.as_deref().map(str::to_lowercase);
    let params = params![&account.id, &account.name, email, account.is_enabled];
    tx.execute_later(&ACCOUNT_UPDATE, params)
}

/// Removes an account, and nothing that is in it.
pub fn delete_account(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), Error> {
    tx.execute_later(&ACCOUNT_DELETE, params![id])
}

/// The account with this id.
pub fn account(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<Account>, Error> {
    tx.query_opt(&ACCOUNT, &params![id])?.map(account_of).transpose()
}

/// The account with this name.
pub fn account_by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<Account>, Error> {
    tx.query_opt(&ACCOUNT_BY_NAME, &params![name])?.map(account_of).transpose()
}

/// The account with this id, uid or e-mail.
pub fn account_by_any(tx: &mut Tx<'_>, text: &str) -> Result<Option<Account>, Error> {
    let params = params![text, text.to_lowercase()];
    tx.query_opt(&ACCOUNT_BY_ANY, &params)?.map(account_of).transpose()
}

/// The account with this id.
pub async fn read_account(db: &Db, id: &AccountId) -> Result<Option<Account>, Error> {
    first(db.read(&ACCOUNT, params![id]).await?, account_of)
}

/// The account with this name.
pub async fn read_account_by_name(db: &Db, name: &str) -> Result<Option<Account>, Error> {
    first(db.read(&ACCOUNT_BY_NAME, params![name]).await?, account_of)
}

/// Accounts by name, [`LIST_ROWS`] at most.
pub async fn read_accounts(
    db: &Db,
    name: Option<&str>,
    is_enabled: Option<bool>,
) -> Result<Vec<Account>, Error> {
    let rows = db.read(&ACCOUNTS, params![name, is_enabled, LIST_ROWS]).await?;
    rows.into_iter().map(account_of).collect()
}

pub(crate) fn account_of(row: Row) -> Result<Account, Error> {
    let mut columns = row.read();
    Ok(Account {
        id: AccountId::trusted(columns.text()?),
        uid: columns.text()?,
        email: columns.opt_text()?,
        name: columns.text()?,
        is_enabled: columns.flag()?,
    })
}

// --- projects ------------------------------------------------------------------------------------

/// A project with what sign-in needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProject {
    /// The project.
    pub project: Project,
    /// Tokens for it that carry a smaller epoch are revoked.
    pub epoch: i64,
    /// The name of its account.
    pub account_name: String,
    /// Whether its account is enabled.
    pub is_account_enabled: bool,
}

/// Which projects a list names; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct ProjectFilter {
    /// The name.
    pub name: Option<String>,
    /// The account.
    pub account: Option<AccountId>,
    /// Whether it is enabled.
    pub is_enabled: Option<bool>,
    /// Only those in which this user has a role.
    pub user: Option<lendglass_core::UserId>,
}

/// A statement over projects and their accounts.
macro_rules! known_projects {
    ($rest:literal) => {
        Statement::new(concat!(
            "select p.id, p.account_id, p.name, p.description, p.region_id, p.is_discoverable, \
             p.is_enabled, p.epoch, a.name, a.is_enabled \
             from project p join account a on a.id = p.account_id ",
            $rest
        ))
    };
}

static EMAILS_TOLD: Statement = Statement::new(
    "select a.id, a.email from account a where a.id in {list} and a.email is not null \
     and (a.id = $2 or exists (select 1 from project p where p.account_id = a.id \
     and p.is_discoverable = 1))",
);
static PROJECT_INSERT: Statement = Statement::new(
    "insert into project (id, account_id, name, description, region_id, is_discoverable, \
     is_enabled, epoch, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
);
static PROJECT_UPDATE: Statement = Statement::new(
    "update project set name = $2, description = $3, is_discoverable = $4, is_enabled = $5 \
     where id = $1",
);
static PROJECT_RAISE_EPOCH: Statement = Statement::new(
    "update project set epoch = case when epoch >= $2 then epoch + 1 else $2 end \
     where id = $1 returning epoch",
);
static PROJECT_DELETE: Statement = Statement::new("delete from project where id = $1");
static PROJECT: Statement = Statement::new(
    "select id, account_id, name, description, region_id, is_discoverable, is_enabled \
     from project where id = $1",
);
static PROJECTS_BY_ID: Statement = Statement::new(
    "select id, account_id, name, description, region_id, is_discoverable, is_enabled \
     from project where id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
     $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
);
static PROJECT_BY_NAME: Statement = Statement::new(
    "select id, account_id, name, description, region_id, is_discoverable, is_enabled \
     from project where account_id = $1 and name = $2",
);
static PROJECTS_NAMED: Statement = Statement::new(
    "select id, account_id, name, description, region_id, is_discoverable, is_enabled \
     from project where name = $1 order by account_id limit 2",
);
static PROJECTS_OF_ACCOUNT: Statement =
    Statement::new("select id from project where account_id = $1 order by id");
static SITE: Statement = Statement::new(
    "select s.site, case when exists (select 1 from region_site r where r.region_id = $2) \
     and not exists (select 1 from region_site r where r.region_id = $2 and r.site = s.site) \
     then 0 else 1 end from account_site s where s.account_id = $1",
);
static SITE_OF_ACCOUNT: Statement = Statement::new(
    "insert into account_site (account_id, site) values ($1, $2) \
     on conflict (account_id) do nothing",
);
static SITE_OF_REGION: Statement = Statement::new(
    "insert into region_site (region_id, site) values ($1, $2) \
     on conflict (region_id, site) do nothing",
);
static PROJECTS_HERE: Statement = Statement::new(
    "select id from project where account_id = $1 and is_enabled = 1 \
     and (region_id = $2 or region_id is null) order by id",
);
static KNOWN_BY_ID: Statement = known_projects!("where p.id = $1");
static KNOWN_BY_NAME: Statement = known_projects!("where p.account_id = $1 and p.name = $2");
static KNOWN_LIST: Statement = known_projects!(
    "where (cast($1 as text) is null or p.name = $1) \
     and (cast($2 as text) is null or p.account_id = $2) \
     and (cast($3 as bigint) is null or p.is_enabled = $3) \
     and (cast($4 as text) is null or p.id in \
         (select project_id from role_assignment where user_id = $4)) \
     order by p.name, p.id limit $5"
);
static NAMES: [Statement; 2] = [
    Statement::new("select id, name from project where id = $1"),
    Statement::new(
        "select id, name from project where id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
         $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
    ),
];
/// Ids of one look-up of names: a page of a list.
const NAMES_AT_ONCE: usize = 25;

/// Adds a project. Its epoch begins at `now`, so that a project made again under its old id is
/// younger than every revocation of the old one.
pub fn insert_project(tx: &mut Tx<'_>, project: &Project, now: Timestamp) -> Result<(), Error> {
    let params = params![
        &project.id,
        &project.account,
        &project.name,
        &project.description,
        project.region.as_ref().map(|region| region.as_str()),
        project.is_discoverable,
        project.is_enabled,
        now,
    ];
    tx.execute_later(&PROJECT_INSERT, params)
}

/// Writes name, description, and the two flags.
pub fn update_project(tx: &mut Tx<'_>, project: &Project) -> Result<(), Error> {
    let params = params![
        &project.id,
        &project.name,
        &project.description,
        project.is_discoverable,
        project.is_enabled,
    ];
    tx.execute_later(&PROJECT_UPDATE, params)
}

/// Raises the epoch of a project and answers the new one; `None` where there is no such project.
pub fn raise_project_epoch(
    tx: &mut Tx<'_>,
    id: &ProjectId,
    now: Timestamp,
) -> Result<Option<i64>, Error> {
    tx.query_opt(&PROJECT_RAISE_EPOCH, &params![id, now])?.map(|row| row.read().int()).transpose()
}

/// Removes a project, and nothing that it owns.
pub fn delete_project(tx: &mut Tx<'_>, id: &ProjectId) -> Result<(), Error> {
    tx.execute_later(&PROJECT_DELETE, params![id])
}

/// The project with this id.
pub fn project(tx: &mut Tx<'_>, id: &ProjectId) -> Result<Option<Project>, Error> {
    tx.query_opt(&PROJECT, &params![id])?.map(project_of).transpose()
}

/// The project with this name in an account.
pub fn project_by_name(
    tx: &mut Tx<'_>,
    account: &AccountId,
    name: &str,
) -> Result<Option<Project>, Error> {
    tx.query_opt(&PROJECT_BY_NAME, &params![account, name])?.map(project_of).transpose()
}

/// Projects with this name in any account, two at most: more than one is ambiguous.
pub fn projects_named(tx: &mut Tx<'_>, name: &str) -> Result<Vec<Project>, Error> {
    tx.query(&PROJECTS_NAMED, &params![name])?.into_iter().map(project_of).collect()
}

/// The ids of all projects of an account.
pub fn projects_of_account(tx: &mut Tx<'_>, id: &AccountId) -> Result<Vec<ProjectId>, Error> {
    ids(tx.query(&PROJECTS_OF_ACCOUNT, &params![id])?)
}

/// The ids of the enabled projects of an account that live in a region, or in every one.
pub fn projects_here(
    tx: &mut Tx<'_>,
    id: &AccountId,
    region: &RegionId,
) -> Result<Vec<ProjectId>, Error> {
    ids(tx.query(&PROJECTS_HERE, &params![id, region])?)
}

/// The project with this id, as sign-in needs it.
pub async fn read_project(db: &Db, id: &ProjectId) -> Result<Option<KnownProject>, Error> {
    first(db.read(&KNOWN_BY_ID, params![id]).await?, known_of)
}

/// The project with this name in an account, as sign-in needs it.
pub async fn read_project_by_name(
    db: &Db,
    account: &AccountId,
    name: &str,
) -> Result<Option<KnownProject>, Error> {
    first(db.read(&KNOWN_BY_NAME, params![account, name]).await?, known_of)
}

/// Projects by name, [`LIST_ROWS`] at most.
pub async fn read_projects(db: &Db, filter: &ProjectFilter) -> Result<Vec<KnownProject>, Error> {
    let params = params![
        filter.name.as_deref(),
        filter.account.as_ref().map(|account| account.as_str()),
        filter.is_enabled,
        filter.user.as_ref().map(|user| user.as_str()),
        LIST_ROWS,
    ];
    db.read(&KNOWN_LIST, params).await?.into_iter().map(known_of).collect()
}

/// The names of projects, for views; ids that are not here are left out.
pub async fn names(db: &Db, ids: &[ProjectId]) -> Result<Vec<(ProjectId, String)>, Error> {
    let mut names = Vec::with_capacity(ids.len());
    for some in ids.chunks(NAMES_AT_ONCE) {
        let [one, many] = &NAMES;
        let mut params: Vec<_> = some.iter().map(crate::Value::from).collect();
        let statement = if some.len() == 1 { one } else { many };
        if some.len() > 1 {
            params.resize(NAMES_AT_ONCE, crate::Value::Null);
        }
        for row in db.read(statement, params).await? {
            let mut columns = row.read();
            names.push((ProjectId::trusted(columns.text()?), columns.text()?));
        }
    }
    Ok(names)
}

/// The account whose site counts for a recipient.
fn holder<'a>(project: Option<&'a Project>, account: Option<&'a Account>) -> Option<&'a AccountId> {
    project.map(|project| &project.account).or(account.map(|account| &account.id))
}

/// The site of an account, and whether it offers a region.
pub fn site(account: &AccountId, region: &RegionId) -> Question<(String, bool)> {
    Question::new(&SITE, params![account, region], |rows| site_of(rows.into_iter().next()))
}

/// As [`site`], outside a transaction.
pub async fn read_site(
    db: &Db,
    account: &AccountId,
    region: &RegionId,
) -> Result<(String, bool), Error> {
    site_of(db.read(&SITE, params![account, region]).await?.into_iter().next())
}

fn site_of(row: Option<Row>) -> Result<(String, bool), Error> {
    let Some(row) = row else { return Ok((String::new(), true)) };
    let mut columns = row.read();
    Ok((columns.text()?, columns.flag()?))
}

/// Says of which site an account is; one that has a site keeps it.
pub fn set_site(tx: &mut Tx<'_>, account: &AccountId, site: &str) -> Result<(), Error> {
    tx.execute_later(&SITE_OF_ACCOUNT, params![account, site])
}

/// Says that a site offers a region. A region that no site is named for is offered by all.
pub fn offer_region(tx: &mut Tx<'_>, region: &RegionId, site: &str) -> Result<(), Error> {
    tx.execute_later(&SITE_OF_REGION, params![region, site])
}

/// Everything the store knows of a recipient named `text` in a region (ID-08), outside a transaction: for
/// who asks before he shares.
pub async fn read_candidates(db: &Db, text: &str, region: &RegionId) -> Result<Candidates, Error> {
    let found = first(db.read(&PROJECT, params![text]).await?, project_of)?;
    let by_any = db.read(&ACCOUNT_BY_ANY, params![text, text.to_lowercase()]).await?;
    let account = first(by_any, account_of)?;
    let account_projects = match &account {
        Some(account) => ids(db.read(&PROJECTS_HERE, params![&account.id, region]).await?)?,
        None => Vec::new(),
    };
    let is_user = user::read_exists(db, text).await?;
    let (site, is_region_offered) = match holder(found.as_ref(), account.as_ref()) {
        Some(holder) => read_site(db, holder, region).await?,
        None => (String::new(), true),
    };
    Ok(Candidates { project: found, account, account_projects, is_user, site, is_region_offered })
}

/// The projects with these ids, for views; ids that are not here are left out.
pub async fn read_projects_by_id(db: &Db, wanted: &[ProjectId]) -> Result<Vec<Project>, Error> {
    let mut projects = Vec::with_capacity(wanted.len());
    for some in wanted.chunks(NAMES_AT_ONCE) {
        let mut params: Vec<_> = some.iter().map(crate::Value::from).collect();
        params.resize(NAMES_AT_ONCE, crate::Value::Null);
        for row in db.read(&PROJECTS_BY_ID, params).await? {
            projects.push(project_of(row)?);
        }
    }
    Ok(projects)
}

/// The root e-mails of those accounts that let others know who they are: one of their projects is
/// discoverable, or it is `own`.
pub async fn read_emails(
    db: &Db,
    accounts: &[AccountId],
    own: &AccountId,
) -> Result<Vec<(AccountId, String)>, Error> {
    let rows = db.read(&EMAILS_TOLD, params![crate::Value::list(accounts), own]).await?;
    let email = |row: Row| {
        let mut columns = row.read();
        Ok((AccountId::trusted(columns.text()?), columns.text()?))
    };
    rows.into_iter().map(email).collect()
}

fn ids(rows: Vec<Row>) -> Result<Vec<ProjectId>, Error> {
    rows.into_iter().map(|row| row.read().text().map(ProjectId::trusted)).collect()
}

pub(crate) fn project_of(row: Row) -> Result<Project, Error> {
    project_columns(&mut row.read())
}

fn project_columns(columns: &mut Columns) -> Result<Project, Error> {
    Ok(Project {
        id: ProjectId::trusted(columns.text()?),
        account: AccountId::trusted(columns.text()?),
        name: columns.text()?,
        description: columns.text()?,
        region: columns.opt_text()?.map(RegionId::trusted),
        is_discoverable: columns.flag()?,
        is_enabled: columns.flag()?,
    })
}

fn known_of(row: Row) -> Result<KnownProject, Error> {
    let mut columns = row.read();
    Ok(KnownProject {
        project: project_columns(&mut columns)?,
        epoch: columns.int()?,
        account_name: columns.text()?,
        is_account_enabled: columns.flag()?,
    })
}

pub(crate) fn first<T>(
    rows: Vec<Row>,
    read: fn(Row) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    rows.into_iter().next().map(read).transpose()
}

/// Every statement of this file, for the test that prepares them all.
pub static STATEMENTS: &[&Statement] = &[
    &REGION_INSERT,
    &REGIONS,
    &EMPTY_REGIONS_DELETE,
    &ACCOUNT_INSERT,
    &ACCOUNT_UPDATE,
    &ACCOUNT_DELETE,
    &ACCOUNT,
    &ACCOUNT_BY_NAME,
    &ACCOUNT_BY_ANY,
    &ACCOUNTS,
    &EMAILS_TOLD,
    &PROJECT_INSERT,
    &PROJECT_UPDATE,
    &PROJECT_RAISE_EPOCH,
    &PROJECT_DELETE,
    &PROJECT,
    &PROJECTS_BY_ID,
    &PROJECT_BY_NAME,
    &PROJECTS_NAMED,
    &PROJECTS_OF_ACCOUNT,
    &SITE,
    &SITE_OF_ACCOUNT,
    &SITE_OF_REGION,
    &PROJECTS_HERE,
    &KNOWN_BY_ID,
    &KNOWN_BY_NAME,
    &KNOWN_LIST,
    &NAMES[0],
    &NAMES[1],
];
