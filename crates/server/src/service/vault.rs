//! Vaults: made, listed, renamed, resized, deleted when empty (FS-12). What accepting an image puts
//! into one, and what the end of a share takes out again, is in [`acceptance`].

pub(crate) mod acceptance;

use std::collections::BTreeMap;

use lendglass_core::access::accepting_needs_vault;
use lendglass_core::audit::{self, AuditEvent, AuditVerb};
use lendglass_core::image::ImageKind;
use lendglass_core::limits::{VAULT_CAPACITY_OF_PROJECT_GIB, VAULTS_OF_PROJECT};
use lendglass_core::notice::Notice;
use lendglass_core::permission::Action;
use lendglass_core::policy::Policy;
use lendglass_core::quota::{Filling, Level, Quota};
use lendglass_core::share::ShareState;
use lendglass_core::tenant::Caller;
use lendglass_core::vault::{self, ObjectType, Protection, Vault, VaultStatus, VaultUse};
use lendglass_core::{Code, Error, ProjectId, VaultId};
pub use lendglass_store::vault::Narrowed;
use lendglass_store::{Tx, audit as store_audit, image as store_image, vault as store_vault};

use crate::app::App;
use crate::service::actions::own_share;
use crate::service::{Seen, notice, policy};

/// A vault with what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The vault.
    pub vault: Vault,
    /// What is used of it.
    pub usage: VaultUse,
}

/// A vault to be made.
#[derive(Clone, Debug)]
pub struct NewVault {
    /// Its name; no other vault of the project in the region may have it.
    pub name: String,
    /// Plain text.
    pub description: String,
    /// GiB.
    pub capacity_gib: u32,
    /// What it will hold.
    pub object_type: ObjectType,
    /// What for.
    pub protection: Protection,
}

/// Changes of a vault; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct VaultEdit {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new capacity, GiB; never less than what is used.
    pub capacity_gib: Option<u32>,
}

/// The refusal that unknown and foreign vaults share.
pub(crate) fn not_found(id: &VaultId) -> Error {
    Error::new(Code::VaultNotFound).with("id", id)
}

/// Makes an empty vault in the caller's project and region.
///
/// Errors: the rules about names and capacities; [`Code::NameTaken`], [`Code::VaultQuota`],
/// [`Code::VaultCapacityQuota`].
pub async fn create(app: &App, caller: &Caller, new: NewVault) -> Result<Filled, Error> {
    caller.may(Action::VaultsManage)?;
    let now = app.clock.now();
    let vault = Vault {
        id: VaultId::trusted(app.ids.hex()),
        project: caller.project.clone(),
        region: caller.region.clone(),
        name: new.name,
        description: new.description,
        capacity_gib: new.capacity_gib,
        object_type: new.object_type,
        protection: new.protection,
        status: VaultStatus::Available,
        created_at: now,
        updated_at: now,
    };
    vault::check(&vault)?;
    let (owned, mine) = (app.clone(), caller.clone());
    app.change(caller, move |tx| create_in(tx, &owned, &mine, &vault)).await
}

fn create_in(tx: &mut Tx<'_>, app: &App, caller: &Caller, vault: &Vault) -> Result<Filled, Error> {
    store_image::lock_project(tx, &vault.project)?;
    let (vaults, capacity) = store_vault::of_project(tx, &vault.project, &vault.region)?;
    vault::room_in_project(vaults, capacity, u64::from(vault.capacity_gib), true)?;
    is_name_free(tx, vault)?;
    store_vault::insert(tx, vault)?;
    record(tx, app, caller, AuditVerb::VaultCreate, &vault.id, String::new())?;
    let one_more = Filling::by(u64::from(vaults), 1, u64::from(VAULTS_OF_PROJECT));
    let mut notices = Vec::from_iter(told(vault, Quota::Vaults, one_more));
    notices.extend(told_of_capacity(vault, capacity, vault.capacity_gib));
    notice::tell(tx, &notices)?;
    Ok(Filled { vault: vault.clone(), usage: VaultUse::default() })
}

/// What its project is told when a vault, as it is now, makes it use more of a quota.
fn told(vault: &Vault, quota: Quota, filling: Filling) -> Option<Notice> {
    Notice::of_quota(&vault.project, &vault.region, quota, filling, vault.updated_at)
}

fn told_of_capacity(vault: &Vault, used_gib: u64, more_gib: u32) -> Option<Notice> {
    let filling = Filling::by(used_gib, u64::from(more_gib), VAULT_CAPACITY_OF_PROJECT_GIB);
    told(vault, Quota::VaultCapacity, filling)
}

/// Whether no other vault has the name; the project is locked.
fn is_name_free(tx: &mut Tx<'_>, vault: &Vault) -> Result<(), Error> {
    match store_vault::named(tx, &vault.project, &vault.region, &vault.name)? {
        Some(other) if other != vault.id => {
            Err(Error::new(Code::NameTaken).with("name", &vault.name))
        }
        Some(_) | None => Ok(()),
    }
}

fn record(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    verb: AuditVerb,
    id: &VaultId,
    detail: String,
) -> Result<(), Error> {
    let event = AuditEvent::by(caller, app.clock.now(), verb, id.as_str()).with_detail(detail);
    store_audit::insert(tx, &app.ids.hex(), &event)
}

/// A page of the project's vaults in the region, newest first, after `marker`.
pub async fn list(
    app: &App,
    caller: &Caller,
    narrowed: &Narrowed,
    marker: Option<&VaultId>,
    limit: Option<u32>,
) -> Result<Vec<Filled>, Error> {
    caller.may(Action::VaultsList)?;
    let after = match marker {
        None => None,
        Some(id) => {
            let no_marker = |_| Error::new(Code::InvalidMarker).with("marker", id);
            let last = show(app, caller, id).await.map_err(no_marker)?.vault;
            Some((last.created_at, last.id))
        }
    };
    let limit = limit.unwrap_or(app.settings.list_limit_default).min(app.settings.list_limit_max);
    let (project, region) = (&caller.project, &caller.region);
    let page = store_vault::page(&app.db, project, region, narrowed, after, limit).await?;
    Ok(page.into_iter().map(|(vault, usage)| Filled { vault, usage }).collect())
}

/// A vault of the caller's project in the region; else [`Code::VaultNotFound`].
pub async fn show(app: &App, caller: &Caller, id: &VaultId) -> Result<Filled, Error> {
    caller.may(Action::VaultsList)?;
    let found = store_vault::show(&app.db, id).await?;
    own(caller, id, found)
}

/// Locks a vault of the caller's project; else [`Code::VaultNotFound`].
pub(crate) fn lock_own(tx: &mut Tx<'_>, caller: &Caller, id: &VaultId) -> Result<Filled, Error> {
    let found = store_vault::lock(tx, id)?;
    own(caller, id, found)
}

fn own(caller: &Caller, id: &VaultId, found: Option<(Vault, VaultUse)>) -> Result<Filled, Error> {
    let is_own = |vault: &Vault| vault.project == caller.project && vault.region == caller.region;
    found
        .filter(|(vault, _)| is_own(vault))
        .map(|(vault, usage)| Filled { vault, usage })
        .ok_or_else(|| not_found(id))
}

/// What accepting each of `images` would take of a vault, GiB, in their order; none where the caller
/// has no offer of it, has accepted it, or needs no vault (FS-07). The images are such as he sees.
pub async fn needs(app: &App, caller: &Caller, images: &[Seen]) -> Result<Vec<Option<u64>>, Error> {
    let mut rules: BTreeMap<ProjectId, Policy> = BTreeMap::new();
    let mut needs = Vec::with_capacity(images.len());
    for seen in images {
        let image = &seen.image;
        let own = own_share(caller, &seen.shares, app.clock.now());
        let waits = own.is_some_and(|share| share.state != ShareState::Accepted);
        if image.kind != ImageKind::FullServer || !waits {
            needs.push(None);
            continue;
        }
        if !rules.contains_key(&image.owner) {
            let policy = policy::of_project(app, &image.region, &image.owner).await?;
            rules.insert(image.owner.clone(), policy);
        }
        let policy = rules.get(&image.owner);
        let needs_one = policy.is_some_and(|policy| accepting_needs_vault(image, policy));
        needs.push(needs_one.then(|| vault::needed_gib(image)));
    }
    Ok(needs)
}

/// Renames or resizes a vault.
///
/// Errors: as [`create`]; [`Code::VaultNotFound`], [`Code::VaultBelowUsed`].
pub async fn update(
    app: &App,
    caller: &Caller,
    id: &VaultId,
    edit: VaultEdit,
) -> Result<Filled, Error> {
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    app.change(caller, move |tx| update_in(tx, &owned, &mine, &id, &edit)).await
}

fn update_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &VaultId,
    edit: &VaultEdit,
) -> Result<Filled, Error> {
    store_image::lock_project(tx, &caller.project)?;
    let Filled { vault: before, usage } = lock_own(tx, caller, id)?;
    caller.may(Action::VaultsManage)?;
    let mut after = before.clone();
    edit.name.iter().for_each(|name| name.clone_into(&mut after.name));
    edit.description.iter().for_each(|text| text.clone_into(&mut after.description));
    after.capacity_gib = edit.capacity_gib.unwrap_or(before.capacity_gib);
    vault::check(&after)?;
    vault::may_resize(&before, usage, after.capacity_gib)?;
    is_name_free(tx, &after)?;
    if after == before {
        return Ok(Filled { vault: before, usage });
    }
    after.updated_at = app.clock.now();
    let mut notices = Vec::new();
    let more = after.capacity_gib.saturating_sub(before.capacity_gib);
    if more > 0 {
        let (vaults, capacity) = store_vault::of_project(tx, &before.project, &before.region)?;
        vault::room_in_project(vaults, capacity, u64::from(more), false)?;
        notices.extend(told_of_capacity(&after, capacity, more));
    }
    store_vault::update(tx, &after)?;
    let detail = audit::changes_text(&facts(&before), &facts(&after));
    record(tx, app, caller, AuditVerb::VaultUpdate, id, detail)?;
    let level =
        |vault: &Vault| Level { used: usage.used_gib, limit: u64::from(vault.capacity_gib) };
    let resized = Filling { before: level(&before), after: level(&after) };
    notices.extend(Notice::of_vault(&after, resized, after.updated_at));
    notice::tell(tx, &notices)?;
    Ok(Filled { vault: after, usage })
}

/// The fields that people change, for the audit trail.
fn facts(vault: &Vault) -> BTreeMap<String, String> {
    let facts = [
        ("name", vault.name.clone()),
        ("description", vault.description.clone()),
        ("capacity_gib", vault.capacity_gib.to_string()),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Deletes an empty vault.
///
/// Errors: [`Code::VaultNotFound`], [`Code::VaultNotEmpty`].
pub async fn delete(app: &App, caller: &Caller, id: &VaultId) -> Result<(), Error> {
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    app.change(caller, move |tx| {
        let Filled { vault, usage } = lock_own(tx, &mine, &id)?;
        mine.may(Action::VaultsManage)?;
        vault::may_delete(&vault, usage)?;
        store_vault::delete(tx, &id)?;
        record(tx, &owned, &mine, AuditVerb::VaultDelete, &id, String::new())
    })
    .await
}
