//! Projects and roles in them, for the operator; and what a user may see of its own.

use lendglass_core::tenant::{Assigned, Project};
use lendglass_core::{AccountId, Code, Error, ProjectId, RegionId, UserId};
use lendglass_store::revocation::Revocation;
use lendglass_store::tenant::{KnownProject, ProjectFilter};
use lendglass_store::user::Assignment;
use lendglass_store::{Tx, credential, permission, tenant, user};

use super::{
    Actor, Scope, change, check_description, check_name, end_tokens_of_project, end_tokens_of_user,
    no_account, no_project, no_user, taken,
};
use crate::app::App;

/// A project to be made.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// The account that will hold it; the actor's own where not said.
    pub account: Option<AccountId>,
    /// Free text.
    pub description: String,
    /// Its home region; the first one where not said.
    pub region: Option<RegionId>,
    /// Whether others who know the exact id are told the name.
    pub is_discoverable: bool,
    /// Whether it is enabled.
    pub is_enabled: bool,
}

/// What shall be different; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange {
    /// The name.
    pub name: Option<String>,
    /// The free text.
    pub description: Option<String>,
    /// Whether others who know the exact id are told the name.
    pub is_discoverable: Option<bool>,
    /// Whether it is enabled.
    pub is_enabled: Option<bool>,
}

/// Makes a project. Operator only. Errors: [`Code::NameTaken`], [`Code::AccountNotFound`],
/// [`Code::RegionNotFound`].
pub async fn create_project(app: &App, actor: &Actor, new: NewProject) -> Result<Project, Error> {
    actor.needs_operator()?;
    check_name("name", &new.name)?;
    check_description(&new.description)?;
    let project = Project {
        id: ProjectId::trusted(app.ids.hex()),
        account: new.account.unwrap_or_else(|| actor.session.user_account.clone()),
        name: new.name,
        description: new.description,
        region: Some(home(app, new.region)?),
        is_discoverable: new.is_discoverable,
        is_enabled: new.is_enabled,
    };
    let now = app.clock.now();
    let (id, detail) = (project.id.to_string(), format!("project.create name={}", project.name));
    change(app, actor, &id, detail, move |tx| {
        if tenant::account(tx, &project.account)?.is_none() {
            return Err(no_account(&project.account));
        }
        if tenant::project_by_name(tx, &project.account, &project.name)?.is_some() {
            return Err(taken(&project.name));
        }
        tenant::insert_project(tx, &project, now)?;
        Ok((project.clone(), Vec::new()))
    })
    .await
}

fn home(app: &App, wanted: Option<RegionId>) -> Result<RegionId, Error> {
    let found = match &wanted {
        Some(id) => app.region(id),
        None => app.regions.first(),
    };
    found.map(|region| region.id.clone()).ok_or_else(|| {
        Error::new(Code::RegionNotFound)
            .with("region", wanted.as_ref().map_or("", |region| region.as_str()))
    })
}

/// Changes a project; disabling it ends every token for it. Operator only.
pub async fn update_project(
    app: &App,
    actor: &Actor,
    id: &ProjectId,
    changes: ProjectChange,
) -> Result<Project, Error> {
    actor.needs_operator()?;
    changes.name.as_deref().map_or(Ok(()), |name| check_name("name", name))?;
    changes.description.as_deref().map_or(Ok(()), check_description)?;
    let detail = format!(
        "project.update name={:?} enabled={:?} discoverable={:?}",
        changes.name, changes.is_enabled, changes.is_discoverable
    );
    let (id, target) = (id.clone(), id.to_string());
    let end = end_tokens_of_project(app, &id);
    change(app, actor, &target, detail, move |tx| {
        let mut project = tenant::project(tx, &id)?.ok_or_else(|| no_project(&id))?;
        let ends = project.is_enabled && changes.is_enabled == Some(false);
        if let Some(name) = &changes.name
            && *name != project.name
        {
            if tenant::project_by_name(tx, &project.account, name)?.is_some() {
                return Err(taken(name));
            }
            project.name.clone_from(name);
        }
        if let Some(description) = &changes.description {
            project.description.clone_from(description);
        }
        project.is_discoverable = changes.is_discoverable.unwrap_or(project.is_discoverable);
        project.is_enabled = changes.is_enabled.unwrap_or(project.is_enabled);
        tenant::update_project(tx, &project)?;
        let ended = if ends { end(tx)? } else { Vec::new() };
        Ok((project, ended))
    })
    .await
}

/// Removes a project with its roles and credentials, and ends its tokens. Operator only. Its images
/// stay: the operator still sees them.
pub async fn delete_project(app: &App, actor: &Actor, id: &ProjectId) -> Result<(), Error> {
    actor.needs_operator()?;
    let (id, target) = (id.clone(), id.to_string());
    let end = end_tokens_of_project(app, &id);
    change(app, actor, &target, "project.delete".to_owned(), move |tx| {
        if tenant::project(tx, &id)?.is_none() {
            return Err(no_project(&id));
        }
        let ended = end(tx)?;
        user::take_all_in(tx, &id)?;
        credential::delete_all_of_project(tx, &id)?;
        tenant::delete_project(tx, &id)?;
        permission::forget_project(tx, &id)?;
        Ok(((), ended))
    })
    .await
}

/// A project: one in which the user has a role, or any for the operator; nobody else learns whether
/// there is one.
pub async fn project(app: &App, actor: &Actor, id: &ProjectId) -> Result<KnownProject, Error> {
    if !is_own(app, actor, id).await? {
        actor.needs_operator()?;
    }
    tenant::read_project(&app.db, id).await?.ok_or_else(|| no_project(id))
}

async fn is_own(app: &App, actor: &Actor, id: &ProjectId) -> Result<bool, Error> {
    let is_current = match &actor.session.scope {
        Scope::Project(scope) => scope.project == *id,
        Scope::Unscoped | Scope::Account(_) | Scope::System => false,
    };
    Ok(is_current || !user::read_assigned(&app.db, &actor.session.user, id).await?.is_empty())
}

/// Projects of the installation for the operator; for others their own among them, and
/// [`Code::OperatorOnly`] where none is: that is what makes clients take a foreign project's id as it
/// was written, instead of telling their user that it does not exist.
pub async fn projects(
    app: &App,
    actor: &Actor,
    filter: ProjectFilter,
) -> Result<Vec<KnownProject>, Error> {
    if actor.session.is_operator {
        return tenant::read_projects(&app.db, &filter).await;
    }
    let filter = ProjectFilter { user: Some(actor.session.user.clone()), ..filter };
    let own = tenant::read_projects(&app.db, &filter).await?;
    if own.is_empty() { Err(Error::new(Code::OperatorOnly)) } else { Ok(own) }
}

/// The project that a client looks for which has an access key alone: the vendors' libraries ask by the
/// name of a region for the key's project there. A name that a project of the user's has goes
/// first. Errors: as [`projects`].
pub async fn projects_of_key(
    app: &App,
    actor: &Actor,
    key: &str,
    filter: ProjectFilter,
) -> Result<Vec<KnownProject>, Error> {
    let region = filter.name.as_deref().and_then(|name| RegionId::parse(name).ok());
    let named = projects(app, actor, filter).await;
    let is_empty = named.as_ref().map_or_else(|e| e.code() == Code::OperatorOnly, Vec::is_empty);
    let Some(region) = region.filter(|region| is_empty && app.region(region).is_some()) else {
        return named;
    };
    let key = app.identity.key(key).await?;
    let there = key.as_ref().and_then(|key| key.session_in(&region));
    let Some(Scope::Project(scope)) = there.map(|session| &session.scope) else { return named };
    Ok(tenant::read_project(&app.db, &scope.project).await?.into_iter().collect())
}

/// The projects a token may be asked for.
pub async fn my_projects(app: &App, actor: &Actor) -> Result<Vec<KnownProject>, Error> {
    let user = Some(actor.session.user.clone());
    let filter = ProjectFilter { user, is_enabled: Some(true), ..ProjectFilter::default() };
    let mut own = tenant::read_projects(&app.db, &filter).await?;
    own.retain(|known| known.is_account_enabled);
    Ok(own)
}

// --- roles ---------------------------------------------------------------------------------------

fn check_both(tx: &mut Tx<'_>, given: &Assignment) -> Result<(), Error> {
    if !user::exists(tx, given.user.as_str())? {
        return Err(no_user(&given.user));
    }
    if tenant::project(tx, &given.project)?.is_none() {
        return Err(no_project(&given.project));
    }
    Ok(())
}

fn detail_of(verb: &str, given: &Assignment) -> String {
    format!("{verb} user={} role={}", given.user, given.assigned.as_str())
}

/// Gives a user a role in a project; again changes nothing. Operator only.
pub async fn grant(app: &App, actor: &Actor, given: Assignment) -> Result<(), Error> {
    actor.needs_operator()?;
    let (target, detail) = (given.project.to_string(), detail_of("role.grant", &given));
    let now = app.clock.now();
    change(app, actor, &target, detail, move |tx| {
        check_both(tx, &given)?;
        user::grant(tx, &given, now)?;
        Ok(((), Vec::new()))
    })
    .await
}

/// Takes a role away and ends the user's tokens. Operator only. Errors: [`Code::RoleNotFound`].
pub async fn take(app: &App, actor: &Actor, given: Assignment) -> Result<(), Error> {
    actor.needs_operator()?;
    let (target, detail) = (given.project.to_string(), detail_of("role.take", &given));
    let end = end_tokens_of_user(app, &given.user);
    change(app, actor, &target, detail, move |tx| {
        check_both(tx, &given)?;
        if !user::take(tx, &given)? {
            return Err(no_role(given.assigned));
        }
        let ended: Vec<Revocation> = end(tx)?;
        Ok(((), ended))
    })
    .await
}

/// Whether the user has that very role. Operator only. Errors: [`Code::RoleNotFound`] where not.
pub async fn is_granted(app: &App, actor: &Actor, given: &Assignment) -> Result<(), Error> {
    actor.needs_operator()?;
    let assigned = user::read_assigned(&app.db, &given.user, &given.project).await?;
    if assigned.contains(&given.assigned) { Ok(()) } else { Err(no_role(given.assigned)) }
}

fn no_role(assigned: Assigned) -> Error {
    Error::new(Code::RoleNotFound).with("id", assigned.as_str())
}

/// Assignments: one's own, or any for the operator.
pub async fn assignments(
    app: &App,
    actor: &Actor,
    user: Option<&UserId>,
    project: Option<&ProjectId>,
    assigned: Option<Assigned>,
) -> Result<Vec<Assignment>, Error> {
    if user != Some(&actor.session.user) {
        actor.needs_operator()?;
    }
    user::read_assignments(&app.db, user, project, assigned).await
}
