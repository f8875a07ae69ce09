//! The profile of the installation and the overrides that operators set for the installation, a
//! region or a project. Every decision reads both, in one statement of its transaction.

use std::collections::BTreeMap;

use lendglass_core::image::ImageKind;
use lendglass_core::policy::Policy;
use lendglass_core::profile::{Base, Profile};
use lendglass_core::{Error, ImageId, ProjectId, RegionId, Timestamp, UserId};

use crate::db::{Db, Question, Row, Statement, Tx, Value};
use crate::{params, setting};

/// Where the installation remembers its profile.
pub const PROFILE_SETTING: &str = "profile";
/// A row that writers of the policy lock, so that what one says was before is true.
const LOCK_SETTING: &str = "policy_lock";

static IN_FORCE: Statement = Statement::new(
    "select scope_kind, scope_id, name, value, set_by, set_at from policy_override \
     where (scope_kind = 'installation' and scope_id = '') \
        or (scope_kind = 'region' and scope_id = $1) \
        or (scope_kind = 'project' and scope_id = $2) \
     union all \
     select 'profile', '', name, value, '', 0 from setting where name = 'profile'",
);
static OF_OWNERS: Statement = Statement::new(
    "select scope_kind, scope_id, name, value, set_by, set_at from policy_override \
     where scope_kind = 'installation' and scope_id = '' \
     union all \
     select scope_kind, scope_id, name, value, set_by, set_at from policy_override \
     where scope_kind = 'region' and scope_id = $2 \
     union all \
     select scope_kind, scope_id, name, value, set_by, set_at from policy_override \
     where scope_kind = 'project' and scope_id in \
        (select owner_id from image where id in {list} union all select cast($3 as text)) \
     union all \
     select 'profile', '', name, value, '', 0 from setting where name = 'profile'",
);
static PUT: Statement = Statement::new(
    "insert into policy_override (scope_kind, scope_id, name, value, set_by, set_at) \
     values ($1, $2, $3, $4, $5, $6) \
     on conflict (scope_kind, scope_id, name) \
     do update set value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at",
);
static DROP: Statement = Statement::new(
    "delete from policy_override where scope_kind = $1 and scope_id = $2 and name = $3",
);

/// What an override applies to; the later wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Everything.
    Installation,
    /// One region.
    Region(&'a RegionId),
    /// One project.
    Project(&'a ProjectId),
}

impl Scope<'_> {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Scope::Installation => ("installation", ""),
            Scope::Region(id) => ("region", id.as_str()),
            Scope::Project(id) => ("project", id.as_str()),
        }
    }
}

/// What sets a key; the later wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// An override of the installation.
    Installation,
    /// An override of the region.
    Region,
    /// An override of the project.
    Project,
}

/// One override.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Override {
    /// Where it stands.
    pub level: Level,
    /// The key.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Who set it.
    pub set_by: UserId,
    /// When.
    pub set_at: Timestamp,
}

/// What the database says about the rules for a project in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The profile, where the installation has chosen one.
    pub profile: Option<Profile>,
    /// The overrides, weakest first.
    pub overrides: Vec<Override>,
}

impl InForce {
    /// The effective rules up to a level.
    pub fn policy(&self, base: &Base, up_to: Level) -> Result<Policy, Error> {
        let mut policy = base.on(self.profile.unwrap_or(base.profile()))?;
        for one in self.overrides.iter().filter(|one| one.level <= up_to) {
            policy
                .set(&one.name, &one.value)
                .map_err(|error| Error::internal(format!("{error:?}")))?;
        }
        Ok(policy)
    }

    fn read(rows: Vec<Row>) -> Result<InForce, Error> {
        let Rules { profile, of_all, of_project } = Rules::read(rows)?;
        let mut overrides = of_all;
        overrides.extend(of_project.into_values().flatten());
        overrides.sort();
        Ok(InForce { profile, overrides })
    }
}

/// What the effective policies of several projects in a region are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    profile: Option<Profile>,
    /// Those of the installation and of the region.
    of_all: Vec<Override>,
    of_project: BTreeMap<ProjectId, Vec<Override>>,
}

impl Rules {
    /// The effective policy of one of the projects that were asked about.
    pub fn policy(&self, base: &Base, project: &ProjectId) -> Result<Policy, Error> {
        let mut overrides = self.of_all.clone();
        overrides.extend(self.of_project.get(project).into_iter().flatten().cloned());
        overrides.sort();
        InForce { profile: self.profile, overrides }.policy(base, Level::Project)
    }

    fn read(rows: Vec<Row>) -> Result<Rules, Error> {
        let mut rules = Rules { profile: None, of_all: Vec::new(), of_project: BTreeMap::new() };
        for row in rows {
            let mut columns = row.read();
            let (kind, scope) = (columns.text()?, columns.text()?);
            let (name, value) = (columns.text()?, columns.text()?);
            let level = match kind.as_str() {
                "installation" => Level::Installation,
                "region" => Level::Region,
                "project" => Level::Project,
                _ => {
                    let unknown = || Error::internal(format!("there is no profile {value:?}"));
                    rules.profile = Some(Profile::parse(&value).ok_or_else(unknown)?);
                    continue;
                }
            };
            let (set_by, set_at) = (UserId::trusted(columns.text()?), columns.time()?);
            let one = Override { level, name, value, set_by, set_at };
            match level {
                Level::Installation | Level::Region => rules.of_all.push(one),
                Level::Project => {
                    rules.of_project.entry(ProjectId::trusted(scope)).or_default().push(one);
                }
            }
        }
        Ok(rules)
    }
}

/// The effective policy of `project` in `region`: `base` on the chosen profile, with the overrides
/// that apply.
pub async fn effective(
    db: &Db,
    base: &Base,
    region: &RegionId,
    project: &ProjectId,
) -> Result<Policy, Error> {
    read_in_force(db, region, project).await?.policy(base, Level::Project)
}

/// As [`effective`], inside the transaction that decides by it.
pub fn effective_in(
    tx: &mut Tx<'_>,
    base: &Base,
    region: &RegionId,
    project: &ProjectId,
) -> Result<Policy, Error> {
    in_force(tx, region, project)?.policy(base, Level::Project)
}

/// What the effective policy of a project in a region is made from.
pub async fn read_in_force(
    db: &Db,
    region: &RegionId,
    project: &ProjectId,
) -> Result<InForce, Error> {
    InForce::read(db.look_up(&IN_FORCE, params![region, project]).await?)
}

/// As [`read_in_force`], inside a transaction.
pub fn in_force(tx: &mut Tx<'_>, region: &RegionId, project: &ProjectId) -> Result<InForce, Error> {
    InForce::read(tx.query(&IN_FORCE, &params![region, project])?)
}

/// What the effective policies of a project and of the owners of these images are made from, in a region.
pub fn of_owners(images: &[ImageId], region: &RegionId, project: &ProjectId) -> Question<Rules> {
    Question::new(&OF_OWNERS, params![Value::list(images), region, project], Rules::read)
}

/// Lets one writer of the policy at a time go on.
pub fn lock(tx: &mut Tx<'_>) -> Result<(), Error> {
    setting::put(tx, LOCK_SETTING, "")
}

/// Sets an override; the caller has checked name and value against [`Policy::set`].
pub fn put(
    tx: &mut Tx<'_>,
    scope: Scope<'_>,
    name: &str,
    value: &str,
    by: &UserId,
    at: Timestamp,
) -> Result<(), Error> {
    let (kind, id) = scope.parts();
    tx.execute_later(&PUT, params![kind, id, name, value, by, at])
}

/// Takes an override away; says whether there was one.
pub fn remove(tx: &mut Tx<'_>, scope: Scope<'_>, name: &str) -> Result<bool, Error> {
    let (kind, id) = scope.parts();
    Ok(tx.execute(&DROP, &params![kind, id, name])? > 0)
}

/// Chooses the profile of the installation.
pub fn set_profile(tx: &mut Tx<'_>, profile: Profile) -> Result<(), Error> {
    setting::put(tx, PROFILE_SETTING, profile.as_str())
}

// --- what a lowered ceiling would leave above it -------------------------------------------------

/// Things above a ceiling are counted up to this and then called "more".
pub const EXCEEDING_MOST: u32 = 1_000;

/// What a ceiling limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Recipients of an image of a kind; which states count besides accepted.
    Tenants {
        /// The kind.
        kind: ImageKind,
        /// Pending ones count.
        pending: bool,
        /// Rejected ones count.
        rejected: bool,
    },
    /// Unanswered offers of an image.
    OpenInvitations,
    /// Distinct images a project shares out.
    SharedImages,
    /// Images a project owns.
    OwnedImages,
    /// Properties of an image.
    Properties,
    /// Tags of an image.
    Tags,
    /// Characters of an image's name.
    NameLength,
}

/// A count of what lies in a scope ($1, $2) and is not under an override of the key ($3) that stands
/// nearer; $4 is the ceiling.
macro_rules! exceeding {
    ($select:literal, $rest:literal) => {
        Statement::new(concat!(
            "select cast(count(*) as bigint) from (",
            $select,
            " and ($1 = 'installation' or ($1 = 'region' and i.region_id = $2) \
                or ($1 = 'project' and i.owner_id = $2)) \
             and not exists (select 1 from policy_override o where o.name = $3 \
                and ((o.scope_kind = 'project' and o.scope_id = i.owner_id and $1 <> 'project') \
                or (o.scope_kind = 'region' and o.scope_id = i.region_id \
                    and $1 = 'installation'))) ",
            $rest,
            " limit 1001) found"
        ))
    };
}

static TENANTS: Statement = exceeding!(
    "select i.id from image i join share s on s.image_id = i.id where i.kind = $5 \
     and i.share_count > $4 and (s.state = 'accepted' or (s.state = 'pending' and $6 = 1) \
     or (s.state = 'rejected' and $7 = 1))",
    "group by i.id having count(*) > $4"
);
static OPEN_INVITATIONS: Statement = exceeding!(
    "select i.id from image i join share s on s.image_id = i.id where i.share_count > $4 \
     and s.state = 'pending'",
    "group by i.id having count(*) > $4"
);
static SHARED_IMAGES: Statement = exceeding!(
    "select i.owner_id, i.region_id from image i where i.share_count > 0",
    "group by i.owner_id, i.region_id having count(*) > $4"
);
static OWNED_IMAGES: Statement = exceeding!(
    "select i.owner_id, i.region_id from image i where i.share_count >= 0",
    "group by i.owner_id, i.region_id having count(*) > $4"
);
static PROPERTIES: Statement = exceeding!(
    "select i.id from image i join image_property p on p.image_id = i.id where i.share_count >= 0",
    "group by i.id having count(*) > $4"
);
static TAGS: Statement = exceeding!(
    "select i.id from image i join image_tag t on t.image_id = i.id where i.share_count >= 0",
    "group by i.id having count(*) > $4"
);
static NAMES: Statement = exceeding!("select i.id from image i where length(i.name) > $4", "");

/// How many things in a scope exceed a ceiling of a key, counted up to [`EXCEEDING_MOST`] + 1. What
/// another override rules is left out.
pub fn exceeding(
    tx: &mut Tx<'_>,
    scope: Scope<'_>,
    name: &str,
    limited: Limited,
    ceiling: u32,
) -> Result<u32, Error> {
    let (kind, id) = scope.parts();
    let mut params: Vec<Value> = params![kind, id, name, ceiling];
    let statement = match limited {
        Limited::Tenants { kind, pending, rejected } => {
            params.extend(params![kind.as_str(), pending, rejected]);
            &TENANTS
        }
        Limited::OpenInvitations => &OPEN_INVITATIONS,
        Limited::SharedImages => &SHARED_IMAGES,
        Limited::OwnedImages => &OWNED_IMAGES,
        Limited::Properties => &PROPERTIES,
        Limited::Tags => &TAGS,
        Limited::NameLength => &NAMES,
    };
    let row = tx.query_opt(statement, &params)?;
    let row = row.ok_or_else(|| Error::internal("a count without a row"))?;
    let count = row.read().int()?;
    u32::try_from(count).map_err(|_| Error::internal("a count below zero"))
}

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &IN_FORCE,
    &OF_OWNERS,
    &PUT,
    &DROP,
    &TENANTS,
    &OPEN_INVITATIONS,
    &SHARED_IMAGES,
    &OWNED_IMAGES,
    &PROPERTIES,
    &TAGS,
    &NAMES,
];
