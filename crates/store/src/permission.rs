//! Custom policies of projects, the users bound to them, and what that comes to for each user.
//!
//! Nodes hold the latter in memory and hear of changes by their number, which comes from the counter
//! of [`crate::revocation`]: it becomes visible in its order, so that nobody misses a smaller one.

use lendglass_core::permission::{Effect, Pattern, Statement as Rule};
use lendglass_core::tenant::Assigned;
use lendglass_core::{Error, ProjectId, Timestamp, UserId};
use serde_json::{Value, json};

use crate::db::{Db, Row, Statement, Tx};
use crate::{params, revocation};

/// A custom policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Its id.
    pub id: String,
    /// The project it belongs to.
    pub project: ProjectId,
    /// What people call it; unique in the project.
    pub name: String,
    /// What it gives and takes.
    pub statements: Vec<Rule>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

/// What all policies of a project come to for a user, with the number of the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Who.
    pub user: UserId,
    /// Where.
    pub project: ProjectId,
    /// All statements of all policies he is bound to.
    pub statements: Vec<Rule>,
    /// The number.
    pub seq: i64,
}

static INSERT: Statement = Statement::new(
    "insert into access_policy (id, project_id, name, statements, created_at, updated_at) \
     values ($1, $2, $3, $4, $5, $6)",
);
static UPDATE: Statement = Statement::new(
    "update access_policy set name = $2, statements = $3, updated_at = $4 where id = $1",
);
static DELETE: Statement = Statement::new("delete from access_policy where id = $1");
static GET: Statement = Statement::new(
    "select id, project_id, name, statements, created_at, updated_at from access_policy \
     where id = $1 and project_id = $2",
);
static OF_PROJECT: Statement = Statement::new(
    "select id, project_id, name, statements, created_at, updated_at from access_policy \
     where project_id = $1 order by name",
);
static BINDINGS: Statement = Statement::new(
    "select b.policy_id, b.user_id from access_binding b \
     join access_policy p on p.id = b.policy_id where p.project_id = $1 \
     order by b.policy_id, b.user_id",
);
static USERS: Statement =
    Statement::new("select user_id from access_binding where policy_id = $1 order by user_id");
static BIND: Statement = Statement::new(
    "insert into access_binding (policy_id, user_id) values ($1, $2) \
     on conflict (policy_id, user_id) do nothing",
);
static UNBIND: Statement =
    Statement::new("delete from access_binding where policy_id = $1 and user_id = $2");
static OF_USER: Statement = Statement::new(
    "select p.statements from access_binding b join access_policy p on p.id = b.policy_id \
     where b.user_id = $1 and p.project_id = $2 order by p.id",
);
static PROJECT_USERS: Statement = Statement::new(
    "select r.user_id, u.name, r.role from role_assignment r \
     left join account_user u on u.id = r.user_id where r.project_id = $1 \
     order by r.user_id, r.role limit 10000",
);
static OF_USER_ANYWHERE: Statement = Statement::new(
    "select distinct p.project_id from access_binding b \
     join access_policy p on p.id = b.policy_id where b.user_id = $1 order by p.project_id",
);
static UNBIND_USER: Statement = Statement::new("delete from access_binding where user_id = $1");
static PUT: Statement = Statement::new(
    "insert into permission (user_id, project_id, statements, seq) values ($1, $2, $3, $4) \
     on conflict (user_id, project_id) \
     do update set statements = excluded.statements, seq = excluded.seq",
);
static SINCE: Statement = Statement::new(
    "select user_id, project_id, statements, seq from permission where seq > $1 order by seq",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &PROJECT_USERS,
    &OF_USER_ANYWHERE,
    &UNBIND_USER,
    &INSERT,
    &UPDATE,
    &DELETE,
    &GET,
    &OF_PROJECT,
    &BINDINGS,
    &USERS,
    &BIND,
    &UNBIND,
    &OF_USER,
    &PUT,
    &SINCE,
];

/// Adds a policy; the caller has looked for the name.
pub fn insert(tx: &mut Tx<'_>, policy: &AccessPolicy) -> Result<(), Error> {
    let statements = written(&policy.statements);
    tx.execute_later(
        &INSERT,
        params![
            &policy.id,
            &policy.project,
            &policy.name,
            statements,
            policy.created_at,
            policy.updated_at
        ],
    )
}

/// Writes name and statements of a policy.
pub fn update(tx: &mut Tx<'_>, policy: &AccessPolicy) -> Result<(), Error> {
    let statements = written(&policy.statements);
    tx.execute_later(&UPDATE, params![&policy.id, &policy.name, statements, policy.updated_at])
}

/// Removes a policy with its bindings.
pub fn delete(tx: &mut Tx<'_>, id: &str) -> Result<(), Error> {
    tx.execute_later(&DELETE, params![id])
}

/// A policy of a project.
pub fn get(tx: &mut Tx<'_>, id: &str, project: &ProjectId) -> Result<Option<AccessPolicy>, Error> {
    tx.query_opt(&GET, &params![id, project])?.map(policy_of).transpose()
}

/// The policies of a project, by name.
pub fn of_project(tx: &mut Tx<'_>, project: &ProjectId) -> Result<Vec<AccessPolicy>, Error> {
    tx.query(&OF_PROJECT, &params![project])?.into_iter().map(policy_of).collect()
}

/// The policies of a project, by name.
pub async fn read_of_project(db: &Db, project: &ProjectId) -> Result<Vec<AccessPolicy>, Error> {
    db.read(&OF_PROJECT, params![project]).await?.into_iter().map(policy_of).collect()
}

/// Who is bound to which policy of a project, as (policy, user).
pub async fn read_bindings(db: &Db, project: &ProjectId) -> Result<Vec<(String, UserId)>, Error> {
    let rows = db.read(&BINDINGS, params![project]).await?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.read();
            Ok((columns.text()?, UserId::trusted(columns.text()?)))
        })
        .collect()
}

/// The users bound to a policy.
pub fn users(tx: &mut Tx<'_>, id: &str) -> Result<Vec<UserId>, Error> {
    let rows = tx.query(&USERS, &params![id])?;
    rows.into_iter().map(|row| row.read().text().map(UserId::trusted)).collect()
}

/// Binds a user; says whether he was not bound before.
pub fn bind(tx: &mut Tx<'_>, id: &str, user: &UserId) -> Result<bool, Error> {
    Ok(tx.execute(&BIND, &params![id, user])? > 0)
}

/// Ends a binding; says whether there was one.
pub fn unbind(tx: &mut Tx<'_>, id: &str, user: &UserId) -> Result<bool, Error> {
    Ok(tx.execute(&UNBIND, &params![id, user])? > 0)
}

/// Who has a role in a project, by user and role: at most 10,000.
pub async fn read_users(
    db: &Db,
    project: &ProjectId,
) -> Result<Vec<(UserId, Option<String>, Assigned)>, Error> {
    let rows = db.read(&PROJECT_USERS, params![project]).await?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.read();
            let (user, name) = (UserId::trusted(columns.text()?), columns.opt_text()?);
            Ok((user, name, columns.word(Assigned::parse)?))
        })
        .collect()
}

/// Removes everything about a user who is deleted. Locks the counter: call it late.
pub fn forget_user(tx: &mut Tx<'_>, user: &UserId) -> Result<(), Error> {
    let rows = tx.query(&OF_USER_ANYWHERE, &params![user])?;
    tx.execute_later(&UNBIND_USER, params![user])?;
    for row in rows {
        renew(tx, &ProjectId::trusted(row.read().text()?), std::slice::from_ref(user))?;
    }
    Ok(())
}

/// Removes everything about a project that is deleted. Locks the counter: call it late.
pub fn forget_project(tx: &mut Tx<'_>, project: &ProjectId) -> Result<(), Error> {
    let mut concerned = Vec::new();
    for policy in of_project(tx, project)? {
        concerned.extend(users(tx, &policy.id)?);
        delete(tx, &policy.id)?;
    }
    concerned.sort();
    concerned.dedup();
    renew(tx, project, &concerned).map(|_| ())
}

/// Writes anew what the policies of a project come to for these users, and answers it. Locks the
/// counter until the transaction ends: call it last.
pub fn renew(
    tx: &mut Tx<'_>,
    project: &ProjectId,
    users: &[UserId],
) -> Result<Vec<Permission>, Error> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let seq = revocation::next(tx)?;
    let mut renewed = Vec::with_capacity(users.len());
    for user in users {
        let mut statements = Vec::new();
        for row in tx.query(&OF_USER, &params![user, project])? {
            statements.extend(read(&row.read().text()?)?);
        }
        renewed.push(Permission { user: user.clone(), project: project.clone(), statements, seq });
    }
    let calls: Vec<_> = renewed
        .iter()
        .map(|one| (&PUT, params![&one.user, &one.project, written(&one.statements), one.seq]))
        .collect();
    tx.execute_many(&calls)?;
    Ok(renewed)
}

/// What has changed with a number above `seq`, in order.
pub async fn read_since(db: &Db, seq: i64) -> Result<Vec<Permission>, Error> {
    let rows = db.read(&SINCE, params![seq]).await?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.read();
            Ok(Permission {
                user: UserId::trusted(columns.text()?),
                project: ProjectId::trusted(columns.text()?),
                statements: read(&columns.text()?)?,
                seq: columns.int()?,
            })
        })
        .collect()
}

fn policy_of(row: Row) -> Result<AccessPolicy, Error> {
    let mut columns = row.read();
    Ok(AccessPolicy {
        id: columns.text()?,
        project: ProjectId::trusted(columns.text()?),
        name: columns.text()?,
        statements: read(&columns.text()?)?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}

fn written(statements: &[Rule]) -> String {
    let one = |rule: &Rule| {
        let actions: Vec<&str> = rule.actions.iter().map(Pattern::as_str).collect();
        json!({"effect": rule.effect.as_str(), "actions": actions})
    };
    Value::from(statements.iter().map(one).collect::<Vec<_>>()).to_string()
}

fn read(text: &str) -> Result<Vec<Rule>, Error> {
    let broken = || Error::internal("the statements of a custom policy cannot be read");
    let value: Value = serde_json::from_str(text).map_err(|_| broken())?;
    let rules = value.as_array().ok_or_else(broken)?.iter().map(|rule| {
        let effect = rule["effect"].as_str().and_then(Effect::parse).ok_or_else(broken)?;
        let actions = rule["actions"].as_array().ok_or_else(broken)?.iter();
        let actions = actions.map(|word| word.as_str().map(Pattern::trusted).ok_or_else(broken));
        Ok(Rule { effect, actions: actions.collect::<Result<_, Error>>()? })
    });
    rules.collect()
}
