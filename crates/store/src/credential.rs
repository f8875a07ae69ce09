//! Access keys, application credentials, and the keys that sign tokens.

use lendglass_core::tenant::Assigned;
use lendglass_core::{Error, ProjectId, Timestamp, UserId};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;
use crate::tenant::first;

// --- access keys ---------------------------------------------------------------------------------

/// An access key of a user in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// The public half, as requests name it.
    pub id: String,
    /// Whose.
    pub user: UserId,
    /// The project it acts in.
    pub project: ProjectId,
    /// The secret half, sealed by the master key.
    pub sealed_secret: String,
    /// A disabled key opens nothing.
    pub is_enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// What nodes remember of it with a smaller epoch is out of date.
    pub epoch: i64,
    /// The hours that CTyun's stamps of this key are ahead of UTC, once it was used so.
    pub stamp_hours: Option<i64>,
}

static KEY_INSERT: Statement = Statement::new(
    "insert into access_key (id, user_id, project_id, sealed_secret, is_enabled, created_at, \
     epoch, stamp_hours) values ($1, $2, $3, $4, $5, $6, $7, $8)",
);
static KEY: Statement = Statement::new(
    "select id, user_id, project_id, sealed_secret, is_enabled, created_at, epoch, stamp_hours \
     from access_key where id = $1",
);
static KEYS_OF_USER: Statement = Statement::new(
    "select id, user_id, project_id, sealed_secret, is_enabled, created_at, epoch, stamp_hours \
     from access_key where user_id = $1 order by created_at, id",
);
static KEY_ENABLE: Statement =
    Statement::new("update access_key set is_enabled = $2, epoch = $3 where id = $1");
static KEY_BIND_STAMP: Statement =
    Statement::new("update access_key set stamp_hours = $2 where id = $1 and stamp_hours is null");
static KEY_DELETE: Statement = Statement::new("delete from access_key where id = $1");
static KEYS_DELETE_OF_USER: Statement = Statement::new("delete from access_key where user_id = $1");
static KEYS_DELETE_OF_PROJECT: Statement =
    Statement::new("delete from access_key where project_id = $1");

/// Adds an access key.
pub fn insert_access_key(tx: &mut Tx<'_>, key: &AccessKey) -> Result<(), Error> {
    let params = params![
        &key.id,
        &key.user,
        &key.project,
        &key.sealed_secret,
        key.is_enabled,
        key.created_at,
        key.epoch,
        key.stamp_hours,
    ];
    tx.execute_later(&KEY_INSERT, params)
}

/// The access key with this id.
pub fn access_key(tx: &mut Tx<'_>, id: &str) -> Result<Option<AccessKey>, Error> {
    tx.query_opt(&KEY, &params![id])?.map(key_of).transpose()
}

/// The access key with this id.
pub async fn read_access_key(db: &Db, id: &str) -> Result<Option<AccessKey>, Error> {
    first(db.read(&KEY, params![id]).await?, key_of)
}

/// The access keys of a user, oldest first.
pub async fn read_access_keys(db: &Db, user: &UserId) -> Result<Vec<AccessKey>, Error> {
    db.read(&KEYS_OF_USER, params![user]).await?.into_iter().map(key_of).collect()
}

/// The access keys of a user, oldest first.
pub fn access_keys(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<AccessKey>, Error> {
    tx.query(&KEYS_OF_USER, &params![user])?.into_iter().map(key_of).collect()
}

/// Switches an access key on or off, with its new epoch.
pub fn enable_access_key(
    tx: &mut Tx<'_>,
    id: &str,
    is_enabled: bool,
    epoch: i64,
) -> Result<(), Error> {
    tx.execute_later(&KEY_ENABLE, params![id, is_enabled, epoch])
}

/// Binds the stamps of a key to a reading, unless they are bound; answers the reading that counts,
/// `None` where the key is gone.
pub fn bind_stamp_hours(tx: &mut Tx<'_>, id: &str, hours: i64) -> Result<Option<i64>, Error> {
    tx.execute_later(&KEY_BIND_STAMP, params![id, hours])?;
    Ok(access_key(tx, id)?.and_then(|key| key.stamp_hours))
}

/// Removes an access key; says whether it was there.
pub fn delete_access_key(tx: &mut Tx<'_>, id: &str) -> Result<bool, Error> {
    Ok(tx.execute(&KEY_DELETE, &params![id])? == 1)
}

fn key_of(row: Row) -> Result<AccessKey, Error> {
    let mut columns = row.read();
    Ok(AccessKey {
        id: columns.text()?,
        user: UserId::trusted(columns.text()?),
        project: ProjectId::trusted(columns.text()?),
        sealed_secret: columns.text()?,
        is_enabled: columns.flag()?,
        created_at: columns.time()?,
        epoch: columns.int()?,
        stamp_hours: columns.opt_int()?,
    })
}

// --- application credentials ---------------------------------------------------------------------

/// A secret of its own for a program that acts for a user in one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationCredential {
    /// Its id.
    pub id: String,
    /// Whose.
    pub user: UserId,
    /// The project it acts in.
    pub project: ProjectId,
    /// Its name; unique for the user.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The hash of the secret, in the PHC form.
    pub secret_hash: String,
    /// What it may be, at most; the user must still be it at sign-in.
    pub roles: Vec<Assigned>,
    /// May make and remove application credentials.
    pub is_unrestricted: bool,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

static APP_INSERT: Statement = Statement::new(
    "insert into application_credential (id, user_id, project_id, name, description, secret_hash, \
     roles, is_unrestricted, expires_at, created_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
static APP: Statement = Statement::new(
    "select id, user_id, project_id, name, description, secret_hash, roles, is_unrestricted, \
     expires_at from application_credential where id = $1",
);
static APP_BY_NAME: Statement = Statement::new(
    "select id, user_id, project_id, name, description, secret_hash, roles, is_unrestricted, \
     expires_at from application_credential where user_id = $1 and name = $2",
);
static APPS_OF_USER: Statement = Statement::new(
    "select id, user_id, project_id, name, description, secret_hash, roles, is_unrestricted, \
     expires_at from application_credential where user_id = $1 order by name",
);
static APP_DELETE: Statement = Statement::new("delete from application_credential where id = $1");
static APPS_DELETE_OF_USER: Statement =
    Statement::new("delete from application_credential where user_id = $1");
static APPS_DELETE_OF_PROJECT: Statement =
    Statement::new("delete from application_credential where project_id = $1");

/// Adds an application credential.
pub fn insert_application(
    tx: &mut Tx<'_>,
    credential: &ApplicationCredential,
    now: Timestamp,
) -> Result<(), Error> {
    let roles: Vec<_> = credential.roles.iter().map(|role| role.as_str()).collect();
    let params = params![
        &credential.id,
        &credential.user,
        &credential.project,
        &credential.name,
        &credential.description,
        &credential.secret_hash,
        roles.join(" "),
        credential.is_unrestricted,
        credential.expires_at,
        now,
    ];
    tx.execute_later(&APP_INSERT, params)
}

/// The application credentials of a user, by name.
pub fn applications(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<ApplicationCredential>, Error> {
    tx.query(&APPS_OF_USER, &params![user])?.into_iter().map(application_of).collect()
}

/// The application credential with this id.
pub fn application(tx: &mut Tx<'_>, id: &str) -> Result<Option<ApplicationCredential>, Error> {
    tx.query_opt(&APP, &params![id])?.map(application_of).transpose()
}

/// The application credential with this id.
pub async fn read_application(db: &Db, id: &str) -> Result<Option<ApplicationCredential>, Error> {
    first(db.read(&APP, params![id]).await?, application_of)
}

/// The application credential with this name of a user.
pub async fn read_application_by_name(
    db: &Db,
    user: &UserId,
    name: &str,
) -> Result<Option<ApplicationCredential>, Error> {
    first(db.read(&APP_BY_NAME, params![user, name]).await?, application_of)
}

/// The application credentials of a user, by name.
pub async fn read_applications(
    db: &Db,
    user: &UserId,
) -> Result<Vec<ApplicationCredential>, Error> {
    db.read(&APPS_OF_USER, params![user]).await?.into_iter().map(application_of).collect()
}

/// Removes an application credential; says whether it was there.
pub fn delete_application(tx: &mut Tx<'_>, id: &str) -> Result<bool, Error> {
    Ok(tx.execute(&APP_DELETE, &params![id])? == 1)
}

fn application_of(row: Row) -> Result<ApplicationCredential, Error> {
    let mut columns = row.read();
    Ok(ApplicationCredential {
        id: columns.text()?,
        user: UserId::trusted(columns.text()?),
        project: ProjectId::trusted(columns.text()?),
        name: columns.text()?,
        description: columns.text()?,
        secret_hash: columns.text()?,
        roles: roles_of(&columns.text()?)?,
        is_unrestricted: columns.flag()?,
        expires_at: columns.opt_time()?,
    })
}

fn roles_of(words: &str) -> Result<Vec<Assigned>, Error> {
    words
        .split_whitespace()
        .map(|word| {
            Assigned::parse(word)
                .ok_or_else(|| Error::internal(format!("unknown role {word:?} in a credential")))
        })
        .collect()
}

/// Removes every access key and application credential of a user.
pub fn delete_all_of_user(tx: &mut Tx<'_>, user: &UserId) -> Result<(), Error> {
    tx.execute_later(&KEYS_DELETE_OF_USER, params![user])?;
    tx.execute_later(&APPS_DELETE_OF_USER, params![user])
}

/// Removes every access key and application credential for a project.
pub fn delete_all_of_project(tx: &mut Tx<'_>, project: &ProjectId) -> Result<(), Error> {
    tx.execute_later(&KEYS_DELETE_OF_PROJECT, params![project])?;
    tx.execute_later(&APPS_DELETE_OF_PROJECT, params![project])
}

// --- keys that sign tokens -----------------------------------------------------------------------

/// A key that signs tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Named in the header of each token.
    pub id: String,
    /// The private key, sealed by the master key.
    pub sealed_key: String,
}

static SIGNING_INSERT: Statement =
    Statement::new("insert into signing_key (id, sealed_key, created_at) values ($1, $2, $3)");
static SIGNING_KEYS: Statement =
    Statement::new("select id, sealed_key from signing_key order by created_at desc, id");

/// Adds a signing key.
pub fn insert_signing_key(tx: &mut Tx<'_>, key: &SigningKey, now: Timestamp) -> Result<(), Error> {
    tx.execute_later(&SIGNING_INSERT, params![&key.id, &key.sealed_key, now])
}

/// All signing keys, the newest first.
pub fn signing_keys(tx: &mut Tx<'_>) -> Result<Vec<SigningKey>, Error> {
    let rows = tx.query(&SIGNING_KEYS, &[])?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.read();
            Ok(SigningKey { id: columns.text()?, sealed_key: columns.text()? })
        })
        .collect()
}

// --- the check of the master key -----------------------------------------------------------------

const CHECK_NAME: &str = "master_key_check";
static CHECK: Statement = Statement::new("select value from setting where name = $1");
static CHECK_INSERT: Statement =
    Statement::new("insert into setting (name, value) values ($1, $2)");

/// The sealed check value, if this database has been opened with a master key before.
pub fn master_key_check(tx: &mut Tx<'_>) -> Result<Option<String>, Error> {
    tx.query_opt(&CHECK, &params![CHECK_NAME])?.map(|row| row.read().text()).transpose()
}

/// Writes the sealed check value.
pub fn insert_master_key_check(tx: &mut Tx<'_>, sealed: &str) -> Result<(), Error> {
    tx.execute_later(&CHECK_INSERT, params![CHECK_NAME, sealed])
}

/// Every statement of this file, for the test that prepares them all.
pub static STATEMENTS: &[&Statement] = &[
    &KEY_INSERT,
    &KEY,
    &KEYS_OF_USER,
    &KEY_ENABLE,
    &KEY_BIND_STAMP,
    &KEY_DELETE,
    &KEYS_DELETE_OF_USER,
    &KEYS_DELETE_OF_PROJECT,
    &APP_INSERT,
    &APP,
    &APP_BY_NAME,
    &APPS_OF_USER,
    &APP_DELETE,
    &APPS_DELETE_OF_USER,
    &APPS_DELETE_OF_PROJECT,
    &SIGNING_INSERT,
    &SIGNING_KEYS,
    &CHECK,
    &CHECK_INSERT,
];
