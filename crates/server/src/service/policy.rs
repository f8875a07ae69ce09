//! The rules: what is in force for those who ask before they act, and for the operator what each key
//! is, where it comes from, and how it is changed while the installation runs (PF-01, PF-03, PF-05).
//!
//! A dry run decides by the same code and writes nothing. A change counts from its commit: every decision reads the rules in its own transaction. What lies
//! above a lowered ceiling stays, what is new is refused.

mod preview;

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::permission::Action;
use lendglass_core::policy::{KEYS, Key, Policy, Shape, Typed};
use lendglass_core::profile::Profile;
use lendglass_core::share::Recipient;
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ProjectId, RegionId, Timestamp, UserId};
use lendglass_store::policy::{self as store_policy, InForce, Level, Override};
use lendglass_store::{Tx, audit as store_audit, tenant as store_tenant};

pub use preview::{Effect, Things};

use crate::app::App;

/// The rules in force for the caller's own project and region.
pub async fn show(app: &App, caller: &Caller) -> Result<Policy, Error> {
    of_project(app, &caller.region, &caller.project).await
}

/// As [`show`], with the profile that they are based on.
pub async fn named(app: &App, caller: &Caller) -> Result<(Profile, Policy), Error> {
    let in_force = store_policy::read_in_force(&app.db, &caller.region, &caller.project).await?;
    let profile = in_force.profile.unwrap_or(app.policy.profile());
    Ok((profile, in_force.policy(&app.policy, Level::Project)?))
}

/// The rules in force for a project in a region: those of the owner decide about an image.
pub async fn of_project(
    app: &App,
    region: &RegionId,
    project: &ProjectId,
) -> Result<Policy, Error> {
    store_policy::effective(&app.db, &app.policy, region, project).await
}

/// What rules are looked at or changed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Installation,
    /// One region.
    Region(RegionId),
    /// One project.
    Project(ProjectId),
}

impl Scope {
    /// The scope of a word and an id. Refuses with [`Code::InvalidValue`] an unknown word, and with
    /// [`Code::MissingField`] a scope without the id it needs.
    pub fn parse(word: Option<&str>, id: Option<&str>) -> Result<Scope, Error> {
        let id = || id.ok_or_else(|| Error::new(Code::MissingField).with("field", "id"));
        match word {
            None | Some("installation") => Ok(Scope::Installation),
            Some("region") => Ok(Scope::Region(RegionId::parse(id()?)?)),
            Some("project") => Ok(Scope::Project(ProjectId::parse(id()?)?)),
            Some(other) => Err(Error::new(Code::InvalidValue)
                .with("field", "scope")
                .with("value", lendglass_core::text::shortened(other, 80))
                .with("reason", "it is installation, region or project")),
        }
    }

    fn stored(&self) -> store_policy::Scope<'_> {
        match self {
            Scope::Installation => store_policy::Scope::Installation,
            Scope::Region(id) => store_policy::Scope::Region(id),
            Scope::Project(id) => store_policy::Scope::Project(id),
        }
    }

    fn level(&self) -> Level {
        match self {
            Scope::Installation => Level::Installation,
            Scope::Region(_) => Level::Region,
            Scope::Project(_) => Level::Project,
        }
    }

    /// The level whose rules hold without an override at this one; the base below the first.
    fn below(&self) -> Option<Level> {
        match self {
            Scope::Installation => None,
            Scope::Region(_) => Some(Level::Installation),
            Scope::Project(_) => Some(Level::Region),
        }
    }

    fn text(&self) -> String {
        match self {
            Scope::Installation => "installation".to_owned(),
            Scope::Region(id) => format!("region:{id}"),
            Scope::Project(id) => format!("project:{id}"),
        }
    }
}

/// Where a value comes from; the later wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The profile.
    Profile,
    /// The configuration the server was started with.
    Configuration,
    /// An override.
    Override(Level),
}

impl Origin {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Profile => "profile",
            Origin::Configuration => "configuration",
            Origin::Override(Level::Installation) => "installation",
            Origin::Override(Level::Region) => "region",
            Origin::Override(Level::Project) => "project",
        }
    }
}

/// A key with its value at a scope.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The key.
    pub key: &'static Key,
    /// Which values it takes.
    pub shape: Shape,
    /// Its value.
    pub value: Typed,
    /// Where that comes from.
    pub origin: Origin,
    /// What it would be without an override at this scope.
    pub inherited: Typed,
    /// What the profile says.
    pub default: Typed,
    /// Who set it and when, where it is an override.
    pub set: Option<(UserId, Timestamp)>,
}

/// Every key at a scope.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The profile of the installation.
    pub profile: Profile,
    /// In the order of the documentation.
    pub rules: Vec<Rule>,
}

/// Every key at a scope, for the operator. Errors: [`Code::OperatorOnly`],
/// [`Code::RegionNotFound`], [`Code::ProjectNotFound`].
pub async fn list(app: &App, caller: &Caller, scope: &Scope) -> Result<Rules, Error> {
    caller.may(Action::PoliciesSet)?;
    let (region, project) = place(app, caller, scope).await?;
    let in_force = store_policy::read_in_force(&app.db, &region, &project).await?;
    rules(app, &in_force, scope)
}

/// The region and the project whose overrides a scope reads; empty ids where it reads none.
async fn place(app: &App, caller: &Caller, scope: &Scope) -> Result<(RegionId, ProjectId), Error> {
    let nowhere = ProjectId::trusted("");
    match scope {
        Scope::Installation => Ok((RegionId::trusted(""), nowhere)),
        Scope::Region(id) if app.region(id).is_some() => Ok((id.clone(), nowhere)),
        Scope::Region(id) => Err(Error::new(Code::RegionNotFound).with("region", id)),
        Scope::Project(id) => {
            let known =
                store_tenant::read_projects_by_id(&app.db, std::slice::from_ref(id)).await?;
            let project = known.into_iter().next();
            let project =
                project.ok_or_else(|| Error::new(Code::ProjectNotFound).with("id", id))?;
            Ok((project.region.unwrap_or_else(|| caller.region.clone()), project.id))
        }
    }
}

fn rules(app: &App, in_force: &InForce, scope: &Scope) -> Result<Rules, Error> {
    let profile = in_force.profile.unwrap_or(app.policy.profile());
    let default = profile.policy();
    let value = in_force.policy(&app.policy, scope.level())?;
    let inherited = match scope.below() {
        Some(level) => in_force.policy(&app.policy, level)?,
        None => app.policy.on(profile)?,
    };
    let rule = |key: &'static Key| {
        let set = in_force.overrides.iter().rev().find(|one| one.name == key.name);
        let origin = match set {
            Some(one) => Origin::Override(one.level),
            None if app.policy.sets(key.name) => Origin::Configuration,
            None => Origin::Profile,
        };
        Rule {
            key,
            shape: key.shape(&default),
            value: key.typed(&value),
            origin,
            inherited: key.typed(&inherited),
            default: key.typed(&default),
            set: set.map(|one| (one.set_by.clone(), one.set_at)),
        }
    };
    Ok(Rules { profile, rules: KEYS.iter().map(rule).collect() })
}

/// Changes of the rules at one scope, all or none.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Where.
    pub scope: Scope,
    /// Keys with their new values, as [`Policy::set`] reads them.
    pub set: Vec<(String, String)>,
    /// Keys that go back to what is below the scope.
    pub unset: Vec<String>,
    /// Say what would come of it, change nothing (AP-07).
    pub dry_run: bool,
}

/// A key whose value at the scope became another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The key.
    pub key: &'static str,
    /// What was.
    pub before: Typed,
    /// What is.
    pub after: Typed,
}

/// What came of changes.
#[derive(Clone, Debug)]
pub struct Report {
    /// Keys whose value is another one now.
    pub changed: Vec<Changed>,
    /// What lies above the ceilings that were lowered: it stays, nothing is added to it.
    pub effects: Vec<Effect>,
    /// Whether it stands: false for a dry run.
    pub is_done: bool,
}

/// Sets and unsets keys at a scope, for the operator; one audit event for each key.
///
/// Errors: those of [`list`]; [`Code::UnknownField`], [`Code::PolicyLocked`],
/// [`Code::InvalidValue`], with nothing changed.
pub async fn change(app: &App, caller: &Caller, changes: Changes) -> Result<Report, Error> {
    caller.may(Action::PoliciesSet)?;
    let mut scratch = app.policy.on(app.policy.profile())?;
    changes.set.iter().try_for_each(|(name, text)| scratch.set(name, text))?;
    for name in &changes.unset {
        if Key::parse(name).is_none() {
            let shown = lendglass_core::text::shortened(name, 80);
            return Err(Error::new(Code::UnknownField).with("field", shown));
        }
        if changes.set.iter().any(|(set, _)| set == name) {
            return Err(Error::new(Code::InvalidValue)
                .with("field", "unset")
                .with("value", name)
                .with("reason", "it is set by the same request"));
        }
    }
    let place = place(app, caller, &changes.scope).await?;
    let dry_run = changes.dry_run || caller.terms.is_dry_run;
    let (owned, mine) = (app.clone(), caller.clone());
    let changes = Changes { dry_run, ..changes };
    run(app, caller, dry_run, move |tx| change_in(tx, &owned, &mine, &place, &changes)).await
}

/// A dry run has a report of its own and writes nothing; a change is made on the terms of its request.
async fn run(
    app: &App,
    caller: &Caller,
    dry_run: bool,
    change: impl Fn(&mut Tx<'_>) -> Result<Report, Error> + Send + 'static,
) -> Result<Report, Error> {
    if dry_run { app.db.write(change).await } else { app.change(caller, change).await }
}

fn change_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    (region, project): &(RegionId, ProjectId),
    changes: &Changes,
) -> Result<Report, Error> {
    store_policy::lock(tx)?;
    let (scope, now) = (&changes.scope, app.clock.now());
    let before = store_policy::in_force(tx, region, project)?;
    let mut after = before.clone();
    let level = scope.level();
    after.overrides.retain(|one| {
        let is_named = changes.unset.contains(&one.name)
            || changes.set.iter().any(|(name, _)| *name == one.name);
        one.level != level || !is_named
    });
    after.overrides.extend(changes.set.iter().map(|(name, value)| Override {
        level,
        name: name.clone(),
        value: value.clone(),
        set_by: caller.user.clone(),
        set_at: now,
    }));
    after.overrides.sort();
    let report = report(tx, app, scope, (&before, &after), changes.dry_run)?;
    if changes.dry_run {
        return Ok(report);
    }
    for (name, value) in &changes.set {
        store_policy::put(tx, scope.stored(), name, value, &caller.user, now)?;
    }
    for name in &changes.unset {
        store_policy::remove(tx, scope.stored(), name)?;
    }
    for one in &report.changed {
        let (before, after) = (one.before.text(), one.after.text());
        let detail = format!("scope={} before={before} after={after}", scope.text());
        let mut event =
            AuditEvent::by(caller, now, AuditVerb::PolicyChange, one.key).with_detail(detail);
        if let Scope::Project(id) = scope {
            event = event.with_counterpart(Recipient::Project(id.clone()));
        }
        store_audit::insert(tx, &app.ids.hex(), &event)?;
    }
    Ok(report)
}

/// What a change comes to, before it is written.
fn report(
    tx: &mut Tx<'_>,
    app: &App,
    scope: &Scope,
    (before, after): (&InForce, &InForce),
    dry_run: bool,
) -> Result<Report, Error> {
    let before = before.policy(&app.policy, scope.level())?;
    let after = after.policy(&app.policy, scope.level())?;
    let changed = KEYS.iter().filter_map(|key| {
        let (before, after) = (key.typed(&before), key.typed(&after));
        (before != after).then_some(Changed { key: key.name, before, after })
    });
    let effects = preview::effects(tx, scope.stored(), &before, &after)?;
    Ok(Report { changed: changed.collect(), effects, is_done: !dry_run })
}

/// Sets the installation's profile, for the operator; overrides stay. A profile that the
/// configuration names wins again at the next start.
pub async fn set_profile(
    app: &App,
    caller: &Caller,
    profile: Profile,
    dry_run: bool,
) -> Result<Report, Error> {
    caller.may(Action::PoliciesSet)?;
    let dry_run = dry_run || caller.terms.is_dry_run;
    let (owned, mine) = (app.clone(), caller.clone());
    run(app, caller, dry_run, move |tx| set_profile_in(tx, &owned, &mine, profile, dry_run)).await
}

fn set_profile_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    profile: Profile,
    dry_run: bool,
) -> Result<Report, Error> {
    store_policy::lock(tx)?;
    let (region, project) = (RegionId::trusted(""), ProjectId::trusted(""));
    let before = store_policy::in_force(tx, &region, &project)?;
    let mut after = before.clone();
    after.profile = Some(profile);
    let report = report(tx, app, &Scope::Installation, (&before, &after), dry_run)?;
    let known = before.profile.unwrap_or(app.policy.profile());
    if dry_run || before.profile == Some(profile) {
        return Ok(report);
    }
    store_policy::set_profile(tx, profile)?;
    let detail = format!("{} -> {}", known.as_str(), profile.as_str());
    let target = store_policy::PROFILE_SETTING;
    let event = AuditEvent::by(caller, app.clock.now(), AuditVerb::PolicyChange, target);
    store_audit::insert(tx, &app.ids.hex(), &event.with_detail(detail))?;
    Ok(report)
}
