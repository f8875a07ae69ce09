//! Tenants as others may know them: an exact id can be checked, nobody can be looked for (SH-20).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::limits::RESOLVE_WRONG_IDS_PER_MINUTE;
use lendglass_core::permission::Action;
use lendglass_core::recipient::{self, Candidates, Named};
use lendglass_core::share::Recipient;
use lendglass_core::tenant::{Account, Assigned, Caller, Project, Role};
use lendglass_core::{Code, Error, Kind, ProjectId, RegionId, Timestamp, UserId};
use lendglass_store::{tenant as store_tenant, user as store_user};

use crate::app::App;
use crate::service::policy;

/// What an id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Who would receive a share.
    pub recipient: Recipient,
    /// The project's name, where it lets others know it.
    pub name: Option<String>,
    /// Whether anybody has that id: false only where recipients are not checked.
    pub is_known: bool,
}

/// Says whom a share to `id` would reach, by the very rule that sharing applies.
///
/// Errors: those of [`recipient::resolve`]; [`Code::RateLimited`] after
/// [`RESOLVE_WRONG_IDS_PER_MINUTE`] wrong ids of the caller's project within a minute.
pub async fn resolve(app: &App, caller: &Caller, id: &str) -> Result<Resolved, Error> {
    caller.may(Action::TenantsGet)?;
    let now = app.clock.now();
    app.wrong_ids.check(&caller.project, now)?;
    let named = Named { text: id.to_owned(), kind: None };
    let rules = policy::show(app, caller).await?;
    let found = store_tenant::read_candidates(&app.db, id, &caller.region).await?;
    let (site, _) = store_tenant::read_site(&app.db, &caller.account, &caller.region).await?;
    let owner = recipient::Owner {
        project: &caller.project,
        account: &caller.account,
        region: &caller.region,
        site: &site,
    };
    let resolved = recipient::resolve(&named, &found, &owner, &rules);
    let is_guess = found.project.is_none() && found.account.is_none();
    let is_unknown = resolved.as_ref().is_err_and(|error| error.kind() == Kind::Invalid);
    if is_guess || (is_unknown && found.is_user) {
        app.wrong_ids.note(&caller.project, now);
    }
    let recipient = resolved?;
    let name = name_of(app, caller, &recipient, &found).await?;
    Ok(Resolved { recipient, name, is_known: !is_guess })
}

/// Who has exactly this id, a project or an account (by its id, uid or e-mail).
///
/// Errors: [`Code::TenantNotFound`]; [`Code::RateLimited`] as [`resolve`].
pub async fn by_exact_id(app: &App, caller: &Caller, id: &str) -> Result<Recipient, Error> {
    let now = app.clock.now();
    app.wrong_ids.check(&caller.project, now)?;
    recipient::check_shape(id)?;
    let found = store_tenant::read_candidates(&app.db, id, &caller.region).await?;
    let project = found.project.map(|project| Recipient::Project(project.id));
    let known = project.or_else(|| found.account.map(|account| Recipient::Account(account.id)));
    known.ok_or_else(|| {
        app.wrong_ids.note(&caller.project, now);
        Error::new(Code::TenantNotFound).with("id", id)
    })
}

/// Refuses with [`Code::RateLimited`] who has looked up too many wrong ids lately (SH-20).
pub(crate) fn may_look_up(app: &App, caller: &Caller) -> Result<(), Error> {
    app.wrong_ids.check(&caller.project, app.clock.now())
}

/// Counts the recipients that nobody has the id of, each once.
pub(crate) fn note_wrong_ids(app: &App, caller: &Caller, results: &[PairResult]) {
    let is_wrong = |pair: &&PairResult| matches!(&pair.outcome, Outcome::Refused(error) if error.code() == Code::TenantNotFound);
    let wrong = results.iter().filter(is_wrong).map(|pair| &pair.recipient);
    for _ in wrong.collect::<BTreeSet<_>>() {
        app.wrong_ids.note(&caller.project, app.clock.now());
    }
}

async fn name_of(
    app: &App,
    caller: &Caller,
    recipient: &Recipient,
    found: &Candidates,
) -> Result<Option<String>, Error> {
    let Recipient::Project(id) = recipient else { return Ok(None) };
    if let Some(project) = found.project.as_ref().filter(|project| project.id == *id) {
        return Ok(may_know(caller, project).then(|| project.name.clone()));
    }
    Ok(names(app, caller, std::slice::from_ref(id)).await?.remove(id))
}

/// Whether the caller may be told the name of a project whose id he has.
fn may_know(caller: &Caller, project: &Project) -> bool {
    project.is_discoverable || project.account == caller.account || caller.is_operator
}

/// The names of those of `ids` that the caller may be told.
pub async fn names(
    app: &App,
    caller: &Caller,
    ids: &[ProjectId],
) -> Result<BTreeMap<ProjectId, String>, Error> {
    let projects = store_tenant::read_projects_by_id(&app.db, ids).await?;
    let known = projects.into_iter().filter(|project| may_know(caller, project));
    Ok(known.map(|project| (project.id, project.name)).collect())
}

/// The names of projects that have offered the caller something: an offer says who makes it (RC-19).
pub async fn names_of_givers(
    app: &App,
    ids: &[ProjectId],
) -> Result<BTreeMap<ProjectId, String>, Error> {
    let projects = store_tenant::read_projects_by_id(&app.db, ids).await?;
    Ok(projects.into_iter().map(|project| (project.id, project.name)).collect())
}

/// A project in which a user has a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnProject {
    /// The project.
    pub project: Project,
    /// The strongest role.
    pub role: Role,
}

/// Who the caller is and where he can act (ID-02, ID-07).
#[derive(Clone, Debug)]
pub struct Me {
    /// The caller's account, where it is known here.
    pub account: Option<Account>,
    /// The project he acts in, where it is known here.
    pub project: Option<Project>,
    /// Every enabled project in which he has a role, by name.
    pub projects: Vec<OwnProject>,
}

/// Who the caller is and where he can act.
pub async fn me(app: &App, caller: &Caller) -> Result<Me, Error> {
    let account = store_tenant::read_account(&app.db, &caller.account).await?;
    let own = std::slice::from_ref(&caller.project);
    let project = store_tenant::read_projects_by_id(&app.db, own).await?.pop();
    let projects = own_projects(app, &caller.user).await?;
    Ok(Me { account, project, projects })
}

/// Every enabled project in which a user has a role, by name.
pub async fn own_projects(app: &App, user: &UserId) -> Result<Vec<OwnProject>, Error> {
    let given = store_user::read_assignments(&app.db, Some(user), None, None).await?;
    let mut roles: BTreeMap<ProjectId, Role> = BTreeMap::new();
    for assignment in given {
        let Assigned::Role(role) = assignment.assigned else { continue };
        let strongest = roles.entry(assignment.project).or_insert(role);
        *strongest = role.max(*strongest);
    }
    let ids: Vec<ProjectId> = roles.keys().cloned().collect();
    let known = store_tenant::read_projects_by_id(&app.db, &ids).await?;
    let mut projects: Vec<OwnProject> = known
        .into_iter()
        .filter(|project| project.is_enabled)
        .filter_map(|project| {
            roles.get(&project.id).map(|role| OwnProject { role: *role, project })
        })
        .collect();
    projects
        .sort_by(|a, b| (&a.project.name, &a.project.id).cmp(&(&b.project.name, &b.project.id)));
    Ok(projects)
}

/// Where a project is: its home, or everywhere.
pub fn regions_of(app: &App, project: &Project) -> Vec<RegionId> {
    match &project.region {
        Some(home) => vec![home.clone()],
        None => app.regions.iter().map(|region| region.id.clone()).collect(),
    }
}

/// Wrong ids looked up, by project, in the present minute. One process counts for itself: the limit
/// is against guessing, and a few nodes guess no directory.
#[derive(Debug, Default)]
pub struct WrongIds {
    counts: Mutex<(i64, BTreeMap<ProjectId, u32>)>,
}

impl WrongIds {
    /// Refuses with [`Code::RateLimited`] when the project has used up its wrong ids.
    fn check(&self, project: &ProjectId, now: Timestamp) -> Result<(), Error> {
        let minute = now.seconds().div_euclid(60);
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let used = if counts.0 == minute { counts.1.get(project).copied() } else { None };
        if used.is_some_and(|used| used >= RESOLVE_WRONG_IDS_PER_MINUTE) {
            let seconds = 60 - now.seconds().rem_euclid(60);
            return Err(Error::new(Code::RateLimited).with("seconds", seconds));
        }
        Ok(())
    }

    fn note(&self, project: &ProjectId, now: Timestamp) {
        let minute = now.seconds().div_euclid(60);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.0 != minute {
            // The counts of a past minute are nobody's any more, which also bounds the map.
            *counts = (minute, BTreeMap::new());
        }
        *counts.1.entry(project.clone()).or_default() += 1;
    }
}
