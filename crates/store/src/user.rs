//! Users and what they may do in which project.

use lendglass_core::tenant::Assigned;
use lendglass_core::{AccountId, Error, ProjectId, Timestamp, UserId};

use crate::db::{Columns, Db, Row, Statement, Tx};
use crate::params;
use crate::tenant::{LIST_ROWS, first};

/// A user of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The account it belongs to.
    pub account: AccountId,
    /// What it signs in with; unique in its account.
    pub name: String,
    /// Where people reach it; empty where unknown.
    pub email: String,
    /// Free text.
    pub description: String,
    /// The project it works in when it names none.
    pub default_project: Option<ProjectId>,
    /// A disabled user signs in nowhere.
    pub is_enabled: bool,
    /// The operator of the installation.
    pub is_system_admin: bool,
}

/// A user with what sign-in needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUser {
    /// The user.
    pub user: User,
    /// In the PHC form; a user without one has no password.
    pub password_hash: Option<String>,
    /// Tokens of it that carry a smaller epoch are revoked.
    pub epoch: i64,
    /// The name of its account.
    pub account_name: String,
    /// Whether its account is enabled.
    pub is_account_enabled: bool,
}

/// Which users a list names; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// The name.
    pub name: Option<String>,
    /// The account.
    pub account: Option<AccountId>,
    /// Whether it is enabled.
    pub is_enabled: Option<bool>,
}

/// A role, or the mark of a service, of a user in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Who.
    pub user: UserId,
    /// Where.
    pub project: ProjectId,
    /// What.
    pub assigned: Assigned,
}

/// A statement over users and their accounts.
macro_rules! known_users {
    ($rest:literal) => {
        Statement::new(concat!(
            "select u.id, u.account_id, u.name, u.email, u.description, u.default_project_id, \
             u.is_enabled, u.is_system_admin, u.password_hash, u.epoch, a.name, a.is_enabled \
             from account_user u join account a on a.id = u.account_id ",
            $rest
        ))
    };
}

static INSERT: Statement = Statement::new(
    "insert into account_user (id, account_id, name, email, description, password_hash, \
     default_project_id, is_enabled, is_system_admin, epoch, created_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
);
static UPDATE: Statement = Statement::new(
    "update account_user set name = $2, email = $3, description = $4, default_project_id = $5, \
     is_enabled = $6 where id = $1",
);
static SET_PASSWORD: Statement =
    Statement::new("update account_user set password_hash = $2 where id = $1");
static RAISE_EPOCH: Statement = Statement::new(
    "update account_user set epoch = case when epoch >= $2 then epoch + 1 else $2 end \
     where id = $1 returning epoch",
);
static DELETE: Statement = Statement::new("delete from account_user where id = $1");
static EXISTS: Statement = Statement::new("select id from account_user where id = $1");
static OF_ACCOUNT: Statement =
    Statement::new("select id from account_user where account_id = $1 order by id");
static OPERATORS: Statement = Statement::new(
    "select cast(count(*) as bigint) from account_user where is_system_admin = 1 and is_enabled = 1",
);
static BY_ID: Statement = known_users!("where u.id = $1");
static BY_NAME: Statement = known_users!("where u.account_id = $1 and u.name = $2");
static NAMED: Statement = known_users!("where u.name = $1 order by u.account_id limit 2");
static LIST: Statement = known_users!(
    "where (cast($1 as text) is null or u.name = $1) \
     and (cast($2 as text) is null or u.account_id = $2) \
     and (cast($3 as bigint) is null or u.is_enabled = $3) \
     order by u.name, u.id limit $4"
);

static GRANT: Statement = Statement::new(
    "insert into role_assignment (user_id, project_id, role, created_at) \
     values ($1, $2, $3, $4) on conflict (user_id, project_id, role) do nothing",
);
static TAKE: Statement = Statement::new(
    "delete from role_assignment where user_id = $1 and project_id = $2 and role = $3",
);
static TAKE_ALL_OF_USER: Statement =
    Statement::new("delete from role_assignment where user_id = $1");
static TAKE_ALL_OF_PROJECT: Statement =
    Statement::new("delete from role_assignment where project_id = $1");
static ASSIGNED: Statement = Statement::new(
    "select role from role_assignment where user_id = $1 and project_id = $2 order by role",
);
static ASSIGNMENTS: Statement = Statement::new(
    "select user_id, project_id, role from role_assignment \
     where (cast($1 as text) is null or user_id = $1) \
     and (cast($2 as text) is null or project_id = $2) \
     and (cast($3 as text) is null or role = $3) \
     order by user_id, project_id, role limit $4",
);

/// Adds a user. Its epoch begins at `now`, so that a user made again under its old id is younger
/// than every revocation of the old one.
pub fn insert(
    tx: &mut Tx<'_>,
    user: &User,
    password_hash: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    let params = params![
        &user.id,
        &user.account,
        &user.name,
        &user.email,
        &user.description,
        password_hash,
        user.default_project.as_ref().map(|project| project.as_str()),
        user.is_enabled,
        user.is_system_admin,
        now,
    ];
    tx.execute_later(&INSERT, params)
}

/// Writes name, e-mail, description, default project and whether it is enabled.
pub fn update(tx: &mut Tx<'_>, user: &User) -> Result<(), Error> {
    let params = params![
        &user.id,
        &user.name,
        &user.email,
        &user.description,
        user.default_project.as_ref().map(|project| project.as_str()),
        user.is_enabled,
    ];
    tx.execute_later(&UPDATE, params)
}

/// Writes a password's hash.
pub fn set_password(tx: &mut Tx<'_>, id: &UserId, hash: &str) -> Result<(), Error> {
    tx.execute_later(&SET_PASSWORD, params![id, hash])
}

/// Raises the epoch of a user and answers the new one; `None` where there is no such user.
pub fn raise_epoch(tx: &mut Tx<'_>, id: &UserId, now: Timestamp) -> Result<Option<i64>, Error> {
    tx.query_opt(&RAISE_EPOCH, &params![id, now])?.map(|row| row.read().int()).transpose()
}

/// Removes a user with its roles.
pub fn delete(tx: &mut Tx<'_>, id: &UserId) -> Result<(), Error> {
    tx.execute_later(&TAKE_ALL_OF_USER, params![id])?;
    tx.execute_later(&DELETE, params![id])
}

/// Whether a user has this id.
pub fn exists(tx: &mut Tx<'_>, id: &str) -> Result<bool, Error> {
    Ok(tx.query_opt(&EXISTS, &params![id])?.is_some())
}

/// As [`exists`], outside a transaction.
pub async fn read_exists(db: &Db, id: &str) -> Result<bool, Error> {
    Ok(!db.read(&EXISTS, params![id]).await?.is_empty())
}

/// The ids of all users of an account.
pub fn of_account(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<UserId>, Error> {
    let rows = tx.query(&OF_ACCOUNT, &params![account])?;
    rows.into_iter().map(|row| row.read().text().map(UserId::trusted)).collect()
}

/// The number of enabled operators.
pub fn operators(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.query_opt(&OPERATORS, &[])?.map_or(Ok(0), |row| row.read().int())
}

/// As [`named`], outside a transaction.
pub async fn read_named(db: &Db, name: &str) -> Result<Vec<KnownUser>, Error> {
    db.read(&NAMED, params![name]).await?.into_iter().map(known_of).collect()
}

/// The user with this id.
pub fn user(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<KnownUser>, Error> {
    tx.query_opt(&BY_ID, &params![id])?.map(known_of).transpose()
}

/// The user with this name in an account.
pub fn by_name(
    tx: &mut Tx<'_>,
    account: &AccountId,
    name: &str,
) -> Result<Option<KnownUser>, Error> {
    tx.query_opt(&BY_NAME, &params![account, name])?.map(known_of).transpose()
}

/// Users with this name in any account, two at most: more than one is ambiguous.
pub fn named(tx: &mut Tx<'_>, name: &str) -> Result<Vec<KnownUser>, Error> {
    tx.query(&NAMED, &params![name])?.into_iter().map(known_of).collect()
}

/// The user with this id.
pub async fn read(db: &Db, id: &UserId) -> Result<Option<KnownUser>, Error> {
    first(db.read(&BY_ID, params![id]).await?, known_of)
}

/// The user with this name in an account.
pub async fn read_by_name(
    db: &Db,
    account: &AccountId,
    name: &str,
) -> Result<Option<KnownUser>, Error> {
    first(db.read(&BY_NAME, params![account, name]).await?, known_of)
}

/// Users by name, [`LIST_ROWS`] at most.
pub async fn read_list(db: &Db, filter: &UserFilter) -> Result<Vec<KnownUser>, Error> {
    let params = params![
        filter.name.as_deref(),
        filter.account.as_ref().map(|account| account.as_str()),
        filter.is_enabled,
        LIST_ROWS,
    ];
    db.read(&LIST, params).await?.into_iter().map(known_of).collect()
}

/// Gives a role; says whether it was not there before.
pub fn grant(tx: &mut Tx<'_>, given: &Assignment, now: Timestamp) -> Result<bool, Error> {
    let params = params![&given.user, &given.project, given.assigned.as_str(), now];
    Ok(tx.execute(&GRANT, &params)? == 1)
}

/// Takes a role away; says whether it was there.
pub fn take(tx: &mut Tx<'_>, given: &Assignment) -> Result<bool, Error> {
    let params = params![&given.user, &given.project, given.assigned.as_str()];
    Ok(tx.execute(&TAKE, &params)? == 1)
}

/// Takes every role in a project away.
pub fn take_all_in(tx: &mut Tx<'_>, project: &ProjectId) -> Result<(), Error> {
    tx.execute_later(&TAKE_ALL_OF_PROJECT, params![project])
}

/// What a user has been assigned in a project.
pub fn assigned(
    tx: &mut Tx<'_>,
    user: &UserId,
    project: &ProjectId,
) -> Result<Vec<Assigned>, Error> {
    tx.query(&ASSIGNED, &params![user, project])?.into_iter().map(assigned_of).collect()
}

/// What a user has been assigned in a project.
pub async fn read_assigned(
    db: &Db,
    user: &UserId,
    project: &ProjectId,
) -> Result<Vec<Assigned>, Error> {
    db.read(&ASSIGNED, params![user, project]).await?.into_iter().map(assigned_of).collect()
}

/// Assignments, [`LIST_ROWS`] at most; what is `None` does not matter.
pub async fn read_assignments(
    db: &Db,
    user: Option<&UserId>,
    project: Option<&ProjectId>,
    assigned: Option<Assigned>,
) -> Result<Vec<Assignment>, Error> {
    let params = params![
        user.map(|user| user.as_str()),
        project.map(|project| project.as_str()),
        assigned.map(Assigned::as_str),
        LIST_ROWS,
    ];
    db.read(&ASSIGNMENTS, params).await?.into_iter().map(assignment_of).collect()
}

fn assigned_of(row: Row) -> Result<Assigned, Error> {
    row.read().word(Assigned::parse)
}

fn assignment_of(row: Row) -> Result<Assignment, Error> {
    let mut columns = row.read();
    Ok(Assignment {
        user: UserId::trusted(columns.text()?),
        project: ProjectId::trusted(columns.text()?),
        assigned: columns.word(Assigned::parse)?,
    })
}

fn user_columns(columns: &mut Columns) -> Result<User, Error> {
    Ok(User {
        id: UserId::trusted(columns.text()?),
        account: AccountId::trusted(columns.text()?),
        name: columns.text()?,
        email: columns.text()?,
        description: columns.text()?,
        default_project: columns.opt_text()?.map(ProjectId::trusted),
        is_enabled: columns.flag()?,
        is_system_admin: columns.flag()?,
    })
}

fn known_of(row: Row) -> Result<KnownUser, Error> {
    let mut columns = row.read();
    Ok(KnownUser {
        user: user_columns(&mut columns)?,
        password_hash: columns.opt_text()?,
        epoch: columns.int()?,
        account_name: columns.text()?,
        is_account_enabled: columns.flag()?,
    })
}

/// Every statement of this file, for the test that prepares them all.
pub static STATEMENTS: &[&Statement] = &[
    &INSERT,
    &UPDATE,
    &SET_PASSWORD,
    &RAISE_EPOCH,
    &DELETE,
    &EXISTS,
    &OF_ACCOUNT,
    &OPERATORS,
    &BY_ID,
    &BY_NAME,
    &NAMED,
    &LIST,
    &GRANT,
    &TAKE,
    &TAKE_ALL_OF_USER,
    &TAKE_ALL_OF_PROJECT,
    &ASSIGNED,
    &ASSIGNMENTS,
];
