//! Custom policies of a project: what its users may do beyond, or short of, their roles (T-051).
//!
//! The project's admins manage them, and the operator for any project. A change counts on this node
//! from its commit and on the others within half a second; nobody reads the database for it.

use std::collections::BTreeMap;

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::limits::{
    ACCESS_POLICIES_OF_PROJECT, ACCESS_STATEMENTS, ACCESS_USERS_OF_POLICY, NAME_CHARS,
};
use lendglass_core::permission::{Action, Permissions, Statement, decide};
use lendglass_core::share::Recipient;
use lendglass_core::tenant::{Assigned, Caller, Role};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ProjectId, UserId};
pub use lendglass_store::permission::AccessPolicy;
use lendglass_store::permission::{self as store_permission, Permission};
use lendglass_store::{
    Tx, audit as store_audit, image as store_image, tenant as store_tenant, user as store_user,
};

use crate::app::App;

/// What a caller may do, by action.
pub fn allowed(caller: &Caller) -> Vec<Action> {
    Action::ALL.iter().copied().filter(|action| caller.may(*action).is_ok()).collect()
}

/// A custom policy with the users bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The policy.
    pub policy: AccessPolicy,
    /// The users.
    pub users: Vec<UserId>,
}

/// What a custom policy shall be.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Its name; unique in the project.
    pub name: String,
    /// What it gives and takes.
    pub statements: Vec<Statement>,
    /// The users bound to it; `None` where they stay as they are.
    pub users: Option<Vec<UserId>>,
}

/// A user of a project.
#[derive(Clone, Debug)]
pub struct ProjectUser {
    /// Who.
    pub id: UserId,
    /// His name, where it is known here.
    pub name: Option<String>,
    /// What he is in the project.
    pub assigned: Vec<Assigned>,
    /// The custom policies he is bound to, by id.
    pub policies: Vec<String>,
    /// What that comes to.
    pub actions: Vec<Action>,
}

/// The project a call is about: the caller's, or any for the operator. Others are not found.
async fn target(
    app: &App,
    caller: &Caller,
    wanted: Option<&ProjectId>,
) -> Result<ProjectId, Error> {
    let Some(wanted) = wanted.filter(|wanted| **wanted != caller.project) else {
        return Ok(caller.project.clone());
    };
    let known = store_tenant::read_projects_by_id(&app.db, std::slice::from_ref(wanted)).await?;
    if caller.is_operator && !known.is_empty() {
        return Ok(wanted.clone());
    }
    Err(Error::new(Code::ProjectNotFound).with("id", wanted))
}

/// The custom policies of a project, by name. Errors: [`Code::ProjectNotFound`], and who may not.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
) -> Result<Vec<Bound>, Error> {
    let project = target(app, caller, project).await?;
    caller.may(Action::AccessList)?;
    let policies = store_permission::read_of_project(&app.db, &project).await?;
    let mut users: BTreeMap<String, Vec<UserId>> = BTreeMap::new();
    for (policy, user) in store_permission::read_bindings(&app.db, &project).await? {
        users.entry(policy).or_default().push(user);
    }
    let bound = |policy: AccessPolicy| Bound {
        users: users.remove(&policy.id).unwrap_or_default(),
        policy,
    };
    Ok(policies.into_iter().map(bound).collect())
}

/// One custom policy of a project. Errors: as [`list`]; [`Code::AccessPolicyNotFound`].
pub async fn show(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    id: &str,
) -> Result<Bound, Error> {
    let all = list(app, caller, project).await?;
    all.into_iter().find(|bound| bound.policy.id == id).ok_or_else(|| no_policy(id))
}

/// The users of a project, with their roles, custom policies and what these come to.
pub async fn users(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
) -> Result<Vec<ProjectUser>, Error> {
    let project = target(app, caller, project).await?;
    caller.may(Action::AccessList)?;
    let bindings = store_permission::read_bindings(&app.db, &project).await?;
    let mut users: BTreeMap<UserId, ProjectUser> = BTreeMap::new();
    for (id, name, assigned) in store_permission::read_users(&app.db, &project).await? {
        let user = users.entry(id.clone()).or_insert_with(|| ProjectUser {
            policies: bindings.iter().filter(|(_, u)| *u == id).map(|(p, _)| p.clone()).collect(),
            id,
            name,
            assigned: Vec::new(),
            actions: Vec::new(),
        });
        user.assigned.push(assigned);
    }
    let mut users: Vec<ProjectUser> = users.into_values().collect();
    for user in &mut users {
        let Some(role) = strongest(&user.assigned) else { continue };
        let permissions = app.identity.permissions(&user.id, &project);
        let may = |action: &&Action| decide(role, &permissions, **action).is_ok();
        user.actions = Action::ALL.iter().filter(may).copied().collect();
    }
    Ok(users)
}

/// Makes a custom policy. Errors: as [`list`]; [`Code::NameTaken`], [`Code::UserNotFound`] for one
/// who has no role in the project, [`Code::AccessPolicyQuota`], [`Code::AccessLockout`].
pub async fn create(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    wish: Wish,
) -> Result<Bound, Error> {
    let (id, now) = (app.ids.hex(), app.clock.now());
    change(app, caller, project, "access.create", move |tx, project| {
        let policies = store_permission::of_project(tx, project)?;
        within(policies.len() + 1, ACCESS_POLICIES_OF_PROJECT, "policies")?;
        let policy = AccessPolicy {
            id: id.clone(),
            project: project.clone(),
            name: wish.name.clone(),
            statements: wish.statements.clone(),
            created_at: now,
            updated_at: now,
        };
        check(&policy, &policies)?;
        store_permission::insert(tx, &policy)?;
        let users = wish.users.clone().unwrap_or_default();
        let concerned = set_users(tx, &policy, &users)?;
        Ok((Bound { policy, users }, concerned))
    })
    .await
}

/// Changes a custom policy. Errors: as [`create`]; [`Code::AccessPolicyNotFound`].
pub async fn update(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    id: &str,
    wish: Wish,
) -> Result<Bound, Error> {
    let (id, now) = (id.to_owned(), app.clock.now());
    change(app, caller, project, "access.update", move |tx, project| {
        let mut policies = store_permission::of_project(tx, project)?;
        let place = policies.iter().position(|policy| policy.id == id);
        let mut policy = policies.remove(place.ok_or_else(|| no_policy(&id))?);
        policy.name.clone_from(&wish.name);
        policy.statements.clone_from(&wish.statements);
        policy.updated_at = now;
        check(&policy, &policies)?;
        store_permission::update(tx, &policy)?;
        let before = store_permission::users(tx, &id)?;
        let users = wish.users.clone().unwrap_or_else(|| before.clone());
        let concerned = set_users(tx, &policy, &users)?;
        Ok((Bound { policy, users }, concerned))
    })
    .await
}

/// Deletes a custom policy: its users have what their roles and other policies give.
pub async fn delete(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    id: &str,
) -> Result<(), Error> {
    let id = id.to_owned();
    let deleted = change(app, caller, project, "access.delete", move |tx, project| {
        let policy = store_permission::get(tx, &id, project)?.ok_or_else(|| no_policy(&id))?;
        let users = store_permission::users(tx, &id)?;
        store_permission::delete(tx, &id)?;
        Ok((Bound { policy, users: Vec::new() }, users))
    });
    deleted.await.map(|_| ())
}

/// Binds a user to a custom policy, or ends that; nothing happens where it is so already.
pub async fn bind(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    id: &str,
    (user, is_bound): (&UserId, bool),
) -> Result<Bound, Error> {
    let (id, user) = (id.to_owned(), user.clone());
    let verb = if is_bound { "access.bind" } else { "access.unbind" };
    change(app, caller, project, verb, move |tx, project| {
        let policy = store_permission::get(tx, &id, project)?.ok_or_else(|| no_policy(&id))?;
        let mut users = store_permission::users(tx, &id)?;
        users.retain(|known| *known != user);
        if is_bound {
            users.push(user.clone());
        }
        let concerned = set_users(tx, &policy, &users)?;
        Ok((Bound { policy, users }, concerned))
    })
    .await
}

/// One change of a project's custom policies: the closure's rows, what they come to for the users
/// it answers, and the audit row, in one transaction; this node knows it when that is durable.
async fn change(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    verb: &'static str,
    rows: impl Fn(&mut Tx<'_>, &ProjectId) -> Result<(Bound, Vec<UserId>), Error> + Send + 'static,
) -> Result<Bound, Error> {
    let project = target(app, caller, project).await?;
    caller.may(Action::AccessManage)?;
    let (owned, mine) = (app.clone(), caller.clone());
    let changed = app.change(caller, move |tx| {
        store_image::lock_project(tx, &project)?;
        let (bound, concerned) = rows(tx, &project)?;
        store_audit::insert(tx, &owned.ids.hex(), &event(&owned, &mine, verb, &bound))?;
        let renewed = store_permission::renew(tx, &project, &concerned)?;
        keeps_management(&mine, &renewed)?;
        Ok((bound, renewed))
    });
    let (bound, renewed) = changed.await?;
    app.identity.learn_permissions(&renewed);
    Ok(bound)
}

fn event(app: &App, caller: &Caller, verb: &str, bound: &Bound) -> AuditEvent {
    let Bound { policy, users } = bound;
    let statements = policy.statements.iter().map(|statement| {
        let actions: Vec<&str> = statement.actions.iter().map(|action| action.as_str()).collect();
        format!("{}={}", statement.effect.as_str(), actions.join(","))
    });
    let statements: Vec<String> = statements.collect();
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let (name, statements, users) = (&policy.name, statements.join(" "), users.join(","));
    let detail = format!("{verb} name={name} {statements} users={users}");
    let now = app.clock.now();
    let event = AuditEvent::by(caller, now, AuditVerb::IdentityChange, &policy.id);
    let event = event.with_detail(shortened(&detail, 4_000));
    if policy.project == caller.project {
        return event;
    }
    event.with_counterpart(Recipient::Project(policy.project.clone()))
}

/// Nobody takes from himself what he would need to take it back.
fn keeps_management(caller: &Caller, renewed: &[Permission]) -> Result<(), Error> {
    let own = renewed.iter().find(|one| one.user == caller.user && one.project == caller.project);
    let Some(own) = own.filter(|_| !caller.is_operator) else { return Ok(()) };
    let action = Action::AccessManage;
    decide(caller.role, &Permissions::of(&own.statements), action)
        .map_err(|_| Error::new(Code::AccessLockout).with("action", action.as_str()))
}

/// Binds these users and no others; answers everybody whose permissions that may change.
fn set_users(
    tx: &mut Tx<'_>,
    policy: &AccessPolicy,
    users: &[UserId],
) -> Result<Vec<UserId>, Error> {
    within(users.len(), ACCESS_USERS_OF_POLICY, "users")?;
    let mut concerned = store_permission::users(tx, &policy.id)?;
    for user in concerned.iter().filter(|user| !users.contains(user)) {
        store_permission::unbind(tx, &policy.id, user)?;
    }
    for user in users {
        if concerned.contains(user) {
            continue;
        }
        if store_user::assigned(tx, user, &policy.project)?.is_empty() {
            return Err(Error::new(Code::UserNotFound).with("id", user));
        }
        store_permission::bind(tx, &policy.id, user)?;
        concerned.push(user.clone());
    }
    Ok(concerned)
}

/// Whether a policy keeps the rules about itself. `others` are the other policies of its project.
fn check(policy: &AccessPolicy, others: &[AccessPolicy]) -> Result<(), Error> {
    let invalid = |field: &str, value: &str, reason: String| {
        Error::new(Code::InvalidValue)
            .with("field", field)
            .with("value", shortened(value, 80))
            .with("reason", reason)
    };
    let name = policy.name.as_str();
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS || name.trim() != name || name.chars().any(char::is_control)
    {
        let reason = format!("1 to {NAME_CHARS} characters, without spaces around them");
        return Err(invalid("name", name, reason));
    }
    if others.iter().any(|other| other.name == name) {
        return Err(Error::new(Code::NameTaken).with("name", name));
    }
    if policy.statements.is_empty() {
        return Err(invalid("statements", "", "one at least".to_owned()));
    }
    within(policy.statements.len(), ACCESS_STATEMENTS, "statements")?;
    for statement in &policy.statements {
        if statement.actions.is_empty() {
            return Err(invalid("actions", "", "one at least".to_owned()));
        }
        within(statement.actions.len(), ACCESS_STATEMENTS, "actions")?;
        statement.check()?;
    }
    Ok(())
}

fn within(count: usize, max: usize, what: &str) -> Result<(), Error> {
    if count <= max {
        return Ok(());
    }
    Err(Error::new(Code::AccessPolicyQuota).with("max", max).with("what", what))
}

fn no_policy(id: &str) -> Error {
    Error::new(Code::AccessPolicyNotFound).with("id", shortened(id, 80))
}

/// The strongest of what somebody has been assigned.
pub fn strongest(assigned: &[Assigned]) -> Option<Role> {
    let roles = assigned.iter().filter_map(|one| match one {
        Assigned::Role(role) => Some(*role),
        Assigned::Service => None,
    });
    roles.max()
}
